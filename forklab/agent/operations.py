"""What the harness can ask of the agent, one method an operation.

Each takes the message and the blob of its request and returns what is answered: (value, blob),
None, or a Pending that the loop answers later.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

from . import conns, ends, freeze, ipc, proc, sockdiag, spawn, work
from .frames import Message
from .loop import Answer, Failure, Loop, Pending
from .output import HEAD_BYTES, Output
from .program import Child, Children, Streams

WHOLE_TRIES = 20
FEWEST_TRIES, TRYING_S = 2, 1.0  # hundreds of processes that fork are not looked at for ever
GUARD_EVERY = 32
UNBOUNDED = 1 << 20
TOOL_BYTES = 32 << 20
KILL_S = 10.0
QUIET_S = 0.02


class Agent:
    """State of one sandbox: a work folder, a program, its clients."""

    def __init__(self, loop: Loop, folder: str, uid: int | None, *, is_init: bool) -> None:
        self.loop = loop
        self.folder = folder
        self.uid = uid
        self.is_init = is_init
        self.ends = ends.Ends(loop.poll)
        self.children = Children(loop.add, loop.drop)
        self.conns: dict[int, conns.Connection] = {}
        self.by_fd: dict[int, conns.Connection] = {}
        self.listeners: dict[int, socket.socket] = {}
        self.frozen: set[int] = set()
        self.cwd: str | None = None
        self.max_processes = UNBOUNDED
        self.tools: set[int] = set()  # sessions of the tools that were run since the last reset
        self._number = 0
        self.peers = _unix_peers_are_shown()
        loop.on_children = self._reap
        loop.also = self._ready

    def operations(self) -> dict[str, Any]:
        """Name to method, for the loop."""
        return {
            name.removeprefix("op_"): getattr(self, name)
            for name in dir(self)
            if name.startswith("op_")
        }

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _ready(self, fd: int, events: int) -> None:
        if fd in self.by_fd:
            self.by_fd[fd].ready(events)
        elif self.ends.owns(fd):
            self.ends.ready(fd, events)

    def _reap(self) -> None:
        for pid, status in self.ends.reap(self._is_foreign):
            self.children.ended(pid, status)

    def _is_foreign(self, pid: int) -> bool:
        """Whether *pid*, a zombie, is no part of the program, or its parent is still to reap it."""
        found = proc.stat(pid)
        if found is None or found.ppid != os.getpid() or found.session in self.tools:
            return True
        return self._has_own_user and proc.uid(pid) != self.uid

    @property
    def _has_own_user(self) -> bool:
        return self.uid is not None and self.uid != os.geteuid()

    # what this place can show

    def op_hello(self, message: Message, blob: bytes) -> Answer:
        """Say who we are and what can be observed here."""
        kernel = os.uname()
        return {
            "pid": os.getpid(),
            "uid": os.geteuid(),
            "program_uid": self.uid,
            "folder": self.folder,
            "kernel": kernel.release,
            "machine": kernel.machine,
            "python": sys.version.split()[0],
            "is_init": self.is_init,
            "ends_are_told": self.ends.hang_up_means_reaped,
            "unix_peers": self.peers,
            "sched": os.path.exists("/proc/self/schedstat"),
            "pid_max": int(proc.read("/proc/sys/kernel/pid_max")),
            "limits_bite": (os.geteuid() if self.uid is None else self.uid) != 0,
        }, b""

    def op_memory(self, message: Message, blob: bytes) -> Answer:
        """Answer how much memory the agent itself has resident, in KiB."""
        return proc.resident_kib("/proc/self/status"), b""

    # programs and commands

    def op_start(self, message: Message, blob: bytes) -> Answer:
        """Start a program in a fresh work folder; answer its pid and start time.

        `last_pid` is the pid that was given out last before it.
        """
        last_pid = proc.last_pid()
        self._number += 1
        self.cwd = f"{self.folder}/work-{self._number}"
        work.make(self.cwd, self.uid, message.get("files"))
        for name in message.get("unlink", []):
            os.unlink(f"{self.cwd}/{name}")
        self.max_processes = message.get("max_processes", self.max_processes)
        self._make_room(message.get("limits", {}))
        child = self._spawn(message, self.cwd, self.uid, command=False)
        found = proc.stat(child.pid)
        start_ticks = found.start_ticks if found else 0
        self.ends.watch(child.pid, start_ticks, started=True)
        return {"pid": child.pid, "start_ticks": start_ticks, "last_pid": last_pid}, b""

    def _make_room(self, limits: dict[str, int]) -> None:
        """RLIMIT_NPROC counts a user: where the program has none of its own, count us too."""
        if "nproc" in limits and not self._has_own_user:
            found = proc.stats().values()
            limits["nproc"] += sum(p.threads for p in found if proc.uid(p.pid) == os.getuid())

    def _spawn(self, message: Message, cwd: str, uid: int | None, *, command: bool) -> Child:
        streams = Streams(uid)
        try:
            stdin, feed = streams.readable(message.get("stdin", "pipe"), message.get("path", ""))
            stdout, out = streams.writable(message.get("stdout", "pipe"))
            stderr, err = streams.writable(message.get("stderr", "pipe"))
            pid = spawn.start(
                spawn.Start(
                    argv=message["argv"],
                    env=message.get("env", {}) | {"HOME": cwd, "PWD": cwd},
                    cwd=cwd,
                    fds=(stdin, stdout, stderr),
                    uid=uid,
                    limits=message.get("limits", {}),
                    expendable=not command,
                    controlling=message.get("controlling", False),
                )
            )
        except OSError as error:
            streams.close_all()
            raise Failure("exec", error.strerror or str(error)) from error
        streams.close_theirs()
        # a tool of the harness is not cut; one that builds the program is the program's
        room = TOOL_BYTES if command and not message.get("as_program") else HEAD_BYTES
        outputs = {"stdout": Output(out, room), "stderr": Output(err, room)}
        child = Child(pid, feed, outputs, command)
        self.children.follow(child)
        return child

    def op_run(self, message: Message, blob: bytes) -> Pending:
        """Run a tool to its end; answer its wait status and output (stdout, then stderr).

        A tool that builds the program (`as_program`) has its user, its limits, and no more trust.
        The status is null when it did not end in time and was killed.
        """
        as_program = bool(message.get("as_program"))
        if as_program:
            self.max_processes = message.get("max_processes", UNBOUNDED)
            self._make_room(message.get("limits", {}))
        uid = self.uid if as_program else None
        child = self._spawn(message, message.get("cwd", "/"), uid, command=True)
        self.tools.add(child.pid)
        if child.stdin >= 0:
            with contextlib.suppress(BrokenPipeError):
                self.children.feed(child, blob, end=True)

        def done() -> Answer | None:
            if as_program:
                self._guard()
            return self._ran(child) if child.over() else None

        def late() -> Answer:
            self._end_session(child.pid)
            return self._ran(child)

        return Pending(done, late, message.get("within", 30.0), polls=True)

    def _ran(self, child: Child) -> Answer:
        texts, cut = [], 0
        for name in ("stdout", "stderr"):
            head, left_out, tail = child.outputs[name].kept()
            cut += left_out
            texts.append(head + (b"\n[%d bytes left out]\n" % left_out if left_out else b"") + tail)
        if not self._has_own_user:  # what it left behind would be taken for the program's
            self._end_session(child.pid)
        self.children.forget(child)
        answer = {"status": child.status, "stdout": len(texts[0]), "left_out": cut}
        return answer, b"".join(texts)

    def _end_session(self, session: int) -> None:
        """Kill every process of a tool's session."""
        for pid, found in proc.stats().items():
            if found.session == session:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def op_feed(self, message: Message, blob: bytes) -> None:
        """Write the blob to the program's descriptor 0; `end` closes it."""
        self.children.feed(self._child(message["pid"]), blob, end=bool(message.get("end")))

    def op_output(self, message: Message, blob: bytes) -> Answer:
        """Answer what the program has printed so far: sizes, and head and tail as the blob."""
        child = self._child(message["pid"])
        self.children.drain(child) if child.status is not None else None
        kept = {name: output.kept() for name, output in child.outputs.items()}
        sizes = {name: [len(head), cut, len(tail)] for name, (head, cut, tail) in kept.items()}
        return sizes, b"".join(head + tail for head, _, tail in kept.values())

    def op_status(self, message: Message, blob: bytes) -> Answer:
        """Answer the wait status of the started process; null while it runs."""
        return self._child(message["pid"]).status, b""

    def _child(self, pid: int) -> Child:
        try:
            return self.children.by_pid[pid]
        except KeyError:
            raise Failure("gone", f"the agent started no process {pid}") from None

    def op_signal(self, message: Message, blob: bytes) -> None:
        """Send a signal to one process, or to its group."""
        if message.get("group"):
            os.killpg(message["pid"], message["number"])
        else:
            os.kill(message["pid"], message["number"])

    def op_freeze(self, message: Message, blob: bytes) -> None:
        """Stop a process so that its parent does not hear of it."""
        freeze.freeze(message["pid"])
        self.frozen.add(message["pid"])

    def op_thaw(self, message: Message, blob: bytes) -> None:
        """Let a frozen process go on."""
        self.frozen.discard(message["pid"])
        freeze.thaw(message["pid"])

    def op_limit(self, message: Message, blob: bytes) -> Answer:
        """Set a soft limit of a running process; answer the [soft, hard] of before."""
        pid, soft = message["pid"], message["soft"]
        try:
            if soft is None:  # just above what is open now
                soft = max((int(name) for name in os.listdir(f"/proc/{pid}/fd")), default=0) + 1
            return list(spawn.set_soft_limit(pid, message["name"], soft, self.uid)), b""
        except FileNotFoundError:
            raise ProcessLookupError from None

    # looking

    def _mine(self, table: dict[int, proc.Stat]) -> list[proc.Stat]:
        """Processes of the program: by uid where it has its own, else by descent."""
        tools = self.children.commands()
        if self.is_init and self._has_own_user:
            own = {pid for pid in table if pid not in tools and proc.uid(pid) == self.uid}
        else:
            own = ends.descendants(os.getpid(), table)
            own = {pid for pid in own if table[pid].session not in self.tools}
        return [table[pid] for pid in sorted(own) if pid in table]

    def _guard(self, count: int | None = None) -> None:
        """A program that forks without end is killed first and looked at later.

        *count*: processes of the program; None: as many as there are in a container of its own.
        """
        if count is None:
            count = len(proc.pids()) if self.is_init else 0
        if count > self.max_processes:
            self._kill()
            raise Failure("overrun", str(count))

    def op_snapshot(self, message: Message, blob: bytes) -> Answer:
        """Answer processes, descriptors and sockets, taken whole."""
        tries, whole, began = 0, False, time.monotonic()
        while not whole and tries < WHOLE_TRIES:
            if tries >= FEWEST_TRIES and time.monotonic() - began > TRYING_S:
                break
            tries += 1
            try:
                picture, whole = self._picture(flags=bool(message.get("flags")))
            except PermissionError as error:
                raise Failure("unsupported", f"this user may not read {error.filename}") from error
        self.loop.poll_ends(self._ready)
        self.ends.look(picture.pop("present"))
        picture["ends"] = [end.as_list() for end in self.ends.all()]
        picture["took_s"] = time.monotonic() - began
        return {**picture, "whole": whole, "tries": tries}, b""

    def _picture(self, *, flags: bool) -> tuple[dict[str, Any], bool]:
        """Look at everything once; whether nothing came or went meanwhile."""
        began, last = time.monotonic(), proc.last_pid()
        pids = proc.pids()
        if self.is_init:
            self._guard(len(pids))
        table = proc.stats(pids)
        mine = self._mine(table)
        self._guard(len(mine))
        for found in mine:
            self.ends.watch(found.pid, found.start_ticks)
        rows = list(self._described(mine, flags=flags))
        tcp, unix = sockdiag.tcp(), sockdiag.unix() if self.peers else []
        again = self._again(mine)
        for row in rows:
            second = again.get(row["pid"])
            if second is not None and second.is_dead and row["state"] not in "ZX":
                row |= proc.ENDED | {"state": second.state}
        picture = {
            "time": began,
            "last_pid": last,
            "processes": rows,
            "tcp": tcp,
            "unix": unix,
            "present": {pid: (found.start_ticks, found.state) for pid, found in table.items()},
        }
        return picture, self._is_whole(mine, again, last)

    def _described(self, mine: list[proc.Stat], *, flags: bool) -> Iterator[dict[str, Any]]:
        for number, found in enumerate(mine, 1):
            if number % GUARD_EVERY == 0:  # it may grow faster than we can look
                self._guard()
            if row := proc.describe(found, flags=flags):
                yield row

    def _again(self, mine: list[proc.Stat]) -> dict[int, proc.Stat]:
        """Look at the program's processes a second time, and for new ones.

        In a container of its own a new process shows in the last pid; elsewhere that one moves
        all the time, and the whole table must be read again.
        """
        if not self.is_init:
            return {found.pid: found for found in self._mine(proc.stats())}
        return {
            found.pid: now for found in mine if (now := proc.stat(found.pid, found)) is not None
        }

    def _is_whole(self, mine: list[proc.Stat], again: dict[int, proc.Stat], last: int) -> bool:
        same = {found.identity for found in mine} == {found.identity for found in again.values()}
        return same and (not self.is_init or proc.last_pid() == last)

    def op_usage(self, message: Message, blob: bytes) -> Pending:
        """Answer CPU time, waiting time and switches of each process over a window.

        The answer is {"seconds", "last_pid": [before, after], "printed": bytes, "rows": [[pid,
        ns on a CPU, ns waiting, voluntary switches]]}, differences each, of the processes that
        were there at both ends of the window.
        """
        self._guard()
        began = time.monotonic()
        before = {found.pid: proc.usage(found.pid) for found in self._mine(proc.stats())}
        last_pid, printed = proc.last_pid(), self.children.printed()

        def after() -> Answer:
            seconds = time.monotonic() - began
            rows = []
            for pid, first in before.items():
                second = proc.usage(pid)
                if first is not None and second is not None:
                    rows.append([pid, *(b - a for a, b in zip(first, second, strict=True))])
            return {
                "seconds": seconds,
                "last_pid": [last_pid, proc.last_pid()],
                "printed": self.children.printed() - printed,
                "rows": rows,
            }, b""

        pending = Pending(lambda: None, after, message["for"])
        pending.looks = 1 << 20  # a window ends when its time is over
        return pending

    def op_listening(self, message: Message, blob: bytes) -> Pending:
        """Wait until the program listens on a port, or has ended.

        The answer is {"addresses": [...], "elsewhere": [ports], "ended": wait status or null,
        "count": processes left}.
        """
        port, pid = message["port"], message["pid"]

        def found() -> Answer | None:
            self._guard()
            addresses = [row[2] for row in self._listeners() if row[3] == port]
            if addresses:
                return self._listening(pid, addresses)
            status = self._child(pid).status
            if status is not None and not self._mine(proc.stats()):
                return self._listening(pid, [])
            return None

        return Pending(
            found, lambda: self._listening(pid, []), message.get("within", 10.0), polls=True
        )

    def _listening(self, pid: int, addresses: list[str]) -> Answer:
        mine = self._mine(proc.stats())
        elsewhere = sorted({row[3] for row in self._listeners()} if not addresses else set())
        return {
            "addresses": addresses,
            "elsewhere": elsewhere,
            "ended": self._child(pid).status,
            "count": len(mine),
        }, b""

    def _listeners(self) -> list[sockdiag.TcpRow]:
        """Listening TCP sockets that a process of the program holds."""
        rows = sockdiag.tcp(sockdiag.LISTEN_ONLY)
        own = {os.fstat(listener.fileno()).st_ino for listener in self.listeners.values()}
        rows = [row for row in rows if row[8] not in own]
        if not rows or self.is_init:
            return rows
        held = self._held_sockets()
        return [row for row in rows if row[8] in held]

    def _held_sockets(self) -> set[int]:
        held = set()
        for found in self._mine(proc.stats()):
            row = proc.describe(found, flags=False)
            for _, target, _, _ in row["fds"] if row else []:
                if target.startswith("socket:["):
                    held.add(int(target[8:-1]))
        return held

    def op_last_pid(self, message: Message, blob: bytes) -> Answer:
        """Answer the pid that was given out last."""
        return proc.last_pid(), b""

    # clients

    def _conn(self, message: Message) -> conns.Connection:
        try:
            return self.conns[message["conn"]]
        except KeyError:
            raise Failure("gone", f"there is no connection {message['conn']}") from None

    def _keep(self, conn: conns.Connection) -> int:
        number = self._next()
        self.conns[number] = conn
        self.by_fd[conn.fd] = conn
        return number

    def op_connect(self, message: Message, blob: bytes) -> Pending:
        """Open a connection; answer its number and state when it stands or has failed."""
        try:
            conn = conns.connect(
                (message["host"], message["port"]),
                self.loop.poll,
                receive_buffer=message.get("receive_buffer"),
            )
        except OSError as error:
            raise Failure("refused", error.strerror or str(error)) from error
        number = self._keep(conn)
        if blob:
            conn.give(blob, half_close=False)

        def state() -> Answer:
            port = conn.sock.getsockname()[1]
            return {"conn": number, "port": port, **conn.state()}, b""

        return Pending(
            lambda: state() if conn.connected or conn.over else None,
            state,
            message.get("within", 3.0),
        )

    def op_talk(self, message: Message, blob: bytes) -> Pending:
        """Send the blob (or `pattern` bytes of our own), wait for bytes or the end.

        Args of the message: conn, pattern, half_close, reading, cancel (drop what the kernel
        has not taken yet); `bytes`: until so many were
        received in all (`all`: as many as were sent); `end`: until the server ends it; within:
        deadline in seconds; progress: the deadline counts from the last byte that moved.
        The answer is the state, and the bytes received from `start` on as the blob.
        """
        conn = self._conn(message)
        if "reading" in message:
            conn.reading = message["reading"]
        if message.get("cancel"):
            conn.cancel()
        data = conns.pattern(message["pattern"]) if message.get("pattern") else blob
        conn.give(data, half_close=bool(message.get("half_close")))
        wanted = len(conn.sent) if message.get("all") else message.get("bytes", 0)
        until_end = bool(message.get("end"))

        def state() -> Answer:
            start = message.get("start")
            received = bytes(conn.received[start:]) if start is not None else b""
            return conn.state() | {"difference": conn.first_difference()}, received

        def test() -> Answer | None:
            if conn.over or (conn.received_bytes >= wanted and not until_end):
                return state()
            return None

        began = time.monotonic()
        since = (lambda: max(conn.moved, began)) if message.get("progress") else None
        return Pending(test, state, message.get("within", 3.0), since=since)

    def op_stall(self, message: Message, blob: bytes) -> Pending:
        """Send `pattern` bytes without reading, until nothing moves for `quiet` seconds.

        The answer is the state; "flushed" says how much the kernel took.
        """
        conn = self._conn(message)
        conn.reading = False
        conn.give(conns.pattern(message["pattern"]), half_close=False)
        began = time.monotonic()

        def state() -> Answer:
            return conn.state(), b""

        return Pending(
            lambda: state() if conn.over or conn.flushed == len(conn.sent) else None,
            state,
            message["quiet"],
            since=lambda: max(conn.moved, began),
        )

    def op_visit(self, message: Message, blob: bytes) -> Pending:
        """Be one whole client: connect, send the blob, wait for the reply, leave.

        Answered means that bytes came back; an echo is waited for whole, another reply until
        nothing more comes for QUIET_S. The answer is the state at the end of the reply; its inode
        is that of the server's end of the connection.
        """
        try:
            conn = conns.connect((message["host"], message["port"]), self.loop.poll)
        except OSError as error:
            raise Failure("refused", error.strerror or str(error)) from error
        number = self._keep(conn)
        conn.give(blob, half_close=False)

        def leave() -> Answer:
            state = conn.state()
            self._close(number, reset=False)
            return state, b""

        def test() -> Answer | None:
            if conn.over:
                return leave()
            if conn.received_bytes < len(blob):
                quiet = time.monotonic() - conn.moved > QUIET_S
                return leave() if conn.received_bytes and quiet and not echo() else None
            return leave()

        def echo() -> bool:
            return bool(blob.startswith(conn.received))

        return Pending(test, leave, message.get("within", 3.0), polls=True)

    def op_gather(self, message: Message, blob: bytes) -> Pending:
        """Send the blob on each of `conns` and wait until `count` of them had bytes come back.

        The answer, one way or the other: the state of each, in order; at once when fewer than
        that can still be answered.
        """
        found = [self._conn({"conn": number}) for number in message["conns"]]
        before = [conn.received_bytes for conn in found]
        for conn in found:
            conn.give(blob, half_close=False)

        def states() -> Answer:
            return [conn.state() for conn in found], b""

        def test() -> Answer | None:
            pairs = list(zip(found, before, strict=True))
            answered = sum(conn.received_bytes > had for conn, had in pairs)
            lost = sum(conn.over and conn.received_bytes == had for conn, had in pairs)
            enough = answered >= message["count"]
            return states() if enough or len(found) - lost < message["count"] else None

        return Pending(test, states, message.get("within", 3.0))

    def op_state(self, message: Message, blob: bytes) -> Answer:
        """Answer the state of a connection, now."""
        return self._conn(message).state(), b""

    def op_close(self, message: Message, blob: bytes) -> None:
        """Close a connection, by FIN or (`reset`) by RST."""
        self._close(message["conn"], reset=bool(message.get("reset")))

    def _close(self, number: int, *, reset: bool) -> None:
        conn = self.conns.pop(number, None)
        if conn is not None:
            del self.by_fd[conn.fd]
            conn.close(reset=reset)

    def op_listen(self, message: Message, blob: bytes) -> Answer:
        """Listen on a port (0: any) as the other party; answer number and port."""
        listener = _listener(message.get("port", 0))
        number = self._next()
        self.listeners[number] = listener
        return {"listener": number, "port": listener.getsockname()[1]}, b""

    def op_accept(self, message: Message, blob: bytes) -> Pending:
        """Wait for a connection on a listener of ours; answer its number, or null."""
        listener = self.listeners[message["listener"]]

        def test() -> Answer | None:
            try:
                sock, _ = listener.accept()
            except BlockingIOError:
                return None
            sock.setblocking(False)
            conn = conns.Connection(sock, self.loop.poll, connected=True)
            return {"conn": self._keep(conn), **conn.state()}, b""

        return Pending(test, lambda: (None, b""), message.get("within", 5.0), polls=True)

    def op_unlisten(self, message: Message, blob: bytes) -> None:
        """Close a listener of ours."""
        self.listeners.pop(message["listener"]).close()

    # files

    def op_write(self, message: Message, blob: bytes) -> None:
        """Write the blob to a file of ours, its folders made as needed."""
        path = f"{self.folder}/{message['path']}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(blob)
        os.chmod(path, message.get("mode", 0o644))

    def op_read(self, message: Message, blob: bytes) -> Answer:
        """Answer the content of a file, as the blob."""
        with open(os.path.join(self.folder, message["path"]), "rb") as file:
            return None, file.read(1 << 26)

    def op_folder(self, message: Message, blob: bytes) -> None:
        """Make a new folder, or hand one over with all in it: to the `owner` program or agent."""
        path = f"{self.folder}/{message['path']}"
        owner = message.get("owner")
        if owner is None:
            work.remove(path)
            work.make(path, None, None)
        elif self._has_own_user and self.uid is not None:
            work.hand_over(path, self.uid if owner == "program" else os.geteuid())

    def op_unlink(self, message: Message, blob: bytes) -> None:
        """Remove a file or a folder of ours."""
        path = f"{self.folder}/{message['path']}"
        if os.path.isdir(path):
            work.remove(path)
        else:
            os.unlink(path)

    # the end of a program

    def op_reset(self, message: Message, blob: bytes) -> Answer:
        """Close the clients, end every process and prove it, remove the work folder.

        The answer is the number of processes that had to be killed.
        """
        for number in list(self.conns):
            self._close(number, reset=True)
        for number in [] if message.get("keep_listeners") else list(self.listeners):
            self.listeners.pop(number).close()
        killed = self._kill()
        for child in list(self.children.by_pid.values()):
            self.children.forget(child)
        self.ends.forget()
        self.tools.clear()
        self.max_processes = UNBOUNDED
        self._wipe()
        return {"killed": killed}, b""

    def _wipe(self) -> None:
        """Remove what a program leaves behind when it is gone: files, and System V memory."""
        if self.cwd is not None:
            work.remove(self.cwd)
            self.cwd = None
        if self.is_init:
            for folder in work.SHARED_FOLDERS:
                with contextlib.suppress(FileNotFoundError):
                    work.empty(folder)
        if self._has_own_user and self.uid is not None and (left := ipc.left_behind(self.uid)):
            spawn.with_uid(self.uid, lambda: ipc.remove(left))

    def _kill(self) -> int:
        self.frozen.clear()
        kill = ends.kill_all_as_init if self.is_init else ends.kill_all_as_subreaper
        reaped = kill(KILL_S)
        if reaped is None:
            raise Failure("immortal", f"processes were still there {KILL_S:.0f} s after SIGKILL")
        for pid, status in reaped:
            self.children.ended(pid, status)
            self.ends.note_reaped(pid, status)
        return len(reaped)

    def leave(self) -> None:
        """The harness is gone: end everything."""
        with contextlib.suppress(Failure, OSError):
            self.op_reset({}, b"")


def _is_same(first: proc.Stat, again: dict[int, proc.Stat | None]) -> bool:
    second = again[first.pid]
    return second is not None and second.identity == first.identity


def _listener(port: int) -> socket.socket:
    """Listen on *port* of every address, IPv6 and IPv4, so that nobody else can."""
    for family, host in ((socket.AF_INET6, "::"), (socket.AF_INET, "0.0.0.0")):
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            listener.setblocking(False)
            listener.bind((host, port))
            listener.listen(5)
        except OSError as error:
            listener.close()
            if family == socket.AF_INET or error.errno == errno.EADDRINUSE:
                raise
        else:
            return listener
    raise AssertionError("the IPv4 try returns or raises")


def _unix_peers_are_shown() -> bool:
    """Find out, with a pair of our own, whether the kernel names the peer of a Unix socket."""
    a, b = socket.socketpair()
    try:
        rows = {row[0]: row[3] for row in sockdiag.unix()}
        return rows.get(os.fstat(a.fileno()).st_ino) == os.fstat(b.fileno()).st_ino
    except OSError:
        return False
    finally:
        a.close()
        b.close()


def subreaper() -> None:
    """Become the one who adopts orphaned descendants (PR_SET_CHILD_SUBREAPER, prctl(2))."""
    import ctypes

    if ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) != 0:
        raise OSError("prctl(PR_SET_CHILD_SUBREAPER) failed")
