"""Operations on a program that runs under strace, whose text we take through a FIFO.

Nothing is written to a disk, and no descriptor of it reaches the program: strace opens the FIFO by
its name, close-on-exec, and the name is gone before the program is asked for anything.
"""

from __future__ import annotations

import contextlib
import os
import select
import time

from . import proc
from .frames import Message
from .loop import Answer, Pending
from .output import Output
from .state import State

TRACE_BYTES = 8 << 20
ATTACH_S = 5.0


class OnTrace(State):
    """The operations that prepare a trace, await the tracer, and hand over what it wrote."""

    def op_trace(self, message: Message, blob: bytes) -> Answer:
        """Prepare the trace of the next start; answer the name of the FIFO for strace."""
        self._end_trace()
        path = f"{self.folder}/trace-{self._next()}"
        os.mkfifo(path, 0o600)
        if self.uid is not None and self._has_own_user:
            os.chown(path, self.uid, -1)
        self.trace = Output(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), TRACE_BYTES)
        self.trace_path = path
        return path, b""

    def op_traced(self, message: Message, blob: bytes) -> Pending:
        """Wait until a tracer holds `pid`; answer its pid, 0 if the process has ended before.

        The tracer is no part of the program.
        """
        pid = message["pid"]

        def held() -> Answer | None:
            tracer = proc.tracer(pid)
            if tracer:
                self.tracers.add(tracer)
            elif self._child(pid).status is None:
                return None
            return self._attached(tracer)

        return Pending(held, lambda: self._attached(0), ATTACH_S, polls=True)

    def _attached(self, tracer: int) -> Answer:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.trace_path)
        if self.trace is not None and not self.trace.ended:
            self.loop.add(self.trace.fd, self._hear_trace, select.EPOLLIN)
        return tracer, b""

    def _hear_trace(self, events: int) -> None:
        if self.trace is not None:
            self.trace.pump()
            if self.trace.ended:
                self.loop.drop(self.trace.fd)

    def op_trace_text(self, message: Message, blob: bytes) -> Answer:
        """Answer what strace has written so far as the blob, and how to read its times.

        The answer is {"ahead_s": by how much the wall clock is ahead of the monotonic one,
        "left_out": bytes}. A process waits for its tracer at each call, so what was done is here.
        """
        if self.trace is None:
            return {"ahead_s": 0.0, "left_out": 0}, b""
        poll = select.poll()
        poll.register(self.trace.fd, select.POLLIN)
        while not self.trace.ended and any(events & select.POLLIN for _, events in poll.poll(0)):
            self._hear_trace(select.EPOLLIN)
        head, left_out, tail = self.trace.kept()
        ahead_s = time.time() - time.monotonic()
        return {"ahead_s": ahead_s, "left_out": left_out}, head + b"\n" * bool(left_out) + tail

    def _end_trace(self) -> None:
        """Close the FIFO of the last start, if there is one."""
        if self.trace is not None:
            self.loop.drop(self.trace.fd)
            self.trace.close()
            self.trace = None
        self.tracers.clear()
