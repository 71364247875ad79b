"""Judgements on a pool: dispatcher, workers, their channels."""

from __future__ import annotations

from collections.abc import Collection

from forklab.checks.descriptors import let_go, marked, match
from forklab.checks.processes import Names, listed, named, some
from forklab.errors import CheckFailure
from forklab.facts import Process, Snapshot
from forklab.facts.roles import Channel, Pool, channels, is_common, pool
from forklab.facts.snapshot import Key


def has_workers(snapshot: Snapshot, port: int, size: int) -> Pool:
    """Return the pool once exactly *size* processes have a channel to the dispatcher."""
    found = pool(snapshot, port)
    expected = f"{size} workers, each with a channel to the dispatcher, before the first client"
    if found.dispatcher is None:
        raise CheckFailure(expected, f"nobody listens on port {port}")
    if len(found.workers) != size:
        raise CheckFailure(
            expected,
            f"{len(found.workers)} of its {len(snapshot.live)} live processes have one: a Unix "
            "socket whose other end the dispatcher holds",
            marks={process.pid: "has no channel to the dispatcher" for process in found.others},
        )
    return found


def has_pool(snapshot: Snapshot, port: int, size: int, names: Names) -> Pool:
    """Return the pool once it has exactly *size* workers with a channel, and no zombie."""
    found = has_workers(snapshot, port, size)
    if snapshot.zombies:
        raise CheckFailure(
            "nobody has ended before the first client",
            f"zombies: {listed([p.key for p in snapshot.zombies], names)}",
            marks={process.pid: "has ended already" for process in snapshot.zombies},
        )
    return found


def others_are_apart(snapshot: Snapshot, found: Pool, port: int, names: Names) -> None:
    """Demand that a process which is neither dispatcher nor worker has no part in the pool."""
    inodes = {listener.inode for listener in snapshot.listeners(port)}
    guilty = marked(found.others, inodes, "the listening socket")
    if guilty:
        pids = {pid for pid, _ in guilty}
        raise CheckFailure(
            "besides dispatcher and workers nobody listens",
            f"{listed([p.key for p in found.others if p.pid in pids], names)} holds the "
            "listening socket and has no channel",
            marks=guilty,
        )


def workers_do_not_listen(snapshot: Snapshot, port: int, names: Names) -> None:
    """Demand that the dispatcher alone holds the listening socket; fails without workers."""
    found = pool(snapshot, port)
    rest = found.workers or found.others
    if found.dispatcher is None or not rest:
        raise CheckFailure(
            "there are a dispatcher and workers", f"there are {len(snapshot.live)} processes"
        )
    inodes = {listener.inode for listener in snapshot.listeners(port)}
    marks = marked(rest, inodes, "the listening socket")
    if marks:
        pids = {pid for pid, _ in marks}
        guilty = [worker.key for worker in rest if worker.pid in pids]
        raise CheckFailure(
            "no worker holds the listening socket: only the dispatcher accepts",
            f"{len(guilty)} of {len(rest)} hold it: {listed(guilty, names)}",
            marks=marks,
        )


def shared_ends(snapshot: Snapshot, found: Pool) -> set[int]:
    """Ends from which all of several workers receive, by design and not by inheritance.

    Inherited ends differ: what the first worker got is all that it has, while the later ones have
    more; or, where all pairs were made first, everybody has one for each worker.
    """
    ends = [set(own_ends(snapshot, found, worker)) for worker in found.workers]
    if len(ends) < 2:
        return set()
    shared = set.intersection(*ends)
    own = [bool(worker_ends - shared) for worker_ends in ends]
    by_design = all(own) if any(own) else len(shared) < len(ends)
    return shared if by_design else set()


def own_ends(snapshot: Snapshot, found: Pool, worker: Process) -> list[int]:
    """Inodes of the worker's ends of its channels, not of copies of the dispatcher's."""
    assert found.dispatcher is not None
    return [c.worker_end for c in channels(snapshot, found.dispatcher, worker)]


def one_channel_each(snapshot: Snapshot, port: int, size: int, names: Names) -> None:
    """Demand a channel for each of *size* workers, or one that all of them share."""
    found = pool(snapshot, port)
    expected = f"each of {size} workers has a Unix socket whose other end the dispatcher holds"
    if found.dispatcher is None or not found.workers:
        raise CheckFailure(expected, f"none of {len(snapshot.live)} processes has one")
    if len(found.workers) < size:
        raise CheckFailure(
            expected,
            f"{len(found.workers)} have one",
            marks={process.pid: "has no channel to the dispatcher" for process in found.others},
        )
    if shared_ends(snapshot, found):
        return
    ends = {
        index: [(end, 0) for end in own_ends(snapshot, found, worker)]
        for index, worker in enumerate(found.workers)
    }
    if len(match(ends)) < len(found.workers):
        raise CheckFailure(expected, "some of them have only a copy of another worker's")


def channels_are_private(snapshot: Snapshot, port: int, names: Names) -> None:
    """Demand that each end of a channel is in one process, the one it is for.

    With one channel for all workers: its one end in the workers, its other in the dispatcher.
    """
    found = pool(snapshot, port)
    if found.dispatcher is None or not found.workers:
        raise CheckFailure("there are channels", "no process has one")
    shared = shared_ends(snapshot, found)
    marks: dict[int | tuple[int, int], str] = {}
    guilty: dict[Key, str] = {}
    for inode, channel in _ends(snapshot, found).items():
        holders = snapshot.holders(inode)
        theirs = inode == channel.worker_end
        right = [p for p in holders if _may_hold(p, found, theirs=theirs)]
        wrong = [p for p in holders if p not in right]
        if theirs and inode not in shared and len(right) > 1:
            wrong += sorted(right, key=lambda p: (p.start_ticks, p.pid))[1:]
        for process in wrong:
            whose = _whose(channel, theirs, snapshot, found, names)
            guilty.setdefault(process.key, whose)
            for number in process.numbers(inode):
                marks[process.pid, number] = whose
    if guilty:
        key, whose = next(iter(sorted(guilty.items())))
        more = f"; {len(marks)} such descriptors in all" if len(marks) > 1 else ""
        raise CheckFailure(
            "each end of a channel is open only in the process that it is for",
            f"{named(key, names)} holds {whose}{more}",
            marks=marks,
        )


def _ends(snapshot: Snapshot, found: Pool) -> dict[int, Channel]:
    """Both ends of every channel of the pool, also of those whose dispatcher's end is kept by
    a worker.
    """
    assert found.dispatcher is not None
    ends: dict[int, Channel] = {}
    for worker in found.workers:
        for channel in channels(snapshot, found.dispatcher, worker):
            if is_common(snapshot, found.dispatcher, worker, channel):
                # both hold both: whose is whose cannot be told, so the smaller inode is taken
                channel = Channel(*sorted(channel))
            ends.setdefault(channel.dispatcher_end, channel)
            ends.setdefault(channel.worker_end, channel)
    return ends


def _may_hold(process: Process, found: Pool, *, theirs: bool) -> bool:
    assert found.dispatcher is not None
    if process.key == found.dispatcher.key:
        return not theirs
    return theirs


def _whose(channel: Channel, theirs: bool, snapshot: Snapshot, found: Pool, names: Names) -> str:
    holders = [p.key for p in found.workers if p.holds(channel.worker_end)]
    worker = names.get(holders[0], f"pid {holders[0][0]}") if holders else "a worker"
    side = "the worker's" if theirs else "the dispatcher's"
    return f"{side} end of the channel of {worker}"


def idle(snapshot: Snapshot, port: int, inode: int, names: Names) -> None:
    """Demand the idle picture: nobody holds the last connection (*inode*), nothing waits to be
    read in the dispatcher's channels, it sleeps.
    """
    found = pool(snapshot, port)
    if found.dispatcher is None:
        raise CheckFailure("the dispatcher is ready for the next client", "nobody listens")
    let_go(snapshot, inode, names)
    for number in sorted(found.dispatcher.sockets):
        unix = snapshot.unix.get(number)
        if unix is not None and unix.unread:
            raise CheckFailure(
                "the dispatcher reads what its workers report",
                f"{unix.unread} bytes wait in its channel",
                marks=marked([found.dispatcher], [number], "a report nobody reads"),
            )
    if not found.dispatcher.sleeps:
        raise CheckFailure(
            "the dispatcher sleeps while nothing is to be done",
            f"{named(found.dispatcher.key, names)} is in state {found.dispatcher.state}",
            marks={found.dispatcher.pid: "does not sleep"},
        )


def ended(snapshot: Snapshot, keys: Collection[Key], names: Names, when: str) -> None:
    """Demand that all of *keys* have ended, *when* says after what."""
    some(keys, "worker")
    alive = [key for key in keys if snapshot.is_live(key)]
    if alive:
        raise CheckFailure(
            f"{when}, {'the worker ends' if len(keys) == 1 else 'the workers end'}",
            f"still alive: {listed(alive, names)}",
            marks={key[0]: snapshot.by_key[key].doing for key in alive},
        )
