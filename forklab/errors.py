"""Whose fault is it? The type of an exception decides the verdict, once, for the whole project.

CheckFailure(AssertionError)    the program under test is in the wrong state      -> FAIL
├─ NotReady                     it did not come to listen
└─ Overrun                      it forked without end, or took all memory, and was killed
LabBroken(Exception)            the lab could not be examined                     -> BROKEN
├─ SandboxError                 engine, image, container, the agent's stream
└─ ProbeError                   the kernel's text is missing or not as documented
LabUnsupported(Exception)       this place lacks something, or nothing is declared -> SKIPPED
UsageError(Exception)           a person asked for something that cannot be       -> exit status 2
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forklab.facts import Snapshot


Place = int | tuple[int, int]


class CheckFailure(AssertionError):
    """The program under test is in the wrong state.

    Attributes:
        expected: a sentence about the program, as it should be.
        seen: the same sentence, as it was.
        marks: pid of a culprit, or (pid, descriptor), to a few words that stand beside it.
        breaks: premises of other checks that are gone with this, such as "answers".
        snapshot: the picture that was judged; None if the failure was seen by a client.
        waited: how long and how often it was looked for, in words.
    """

    def __init__(
        self,
        expected: str,
        seen: str,
        *,
        marks: Mapping[int, str]
        | Mapping[tuple[int, int], str]
        | Mapping[Place, str]
        | None = None,
        breaks: tuple[str, ...] = (),
    ) -> None:
        super().__init__(f"expected: {expected}; seen: {seen}")
        self.expected = expected
        self.seen = seen
        self.marks: dict[Place, str] = dict(marks.items() if marks else ())
        self.breaks = breaks
        self.snapshot: Snapshot | None = None
        self.waited = ""


class NotReady(CheckFailure):
    """The program did not come to listen on its port."""


class Overrun(CheckFailure):
    """The program forked without end, or took all memory; it was killed first, and then judged."""


class LabBroken(Exception):
    """The lab could not be examined; nothing is said about the program."""


class SandboxError(LabBroken):
    """Engine, image, container or the agent's stream failed."""


class ProbeError(LabBroken):
    """What the kernel said is missing or not as documented."""


class LabUnsupported(Exception):
    """This place cannot show what the check asks for, or the manifest does not declare it.

    Attributes:
        because: id of another check that says why there is nothing to look at; "" if none does.
    """

    def __init__(self, reason: str, *, because: str = "") -> None:
        super().__init__(reason)
        self.because = because


class UsageError(Exception):
    """A person asked for something that cannot be; the message says in one sentence what to do."""
