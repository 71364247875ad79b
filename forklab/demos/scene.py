"""What one look of a demo has seen: everything that an expectation may be about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from forklab.errors import CheckFailure
from forklab.facts import ClientState, Process, Snapshot
from forklab.facts.snapshot import Key, TcpSocket


class Seen(NamedTuple):
    """What one client, or the server of a program that is a client, has seen so far.

    Attributes:
        port: the local port of whoever connected; 0 if nobody could.
        state: of its connection.
        heard: what came.
    """

    port: int
    state: ClientState
    heard: bytes = b""


class Scene(NamedTuple):
    """One look.

    Attributes:
        snapshot: the processes, whole.
        names: of the processes.
        port: where the program listens, or the server that it talks to.
        size: of the pool; 0 where there is none.
        serves: whether the program is a server.
        seen: by whom, `client-1` or `server`; who has left is not in it.
        printed: what the program has printed on both streams.
        status: wait status of the started process, None while it runs.
        files: content of files in the work folder, None for one that is not there.
        folder: its work folder.
    """

    snapshot: Snapshot
    names: Mapping[Key, str]
    port: int = 0
    size: int = 0
    serves: bool = True
    seen: Mapping[str, Seen] = {}
    printed: bytes = b""
    status: int | None = None
    files: Mapping[str, bytes | None] = {}
    folder: str = ""

    def key(self, who: str) -> Key:
        """Return the process that is called *who*; it may have ended.

        Raises:
            CheckFailure: nobody was called so yet.
        """
        for key, name in self.names.items():
            if name == who:
                return key
        raise CheckFailure(f"{who} is there", f"nobody is called {who} yet")

    def process(self, who: str) -> Process:
        """Return the process that is called *who*, which has not been reaped.

        Raises:
            CheckFailure: it is gone.
        """
        found = self.snapshot.by_key.get(self.key(who))
        if found is None:
            raise CheckFailure(f"{who} is there", f"{who} is gone")
        return found

    def client(self, name: str) -> Seen:
        """Return what *name* has seen.

        Raises:
            CheckFailure: it has not come, or has left.
        """
        if name not in self.seen:
            raise CheckFailure(f"{name} is there", f"{name} is not there")
        return self.seen[name]

    def connection(self, name: str) -> TcpSocket | None:
        """Return the program's end of the connection of *name*; None if it is closed."""
        port = self.client(name).port
        here, there = (self.port, port) if self.serves else (port, self.port)
        return self.snapshot.connection(here, there)

    def holders(self, name: str) -> list[Process]:
        """Return the processes that hold the program's end of the connection of *name*."""
        end = self.connection(name)
        return self.snapshot.holders(end.inode) if end is not None and end.inode else []
