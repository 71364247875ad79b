"""The scenario of a lab, found as pytest finds it: by the name of its file and its `lab`."""

from __future__ import annotations

import inspect
from importlib import import_module

from forklab.checks.declare import declaration


def scenario_of(lab: str) -> type:
    """Return the class of scenarios/test_<lab>.py that has the checks of *lab*."""
    module = import_module(f"scenarios.test_{lab}")
    (found,) = (
        kind
        for name, kind in vars(module).items()
        if name.startswith("Test") and getattr(kind, "lab", None) == lab
    )
    assert isinstance(found, type)
    return found


def ids_of(scenario: type) -> list[str]:
    """Return the ids of the checks of *scenario*, its own and those that it inherits."""
    methods = (method for _, method in inspect.getmembers(scenario, inspect.isfunction))
    return [found.id for method in methods if (found := declaration(method)) is not None]
