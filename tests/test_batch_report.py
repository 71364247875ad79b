"""Files that a person wants of a batch: tried before it begins, and written as a whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from forklab.batch.places import opened
from forklab.batch.progress import Watched
from forklab.batch.report import View, summary
from forklab.errors import UsageError
from forklab.grades.grade import Grade
from forklab.labs import read
from forklab.pages.class_facts import ClassFacts
from tests.test_batch import submission
from tests.test_grading_record import check, graded

CSV_HEAD = "submission,lab,verdict"


def view(*write: str) -> View:
    return View.read(read("fork_echo"), None, write, "en")


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("", "it is a folder"),
        ("a-file/x.csv", "Not a directory|File exists"),
        ("x" * 300, "too long"),
    ],
)
def test_a_file_that_cannot_be_written_is_told_before_anything_is_graded(
    tmp_path: Path, path: str, says: str
) -> None:
    (tmp_path / "a-file").touch()
    with pytest.raises(UsageError, match=says):
        view(f"csv={tmp_path / path}").accept(["kim"])


def test_a_format_that_lacks_something_is_told_before_anything_is_graded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLASSROOM", raising=False)
    with pytest.raises(UsageError, match="CLASSROOM"):
        view(f"classroom50={tmp_path / 'result.json'}").accept(["kim"])


def test_to_try_a_file_out_leaves_nothing_and_harms_nothing(tmp_path: Path) -> None:
    path = tmp_path / "grades.csv"
    path.write_text("of last week")
    view(f"csv={path}").accept(["kim"])
    assert [one.name for one in tmp_path.iterdir()] == ["grades.csv"]
    assert path.read_text() == "of last week"


def test_where_a_file_is_a_link_what_it_points_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to("real.csv")
    [output] = view(f"csv={tmp_path / 'link.csv'}").outputs
    output.write([])
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text().startswith(CSV_HEAD)


def test_a_pipe_is_written_to_and_not_replaced_by_a_file(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        wanted = view(f"csv={path}")
        wanted.accept(["kim"])
        wanted.outputs[0].write([])
        assert os.read(reader, 100).decode().startswith(CSV_HEAD)
    finally:
        os.close(reader)
    assert path.is_fifo()


def test_what_to_do_about_what_was_not_judged_is_said() -> None:
    broken = Grade("kim", "fork_echo", "BROKEN", 0, 0, (), broken="no engine")
    assert "--only-failed looks again" in summary([broken], Path("runs"))
    assert "--only-failed" not in summary([Grade("lee", "fork_echo", "PASS", 1, 1, ())], Path())


def test_when_whoever_read_has_gone_the_batch_goes_on() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", closefd=True) as out:
        with Watched(out, lambda record: "a line") as watched:
            watched.phase("grade", [submission("anna")])
            watched.begins("anna")
            watched.ended({**graded(check("a", "PASS")), "submission": "anna"}, final=True)
        with pytest.raises(BrokenPipeError):
            out.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), writer)


def test_the_grades_beside_the_page_are_the_same_whatever_else_is_written(tmp_path: Path) -> None:
    found = []
    for name, write in (("a", ()), ("b", (f"json={tmp_path / 'evidence.json'}",))):
        (tmp_path / name).mkdir()
        with opened(tmp_path / name) as store:
            fails = check("starts", "FAIL", seen="nothing", done=["start it"], evidence=None)
            store.put(graded(fails), "key", final=True)
            view(*write).write(tmp_path / name, store, {}, ClassFacts("fork_echo"))
        found.append((tmp_path / name / "grades.json").read_text())
    assert found[0] == found[1]
    assert "start it" not in found[0]
    assert "start it" in (tmp_path / "evidence.json").read_text()
