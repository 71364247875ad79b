"""A program that was started: what it printed, what it is like now, how to wait for it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from forklab.errors import CheckFailure, Overrun
from forklab.events.start import Start
from forklab.facts import Process, Snapshot, Usage
from forklab.facts.roles import give_names, give_names_by_start
from forklab.facts.snapshot import Descriptor, Key
from forklab.program import wait
from forklab.program.journal import Journal
from forklab.sandbox.link import AgentRefused, Link

EVENTUALLY_S = 5.0
WINDOW_S = 0.3
SETTLE_S = 1.0
PAIRS = 20_000
FIRST_LOOKS = 3

T = TypeVar("T")
Place = tuple[int, int]  # (pid, descriptor)


class Started:
    """One start of the program under test.

    Attributes:
        pid: the process that was started; it need not be the one that serves, or that stays.
        argv: its command line.
        port: where it is to listen.
        address: where it listens, as a client connects to it.
        folder: its work folder.
        stdin: what its descriptor 0 is: `pipe`, `pty`, `null`, `file`, `channel`.
    """

    def __init__(
        self,
        link: Link,
        journal: Journal,
        argv: Sequence[str],
        port: int,
        workers: int,
        *,
        serves: bool = True,
    ) -> None:
        self.link = link
        self.journal = journal
        self.argv = list(argv)
        self.port = port
        self.workers = workers
        self.is_pool = workers > 0
        self.serves = serves
        self.pid = 0
        self.key: Key = (0, 0)
        self.address = "127.0.0.1"
        self.folder = ""
        self.stdin = "pipe"
        self.first_pid = 0
        self.names: dict[Key, str] = {}
        self.client_names: dict[int, str] = {}
        self.last: Snapshot | None = None
        self._clients = self._looks = 0
        self._began, self._signalled = journal.now(), 0.0
        self._under_way: dict[int, float] = {}  # when it asked to connect, by its request
        self._asked: dict[int, float] = {}  # the same by its port

    def started(self, answer: dict[str, Any], stdin: str) -> None:
        """Take what the agent says of its start."""
        self.pid, self.first_pid = answer["pid"], answer["last_pid"]
        self.key = (self.pid, answer["start_ticks"])
        self.folder, self.stdin = answer["folder"], stdin
        self.journal.log.begin_start(self.names)
        self.journal.happened("exec", self.key, "agent", since=self._began, argv=self.argv)

    def ended(self) -> int | None:
        """Return the wait status of the started process, None while it runs."""
        status: int | None = self.link.call("status", pid=self.pid).value
        return status

    def output(self) -> str:
        """Return what it has printed so far, standard output and then standard error."""
        return "".join(self.outputs().values())

    def outputs(self) -> dict[str, str]:
        """Return what it has printed so far, by stream; what was left out is said."""
        reply = self.link.call("output", pid=self.pid)
        texts, at = {}, 0
        for name, (head, left_out, tail) in reply.value.items():
            text = reply.blob[at : at + head].decode(errors="replace")
            if left_out:
                text += f"\n[{left_out} bytes left out]\n"
            texts[name] = text + reply.blob[at + head : at + head + tail].decode(errors="replace")
            at += head + tail
        return texts

    # observing

    def snapshot(self, *, flags: bool = False) -> Snapshot:
        """Take a whole picture, now.

        Raises:
            Overrun: there are more processes than any right program needs; all were killed.
        """
        before, asked = self.last, self.journal.now()
        value = self._look("snapshot", flags=flags, wait_s=30.0)
        self.last = Snapshot(value, self.link.hello["machine"])
        self._looks += 1
        self.journal.looked(asked, before, self.last, self._start())
        if self.serves:
            give_names(
                self.names, self.last, self.port, is_pool=self.is_pool, anew=self._has_only_begun
            )
        else:
            give_names_by_start(self.names, self.last, self.key)
        return self.last

    @property
    def _has_only_begun(self) -> bool:
        """Nothing was done to it yet, or it was hardly looked at: who is who still shows."""
        is_untouched = not self._asked and not self._under_way
        return not self._signalled and (is_untouched or self._looks <= FIRST_LOOKS)

    def _start(self) -> Start:
        told = bool(self.link.hello["ends_are_told"])
        return Start(
            self.key, self.port, self._began, self.serves, told, self._asked, self._signalled
        )

    def _look(self, op: str, **arguments: Any) -> Any:
        """Ask for what counts processes on the way.

        Raises:
            Overrun: there are more than any right program needs; all were killed.
        """
        try:
            return self.link.call(op, **arguments).value
        except AgentRefused as refused:
            if refused.kind not in ("overrun", "excess"):
                raise
            failure = overrun(str(refused)) if refused.kind == "overrun" else excess(str(refused))
            failure.snapshot = self.last
            raise failure from None

    def stable(self) -> Snapshot:
        """Take snapshots until two in a row hold the same, at most for a second."""
        waiting = wait.Waiting(1.0)
        before = self.snapshot()
        while True:
            waiting.nap()
            after = self.snapshot()
            if after.pictures() == before.pictures() or waiting.over:
                return after
            before = after

    def eventually(self, check: Callable[..., T], *args: Any, within_s: float = EVENTUALLY_S) -> T:
        """Return what *check* returns once it holds; see `wait.eventually`."""
        return wait.eventually(self.snapshot, check, *args, within_s=within_s)

    def settle(self, check: Callable[..., Any], *args: Any, within_s: float = SETTLE_S) -> None:
        """Wait for *check* to hold, and go on after a while even if it does not.

        Raises:
            Overrun: there were more processes than any right program needs; all were killed.
        """
        try:
            self.eventually(check, *args, within_s=within_s)
        except Overrun:
            raise
        except CheckFailure:
            pass

    def throughout(self, check: Callable[..., T], *args: Any, for_s: float = WINDOW_S) -> T:
        """Demand that *check* holds all the time; see `wait.throughout`."""
        with self.journal.waiting(for_s * wait.scale()):
            return wait.throughout(self.snapshot, check, *args, for_s=for_s)

    def lasts(self, check: Callable[..., T], *args: Any, for_s: float) -> T:
        """Demand that *check* holds when *for_s* seconds are over.

        For what does not come back once it is lost: one look then says as much as many before.
        """
        self.usage(for_s)
        return wait.now(self.snapshot, check, *args)

    def one_open_file(self, snapshot: Snapshot) -> list[tuple[Place, Place]]:
        """Which descriptors above 2 of two processes are one open file.

        Sockets and pipes are told by their inode, and copies of a process's own 0 to 2 left out.

        Raises:
            Overrun: there are more pairs than any right program has.
        """
        if not self.link.hello["open_files"]:
            return []
        pairs = list(itertools.islice(_of_one_name(snapshot), PAIRS + 1))
        if not pairs:
            return []
        if len(pairs) > PAIRS:
            raise excess(f"its processes have the same files open more than {PAIRS} times over")
        answers = self.link.call("same_file", pairs=[[*a, *b] for a, b in pairs]).value
        return [pair for pair, same in zip(pairs, answers, strict=True) if same]

    def pids_used(self, since: int | None = None) -> int:
        """Return how many pids were given out; 0 where others use them, too.

        Args:
            since: the pid that was given out last then; None: since its start.
        """
        if not self.link.hello["is_init"]:
            return 0
        first = self.first_pid if since is None else since
        used: int = (self.last_pid() - first) % self.link.hello["pid_max"]
        return used

    def usage(self, for_s: float = WINDOW_S) -> Usage:
        """Return who used the CPU during the next *for_s* seconds."""
        with self.journal.waiting(for_s):
            value = self._look("usage", wait_s=for_s, **{"for": for_s})
        return Usage.parse(value, self.link.hello["pid_max"])

    def last_pid(self) -> int:
        """Return the pid that was given out last in the sandbox."""
        pid: int = self.link.call("last_pid").value
        return pid

    def name(self, process: Process | Key) -> str:
        """Return a name and the pid: "worker-2 (pid 31)"."""
        key = process.key if isinstance(process, Process) else process
        name = self.names.get(key)
        return f"{name} (pid {key[0]})" if name else f"pid {key[0]}"


def at_rest(snapshot: Snapshot) -> None:
    """Demand that every process sleeps."""
    awake = [process for process in snapshot.live if not process.sleeps]
    if awake or not snapshot.live:
        raise CheckFailure("every process sleeps", f"{len(awake)} do not")


def overrun(count: str) -> Overrun:
    """Return the failure of a program of which *count* processes were seen."""
    return Overrun(
        "a bounded number of processes",
        f"{count} processes were there, and more came: it forks without end (all were killed)",
    )


def excess(what: str) -> Overrun:
    """Return the failure of a program that took too much of *what* the agent counts."""
    return Overrun("a bounded use of memory and of descriptors", f"{what} (all were killed)")


def _of_one_name(snapshot: Snapshot) -> Iterator[tuple[Place, Place]]:
    """Pairs of descriptors of two processes that have the same file name."""
    places: dict[str, list[Place]] = {}
    for process in snapshot.live:
        for fd in _files(process):
            places.setdefault(fd.target, []).append((process.pid, fd.number))
    for same in places.values():
        for a, b in itertools.combinations(same, 2):
            if a[0] != b[0]:
                yield a, b


def _files(process: Process) -> list[Descriptor]:
    """Its descriptors above 2 that no inode tells, but for copies of its own 0 to 2."""
    own = {fd.target for fd in process.fds if fd.number <= 2}
    return [fd for fd in process.fds if fd.number > 2 and not fd.inode and fd.target not in own]
