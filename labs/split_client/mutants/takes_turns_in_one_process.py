"""Mutant of split_client: one process types a line, waits for the reply, types the next.

Fails: two-processes, prints-without-being-asked, sends-while-nothing-arrives, leaves-no-orphan
Also: long-lines
"""

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
        try:
            send_lines(sock)
            print_replies(sock)
        except OSError as error:  # a reset, or nobody reads what is printed
            sys.exit(f"client.py: {error}")


def connect(host: str, port: int) -> socket.socket:
    """Connect to the server, or end with a message."""
    try:
        return socket.create_connection((host, port))
    except (OSError, OverflowError) as error:
        sys.exit(f"client.py: {host}, port {port}: {error}")


def send_lines(sock: socket.socket) -> None:
    """Send each line as it is typed, then half-close: the other direction stays open."""
    with suppress(OSError):  # the server is gone: the reader is told, too
        for line in sys.stdin.buffer:
            if line in QUIT:
                break
            sock.sendall(line)
            sys.stdout.buffer.write(sock.recv(BUFFER_BYTES))
            sys.stdout.buffer.flush()
    with suppress(OSError):
        sock.shutdown(socket.SHUT_WR)


def print_replies(sock: socket.socket) -> None:
    """Print what arrives as soon as it does, until the server closes."""
    while data := sock.recv(BUFFER_BYTES):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
