"""The labs as they are declared: checks, levels, premises, hints, mutants; lab.toml."""

from __future__ import annotations

import ast
import difflib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from forklab import hints, labs, mutants, tree
from forklab.checks.declare import Declaration, check, declaration, requirement_and_reason
from forklab.errors import UsageError
from forklab.labs import LabInfo
from tests.scenarios import scenario_of

CORE, ROBUST = "core", "robust"
COMMON = {
    "starts": CORE,
    "bad-usage": ROBUST,
    "echoes": CORE,
    "echoes-any-bytes": ROBUST,
    "echoes-a-large-stream": ROBUST,
    "answers-a-half-close": CORE,
    "serves-many-at-once": CORE,
    "survives-a-reset": ROBUST,
    "survives-a-slow-reader": ROBUST,
    "does-not-spin": ROBUST,
    "leaks-nothing": CORE,
    "stops-clean": ROBUST,
}
FORK_ECHO = COMMON | {
    "a-child-per-connection": CORE,
    "parent-closes-the-connection": CORE,
    "child-closes-the-listener": CORE,
    "child-holds-no-other-client": ROBUST,
    "reaps-each-child": CORE,
    "reaps-within-a-second": ROBUST,
    "reaps-a-burst": CORE,
    "reaps-while-busy": ROBUST,
    "accept-survives-sigchld": CORE,
    "survives-fork-failure": ROBUST,
    "survives-descriptor-shortage": ROBUST,
    "waits-out-a-shortage": ROBUST,
    "a-killed-child-hurts-nobody": ROBUST,
}
ECHO_STORE = FORK_ECHO | {
    "a-writer-apart": CORE,
    "stores-ten-messages": CORE,
    "stores-everything": CORE,
    "keeps-messages-whole": ROBUST,
    "keeps-any-bytes": ROBUST,
    "children-hold-only-the-write-end": ROBUST,
    "writer-holds-only-the-read-end": ROBUST,
    "loses-nothing-on-stop": CORE,
    "loses-nothing-on-ctrl-c": ROBUST,
    "survives-a-dead-writer": ROBUST,
    "survives-a-full-disk": ROBUST,
    "refuses-an-unwritable-file": ROBUST,
}
PREFORK = COMMON | {
    "forks-in-advance": CORE,
    "forks-for-nobody": CORE,
    "passes-the-connection": CORE,
    "dispatcher-closes-its-copy": CORE,
    "workers-do-not-accept": CORE,
    "one-channel-each": CORE,
    "channels-are-private": ROBUST,
    "spreads-over-workers": CORE,
    "the-next-one-waits-or-is-told": CORE,
    "comes-back-to-idle": CORE,
    "survives-a-killed-worker": ROBUST,
    "replaces-a-killed-worker": ROBUST,
    "workers-end-with-the-dispatcher": ROBUST,
    "takes-any-pool-size": ROBUST,
    "survives-a-stopped-worker": ROBUST,
}
PIPE_CONVERSATION = {
    "one-child": CORE,
    "one-pipe-per-direction": CORE,
    "three-exchanges": CORE,
    "works-on-a-terminal": CORE,
    "works-from-a-pipe": ROBUST,
    "unused-ends-closed": ROBUST,
    "notices-a-dead-partner": ROBUST,
    "ends-and-reaps": CORE,
    "keeps-long-messages-whole": ROBUST,
}
EXEC_WORKER = PREFORK | {
    "runs-another-program": CORE,
    "channel-is-descriptor-0": CORE,
    "inherits-nothing-else": CORE,
    "missing-worker": ROBUST,
    "worker-works-alone": ROBUST,
    "dispatcher-works-alone": ROBUST,
}
SPLIT_CLIENT = {
    "two-processes": CORE,
    "sends-what-is-typed": CORE,
    "prints-what-arrives": CORE,
    "prints-without-being-asked": CORE,
    "sends-while-nothing-arrives": CORE,
    "half-closes-on-q": CORE,
    "half-closes-on-end-of-input": CORE,
    "ends-when-the-server-closes": CORE,
    "leaves-no-orphan": ROBUST,
    "reaps-its-child": ROBUST,
    "long-lines": ROBUST,
    "no-server": ROBUST,
}
LABS = {
    name: (scenario_of(name), checks)
    for name, checks in {
        "echo_store": ECHO_STORE,
        "exec_worker": EXEC_WORKER,
        "fork_echo": FORK_ECHO,
        "pipe_conversation": PIPE_CONVERSATION,
        "prefork": PREFORK,
        "split_client": SPLIT_CLIENT,
    }.items()
}
# facts that a check can break beside the check's own id
PREMISES = {"answers", "connects", "file", "talks", "volume", "writer"}
# another design altogether, or a whole loop more: they cannot be few lines
LARGER = {
    "workers_accept.py": 110,
    "polls_in_one_process.py": 80,
    "reader_sends_what_it_is_handed.py": 55,
    "talks_to_itself.py": 60,
}
FEW_LINES = 36


def declared(scenario: type) -> Iterator[tuple[object, Declaration]]:
    """Every check of *scenario*, inherited ones included, with its declaration."""
    for _, method in inspect.getmembers(scenario, inspect.isfunction):
        found = declaration(method)
        if found is not None:
            yield method, found


CHECKS = [
    pytest.param(lab, method, found, id=f"{lab}.{found.id}")
    for lab, (scenario, _) in LABS.items()
    for method, found in declared(scenario)
]


@pytest.mark.parametrize("lab", LABS)
def test_the_checks_and_their_levels(lab: str) -> None:
    scenario, expected = LABS[lab]
    found = [declaration.id for _, declaration in declared(scenario)]

    assert len(found) == len(set(found)), "an id stands for one check"
    assert {d.id: d.level for _, d in declared(scenario)} == expected
    assert vars(scenario)["lab"] == lab


@pytest.mark.parametrize("lab", LABS)
def test_every_test_of_a_scenario_is_declared_and_named_by_its_id(lab: str) -> None:
    for name, method in inspect.getmembers(LABS[lab][0], inspect.isfunction):
        found = declaration(method)
        if name.startswith("test"):
            assert found is not None, name
            assert name == "test_" + found.id.replace("-", "_")
        else:
            assert found is None, name


def test_the_labs_that_exist_are_those_with_a_table() -> None:
    assert labs.names() == sorted(LABS)


@pytest.mark.parametrize(("lab", "method", "found"), CHECKS)
def test_premises_are_known(lab: str, method: object, found: Declaration) -> None:
    known = {declaration.id for _, declaration in declared(LABS[lab][0])} | PREMISES

    assert set(found.needs) <= known - {found.id}
    assert found.weight > 0


def test_premises_are_what_some_failure_breaks() -> None:
    root = tree.root()
    text = "".join(
        path.read_text()
        for folder in ("forklab", "scenarios")
        for path in root.rglob(f"{folder}/**/*.py")
    )

    for premise in PREMISES:
        assert re.search(rf'breaks ?= ?\([^)]*"{premise}"', text)


@pytest.mark.parametrize(("lab", "method", "found"), CHECKS)
def test_a_requirement_is_one_sentence_and_a_reason_follows(
    lab: str, method: object, found: Declaration
) -> None:
    requirement, reason = requirement_and_reason(method)

    assert requirement[0].isupper() or requirement[0].isdigit()
    assert not re.search(r"[.?!]( [A-Z]|$)", requirement), "one sentence"
    assert len(requirement) < 120
    assert reason.endswith(".")
    assert not re.search(r"`|Args:|Raises:|test", requirement + reason)


@pytest.mark.parametrize(("lab", "method", "found"), CHECKS)
def test_every_check_has_three_hints(lab: str, method: object, found: Declaration) -> None:
    assert len(hints.hints(lab, found.id)) == 3


@pytest.mark.parametrize(("lab", "method", "found"), CHECKS)
def test_every_check_has_a_mutant(lab: str, method: object, found: Declaration) -> None:
    info = labs.read(lab)
    heads = mutants.programs(info)
    if info.extends and method in [same for same, _ in declared(LABS[info.extends][0])]:
        heads += mutants.programs(labs.read(info.extends))  # one function, examined there

    assert any(found.id in head.fails for head in heads if head.is_mutant)


@pytest.mark.parametrize("lab", LABS)
def test_a_lab_that_extends_another_has_all_of_its_checks_unchanged(lab: str) -> None:
    base = labs.read(lab).extends
    if base:
        assert dict(declared(LABS[base][0])).items() <= dict(declared(LABS[lab][0])).items()


PROGRAMS = [
    pytest.param(info, head, id=f"{name}/{head.name}")
    for name in LABS
    for info in [labs.read(name)]
    for head in mutants.programs(info)[1:]
]

IN_PYTHON = [
    program
    for program in PROGRAMS
    for head in [program.values[1]]
    if isinstance(head, mutants.Expected) and head.is_mutant
    if mutants.main_file(head.path).suffix == ".py"
]


@pytest.mark.parametrize(("info", "head"), PROGRAMS)
def test_a_head_names_known_checks_only(info: LabInfo, head: mutants.Expected) -> None:
    assert head.fails | head.also <= set(LABS[info.name][1])
    assert not head.fails & head.also
    assert bool(head.fails) or not head.is_mutant


@pytest.mark.parametrize(("info", "head"), IN_PYTHON)
def test_a_mutant_is_the_reference_but_for_few_lines(info: LabInfo, head: mutants.Expected) -> None:
    files = [(info.program, mutants.main_file(head.path))]
    if head.path.is_dir():
        files.append((info.folder / info.spec.worker, head.path / info.spec.worker))

    different = [
        line
        for theirs, ours in files
        for line in difflib.ndiff(without_docstring(theirs), without_docstring(ours))
        if line[0] in "+-" and line[2:].strip()
    ]

    assert 0 < len(different) <= LARGER.get(head.path.name, FEW_LINES)


@pytest.mark.parametrize("folder", ["mutants", "right"])
def test_the_worker_that_others_share_is_the_references(folder: str) -> None:
    info = labs.read("exec_worker")
    shared, worker = info.folder / folder / info.spec.worker, info.folder / info.spec.worker

    assert shared.read_bytes() == worker.read_bytes()
    assert shared.stat().st_mode == worker.stat().st_mode
    assert worker.stat().st_mode & 0o100


def without_docstring(path: Path) -> list[str]:
    """The lines of a program below its docstring."""
    text = path.read_text()
    head = ast.parse(text).body[0]
    return text.splitlines()[head.end_lineno :]


def test_a_requirement_is_cut_from_its_reason() -> None:
    def judged() -> None:
        """It holds, e.g. always.

        Because of this. And
        of that.
        """

    def bare() -> None:
        """It holds."""

    assert requirement_and_reason(judged) == (
        "It holds, e.g. always",
        "Because of this. And of that.",
    )
    assert requirement_and_reason(bare) == ("It holds", "")


def test_a_level_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="a-check: level 'nice' is none of"):
        check("a-check", "nice")


def test_a_function_without_a_declaration_is_no_check() -> None:
    assert declaration(test_a_level_that_is_none_is_refused) is None
    assert declaration(None) is None


@pytest.mark.parametrize("name", ["fork_echo", "fork-echo"])
def test_a_lab_is_read_by_either_name(name: str) -> None:
    info = labs.read(name)

    assert (info.name, info.dashed) == ("fork_echo", "fork-echo")
    assert info.program.is_file()
    assert info.spec.arguments == ("{port}",)


def test_a_pool_has_a_size_and_declares() -> None:
    info = labs.read("prefork")

    assert info.spec.arguments == ("{workers}", "{port}")
    assert info.spec.workers > 1
    assert info.declares == {"replaces_killed_worker"}
    assert labs.read("exec_worker").declares == {"replaces_killed_worker", "protocol_one_byte"}


def test_an_unknown_lab_is_told_the_known_ones() -> None:
    known = ", ".join(name.replace("_", "-") for name in labs.names())
    with pytest.raises(UsageError, match=f"no lab .fork.; the labs are: {known}"):
        labs.read("fork")


GOOD = 'title = "T"\nidea = "I"\norder = 3\nprogram = "x.py"\narguments = ["PORT"]\n'


@pytest.mark.parametrize(
    "text",
    [
        "title = ",
        GOOD.replace('title = "T"\n', ""),
        GOOD.replace('["PORT"]', '"PORT"'),
        GOOD.replace("3", '"third"'),
        GOOD.replace("[", "").replace("]", "").replace('"PORT"', "7"),
        GOOD + 'workers = "four"\n',
        GOOD.replace('["PORT"]', '["PROT"]'),
    ],
)
def test_a_lab_toml_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (tmp_path / "labs/mine").mkdir(parents=True)
    (tmp_path / "labs/mine/lab.toml").write_text(text)
    monkeypatch.setattr(tree, "root", lambda: tmp_path)

    with pytest.raises(UsageError, match=r"mine/lab\.toml cannot be used") as told:
        labs.read("mine")
    assert "\n" not in str(told.value)


def test_a_lab_toml_at_its_shortest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "labs/mine").mkdir(parents=True)
    (tmp_path / "labs/mine/lab.toml").write_text(GOOD)
    monkeypatch.setattr(tree, "root", lambda: tmp_path)

    info = labs.read("mine")

    assert (info.title, info.order, info.spec.workers, info.declares) == ("T", 3, 0, frozenset())
