"""Mutant of split_client: the second process types into a pipe and has no connection.

Fails: two-processes
"""

import os
import select
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
        typed, typing = os.pipe()
        writer = fork_writer(sock, typing)
        os.close(typing)
        try:
            carry_both_ways(sock, typed)
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


def fork_writer(sock: socket.socket, typing: int) -> int:
    """Fork the process that reads what is typed, and return its pid."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            sock.close()
            pass_lines_on(typing)
            status = 0
        finally:
            os._exit(status)  # never return into the reader's part
    return pid


def pass_lines_on(typing: int) -> None:
    """Write each line as it is typed into the pipe."""
    for line in sys.stdin.buffer:
        if line in QUIT:
            break
        with open(typing, "wb", closefd=False) as pipe:
            pipe.write(line)


def carry_both_ways(sock: socket.socket, typed: int) -> None:
    """Send what comes through the pipe, print what the server sends, until it closes."""
    waiting = [typed, sock.fileno()]
    while True:
        for fd in select.select(waiting, [], [])[0]:
            data = os.read(fd, BUFFER_BYTES)
            if fd == typed and data:
                sock.sendall(data)
            elif fd == typed:
                waiting.remove(typed)
                sock.shutdown(socket.SHUT_WR)
            elif data:
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
            else:
                return


def end(writer: int) -> None:
    """End the writer, unless it has ended at `q`, and return when it is gone."""
    with suppress(ProcessLookupError, ChildProcessError):
        os.kill(writer, signal.SIGTERM)
        os.waitpid(writer, 0)


if __name__ == "__main__":
    main()
