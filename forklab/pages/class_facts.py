"""What a page says about the whole batch, beside its grades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ClassFacts:
    """One batch.

    Attributes:
        lab: such as `fork_echo`; title: of the lab, one line.
        began: ISO 8601, UTC; seconds: how long all of it took.
        sandbox: kind of sandbox.
        version: of forklab.
        again: the command line that does the same once more.
        reasons: id of a check to why it matters, one or two sentences.
        notes: what a reader should know of the batch, a sentence each.
    """

    lab: str
    title: str = ""
    began: str = ""
    seconds: float = 0.0
    sandbox: str = ""
    version: str = ""
    again: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
