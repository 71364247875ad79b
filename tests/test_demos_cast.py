"""Recordings: asciicast version 2, written and read by its rules; those of the labs are fresh."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from forklab import labs
from forklab.demos import cast, command, replay, script
from forklab.demos.cast import Cast, Event, Recorder
from forklab.demos.printer import unpainted
from forklab.errors import UsageError
from forklab.reports.text import columns
from tests.test_demos_script import BOTH

# docs.asciinema.org/manual/asciicast/v2: the header's keys and their types; more may be there
REQUIRED = {"version": int, "width": int, "height": int}
OPTIONAL: dict[str, type] = {
    "timestamp": int, "duration": float, "idle_time_limit": float, "command": str, "title": str,
    "env": dict, "theme": dict,
}  # fmt: skip
KINDS = ("o", "i", "m", "r")


def demand_version_2(text: str) -> None:
    """Demand what the format's page demands of a file."""
    header, *lines = [json.loads(line) for line in text.splitlines()]
    for name, kind in REQUIRED.items():
        assert isinstance(header[name], kind), name
    for name, wanted in OPTIONAL.items():
        assert name not in header or isinstance(header[name], wanted), name
    assert header["version"] == 2
    assert all(isinstance(value, str) for value in header.get("env", {}).values())
    last = 0.0
    for event in lines:
        time, kind, data = event
        assert isinstance(time, int | float)
        assert time >= last
        assert kind in KINDS
        assert isinstance(data, str)
        last = time


def recorded(path: Path) -> Cast:
    """Record a little, and read it."""
    recorder = Recorder(path, 80, 24, "제목", "abc")
    recorder.mark("one")
    recorder.out("  \x1b[32mseen\x1b[0m: 한국어\n", 14)
    recorder.pause()
    recorder.mark("1")
    recorder.out("x" * 1000, 1000)
    recorder.pause()
    recorder.out("end\n", 4)
    recorder.close()
    return cast.read(path)


def test_a_recording_keeps_the_rules_and_comes_back(tmp_path: Path) -> None:
    found = recorded(tmp_path / "a.cast")
    demand_version_2((tmp_path / "a.cast").read_text("utf-8"))
    assert found.digest == "abc"
    assert [(event.kind, event.data[:12]) for event in found.events] == [
        ("m", "one"), ("o", "  \x1b[32mseen\x1b"), ("m", "1"), ("o", "x" * 12), ("o", "end\r\n"),
    ]  # fmt: skip
    assert found.reveal(1) == "x" * 1000 + "end\n"
    assert found.reveal(2) == ""


def test_time_is_that_of_a_reader(tmp_path: Path) -> None:
    times = [event.time for event in recorded(tmp_path / "a.cast").events]
    assert times[2] - times[1] == pytest.approx(cast.LEAST_READ_S)
    assert times[4] - times[3] == pytest.approx(cast.MOST_READ_S + cast.LEAST_S, abs=0.1)


def test_each_line_is_there_as_soon_as_it_happens(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.cast", 80, 24, "T", "abc")
    recorder.out("one\n", 4)
    assert len(cast.read(tmp_path / "a.cast").events) == 1
    recorder.close()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written: No such file or directory"):
        Recorder(tmp_path / "none" / "a.cast", 80, 24, "T", "abc")


HEADER = '{"version": 2, "width": 80, "height": 24}\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read"),
        ("hello\n", "line 1: this is no header"),
        ('{"version": 3, "width": 80, "height": 24}\n', "line 1: only version 2"),
        ('{"version": 2, "width": 80}\n', "line 1: this is no header"),
        ('{"version": 2, "width": "80", "height": 24}\n', "line 1: only version 2"),
        (HEADER + "[1.0]\n", "line 2: this is no event"),
        (HEADER + "7\n", "line 2: this is no event"),
        (HEADER + '[1.0, "x", "a"]\n', "line 2: an event is"),
        (HEADER + '["1", "o", "a"]\n', "line 2: an event is"),
        (HEADER + '[1.0, "o", 7]\n', "line 2: an event is"),
        (HEADER + '[2.0, "o", "a"]\n[1.0, "o", "b"]\n', "line 3: an event is"),
    ],
)
def test_what_is_no_recording_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "a.cast"
    path.write_text(text)
    with pytest.raises(UsageError) as told:
        cast.read(path)
    assert said in str(told.value)
    assert "a.cast" in str(told.value)


def test_a_missing_recording_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is missing: no recording was made"):
        cast.read(tmp_path / "a.cast")


# playing


class Clock:
    """Instead of a pause: how long it would have been."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def wait(self, seconds: float) -> None:
        """Note it."""
        self.waited.append(seconds)


PLAYED = Cast(
    {}, (Event(1.0, "o", "\x1b[32ma\x1b[0m\r\n"), Event(1.0, "m", "x"), Event(31.0, "o", "b\r\n"))
)


def test_without_a_pace_it_is_printed_at_once() -> None:
    out = io.StringIO()
    replay.play(PLAYED, out, colour=False, pace=None)
    assert out.getvalue() == "a\nb\n"
    replay.play(PLAYED, out, colour=True, pace=None)
    assert out.getvalue().endswith("\x1b[32ma\x1b[0m\nb\n")


def test_the_pace_is_the_recordings_but_faster_and_without_long_pauses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    monkeypatch.setattr("forklab.demos.replay.threading.Event", lambda: clock)
    replay.play(PLAYED, io.StringIO(), colour=False, pace=replay.Pace(2.0, 10.0))
    assert clock.waited == [0.5, 0.0, 5.0]


# those of the labs


def shipped(lab: str, language: str) -> tuple[Path, Cast]:
    """Return the recording of a lab."""
    path = command.recording_of(labs.read(lab), language)
    return path, cast.read(path)


@pytest.mark.parametrize(("lab", "language"), BOTH)
def test_the_recording_of_a_lab_keeps_the_rules(lab: str, language: str) -> None:
    path, found = shipped(lab, language)
    demand_version_2(path.read_text("utf-8"))
    assert path.stat().st_size < 40_000
    assert found.events[-1].time < 600
    printed = "".join(event.data for event in found.events if event.kind == "o")
    assert max(columns(unpainted(line)) for line in printed.splitlines()) <= 80


@pytest.mark.parametrize(("lab", "language"), BOTH)
def test_the_recording_of_a_lab_is_of_the_script_as_it_is(lab: str, language: str) -> None:
    path, found = shipped(lab, language)
    told = script.read(labs.read(lab), language)
    again = f"forklab demo {lab} --rehearse --lang {language} --record labs/{lab}/{path.name}"
    assert found.digest == told.digest, f"out of date: {again}"
    for number, step in enumerate(told.steps, 1):
        shown = unpainted(found.reveal(number))
        assert "$" in shown or ">" in shown, step.id
        assert " ".join(step.look.split()[:6]) not in shown
    assert header_fits(found.header)


def header_fits(header: dict[str, Any]) -> bool:
    """Whether a recording is for a screen of the usual size."""
    return bool(header["width"] == 80 and header["height"] <= 40)
