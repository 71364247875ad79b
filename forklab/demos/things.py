"""What descriptors are open on, by names that stay: a connection, a channel's end, a pipe's end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from forklab.demos.happened import Grid, Held, Thing
from forklab.demos.scene import Scene
from forklab.facts import Descriptor, Process
from forklab.facts.roles import channels, pool

ORDER = ("listener", "connection", "channel", "pipe", "unix", "file", "other")
STDERR = 2


class _Place(NamedTuple):
    """What is held, told apart from others of its kind; a pipe's two ends are two places."""

    target: str
    access: str


class Things:
    """Names of what one start of a program has open; once given they stay.

    When the dispatcher has ended nobody could tell any more whose channel an end belongs to.
    """

    def __init__(self) -> None:
        self._named: dict[_Place, Thing] = {}
        self._pipes: dict[int, str] = {}

    def grid(self, scene: Scene) -> Grid:
        """Return who holds what; standard streams that nobody shares are left out."""
        self._name_channels(scene)
        self._letter_pipes(scene)
        held: dict[Thing, dict[str, list[int]]] = {}
        for process in scene.snapshot.live:
            who = scene.names.get(process.key, f"pid {process.pid}")
            for fd in _told(process):
                numbers = held.setdefault(self._thing(scene, fd), {})
                numbers.setdefault(who, []).append(fd.number)
        rows = [
            Held(thing, {name: tuple(numbers) for name, numbers in of.items()})
            for thing, of in sorted(held.items(), key=lambda item: _place(item[0]))
        ]
        everybody = tuple(scene.names.get(p.key, f"pid {p.pid}") for p in scene.snapshot.live)
        return Grid(everybody, tuple(rows))

    def _name_channels(self, scene: Scene) -> None:
        """Name both ends of each worker's channel, while there is a dispatcher."""
        found = pool(scene.snapshot, scene.port) if scene.size else None
        if found is None or found.dispatcher is None:
            return
        for worker in found.workers:
            name = scene.names.get(worker.key, f"pid {worker.pid}")
            for channel in channels(scene.snapshot, found.dispatcher, worker):
                for inode, side in (
                    (channel.dispatcher_end, "dispatcher"),
                    (channel.worker_end, "worker"),
                ):
                    place = _Place(f"socket:[{inode}]", "")
                    self._named.setdefault(place, Thing("channel", (name, side)))

    def _letter_pipes(self, scene: Scene) -> None:
        """Call pipes A, B ... in the order of their making, as the checks do."""
        told = (fd for process in scene.snapshot.live for fd in _told(process))
        for inode in sorted({fd.inode for fd in told if fd.kind == "pipe"} - set(self._pipes)):
            self._pipes[inode] = chr(ord("A") + len(self._pipes) % 26)

    def _thing(self, scene: Scene, fd: Descriptor) -> Thing:
        place = _Place(fd.target, fd.access if fd.kind == "pipe" else "")
        if place not in self._named:
            self._named[place] = self._new(scene, fd)
        return self._named[place]

    def _new(self, scene: Scene, fd: Descriptor) -> Thing:
        if fd.kind == "pipe":
            return Thing("pipe", (self._pipes[fd.inode], "read" if fd.access == "r" else "write"))
        if fd.kind == "file":
            return Thing("file", (fd.target.rpartition("/")[2],))
        if fd.kind != "socket":
            return Thing("other", (fd.target,))
        return self._socket(scene, fd.inode)

    def _socket(self, scene: Scene, inode: int) -> Thing:
        for tcp in scene.snapshot.tcp:
            if tcp.inode == inode and tcp.state == "LISTEN":
                return Thing("listener", (str(tcp.port),))
        for name in scene.seen:
            end = scene.connection(name)
            if end is not None and end.inode == inode:
                return Thing("connection", (name,))
        return Thing("unix" if inode in scene.snapshot.unix else "other", (f"socket {inode}",))


def _told(process: Process) -> Iterator[Descriptor]:
    """Its descriptors that say something: not what each program is started with."""
    for fd in process.fds:
        if fd.number > STDERR or fd.kind == "socket":
            yield fd


def _place(thing: Thing) -> tuple[int, tuple[str, ...]]:
    return ORDER.index(thing.kind), thing.words
