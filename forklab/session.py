"""A run under way: pytest in this process, results reported as they come, kept in a folder."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import pytest

from forklab import plugin, tree
from forklab.errors import CheckFailure, UsageError
from forklab.labs import LabInfo
from forklab.program.lab import Lab
from forklab.reports import json_report, junit
from forklab.reports.folder import RunFolder, open_folder
from forklab.reports.terminal import Terminal
from forklab.results.record import Check, Result, Run
from forklab.sandbox.choose import Sandbox
from forklab.sandbox.opening import Opening

if TYPE_CHECKING:
    from forklab.check import Order


# parts of pytest that would print, or cost time, and are not needed
UNUSED = (
    "terminal", "cacheprovider", "faulthandler", "logging", "junitxml",
    "unraisableexception", "threadexception",
)  # fmt: skip


class Session:
    """A run while it is under way."""

    def __init__(
        self,
        order: Order,
        info: LabInfo,
        opening: Opening,
        out: TextIO,
        say: Callable[[str], None],
    ) -> None:
        self.order = order
        self.info = info
        self.opening = opening
        self.say = say
        self.report = None if order.json else Terminal(out)
        self.out = out
        self.folder: RunFolder = open_folder(order.runs, info.name)
        self.checks: list[Check] = []
        self.lab: Lab | None = None
        self.began = False
        self.run = Run(
            lab=info.name,
            title=info.title,
            program=str(order.program or f"the reference program, {_shown(info.program)}"),
            sandbox=order.sandbox,
            began=datetime.now(UTC).isoformat(timespec="seconds"),
            folder=self.folder.shown,
        )

    def run_checks(self) -> Run:
        """Run the lab's checks, in this process."""
        wanted = plugin.Wanted(
            program=self.order.program,
            run=self.order.run,
            port=self.order.port,
            sandbox=self.order.sandbox,
            declared=self.order.declared,
            only=self.order.only,
            on_result=self._on_result,
            on_checks=self._on_checks,
            on_lab=self._on_lab,
            say=self.say,
            opening=self.opening,
        )
        began = time.monotonic()
        with signals_interrupt():
            status = run_scenario(self.info.name, wanted, *self.order.pytest_args)
        self.run.seconds = time.monotonic() - began
        self.run.interrupted = status == pytest.ExitCode.INTERRUPTED
        if status not in (0, 1, 2, 5) and not self.run.broken:
            self.run.broken = f"pytest ended with status {status}"
        if not self.checks:
            known = "its ids are the names in the lab sheet"
            raise UsageError(f"no check of {self.info.dashed} matches ONLY; {known}")
        self._finish()
        return self.run

    def _on_checks(self, checks: list[Check]) -> None:
        self.checks = checks
        self.run.total = len(checks)

    def _on_lab(self, lab: Lab, sandbox: Sandbox) -> None:
        self.lab = lab
        hello = lab.link.hello
        self.run.image = sandbox.image
        self.run.kernel, self.run.machine = hello["kernel"], hello["machine"]
        self.run.not_isolated = sandbox.not_isolated
        with contextlib.suppress(CheckFailure):
            built = lab.built()
            self.run.build, self.run.warnings = built.command, built.warnings
            port = lab.spec.fixed_port or "PORT"
            self.run.command = " ".join(lab.spec.argv(built.argv, port, lab.spec.workers))

    def _begin(self) -> None:
        if not self.began and self.report is not None:
            self.report.begin(self.run, self.checks)
        self.began = True

    def _on_result(self, result: Result, lab: Lab | None, raw: dict[str, object] | None) -> None:
        self._begin()
        self.run.results.append(result)
        if self.report is not None:
            self.report.result(result)
        self.folder.write_result(result, raw, result.output)

    def _finish(self) -> None:
        self._begin()
        if self.lab is not None:
            self.run.waited_s = self.lab.journal.waited_s
            self.folder.write_events(event.as_json() for event in self.lab.journal.events)
        self.folder.finish(self.run)
        if self.order.junit is not None:
            self.order.junit.write_text(junit.render(self.run))
        if self.report is not None:
            self.report.end(self.run)
        else:
            self.out.write(json_report.render(self.run) + "\n")


def run_scenario(lab: str, wanted: plugin.Wanted, *more: str) -> int:
    """Run pytest on the scenario of *lab*, in this process, and return its exit status."""
    arguments = [
        str(tree.root() / "scenarios" / f"test_{lab}.py"),
        "-c", os.devnull, f"--rootdir={tree.root()}", "-o", f"pythonpath={tree.root()}",
        "--import-mode=importlib", "--assert=plain", "-s",
        *(word for name in UNUSED for word in ("-p", f"no:{name}")),
        *more,
    ]  # fmt: skip
    with _only_our_plugins():
        return int(pytest.main(arguments, plugins=[_Wants(wanted), plugin]))


class _Wants:
    """Gives the plugin what is wanted before it reads its own options."""

    def __init__(self, wanted: plugin.Wanted) -> None:
        self._wanted = wanted

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Hand it over."""
        config.stash[plugin.WANTED] = self._wanted


@contextlib.contextmanager
def _only_our_plugins() -> Iterator[None]:
    """Keep out the pytest plugins of other projects: they cost time, and may change a verdict."""
    name = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before


@contextlib.contextmanager
def signals_interrupt() -> Iterator[None]:
    """SIGTERM and SIGHUP end a run as Ctrl-C does: cleanly, saying what was done so far."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _shown(path: Path) -> str:
    """Return *path* relative to the current folder where it is below it."""
    with contextlib.suppress(ValueError):
        return str(path.resolve().relative_to(Path.cwd()))
    return str(path)
