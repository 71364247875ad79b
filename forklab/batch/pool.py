"""A process that grades for us, seen from here; see `forklab.grading.worker`."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

from forklab.grading.job import Settings, packed
from forklab.grading.record import Record, record
from forklab.submissions.submission import Submission

# far above the sum of all deadlines of a lab: it is for a fault of ours
WORKER_S = 1800.0
END_S = 30.0
CLEAR_S = 5.0  # in which it clears away what it has, once its input has ended


class Worker:
    """A grading process, started when it is first needed and again when it has died."""

    def __init__(self, kind: str, log: Path) -> None:
        self._kind = kind
        self._log = log
        self._process: subprocess.Popen[str] | None = None
        self._said_before = 0  # bytes of the log that are of an earlier process
        self._stopped = False
        self._lock = threading.Lock()

    def grade(self, submission: Submission, settings: Settings) -> Record:
        """Return the record of *submission*; if the process dies over it, a BROKEN one."""
        process = self._running()
        if process is None:
            return record(submission, settings.lab, None, broken="grading was stopped")
        assert process.stdin is not None
        assert process.stdout is not None
        watchdog = threading.Timer(WORKER_S, process.kill)
        watchdog.start()
        line = ""
        try:
            with contextlib.suppress(OSError):
                process.stdin.write(packed(submission, settings) + "\n")
                process.stdin.flush()
                line = process.stdout.readline()
        finally:
            watchdog.cancel()
        if line.endswith("\n"):
            found: Record = json.loads(line)
            return found
        self.kill()
        # a student reads it: where it was kept is nobody's business
        said = self._last().replace(settings.folder or "\0", submission.name)
        why = f"the process that graded it ended with status {process.returncode}: {said}"
        return record(submission, settings.lab, None, broken=why)

    def _running(self) -> subprocess.Popen[str] | None:
        """Return the process, started if there is none; None once it was stopped."""
        with self._lock:
            if self._process is None and not self._stopped:
                self._process = self._start()
            return self._process

    def _start(self) -> subprocess.Popen[str]:
        with self._log.open("ab") as log:
            self._said_before = log.tell()
            return subprocess.Popen(
                [sys.executable, "-m", "forklab.grading.worker", self._kind],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,  # Ctrl-C is for us; it ends with its input
            )

    def _last(self) -> str:
        """Return the last thing that it said."""
        said = self._log.read_bytes()[self._said_before :].decode(errors="replace").split("\n")
        return next((line for line in reversed(said) if line.strip()), "it said nothing")

    def end(self) -> None:
        """Let it end by itself, its sandboxes removed."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.write("\n")
                self._process.stdin.flush()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(END_S)
        self.kill()

    def stop(self) -> None:
        """End it, and start none any more: all is over, and another thread may be about to."""
        with self._lock:
            self._stopped = True
        self.kill()

    def kill(self) -> None:
        """End it, whatever it does; its sandboxes end with it."""
        process, self._process = self._process, None
        if process is None:
            return
        _close(process.stdin)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(CLEAR_S)
        process.kill()
        process.wait()
        _close(process.stdout)  # not before: another thread may be reading there


def _close(pipe: IO[str] | None) -> None:
    if pipe is not None:
        with contextlib.suppress(OSError):
            pipe.close()
