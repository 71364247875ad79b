"""First step: one pipe, one way. The child says what it reads on stdin, the parent prints it.

Source: 윤성우, 열혈 TCP/IP 소켓 프로그래밍, ch. 11, pipe1.
"""

import os

STDIN, STDOUT = 0, 1
MESSAGE_BYTES = 4096  # so much is written at once or not at all (pipe(7))


def main() -> None:
    """Make a pipe, fork, and let the parent hear the child."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reads)
        os.write(writes, os.read(STDIN, MESSAGE_BYTES))
        os._exit(0)
    os.close(writes)
    os.write(STDOUT, b"parent heard: " + os.read(reads, MESSAGE_BYTES))
    os.waitpid(child, 0)


if __name__ == "__main__":
    main()
