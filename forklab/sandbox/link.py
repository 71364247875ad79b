"""The harness's end of the stream to an agent: requests out, responses in, a heartbeat.

One thread calls; another only beats, so that the agent knows that we live even while a person
stands at a debugger's prompt.
"""

from __future__ import annotations

import itertools
import threading
import time
from typing import Any, NamedTuple, Protocol

from forklab.agent.frames import BadFrame, Decoder, encode
from forklab.errors import LabUnsupported, SandboxError

BEAT_S = 5.0
GRACE_S = 30.0


class Stream(Protocol):
    """A duplex stream of bytes to an agent."""

    def send(self, data: bytes) -> None:
        """Write all of *data*; raises OSError when the other side is gone."""

    def receive(self, timeout_s: float) -> bytes:
        """Return what has come, b"" at the end; raises TimeoutError when nothing comes."""

    def why_gone(self) -> str:
        """Say why the stream may have ended, when it has."""

    def close(self) -> str:
        """Close the stream and return what the agent wrote on its standard error."""


class Reply(NamedTuple):
    """What the agent answered: a JSON value and bytes."""

    value: Any
    blob: bytes


class AgentRefused(Exception):
    """The agent could not do what it was asked: `kind` is a word, the text a sentence."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class Link:
    """Calls to one agent; several may be under way at once."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._numbers = itertools.count(1)
        self._decoder = Decoder()
        self._answers: dict[int, tuple[dict[str, Any], bytes]] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._gone = ""
        self._beat = threading.Thread(target=self._keep_beating, daemon=True, name="heartbeat")
        self._beat.start()
        try:
            self.hello: dict[str, Any] = self.call("hello").value
        except BaseException:
            self.close()
            raise

    def _keep_beating(self) -> None:
        while not self._closed.wait(BEAT_S):
            try:
                self._send(encode({"op": "beat"}))
            except OSError:
                return

    def _send(self, data: bytes) -> None:
        with self._lock:
            self._stream.send(data)

    def submit(self, op: str, blob: bytes = b"", **arguments: Any) -> int:
        """Ask for *op* and return the number by which `result` gives the answer."""
        number = next(self._numbers)
        if self._closed.is_set():
            raise self._lost("the sandbox was closed")
        try:
            self._send(encode({"id": number, "op": op, **arguments}, blob))
        except OSError as error:
            raise self._lost(str(error), self._stream.why_gone()) from error
        return number

    @property
    def is_open(self) -> bool:
        """Whether the agent can still be asked."""
        return not self._closed.is_set()

    def result(self, number: int, within_s: float = 0.0) -> Reply:
        """Wait for the answer to request *number*.

        Args:
            number: what `submit` returned.
            within_s: how long the operation itself may take.

        Raises:
            AgentRefused: the agent could not do it.
            LabUnsupported: this place cannot show or do it.
            SandboxError: the agent is gone, or says nothing.
        """
        end = time.monotonic() + within_s + GRACE_S
        while number not in self._answers:
            self._listen(end)
        message, blob = self._answers.pop(number)
        if "error" not in message:
            return Reply(message["ok"], blob)
        if message["error"] == "unsupported":
            raise LabUnsupported(message["text"])
        raise AgentRefused(message["error"], message["text"])

    def first(self, numbers: set[int], within_s: float) -> int:
        """Wait until one of the requests *numbers* is answered, and return which."""
        end = time.monotonic() + within_s + GRACE_S
        while not (ready := numbers & self._answers.keys()):
            self._listen(end)
        return min(ready)

    def _listen(self, end: float) -> None:
        rest = end - time.monotonic()
        try:
            if rest <= 0:
                raise TimeoutError
            data = self._stream.receive(rest)
        except TimeoutError:
            raise SandboxError("the agent in the sandbox does not answer any more") from None
        except OSError as error:
            raise self._lost(str(error), self._stream.why_gone()) from error
        if not data:
            raise self._lost("its stream ended", self._stream.why_gone())
        try:
            for message, blob in self._decoder.feed(data):
                self._answers[message["id"]] = (message, blob)
        except BadFrame as error:
            raise self._lost(f"it sent {error}") from error

    def _lost(self, what: str, why: str = "") -> SandboxError:
        """Close, and say it in the same sentence however often it is asked."""
        if not self._gone:
            said = self.close().strip().splitlines()
            because = why or (said[-1] if said else what)
            self._gone = f"the agent in the sandbox is gone: {because}"
            if why and said:
                self._gone += f" (it said: {said[-1]})"
        return SandboxError(self._gone)

    def call(self, op: str, blob: bytes = b"", *, wait_s: float = 0.0, **arguments: Any) -> Reply:
        """Ask for *op* and wait for its answer; *wait_s* as in `result`."""
        return self.result(self.submit(op, blob, **arguments), wait_s)

    def close(self) -> str:
        """End the agent, and with it everything in the sandbox; return its last words."""
        if self._closed.is_set():
            return ""
        self._closed.set()
        said = self._stream.close()
        self._beat.join(timeout=1.0)
        return said
