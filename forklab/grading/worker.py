"""A process that grades one submission after another: jobs come as lines, records go as lines.

A fault of ours ends the process, and whoever gave it the job reads why in its standard error. The
sandbox of the next job is opened while this one is graded, and none is used twice; one that ends
before it was used is replaced. When the input ends, whoever gave us work is gone: this process
ends at once, and with it, since their agents' input ends too, its sandboxes.

Its temporary files are in a folder of its own, which goes with it. Only if the process itself is
killed does that stay, named after it, until another one starts.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator

from forklab.agent import home
from forklab.grading.job import unpacked
from forklab.grading.one import grade_one
from forklab.sandbox.opening import Opening

END = ""


def main(kind: str) -> None:
    """Grade what comes, each in a sandbox of *kind*, until there is nothing more."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # nothing but answers may come where answers are read
    scratch = _scratch()
    for line, opening in _jobs(kind, scratch):
        with opening:
            submission, settings = unpacked(line)
            answer = grade_one(submission, settings, opening, _aside)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    shutil.rmtree(scratch)


def _scratch() -> str:
    """Make the folder of all temporary files of this process; sweep those of dead ones."""
    parent = tempfile.gettempdir()
    home.sweep(parent)
    tempfile.tempdir = home.make(parent)
    return tempfile.tempdir


def _jobs(kind: str, scratch: str) -> Iterator[tuple[str, Opening]]:
    """Yield each job with a sandbox of its own."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(lines, scratch), daemon=True).start()
    ahead = Opening(kind, _aside)
    while True:
        line = lines.get()
        opening = ahead
        if line.strip() == END:
            break
        if opening.is_lost():  # while it waited for work: no fault of who comes now
            with opening:
                pass
            opening = Opening(kind, _aside)
        ahead = Opening(kind, _aside)
        yield line, opening
    with ahead:
        pass


def _read(lines: queue.SimpleQueue[str], scratch: str) -> None:
    for line in sys.stdin:
        lines.put(line)
    while os.path.exists(scratch):  # the other thread may still be writing
        shutil.rmtree(scratch, ignore_errors=True)
    os._exit(1)


def _aside(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
