"""Judgements on descriptors: who holds which connection, and who still does."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from forklab.checks.processes import Names, listed, named, some
from forklab.errors import CheckFailure
from forklab.facts import Process, Snapshot
from forklab.facts.snapshot import Key


class Seat(NamedTuple):
    """A client's connection: local port of the client, its name, inode of the server's end."""

    port: int
    name: str
    inode: int


def seats(snapshot: Snapshot, server_port: int, clients: Mapping[int, str]) -> list[Seat]:
    """Return the server's end of each client's connection.

    Args:
        snapshot: the picture.
        server_port: where the program listens.
        clients: local port of each client to its name.

    Raises:
        CheckFailure: a connection is not there, or was not accepted yet.
    """
    found = []
    for port, name in clients.items():
        end = snapshot.connection(server_port, port)
        if end is None:
            raise CheckFailure(
                f"{name} is connected", f"the server's end of {name}'s connection is closed"
            )
        if end.inode == 0:
            raise CheckFailure(
                f"{name} is accepted",
                f"nobody has accepted {name}: {end.unread} bytes wait in its receive queue",
            )
        found.append(Seat(port, name, end.inode))
    if not found:
        raise CheckFailure("there is a client", "there is none")
    return found


def marked(
    holders: Iterable[Process], inodes: Iterable[int], what: str
) -> dict[tuple[int, int], str]:
    """Mark every descriptor of *holders* on one of *inodes* with *what*."""
    wanted = set(inodes) - {0}
    return {(p.pid, fd.number): what for p in holders for fd in p.fds if fd.inode in wanted}


def match(holders: Mapping[int, Collection[Key]]) -> dict[int, Key]:
    """Match as many connections as possible to different processes (augmenting paths).

    Args:
        holders: inode of each connection to the processes that hold it.
    """
    taken: dict[Key, int] = {}

    def seat(inode: int, tried: set[Key]) -> bool:
        for key in holders[inode]:
            if key in tried:
                continue
            tried.add(key)
            if key not in taken or seat(taken[key], tried):
                taken[key] = inode
                return True
        return False

    for inode in holders:
        seat(inode, set())
    return {inode: key for key, inode in taken.items()}


def a_child_each(
    snapshot: Snapshot, port: int, clients: Mapping[int, str], before: Collection[Key], names: Names
) -> dict[int, Process]:
    """Return who serves each client (by the client's port): different, new processes.

    A process may hold more than it serves; whether it may is judged elsewhere.
    """
    found = seats(snapshot, port, clients)
    holders = {
        seat.inode: [p.key for p in snapshot.holders(seat.inode) if p.key not in before]
        for seat in found
    }
    matched = match(holders)
    if len(matched) == len(found):
        return {seat.port: snapshot.by_key[matched[seat.inode]] for seat in found}
    new = {key for keys in holders.values() for key in keys}
    old = [p.key for seat in found for p in snapshot.holders(seat.inode) if p.key in before]
    held = f"; held by {listed(set(old), names)}, there before they came" if old else ""
    raise CheckFailure(
        f"{len(found)} clients are served by {len(found)} different child processes",
        f"{len(new)} new process{'es' * (len(new) != 1)} hold{'s' * (len(new) == 1)} "
        f"their connections{held}",
        marks={
            (p.pid, number): f"connection of {seat.name}"
            for seat in found
            for p in snapshot.holders(seat.inode)
            for number in p.numbers(seat.inode)
        },
    )


def server_of(
    snapshot: Snapshot, port: int, client_port: int, name: str, parent: Process, names: Names
) -> Process:
    """Return the youngest process beside *parent* that holds the client's connection."""
    (seat,) = seats(snapshot, port, {client_port: name})
    holders = [p for p in snapshot.holders(seat.inode) if p.key != parent.key]
    if holders:
        return max(holders, key=lambda p: (p.start_ticks, p.pid))
    alone = snapshot.holders(seat.inode)
    but = f" but {named(parent.key, names)}" if alone else ""
    raise CheckFailure(
        f"{name} is served by a child process",
        f"no process{but} holds its connection",
        marks=marked(alone, [seat.inode], f"connection of {name}"),
    )


def holds_none(snapshot: Snapshot, key: Key, found: Sequence[Seat], names: Names, who: str) -> None:
    """Demand that process *key* (*who*, in prose) holds none of these connections."""
    process = snapshot.by_key.get(key)
    if process is None or process.is_zombie:
        raise CheckFailure(f"the {who} is alive", f"{named(key, names)} has ended")
    if not found:
        raise CheckFailure("there is a client", "there is none")
    kept = [seat for seat in found if process.holds(seat.inode)]
    if not kept:
        return
    numbers = {(process.pid, n): seat.name for seat in kept for n in process.numbers(seat.inode)}
    raise CheckFailure(
        f"the {who} holds none of the {len(found)} connections: whoever serves a client has it",
        f"{named(key, names)} holds {len(kept)} of {len(found)}, as descriptor "
        + ", ".join(str(number) for _, number in sorted(numbers)[:6]),
        marks={place: f"connection of {name}, not closed" for place, name in numbers.items()},
    )


def holds_no_listener(
    snapshot: Snapshot, keys: Collection[Key], port: int, names: Names, who: str
) -> None:
    """Demand that none of *keys* holds the listening socket; fails when there is nobody."""
    inodes = {listener.inode for listener in snapshot.listeners(port)}
    keys = [key for key in keys if snapshot.is_live(key)]
    some(keys, who)
    if not inodes:
        raise CheckFailure("somebody listens", "nobody listens any more")
    marks = {
        (p.pid, n): "the listening socket, not closed"
        for p in (snapshot.by_key[key] for key in keys)
        for inode in inodes
        for n in p.numbers(inode)
    }
    if marks:
        pids = {pid for pid, _ in marks}
        guilty = [key for key in keys if key[0] in pids]
        raise CheckFailure(
            f"no {who} holds the listening socket",
            f"{len(guilty)} of {len(keys)} hold it: {listed(guilty, names)}",
            marks=marks,
        )


def at_most_one_each(
    snapshot: Snapshot, found: Sequence[Seat], before: Collection[Key], names: Names
) -> None:
    """Demand that no new process holds two of these connections; fails when none holds any."""
    holders = {
        p.key: [seat for seat in found if p.holds(seat.inode)]
        for p in snapshot.live
        if p.key not in before
    }
    holders = {key: held for key, held in holders.items() if held}
    if not holders:
        raise CheckFailure("children hold the connections", "no child holds a connection")
    guilty = {key: held for key, held in holders.items() if len(held) > 1}
    if guilty:
        key, held = max(guilty.items(), key=lambda item: len(item[1]))
        raise CheckFailure(
            "each child holds the connection of its own client and no other",
            f"{named(key, names)} holds {len(held)}: {', '.join(seat.name for seat in held[:4])}",
            marks={
                (k[0], n): f"connection of {seat.name}"
                for k, seats_held in guilty.items()
                for seat in seats_held
                for n in snapshot.by_key[k].numbers(seat.inode)
            },
        )


def let_go(snapshot: Snapshot, inode: int, names: Names) -> None:
    """Demand that no process holds connection *inode*: its client has left."""
    holders = snapshot.holders(inode)
    if holders:
        raise CheckFailure(
            "the connection of a client that has left is closed",
            f"{listed([p.key for p in holders], names)} still holds it",
            marks=marked(holders, [inode], "its client has left"),
        )


def holds_as_before(
    snapshot: Snapshot, before: Mapping[Key, int], processes: int | None, names: Names
) -> None:
    """Demand that no lasting process has more descriptors than before, nor the program more
    live processes; fewer is no leak.
    """
    grown = {
        key: (count, len(snapshot.by_key[key].fds))
        for key, count in before.items()
        if snapshot.is_live(key) and len(snapshot.by_key[key].fds) > count
    }
    if grown:
        key, (was, now) = max(grown.items(), key=lambda item: item[1][1] - item[1][0])
        raise CheckFailure(
            "after the clients have left, every process has as many descriptors as before",
            f"{named(key, names)} had {was} and has {now}: {now - was} more",
            marks={key[0]: f"{now - was} descriptors more than before"},
        )
    if not any(snapshot.is_live(key) for key in before):
        raise CheckFailure(
            "the processes that were there before are still there", "none of them is"
        )
    if processes is not None and len(snapshot.live) > processes:
        new = [p.key for p in snapshot.live if p.key not in before]
        raise CheckFailure(
            f"after the clients have left, {processes} processes are alive, as before",
            f"{len(snapshot.live)} are alive; new: {listed(new, names)}",
            marks={key[0]: "was not there before" for key in new},
        )


def blocked_in(snapshot: Snapshot, calls: Collection[str]) -> Process:
    """Return a process that sleeps in one of *calls*."""
    for process in snapshot.live:
        if process.sleeps and process.call is not None and process.call[0] in calls:
            return process
    raise CheckFailure(f"a process sleeps in {' or '.join(sorted(calls))}", "none does")
