"""What `forklab demo` and `forklab replay` do: from what a person wants to what is shown."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from forklab import labs, shell
from forklab.demos import cast, replay, script
from forklab.demos.cast import Cast, Recorder
from forklab.demos.keys import Keys, Nobody, Terminal
from forklab.demos.presenter import Manner, Presenter
from forklab.demos.printer import Printer
from forklab.demos.screen import NARROW, WIDTH, Screen
from forklab.demos.script import Script
from forklab.demos.stage import Stage, StepFailed
from forklab.errors import LabBroken, LabUnsupported, SandboxError, UsageError
from forklab.labs import LabInfo
from forklab.reports.terminal import wants_colour
from forklab.sandbox.choose import Sandbox, choose
from forklab.sandbox.container import Container
from forklab.sandbox.link import Link

LIVE_S, STRICT_S = 10.0, 20.0  # within which what is expected is to be seen
BIG_ROWS = 20
RECORDED_ROWS = 36
LEAST_WIDTH = 40
FAILED = 1

Say = Callable[[str], None]


@dataclass(frozen=True)
class Wanted:
    """What a person asked for.

    Attributes:
        language: "en" or "ko".
        auto_s: seconds between the steps, without keys; None: keys.
        strict: rehearse: no waiting, and a step that does not come ends it.
        record: a file for a recording.
        first: the step to begin with.
        big: 60 columns, 20 rows a screen, blank lines.
        predicts: whether the class is asked.
        sandbox: its kind; "": the one that is here.
    """

    lab: str
    language: str = "en"
    auto_s: float | None = None
    strict: bool = False
    record: Path | None = None
    first: int = 1
    big: bool = False
    predicts: bool = True
    sandbox: str = ""


def recording_of(info: LabInfo, language: str) -> Path:
    """Return where the recording of a lab's demo is kept."""
    return info.folder / ("demo.cast" if language == "en" else f"demo.{language}.cast")


def demo(wanted: Wanted, out: TextIO, tell: Say) -> int:
    """Show the demo of a lab; return the exit status: 0, or 1 if a strict step did not come.

    Raises:
        UsageError: there is no such lab, demo, step or terminal; or a file cannot be written.
        SandboxError: there is no sandbox, or it has ended in a rehearsal.
    """
    info = labs.read(wanted.lab)
    told = script.read(info, wanted.language)
    if not 1 <= wanted.first <= len(told.steps):
        raise UsageError(f"--from {wanted.first}: this demo has the steps 1 to {len(told.steps)}")
    with contextlib.ExitStack() as stack:
        keys = stack.enter_context(_keys(wanted, info, out))
        printer = _printer(wanted, told, out, stack)
        sandbox, link = _opened(wanted, info, tell, stack)
        stage = Stage(link, info, told, STRICT_S if wanted.strict else LIVE_S)
        beside = _shell(sandbox, stage, info) if isinstance(sandbox, Container) else None
        manner = Manner(wanted.predicts, wanted.strict, beside, sandbox.kind)
        screen = Screen(told.language, _width(wanted, out))
        recording = _recording(info, told)
        try:
            Presenter(told, stage, screen, printer, keys, manner, recording).show(wanted.first)
        except StepFailed as failed:
            tell(f"forklab: demo {info.dashed}, {failed}")
            return FAILED
        except LabUnsupported as missing:
            raise LabBroken(f"this demo cannot be shown here: {missing}") from missing
    return 0


def _keys(wanted: Wanted, info: LabInfo, out: TextIO) -> contextlib.AbstractContextManager[Keys]:
    if wanted.strict or wanted.auto_s is not None:
        return contextlib.nullcontext(Nobody(0.0 if wanted.strict else wanted.auto_s or 0.0))
    if not (sys.stdin.isatty() and out.isatty()):
        raise UsageError(
            f"a demo is shown on a terminal: without one, give --auto 4 (seconds between the "
            f"steps) or --rehearse, or play its recording: forklab replay {info.dashed}"
        )
    return Terminal()


def _printer(wanted: Wanted, told: Script, out: TextIO, stack: contextlib.ExitStack) -> Printer:
    recorder = None
    width = _width(wanted, out)
    rows = 0 if wanted.strict or wanted.auto_s is not None else shutil.get_terminal_size().lines
    rows = BIG_ROWS if wanted.big else rows
    if wanted.record is not None:
        title = f"forklab demo {told.lab}: {told.title}"
        height = rows or RECORDED_ROWS
        recorder = Recorder(wanted.record, width, height, title, told.digest)
        stack.callback(recorder.close)
    return Printer(
        out,
        colour=wants_colour(out, os.environ),
        rows=max(rows - 1, 0),  # the prompt is a row, too
        airy=wanted.big,
        recorder=recorder,
    )


def _width(wanted: Wanted, out: TextIO) -> int:
    most = NARROW if wanted.big else WIDTH
    if not out.isatty():
        return most
    return max(min(most, shutil.get_terminal_size().columns), LEAST_WIDTH)


def _opened(
    wanted: Wanted, info: LabInfo, tell: Say, stack: contextlib.ExitStack
) -> tuple[Sandbox, Link]:
    try:
        sandbox = choose(wanted.sandbox, tell)
        return sandbox, stack.enter_context(sandbox.open())
    except SandboxError as error:
        raise SandboxError(
            f"{str(error).rstrip('.')}. `forklab replay {info.dashed}` plays the recording of "
            "this demo without a sandbox."
        ) from error


def _shell(container: Container, stage: Stage, info: LabInfo) -> Callable[[], None]:
    def opened() -> None:
        program = stage.program
        command = " ".join(program.argv)
        place = shell.Place(program.folder, command, program.port, program.pid, output="")
        shell.beside(container, info.name, place)

    return opened


def _recording(info: LabInfo, told: Script) -> Cast | None:
    """Return the recording of this very text, to be shown where a live step does not come."""
    with contextlib.suppress(UsageError):
        found = cast.read(recording_of(info, told.language))
        return found if found.digest == told.digest else None
    return None


def play(lab: str, language: str, pace: replay.Pace, out: TextIO) -> None:
    """Play the recording of a lab's demo; without a terminal at once.

    Raises:
        UsageError: there is no such lab, or no recording of it, or it cannot be read.
    """
    found = cast.read(recording_of(labs.read(lab), language))
    colour = wants_colour(out, os.environ)
    replay.play(found, out, colour=colour, pace=pace if out.isatty() else None)
