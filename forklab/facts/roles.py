"""Who is who, by what processes hold: never by who was started or what a program says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from forklab.facts.snapshot import Key, Process, Snapshot

OURS = ("dispatcher", "parent", "worker-", "child-", "process-")


def servers(snapshot: Snapshot, port: int) -> list[Process]:
    """Processes that hold a listening socket on *port*, the oldest first."""
    inodes = {listener.inode for listener in snapshot.listeners(port)}
    holders = [process for process in snapshot.live if inodes & process.sockets]
    return sorted(holders, key=lambda process: (process.start_ticks, process.pid))


class Channel(NamedTuple):
    """A Unix socket pair between dispatcher and worker: inode of each side's end."""

    dispatcher_end: int
    worker_end: int


class Pool(NamedTuple):
    """A dispatcher and its workers.

    Attributes:
        dispatcher: who listens and has the other end of the workers' channels; None if nobody
            listens.
        workers: live processes that have a channel to the dispatcher, by age.
        others: live processes that are neither.
    """

    dispatcher: Process | None
    workers: tuple[Process, ...]
    others: tuple[Process, ...]


def pool(snapshot: Snapshot, port: int) -> Pool:
    """Find dispatcher and workers.

    Of several processes that listen, the dispatcher is the one that has the other end of most
    processes' sockets, and then the oldest.
    """
    best = Pool(None, (), tuple(snapshot.live))
    for server in servers(snapshot, port):
        workers = _workers(snapshot, server)
        if best.dispatcher is None or len(workers) > len(best.workers):
            mine = {server.key, *(worker.key for worker in workers)}
            others = tuple(p for p in snapshot.live if p.key not in mine)
            best = Pool(server, workers, others)
    return best


def _workers(snapshot: Snapshot, dispatcher: Process) -> tuple[Process, ...]:
    """Who has a channel to *dispatcher*; a common pair makes one only if nobody has another."""
    by_age = sorted(snapshot.live, key=lambda p: (p.start_ticks, p.pid))
    found = [(p, channels(snapshot, dispatcher, p)) for p in by_age if p.key != dispatcher.key]
    sure = tuple(
        process
        for process, has in found
        if any(not is_common(snapshot, dispatcher, process, channel) for channel in has)
    )
    return sure or tuple(process for process, has in found if has)


def channels(snapshot: Snapshot, dispatcher: Process, worker: Process) -> list[Channel]:
    """Unix sockets of *worker* whose peer the dispatcher holds; common pairs only if no others.

    An end that both of them hold counts as the worker's only if the dispatcher holds its peer
    too: else it is a copy of the dispatcher's own end, with the worker's closed.
    """
    held = snapshot.sockets[dispatcher.key]
    found = []
    for inode in sorted(snapshot.sockets[worker.key]):
        unix = snapshot.unix.get(inode)
        if unix is not None and unix.peer in held:
            found.append(Channel(unix.peer, inode))
    return [c for c in found if not is_common(snapshot, dispatcher, worker, c)] or found


def is_common(snapshot: Snapshot, dispatcher: Process, worker: Process, channel: Channel) -> bool:
    """Whether both processes hold both ends: a self-pipe that was inherited looks like this."""
    theirs, ours = snapshot.sockets[dispatcher.key], snapshot.sockets[worker.key]
    return channel.worker_end in theirs and channel.dispatcher_end in ours


def give_names(
    names: dict[Key, str], snapshot: Snapshot, port: int, *, is_pool: bool, anew: bool = False
) -> None:
    """Name every process of *snapshot* that has no name yet; a name once given stays.

    But a process of a pool that was seen just after its fork is a worker when it shows as one.

    Args:
        names: is changed; names that others gave are left alone.
        snapshot, port, is_pool: as of `pool`.
        anew: the program has only begun: a look may have shown a child with all that its parent
            has, so whoever lives is named once more.
    """
    if anew:
        _forget(names, snapshot.live, OURS)
    unnamed = any(process.key not in names for process in snapshot.processes)
    unclear = is_pool and any(names.get(p.key, "").startswith("process-") for p in snapshot.live)
    if not unnamed and not unclear:
        return
    title = "dispatcher" if is_pool else "parent"
    found = pool(snapshot, port) if is_pool else None
    holders = servers(snapshot, port)
    server = found.dispatcher if found else (holders[0] if holders else None)
    workers = {worker.key for worker in found.workers} if found else set()
    _forget(names, found.workers if found else (), ("process-",))
    new = [process for process in snapshot.processes if process.key not in names]
    given = set(names.values())
    for process in sorted(new, key=lambda p: (p.start_ticks, p.pid)):
        if server is not None and process.key == server.key and title not in given:
            name = title
        elif process.key in workers:
            name = _next("worker", given)
        elif server is None and title not in given:
            continue  # nobody listens yet: who is who shows later
        elif is_pool or (server is not None and process.start_ticks < server.start_ticks):
            name = _next("process", given)
        else:
            name = _next("child", given)
        names[process.key] = name
        given.add(name)


def _forget(names: dict[Key, str], processes: Iterable[Process], stems: tuple[str, ...]) -> None:
    for process in processes:
        if names.get(process.key, "").startswith(stems):
            del names[process.key]


def give_names_by_start(names: dict[Key, str], snapshot: Snapshot, started: Key) -> None:
    """Name the process that was started `parent`, and others `child`, `child-2` by age."""
    new = [process for process in snapshot.processes if process.key not in names]
    given = set(names.values())
    for process in sorted(new, key=lambda p: (p.start_ticks, p.pid)):
        if process.key == started:
            name = "parent"
        else:
            name = "child" if "child" not in given else _next("child", given | {"child-1"})
        names[process.key] = name
        given.add(name)


def _next(stem: str, given: set[str]) -> str:
    number = 1
    while f"{stem}-{number}" in given:
        number += 1
    return f"{stem}-{number}"
