"""Mutant of pipe_conversation: nobody is forked: one process plays both.

Fails: one-child
"""

import os
import sys

EXCHANGES = 3
STDIN, STDOUT = 0, 1


def main() -> int:
    """Make two pipes, fork, and let each process keep the two ends that are its own."""
    parent_reads, child_writes = os.pipe()
    child_reads, parent_writes = os.pipe()
    try:
        for _ in range(EXCHANGES):
            os.write(child_writes, read_line(STDIN))
            os.write(STDOUT, b"from child: " + read_line(parent_reads))
            os.write(parent_writes, read_line(STDIN))
            os.write(STDOUT, b"from parent: " + read_line(child_reads))
    except EOFError:
        return 1
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


if __name__ == "__main__":
    sys.exit(main())
