"""A demo in words: what a script says, and what has happened, as blocks of lines.

Plain text, 80 columns or 60; colour, where there is any, says nothing that the words do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import cast

from forklab.demos import layout
from forklab.demos.expectations import Judged
from forklab.demos.happened import Did, Ended, Fact, Grid, Heard, Ps, Saw, Thing
from forklab.demos.layout import Row
from forklab.demos.script import Script, Step
from forklab.demos.words import WORDS, Words
from forklab.reports.text import Line, columns, pad, wrap

WIDTH, NARROW = 80, 60
ALIKE = 3  # more rows than this that differ in name and pid only are folded
COMMANDS = {"ps": "ps -o pid,ppid,stat,args", "fds": "ls -l /proc/PID/fd",
            "calls": "cat /proc/PID/syscall"}  # fmt: skip
LABELS = 8
SHORTEST_S = 0.0001

Block = list[Line]


@dataclass(frozen=True)
class Screen:
    """How a demo is put into words.

    Attributes:
        language: "en" or "ko".
        width: in columns.
    """

    language: str
    width: int = WIDTH

    @property
    def words(self) -> Words:
        """The words around it."""
        return WORDS[self.language]

    # what the script says

    def opening(self, script: Script, *, keys: bool) -> Block:
        """Return the first lines: what it is, and which keys there are."""
        text = self.words.opening.format(
            lab=script.lab, title=script.title, count=len(script.steps), minutes=script.minutes
        )
        lines = [Line(part, "good") for part in wrap(text, self.width)]
        return lines + self.plain(self.words.keys) if keys else lines

    def title(self, script: Script, number: int) -> str:
        """Return the heading of step *number*, from 1."""
        title = script.steps[number - 1].title
        return self.words.step.format(number=number, count=len(script.steps), title=title)

    def heading(self, script: Script, number: int) -> Block:
        """Return the heading of a step, and a rule above it."""
        lines = [Line(part, "good") for part in wrap(self.title(script, number), self.width)]
        return [Line("-" * self.width, "quiet"), *lines]

    def told(self, part: str, step: Step) -> Block:
        """Return `say`, `ask`, `answer` or `look` of a step, beside its label."""
        label = getattr(self.words, part)
        return layout.labelled(label, getattr(step, part), self.width, LABELS)

    def plain(self, text: str) -> Block:
        """Return one sentence of the presenter's own."""
        return [Line(part) for part in wrap(text, self.width)]

    def now(self, saw: Saw) -> Block:
        """Return who is there now, names before numbers."""
        text = "   ".join(f"{who} {pid}" for who, pid in saw.now) or self.words.nobody
        return layout.labelled(self.words.now, text, self.width, LABELS)

    # what has happened

    def fact(self, fact: Fact) -> Block:
        """Return what was done, or seen."""
        return self._did(fact) if isinstance(fact, Did) else self._saw(fact)

    def _did(self, did: Did) -> Block:
        words = self.words.what
        who = self._names(did.who)
        if did.command:
            command = f"  $ {did.command}{' &' * did.beside}"
            comment = words[did.what].format(who=who)
            return self._commented(command, f"# {comment}" if comment else "")
        key = "leave-all" if did.what == "leave" and len(did.who) > 1 else did.what
        said = words["send" if key == "ask" else key].format(*did.who, who=who, text=did.text)
        lines = [said]
        if did.what == "ask":
            lines.append(words["reply"].format(who=who, text=did.reply))
        return [Line("    " + part) for line in lines for part in wrap(line, self.width - 4)]

    def _commented(self, command: str, comment: str) -> Block:
        """Return a command as it is typed, and who is meant behind it."""
        lines = [Line(part) for part in wrap(command, self.width)]
        if not comment:
            return lines
        last = pad(lines[-1].text, 30) + "   " + comment
        if columns(last) <= self.width:
            return [*lines[:-1], Line(last)]
        return [*lines, *(Line("      " + part) for part in wrap(comment, self.width - 6))]

    def _names(self, who: Sequence[str]) -> str:
        if len(who) < 2:
            return "".join(who)
        return self.words.to.format(first=who[0], last=who[-1])

    def _saw(self, saw: Saw) -> Block:
        draw = {"ps": self._ps, "calls": self._calls, "fds": self._fds, "ends": self._ends,
                "clients": self._clients, "output": self._quoted, "file": self._quoted,
                "diff": self._diff}[saw.what]  # fmt: skip
        return [*self._title(saw), *draw(saw), *self._judged(saw.judged)]

    def _title(self, saw: Saw) -> Block:
        if saw.what in self.words.titles:
            return [Line("  " + self.words.titles[saw.what])]
        names = {"diff": "diff right wrong", "file": f"cat {saw.name}"}
        comment = self.words.in_words if saw.what in ("fds", "calls") else ""
        return self._commented("  $ " + (COMMANDS.get(saw.what) or names[saw.what]), comment)

    def _judged(self, judged: Sequence[Judged]) -> Block:
        lines: Block = []
        for one in judged:
            wanted = one.expectation
            claim = wanted.text if self.language == "en" else wanted.in_korean()
            label = self.words.fails if wanted.fails else self.words.seen
            text = f"{claim} ({one.seen})" if one.seen else claim
            first, *rest = wrap(f"{label}: {text}", self.width - 6)
            lines.append(Line("    " + first, "bad" if wanted.fails else "good", label))
            lines += [Line("      " + part) for part in rest]
        return lines

    # tables

    def _ps(self, saw: Saw) -> Block:
        rows = cast("tuple[Ps, ...]", saw.facts)
        heads = self.words.heads
        head = (heads["who"], heads["pid"], heads["ppid"], heads["stat"], heads["command"])
        groups = [list(of) for _, of in groupby(rows, key=lambda r: (r.state, r.ppid, r.command))]
        folded = [row for group in groups for row in self._folded(group)]
        return self._table(head, folded)

    def _folded(self, group: Sequence[Ps]) -> list[Row]:
        rows = [self._process(ps, ps.command) for ps in group]
        if len(group) <= ALIKE:
            return rows
        who = self._names([ps.who for ps in group[1:]])
        return [rows[0]._replace(below=self.words.like.format(count=len(group) - 1, who=who))]

    def _process(self, ps: Ps, last: str) -> Row:
        note = self.words.notes.get(ps.state, "")
        return Row((ps.who, str(ps.pid), str(ps.ppid), ps.state, last), note)

    def _calls(self, saw: Saw) -> Block:
        heads = self.words.heads
        rows = [
            Row((ps.who, str(ps.pid), ps.state, ps.waits_in), self.words.notes.get(ps.state, ""))
            for ps in cast("tuple[Ps, ...]", saw.facts)
        ]
        return self._table((heads["who"], heads["pid"], heads["stat"], heads["waits"]), rows)

    def _table(self, head: tuple[str, ...], rows: Sequence[Row]) -> Block:
        if not rows:
            return [Line("    " + self.words.nobody)]
        return layout.table(head, rows, self.width)

    def _fds(self, saw: Saw) -> Block:
        (grid,) = cast("tuple[Grid]", saw.facts)
        if not grid.rows:
            return [Line("    " + self.words.nothing)]
        rows = [
            Row((self._thing(row.thing), *(_numbers(row.numbers.get(who, ())) for who in grid.who)))
            for row in grid.rows
        ]
        lines = layout.table(("", *grid.who), rows, 10_000, indent=2)
        if max(columns(line.text) for line in lines) <= self.width:
            return lines
        return self._table(("", "fd", ""), list(self._listed(grid)))

    def _listed(self, grid: Grid) -> list[Row]:
        """Return the same as `_fds` for narrow screens: process by process."""
        return [
            Row((who, _numbers(row.numbers[who]).removeprefix("fd "), self._thing(row.thing)))
            for who in grid.who
            for row in grid.rows
            if who in row.numbers
        ]

    def _thing(self, thing: Thing) -> str:
        kind, words = thing
        if kind == "connection" and words == ("server",):
            kind = "to-server"
        if kind in ("channel", "pipe"):
            kind = f"{kind}-{words[1]}"
        return self.words.things[kind].format(words[0].removeprefix("worker-") if words else "")

    # sentences

    def _ends(self, saw: Saw) -> Block:
        lines = [self._end(row) for row in cast("tuple[Ended, ...]", saw.facts)]
        return self._indented(lines or [self.words.nobody])

    def _end(self, row: Ended) -> str:
        by = self.words.by_parent if row.by_parent else self.words.by_init
        how, rest = self._how(row.how), self.words.zombie.format(_lasted(row.zombie_s), by=by)
        return self.words.was.format(who=row.who, how=how, rest=rest)

    def _how(self, how: str) -> str:
        last = how.rpartition(" ")[2]
        if how.startswith("exited"):
            return self.words.exited.format(last)
        return self.words.killed.format(last) if how.startswith("killed") else self.words.ended

    def _clients(self, saw: Saw) -> Block:
        rows = cast("tuple[Heard, ...]", saw.facts)
        return self._indented([f"{row.who}: {self._heard(row)}" for row in rows])

    def _heard(self, row: Heard) -> str:
        if row.state == "refused":
            return self.words.states["refused"]
        text = " / ".join(row.heard.decode(errors="replace").splitlines())
        got = self.words.got.format(text=text) if text else self.words.got_nothing
        return f"{got}, {self.words.states[row.state]}"

    def _indented(self, texts: Sequence[str]) -> Block:
        return [Line("    " + part) for text in texts for part in wrap(text, self.width - 4)]

    def _quoted(self, saw: Saw) -> Block:
        lines = cast("tuple[str, ...]", saw.facts)
        return layout.quoted(lines, self.width) or self._indented([self.words.nothing])

    def _diff(self, saw: Saw) -> Block:
        tones = {"-": "good", "+": "bad"}
        return [
            Line("    " + part, tones.get(line[:1], ""))
            for line in cast("tuple[str, ...]", saw.facts)
            if line.strip()
            for part in wrap(line, self.width - 4)
        ]


def _numbers(numbers: Sequence[int]) -> str:
    return "fd " + ",".join(map(str, numbers)) if numbers else "-"


def _lasted(seconds: float | None) -> str:
    """Return a time with its unit, "?" if it is not known."""
    if seconds is None:
        return "?"
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.1f} ms" if seconds >= SHORTEST_S else "less than 0.1 ms"
