"""The documents hold: links, targets, options, checks, lists, rooms, numbers."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
from configparser import ConfigParser
from itertools import pairwise
from pathlib import Path

import click
import pytest

from forklab import labs, matrix_page
from forklab.agent import cgroup, conns, loop, on_looks, output, state, turn
from forklab.checks.declare import Declaration, declaration
from forklab.cli import main
from forklab.program import build, client, clients, program, started, wait
from forklab.program import lab as program_lab
from forklab.results import record
from forklab.sandbox import container, link
from tests import documents, hostile
from tests.documents import HERE
from tests.scenarios import scenario_of
from tests.test_house import make

DOCUMENTS = [pytest.param(path, id=str(path.relative_to(HERE))) for path in documents.documents()]
SCENARIOS: dict[str, type] = {lab: scenario_of(lab) for lab in labs.names()}
UNTOUCHED = ("-n", "-o", ".venv/.made-from-pyproject")
# what an option between backticks may belong to, beside forklab
OF_OTHERS = {"--pdb", "--seccomp-bpf", "--strict", "--build-arg", "--network", "--volume"}


def read(name: str) -> str:
    """Return the text of a document."""
    return (HERE / name).read_text()


# links and paths


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in documents.links(path.read_text()):
        file, _, anchor = target.partition("#")
        assert "://" not in target or target.startswith("https://"), target
        if "://" in target:
            continue
        there = path.parent / file if file else path
        assert there.exists(), target
        assert not anchor or anchor in documents.anchors(there.read_text()), target


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_path_that_is_named_exists(path: Path) -> None:
    start = re.compile(r"(forklab|tests|scenarios|labs|docker|docs|bench)/[\w/.]+")
    for text in documents.inline(path.read_text()):
        if start.fullmatch(text):
            assert (HERE / text).exists(), text


@pytest.mark.parametrize("path", DOCUMENTS)
def test_transcripts_fit_eighty_columns(path: Path) -> None:
    for block in documents.blocks(path.read_text()):
        if block.language == "console":
            assert max(map(len, block.text.splitlines())) <= 80


def test_the_picture_says_what_it_shows() -> None:
    picture = read("docs/picture.svg")
    assert "<title" in picture
    assert "<desc" in picture
    assert "docs/picture.svg" in documents.links(read("README.md"))


# commands


def shown(tool: str) -> list[object]:
    """Every command of *tool* that a document shows, once."""
    found = {
        tuple(words): None
        for path in documents.documents()
        for words in documents.commands(path.read_text())
        if words[0] == tool
    }
    return [pytest.param(list(words[1:]), id=" ".join(words)) for words in found]


@pytest.mark.parametrize("words", shown("make"))
def test_every_make_command_exists(words: list[str]) -> None:
    words = ["lab-prefork" if word == "lab-LAB" else word for word in words]
    recipe = make(*UNTOUCHED, *words)
    assert recipe
    makefile = read("Makefile")
    for name in (word.partition("=")[0] for word in words if "=" in word):
        assert re.search(rf"\({name}\)|,{name}\)", makefile), name
    for line in recipe.splitlines():
        if line.startswith(".venv/bin/forklab "):
            understood(shlex.split(line)[1:])


@pytest.mark.parametrize("words", shown("forklab"))
def test_every_forklab_command_exists(words: list[str]) -> None:
    understood(words)


def understood(words: list[str]) -> None:
    """Demand that the subcommand exists and has every option."""
    if words[0].startswith("-"):
        assert words[0] in ("--help", "--version")
        return
    found = main.commands[words[0]]
    for option in (word.partition("=")[0] for word in words[1:] if word.startswith("--")):
        assert option in options(found), option
    operands = [word for word in words[1:] if not word.startswith("--")]
    if words[0] == "check" and operands:
        assert operands[0].replace("-", "_") in labs.names()


def options(command: click.Command) -> set[str]:
    """Return the names of a command's options."""
    return {name for found in command.params for name in found.opts} | {"--help"}


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_option_between_backticks_exists(path: Path) -> None:
    known = OF_OTHERS.union(*(options(command) for command in main.commands.values()))
    for text in documents.inline(path.read_text()):
        for word in re.findall(r"^--[a-z-]+", text):
            assert word in known, text


@pytest.mark.parametrize("words", shown("tox"))
def test_every_tox_environment_that_is_shown_exists(words: list[str]) -> None:
    config = ConfigParser(interpolation=None)
    config.read(HERE / "tox.ini")
    assert words[:2] == ["run", "-e"]
    assert f"testenv:{words[2]}" in config


def test_what_is_run_elsewhere_is_shown_somewhere() -> None:
    commands = [
        " ".join(words)
        for path in documents.documents()
        for words in documents.commands(path.read_text())
    ]
    for start in documents.RUN_ELSEWHERE:
        assert any(command.startswith(start) for command in commands), start


def test_every_setting_of_the_environment_is_in_the_readme() -> None:
    code = "".join(path.read_text() for path in (HERE / "forklab").rglob("*.py"))
    settings = set(re.findall(r"FORKLAB_[A-Z_]+", code))
    assert {"FORKLAB_INSTALL", "FORKLAB_TIMEOUT_SCALE"} <= settings
    for name in settings:
        assert f"`{name}=" in read("README.md"), name
    for row in documents.table(read("README.md"), "environment"):
        for name in re.findall(r"[A-Z_]{5,}", row[0]):
            assert name in code, name


# the labs


def declared(lab: str) -> list[Declaration]:
    """Return the checks of *lab* in the order in which they run: what all servers owe first."""
    scenario = SCENARIOS[lab]
    methods = [
        method
        for kind in reversed(scenario.__mro__)
        for method in vars(kind).values()
        if declaration(method) is not None
    ]
    return [found for method in methods if (found := declaration(method)) is not None]


@pytest.mark.parametrize("lab", labs.names())
def test_the_matrix_is_of_the_programs_and_checks_that_are_here(lab: str) -> None:
    checks = [check.id for check in declared(lab)]
    now = matrix_page.digest(labs.read(lab), checks)
    found = matrix_page.digests(read("docs/matrix.md"))
    assert found.get(lab) == now, f"out of date: make mutants LAB={lab} WRITE=docs/matrix.md"


def test_nothing_in_the_matrix_is_unexpected() -> None:
    rows = [
        line for line in read("docs/matrix.md").splitlines() if re.match(r"\S+\.\w+ |\w+/", line)
    ]
    assert len(rows) > 300
    assert [row for row in rows if "!" in row] == []


@pytest.mark.parametrize("lab", SCENARIOS)
def test_the_sheet_lists_the_checks(lab: str) -> None:
    rows = documents.table(read(f"labs/{lab}/README.md"), "check")
    sheet = [(row[0].strip("`"), row[1]) for row in rows]
    assert sheet == [(check.id, check.level) for check in declared(lab)]


@pytest.mark.parametrize("lab", SCENARIOS)
def test_the_sheet_says_how_points_are_shared(lab: str) -> None:
    checks = declared(lab)
    core, robust = (sum(check.level == level for check in checks) for level in ("core", "robust"))
    sheet = " ".join(read(f"labs/{lab}/README.md").split())
    assert (record.CORE_SHARE, record.ROBUST_SHARE) == (60, 40)
    assert f"The {core} core checks share 60 points, the {robust} robust ones 40" in sheet
    light = [check for check in checks if check.weight != 1]
    assert {check.weight for check in light} <= {0.5}
    for check in light:
        assert f"`{check.id}` weighs half" in sheet
    assert sheet.count("weighs half") == len(light)


@pytest.mark.parametrize("lab", SCENARIOS)
def test_the_sheet_lists_the_mutants(lab: str) -> None:
    sheet = read(f"labs/{lab}/README.md")
    listed = [target for target in documents.links(sheet) if target.startswith("mutants/")]
    files = [f"mutants/{path.name}" for path in (HERE / "labs" / lab / "mutants").iterdir()]
    assert sorted(listed) == sorted(files)
    for title, target in re.findall(r"\[([^]]+)\]\((mutants/[^)]+)\)", sheet):
        assert f"mutants/{title}" == target


@pytest.mark.parametrize("lab", SCENARIOS)
def test_the_sheet_says_the_contract(lab: str) -> None:
    info = labs.read(lab)
    contract = contract_of(info)
    assert f"`{contract}`" in read(f"labs/{lab}/README.md")


def contract_of(info: labs.LabInfo) -> str:
    """Return how a lab's program is started, as a person writes it."""
    words = [word.strip("{}").upper() for word in info.spec.arguments]
    return " ".join([info.program.name, *words])


def test_the_table_of_labs_is_the_labs_that_exist() -> None:
    rows = documents.table(read("labs/README.md"), "lab")
    infos = sorted((labs.read(name) for name in labs.names()), key=lambda info: info.order)
    assert [row[0] for row in rows] == [f"[{i.name}]({i.name}/README.md)" for i in infos]
    assert [row[2] for row in rows] == [f"`{contract_of(info)}`" for info in infos]


def test_the_changelog_counts_the_checks() -> None:
    text = " ".join(read("CHANGELOG.md").split())
    for lab in SCENARIOS:
        assert f"Lab `{lab}`: {len(declared(lab))} checks" in text


# the house; its rooms are in tests/test_architecture.py


def test_the_table_of_folders_is_the_tree() -> None:
    rows = documents.table(read("ARCHITECTURE.md"), "folder")
    listed = subprocess.run(
        ["git", "ls-files"], cwd=HERE, capture_output=True, text=True, check=False
    ).stdout
    folders = {line.split("/")[0] + "/" for line in listed.splitlines() if "/" in line}
    if not folders:
        pytest.skip("this tree is no checkout of git")
    assert {row[0].strip("`") for row in rows} == {f for f in folders if not f.startswith(".")}


def test_the_path_of_one_check_names_what_there_is() -> None:
    rows = documents.table(read("ARCHITECTURE.md"), "what happens")
    assert len(rows) > 20
    for row in rows:
        for file, name in re.findall(r"`([\w/.]+\.py)` `(\w+)`", row[1]):
            tree = ast.parse((HERE / file).read_text())
            kinds = (ast.FunctionDef, ast.ClassDef)
            found = {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
            assert name in found, (file, name)


def test_numbers_in_prose_are_the_constants() -> None:
    text = " ".join(read("ARCHITECTURE.md").split())
    assert wait.MIN_LOOKS == loop.MIN_LOOKS
    for sentence in (
        f"and {wait.MIN_LOOKS} looks were made",
        f"every {link.BEAT_S:.0f} seconds",
        f"says nothing for {loop.SILENCE_S:.0f} seconds",
        f"last {started.WINDOW_S} s",
        f"limited to {program_lab.PROCESSES} processes",
        f"a lab of {len(declared('prefork'))} checks".capitalize(),
    ):
        assert sentence in text, sentence
    assert f"none passes before {wait.MIN_LOOKS} looks" in " ".join(read("README.md").split())


def test_the_verdicts_of_the_readme_are_ours() -> None:
    rows = documents.table(read("README.md"), "verdict")
    assert {row[0].strip("`") for row in rows} == {str(verdict) for verdict in record.Verdict}


# programs that attack


def test_every_hostile_program_is_on_the_page_once() -> None:
    rows = documents.table(read("docs/security.md"), "attack")
    listed = [name for row in rows for name in re.findall(r"`([^`]+)`", row[1])]
    assert sorted(listed) == sorted(head.name for head in hostile.programs())


def test_every_test_that_a_page_names_exists() -> None:
    code = "".join(path.read_text() for path in (HERE / "tests").rglob("test_*.py"))
    known = set(re.findall(r"^def (test_\w+)", code, re.MULTILINE))
    rows = documents.table(read("docs/security.md"), "promise")
    named = [name for row in rows for name in re.findall(r"`(test_\w+)`", row[1])]
    assert len(named) > 12
    assert all(re.fullmatch("(`test_[^`]+`(, )?)+", row[1]) for row in rows)
    assert [name for name in named if name not in known] == []


def test_the_limits_of_the_page_are_the_constants() -> None:
    text = " ".join(read("docs/security.md").split())
    memory, look_ms = container.MEMORY >> 20, state.WATCH_S * 1000
    assert cgroup.MOST_BYTES < container.MEMORY * cgroup.SHARE
    for sentence in (
        f"{memory} MiB of memory for the container",
        f"may take {cgroup.MOST_BYTES >> 20}; the agent looks every {look_ms:.0f} ms",
        f"{program_lab.PROCESSES} processes and threads",
        f"more than {program_lab.PROCESSES - build.GUARD} processes",
        f"{on_looks.DESCRIPTORS} descriptors, and as many sockets, a process",
        f"{state.MOST_SOCKETS} TCP and UDP sockets",
        f"beside {turn.CROWD} processes of the program or more",
        f"System V memory of {container.SYSCTLS['kernel.shmall']} pages",
        f"first and last {output.HEAD_BYTES >> 10} KiB",
        f"connection {conns.FLOOD_BYTES >> 20} MiB more",
        f"{program.READY_S:.0f} s to listen, {client.ANSWER_S:.0f} s to answer",
        f"{client.LINES_S:.0f} s for a few lines and {client.STREAM_S:.0f} s for a megabyte",
        f"{build.BUILD_S:.0f} s to compile",
        f"when they have taken {clients.VISITS_S:.0f} s",
    ):
        assert sentence in text, sentence
    assert output.HEAD_BYTES == output.TAIL_BYTES
    assert len(container.CAPABILITIES) == 6
    assert "six capabilities" in text


# what is nowhere


@pytest.mark.parametrize("path", DOCUMENTS)
def test_headings_go_down_by_one(path: Path) -> None:
    levels = [len(m) for m in re.findall(r"^(#+) ", documents.prose(path.read_text()), re.M)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("path", DOCUMENTS)
def test_no_path_of_one_machine(path: Path) -> None:
    assert not re.search(r"/(home|root|work|Users)/\w", path.read_text())
