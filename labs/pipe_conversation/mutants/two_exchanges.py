"""Mutant of pipe_conversation: they stop after two exchanges.

Fails: three-exchanges, works-on-a-terminal, works-from-a-pipe
Also: ends-and-reaps, keeps-long-messages-whole
"""

import os
import sys

EXCHANGES = 2
STDIN, STDOUT = 0, 1


def main() -> int:
    """Make two pipes, fork, and let each process keep the two ends that are its own."""
    parent_reads, child_writes = os.pipe()
    child_reads, parent_writes = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(parent_reads)
            os.close(parent_writes)
            status = speak_first(child_reads, child_writes)
        finally:
            os._exit(status)  # never return into the parent's part
    os.close(child_reads)
    os.close(child_writes)
    try:
        return answer(parent_reads, parent_writes)
    finally:
        os.close(parent_reads)
        os.close(parent_writes)  # a child that still listens reads end of file
        os.waitpid(child, 0)


def speak_first(reads: int, writes: int) -> int:
    """Be the child: say a line, print the answer; return the exit status."""
    try:
        for _ in range(EXCHANGES):
            os.write(writes, read_line(STDIN))
            os.write(STDOUT, b"from parent: " + read_line(reads))
    except (EOFError, BrokenPipeError):
        return gone("child")
    return 0


def answer(reads: int, writes: int) -> int:
    """Be the parent: print a line, say the answer; return the exit status."""
    try:
        for _ in range(EXCHANGES):
            os.write(STDOUT, b"from child: " + read_line(reads))
            os.write(writes, read_line(STDIN))
    except (EOFError, BrokenPipeError):
        return gone("parent")
    return 0


def read_line(fd: int) -> bytes:
    """Read up to a newline and not a byte more.

    Both processes read the same stdin: what one takes ahead into a buffer, the other never sees.
    In a pipe the newline is where a message ends, so an empty message is one byte.
    """
    line = b""
    while byte := os.read(fd, 1):
        line += byte
        if byte == b"\n":
            return line
    if not line:
        raise EOFError
    return line + b"\n"


def gone(who: str) -> int:
    """Say that stdin has ended, or the other process; return the exit status."""
    print(f"conversation.py: {who}: there is nobody to talk to", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
