"""The pytest plugin: fixtures of a lab, and the verdict of what a check raised.

A check is an ordinary test method, declared by `forklab.checks.declare.check`, of a class whose
attribute `lab` names its lab. Scenarios run on the host and never inside the sandbox: a program
cannot read or touch them.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from forklab import labs
from forklab.checks.declare import declaration, requirement_and_reason
from forklab.errors import CheckFailure, LabBroken, LabUnsupported, Overrun, SandboxError
from forklab.facts import Snapshot
from forklab.hints import hints
from forklab.program.lab import Lab
from forklab.program.program import Program
from forklab.program.source import NoProgram
from forklab.program.spec import Spec
from forklab.program.wait import scale
from forklab.results.evidence import evidence
from forklab.results.record import Check, Result, Verdict
from forklab.sandbox.choose import KINDS, Sandbox, choose
from forklab.sandbox.link import AgentRefused, Link
from forklab.sandbox.opening import Opening

Raw = dict[str, object]
# Seconds of failures, after which the checks that are left are skipped because of the longest; a
# program that fails every check at its usual deadline takes less.
PATIENCE_S = 120.0


@dataclass
class Spent:
    """The time that went into failures: a program that is late everywhere is late for good.

    What passes costs nothing here, so that no machine is too slow for a right program.
    """

    seconds: float = 0.0
    longest: tuple[float, str] = (0.0, "")

    def note(self, result: Result) -> None:
        """Add the time of a failure."""
        if result.verdict is Verdict.FAIL:
            self.seconds += result.seconds
            self.longest = max(self.longest, (result.seconds, result.check.id))

    def culprit(self) -> str:
        """Return the check that took longest, once all failures have taken too long; else ""."""
        return self.longest[1] if self.seconds > PATIENCE_S * scale() else ""


@dataclass
class Wanted:
    """What a run is to do.

    Attributes:
        program: what is judged; None: the lab's reference program.
        run, port, workers, worker: how it is started where it does not follow the contract.
        main: which of its files it is; "": what conventions say.
        refused: why the program cannot be examined, one sentence; "" if it can.
        sandbox: one of KINDS of the sandboxes; "": the one that is here.
        declared: what the program declares beyond the contract.
        only: ids of the checks to run, empty for all.
        on_result: called as each check ends, with the raw snapshot and output of a failure.
        on_checks: called once with all checks that will run.
        on_lab: called with each lab once its sandbox stands.
        on_broken: called with one sentence when nothing more can be looked at; the run ends.
        opening: the sandbox, where the caller has begun to open it.
        make_lab: makes the lab of a sandbox, if that is to be more than a `Lab`.
    """

    program: Path | None = None
    run: str | None = None
    port: int | None = None
    workers: int | None = None
    worker: str | None = None
    main: str = ""
    refused: str = ""
    sandbox: str = ""
    declared: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()
    on_result: Callable[[Result, Lab | None, Raw | None], None] = lambda result, lab, raw: None
    on_checks: Callable[[list[Check]], None] = lambda checks: None
    on_lab: Callable[[Lab, Sandbox], None] = lambda lab, sandbox: None
    on_broken: Callable[[str], None] = lambda why: None
    say: Callable[[str], None] = lambda text: None
    opening: Opening | None = None
    make_lab: Callable[[Link, Spec, Path], Lab] = Lab
    opened: dict[str, Lab] = field(default_factory=dict)
    spent: Spent = field(default_factory=Spent)


WANTED = pytest.StashKey[Wanted]()
SANDBOXES = pytest.StashKey["Sandboxes"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what a person may say of the program under test."""
    group = parser.getgroup("forklab")
    group.addoption("--program", type=Path, help="the program under test; else the reference")
    group.addoption("--run", dest="forklab_run", help="command line instead of the contract's")
    group.addoption("--port", dest="forklab_port", type=int, help="fixed port of the program")
    group.addoption("--sandbox", default="", choices=KINDS, help="else the one that is here")
    group.addoption("--repeat", type=int, default=1, help="run every check so many times")


class Sandboxes:
    """The sandboxes of this session, one a lab, opened when first asked for."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._stack = ExitStack()

    def lab(self, name: str) -> Lab:
        """Return the lab's sandbox."""
        opened = self._wanted.opened
        if name not in opened:
            info = labs.read(name)
            reference = self._wanted.program is None
            said = self._wanted
            spec = info.spec.changed(said.run, said.port, said.workers, said.worker)
            declared = info.declares if reference else self._wanted.declared
            sandbox, link = self._open()
            path = self._wanted.program or info.program
            lab = said.make_lab(link, spec.choosing(said.main).declaring(declared), path)
            if self._wanted.refused:
                lab.refuse(self._wanted.refused)
            lab.notes += sandbox.not_isolated
            opened[name] = lab
            self._wanted.on_lab(lab, sandbox)
        return opened[name]

    def _open(self) -> tuple[Sandbox, Link]:
        """Take the sandbox that is on its way, or open one."""
        if self._wanted.opening is not None:
            return self._wanted.opening.wait()
        sandbox = choose(self._wanted.sandbox, self._wanted.say)
        return sandbox, self._stack.enter_context(sandbox.open())

    def close(self) -> None:
        """End every sandbox."""
        self._wanted.opened.clear()
        self._stack.close()

    def pytest_keyboard_interrupt(self) -> None:
        """Talk to no sandbox any more: a request may have been cut in the middle."""
        for lab in self._wanted.opened.values():
            lab.link.close()
        self.close()

    def pytest_unconfigure(self) -> None:
        """The session is over."""
        self.close()


def pytest_configure(config: pytest.Config) -> None:
    """Take what was wanted: from the caller, or from the command line."""
    if WANTED not in config.stash:
        config.stash[WANTED] = Wanted(
            program=config.getoption("--program"),
            run=config.getoption("forklab_run"),
            port=config.getoption("forklab_port"),
            sandbox=config.getoption("--sandbox"),
        )
    config.stash[SANDBOXES] = Sandboxes(config.stash[WANTED])
    config.pluginmanager.register(config.stash[SANDBOXES], "forklab-sandboxes")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat checks for --repeat: `make flaky`."""
    repeat = metafunc.config.getoption("--repeat")
    if repeat > 1 and declaration(metafunc.function) is not None:
        metafunc.fixturenames.append("forklab_repetition")
        metafunc.parametrize("forklab_repetition", range(repeat))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the checks that were asked for; in the order of the scenario."""
    wanted = config.stash[WANTED]
    if wanted.only:
        items[:] = [item for item in items if (c := check_of(item)) and c.id in wanted.only]
    wanted.on_checks([found for item in items if (found := check_of(item)) is not None])


def check_of(item: pytest.Item) -> Check | None:
    """Return the check that a test is, None if it is none."""
    found = declaration(getattr(item, "function", None))
    lab = getattr(getattr(item, "cls", None), "lab", None)
    if found is None or lab is None:
        return None
    requirement, reason = requirement_and_reason(item.function)  # type: ignore[attr-defined]
    return Check(
        id=found.id,
        lab=lab,
        level=found.level,
        requirement=requirement,
        reason=reason,
        weight=found.weight,
        needs=found.needs,
    )


@pytest.fixture
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """The lab's sandbox, empty before and after the check."""
    found = request.config.stash[SANDBOXES].lab(request.cls.lab)
    check = check_of(request.node)
    if check is not None:
        found.journal.begin(check.id)
        for premise in check.needs:
            if (culprit := found.broken.get(premise)) not in (None, check.id):
                pytest.skip(f"because of {culprit}")
        if culprit := request.config.stash[WANTED].spent.culprit():
            pytest.skip(f"because of {culprit}")
    yield found
    if found.link.is_open:
        found.reset()


@pytest.fixture
def lab_host(lab: Lab) -> Any:
    """Testinfra's view of the sandbox; in `scenarios/` it is what `host` means."""
    from forklab.program.testinfra_backend import host_of

    return host_of(lab.link)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Any:
    """Time each check."""
    item.stash[BEGAN] = time.monotonic()
    return (yield)


BEGAN = pytest.StashKey[float]()
DONE = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Turn what a phase of a check raised into a verdict, once."""
    report: pytest.TestReport = yield
    check = check_of(item)
    error = call.excinfo.value if call.excinfo is not None else None
    if check is None or isinstance(error, KeyboardInterrupt):
        return report
    wanted = item.config.stash[WANTED]
    lab = wanted.opened.get(check.lab)
    if isinstance(error, SandboxError) or (error is not None and call.when == "teardown"):
        _stop(item, wanted, error)
        if lab is None:
            return report  # nothing could be looked at: that is told of the run, not of a check
    if (call.when == "call" or error is not None) and not item.stash.get(DONE, False):
        item.stash[DONE] = True
        result = judge(check, error, lab, time.monotonic() - item.stash[BEGAN])
        if lab is not None:
            lab.journal.end(result.verdict)
        _note_what_breaks(result, error, lab)
        wanted.spent.note(result)
        _tell_pytest(report, item, result)
        snapshot = error.snapshot if isinstance(error, CheckFailure) else None
        wanted.on_result(result, lab, snapshot.raw if snapshot is not None else None)
    return report


def _note_what_breaks(result: Result, error: BaseException | None, lab: Lab | None) -> None:
    if result.verdict is Verdict.FAIL and lab is not None:
        breaks = error.breaks if isinstance(error, CheckFailure) else ()
        for premise in (result.check.id, *breaks):
            lab.broken.setdefault(premise, result.check.id)


def _tell_pytest(report: pytest.TestReport, item: pytest.Item, result: Result) -> None:
    if result.verdict is Verdict.SKIPPED and report.outcome == "failed":
        report.outcome = "skipped"
        report.longrepr = (str(item.path), item.location[1] or 0, f"Skipped: {result.reason}")
    elif result.verdict is Verdict.FAIL:
        report.longrepr = (
            f"FAIL {result.check.full_id}\n  expected: {result.expected}\n  seen: {result.seen}"
        )


def _stop(item: pytest.Item, wanted: Wanted, error: BaseException) -> None:
    """End the run: without its sandbox every further check would say the same."""
    why = str(error) if isinstance(error, LabBroken) else f"{type(error).__name__}: {error}"
    wanted.on_broken(why)
    item.session.shouldfail = why


def judge(check: Check, error: BaseException | None, lab: Lab | None, seconds: float) -> Result:
    """Return the result of *check*: whose fault it is says the type of *error*."""
    done = tuple(lab.journal.done()) if lab is not None else ()
    if error is None:
        return Result(check, Verdict.PASS, seconds, done=done)
    if isinstance(error, CheckFailure):
        return _failed(check, error, lab, seconds, done)
    if isinstance(error, pytest.skip.Exception):
        reason = error.msg or ""
        because = reason.removeprefix("because of ") if reason.startswith("because of ") else ""
        return Result(check, Verdict.SKIPPED, seconds, reason=reason, because=because)
    if isinstance(error, LabUnsupported):
        return Result(
            check, Verdict.SKIPPED, seconds, reason=str(error), because=error.because, done=done
        )
    trace = "".join(traceback.format_exception(error))
    reason = str(error) if isinstance(error, LabBroken) else f"{type(error).__name__}: {error}"
    return Result(check, Verdict.BROKEN, seconds, reason=reason, done=done, trace=trace)


def _failed(
    check: Check, error: CheckFailure, lab: Lab | None, seconds: float, done: tuple[str, ...]
) -> Result:
    """Collect the evidence of a failure while the program is still there."""
    program = lab.program if lab is not None else None
    tables, output = None, ""
    if program is not None:
        last = _last_look(program)
        if isinstance(last, Overrun):  # that explains whatever else was seen
            last.snapshot, error = last.snapshot or error.snapshot, last
        else:
            error.snapshot = error.snapshot or last
        output = _output(program)
        if error.snapshot is not None:
            tables = evidence(error.snapshot, error.marks, program.names, program.client_names)
    return Result(
        check,
        Verdict.FAIL,
        seconds,
        done=done,
        expected=error.expected,
        seen=error.seen,
        waited=error.waited,
        evidence=tables,
        output=output,
        hint="" if isinstance(error, NoProgram) else next(iter(hints(check.lab, check.id)), ""),
    )


def _last_look(program: Program) -> Snapshot | Overrun | None:
    """Look at what is left; a failure that is being reported must not become another one."""
    try:
        return program.snapshot()
    except Overrun as overrun:
        return overrun
    except (CheckFailure, LabBroken, LabUnsupported):
        return program.last


def _output(program: Program) -> str:
    try:
        return program.output()
    except (AgentRefused, LabBroken):
        return ""
