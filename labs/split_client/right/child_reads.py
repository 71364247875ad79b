"""Right way of split_client: the started process writes, its child reads and ends it."""

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
    with connect(sys.argv[1], int(sys.argv[2])) as sock:
        reader = fork_reader(sock)
        send_lines(sock)
        os.waitpid(reader, 0)


def connect(host: str, port: int) -> socket.socket:
    """Connect to the server, or end with a message."""
    try:
        return socket.create_connection((host, port))
    except (OSError, OverflowError) as error:
        sys.exit(f"client.py: {host}, port {port}: {error}")


def fork_reader(sock: socket.socket) -> int:
    """Fork the process that reads *sock* and ends the one that waits for it; return its pid."""
    pid = os.fork()
    if pid == 0:
        try:
            print_replies(sock)
        finally:
            os.kill(os.getppid(), signal.SIGTERM)
            os._exit(0)
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
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
