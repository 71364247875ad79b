"""A wait status in words (wait(2))."""

from __future__ import annotations

import os
import signal

# what the kernel sends for a program's own fault (signal(7))
CRASHES = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE})


def signal_name(number: int) -> str:
    """Return the name of a signal, such as SIGPIPE."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def describe_status(wait_status: int | None) -> str:
    """Return what it did: "exited with status 3", "was killed by SIGKILL", "ended"."""
    if wait_status is None:
        return "ended"
    if os.WIFSIGNALED(wait_status):
        return f"was killed by {signal_name(os.WTERMSIG(wait_status))}"
    return f"exited with status {os.waitstatus_to_exitcode(wait_status)}"


def failed_by_itself(wait_status: int) -> bool:
    """Whether it exited with a status other than 0; a death by signal is none."""
    return os.WIFEXITED(wait_status) and os.WEXITSTATUS(wait_status) != 0


def crashed(wait_status: int | None) -> bool:
    """Whether a fault of its own ended it; None, still running or unknown, is no crash."""
    if wait_status is None or not os.WIFSIGNALED(wait_status):
        return False
    return os.WTERMSIG(wait_status) in CRASHES


def status_facts(wait_status: int | None) -> dict[str, int | str]:
    """Return the same for programs: {"status": 3}, {"signal": "SIGKILL"}, {} if unknown."""
    if wait_status is None:
        return {}
    if os.WIFSIGNALED(wait_status):
        return {"signal": signal_name(os.WTERMSIG(wait_status))}
    return {"status": os.waitstatus_to_exitcode(wait_status)}
