"""Judgements on a connection that is passed: which process of a pool holds it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from forklab.checks.descriptors import marked, seats
from forklab.checks.processes import Names, listed, named
from forklab.errors import CheckFailure
from forklab.facts import Process, Snapshot
from forklab.facts.roles import pool
from forklab.facts.snapshot import Key


def serving(snapshot: Snapshot, port: int, client_port: int, name: str) -> list[Process]:
    """Return who holds a client's connection; nobody does while it is in flight."""
    (seat,) = seats(snapshot, port, {client_port: name})
    return snapshot.holders(seat.inode)


def served_by_old_ones(
    snapshot: Snapshot,
    port: int,
    client_port: int,
    name: str,
    before: Collection[Key],
    names: Names,
) -> list[Process]:
    """Return who holds the client's connection: processes that were all there before."""
    holders = serving(snapshot, port, client_port, name)
    new = [p for p in holders if p.key not in before]
    if new or not holders:
        who = f"{listed([p.key for p in new], names)} is new" if new else "no process holds it"
        raise CheckFailure(
            f"{name} is served by a process that was there before the first client",
            who,
            marks={p.pid: "was not there before" for p in new},
        )
    return holders


def worker_of(
    snapshot: Snapshot,
    port: int,
    client_port: int,
    name: str,
    workers: Collection[Key],
    names: Names,
) -> Process:
    """Return the worker that holds the client's connection, whoever else has a copy."""
    for process in serving(snapshot, port, client_port, name):
        if process.key in workers:
            return process
    raise CheckFailure(f"{name} is served by a worker", f"no worker holds {name}'s connection")


def served_by_one(
    snapshot: Snapshot,
    port: int,
    client_port: int,
    name: str,
    before: Collection[Key],
    names: Names,
) -> Process:
    """Return the one process that holds the client's connection; it was there before."""
    holders = serving(snapshot, port, client_port, name)
    if len(holders) != 1:
        who = listed([p.key for p in holders], names) if holders else "no process"
        (seat,) = seats(snapshot, port, {client_port: name})
        raise CheckFailure(
            f"the connection of {name} is in exactly one process",
            f"it is in {len(holders)}: {who}",
            marks=marked(holders, [seat.inode], f"connection of {name}"),
        )
    if holders[0].key not in before:
        raise CheckFailure(
            f"{name} is served by a process that was there before the first client",
            f"{named(holders[0].key, names)} serves it and is new",
            marks={holders[0].pid: "was not there before"},
        )
    return holders[0]


def passed_to_a_worker(
    snapshot: Snapshot,
    port: int,
    client_port: int,
    name: str,
    before: Collection[Key],
    names: Names,
) -> Process:
    """Return the worker that alone holds the client's connection and does not listen."""
    holder = served_by_one(snapshot, port, client_port, name, before, names)
    inodes = {listener.inode for listener in snapshot.listeners(port)}
    if any(holder.holds(inode) for inode in inodes):
        raise CheckFailure(
            f"{name} is served by a worker, to which its connection was passed",
            f"{named(holder.key, names)} serves it and holds the listening socket: it accepted",
            marks=marked([holder], inodes, "the listening socket"),
        )
    return holder


def dispatcher_let_go(
    snapshot: Snapshot, port: int, client_port: int, name: str, names: Names
) -> None:
    """Demand that the connection is in a process, and not in the dispatcher."""
    found = pool(snapshot, port)
    if found.dispatcher is None:
        raise CheckFailure("the dispatcher listens", f"nobody listens on port {port}")
    holders = serving(snapshot, port, client_port, name)
    (seat,) = seats(snapshot, port, {client_port: name})
    if any(p.key == found.dispatcher.key for p in holders):
        numbers = found.dispatcher.numbers(seat.inode)
        raise CheckFailure(
            f"the dispatcher has closed its copy of {name}'s connection",
            f"{named(found.dispatcher.key, names)} still holds it as descriptor {numbers[0]}",
            marks=marked([found.dispatcher], [seat.inode], "passed on, not closed"),
        )
    if not holders:
        raise CheckFailure(f"{name}'s connection is in a worker", "it is in no process")


def not_in_the_dispatcher_alone(
    snapshot: Snapshot, port: int, clients: Mapping[int, str], names: Names
) -> None:
    """Demand that each client's connection is in a process other than the dispatcher."""
    dispatcher = pool(snapshot, port).dispatcher
    for seat in seats(snapshot, port, clients):
        holders = [p for p in snapshot.holders(seat.inode) if p != dispatcher]
        if not holders and dispatcher is not None:
            raise CheckFailure(
                f"{len(clients)} clients are served by the workers",
                f"the connection of {seat.name} is in {named(dispatcher.key, names)} alone",
                marks=marked([dispatcher], [seat.inode], f"connection of {seat.name}"),
            )
