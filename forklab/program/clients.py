"""Clients of a program, one or many at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from forklab.errors import CheckFailure
from forklab.events.client_side import NOBODY_YET
from forklab.facts import ClientState
from forklab.program import wait
from forklab.program.client import ANSWER_S, Client
from forklab.program.started import Started
from forklab.sandbox.link import AgentRefused

IN_A_ROW = 10  # clients of one request
MANY = 30
CROWD_S = 10.0
VISITS_S = 60.0  # for all who come, one after another or many at a time
HELLO = b"hello, forklab\n"


class Clients(Started):
    """Those who connect to it."""

    def connect(self, *, receive_buffer: int | None = None) -> Client:
        """Open a connection; it may fail, and the client's state says so."""
        return self._connected(self._connecting(receive_buffer=receive_buffer))

    def _connecting(self, **wanted: Any) -> int:
        within = ANSWER_S * wait.scale()
        asked = self.journal.now()
        number = self.link.submit(
            "connect", host=self.address, port=self.port, within=within, **wanted
        )
        self._under_way[number] = asked
        return number

    def _connected(self, number: int) -> Client:
        self._clients += 1
        name = f"client-{self._clients}"
        asked = self._under_way.pop(number)
        try:
            value = self.link.result(number, ANSWER_S * wait.scale()).value
        except AgentRefused as refused:
            self.journal.happened("refused", name, "client", since=asked)
            raise CheckFailure(
                f"{name} can connect to port {self.port}", f"{name} could not connect: {refused}"
            ) from None
        self.journal.note("connect", f"{name} connects")
        self.client_names[value["port"]] = name
        self._asked[value["port"]] = asked
        return Client(self.link, self.journal, name, value, asked)

    def try_to_connect(self) -> Client | None:
        """Open a connection; None if nobody listens."""
        try:
            return self.connect()
        except CheckFailure:
            return None

    def connect_all(self, count: int) -> list[Client]:
        """Open *count* connections at once."""
        numbers = [self._connecting() for _ in range(count)]
        return [self._connected(number) for number in numbers]

    def ask_all(self, clients: Sequence[Client], count: int | None = None) -> list[Client]:
        """Let each of *clients* send a line; return those answered anew, once *count* (all) are."""
        within = ANSWER_S * wait.scale()
        had = [client.state.received for client in clients]
        asked = self.journal.now()
        self.journal.note("exchange", f"{len(clients)} clients each send a line at once")
        values = self.link.call(
            "gather",
            HELLO,
            wait_s=within,
            conns=[client.conn for client in clients],
            count=len(clients) if count is None else count,
            within=within,
        ).value
        for client, value in zip(clients, values, strict=True):
            client.saw(ClientState.parse(value), asked)
        pairs = zip(clients, had, strict=True)
        return [client for client, before in pairs if client.state.received > before]

    def visit(self, data: bytes = HELLO, *, within_s: float = ANSWER_S) -> ClientState:
        """Be one whole client: connect, send, wait for the reply, leave."""
        self._clients += 1
        self.journal.note("visit", f"client-{self._clients} comes, is answered, leaves")
        asked = self.journal.now()
        [state] = self._visited(self._visiting(data, within_s), within_s)
        name = f"client-{self._clients}"
        self._asked[state.port] = asked
        self.journal.log.name_peer(state.port, name)
        self.journal.answered(name, NOBODY_YET, state, asked)
        self.journal.happened("close", name, "client", since=asked, what="connection")
        return state

    def _visiting(self, data: bytes, within_s: float, **more: Any) -> int:
        within = within_s * wait.scale()
        return self.link.submit(
            "visit", data, host=self.address, port=self.port, within=within, **more
        )

    def _visited(self, number: int, within_s: float) -> list[ClientState]:
        answers = self.link.result(number, within_s * wait.scale()).value
        return [ClientState.parse(value) for value in answers]

    def visits(self, total: int, at_once: int, data: bytes = HELLO) -> Iterator[ClientState]:
        """Be *total* whole clients, *at_once* at any time, IN_A_ROW of them back together.

        No more come once MANY processes are alive that no client needs: a server whose children
        do not end is known by then, and would only bury the machine. Each is given CROWD_S: in a
        crowd one may have to connect twice, and that takes the kernel a second or three. Nor does
        anybody come any more after VISITS_S: a server may let each of them wait that long.
        """
        waiting = wait.Waiting(VISITS_S)
        self.journal.note("visits", f"{total} clients come and leave, {at_once} at a time")
        under_way: set[int] = set()
        left, come = total, 0
        while left > 0 or under_way:
            while left > 0 and len(under_way) < at_once:
                under_way.add(self._some(data, min(left, IN_A_ROW), waiting))
                left -= IN_A_ROW
            number = self.link.first(under_way, (CROWD_S + VISITS_S) * wait.scale())
            under_way.remove(number)
            states = self._visited(number, CROWD_S)
            come += len(states)
            if left > 0 and (why := self._enough(waiting)):
                self.journal.note("visits", f"only {come} of them: {why}")
                left = 0
            yield from states

    def _some(self, data: bytes, times: int, waiting: wait.Waiting) -> int:
        """Let *times* clients come one after another, in one request."""
        rest_s = waiting.within_s - waiting.elapsed_s
        return self._visiting(data, CROWD_S, times=times, longest=rest_s)

    def _enough(self, waiting: wait.Waiting) -> str:
        """Say why nobody should come any more; "" if they may."""
        if len(self.snapshot().live) > MANY:
            return "their processes do not end"
        return "each takes too long" if waiting.elapsed_s > waiting.within_s else ""
