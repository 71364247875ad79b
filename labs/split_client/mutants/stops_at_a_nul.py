"""Mutant of split_client: a reply is printed up to its first NUL.

Fails: long-lines
"""

import os
import signal
import socket
import sys
from contextlib import suppress

BUFFER_BYTES = 4096
QUIT = (b"q\n", b"Q\n")


def main() -> None:
    """Connect; this process becomes the reader, its child the writer."""
    if len(sys.argv) != 3 or not sys.argv[2].isdecimal():
        sys.exit("usage: client.py HOST PORT")
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with connect(sys.argv[1], int(sys.argv[2])) as sock:
        writer = fork_writer(sock)
        try:
            print_replies(sock)
        except OSError as error:  # a reset, or nobody reads what is printed
            sys.exit(f"client.py: {error}")
        finally:
            end(writer)


def connect(host: str, port: int) -> socket.socket:
    """Connect to the server, or end with a message."""
    try:
        return socket.create_connection((host, port))
    except (OSError, OverflowError) as error:
        sys.exit(f"client.py: {host}, port {port}: {error}")


def fork_writer(sock: socket.socket) -> int:
    """Fork the process that writes *sock*, and return its pid."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            send_lines(sock)
            status = 0
        finally:
            os._exit(status)  # never return into the reader's part
    return pid


def send_lines(sock: socket.socket) -> None:
    """Send each line as it is typed, then half-close: the other direction stays open."""
    with suppress(OSError):  # the server is gone: the reader is told, too
        for line in sys.stdin.buffer:
            if line in QUIT:
                break
            sock.sendall(line)
    with suppress(OSError):
        sock.shutdown(socket.SHUT_WR)


def print_replies(sock: socket.socket) -> None:
    """Print what arrives as soon as it does, until the server closes."""
    while data := sock.recv(BUFFER_BYTES):
        sys.stdout.buffer.write(data.partition(b"\0")[0])
        sys.stdout.buffer.flush()


def end(writer: int) -> None:
    """End the writer, unless it has ended at `q`, and return when it is gone."""
    with suppress(ProcessLookupError, ChildProcessError):
        os.kill(writer, signal.SIGTERM)
        os.waitpid(writer, 0)


if __name__ == "__main__":
    main()
