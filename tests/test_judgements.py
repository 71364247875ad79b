"""The tests of the judgements themselves: none is left out, in either direction."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOMS = {
    "descriptors", "execed", "passing", "pipe_ends", "pool", "processes", "split", "store", "talk",
    "traffic",
}  # fmt: skip


def raises(room: str) -> set[str]:
    """Public functions of forklab.checks.*room* that can raise CheckFailure, calls followed."""
    tree = ast.parse((HERE.parent / f"forklab/checks/{room}.py").read_text())
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    found = {"CheckFailure", "seats", "some"}  # the other rooms call these two
    size = 0
    while size != len(found):
        size = len(found)
        found |= {name for name, node in functions.items() if named(node) & found}
    # the one is a part of others; the others give a failure instead of raising it
    found -= {"some", "spinners", "held_open"}
    return {name for name in found & set(functions) if not name.startswith("_")}


def named(node: ast.AST) -> set[str]:
    """Every name that is called below *node*."""
    calls = (found for found in ast.walk(node) if isinstance(found, ast.Call))
    return {call.func.id for call in calls if isinstance(call.func, ast.Name)}


def judged(*, failing: bool) -> set[str]:
    """Judgements that a test hands to `failure`, or calls by itself, as "room.name"."""
    found = set()
    for path in HERE.glob("test_checks_*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call):
                is_failing = isinstance(call.func, ast.Name) and call.func.id == "failure"
                function = call.args[0] if is_failing else call.func
                if is_failing == failing and isinstance(function, ast.Attribute):
                    found.add(ast.unparse(function))
    return found


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_every_judgement_passes_in_one_test_and_fails_in_another(room: str) -> None:
    wanted = {f"{room}.{name}" for name in raises(room)}

    assert len(wanted) >= 5
    assert wanted <= judged(failing=True)
    assert wanted <= judged(failing=False)


def test_there_is_no_room_of_judgements_without_a_test() -> None:
    rooms = {path.stem for path in (HERE.parent / "forklab/checks").glob("*.py")}

    assert rooms - {"__init__", "declare"} == ROOMS
