"""The agent's event loop: one thread, many operations under way.

It waits for everything at once (the harness, clients, output, ends of processes, children) and
answers an operation when its condition holds or its deadline has passed. A deadline has passed
only when the time is over and at least MIN_LOOKS looks were made, so that a machine that stalled
us fails nobody.
"""

from __future__ import annotations

import errno
import math
import os
import select
import signal
import time
from collections.abc import Callable
from typing import Any

from .frames import Decoder, Message, encode

MIN_LOOKS = 20
FAST_LOOKS = 50
FAST_S, SLOW_S = 0.001, 0.005
SILENCE_S = 60.0
IDLE_S = 5.0
# what a program may bring about, and the harness must tell from a fault of the machine
KINDS = {
    errno.ENOSPC: "full",
    errno.ENAMETOOLONG: "deep",
    errno.EINTR: "hunted",
    errno.ETIMEDOUT: "stuck",
}

Answer = tuple[Any, bytes]


class Pending:
    """An operation that is not answered yet.

    Attributes:
        test: returns the answer once there is one, else None.
        late: the answer when the deadline has passed.
        within_s: time that the operation is given.
        since: when the time began; a callable, for deadlines that count from the last progress.
        longest_s: time that it is given whatever progress there is: one that makes a little, again
            and again, would have no end.
        polls: look again after a moment even if nothing was heard.
    """

    def __init__(
        self,
        test: Callable[[], Answer | None],
        late: Callable[[], Answer],
        within_s: float,
        *,
        polls: bool = False,
        since: Callable[[], float] | None = None,
        longest_s: float = math.inf,
    ) -> None:
        self.test = test
        self.late = late
        self.within_s = within_s
        self.polls = polls
        self.began = time.monotonic()
        self.since = since
        self.longest_s = longest_s
        self.looks = 0

    def answer(self) -> Answer | None:
        """Look once."""
        self.looks += 1
        found = self.test()
        if found is None and self.rest_s() <= 0 and self.looks >= MIN_LOOKS:
            return self.late()
        return found

    def rest_s(self) -> float:
        """Time until the deadline; below 0 when it is over."""
        began = self.began if self.since is None else self.since()
        return min(began + self.within_s, self.began + self.longest_s) - time.monotonic()

    def nap_s(self) -> float:
        """How long nothing needs to be looked at, as far as this operation goes."""
        rest = self.rest_s()
        if rest <= 0 or self.polls:
            return FAST_S if self.looks < FAST_LOOKS else SLOW_S
        return rest


Operation = Callable[[Message, bytes], "Answer | Pending | None"]


class Failure(Exception):
    """An operation cannot be done: what kind (for the harness) and one sentence."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class Loop:
    """Serve operations until the input ends or says nothing for SILENCE_S."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self.poll = select.epoll()
        self.on_ready: dict[int, Callable[[int], None]] = {}
        self.on_children: Callable[[], None] = lambda: None
        self.also: Callable[[int, int], None] = lambda fd, events: None
        self.watch: Callable[[], float] = lambda: IDLE_S  # does it; when it wants to do it again
        self._read_fd, self._write_fd = read_fd, write_fd
        self._operations: dict[str, Operation] = {}
        self._pending: dict[int, Pending] = {}
        self._decoder = Decoder()
        self._heard = time.monotonic()
        self._open = True
        self._wake_fd = self._wake_on_children()

    def _wake_on_children(self) -> int:
        read_fd, write_fd = os.pipe()
        for fd in (read_fd, write_fd):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(write_fd, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        return read_fd

    def add(self, fd: int, ready: Callable[[int], None], events: int = select.EPOLLIN) -> None:
        """Call *ready* with the events whenever *fd* has one of *events*."""
        self.on_ready[fd] = ready
        self.poll.register(fd, events)

    def drop(self, fd: int) -> None:
        """Forget *fd*, before it is closed."""
        if self.on_ready.pop(fd, None) is not None:
            self.poll.unregister(fd)

    def serve(self, operations: dict[str, Operation]) -> None:
        """Run until the harness is gone."""
        self._operations = operations
        self.add(self._read_fd, self._hear)
        self.add(self._wake_fd, self._reap)
        while self._open and time.monotonic() - self._heard < SILENCE_S:
            self.turn()

    def turn(self) -> None:
        """Wait for events once, act on them, answer what can be answered."""
        naps = [pending.nap_s() for pending in self._pending.values()]
        nap_s, slept = max(0.0, min([self.watch(), *naps])), time.monotonic()
        heard = self.poll.poll(nap_s)
        self._give_back(time.monotonic() - slept - nap_s)
        for fd, events in heard:
            ready = self.on_ready.get(fd)
            if ready is not None:
                ready(events)
            else:
                self.also(fd, events)
        for number, pending in list(self._pending.items()):
            self._settle(number, pending)

    def _give_back(self, overslept_s: float) -> None:
        """Add to every deadline what the machine kept us waiting: it keeps the program, too."""
        if overslept_s > SLOW_S:
            for pending in self._pending.values():
                pending.within_s += overslept_s
                pending.longest_s += overslept_s

    def _settle(self, number: int, pending: Pending) -> None:
        try:
            answer = pending.answer()
        except Failure as failure:
            self._refuse(number, failure.kind, str(failure))
        except OSError as error:
            self._refuse(number, "os", f"{error.strerror} (errno {error.errno})")
        else:
            if answer is None:
                return
            self._answer(number, answer)
        self._pending.pop(number, None)

    def poll_ends(self, ready: Callable[[int, int], None]) -> None:
        """Hear now what is ready already, but for the harness; an observation wants it fresh."""
        for fd, events in self.poll.poll(0):
            if fd not in self.on_ready:
                ready(fd, events)

    def _reap(self, events: int) -> None:
        try:
            while os.read(self._wake_fd, 4096):
                pass
        except BlockingIOError:
            pass
        self.on_children()

    def _hear(self, events: int) -> None:
        data = os.read(self._read_fd, 1 << 20)
        if not data:
            self._open = False
            return
        self._heard = time.monotonic()
        for message, blob in self._decoder.feed(data):
            if "id" in message:
                self._do(message, blob)

    def _do(self, message: Message, blob: bytes) -> None:
        number = message["id"]
        try:
            found = self._operations[message["op"]](message, blob)
        except Failure as failure:
            self._refuse(number, failure.kind, str(failure))
        except ProcessLookupError:
            self._refuse(number, "gone", "there is no such process")
        except PermissionError as error:
            self._refuse(number, "unsupported", f"{message['op']}: {error}")
        except OSError as error:
            kind = KINDS.get(error.errno or 0, "os")
            self._refuse(number, kind, f"{message['op']}: {error}")
        else:
            if isinstance(found, Pending):
                self._pending[number] = found
                self._settle(number, found)
            else:
                self._answer(number, found or (None, b""))

    def _answer(self, number: int, answer: Answer) -> None:
        self._say({"id": number, "ok": answer[0]}, answer[1])

    def _refuse(self, number: int, kind: str, text: str) -> None:
        self._say({"id": number, "error": kind, "text": text})

    def _say(self, message: Message, blob: bytes = b"") -> None:
        self.say(encode(message, blob))

    def say(self, data: bytes) -> None:
        """Write *data* whole; a harness that is gone ends the loop."""
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._write_fd, view) :]
        except BrokenPipeError:
            self._open = False
