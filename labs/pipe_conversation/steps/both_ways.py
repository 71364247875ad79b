"""Second step: one pipe for both ways. The child may read back its own words.

Source: 윤성우, 열혈 TCP/IP 소켓 프로그래밍, ch. 11, pipe2.
"""

import os

STDIN, STDOUT = 0, 1
MESSAGE_BYTES = 4096  # so much is written at once or not at all (pipe(7))


def main() -> None:
    """Make a pipe, fork, and let both write in it and read from it."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writes, os.read(STDIN, MESSAGE_BYTES))
        os.write(STDOUT, b"child heard: " + os.read(reads, MESSAGE_BYTES))
        os._exit(0)
    os.write(STDOUT, b"parent heard: " + os.read(reads, MESSAGE_BYTES))
    os.write(writes, b"thank you for your message\n")
    os.waitpid(child, 0)


if __name__ == "__main__":
    main()
