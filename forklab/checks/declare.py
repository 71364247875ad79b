"""How a check is declared: once, where it is done, by a decorator on its test method."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
LEVELS = ("core", "robust")
ATTRIBUTE = "forklab_check"


class Declaration(NamedTuple):
    """What the decorator was told.

    Attributes:
        needs: premises that must not be broken: ids of checks, or facts such as "answers".
        weight: its share of the points of its level.
    """

    id: str
    level: str
    needs: tuple[str, ...]
    weight: float


def check(
    check_id: str,
    level: str,
    *,
    needs: tuple[str, ...] = ("starts", "answers"),
    weight: float = 1.0,
) -> Callable[[F], F]:
    """Declare a test method to be the check *check_id* of its lab.

    Its docstring is the requirement (the first paragraph, one sentence) and the reason (the rest).
    """
    if level not in LEVELS:
        raise ValueError(f"{check_id}: level {level!r} is none of {LEVELS}")

    def declare(method: F) -> F:
        setattr(method, ATTRIBUTE, Declaration(check_id, level, needs, weight))
        return method

    return declare


def declaration(method: Any) -> Declaration | None:
    """Return what *method* was declared to be, None if it is no check."""
    found: Declaration | None = getattr(method, ATTRIBUTE, None)
    return found


def requirement_and_reason(method: Any) -> tuple[str, str]:
    """Cut the docstring of *method* into its first paragraph and the rest, each on one line."""
    first, _, rest = (inspect.getdoc(method) or "").partition("\n\n")
    return " ".join(first.split()).removesuffix("."), " ".join(rest.split())
