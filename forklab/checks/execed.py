"""Judgements on workers that are a program of their own: what exec left of their dispatcher."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from forklab.checks.processes import Names, listed, named, told_why
from forklab.errors import CheckFailure
from forklab.facts import Process, Snapshot
from forklab.facts.roles import Pool, pool

Place = tuple[int, int]  # (pid, descriptor)
STDERR = 2
PIDS_A_WORKER = 4
REPORT_BYTES = 4


def with_workers(snapshot: Snapshot, port: int) -> tuple[Process, Pool]:
    """Return the dispatcher, and the pool with at least one worker."""
    found = pool(snapshot, port)
    if found.dispatcher is None or not found.workers:
        raise CheckFailure(
            "there are a dispatcher and workers, each with a channel to it",
            f"none of {len(snapshot.live)} live processes has a channel",
        )
    return found.dispatcher, found


def runs_another_program(snapshot: Snapshot, port: int, folder: str, names: Names) -> None:
    """Demand that every worker runs another program than the dispatcher.

    Another executable; or, where both are scripts of one interpreter, another start of it: fork
    copies where code and stack begin, and exec lays them anew (proc_pid_stat(5)).

    Args:
        folder: where the program's own files are: what is there is no interpreter.
    """
    dispatcher, found = with_workers(snapshot, port)
    own = dispatcher.exe.startswith(f"{folder}/")
    same = [w for w in found.workers if w.exe == dispatcher.exe and (own or _forked(w, dispatcher))]
    if same:
        raise CheckFailure(
            "every worker runs another program than the dispatcher",
            f"{len(same)} of {len(found.workers)} run the dispatcher's own: "
            f"{listed([worker.key for worker in same], names)}",
            marks={worker.pid: "runs the dispatcher's program" for worker in same},
        )


def _forked(worker: Process, dispatcher: Process) -> bool:
    theirs = (dispatcher.start_code, dispatcher.start_stack)
    return (worker.start_code, worker.start_stack) == theirs


def channel_is_descriptor_0(snapshot: Snapshot, port: int, names: Names) -> None:
    """Demand that descriptor 0 of each worker is a socket whose other end the dispatcher holds."""
    dispatcher, found = with_workers(snapshot, port)
    held = snapshot.sockets[dispatcher.key]
    wrong = {
        w.key: _descriptor_0(w, snapshot)
        for w in found.workers
        if _peer_of_0(w, snapshot) not in held
    }
    if wrong:
        first = min(wrong)
        raise CheckFailure(
            "descriptor 0 of each worker is its channel: a Unix socket whose other end the "
            "dispatcher holds",
            f"{len(wrong)} of {len(found.workers)} have something else there; "
            f"of {named(first, names)} it is {wrong[first]}",
            marks={(pid, 0): "not its channel" for pid, _ in wrong},
        )


def _peer_of_0(worker: Process, snapshot: Snapshot) -> int:
    inodes = [fd.inode for fd in worker.fds if fd.number == 0]
    unix = snapshot.unix.get(inodes[0]) if inodes else None
    return unix.peer if unix is not None else 0


def _descriptor_0(worker: Process, snapshot: Snapshot) -> str:
    kinds = [fd.kind for fd in worker.fds if fd.number == 0]
    if not kinds:
        return "closed"
    words = {"socket": "another socket", "anon": "an anonymous file"}
    return words.get(kinds[0], f"a {kinds[0]}")


def inherits_nothing_else(
    snapshot: Snapshot, port: int, shared: Collection[tuple[Place, Place]], names: Names
) -> None:
    """Demand that an idle worker has, above 2, only what it opened itself.

    Args:
        shared: descriptors of two processes that are one open file, sockets and pipes left out.
    """
    dispatcher, found = with_workers(snapshot, port)
    everybody = (dispatcher, *found.workers)
    marks: dict[Place, str] = {}
    for worker in found.workers:
        others = [process for process in everybody if process.key != worker.key]
        for number, what in _inherited(worker, others, snapshot, shared, names):
            marks[worker.pid, number] = what
    if marks:
        pids = {pid for pid, _ in marks}
        guilty = [worker.key for worker in found.workers if worker.pid in pids]
        number, what = min((n, what) for (pid, n), what in marks.items() if pid == guilty[0][0])
        raise CheckFailure(
            "an idle worker has above 2 no descriptor but what it opened itself after exec",
            f"{len(guilty)} of {len(found.workers)} have more; descriptor {number} of "
            f"{named(guilty[0], names)} is {what}",
            marks=marks,
        )


def _inherited(
    worker: Process,
    others: Collection[Process],
    snapshot: Snapshot,
    shared: Collection[tuple[Place, Place]],
    names: Names,
) -> Iterator[tuple[int, str]]:
    """Which descriptors of *worker* above 2 it did not open itself, each with what it is."""
    channel = {fd.inode for fd in worker.fds if fd.number <= STDERR and fd.kind == "socket"}
    listening = {socket.inode for socket in snapshot.listening}
    pids = {process.pid for process in others}
    known = {a for a, b in shared if b[0] in pids} | {b for a, b in shared if a[0] in pids}
    for fd in worker.fds:
        if fd.number <= STDERR:
            continue
        if fd.inode in listening:
            yield fd.number, "the listening socket"
        elif fd.inode and fd.inode in channel:
            yield fd.number, "its channel once more"
        elif fd.inode and (whose := _of_others(fd.inode, others, snapshot, names)):
            yield fd.number, f"a {fd.kind} {whose}"
        elif (worker.pid, fd.number) in known:
            yield fd.number, "open in the dispatcher or in another worker, too"


def _of_others(
    inode: int, others: Collection[Process], snapshot: Snapshot, names: Names
) -> str | None:
    """Say which of *others* holds that pipe or socket, or the other end of that socket."""
    unix = snapshot.unix.get(inode)
    peer = unix.peer if unix is not None else 0
    for process in others:
        if process.holds(inode):
            return f"that {named(process.key, names)} holds, too"
        if process.holds(peer):
            return f"whose other end {named(process.key, names)} holds"
    return None


def gave_up(
    snapshot: Snapshot,
    status: int | None,
    output: str,
    used: int,
    size: int,
    what: str,
    names: Names,
) -> None:
    """Demand that a dispatcher without a worker (*what*, in prose) has ended, and said why.

    Args:
        snapshot: taken when its time was over.
        status: wait status of the process that was started, None while it runs.
        output: what it printed.
        used: how many pids were given out since its start.
        size: of the pool that it was to start.
    """
    if used > PIDS_A_WORKER * size:
        raise CheckFailure(
            f"when {what}, at most {PIDS_A_WORKER * size} processes are started for {size} workers",
            f"{used} pids were used",
        )
    expected = f"when {what}, the dispatcher says so and ends with a non-zero status"
    if snapshot.live or status is None:
        raise CheckFailure(
            expected,
            f"{len(snapshot.live)} alive when its time was over: "
            f"{listed([process.key for process in snapshot.live], names)}",
            marks={process.pid: f"alive, {process.doing}" for process in snapshot.live},
        )
    told_why(status, output, expected)


def reports_idle(report: bytes | None, name: str) -> None:
    """Demand that a worker reports once that it is idle, *name* having left."""
    expected = f"once {name} has left, the worker sends 1 to {REPORT_BYTES} bytes over its channel"
    if report is None:
        raise CheckFailure(expected, "nothing came")
    if not report:
        raise CheckFailure(expected, "it closed the channel")
    if len(report) > REPORT_BYTES:
        raise CheckFailure(expected, f"{size(report)} came")


def says_nothing(report: bytes | None, when: str) -> None:
    """Demand that nothing came over the channel: *when* says at which time."""
    expected = f"{when}, the worker sends nothing over its channel"
    if report:
        raise CheckFailure(expected, f"{size(report)} came")
    if report is not None:
        raise CheckFailure(expected, "it closed the channel")


def size(report: bytes) -> str:
    """Return "1 byte", "5 bytes"."""
    return f"{len(report)} byte" + "s" * (len(report) != 1)


def served_by_probe(sent: bytes, got: bytes, name: str) -> None:
    """Demand that a worker of ours answered: in capitals, or in question marks what was wrong."""
    expected = f"{name} is served by the worker that stands in the place of the program's own"
    if got == sent.upper():
        return
    if got.startswith(b"?"):
        raise CheckFailure(
            "with each connection the dispatcher sends exactly one byte over the worker's channel",
            "it sent another number of bytes, or of connections",
        )
    if got == sent:
        raise CheckFailure(
            expected, "another worker answered: the program did not execute this one"
        )
    raise CheckFailure(expected, f"{name} got {len(got)} bytes for {len(sent)}")
