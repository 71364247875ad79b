"""One submission, as plain data."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from forklab.program.source import File


@dataclass(frozen=True)
class Manifest:
    """What `submission.toml` says; None and empty: nothing.

    Attributes:
        main: the file that is compiled or run.
        run, port, workers, worker: as `forklab check` takes them.
        declares: what the program does beyond the contract.
    """

    main: str = ""
    run: str | None = None
    port: int | None = None
    workers: int | None = None
    worker: str | None = None
    declares: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Submission:
    """What one person handed in.

    Attributes:
        name: unique in its batch, and fit for a file name.
        files: everything that goes into the sandbox, paths relative to the program's folder.
        origin: the path it came from, as a person named it.
        refused: why it cannot be graded, one sentence; it fails then, and nothing of it is run.
        notes: what was made of it: another encoding, files left out.
    """

    name: str
    files: tuple[File, ...]
    origin: str = ""
    refused: str = ""
    manifest: Manifest = field(default_factory=Manifest)
    notes: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """SHA-256 of everything that can change its verdicts, in hex."""
        found = hashlib.sha256(repr((self.refused, self.manifest_words())).encode())
        for file in sorted(self.files, key=lambda file: file.path):
            found.update(repr((file.path, len(file.data), file.mode)).encode() + file.data)
        return found.hexdigest()

    def manifest_words(self) -> tuple[object, ...]:
        """Return the manifest in one order: a set has none."""
        said = self.manifest
        declares = tuple(sorted(said.declares))
        return (said.main, said.run, said.port, said.workers, said.worker, declares)
