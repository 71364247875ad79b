"""What an expectation of a demo demands: pure functions of one scene that raise CheckFailure."""

from __future__ import annotations

from collections.abc import Sequence

from forklab.checks import descriptors, execed, pipe_ends, pool, processes, split, store
from forklab.checks.processes import listed
from forklab.demos.scene import Scene
from forklab.errors import CheckFailure
from forklab.facts import Process, describe_status
from forklab.facts.roles import servers

SHOWN = 60

# processes


def alive(scene: Scene, count: str) -> None:
    """Demand that so many processes of the program live; `no` is none."""
    _counted(scene, scene.snapshot.live, count, "alive")


def zombies(scene: Scene, count: str) -> None:
    """Demand that so many have ended and were not reaped; `no` is none."""
    _counted(scene, scene.snapshot.zombies, count, "zombies")


def _counted(scene: Scene, found: Sequence[Process], count: str, what: str) -> None:
    wanted = 0 if count == "no" else int(count)
    if len(found) != wanted:
        who = f": {listed([p.key for p in found], scene.names)}" if found else ""
        raise CheckFailure(f"{wanted} {what}", f"{len(found)} {what}{who}")


def is_alive(scene: Scene, who: str) -> None:
    """Demand that *who* has not ended."""
    if scene.process(who).is_zombie:
        raise CheckFailure(f"{who} is alive", f"{who} is a zombie")


def is_a_zombie(scene: Scene, who: str) -> None:
    """Demand that *who* has ended and was not reaped."""
    process = scene.process(who)
    if not process.is_zombie:
        raise CheckFailure(f"{who} is a zombie", f"{who} {process.doing}")


def is_gone(scene: Scene, who: str) -> None:
    """Demand that *who* has ended and was reaped."""
    processes.gone(scene.snapshot, [scene.key(who)], scene.names)


def is_held(scene: Scene, who: str) -> None:
    """Demand that *who* is stopped."""
    process = scene.process(who)
    if process.state not in "Tt":
        raise CheckFailure(f"{who} is held still", f"{who} {process.doing}")


def is_an_orphan(scene: Scene, who: str) -> None:
    """Demand that *who* lives, and that its parent is no process of the program."""
    process = scene.process(who)
    parents = {other.pid: other.key for other in scene.snapshot.processes}
    if process.ppid in parents:
        parent = listed([parents[process.ppid]], scene.names)
        raise CheckFailure(f"{who} is an orphan", f"{parent} is the parent of {who}")
    is_alive(scene, who)


def all_sleep(scene: Scene) -> None:
    """Demand that nobody has anything to do at this moment."""
    store.at_rest(scene.snapshot)


def waits_in(scene: Scene, who: str, call: str) -> None:
    """Demand that *who* sleeps in the system call *call*."""
    process = scene.process(who)
    if not process.sleeps or process.call is None or process.call[0] != call:
        raise CheckFailure(f"{who} waits in {call}", f"{who} {process.doing}")


def waits_for_its_line(scene: Scene, who: str) -> None:
    """Demand that *who*, of two that talk, reads standard input, and the other one its pipe."""
    pair = pipe_ends.one_child(scene.snapshot, scene.names)
    pipe_ends.in_turn(scene.snapshot, pair, scene.key(who), scene.names)


# the listening socket


def listens_alone(scene: Scene, who: str) -> None:
    """Demand that *who* holds the listening socket, and nobody else."""
    found = servers(scene.snapshot, scene.port)
    if [process.key for process in found] != [scene.key(who)]:
        held = listed([p.key for p in found], scene.names) if found else "nobody"
        raise CheckFailure(f"only {who} holds the listening socket", f"{held} holds it")


def holds_the_listener(scene: Scene, who: str) -> None:
    """Demand that *who* holds the listening socket."""
    if scene.key(who) not in [process.key for process in servers(scene.snapshot, scene.port)]:
        raise CheckFailure(
            f"{who} holds the listening socket", f"{who} does not hold the listening socket"
        )


# connections


def holds(scene: Scene, who: str, client: str) -> None:
    """Demand that *who* holds the connection of *client*."""
    if scene.key(who) not in [process.key for process in scene.holders(client)]:
        raise CheckFailure(f"{who} holds the connection of {client}", _held(scene, client))


def let_go(scene: Scene, who: str, client: str) -> None:
    """Demand that *who* has no descriptor on the connection of *client*, whoever else has."""
    if scene.key(who) in [process.key for process in scene.holders(client)]:
        raise CheckFailure(f"{who} has closed the connection of {client}", _held(scene, client))


def holds_no_connection(scene: Scene, who: str) -> None:
    """Demand that *who* lives and has no descriptor on any connection of a client."""
    is_alive(scene, who)
    inodes = {s.inode for s in scene.snapshot.tcp if s.inode and s.state != "LISTEN"}
    held = [fd.number for fd in scene.process(who).fds if fd.inode in inodes]
    if held:
        raise CheckFailure(f"{who} holds no connection", f"it holds one as descriptor {held[0]}")


def held_only_by(scene: Scene, who: str, client: str) -> None:
    """Demand that *who* holds the connection of *client*, and nobody else."""
    if [process.key for process in scene.holders(client)] != [scene.key(who)]:
        raise CheckFailure(f"only {who} holds the connection of {client}", _held(scene, client))


def _held(scene: Scene, client: str) -> str:
    found = scene.holders(client)
    if not found:
        return f"nobody holds the connection of {client}"
    return f"held by {listed([process.key for process in found], scene.names)}"


def is_not_accepted(scene: Scene, client: str) -> None:
    """Demand that *client* is connected, and waits in the queue of the listening socket."""
    end = scene.connection(client)
    if end is None or end.inode:
        raise CheckFailure(f"nobody has accepted {client}", _held(scene, client))


def is_refused(scene: Scene, client: str) -> None:
    """Demand that *client* could not connect: nobody listens."""
    if scene.client(client).state.error != "ECONNREFUSED":
        raise CheckFailure(f"{client} is refused", f"{client} could connect")


def each_has_a_child(scene: Scene) -> None:
    """Demand that each client is served by another child of the parent."""
    ports = {seen.port: name for name, seen in scene.seen.items() if name != "server"}
    before = [process.key for process in servers(scene.snapshot, scene.port)]
    descriptors.a_child_each(scene.snapshot, scene.port, ports, before, scene.names)


def bytes_wait(scene: Scene, client: str) -> None:
    """Demand that bytes from *client* have come to the program, and that nobody has read them."""
    end = scene.connection(client)
    if end is None or not end.unread:
        raise CheckFailure(f"bytes of {client} wait to be read", "all were read")


# what clients saw


def got(scene: Scene, client: str, text: str) -> None:
    """Demand that *text* is the last that came to *client*."""
    heard = scene.client(client).heard
    if not heard.rstrip(b"\n").endswith(text.encode()) or not text:
        raise CheckFailure(f"{client} got {_quoted(text)}", f"{client} got {_shown(heard)}")


def got_nothing(scene: Scene, client: str) -> None:
    """Demand that nothing came to *client*."""
    heard = scene.client(client).heard
    if heard:
        raise CheckFailure(f"{client} got nothing", f"{client} got {_shown(heard)}")


def reads_the_end(scene: Scene, client: str) -> None:
    """Demand that *client* was told the end of the connection."""
    if not scene.client(client).state.eof:
        raise CheckFailure(f"{client} reads end of file", f"{client} waits on")


def does_not_read_the_end(scene: Scene, client: str) -> None:
    """Demand that *client* still waits: the connection was not ended."""
    if scene.client(client).state.over:
        raise CheckFailure(f"{client} waits on", f"{client} was told the end")


# what is printed, stored, said at the end


def printed(scene: Scene, text: str) -> None:
    """Demand that the program has printed *text*."""
    if text.encode() not in scene.printed:
        raise CheckFailure(
            f"the program has printed {_quoted(text)}", f"it printed {_shown(scene.printed)}"
        )


def has_not_printed(scene: Scene, text: str) -> None:
    """Demand that the program has not printed *text* so far."""
    if text.encode() in scene.printed:
        raise CheckFailure(f"the program has not printed {_quoted(text)}", "it has printed it")


def file_has(scene: Scene, name: str, text: str) -> None:
    """Demand that the file *name* has the line *text*."""
    content = scene.files.get(name)
    if content is None:
        raise CheckFailure(f"{name} has {_quoted(text)}", f"there is no {name}")
    if text.encode() not in content.splitlines():
        raise CheckFailure(f"{name} has {_quoted(text)}", f"it has {_shown(content)}")


def file_lacks(scene: Scene, name: str, text: str) -> None:
    """Demand that the file *name* is there without the line *text*."""
    content = scene.files.get(name)
    if content is None or text.encode() in content.splitlines():
        seen = f"there is no {name}" if content is None else "it has that line"
        raise CheckFailure(f"{name} does not have {_quoted(text)} yet", seen)


def ended_with(scene: Scene, status: str) -> None:
    """Demand that the started process has exited with this status."""
    if scene.status is None or scene.status != int(status) << 8:
        raise CheckFailure(
            f"the program ends with status {status}", f"it {describe_status(scene.status)}"
        )


def _quoted(text: str) -> str:
    return f"'{text}'"


def _shown(data: bytes) -> str:
    return _quoted(repr(data[-SHOWN:])[2:-1]) if data else "nothing"


# a pool


def workers(scene: Scene, count: str) -> None:
    """Demand that so many workers have a channel to the dispatcher."""
    pool.has_workers(scene.snapshot, scene.port, int(count))


def channels_are_private(scene: Scene) -> None:
    """Demand that each end of a channel is in one process, the one it is for."""
    pool.channels_are_private(scene.snapshot, scene.port, scene.names)


def runs_another_program(scene: Scene) -> None:
    """Demand that each worker runs another program than the dispatcher."""
    execed.runs_another_program(scene.snapshot, scene.port, scene.folder, scene.names)


def channel_is_descriptor_0(scene: Scene) -> None:
    """Demand that descriptor 0 of each worker is its channel."""
    execed.channel_is_descriptor_0(scene.snapshot, scene.port, scene.names)


def inherits_nothing_else(scene: Scene) -> None:
    """Demand that no worker has a socket or a pipe of the dispatcher beside its channel."""
    execed.inherits_nothing_else(scene.snapshot, scene.port, [], scene.names)


# pipes and a split client


def one_pipe_each_way(scene: Scene) -> None:
    """Demand that one pipe leads from child to parent, and another one back."""
    pair = pipe_ends.one_child(scene.snapshot, scene.names)
    pipe_ends.one_each_way(scene.snapshot, pair, scene.names)


def ends_are_closed(scene: Scene) -> None:
    """Demand that of each pipe one process has the write end only, the other one the read end."""
    pair = pipe_ends.one_child(scene.snapshot, scene.names)
    pipe_ends.ends_closed(scene.snapshot, pair, scene.names)


def two_have_the_connection(scene: Scene) -> None:
    """Demand that two processes hold the connection to the server."""
    split.two_processes(scene.snapshot, scene.client("server").port, scene.port, scene.names)


def writer_only_reads(scene: Scene) -> None:
    """Demand that the writer holds the read end of the pipe that feeds it, not its write end."""
    store.only_read_end(scene.snapshot, scene.key("writer"), _feeders(scene), scene.names)


def _feeders(scene: Scene) -> list[tuple[int, int]]:
    """Return who may feed the writer: everybody else."""
    writer = scene.key("writer")
    return [process.key for process in scene.snapshot.live if process.key != writer]
