"""Whose fault is it? The type of an exception decides the verdict, once, for the whole project.

CheckFailure(AssertionError)    the program under test is in the wrong state      -> FAIL
LabBroken(Exception)            the lab could not be examined                     -> BROKEN
├─ SandboxError                 engine, image, container, the agent's stream
└─ ProbeError                   the kernel's text is missing or not as documented
LabUnsupported(Exception)       this kernel, engine or sandbox lacks something    -> SKIPPED
UsageError(Exception)           a person asked for something that cannot be       -> exit status 2
"""

from __future__ import annotations


class LabBroken(Exception):
    """The lab could not be examined; nothing is said about the program."""


class SandboxError(LabBroken):
    """Engine, image, container or the agent's stream failed."""


class ProbeError(LabBroken):
    """What the kernel said is missing or not as documented."""


class LabUnsupported(Exception):
    """This kernel, engine or sandbox cannot show what the check asks for."""


class UsageError(Exception):
    """A person asked for something that cannot be; the message is one sentence saying what to do."""
