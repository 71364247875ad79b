"""The three steps towards pipe_conversation, their races made; and what its sheet shows.

A race is made by holding one side: of one pipe both ways, each outcome is seen for certain.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from forklab import labs
from forklab.checks import pipe_ends, processes, talk
from forklab.checks.pipe_ends import Pair
from forklab.errors import CheckFailure
from forklab.facts import Process, Snapshot
from forklab.facts.snapshot import Key
from forklab.program.lab import Lab
from forklab.program.program import Program
from tests import documents
from tests.documents import HERE

pytestmark = pytest.mark.engine

INFO = labs.read("pipe_conversation")
WORDS = b"otter-5129 and maple-8834"
THANKS = b"child heard: thank you for your message"
PARENT_HEARD, CHILD_HEARD = b"parent heard: " + WORDS, b"child heard: " + WORDS

Started = tuple[Program, Pair]


@pytest.fixture
def start(sandbox: Lab) -> Callable[[str], Started]:
    """Start a step, and wait until its child asks for its words."""

    def start(step: str) -> Started:
        lab = Lab(sandbox.link, INFO.spec, INFO.folder / "steps" / f"{step}.py")
        lab.reset()
        program = lab.launch()
        pair = program.eventually(pipe_ends.one_child, program.names)
        program.eventually(pipe_ends.in_turn, pair, pair.child, program.names)
        return program, pair

    return start


def say(program: Program) -> None:
    """Give the child its words."""
    program.type(WORDS + b"\n")


def heard(program: Program, who: str, words: bytes) -> None:
    """Demand that *words* are printed, once."""
    program.eventually_printed(talk.said, words, who)


def waits_in(snapshot: Snapshot, key: Key, call: str) -> Process:
    """Demand that process *key* sleeps in *call*."""
    process = snapshot.by_key[key]
    if not process.waits_in().startswith(call):
        raise CheckFailure(f"it waits in {call}", process.doing)
    return process


def test_one_way_arrives(start: Callable[[str], Started]) -> None:
    program, _ = start("one_way")

    say(program)

    heard(program, "parent", PARENT_HEARD)
    program.eventually(processes.all_ended, program.names)


def test_both_ways_a_process_reads_back_its_own_words(start: Callable[[str], Started]) -> None:
    program, pair = start("both_ways")

    with program.frozen(program.snapshot().by_key[pair.parent]):
        say(program)
        heard(program, "child", CHILD_HEARD)

    program.eventually(waits_in, pair.parent, "read")  # it has just been let go
    program.throughout(waits_in, pair.parent, "read")
    assert b"parent heard" not in program.printed()


def test_both_ways_with_a_pause_goes_right_where_the_parent_reads_meanwhile(
    start: Callable[[str], Started],
) -> None:
    program, pair = start("both_ways_with_pause")

    say(program)
    with program.frozen(program.eventually(waits_in, pair.child, "clock_nanosleep")):
        heard(program, "parent", PARENT_HEARD)

    heard(program, "child", THANKS)
    program.eventually(processes.all_ended, program.names)


def test_both_ways_the_pause_mends_nothing_where_the_parent_is_late(
    start: Callable[[str], Started],
) -> None:
    program, pair = start("both_ways_with_pause")

    with program.frozen(program.snapshot().by_key[pair.parent]):
        say(program)
        heard(program, "child", CHILD_HEARD)

    program.eventually(waits_in, pair.parent, "read")
    program.throughout(waits_in, pair.parent, "read")


def test_two_pipes_nobody_reads_back_however_late_the_other_is(
    start: Callable[[str], Started],
) -> None:
    program, pair = start("two_pipes")

    with program.frozen(program.snapshot().by_key[pair.parent]):
        say(program)
        program.eventually(pipe_ends.has_sent, pair.child, program.names)
        program.throughout(pipe_ends.has_sent, pair.child, program.names)
        assert program.printed() == b""

    heard(program, "parent", PARENT_HEARD)
    heard(program, "child", THANKS)
    program.eventually(processes.all_ended, program.names)


@pytest.mark.parametrize("step", ["one_way", "both_ways_with_pause", "two_pipes"])
def test_the_parent_of_each_step_reaps(start: Callable[[str], Started], step: str) -> None:
    program, pair = start(step)

    say(program)
    program.eventually(processes.all_ended, program.names)

    talk.reaped_by_the_parent(program.snapshot(), pair, program.names)


def test_its_input_may_be_a_file_again_and_again(sandbox: Lab) -> None:
    lab = Lab(sandbox.link, INFO.spec, INFO.folder / "steps/one_way.py")
    lab.reset()
    for words in (WORDS, WORDS[::-1]):
        program = lab.launch(stdin="file", content=words)
        heard(program, "parent", b"parent heard: " + words)


def test_every_step_is_in_the_sheet_and_started_here() -> None:
    sheet = (INFO.folder / "README.md").read_text()
    steps = sorted(path.name for path in (INFO.folder / "steps").glob("*.py"))

    assert sorted(re.findall(r"\(steps/(\w+\.py)\)", sheet)) == steps
    for step in steps:
        assert f'"{step.removesuffix(".py")}"' in (HERE / __file__).read_text()


def test_the_sheet_shows_who_waits_and_who_holds_which_end(sandbox: Lab) -> None:
    lab = Lab(sandbox.link, INFO.spec, INFO.program)
    lab.reset()
    program = lab.launch(stdin="pty")
    pair = program.eventually(pipe_ends.one_child, program.names)
    program.eventually(pipe_ends.in_turn, pair, pair.child, program.names)
    now = program.stable()

    shown = {
        command: output
        for block in documents.blocks((INFO.folder / "README.md").read_text())
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
        for command, _, output in [part.partition("\n")]
    }
    rows = next(text for command, text in shown.items() if command.startswith("ps")).splitlines()[
        1:
    ]
    (parent, _, _, _, *args), (child, of, *_) = (row.split() for row in rows)
    assert (of, args) == (parent, list(now.by_key[pair.parent].args))
    for pid, key in ((parent, pair.parent), (child, pair.child)):
        assert in_listing(shown[f"ls -l /proc/{pid}/fd"]) == in_snapshot(now.by_key[key])


def in_listing(text: str) -> list[tuple[int, str]]:
    """Return number and access of each pipe's end in what ls shows."""
    found = re.findall(r"^l(r|-)(w|-)x.* (\d+) -> pipe:", text, re.MULTILINE)
    return sorted((int(number), (r + w).replace("-", "")) for r, w, number in found)


def in_snapshot(process: Process) -> list[tuple[int, str]]:
    """Return the same of a process, but its standard error, which is the harness's pipe here."""
    return [(fd.number, fd.access) for fd in process.fds if fd.kind == "pipe" and fd.number > 2]
