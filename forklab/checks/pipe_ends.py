"""Judgements on two processes that talk through pipes: who they are, whose turn it is, who holds
which end.

A pipe is *between* processes when its read end is open in one and its write end in another. What
is open for the harness's sake (standard input, output and error) never is: its other end is ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from forklab.checks.processes import Names, listed, named
from forklab.errors import CheckFailure
from forklab.facts import Process, Snapshot
from forklab.facts.calls import NAPS, READS, WAITS
from forklab.facts.snapshot import Key

UP, DOWN = "child -> parent", "parent -> child"


class Pair(NamedTuple):
    """The two that talk."""

    parent: Key
    child: Key

    def other(self, key: Key) -> Key:
        """Return the one that is not *key*."""
        return self.child if key == self.parent else self.parent


class Pipe(NamedTuple):
    """A pipe between processes: who holds its read end, and who its write end."""

    inode: int
    readers: tuple[Process, ...]
    writers: tuple[Process, ...]


# who talks


def one_child(snapshot: Snapshot, names: Names) -> Pair:
    """Return the two that talk: a parent and its only child, and nobody else.

    A process that does nothing but wait for the parent to end may have launched it.
    """
    talkers = [process for process in snapshot.live if not _launcher(snapshot, process)]
    pids = {process.pid: process.key for process in talkers}
    children = [process.key for process in talkers if process.ppid in pids]
    if len(talkers) == 2 and len(children) == 1:
        (child,) = children
        return Pair(pids[snapshot.by_key[child].ppid], child)
    raise CheckFailure(
        "two processes are there, a parent and its one child",
        f"{len(talkers)} are there: {listed(list(pids.values()), names)}"
        if talkers
        else "none is there: all have ended",
        marks={process.pid: process.doing for process in talkers},
    )


def _launcher(snapshot: Snapshot, process: Process) -> bool:
    children = [p for p in snapshot.live if p.ppid == process.pid]
    return _waits(process) and any(p.ppid in {c.pid for c in children} for p in snapshot.live)


def between(snapshot: Snapshot) -> list[Pipe]:
    """Return the pipes between processes; not one whose two ends are in one process alone."""
    ends = {fd.inode for p in snapshot.live for fd in p.fds if fd.kind == "pipe"}
    found = []
    for inode in sorted(ends):
        pipe = Pipe(inode, _holders(snapshot, inode, "r"), _holders(snapshot, inode, "w"))
        holders = {process.key for process in (*pipe.readers, *pipe.writers)}
        if pipe.readers and pipe.writers and len(holders) > 1:
            found.append(pipe)
    return found


def _holders(snapshot: Snapshot, inode: int, access: str) -> tuple[Process, ...]:
    held = [p for p in snapshot.live if any(f.inode == inode and access in f.access for f in p.fds)]
    return tuple(held)


# whose turn it is


def in_turn(snapshot: Snapshot, pair: Pair, speaker: Key, names: Names) -> bool:
    """Demand that *speaker* waits for a line on standard input, and the other one for *speaker*.

    Returns:
        Whether that is certain: of a process that polls, or sleeps otherwise, nobody can say for
        what.
    """
    who = named(speaker, names)
    expected = f"{who} waits for its line on standard input"
    process = _alive(snapshot, speaker, expected, names)
    other = _alive(snapshot, pair.other(speaker), expected, names)
    asks = _asks(snapshot, process)
    if not asks and not _sleeps_otherwise(process):
        raise CheckFailure(expected, f"{who} {process.doing}", marks={process.pid: "its turn"})
    if _asks(snapshot, other):
        both = f"{named(other.key, names)} reads it at the same time"
        raise CheckFailure(f"{expected}, alone", both, marks={other.pid: "not its turn"})
    if not _reads(other) and not _sleeps_otherwise(other):
        raise CheckFailure(expected, f"meanwhile {named(other.key, names)} {other.doing}")
    return asks


def has_sent(snapshot: Snapshot, key: Key, names: Names) -> None:
    """Demand that process *key* has certainly sent its line: it waits in a pipe, or for its child,
    or has ended.
    """
    process = snapshot.by_key.get(key)
    if process is None or process.is_zombie:
        return
    if _asks(snapshot, process) or not (_reads(process) or _waits(process)):
        who = named(key, names)
        raise CheckFailure(f"{who} has sent its line", f"{who} {process.doing}")


def naps(snapshot: Snapshot, key: Key) -> bool:
    """Whether process *key* sleeps for a time, and will go on by itself."""
    process = snapshot.by_key.get(key)
    return process is not None and process.call is not None and process.call[0] in NAPS


def awake(snapshot: Snapshot, key: Key, names: Names) -> None:
    """Demand that process *key* does not sleep for a time any more."""
    if naps(snapshot, key):
        who = named(key, names)
        raise CheckFailure(f"{who} goes on", f"{who} {snapshot.by_key[key].doing}")


def _alive(snapshot: Snapshot, key: Key, expected: str, names: Names) -> Process:
    if not snapshot.is_live(key):
        raise CheckFailure(expected, f"{named(key, names)} has ended")
    return snapshot.by_key[key]


def _reads(process: Process) -> bool:
    return process.sleeps and process.call is not None and process.call[0] in READS


def _waits(process: Process) -> bool:
    return process.sleeps and process.call is not None and process.call[0] in WAITS


def _sleeps_otherwise(process: Process) -> bool:
    return process.sleeps and not _reads(process) and not _waits(process)


def _asks(snapshot: Snapshot, process: Process) -> bool:
    """Whether it sleeps in a read of something that no other process writes: its input."""
    if not _reads(process) or process.call is None:
        return False
    fd = next((fd for fd in process.fds if fd.number == process.call[1]), None)
    if fd is None or fd.kind == "socket":
        return False
    return fd.kind != "pipe" or not _holders(snapshot, fd.inode, "w")


# who holds which end


def one_each_way(snapshot: Snapshot, pair: Pair, names: Names) -> None:
    """Demand a pipe from child to parent, and another one from parent to child."""
    pipes = between(snapshot)
    up = {p.inode for p in pipes if _leads(p, pair.child, pair.parent)}
    down = {p.inode for p in pipes if _leads(p, pair.parent, pair.child)}
    if up and down and len(up | down) > 1:
        return
    raise CheckFailure(
        "two pipes join parent and child, one for each direction",
        _described(snapshot, pipes, pair, names) or "no pipe joins them",
        marks={
            (process.pid, number): f"pipe {_letter(at)}"
            for at, pipe in enumerate(pipes)
            for process in snapshot.live
            for number in process.numbers(pipe.inode)
        },
    )


def ends_closed(snapshot: Snapshot, pair: Pair, names: Names) -> None:
    """Demand that of each pipe one process has only the write end, another only the read end."""
    pipes = between(snapshot)
    if not pipes:
        raise CheckFailure("pipes join parent and child", "no pipe joins them")
    marks: dict[tuple[int, int], str] = {}
    for at, pipe in enumerate(pipes):
        marks |= _unused(snapshot, pipe, f"pipe {_letter(at)}", pair)
    if marks:
        raise CheckFailure(
            "of each pipe one process has only the write end, the other only the read end",
            _described(snapshot, pipes, pair, names),
            marks=marks,
        )


def _leads(pipe: Pipe, writer: Key, reader: Key) -> bool:
    return any(p.key == writer for p in pipe.writers) and any(p.key == reader for p in pipe.readers)


def _unused(snapshot: Snapshot, pipe: Pipe, name: str, pair: Pair) -> dict[tuple[int, int], str]:
    """Return the ends of *pipe* that nobody should have, by process and descriptor."""
    direction = _direction(snapshot, pipe, pair)
    right = {UP: (pair.parent, pair.child), DOWN: (pair.child, pair.parent)}.get(direction)
    marks = {}
    for process in snapshot.live:
        for fd in process.fds:
            if fd.inode != pipe.inode:
                continue
            if right is None and not (len(pipe.readers) == len(pipe.writers) == 1):
                marks[process.pid, fd.number] = f"{name}: each holds both of its ends"
            elif right is not None and fd.access != {right[0]: "r", right[1]: "w"}.get(process.key):
                end = {"r": "read end", "w": "write end"}.get(fd.access, "both ends")
                marks[process.pid, fd.number] = f"{end} of {name} ({direction}), not closed"
    return marks


def _direction(snapshot: Snapshot, pipe: Pipe, pair: Pair) -> str:
    """Return the way that *pipe* leads: by its ends, or by who waits in it; "" if none can tell."""
    up, down = _leads(pipe, pair.child, pair.parent), _leads(pipe, pair.parent, pair.child)
    if up != down:
        return UP if up else DOWN
    reading = {
        _waits_in(snapshot, key): way for key, way in ((pair.parent, UP), (pair.child, DOWN))
    }
    others = [p.inode for p in between(snapshot) if p.inode != pipe.inode]
    if len(others) == 1 and others[0] in reading:
        return DOWN if reading[others[0]] == UP else UP
    return reading.get(pipe.inode, "") if others else ""


def _waits_in(snapshot: Snapshot, key: Key) -> int:
    """Return the inode of what process *key* sleeps in a read of; 0 if of nothing."""
    process = snapshot.by_key.get(key)
    if process is None or process.call is None or not _reads(process):
        return 0
    return next((fd.inode for fd in process.fds if fd.number == process.call[1]), 0)


def write_ends(snapshot: Snapshot, reader: Process) -> list[tuple[Process, int]]:
    """Return who holds a write end of the pipe that *reader* waits in, and as which descriptor."""
    inode = _waits_in(snapshot, reader.key)
    return [
        (process, fd.number)
        for process in snapshot.live
        for fd in process.fds
        if inode and fd.inode == inode and fd.kind == "pipe" and "w" in fd.access
    ]


def _described(snapshot: Snapshot, pipes: Sequence[Pipe], pair: Pair, names: Names) -> str:
    """Return each pipe, its direction, and who holds which end of it."""
    texts = []
    for at, pipe in enumerate(pipes[:2]):
        direction = _direction(snapshot, pipe, pair)
        way = f" ({direction})" if direction else ""
        texts.append(
            f"pipe {_letter(at)}{way}: read end in {_who(pipe.readers, names)}, "
            f"write end in {_who(pipe.writers, names)}"
        )
    return "; ".join(texts) + (f"; {len(pipes) - 2} more" if len(pipes) > 2 else "")


def _who(processes: Iterable[Process], names: Names) -> str:
    return " and ".join(names.get(p.key, f"pid {p.pid}") for p in processes)


def _letter(at: int) -> str:
    return chr(ord("A") + at % 26)
