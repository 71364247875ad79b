"""What a person reads: whole transcripts, 80 columns, no byte that a terminal would obey."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from forklab.reports import folder
from forklab.reports.terminal import Terminal, wants_colour
from forklab.reports.text import WIDTH, columns
from forklab.results.evidence import evidence
from forklab.results.record import Result, Run, Verdict
from tests import report_samples as samples

GOLDEN = Path(__file__).parent / "golden"
RUNS = {
    "all_pass": samples.all_pass,
    "burst_fails": samples.burst_fails,
    "killed_worker": samples.killed_worker,
    "many_steps": samples.many_steps,
    "starts_fails": samples.starts_fails,
    "interrupted": samples.interrupted,
    "broken_check": samples.broken_check,
    "broken_run": samples.broken_run,
    "hostile": samples.hostile,
}


class Tty(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def transcript(run: Run, stream: io.StringIO | None = None, **environ: str) -> str:
    """Return what the terminal shows of *run*, from begin to end."""
    stream = stream or io.StringIO()
    terminal = Terminal(stream, environ)
    checks = [result.check for result in run.results]
    later = [samples.check(f"later-{n}") for n in range(run.total - len(checks))]
    if checks:
        terminal.begin(run, [*checks, *later])
    for result in run.results:
        terminal.result(result)
    terminal.end(run)
    return stream.getvalue()


def compare(name: str, shown: str) -> None:
    """Compare with a golden file; FORKLAB_RECORD=1 writes it anew, for a person to read."""
    path = GOLDEN / name
    if os.environ.get("FORKLAB_RECORD"):
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", RUNS)
def test_transcript_is_as_recorded(name: str) -> None:
    compare(f"{name}.txt", transcript(RUNS[name]()))


@pytest.mark.parametrize("name", ["burst_fails", "killed_worker"])
def test_full_report_is_as_recorded(name: str) -> None:
    compare(f"{name}.report.txt", folder.report(RUNS[name]()))


@pytest.mark.parametrize("render", [transcript, folder.report])
@pytest.mark.parametrize("name", RUNS)
def test_no_line_is_wider_than_80_columns(name: str, render: Callable[[Run], str]) -> None:
    for line in render(RUNS[name]()).split("\n"):
        assert columns(line) <= WIDTH, line


@pytest.mark.parametrize("name", RUNS)
def test_every_byte_is_printable(name: str) -> None:
    shown = transcript(RUNS[name]())

    assert all(line.isprintable() for line in shown.split("\n"))


def test_each_check_is_one_flushed_line_with_verdict_id_and_seconds() -> None:
    stream = io.BytesIO()
    terminal = Terminal(io.TextIOWrapper(stream, encoding="utf-8"), {})
    run = samples.all_pass()
    terminal.begin(run, [result.check for result in run.results])
    before = stream.getvalue()

    terminal.result(run.results[2])

    assert stream.getvalue()[len(before) :].decode().split() == [
        "1/5", "PASS", "reaps-a-burst", "0.02", "s", "core"
    ]  # fmt: skip
    assert stream.getvalue().count(b"\n") == before.count(b"\n") + 1


def test_the_culprit_is_marked_in_words_beside_its_row() -> None:
    shown = transcript(samples.killed_worker())

    rows = shown.split("\n")
    at = next(i for i, row in enumerate(rows) if "worker-1" in row and "<defunct>" in row)
    assert "<-- ended 1.3 s ago, nobody waited for it" in rows[at + 1]
    assert "Unix stream socket, other end: worker-2 fd 4" in shown


def test_only_the_first_failure_is_expanded() -> None:
    shown = transcript(samples.burst_fails())

    assert shown.count("  Expected  ") == 1
    assert "reaps-while-busy      142 zombies" in shown
    assert "[cut]" in shown


def test_skipped_names_the_check_it_is_because_of() -> None:
    shown = transcript(samples.burst_fails())

    assert "SKIPPED  a-killed-child-hurts-nobody  because of reaps-a-burst\n" in shown


def test_a_long_because_stands_on_a_line_of_its_own() -> None:
    long = "workers-end-with-the-dispatcher"
    skipped = Result(samples.check(long), Verdict.SKIPPED, 0.0, because=long)

    shown = transcript(samples.run("prefork", [skipped]))

    assert f"\n               because of {long}\n" in shown


@pytest.mark.parametrize(
    ("environ", "tty", "expected"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ],
)
def test_colour_is_for_who_wants_it(environ: dict[str, str], tty: bool, expected: bool) -> None:
    assert wants_colour(Tty() if tty else io.StringIO(), environ) is expected


def test_colour_adds_nothing_but_colour() -> None:
    run = samples.burst_fails()
    coloured = transcript(run, Tty(), TERM="xterm")

    for code in ("\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[2m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == transcript(run)


def test_a_stream_that_cannot_carry_a_letter_gets_an_escape() -> None:
    raw = io.BytesIO()
    terminal = Terminal(io.TextIOWrapper(raw, encoding="ascii"), {})

    terminal.begin(replace(samples.all_pass(), program="과제/서버.c"), [])

    assert rb"\uacfc\uc81c" in raw.getvalue()


def test_a_process_that_ended_before_is_told_with_its_signal() -> None:
    taken = samples.snapshot(ends=[[31, 7031, 104.6, 104.7, False, True, 13]])
    gone = replace(
        samples.KILLED_FAILED, evidence=evidence(taken, {}, {(31, 7031): "dispatcher"}, {})
    )

    shown = transcript(samples.run("prefork", [gone]))

    assert "none: every process of the program was gone" in shown
    assert "dispatcher (pid 31) killed by SIGPIPE 0.42 s before, reaped by PID 1" in shown


def test_a_program_that_printed_nothing_is_said_to() -> None:
    silent = replace(samples.BURST_FAILED, output="")

    assert "The program had printed nothing." in transcript(samples.run("fork_echo", [silent]))


def test_many_marked_rows_are_bounded_and_counted() -> None:
    shown = transcript(samples.run("prefork", [samples.many_descriptors()]))

    assert "(89 more rows are left out here)" in shown


def test_warnings_are_bounded_and_the_rest_is_counted() -> None:
    said = "".join(f"a.c:{n}: warning: unused {n}\n   code\n" for n in range(40))
    shown = transcript(replace(samples.all_pass(), warnings=said))

    assert shown.count("warning: unused") == 10
    assert "(70 more lines of the compiler are in the report" in shown


def test_points_are_never_rounded_up_to_all() -> None:
    many = [
        *samples.passed(*(f"core-{n}" for n in range(2999))),
        replace(samples.BURST_FAILED, evidence=None),
    ]

    assert "59.9 of 60 points" in transcript(samples.run("fork_echo", many))


def test_what_make_says_of_its_commands_is_no_warning() -> None:
    chatter = replace(samples.all_pass(), warnings="gcc -O1 -o server server.c\n")

    assert "compiler" not in transcript(chatter)
    assert "gcc -O1 -o server server.c" in folder.report(chatter)


def test_a_program_that_never_ran_is_not_said_to_have_printed_nothing() -> None:
    assert "printed nothing" not in transcript(samples.starts_fails())
