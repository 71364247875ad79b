"""How a program is started: its contract, or what a person says instead."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace

from forklab.errors import LabUnsupported, UsageError

PLACES = ("{host}", "{port}", "{workers}", "{program}")
HOST = "127.0.0.1"
PARTS = ("server", "client", "alone")


@dataclass(frozen=True)
class Spec:
    """How a program is started.

    Attributes:
        arguments: of the contract, such as ("{workers}", "{port}").
        plays: its part: `server`; `client`, of a server that the harness plays; `alone`.
        worker: name of the worker's executable, "" where the worker is no program of its own.
        workers: size of the pool, 0 where there is none.
        fixed_port: the port it listens on whatever it is told; None where it takes one.
        run: a command line that replaces the contract's, None to keep to it.
        declared: what it declares beyond the contract.
        main: which file of a folder is the program, "" to go by conventions.
    """

    arguments: tuple[str, ...]
    workers: int = 0
    plays: str = "server"
    worker: str = ""
    fixed_port: int | None = None
    run: tuple[str, ...] | None = None
    declared: frozenset[str] = frozenset()
    main: str = ""

    @property
    def template(self) -> tuple[str, ...]:
        """The command line, with places to be filled."""
        return self.run if self.run is not None else ("{program}", *self.arguments)

    @property
    def takes_port(self) -> bool:
        """Whether the port can be chosen."""
        return any("{port}" in word for word in self.template)

    @property
    def takes_workers(self) -> bool:
        """Whether the size of the pool can be chosen."""
        return any("{workers}" in word for word in self.template)

    def argv(self, program: tuple[str, ...], port: object, workers: object) -> list[str]:
        """Return the command line for this *port* and this number of *workers*."""
        words: list[str] = []
        for word in self.template:
            if word == "{program}":
                words += program
            else:
                word = word.replace("{port}", str(port)).replace("{workers}", str(workers))
                words.append(word.replace("{host}", HOST))
        return words

    def _sized(self, workers: int) -> Spec:
        if self.workers == 0:
            raise UsageError("WORKERS says the size of a pool, and this lab has none")
        if not 0 < workers <= 64:
            raise UsageError(f"WORKERS={workers} is no size of a pool; give 1 to 64")
        return replace(self, workers=workers)

    def without_arguments(self, program: tuple[str, ...]) -> list[str]:
        """Return the command line with no argument at all.

        Raises:
            LabUnsupported: the command line is not the contract's.
        """
        if self.run is not None:
            raise LabUnsupported("the command line is not the contract's")
        return list(program)

    def declaring(self, declared: frozenset[str]) -> Spec:
        """Return it with what the program declares beyond the contract."""
        return replace(self, declared=declared)

    def choosing(self, main: str) -> Spec:
        """Return it with the file of a folder that is the program, "" to go by conventions."""
        return replace(self, main=main)

    def _with_worker(self, worker: str) -> Spec:
        if not self.worker:
            raise UsageError("WORKER names the worker's executable, and this lab has none")
        if worker in ("", ".", "..") or "/" in worker:
            raise UsageError(f"WORKER={worker!r} is no name of a file beside the program")
        return replace(self, worker=worker)

    def changed(
        self,
        run: str | None,
        port: int | None,
        workers: int | None = None,
        worker: str | None = None,
    ) -> Spec:
        """Return it with what a person said by RUN=, PORT=, WORKERS= and WORKER=.

        Raises:
            UsageError: RUN has quotes that do not close or an unknown place; PORT is no port, or
                the lab has none; WORKERS is no size of a pool; WORKER is no file name; RUN names no
                port and PORT is not given.
        """
        if workers is not None:
            return self._sized(workers).changed(run, port, None, worker)
        if worker is not None:
            return self._with_worker(worker).changed(run, port)
        words = self.run if run is None else _words(run)
        if port is not None and not 0 < port < 65536:
            raise UsageError(f"PORT={port} is no TCP port; give 1 to 65535")
        changed = replace(self, run=words)
        if self.plays == "alone":
            if port is not None:
                raise UsageError("PORT says where a program listens, and this lab has no port")
            return changed
        if changed.takes_port:
            return replace(changed, fixed_port=port)
        if port is None and self.fixed_port is None:
            raise UsageError(
                f'RUN="{run}" does not say where the port goes: write {{port}} in it, or say with '
                "PORT= on which port the program always listens"
            )
        return replace(changed, fixed_port=port or self.fixed_port)


def _words(run: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(run))
    except ValueError as error:
        raise UsageError(f"RUN={run!r} cannot be read as a command line: {error}") from error
    if not words:
        raise UsageError('RUN is empty; write the command line, such as RUN="./server {port}"')
    for word in words:
        if "{program}" in word and word != "{program}":
            raise UsageError(f"{{program}} in RUN must be a word of its own, not part of {word!r}")
        rest = word
        for place in PLACES:
            rest = rest.replace(place, "")
        if "{" in rest and "}" in rest:
            raise UsageError(f"RUN has an unknown place in {word!r}; known: {', '.join(PLACES)}")
    return words
