"""Mutant of split_client: one process waits for both by poll().

Fails: two-processes
"""

import os
import select
import signal
import socket
import sys

BUFFER_BYTES = 4096
QUIT = (b"q\n", b"Q\n")


def main() -> None:
    """Connect; this process becomes the reader, its child the writer."""
    if len(sys.argv) != 3 or not sys.argv[2].isdecimal():
        sys.exit("usage: client.py HOST PORT")
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with connect(sys.argv[1], int(sys.argv[2])) as sock:
        try:
            converse(sock)
        except OSError as error:  # a reset, or nobody reads what is printed
            sys.exit(f"client.py: {error}")


def connect(host: str, port: int) -> socket.socket:
    """Connect to the server, or end with a message."""
    try:
        return socket.create_connection((host, port))
    except (OSError, OverflowError) as error:
        sys.exit(f"client.py: {host}, port {port}: {error}")


def converse(sock: socket.socket) -> None:
    """Wait for both at once, and serve whichever has something."""
    waiting = select.poll()
    waiting.register(0, select.POLLIN)
    waiting.register(sock, select.POLLIN)
    while True:
        for fd, _ in waiting.poll():
            if fd == sock.fileno():
                if not (data := sock.recv(BUFFER_BYTES)):
                    return
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
            elif send_typed(sock):
                waiting.unregister(0)


def send_typed(sock: socket.socket) -> bool:
    """Send what was typed; half-close and say so at its end."""
    typed = os.read(0, 1 << 20)
    last = not typed or typed in QUIT
    if last:
        sock.shutdown(socket.SHUT_WR)
    else:
        sock.sendall(typed)
    return last


if __name__ == "__main__":
    main()
