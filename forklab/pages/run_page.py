"""The page of one run: verdicts, then for each failure what happened and who held what.

It has a size that a mail and a course platform take: failures get their pictures in order while
there is room, and the page says which have none.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from typing import NamedTuple

from markupsafe import Markup

from forklab.events.event import Event
from forklab.events.traced import again
from forklab.figures.scene import most_telling, scenes
from forklab.figures.sharing import most_open, sharing
from forklab.figures.timeline import timeline
from forklab.pages import environment
from forklab.pages.event_words import clause
from forklab.pages.words import say
from forklab.reports import tables
from forklab.reports.folder import FILES, LOG
from forklab.reports.text import bounded, columns
from forklab.results.evidence import Evidence
from forklab.results.record import REFERENCE, Result, Run, Verdict, points

MOST_BYTES = 150_000
RESERVE = 2_000  # for words of the page that depend on what was left out
FIRST_STEPS = 4
MOST_ROWS = 60  # of both tables: more are folded
OUTPUT_COLUMNS = 160
WARNING_LINES = 20
PAGE, SECTION = "run.html.j2", "run_check.html.j2"
TEMPLATES = (PAGE, SECTION, "base.html.j2", "parts.html.j2", "figures.html.j2")


class Room(NamedTuple):
    """How much is said of one check.

    Attributes:
        trace: whether it has the timeline of what strace told, where that was asked for.
        pictures: whether it has figures and tables.
        steps, lines: of what was done, of what was printed, so many at most.
        letters: of a sentence.
        notes: so many at most.
    """

    trace: bool
    pictures: bool
    steps: int
    lines: int
    letters: int
    notes: int


WHOLE = Room(trace=True, pictures=True, steps=12, lines=20, letters=2000, notes=3)
PICTURES = WHOLE._replace(trace=False)
WORDS = Room(trace=False, pictures=False, steps=6, lines=5, letters=400, notes=1)
LEAST = Room(trace=False, pictures=False, steps=0, lines=0, letters=160, notes=0)


@dataclass(frozen=True)
class Section:
    """One check on the page: its id, and what is said of it."""

    id: str
    html: Markup

    @property
    def size(self) -> int:
        """Bytes of it."""
        return len(self.html.encode())


@dataclass(frozen=True)
class Facts:
    """What the page is made of.

    Attributes:
        run: what was found out.
        events: the log of the run, in the order of time; none if the program was never started.
        looks: what the last look showed of checks that passed, by their ids.
        again: the command line that does the same once more.
    """

    run: Run
    events: Sequence[Event] = ()
    looks: Mapping[str, Evidence] = field(default_factory=dict)
    again: str = ""


def prepare(language: str) -> None:
    """Do now what a page costs before anything is known that is on it."""
    environment.prepare(TEMPLATES, language)


def render(facts: Facts, language: str) -> str:
    """Return the page, HTML, in *language* ("en" or "ko")."""
    writer = _Writer(facts, language)
    least = [writer.section(result, number, LEAST) for number, result in writer.failures]
    room = MOST_BYTES - RESERVE - len(writer.page(least, [], 0).encode())
    failures, left_out = writer.filled(least, room)
    told = [] if facts.run.failures else writer.told(room)
    return writer.page(failures, told, left_out)


class _Writer:
    def __init__(self, facts: Facts, language: str) -> None:
        self._facts, self._run, self._language = facts, facts.run, language
        self._scenes = scenes(facts.events)
        self.failures = list(enumerate(facts.run.failures, 1))

    def filled(self, least: Sequence[Section], room: int) -> tuple[list[Section], int]:
        """Return the sections of all failures, and how many have no pictures.

        Where there is no more room for the trace or the pictures of one, the others have none
        either; where there is none for all its words, they have the least.
        """
        made: list[Section] = []
        rooms, pictured = [WHOLE, PICTURES, WORDS], 0
        for (number, result), shortest in zip(self.failures, least, strict=True):
            chosen = shortest
            while rooms and chosen is shortest:
                section = self.section(result, number, rooms[0])
                if section.size - shortest.size <= room:
                    chosen = section
                    pictured += rooms[0].pictures
                else:
                    del rooms[0]
            room -= chosen.size - shortest.size
            made.append(chosen)
        return made, len(made) - pictured

    def told(self, room: int) -> list[Section]:
        """Return sections of two checks that passed: one by what happened, one by what was open."""
        passed = {r.check.id: r for r in self._run.results if r.verdict is Verdict.PASS}
        found = {check: scene for check, scene in self._scenes.items() if check in passed}
        first = most_telling(found.values())
        others = {c: e for c, e in self._facts.looks.items() if c in found and c != first}
        chosen = [check for check in (first, most_open(others)) if check]
        made = []
        for number, check in enumerate(chosen, 1):
            section = self.section(passed[check], number, WHOLE)
            if section.size <= room:
                made.append(section)
                room -= section.size
        return made

    def section(self, result: Result, number: int, room: Room) -> Section:
        """Return what is said of one check, the failure or the picture of that *number*."""
        scene = self._scenes.get(result.check.id) if room.pictures else None
        traced = self._scenes.get(again(result.check.id)) if room.trace else None
        evidence = result.evidence or self._facts.looks.get(result.check.id)
        printed = _printed(result.output, room.lines)
        steps = _steps(result.done, room.steps)
        values = {
            "result": result,
            "room": room,
            "number": number,
            "notes": result.notes[: room.notes],
            "line": timeline(scene) if scene is not None else None,
            "traced": timeline(traced) if traced is not None else None,
            "shares": sharing(evidence) if room.pictures and evidence is not None else None,
            "tables": _tables(evidence) if room.pictures and evidence is not None else "",
            "marked": _marked(evidence),
            "printed": "\n".join(printed),
            "printed_lines": len(printed),
            "done": steps,
            "done_left_out": len(result.done) - len(steps) if steps else 0,
            "clause": partial(clause, self._language),
            "folder": self._run.folder,
            "again": f"{self._facts.again} --only {result.check.id}",
        }
        html = environment.render(SECTION, self._language, values)
        return Section(result.check.id, Markup(html))

    def page(self, failures: Sequence[Section], told: Sequence[Section], left_out: int) -> str:
        """Return the whole page."""
        run = self._run
        earned, possible = points(run.results)
        values = {
            "run": run,
            "program": run.program.removeprefix(REFERENCE),
            "is_reference": run.program.startswith(REFERENCE),
            "counted": self._counted(),
            "earned": earned,
            "possible": possible,
            "failures": failures,
            "told": told,
            "broken": [r for r in run.results if r.verdict is Verdict.BROKEN],
            "pictures_left_out": left_out,
            "warnings": _warnings(run.warnings),
            "files": (*FILES, LOG) if self._facts.events else FILES,
            "again": self._facts.again,
            "version": version("forklab"),
        }
        return environment.render(PAGE, self._language, values)

    def _counted(self) -> str:
        words = {
            Verdict.PASS: "n_passed", Verdict.FAIL: "n_failed", Verdict.SKIPPED: "skipped_n",
            Verdict.BROKEN: "broken_n",
        }  # fmt: skip
        counts = [(self._run.count(verdict), key) for verdict, key in words.items()]
        return ", ".join(say(self._language, key, n=count) for count, key in counts if count)


def _steps(done: Sequence[str], most: int) -> list[str]:
    if len(done) <= most:
        return list(done)
    return [*done[:FIRST_STEPS], *done[len(done) - most + FIRST_STEPS :]] if most else []


def _printed(output: str, most: int) -> list[str]:
    rows = [row for row in output.split("\n") if row.strip()] if most else []
    return [bounded(row, OUTPUT_COLUMNS) for row in rows[-most:]]


def _tables(evidence: Evidence) -> str:
    """Return the tables of the report as text; those that are folded where there are many rows."""
    if not evidence.processes:
        return ""
    whole = len(evidence.processes) + len(evidence.descriptors) <= MOST_ROWS
    legend = f"\n    ({tables.legend(evidence)})"
    parts = ["\n".join(line.text for line in tables.processes(evidence, full=whole)) + legend]
    if ends := tables.ends(evidence, full=False):
        parts.append("\n".join(ends))
    if rows := tables.descriptors(evidence, full=whole):
        parts.append("\n".join(line.text for line in rows))
    return textwrap.dedent("\n\n".join(parts))


def _marked(evidence: Evidence | None) -> dict[str, str]:
    """Names of the culprits."""
    return {} if evidence is None else {row.who: row.mark for row in evidence.culprits if row.who}


def _warnings(text: str) -> str:
    rows = text.rstrip().split("\n")[:WARNING_LINES] if text.strip() else []
    return "\n".join(bounded(row, OUTPUT_COLUMNS) for row in rows if columns(row))
