"""Judgements on a client of two processes: who has the connection, what was sent and printed."""

from __future__ import annotations

import os
import signal

from forklab.checks.processes import Names, listed, named
from forklab.checks.traffic import around, common_prefix
from forklab.errors import CheckFailure
from forklab.facts import ClientState, Process, Snapshot, describe_status
from forklab.facts.calls import WAITS_FOR_SEVERAL
from forklab.facts.status import failed_by_itself

TWO = "two processes have the connection: one reads the socket, the other one writes it"
# what nobody sends on purpose to end a partner
CRASHES = frozenset(
    {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE, signal.SIGPIPE,
     signal.SIGSYS, signal.SIGTRAP}
)  # fmt: skip


def two_processes(snapshot: Snapshot, port: int, peer_port: int, names: Names) -> list[Process]:
    """Return who holds the program's end of the connection: two processes at least.

    Args:
        snapshot: the picture.
        port: of the program's end.
        peer_port: of the end that the harness has.
        names: of the processes.
    """
    end = snapshot.connection(port, peer_port)
    if end is None:
        raise CheckFailure(TWO, "the connection is closed")
    holders = [process for process in snapshot.holders(end.inode) if not process.is_zombie]
    if len(holders) >= 2:
        return holders
    marks = {(p.pid, n): "the connection" for p in holders for n in p.numbers(end.inode)}
    others = [process.key for process in snapshot.live if process not in holders]
    if not holders:
        seen = "no process holds it"
    elif others:
        seen = f"{named(holders[0].key, names)} alone holds it, not {listed(others, names)}"
    elif holders[0].threads > 1:
        seen = f"there is one process, with {holders[0].threads} threads: they are no processes"
    else:
        seen = "there is one process that does both; this lab wants two processes"
    raise CheckFailure(TWO, seen, marks=marks)


def waits_for_a_line(snapshot: Snapshot) -> Process:
    """Return the process that waits for standard input, as far as can be seen.

    Where two read it, a line goes to either of them: so there is none. A call that waits for
    several descriptors may be one for standard input, if nobody reads it outright.
    """
    reading = [p for p in snapshot.live if p.sleeps and p.call == ("read", 0)]
    found = reading or [
        p for p in snapshot.live if p.sleeps and p.call and p.call[0] in WAITS_FOR_SEVERAL
    ]
    if not found or len(reading) > 1:
        seen = f"{len(reading)} processes do" if reading else "no process does"
        raise CheckFailure("one process waits for a line", seen)
    return found[0]


def somebody_ended(snapshot: Snapshot, before: int) -> None:
    """Demand that fewer than *before* processes are alive."""
    if len(snapshot.live) >= before:
        raise CheckFailure("a process ends", f"all {before} are alive")


def arrived(typed: bytes, got: bytes, state: ClientState) -> None:
    """Demand that the server got exactly what was typed."""
    if got == typed:
        return
    expected = f"the server gets the {len(typed)} bytes that were typed"
    same = common_prefix(typed, got)
    if same == len(got):
        raise CheckFailure(expected, f"it got the first {same} of them{_after(state)}")
    if same == len(typed):
        raise CheckFailure(expected, f"it got {len(got) - same} bytes more{_after(state)}")
    raise CheckFailure(
        expected, f"byte {same + 1} differs: typed {around(typed, same)}, got {around(got, same)}"
    )


def arrived_once(typed: bytes, got: bytes, state: ClientState) -> None:
    """Demand that each line arrived, and none again; a newline may end an unfinished one."""
    if got == typed + b"\n" and not typed.endswith(b"\n"):
        return
    last = typed.splitlines(keepends=True)[-1:] or [b""]
    if last[0] and got.startswith(typed + last[0]):
        times = got.count(last[0])
        raise CheckFailure("each line arrives once", f"the last line arrived {times} times")
    arrived(typed, got, state)


def half_closed(state: ClientState, after: str) -> None:
    """Demand that the server has read end of file: it may send on."""
    if not state.eof:
        raise CheckFailure(
            f"after {after} the server reads end of file",
            f"it read {state.received} bytes{_after(state)}",
        )


def printed(output: bytes, payload: bytes) -> None:
    """Demand that *payload* was printed, once, whatever else was.

    Digits alone are compared: a program may print a prefix, also in the middle of a payload. Where
    its prefix has digits, those of the payload must be there in their order.
    """
    found, wanted = digits(output), digits(payload)
    if found == wanted:
        return
    nul = ", with a NUL among them," if b"\0" in payload else ""
    expected = f"the {len(wanted)} digits that the server sent{nul} are printed"
    rest = without(found, wanted)
    if rest is None:
        raise CheckFailure(expected, _difference(found, wanted))
    if without(rest, wanted) is not None:
        raise CheckFailure(f"{expected} once", "they are printed more than once")


def digits(data: bytes) -> bytes:
    """Return *data* without all that is no digit."""
    return bytes(byte for byte in data if byte in b"0123456789")


def without(found: bytes, wanted: bytes) -> bytes | None:
    """Return what is left of *found* without the bytes of *wanted*, None if not all are there."""
    rest, at = bytearray(), 0
    for byte in found:
        if at < len(wanted) and byte == wanted[at]:
            at += 1
        else:
            rest.append(byte)
    return bytes(rest) if at == len(wanted) else None


def _difference(found: bytes, wanted: bytes) -> str:
    if not found:
        return "no digit is on its standard output"
    same = common_prefix(wanted, found)
    if same == len(found):
        return f"the first {same} of them are; those behind '{_tail(wanted[:same])}' are missing"
    sent, seen = around(wanted, same), around(found, same)
    return f"byte {same + 1} of them differs: sent {sent}, printed {seen}"


def _tail(data: bytes) -> str:
    return data[-12:].decode()


def ended_well(status: int | None) -> None:
    """Demand that the started process exited with status 0, or was ended by its partner."""
    expected = "the started process exits with status 0, or is ended by a signal of its partner"
    if status is None:
        raise CheckFailure(expected, "it has not ended")
    crashed = os.WIFSIGNALED(status) and os.WTERMSIG(status) in CRASHES
    if crashed or failed_by_itself(status):
        raise CheckFailure(expected, f"it {describe_status(status)}")


def _after(state: ClientState) -> str:
    if state.error is not None:
        return f", then {state.error}"
    return ", then end of file" if state.eof else ", and then nothing more came"
