"""Imports go one way, nothing sleeps but the waiting verbs, functions stay short."""

from __future__ import annotations

import ast
import re
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import documents
from tests.documents import HERE

# What each room imports of ours, as ARCHITECTURE.md says; a room is a folder or module of forklab/.
ROOMS = {
    row[0].strip("`"): set(re.findall(r"`(\w+)`", row[2]))
    for row in documents.table((HERE / "ARCHITECTURE.md").read_text(), "room")
} | {"__init__": set()}
SCENARIOS_MAY = {"checks", "errors", "facts", "program"}
CODE = sorted(HERE.glob("forklab/**/*.py"))
LONGEST, MEDIAN, NINE_OF_TEN = 40, 10, 25


def parts(path: Path) -> tuple[str, ...]:
    """forklab/facts/roles.py -> forklab, facts, roles."""
    return path.relative_to(HERE).with_suffix("").parts


def imported(path: Path) -> Iterator[str]:
    """Full names of the modules that a file imports, wherever it does, but for types alone."""
    package = parts(path)[:-1]
    for node in outside_of_types(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            if module == "forklab":
                yield from (f"forklab.{alias.name}" for alias in node.names)
            else:
                yield module


def outside_of_types(node: ast.AST) -> Iterator[ast.AST]:
    """Walk *node*, but not into `if TYPE_CHECKING`: an import for a type is no arrow."""
    yield node
    if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
        for child in ast.iter_child_nodes(node):
            yield from outside_of_types(child)


def rooms_of(path: Path) -> set[str]:
    """The rooms of ours that a file imports, beside its own."""
    names = (name.split(".") for name in imported(path))
    return {name[1] for name in names if name[0] == "forklab" and len(name) > 1} - {parts(path)[1]}


@pytest.mark.parametrize("path", CODE, ids=lambda path: "/".join(parts(path)[1:]))
def test_a_room_imports_only_what_stands_below_it(path: Path) -> None:
    assert rooms_of(path) <= ROOMS[parts(path)[1]]


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_every_arrow_of_the_table_is_used(room: str) -> None:
    files = [path for path in CODE if parts(path)[1] == room]
    assert ROOMS[room] == set().union(*map(rooms_of, files))


def test_the_table_of_rooms_is_up_to_date_and_has_no_circle() -> None:
    assert {parts(path)[1] for path in CODE} == set(ROOMS)
    left = dict(ROOMS)
    while left:
        free = {room for room, below in left.items() if not below & set(left)}
        assert free, f"a circle among {sorted(left)}"
        left = {room: below for room, below in left.items() if room not in free}


@pytest.mark.parametrize(
    "path", sorted(HERE.glob("forklab/agent/*.py")), ids=lambda path: str(path.name)
)
def test_the_agent_needs_the_standard_library_and_nothing_else(path: Path) -> None:
    for name in imported(path):
        outermost = name.partition(".")[0]
        assert outermost in sys.stdlib_module_names or name.startswith("forklab.agent"), name
    # it runs in the sandbox as a package of another name: all of its own imports are relative
    assert "from forklab" not in path.read_text()


@pytest.mark.parametrize(
    "path", sorted(HERE.glob("scenarios/*.py")), ids=lambda path: str(path.name)
)
def test_a_scenario_speaks_to_programs_and_judgements_only(path: Path) -> None:
    names = {name for name in imported(path) if name.startswith("forklab")}

    assert {name.split(".")[1] for name in names} <= SCENARIOS_MAY
    assert not {name for name in imported(path)} & {"time", "subprocess", "os", "re"}


def sleeps(path: Path) -> list[str]:
    """Calls of anything named sleep, and imports of one."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        named = getattr(node, "attr", getattr(node, "id", ""))
        names = [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []
        if named == "sleep" or "sleep" in names:
            found.append(f"{'/'.join(parts(path))}:{getattr(node, 'lineno', 0)}")
    return found


def test_nothing_sleeps_but_the_waiting_verbs() -> None:
    waiting = HERE / "forklab/program/wait.py"
    others = [path for path in (*CODE, *HERE.glob("scenarios/*.py")) if path != waiting]

    assert [place for path in others for place in sleeps(path)] == []
    assert len(sleeps(waiting)) == 1


def test_everything_unexpected_is_caught_in_one_place() -> None:
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, f"{path}:{node.lineno}: a bare except"
                assert ast.unparse(node.type) != "Exception", f"{path}:{node.lineno}"


def test_functions_stay_short() -> None:
    sizes = {
        f"{'/'.join(parts(path))}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in CODE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    }

    assert {name for name, size in sizes.items() if size > LONGEST} == set()
    assert statistics.median(sizes.values()) <= MEDIAN
    assert sorted(sizes.values())[len(sizes) * 9 // 10] <= NINE_OF_TEN
