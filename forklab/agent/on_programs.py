"""Operations on programs and commands: start, feed, signal, freeze, limit."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal

from . import freeze, proc, spawn, work
from .frames import Message
from .loop import Answer, Failure, Pending
from .output import HEAD_BYTES, Output
from .program import Child, Streams
from .state import UNBOUNDED, State

TOOL_BYTES = 32 << 20


class OnPrograms(State):
    """The operations that start processes and act on them."""

    def op_start(self, message: Message, blob: bytes) -> Answer:
        """Start a program in a fresh work folder; answer its pid, start time and folder.

        Args of the message: argv, env, limits; stdin, stdout, stderr: kinds as in `Streams`, a
        `file` has the blob as its content; files: folder whose entries the work folder links to;
        place: `small`, a file system of a megabyte, or `sealed`, where it may make no file.
        `last_pid` is the pid that was given out last before it.
        """
        last_pid = proc.last_pid()
        place = message.get("place")
        self.cwd = f"{self.small if place == 'small' else self.folder}/work-{self._next()}"
        work.make(self.cwd, None if place == "sealed" else self.uid, message.get("files"))
        if message.get("stdin") == "file":
            message["path"] = f"{self.folder}/input"
            with contextlib.suppress(FileNotFoundError):
                os.unlink(
                    message["path"]
                )  # that of the last start is its user's: not ours to write
            with open(message["path"], "wb") as file:
                file.write(blob)
        self.max_processes = message.get("max_processes", self.max_processes)
        self._make_room(message.get("limits", {}))
        child = self._spawn(message, self.cwd, self.uid, command=False)
        found = proc.stat(child.pid)
        start_ticks = found.start_ticks if found else 0
        self.ends.watch(child.pid, start_ticks, started=True)
        started = {"pid": child.pid, "start_ticks": start_ticks}
        return {**started, "last_pid": last_pid, "folder": self.cwd}, b""

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
                    expendable=not command or bool(message.get("as_program")),
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
        """Answer the wait status of the started process; null while it runs.

        A look may have shown already that it has ended, before we heard of it.
        """
        self._reap()
        return self._child(message["pid"]).status, b""

    def op_signal(self, message: Message, blob: bytes) -> None:
        """Send a signal to one process, or to its group."""
        if message.get("group"):
            os.killpg(message["pid"], message["number"])
        else:
            os.kill(message["pid"], message["number"])

    def op_freeze(self, message: Message, blob: bytes) -> None:
        """Stop a process so that its parent does not hear of it."""
        try:
            freeze.freeze(message["pid"])
        except PermissionError:
            tracer = proc.tracer(message["pid"])
            if tracer in self.tracers:
                text = "the check holds a process by ptrace, and a process has one tracer at most"
                raise Failure("unsupported", text) from None
            if tracer:
                raise Failure("traced", f"process {tracer} traces it") from None
            raise
        self.frozen.add(message["pid"])

    def op_thaw(self, message: Message, blob: bytes) -> None:
        """Let a frozen process go on."""
        self.frozen.discard(message["pid"])
        freeze.thaw(message["pid"])

    def op_limit(self, message: Message, blob: bytes) -> Answer:
        """Set a soft limit of a running process; answer the [soft, hard] of before."""
        pid, soft = message["pid"], message["soft"]
        try:
            if soft is None:  # no number is free below it, not even one that was closed
                taken = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
                soft = next(number for number in itertools.count() if number not in taken)
            return list(spawn.set_soft_limit(pid, message["name"], soft, self.uid)), b""
        except FileNotFoundError:
            raise ProcessLookupError from None
