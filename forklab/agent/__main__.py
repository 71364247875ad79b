"""Entry of the agent: python3 -m agent FOLDER UID (UID -1: no user of its own).

As init of a container FOLDER is ours alone. Else it is where a folder of our own is made, and
removed when we leave: a harness that was killed cannot do that any more.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback

from . import home
from .loop import Loop
from .operations import Agent, subreaper


def main() -> None:
    """Serve the harness on standard input and output until it is gone."""
    folder, uid = sys.argv[1], int(sys.argv[2])
    read_fd, write_fd = _streams()
    os.umask(0o022)
    is_init = os.getpid() == 1
    if not is_init:
        subreaper()
        folder = home.make(folder)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # a mask that we were started with would keep SIGCHLD from us
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    try:
        loop = Loop(read_fd, write_fd)
        agent = Agent(loop, folder, None if uid < 0 else uid, is_init=is_init)
        gc.freeze()  # what is loaded stays: a fork need not copy it to write its marks
        try:
            loop.serve(agent.operations())
        finally:
            agent.leave()
    except BaseException:
        traceback.print_exc()
    finally:
        if not is_init:
            home.remove(folder)
        sys.stderr.flush()
        os._exit(0)


def _streams() -> tuple[int, int]:
    """Move our streams away from 0 and 1, where the program's own will be made."""
    read_fd, write_fd = (os.dup(fd) for fd in (0, 1))
    with open(os.devnull, "r+b") as null:
        os.dup2(null.fileno(), 0)
        os.dup2(null.fileno(), 1)
    return read_fd, write_fd


main()
