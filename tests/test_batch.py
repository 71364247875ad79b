"""A batch: what is graded, tried again, confirmed, kept and gone on with; grading is played."""

from __future__ import annotations

import contextlib
import io
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from forklab.batch import places, run
from forklab.batch.command import Wanted, again, command, compare, folder_of, prepare
from forklab.batch.fingerprint import key
from forklab.batch.places import Meant
from forklab.batch.run import Batch
from forklab.batch.store import Store
from forklab.errors import UsageError
from forklab.grading.job import Settings
from forklab.grading.record import Record, record
from forklab.program.source import File
from forklab.submissions.submission import Submission
from tests.test_grading_record import check, graded

Play = Callable[[Submission, Settings], Record]
NAMES = ("anna", "bert", "carl", "dora")
MEANT = Meant("fork_echo", ("hand-in",), "docker")


def submission(name: str, text: bytes = b"int main;") -> Submission:
    return Submission(name, (File("server.c", text, 0o644),))


def passes(one: Submission, settings: Settings) -> Record:
    return {**graded(check("starts", "PASS")), "submission": one.name}


class Played:
    """Stands in for the grading processes: remembers what it was asked."""

    def __init__(self) -> None:
        self.play: Play = passes
        self.asked: dict[str, list[Settings]] = defaultdict(list)
        self.lock = threading.Lock()
        self.stopped = threading.Event()

    def __call__(self, kind: str, log: Path) -> Played:
        return self

    def grade(self, one: Submission, settings: Settings) -> Record:
        with self.lock:
            self.asked[one.name].append(settings)
        return self.play(one, settings)

    def end(self) -> None:
        pass

    def kill(self) -> None:
        pass

    def stop(self) -> None:
        self.stopped.set()


class Silent:
    """Watches a batch and remembers what it was told."""

    def __init__(self) -> None:
        self.phases: list[tuple[str, list[str]]] = []
        self.done: list[tuple[str, bool]] = []

    def phase(self, what: str, todo: list[Submission]) -> None:
        self.phases.append((what, [one.name for one in todo]))

    def begins(self, submission: str) -> None:
        pass

    def ended(self, record: Record, *, final: bool) -> None:
        self.done.append((record["submission"], final))


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    found = Played()
    monkeypatch.setattr(run, "Worker", found)
    return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with places.opened(tmp_path) as found:
        yield found


def batch(store: Store, folder: Path, submissions: list[Submission]) -> Batch:
    settings = Settings("fork_echo")
    keys = {one.name: key(one, settings, "image") for one in submissions}
    return Batch(folder, store, settings, keys, Silent())


def grade(store: Store, folder: Path, *submissions: Submission, many: int = 2) -> Silent:
    wanted = list(submissions) or [submission(name) for name in NAMES]
    found = batch(store, folder, wanted)
    run.run(found, wanted, many)
    assert isinstance(found.watcher, Silent)
    return found.watcher


def test_each_submission_is_graded_once_and_kept(
    played: Played, store: Store, tmp_path: Path
) -> None:
    told = grade(store, tmp_path)
    assert sorted(told.done) == [(name, True) for name in NAMES]
    assert {name: len(asked) for name, asked in played.asked.items()} == dict.fromkeys(NAMES, 1)
    assert [found["submission"] for found in store.records()] == list(NAMES)
    assert all(kept.final for kept in store.kept().values())


def test_what_is_known_is_not_graded_again_and_what_has_changed_is(
    played: Played, store: Store, tmp_path: Path
) -> None:
    grade(store, tmp_path)
    played.asked.clear()
    told = grade(store, tmp_path, submission("anna"), submission("bert", b"int other;"))
    assert list(played.asked) == ["bert"]
    assert told.phases[0] == ("grade", ["bert"])


def test_after_an_end_at_any_moment_it_goes_on_with_what_is_missing(
    played: Played, store: Store, tmp_path: Path
) -> None:
    def dies(one: Submission, settings: Settings) -> Record:
        if one.name == "carl":
            raise KeyboardInterrupt
        return passes(one, settings)

    played.play = dies
    with pytest.raises(KeyboardInterrupt):
        grade(store, tmp_path, many=1)
    assert sorted(store.kept()) == ["anna", "bert"]
    played.play = passes
    played.asked.clear()
    grade(store, tmp_path)
    assert sorted(played.asked) == ["carl", "dora"]
    assert sorted(store.kept()) == list(NAMES)


def test_what_forklab_could_not_look_at_is_tried_again_and_said(
    played: Played, store: Store, tmp_path: Path
) -> None:
    def second_time(one: Submission, settings: Settings) -> Record:
        if len(played.asked[one.name]) < 2:
            return record(one, settings.lab, None, broken="the engine was busy")
        return passes(one, settings)

    played.play = second_time
    grade(store, tmp_path, submission("anna"))
    found = store.record("anna")
    assert (found["verdict"], found["attempts"]) == ("PASS", 2)
    assert found["notes"][-1] == "forklab could not look: the engine was busy"


def test_what_can_never_be_looked_at_is_given_up_and_stays_broken(
    played: Played, store: Store, tmp_path: Path
) -> None:
    played.play = lambda one, settings: record(one, settings.lab, None, broken="no engine")
    grade(store, tmp_path, submission("anna"))
    found = store.record("anna")
    assert (found["verdict"], found["attempts"]) == ("BROKEN", run.ATTEMPTS)
    assert len(played.asked["anna"]) == run.ATTEMPTS


def test_a_failure_that_waited_is_looked_at_again_after_all_others_and_only_that(
    played: Played, store: Store, tmp_path: Path
) -> None:
    def slow(one: Submission, settings: Settings) -> Record:
        checks = [check("a", "FAIL", waited="5 s"), check("b", "PASS")]
        if settings.only:
            checks = [check("a", "PASS")]
        return {**graded(*checks), "submission": one.name}

    played.play = lambda one, settings: (slow if one.name == "bert" else passes)(one, settings)
    told = grade(store, tmp_path)
    assert told.phases == [("grade", list(NAMES)), ("confirm", ["bert"])]
    assert told.done[-1] == ("bert", True)
    assert [settings.only for settings in played.asked["bert"]] == [(), ("a",)]
    folders = {settings.folder for settings in played.asked["bert"]}
    assert len(folders) == 2, "the run that is looked at again is kept beside the first"
    assert store.record("bert")["verdict"] == "PASS"
    assert store.kept()["bert"].final


def test_killed_before_the_second_look_it_goes_on_with_just_that(
    played: Played, store: Store, tmp_path: Path
) -> None:
    def slow(one: Submission, settings: Settings) -> Record:
        if settings.only and len(played.asked["anna"]) == 2:
            raise KeyboardInterrupt
        return {**graded(check("a", "FAIL", waited="5 s")), "submission": one.name}

    played.play = slow
    with pytest.raises(KeyboardInterrupt):
        grade(store, tmp_path, submission("anna"))
    assert not store.kept()["anna"].final
    told = grade(store, tmp_path, submission("anna"))
    assert told.phases == [("grade", []), ("confirm", ["anna"])]
    assert store.kept()["anna"].final


def test_the_folder_of_a_submission_holds_nothing_of_an_earlier_run(
    played: Played, store: Store, tmp_path: Path
) -> None:
    def leaves(one: Submission, settings: Settings) -> Record:
        path = Path(settings.folder)
        assert list(path.iterdir()) == []
        (path / one.files[0].data.decode()).touch()
        return passes(one, settings)

    played.play = leaves
    grade(store, tmp_path, submission("anna", b"old"))
    grade(store, tmp_path, submission("anna", b"new"))
    assert [path.name for path in (tmp_path / "submissions" / "anna").iterdir()] == ["new"]


def test_the_folder_of_a_run_does_not_depend_on_where_the_grading_process_works(
    played: Played, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    grade(store, Path("runs"), submission("anna"))
    [settings] = played.asked["anna"]
    assert settings.folder == str(tmp_path / "runs" / "submissions" / "anna")


def test_a_fault_of_the_store_ends_all_and_is_told(
    played: Played, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(store, "put", full)
    with pytest.raises(OSError, match="no space left"):
        grade(store, tmp_path)


def test_a_fault_of_one_ends_the_others_at_once(
    played: Played, store: Store, tmp_path: Path
) -> None:
    def plays(one: Submission, settings: Settings) -> Record:
        if one.name == "bert":
            raise OSError("no process can be started")
        assert played.stopped.wait(5), "nobody stopped it"
        return passes(one, settings)

    played.play = plays
    with pytest.raises(OSError, match="no process"):
        grade(store, tmp_path, submission("anna"), submission("bert"))


def test_the_key_holds_all_that_decides_a_verdict() -> None:
    settings = Settings("fork_echo")
    one = submission("anna")
    others = [
        key(submission("anna", b"x"), settings, "image"),
        key(one, Settings("prefork"), "image"),
        key(one, Settings("fork_echo", "inside"), "image"),
        key(one, settings, "another image"),
    ]
    assert key(one, settings, "image") == key(submission("bert"), settings, "image")
    assert key(one, settings, "image") not in others
    assert len(set(others)) == len(others)


def test_the_newest_batch_of_the_same_words_is_found(tmp_path: Path) -> None:
    assert places.newest(tmp_path, MEANT) is None
    first = places.make(tmp_path, MEANT)
    places.make(tmp_path, Meant("prefork", ("hand-in",), "docker"))
    assert places.newest(tmp_path, MEANT) == first
    second = places.make(tmp_path, MEANT)
    assert second != first
    assert places.newest(tmp_path, MEANT) == second


def test_two_cannot_grade_the_same_batch(tmp_path: Path) -> None:
    folder = places.make(tmp_path, MEANT)
    said = pytest.raises(UsageError, match="another forklab is grading")
    with places.mine(folder), said, places.mine(folder):
        pass
    with places.mine(folder):
        pass


def test_a_folder_that_is_no_batch_is_passed_over_and_said(tmp_path: Path) -> None:
    folder = places.make(tmp_path, MEANT)
    stranger = tmp_path / places.FOLDER / "stranger"
    stranger.mkdir()
    (stranger / "results.sqlite").write_bytes(b"no database at all" * 100)
    said: list[str] = []
    assert places.newest(tmp_path, MEANT, said.append) == folder
    [line] = said
    assert line.startswith(f"{stranger / 'results.sqlite'} cannot be used")


def test_results_of_another_version_are_not_touched(tmp_path: Path) -> None:
    folder = places.make(tmp_path, MEANT)
    with contextlib.closing(sqlite3.connect(folder / "results.sqlite")) as db:
        db.execute("PRAGMA user_version=2")
    with pytest.raises(sqlite3.Error, match="have version 2, not 1"):
        Store(folder)
    said: list[str] = []
    assert places.newest(tmp_path, MEANT, said.append) is None
    assert "version 2" in said[0]


@pytest.mark.parametrize(("wanted", "many"), [(3, 3), (1, 1)])
def test_a_person_says_how_many_at_once(wanted: int, many: int) -> None:
    assert run.at_once(wanted) == many


def test_how_many_at_once_is_bounded_by_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "cores", lambda: 64)
    monkeypatch.setattr(run, "_memory_free", lambda: 5 * run.MEMORY_EACH)
    assert run.at_once(None) == 5
    monkeypatch.setattr(run, "_memory_free", lambda: 0)
    assert run.at_once(None) == 1


def test_in_a_folder_that_may_not_be_read_there_is_no_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path, pattern: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "glob", denied)
    assert places.newest(tmp_path, MEANT) is None


def test_the_order_of_paths_makes_no_other_batch(tmp_path: Path) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    assert Meant.of("prefork", paths, "docker") == Meant.of("prefork", paths[::-1], "docker")


def test_a_class_that_is_taken_as_one_submission_is_another_batch(tmp_path: Path) -> None:
    found = places.make(tmp_path, Meant.of("prefork", [tmp_path], "docker"))
    as_one = Meant.of("prefork", [tmp_path], "docker", one=True)
    assert places.newest(tmp_path, as_one) is None, "its results would be forgotten there"
    assert places.newest(tmp_path, Meant.of("prefork", [tmp_path], "docker")) == found


def test_the_command_that_grades_once_more_names_all_that_decides_a_grade() -> None:
    paths = (Path("-kim.c"), Path("two words"))
    wanted = Wanted("fork_echo", paths, rubric=Path("r.toml"), late=Path("late.csv"))
    assert again(wanted, "fork-echo", "docker") == (
        "forklab grade fork-echo --sandbox docker --rubric r.toml --late late.csv "
        "-- -kim.c 'two words'"
    )


def test_what_failed_is_forgotten_once_and_not_again_after_an_interruption(store: Store) -> None:
    keys = {name: f"key of {name}" for name in ("anna", "bert")}

    def put(verdict: str, name: str) -> None:
        store.put({**graded(check("a", verdict)), "submission": name}, keys[name], final=True)

    put("PASS", "anna")
    put("FAIL", "bert")
    store.say("finished", True)
    prepare(store, keys, only_failed=True)
    assert list(store.kept()) == ["anna"]
    put("FAIL", "bert")
    prepare(store, keys, only_failed=True)
    assert list(store.kept()) == ["anna", "bert"], "it was interrupted, and goes on"
    prepare(store, {"bert": keys["bert"]}, only_failed=False)
    assert list(store.kept()) == ["bert"], "anna is not handed in any more"


def test_the_batch_that_is_gone_on_with_is_the_latest(tmp_path: Path) -> None:
    first = places.make(tmp_path, MEANT)
    places.make(tmp_path, Meant("prefork", ("hand-in",), "docker"))
    said: list[str] = []
    found = folder_of(Wanted("fork_echo", (), runs=tmp_path), MEANT, said.append)
    assert found == first == (first.parent / "latest").resolve()
    assert said[0].startswith("going on with")


def test_a_rubric_that_is_left_out_the_next_time_is_missed(store: Store) -> None:
    said: list[str] = []
    with_rubric = Wanted("fork_echo", (), rubric=Path("r.toml"))
    for wanted in (with_rubric, with_rubric, Wanted("fork_echo", ()), Wanted("fork_echo", ())):
        compare(store, wanted, said.append)
    assert said == ["the last time there was --rubric r.toml, and now there is none"]


def test_to_begin_anew_and_to_take_the_last_one_is_told_to_be_both(tmp_path: Path) -> None:
    wanted = Wanted("fork-echo", (tmp_path,), new=True, only_failed=True)
    with pytest.raises(UsageError, match="--new begins a batch"):
        command(wanted, io.StringIO(), lambda line: None)
