"""Right way of pipe_conversation: two named pipes, opened by each process after the fork."""

import os
import sys

EXCHANGES = 3
STDIN, STDOUT = 0, 1
TO_PARENT, TO_CHILD = "to_parent", "to_child"


def main() -> int:
    """Make two pipes, fork, and let each process keep the two ends that are its own."""
    os.mkfifo(TO_PARENT)
    os.mkfifo(TO_CHILD)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            child_writes = os.open(TO_PARENT, os.O_WRONLY)  # each waits here for the other
            child_reads = os.open(TO_CHILD, os.O_RDONLY)
            status = speak_first(child_reads, child_writes)
        finally:
            os._exit(status)  # never return into the parent's part
    parent_reads = os.open(TO_PARENT, os.O_RDONLY)
    parent_writes = os.open(TO_CHILD, os.O_WRONLY)
    os.unlink(TO_PARENT)
    os.unlink(TO_CHILD)
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
