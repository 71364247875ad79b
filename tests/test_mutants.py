"""Heads of mutants, and what is said when one does not come out as its head says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from forklab import labs, matrix_page, mutants
from forklab.errors import UsageError
from forklab.mutants import Expected, Outcome, matrix, parse, programs


def written(folder: Path, name: str, text: str) -> Expected:
    """The head of a mutant whose text this is."""
    path = folder / "mutants" / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(text)
    return parse(path)


@pytest.mark.parametrize(
    ("text", "fails", "also"),
    [
        ('"""M.\n\nFails: a-b\n"""\n', {"a-b"}, set()),
        ('"""M.\n\nFails: a-b, starts\nAlso: c\n"""\n', {"a-b", "starts"}, {"c"}),
        (
            '"""M.\n\nFails: a-b,\n    c-d,\n    e\nAlso: f,\n  g\n"""\n',
            {"a-b", "c-d", "e"},
            {"f", "g"},
        ),
        ("/* M.\n *\n * Fails: a-b,\n *        c-2\n * Also: d\n */\n", {"a-b", "c-2"}, {"d"}),
        ('"""M.\n\nAlso: d\n"""\n# It Fails: often\n', set(), {"d"}),
        ('"""M."""\n', set(), set()),
        ('"""M.\n\nFails: a-b"""', {"a-b"}, set()),
    ],
)
def test_a_head_names_checks(tmp_path: Path, text: str, fails: set[str], also: set[str]) -> None:
    head = written(tmp_path, "m.py", text)

    assert (set(head.fails), set(head.also)) == (fails, also)
    assert (head.name, head.is_mutant) == ("mutants/m.py", True)


def outcome(verdicts: dict[str, str], *, fails: str = "", also: str = "") -> Outcome:
    """What came out of a mutant with this head."""
    head = Expected(Path("mutants/m.py"), frozenset(fails.split()), frozenset(also.split()))
    return Outcome(head, verdicts, {check: "seen" for check in verdicts})


@pytest.mark.parametrize(
    ("found", "complaints"),
    [
        (outcome({"a": "FAIL", "b": "PASS"}, fails="a"), []),
        (outcome({"a": "FAIL", "b": "FAIL"}, fails="a", also="b"), []),
        (outcome({"a": "FAIL", "b": "PASS"}, fails="a", also="b"), []),
        (outcome({"a": "FAIL", "b": "SKIPPED"}, fails="a"), []),
        (outcome({"a": "PASS"}, fails="a"), ["a must fail and is PASS"]),
        (outcome({"a": "SKIPPED"}, fails="a"), ["a must fail and is SKIPPED"]),
        (outcome({}, fails="a"), ["a must fail and is unknown"]),
        (outcome({"a": "FAIL", "b": "FAIL"}, fails="a"), ["b must not fail: seen"]),
        (outcome({"a": "FAIL", "b": "BROKEN"}, fails="a"), ["b is BROKEN: seen"]),
        (outcome({"a": "PASS"}), ["its head names no check that it fails"]),
    ],
)
def test_what_is_not_as_expected_is_said(found: Outcome, complaints: list[str]) -> None:
    assert found.complaints() == complaints


def test_trouble_comes_before_everything() -> None:
    head = Expected(Path("right/r.py"), frozenset(), frozenset())

    assert Outcome(head, {}, {}, "no result: 2").complaints() == ["no result: 2"]
    assert Outcome(head, {"a": "PASS"}, {}).complaints() == []


def test_a_check_needs_a_mutant_that_fails_it_here_or_in_the_lab_that_is_extended() -> None:
    reference = Outcome(
        Expected(Path("server.py"), frozenset(), frozenset()), {"a": "PASS", "b": "PASS"}, {}
    )
    fails_a = outcome({"a": "FAIL", "b": "PASS"}, fails="a")

    assert mutants._checks_without_a_mutant([reference, fails_a], set()) == ["b"]
    assert mutants._checks_without_a_mutant([reference, fails_a], {"b"}) == []
    assert mutants._checks_without_a_mutant([reference], {"b"}) == ["a"]


def test_what_is_failed_elsewhere_is_what_mutants_of_the_extended_lab_fail() -> None:
    assert "reaps-a-burst" in mutants._failed_elsewhere(labs.read("echo_store"))
    assert mutants._failed_elsewhere(labs.read("fork_echo")) == set()


def verdicts(head: Expected, **found: str) -> Outcome:
    return Outcome(head, {check.replace("_", "-"): word for check, word in found.items()}, {})


def test_cells_tell_what_must_fail_from_what_may_and_what_must_not(tmp_path: Path) -> None:
    head = written(tmp_path, "m.py", '"""M.\n\nFails: a, b\nAlso: c, d\n"""\n')

    cells = verdicts(
        head, a="FAIL", b="PASS", c="FAIL", d="PASS", e="FAIL", f="PASS", g="SKIPPED", h="BROKEN"
    ).cells()

    assert "".join(cells.values()) == "F!f.!.-!"


def test_the_page_keeps_other_sections_and_names_what_it_is_about(tmp_path: Path) -> None:
    info = labs.read("prefork")
    checks = ["starts", "echoes"]
    page = tmp_path / "matrix.md"

    text = matrix_page.section(info, checks, {"server.py": {"starts": "."}})
    matrix_page.write(page, {"other": "## other\n\nkept\n"})
    matrix_page.write(page, {info.dashed: text})
    matrix_page.write(page, {info.dashed: text})

    whole = page.read_text()
    assert whole.count("## prefork\n") == whole.count("kept") == 1
    assert matrix_page.digests(whole) == {"prefork": matrix_page.digest(info, checks)}
    assert f"{'server.py':<52} .  !" in whole
    assert matrix_page.digest(info, checks) != matrix_page.digest(info, checks[:1])


def test_a_page_of_some_programs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="leave out --only"):
        matrix("prefork", "plain", print, page=tmp_path / "matrix.md")


def test_a_head_may_declare(tmp_path: Path) -> None:
    head = written(tmp_path, "m.py", '"""M.\n\nFails: a-b\nDeclares: c-d, e\n"""\n')

    assert head.declares == {"c-d", "e"}


@pytest.mark.parametrize(
    ("files", "main"),
    [
        (["server.py", "worker.py"], "server.py"),
        (["server.c", "worker.c"], "server.c"),
        (["Makefile", "server.c"], "Makefile"),
    ],
)
def test_the_head_of_a_folder_is_that_of_its_main_file(
    tmp_path: Path, files: list[str], main: str
) -> None:
    folder = tmp_path / "mutants/m"
    folder.mkdir(parents=True)
    for name in files:
        (folder / name).write_text("# Fails: a-b,\n#   c\n" if name == main else "# Fails: d\n")

    head = parse(folder)

    assert (set(head.fails), head.name, head.is_mutant) == ({"a-b", "c"}, "mutants/m", True)


def test_a_worker_that_others_share_is_no_program(tmp_path: Path) -> None:
    for name in ("one.py", "worker.py", "_x.py", "two/server.py"):
        written(tmp_path, name, "# Fails: a\n")
    info = replace(labs.read("prefork"), folder=tmp_path)

    shared = replace(info, spec=replace(info.spec, worker="worker.py"))

    assert [head.path.name for head in programs(shared)[1:]] == ["one.py", "two"]
    assert [head.path.name for head in programs(info)[1:]] == ["one.py", "two", "worker.py"]
