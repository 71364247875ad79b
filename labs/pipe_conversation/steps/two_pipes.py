"""Third step: two pipes, one for each way. Nobody can read back its own words.

Source: 윤성우, 열혈 TCP/IP 소켓 프로그래밍, ch. 11, pipe3.
"""

import os

STDIN, STDOUT = 0, 1
MESSAGE_BYTES = 4096  # so much is written at once or not at all (pipe(7))


def main() -> None:
    """Make two pipes, fork, and let each process write in one and read from the other."""
    parent_reads, child_writes = os.pipe()
    child_reads, parent_writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(parent_reads)
        os.close(parent_writes)
        os.write(child_writes, os.read(STDIN, MESSAGE_BYTES))
        os.write(STDOUT, b"child heard: " + os.read(child_reads, MESSAGE_BYTES))
        os._exit(0)
    os.close(child_reads)
    os.close(child_writes)
    os.write(STDOUT, b"parent heard: " + os.read(parent_reads, MESSAGE_BYTES))
    os.write(parent_writes, b"thank you for your message\n")
    os.waitpid(child, 0)


if __name__ == "__main__":
    main()
