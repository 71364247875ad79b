"""A command in a container that runs already, joined to our terminal, or to our pipes.

Through docker-py and not the command line of docker, which need not be here. The command ends with
its container at the latest, and that ends with us.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import termios
import tty
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from docker.errors import DockerException
from requests.exceptions import RequestException

from forklab.errors import SandboxError

from . import multiplexed

if TYPE_CHECKING:
    from docker import DockerClient

STDIN, STDOUT, STDERR = 0, 1, 2
PART = 1 << 16


def run(
    client: DockerClient,
    container: str,
    argv: Sequence[str],
    environment: Mapping[str, str],
    folder: str,
) -> int:
    """Run *argv* in *folder* of *container* until it ends, and return its exit status.

    It has a terminal if our standard input is one, of the same size, and the keys go to it
    unread; else it reads what we are given, to the end.

    Raises:
        SandboxError: the engine did not do it, or the container has ended.
    """
    try:
        _demand_the_same_root(client, container, folder)
        made = client.api.exec_create(
            container,
            list(argv),
            stdin=True,
            tty=os.isatty(STDIN),
            environment=dict(environment),
            workdir=folder,
        )["Id"]
        channel = client.api.exec_start(made, tty=os.isatty(STDIN), socket=True)
        try:
            _Joined(client, made, channel).until_it_ends()
        finally:
            getattr(channel, "_sock", channel).close()
            channel.close()
        return int(client.api.exec_inspect(made)["ExitCode"] or 0)
    except (DockerException, RequestException) as error:
        raise SandboxError(f"the shell cannot go on: {error}") from error


def _demand_the_same_root(client: DockerClient, container: str, folder: str) -> None:
    """Make sure that a second command sees the files of the container.

    An engine that runs in a chroot itself gives its containers their root, and leads whoever joins
    them to its own machine's (setns(2), mount namespaces).
    """
    made = client.api.exec_create(container, ["test", "-d", folder])["Id"]
    client.api.exec_start(made)
    if client.api.exec_inspect(made)["ExitCode"] != 0:
        raise SandboxError(
            "this container engine leads a second command to other files than the container's, as "
            "one in a chroot does: there can be no shell beside the program; `make up-...` starts "
            "a lab by hand"
        )


def run_unattended(client: DockerClient, container: str, argv: Sequence[str]) -> None:
    """Start *argv* in *container* and leave it alone; it ends with its container.

    Raises:
        SandboxError: the engine did not do it.
    """
    try:
        made = client.api.exec_create(container, list(argv), stdout=False, stderr=False)["Id"]
        client.api.exec_start(made, detach=True)
    except (DockerException, RequestException) as error:
        raise SandboxError(f"{argv[0]} cannot be started in the container: {error}") from error


class _Joined:
    """Our three descriptors and the stream of a command, while they are joined."""

    def __init__(self, client: DockerClient, made: str, channel: Any) -> None:
        self._api = client.api
        self._made = made
        self._sock: socket.socket = getattr(channel, "_sock", channel)
        self._sock.settimeout(None)
        self._is_terminal = os.isatty(STDIN)
        self._buffer = bytearray()

    def until_it_ends(self) -> None:
        """Carry what is typed there and what is printed here."""
        with _raw(STDIN), _size_changes() as changed:
            watched: list[Any] = [STDIN, self._sock, changed]
            while True:
                ready = select.select(watched, [], [])[0]
                if changed in ready:
                    os.read(changed, PART)
                    self._fit()
                if STDIN in ready and not self._type():
                    watched.remove(STDIN)
                if self._sock in ready and not self._print():
                    return

    def _type(self) -> bool:
        """Pass on what was typed; return whether there can be more."""
        data = b""
        with contextlib.suppress(OSError):  # our terminal is gone
            data = os.read(STDIN, PART)
        with contextlib.suppress(OSError):  # it has ended: what it said last is still to be read
            if data:
                self._sock.sendall(data)
                return True
            self._sock.shutdown(socket.SHUT_WR)
        return False

    def _print(self) -> bool:
        """Print what came; return whether there can be more."""
        data = b""
        with contextlib.suppress(ConnectionResetError):  # the container was killed
            data = self._sock.recv(PART)
        if not self._is_terminal:
            self._buffer += data
            for stream, part in multiplexed.take(self._buffer):
                _write(STDERR if stream == multiplexed.STDERR else STDOUT, part)
        elif data:
            _write(STDOUT, data)
        return bool(data)

    def _fit(self) -> None:
        """Give its terminal the size of ours."""
        size = os.get_terminal_size(STDIN)
        with contextlib.suppress(DockerException, RequestException):  # it has just ended
            self._api.exec_resize(self._made, height=size.lines, width=size.columns)


def _write(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


@contextlib.contextmanager
def _raw(fd: int) -> Iterator[None]:
    """Let every key through, Ctrl-C too, if *fd* is a terminal; as it was afterwards."""
    if not os.isatty(fd):
        yield
        return
    before = termios.tcgetattr(fd)
    tty.setraw(fd)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


@contextlib.contextmanager
def _size_changes() -> Iterator[int]:
    """Yield a descriptor that can be read when our terminal has another size, and once now."""
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    if os.isatty(STDIN):
        os.write(tell, b"\0")
    handler = signal.signal(signal.SIGWINCH, lambda number, frame: None)
    before = signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    try:
        yield told
    finally:
        signal.set_wakeup_fd(before)
        signal.signal(signal.SIGWINCH, handler)
        os.close(told)
        os.close(tell)
