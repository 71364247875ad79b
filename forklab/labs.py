"""What is said of each lab in its lab.toml, and the hints in its hints.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from forklab import tree
from forklab.errors import UsageError
from forklab.program.spec import PARTS, PLACES, Spec


@dataclass(frozen=True)
class LabInfo:
    """One lab.

    Attributes:
        name: of its folder, such as `fork_echo`.
        folder: where lab.toml stands.
        program: the reference program.
        spec: the contract: how a program of this lab is started.
        declares: what the reference program declares beyond the contract.
        extends: the lab all of whose checks are checks of this one, too; "" if there is none.
    """

    name: str
    folder: Path
    title: str
    idea: str
    order: int
    program: Path
    spec: Spec
    source: str
    declares: frozenset[str] = field(default_factory=frozenset)
    extends: str = ""

    @property
    def dashed(self) -> str:
        """Its name in make targets and on the command line: `fork-echo`."""
        return self.name.replace("_", "-")


def names() -> list[str]:
    """Every lab that exists, by folder name."""
    return sorted(path.parent.name for path in (tree.root() / "labs").glob("*/lab.toml"))


def read(name: str) -> LabInfo:
    """Return lab *name*, written with dashes or underscores.

    Raises:
        UsageError: there is no such lab, or its lab.toml is wrong, with what to do.
    """
    wanted = name.replace("-", "_")
    if wanted not in names():
        known = ", ".join(other.replace("_", "-") for other in names())
        raise UsageError(f"there is no lab {name!r}; the labs are: {known}")
    path = tree.root() / "labs" / wanted / "lab.toml"
    try:
        return _parse(path, tomllib.loads(path.read_text()))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path} cannot be used: {error!r}") from error


def _declared(key: str, value: object) -> str:
    """Return it as `--declares` has it: `replaces_killed_worker`, or `protocol_one_byte`."""
    return f"{key}_{value}".replace("-", "_") if isinstance(value, str) else key


def _parse(path: Path, text: dict[str, object]) -> LabInfo:
    arguments = text["arguments"]
    if not isinstance(arguments, list):
        raise TypeError("arguments must be a list")
    places = tuple(f"{{{str(word).lower()}}}" for word in arguments)
    if not set(places) <= set(PLACES):
        raise ValueError("arguments may be " + ", ".join(p.strip("{}").upper() for p in PLACES))
    plays = str(text.get("plays", "server"))
    if plays not in PARTS:
        raise ValueError("plays may be " + ", ".join(PARTS))
    declares = text.get("declares", {})
    declared = (
        frozenset(_declared(key, value) for key, value in declares.items() if value)
        if isinstance(declares, dict)
        else frozenset()
    )
    return LabInfo(
        name=path.parent.name,
        folder=path.parent,
        title=str(text["title"]),
        idea=str(text["idea"]).strip(),
        order=int(str(text["order"])),
        program=path.parent / str(text["program"]),
        spec=Spec(
            arguments=places,
            workers=int(str(text.get("workers", 0))),
            plays=plays,
            worker=str(text.get("worker", "")),
        ),
        source=str(text.get("source", "")),
        declares=declared,
        extends=str(text.get("extends", "")),
    )
