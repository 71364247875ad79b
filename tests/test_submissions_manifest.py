"""`submission.toml`: what it may say, and one sentence for what it may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forklab.errors import UsageError
from forklab.program.spec import Spec
from forklab.submissions.items import Refused
from forklab.submissions.manifest import KEYS, applied, parse
from forklab.submissions.submission import Manifest, Submission

PATHS = ["a.c", "b.c", "src/c.c", "submission.toml"]


def test_all_that_can_be_said() -> None:
    text = """
main = "./src/c.c"
run = "./c -p {port}"
port = 8083
workers = 4
worker = "child"
declares = ["replaces-killed-worker"]
"""

    assert parse(text.encode(), PATHS) == Manifest(
        "src/c.c", "./c -p {port}", 8083, 4, "child", frozenset({"replaces_killed_worker"})
    )


def test_nothing_need_be_said() -> None:
    assert parse(b"# later\n", PATHS) == Manifest()


def test_what_make_will_leave_is_not_there_yet() -> None:
    assert parse(b'main = "server"', [*PATHS, "Makefile"]).main == "server"
    with pytest.raises(Refused, match="there is no such file"):
        parse(b'main = "d.c"', [*PATHS, "Makefile"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('mian = "a.c"', "has the key 'mian'; known are main, run, port, workers, worker"),
        ("main = ", "is no TOML"),
        ("main = 1", "says main = 1; main is the name of a file"),
        ('main = ""', "main is the name of a file"),
        ('main = "d.c"', "says main = 'd.c'; there is no such file; there are: a.c, b.c, src/c.c"),
        ('main = "../a.c"', "a file below it"),
        ('main = "/a.c"', "a file below it"),
        ('run = ["./a"]', "run is a command line in quotes"),
        ('run = "\'"', "cannot be read as a command line"),
        ('port = "80"', "port is a number from 1 to 65535, without quotes"),
        ("port = 0", "port is a number from 1"),
        ("port = 70000", "port is a number from 1"),
        ("port = true", "port is a number from 1"),
        ("port = 1.5", "port is a number from 1"),
        ("workers = 65", "workers is a number from 1 to 64"),
        ('worker = "a/b"', "worker is the name of a file beside the program"),
        ('declares = "a"', "declares is a list of words"),
        ("declares = [1]", "declares is a list of words"),
        ('declares = ["A b"]', "declares is a list of words"),
        ("x" * 5000, "is no TOML"),
        ("main = " + "[" * 100_000, "is no TOML"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(text: str, words: str) -> None:
    with pytest.raises(Refused) as told:
        parse(text.encode(), PATHS)

    said = str(told.value)
    assert said.startswith("submission.toml ")
    assert words in said
    assert "\n" not in said
    assert len(said) < 300


def test_it_is_text() -> None:
    with pytest.raises(Refused, match="is not UTF-8"):
        parse(b"\xff", PATHS)


def outcome(data: bytes) -> str:
    """Return the main that a manifest names, or why it is refused."""
    try:
        return parse(data, PATHS).main
    except Refused as refused:
        return str(refused)


@given(st.binary(max_size=200))
def test_whatever_it_says_it_is_read_or_refused(data: bytes) -> None:
    assert outcome(data).isprintable()


VALUES = st.one_of(st.integers(), st.booleans(), st.sampled_from(['"a.c"', '"x"', "[]", '["a"]']))


@given(st.dictionaries(st.sampled_from([*KEYS, "other"]), VALUES))
def test_whatever_a_key_says_it_is_read_or_refused(said: dict[str, object]) -> None:
    text = "\n".join(f"{key} = {str(value).lower()}" for key, value in said.items())
    assert outcome(text.encode()) in ("", "a.c") or "submission.toml" in outcome(text.encode())


def test_it_changes_how_a_program_is_started() -> None:
    spec = Spec(("{workers}", "{port}"), workers=4, declared=frozenset({"of_the_lab"}))
    said = Manifest(main="b.c", run="./b {port}", workers=2, declares=frozenset({"x"}))

    found = applied(said, spec)

    assert (found.main, found.run, found.workers) == ("b.c", ("./b", "{port}"), 2)
    assert found.declared == {"x"}
    assert applied(Manifest(), spec) == spec
    with pytest.raises(UsageError):
        applied(Manifest(worker="x"), spec)


def test_it_is_a_part_of_what_is_handed_in() -> None:
    plain = Submission("kim", ())
    other = Submission("kim", (), manifest=Manifest(port=1))

    assert plain.hash != other.hash
    assert plain.hash == Submission("lee", (), origin="x", notes=("n",)).hash
