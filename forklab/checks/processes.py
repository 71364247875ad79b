"""Judgements on processes: who listens, who is alive, who was reaped, who spins."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from forklab.errors import CheckFailure
from forklab.facts import Process, Snapshot, Usage, describe_status
from forklab.facts.roles import servers
from forklab.facts.snapshot import Key
from forklab.facts.status import failed_by_itself
from forklab.facts.usage import MS

Names = Mapping[Key, str]


def named(key: Key, names: Names) -> str:
    """Return "worker-2 (pid 31)", or "pid 31" for a process without a name."""
    return f"{names[key]} (pid {key[0]})" if key in names else f"pid {key[0]}"


def listed(keys: Collection[Key], names: Names, most: int = 4) -> str:
    """Name up to *most* processes, and say how many more there are."""
    shown = ", ".join(named(key, names) for key in sorted(keys)[:most])
    rest = len(keys) - most
    return f"{shown} and {rest} more" if rest > 0 else shown


def listens(snapshot: Snapshot, port: int) -> Process:
    """Return the process that listens on *port*, the oldest if there are several."""
    found = servers(snapshot, port)
    if found:
        return found[0]
    alive = (
        f"{len(snapshot.live)} of its processes are alive" if snapshot.live else "all have ended"
    )
    raise CheckFailure(
        f"the program is alive and listens on port {port}",
        f"no process of it listens on port {port}; {alive}",
    )


def no_zombie(snapshot: Snapshot, names: Names, but: Collection[Key] = ()) -> None:
    """Demand that nobody is a zombie, but those in *but*."""
    left = [process for process in snapshot.zombies if process.key not in but]
    if not left:
        return
    oldest = max(snapshot.age(process) for process in left)
    count = "1 zombie is" if len(left) == 1 else f"{len(left)} zombies are"
    raise CheckFailure(
        "every child that has ended was waited for",
        f"{count} left, the oldest for {oldest:.1f} s: "
        f"{listed([process.key for process in left], names)}",
        marks={process.pid: "ended, nobody waited for it" for process in left},
    )


def some(keys: Collection[Key], what: str) -> None:
    """Demand that there is something to judge: nobody is no proof."""
    if not keys:
        raise CheckFailure(f"there is a {what} to look at", "there is none")


def none_left_of(snapshot: Snapshot, keys: Collection[Key], names: Names) -> None:
    """Demand that none of *keys* is a zombie: each was reaped."""
    some(keys, "child")
    left = [key for key in keys if key in snapshot.by_key and snapshot.by_key[key].is_zombie]
    if left:
        raise CheckFailure(
            f"all {len(keys)} children that ended were waited for",
            f"{len(left)} of {len(keys)} are zombies: {listed(left, names)}",
            marks={key[0]: "ended, nobody waited for it" for key in left},
        )


def dead(snapshot: Snapshot, keys: Collection[Key], names: Names) -> None:
    """Demand that all of *keys* have ended; whether they were reaped is another question."""
    some(keys, "child")
    alive = [key for key in keys if snapshot.is_live(key)]
    if alive:
        what = "it" if len(keys) == 1 else f"all {len(keys)}"
        raise CheckFailure(
            f"the process of a client that has left ends ({what})",
            f"still alive: {listed(alive, names)}",
            marks={key[0]: "its client has left" for key in alive},
        )


def gone(snapshot: Snapshot, keys: Collection[Key], names: Names) -> None:
    """Demand that all of *keys* have ended and were reaped."""
    some(keys, "child")
    left = [key for key in keys if key in snapshot.by_key]
    if not left:
        return
    zombies = [key for key in left if snapshot.by_key[key].is_zombie]
    how = "a zombie" if len(zombies) == len(left) == 1 else f"{len(zombies)} of them zombies"
    raise CheckFailure(
        "gone from the process table: " + listed(keys, names),
        f"still there: {listed(left, names)}, {how}",
        marks={
            key[0]: "ended, nobody waited for it" if key in zombies else "alive" for key in left
        },
    )


def nobody_left(snapshot: Snapshot, port: int, names: Names) -> None:
    """Demand that the program is gone altogether, and its port free."""
    _nobody(snapshot, names, "once its clients have left, every process of the program is gone")
    if any(s.port == port and s.state == "LISTEN" for s in snapshot.tcp):
        raise CheckFailure(f"port {port} is free again", f"a socket still listens on port {port}")


def all_ended(snapshot: Snapshot, names: Names) -> None:
    """Demand that every process of the program has ended and was reaped by somebody."""
    _nobody(snapshot, names, "every process of the program ends")


def _nobody(snapshot: Snapshot, names: Names, expected: str) -> None:
    if snapshot.processes:
        keys = [process.key for process in snapshot.processes]
        raise CheckFailure(
            expected,
            f"{len(keys)} still there: {listed(keys, names)}",
            marks={
                p.pid: "a zombie" if p.is_zombie else f"alive, {p.doing}"
                for p in snapshot.processes
            },
        )


def told_why(status: int | None, output: str, expected: str, who: str = "it") -> None:
    """Demand that the program failed by itself and said something; *who* begins what was seen."""
    if status is None or not failed_by_itself(status):
        raise CheckFailure(expected, f"{who} {describe_status(status)}")
    if not output.strip():
        raise CheckFailure(expected, f"{who} {describe_status(status)} without a word")


def no_new_process(snapshot: Snapshot, before: Collection[Key], names: Names) -> None:
    """Demand that nobody is alive who was not there before."""
    new = [process.key for process in snapshot.live if process.key not in before]
    if new:
        raise CheckFailure(
            "no process more than before the clients came",
            f"{len(new)} more: {listed(new, names)}",
            marks={key[0]: "was not there before" for key in new},
        )


def spinners(usage: Usage, names: Names, keys: Mapping[int, Key]) -> CheckFailure | None:
    """Return a failure that names who spins, None if nobody does."""
    found = usage.spinners
    if not found:
        return None
    worst = found[0]
    who = listed([keys.get(row.pid, (row.pid, 0)) for row in found], names)
    return CheckFailure(
        "with nothing to do, every process sleeps",
        f"{who} used the CPU for {worst.cpu_ns / MS:.0f} of {usage.seconds * 1000:.0f} ms "
        f"(and waited {worst.waiting_ns / MS:.0f} ms for one), giving it back "
        f"{worst.switches} times" + _printed(usage),
        marks={row.pid: f"spins: {row.cpu_ns / MS:.0f} ms of CPU" for row in found},
    )


def _printed(usage: Usage) -> str:
    return f"; {usage.printed_bytes} bytes were printed meanwhile" * (usage.printed_bytes > 1000)


def asleep(snapshot: Snapshot, key: Key, names: Names) -> Process:
    """Return the process once it sleeps; where it waits is in its `call`."""
    process = snapshot.by_key.get(key)
    if process is None or process.is_zombie:
        raise CheckFailure(f"{named(key, names)} is alive", f"{named(key, names)} has ended")
    if not process.sleeps:
        raise CheckFailure(
            f"{named(key, names)} waits for the next client", f"its state is {process.state}"
        )
    return process


def in_state(snapshot: Snapshot, key: Key, states: str) -> None:
    """Demand that the process is in one of *states*, or gone."""
    process = snapshot.by_key.get(key)
    if process is not None and process.state not in states:
        raise CheckFailure(
            f"pid {key[0]} is in state {' or '.join(states)}", f"its state is {process.state}"
        )


def decided(snapshot: Snapshot) -> list[int]:
    """Return the ports on which the program listens, [] once all of it has ended.

    Raises:
        CheckFailure: it neither listens nor has ended.
    """
    ports = sorted({listener.port for listener in snapshot.listening})
    if not ports and snapshot.live:
        alive = snapshot.live[0]
        raise CheckFailure(
            "it ends by itself",
            f"{len(snapshot.live)} of its processes are alive; pid {alive.pid} {alive.doing}",
            marks={process.pid: "alive" for process in snapshot.live},
        )
    return ports
