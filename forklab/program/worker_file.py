"""The second executable of a program, the worker that it executes: taken away, or replaced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from forklab.errors import LabUnsupported
from forklab.program.build import FOLDER, Built
from forklab.program.convention import ELF
from forklab.program.journal import Journal
from forklab.program.spec import Spec
from forklab.sandbox.link import Link


class WorkerFile:
    """What a lab does with the file of the worker, for the launches of a while."""

    link: Link
    journal: Journal
    spec: Spec

    def built(self) -> Built:
        """Return the program, built."""
        raise NotImplementedError

    def worker(self) -> str:
        """Return the file name of the worker's executable.

        Raises:
            LabUnsupported: no file is known to be it.
        """
        name = self.built().worker
        if not name:
            raise LabUnsupported(
                f"there is no {self.spec.worker} beside the program; WORKER= says what it is called"
            )
        return name

    @property
    def worker_argv(self) -> list[str]:
        """How the worker is started by itself."""
        name = self.worker()
        return ["python3", name] if name.endswith(".py") else [f"./{name}"]

    @contextmanager
    def without_worker(self) -> Iterator[None]:
        """Take the worker's executable away for a while."""
        path = f"{FOLDER}/{self.worker()}"
        self.link.call("move", path=path, to="worker-away")
        self.journal.note("worker", f"{self.worker()} is not there")
        try:
            yield
        finally:
            self.link.call("move", path="worker-away", to=path)

    @contextmanager
    def unexecutable_worker(self) -> Iterator[None]:
        """Take the execute permission from the worker for a while."""
        path = f"{FOLDER}/{self.worker()}"
        before = self.link.call("mode", path=path, mode=0o644).value
        self.journal.note("worker", f"{self.worker()} is not executable")
        try:
            yield
        finally:
            self.link.call("mode", path=path, mode=before)

    @contextmanager
    def probe_worker(self, probe: bytes) -> Iterator[None]:
        """Put *probe*, a script in Python, in the place of the worker for a while.

        Raises:
            LabUnsupported: the worker's is another language, whose interpreter may be given it.
        """
        path = f"{FOLDER}/{self.worker()}"
        head = self.link.call("read", path=path).blob[:100].split(b"\n")[0]
        if not (head.startswith(ELF) or path.endswith(".py") or b"python" in head):
            raise LabUnsupported("the worker is neither an executable nor a script in Python")
        with self.without_worker():
            self.link.call("write", probe, path=path, mode=0o755)
            self.journal.note("worker", f"a worker of the harness stands in for {self.worker()}")
            yield
