"""The course of a demo: tell, ask, do, explain; back, again; and on, whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from forklab.demos.cast import Cast
from forklab.demos.happened import Did, Fact, Saw
from forklab.demos.keys import NEXT, Command, Keys
from forklab.demos.printer import Printer
from forklab.demos.screen import Screen
from forklab.demos.script import Script
from forklab.demos.stage import StepFailed
from forklab.errors import LabBroken, LabUnsupported

NOT_COME = (StepFailed, LabBroken, LabUnsupported)
MOVES = ("next", "back", "repeat", "jump", "quit")


class Performer(Protocol):
    """Whoever does the steps: a stage."""

    def perform(self, number: int) -> Iterator[Fact]:
        """Do step *number* and yield what has happened."""


@dataclass(frozen=True)
class Manner:
    """How a demo is shown.

    Attributes:
        predicts: whether the class is asked before something is done.
        strict: whether a step that does not come ends it, as in a rehearsal.
        shell: opens a shell beside the program and returns when it ends; None: there is none.
        kind: of the sandbox.
    """

    predicts: bool = True
    strict: bool = False
    shell: Callable[[], None] | None = None
    kind: str = "docker"


class Presenter:
    """One demo, in front of a class."""

    def __init__(
        self,
        script: Script,
        stage: Performer,
        screen: Screen,
        printer: Printer,
        keys: Keys,
        manner: Manner,
        recording: Cast | None,
    ) -> None:
        self._script = script
        self._stage = stage
        self._screen = screen
        self._printer = printer
        self._keys = keys
        self._manner = manner
        self._recording = recording
        self._done = 0  # the step that the program's state is the outcome of
        self._lost = self._broken = False
        self._hides = False
        printer.when_full = self._full

    def show(self, first: int = 1) -> None:
        """Show the demo from step *first* to its end, or until the presenter has enough.

        Raises:
            StepFailed: a step did not come, where that is strict.
            LabBroken, LabUnsupported: the same of the sandbox.
        """
        self._printer.block(self._screen.opening(self._script, keys=self._keys.asks))
        number, last = first, len(self._script.steps)
        while number <= last:
            command = self._step(number)
            if command.name == "quit":
                return
            there = {"next": number + 1, "back": number - 1, "jump": command.number}
            number = max(1, there.get(command.name, number))
            if command.name == "jump":
                number = min(number, last)
            if command != NEXT:  # a lost step is tried again, by a fresh start
                self._lost = False

    def _step(self, number: int) -> Command:
        step = self._script.steps[number - 1]
        self._printer.blank()
        self._mark(self._screen.title(self._script, number))
        self._printer.block(self._screen.heading(self._script, number))
        self._printer.blank()
        self._rewind(number)
        self._printer.block(self._screen.told("say", step))
        command = NEXT
        if self._manner.predicts:
            self._printer.block(self._screen.told("ask", step))
            command = self._ask(number, self._screen.words.predict)
        if command != NEXT:
            return command
        self._mark(f"{number}: {step.title}")
        self._printer.blank()
        self._live(number)
        self._printer.blank()
        for part in ("answer",) * self._manner.predicts + ("look",):
            if not (self._hides and part == "answer"):
                self._printer.block(self._screen.told(part, step))
        return self._ask(number, self._screen.words.go_on)

    # what is done

    def _live(self, number: int) -> None:
        """Do the step; if it does not come, show what was recorded of it, and go on."""
        step = self._script.steps[number - 1]
        if self._broken or (self._lost and not step.starts):
            words = self._screen.words
            self._instead(number, words.gone if self._broken else words.from_now_on)
            return
        self._lost, last = False, None
        try:
            for fact in self._stage.perform(number):
                self._printer.block(self._screen.fact(fact), close=isinstance(fact, Did))
                last = fact if isinstance(fact, Saw) else last
        except NOT_COME as error:
            self._give_up(error)
            self._instead(number, self._why(error))
            return
        self._done = number
        if last is not None:
            self._printer.block(self._screen.now(last))

    def _give_up(self, error: Exception) -> None:
        """Note that the program is not in the state that later steps build on."""
        if self._manner.strict:
            raise error
        self._lost, self._done = True, 0
        self._broken = not isinstance(error, StepFailed)

    def _why(self, error: Exception) -> str:
        return self._screen.words.lost.format(why=str(error).rstrip("."))

    def _instead(self, number: int, why: str) -> None:
        words = self._screen.words
        self._printer.block(self._screen.plain(why))
        text = self._recording.reveal(number) if self._recording is not None else ""
        if not text:
            file = "demo.cast" if self._screen.language == "en" else "demo.ko.cast"
            missing = words.not_recorded.format(lab=self._script.lab, file=file)
            self._printer.block(self._screen.plain(missing))
            return
        self._printer.block(self._screen.plain(words.recorded))
        self._printer.quoted(text)
        self._printer.block(self._screen.plain(words.live))

    def _rewind(self, number: int) -> None:
        """Bring the program into the state before step *number*: afresh, unseen."""
        steps, words = self._script.steps, self._screen.words
        if self._done == number - 1 or self._lost:
            return
        first = max(n for n in range(1, number + 1) if steps[n - 1].starts)
        if self._done:
            self._printer.block(self._screen.plain(words.afresh))
        if first < number:
            text = words.again_one if first == number - 1 else words.again
            text = text.format(first=first, last=number - 1)
            self._printer.block(self._screen.plain(text))
        try:
            for unseen in range(first, number):
                for _ in self._stage.perform(unseen):
                    pass
        except NOT_COME as error:
            self._give_up(error)
        else:
            self._done = number - 1

    # what is asked

    def _ask(self, number: int, prompt: str) -> Command:
        """Return where to go; a shell, or the answer that is hidden or shown, goes nowhere."""
        while True:
            command = self._wait(number, prompt)
            if command.name in MOVES:
                return command
            if command.name == "shell":
                self._shell()
            else:
                self._hides = not self._hides
                words = self._screen.words
                self._printer.block(
                    self._screen.plain(words.hidden if self._hides else words.shown)
                )
                if not self._hides:
                    step = self._script.steps[number - 1]
                    self._printer.block(self._screen.told("answer", step))

    def _wait(self, number: int, prompt: str) -> Command:
        if self._printer.recorder is not None:
            self._printer.recorder.pause()
        return self._pressed(f"[{number}/{len(self._script.steps)}] {prompt} > ")

    def _pressed(self, prompt: str) -> Command:
        self._keys.forget()
        if self._keys.asks:
            self._printer.aside(prompt)
        command = self._keys.wait()
        if self._keys.asks:
            self._printer.aside("\n")
        self._printer.begin_screen()
        return command

    def _full(self) -> None:
        """Let the class read a screen that is full."""
        if self._printer.recorder is not None:
            self._printer.recorder.pause()
        self._pressed(f"[{self._screen.words.more}] ")

    def _shell(self) -> None:
        words = self._screen.words
        if self._manner.shell is None or self._broken:
            self._printer.block(self._screen.plain(words.no_shell.format(kind=self._manner.kind)))
            return
        self._printer.block(self._screen.plain(words.shell))
        try:
            with self._keys.lent():
                self._manner.shell()
        except LabBroken as error:  # the demo itself goes on
            self._printer.block(self._screen.plain(f"{error}"))

    def _mark(self, label: str) -> None:
        if self._printer.recorder is not None:
            self._printer.recorder.mark(label)
