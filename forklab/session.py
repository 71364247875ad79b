"""A run under way: pytest in this process, results reported as they come, kept in a folder."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import pytest

from forklab import plugin, tracing, tree
from forklab.errors import CheckFailure, UsageError
from forklab.events import lines
from forklab.events.event import Event
from forklab.hints import language
from forklab.interrupt import held_off
from forklab.labs import LabInfo
from forklab.order import Order
from forklab.program.lab import Lab
from forklab.reports import json_report, junit
from forklab.reports.folder import PAGE, RunFolder, open_folder
from forklab.reports.terminal import Terminal
from forklab.results.evidence import Evidence, evidence
from forklab.results.record import REFERENCE, Check, Result, Run, Verdict
from forklab.sandbox.choose import Sandbox
from forklab.sandbox.opening import Opening

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
        out: TextIO | None,
        say: Callable[[str], None],
    ) -> None:
        """Report to *out*; None: only to the run's folder."""
        self.order = order
        self.info = info
        self.opening = opening
        self.say = say
        self.report = None if order.json or out is None else Terminal(out)
        self.out = out
        self.folder = (
            RunFolder(order.folder) if order.folder else open_folder(order.runs, info.name)
        )
        self.checks: list[Check] = []
        self.looks: dict[str, Evidence] = {}
        self.lab: Lab | None = None
        self.began = False
        self.trouble: Exception | None = None
        self.run = Run(
            lab=info.name,
            title=info.title,
            program=str(order.program or REFERENCE + _shown(info.program)),
            sandbox=opening.kind,
            began=datetime.now(UTC).isoformat(timespec="seconds"),
            folder=self.folder.shown,
        )

    def run_checks(self) -> Run:
        """Run the lab's checks, in this process."""
        wanted = self._wanted()
        wanted.only = self.order.only
        wanted.on_result, wanted.on_checks = self._on_result, self._on_checks
        wanted.on_lab, wanted.on_broken = self._on_lab, self._on_broken
        if self.order.events:
            self._prepare_pages()
        began = time.monotonic()
        status = self._until_interrupted(wanted)
        self.run.seconds = time.monotonic() - began
        self.run.interrupted = status == pytest.ExitCode.INTERRUPTED
        if status not in (0, 1, 2, 5) and not self.run.broken:
            self.run.broken = f"pytest ended with status {status}"
        if not self.run.interrupted and not self.run.broken:
            self._refuse_unknown_ids()
            if self.order.trace and self.lab is not None:
                again = tracing.wanted(self._wanted(), self.run, self.lab)
                if again.only:
                    self._until_interrupted(again)
        with held_off():
            self._finish()
        return self.run

    def _wanted(self) -> plugin.Wanted:
        """Return which program pytest is to examine, and where; all checks, told to nobody."""
        return plugin.Wanted(
            program=self.order.program,
            run=self.order.run,
            port=self.order.port,
            workers=self.order.workers,
            worker=self.order.worker,
            main=self.order.main,
            refused=self.order.refused,
            sandbox=self.opening.kind,
            declared=self.order.declared,
            say=self.say,
            opening=self.opening,
        )

    def _prepare_pages(self) -> None:
        """Import and compile what pages need: the sandbox is on its way, and no check runs yet."""
        from forklab.pages import run_page

        run_page.prepare(language())

    def _until_interrupted(self, wanted: plugin.Wanted) -> int:
        """Run the checks; an interruption that pytest does not turn into a status is one, too."""
        try:
            return run_scenario(self.info.name, wanted, *self.order.pytest_args)
        except KeyboardInterrupt:
            return pytest.ExitCode.INTERRUPTED

    def _refuse_unknown_ids(self) -> None:
        missing = self.order.only - {check.id for check in self.checks}
        if missing:
            raise UsageError(
                f"{self.info.dashed} has no check {', '.join(sorted(missing))}; the ids are in "
                f"{_shown(self.info.folder / 'README.md')}"
            )

    def _on_checks(self, checks: list[Check]) -> None:
        self.checks = checks
        self.run.total = len(checks)

    def _on_lab(self, lab: Lab, sandbox: Sandbox) -> None:
        self.lab = lab
        lab.journal.keeps_events = self.order.events
        hello = lab.link.hello
        self.run.image = sandbox.image
        self.run.kernel, self.run.machine = hello["kernel"], hello["machine"]
        self.run.not_isolated = sandbox.not_isolated
        with contextlib.suppress(CheckFailure):
            built = lab.built()
            self.run.build, self.run.warnings = built.command, built.warnings
            port = lab.spec.fixed_port or "PORT"
            self.run.command = " ".join(lab.spec.argv(built.argv, port, lab.spec.workers))

    def _on_broken(self, why: str) -> None:
        self.run.broken = self.run.broken or why

    def _begin(self) -> None:
        if not self.began:
            self.began = True
            self._show(lambda report: report.begin(self.run, self.checks))

    def _show(self, tell: Callable[[Terminal], None]) -> None:
        """Tell the terminal; when whoever read it has gone, the run goes on for its folder."""
        if self.report is None:
            return
        try:
            tell(self.report)
        except BrokenPipeError as error:
            self.report, self.trouble = None, error

    def _on_result(self, result: Result, lab: Lab | None, raw: dict[str, object] | None) -> None:
        self._begin()
        self.run.results.append(result)
        if self.order.events and lab is not None and result.verdict is Verdict.PASS:
            self._keep_last_look(result.check.id, lab)
        self._show(lambda report: report.result(result))
        try:
            self.folder.write_result(result, raw, result.output)
        except UsageError as error:  # told at the end: raised here, it would be pytest's failure
            self.trouble = error

    def _keep_last_look(self, check: str, lab: Lab) -> None:
        """Keep what the last look at a program showed that is right: its page has pictures, too."""
        program = lab.program
        if program is not None and program.last is not None:
            self.looks[check] = evidence(program.last, {}, program.names, program.client_names)

    def _header(self) -> dict[str, object]:
        """What the log of events says of the run."""
        said = ("lab", "program", "command", "sandbox", "image", "kernel", "machine", "began")
        return {name: getattr(self.run, name) for name in said}

    def _finish(self) -> None:
        self._begin()
        if self.lab is not None:
            self.run.waited_s = self.lab.journal.waited_s
            self.run.ready_s = self.lab.journal.ready_s
        events = self.lab.journal.log.events() if self.lab is not None and self.order.events else []
        if events:
            self.folder.write_events(lines.write(self._header(), events))
        self.folder.finish(self.run)
        try:
            if self.order.events:
                self._write_pages(events)
        finally:  # whatever is wrong with a picture, the verdicts are told
            self._tell_the_end()
        if self.trouble is not None:
            raise self.trouble

    def _write_pages(self, events: Sequence[Event]) -> None:
        from forklab import digest
        from forklab.pages import run_page  # jinja2: only where there is a page

        facts = run_page.Facts(self.run, events, self.looks, self.order.command)
        recorded = lines.Recorded(self._header(), list(events))
        self.folder.write_pages(
            run_page.render(facts, language()), digest.render(self.run, recorded)
        )
        self.run.page = PAGE

    def _tell_the_end(self) -> None:
        if self.order.junit is not None:
            self.order.junit.write_text(junit.render(self.run))
        self._show(lambda report: report.end(self.run))
        if self.order.json and self.out is not None:
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


def checks_of(lab: str) -> list[Check]:
    """Return every check of *lab* in the order of its scenario; nothing is run."""
    found: list[Check] = []
    run_scenario(lab, plugin.Wanted(on_checks=found.extend), "--collect-only")
    return found


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


def _shown(path: Path) -> str:
    """Return *path* relative to the current folder where it is below it."""
    with contextlib.suppress(ValueError):
        return str(path.resolve().relative_to(Path.cwd()))
    return str(path)
