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

LOOK_EVERY = 10
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
        state = self._visited(self._visiting(data, within_s), within_s)
        name = f"client-{self._clients}"
        self._asked[state.port] = asked
        self.journal.log.name_peer(state.port, name)
        self.journal.answered(name, NOBODY_YET, state, asked)
        self.journal.happened("close", name, "client", since=asked, what="connection")
        return state

    def _visiting(self, data: bytes, within_s: float = ANSWER_S) -> int:
        within = within_s * wait.scale()
        return self.link.submit("visit", data, host=self.address, port=self.port, within=within)

    def _visited(self, number: int, within_s: float = ANSWER_S) -> ClientState:
        try:
            return ClientState.parse(self.link.result(number, within_s * wait.scale()).value)
        except AgentRefused as refused:
            error = "ECONNREFUSED" if refused.kind == "refused" else str(refused)
            return ClientState(False, 0, 0, 0, False, error, 0)

    def visits(self, total: int, at_once: int, data: bytes = HELLO) -> Iterator[ClientState]:
        """Be *total* whole clients, *at_once* at any time, each back as soon as one has left.

        No more come once MANY processes are alive that no client needs: a server whose children
        do not end is known by then, and would only bury the machine. Each is given CROWD_S: in a
        crowd one may have to connect twice, and that takes the kernel a second or three. Nor does
        anybody come any more after VISITS_S: a server may let each of them wait that long.
        """
        waiting = wait.Waiting(VISITS_S)
        self.journal.note("visits", f"{total} clients come and leave, {at_once} at a time")
        under_way = {self._visiting(data, CROWD_S) for _ in range(min(at_once, total))}
        begun = len(under_way)
        while under_way:
            number = self.link.first(under_way, CROWD_S * wait.scale())
            under_way.remove(number)
            if begun % LOOK_EVERY == 0 and begun < total and len(self.snapshot().live) > MANY:
                self.journal.note("visits", f"only {begun} of them: their processes do not end")
                total = begun
            if waiting.elapsed_s > waiting.within_s and begun < total:
                self.journal.note("visits", f"only {begun} of them: each takes too long")
                total = begun
            if begun < total:
                under_way.add(self._visiting(data, CROWD_S))
                begun += 1
            yield self._visited(number, CROWD_S)
