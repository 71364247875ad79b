"""Entry of the agent: python3 -m agent FOLDER UID (UID -1: no user of its own)."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys

from .loop import Loop
from .operations import Agent, subreaper


def main() -> None:
    """Serve the harness on standard input and output until it is gone."""
    folder, uid = sys.argv[1], int(sys.argv[2])
    # the program's own ends of 0, 1, 2 are made for each start; ours must not be inherited
    read_fd, write_fd = (os.dup(fd) for fd in (0, 1))
    with open(os.devnull, "r+b") as null:
        os.dup2(null.fileno(), 0)
        os.dup2(null.fileno(), 1)
    is_init = os.getpid() == 1
    if not is_init:
        with contextlib.suppress(PermissionError):
            os.setpgid(0, 0)
        subreaper()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    loop = Loop(read_fd, write_fd)
    agent = Agent(loop, folder, None if uid < 0 else uid, is_init=is_init)
    gc.freeze()  # what is loaded stays: a fork need not copy it to write its marks
    try:
        loop.serve(agent.operations())
    except Exception:
        sys.excepthook(*sys.exc_info())  # the harness quotes its last line
        raise
    finally:
        agent.leave()
        os._exit(0)


main()
