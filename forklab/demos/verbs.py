"""What a step of a demo may do: its sentences, cut into a verb and its words."""

from __future__ import annotations

import re
from typing import NamedTuple

WHO = r"[a-z]+(?:-\d+)?"
LINE = "client-\\d+|server"
TEXT = '"([^"]*)"'

FORMS = {
    "start": r"start",
    "start-mutant": r"start mutant (\w+\.\w+)",
    "call": rf"call ({WHO}) ({WHO})",
    "connect": r"connect(?: (\d+))?",
    "send": rf"send ({LINE}) {TEXT}",
    "ask": rf"ask ({LINE}) {TEXT}",
    "half-close": rf"half-close ({LINE})",
    "leave": rf"leave ({LINE}|all)",
    "type": rf"type {TEXT}",
    "kill": rf"kill ({WHO})(?: (SIG[A-Z]+))?",
    "hold": rf"hold ({WHO})",
    "release": rf"release ({WHO})",
    "await": r"await (.+)",
    "look": r"look (ps|fds|calls|ends|clients|output|diff)",
    "look-file": r"look file ([\w.]+)",
}
STARTS = ("start", "start-mutant")
LOOKS = ("look", "look-file")


class Verb(NamedTuple):
    """One thing that is done.

    Attributes:
        name: a key of FORMS.
        words: what the sentence says beside it; "" for a word that may be missing and is.
    """

    name: str
    words: tuple[str, ...] = ()

    @property
    def starts(self) -> bool:
        """Whether the program is started afresh."""
        return self.name in STARTS

    @property
    def looks(self) -> bool:
        """Whether something is shown."""
        return self.name in LOOKS


def parse(text: str) -> Verb:
    """Return the verb of a sentence such as `kill worker-1 SIGTERM`.

    Raises:
        ValueError: it has none of the forms, with what there is.
    """
    for name, form in FORMS.items():
        found = re.fullmatch(form, text)
        if found:
            return Verb(name, tuple(word or "" for word in found.groups()))
    known = ", ".join(name.replace("-", " ") for name in FORMS)
    raise ValueError(f"{text!r} is nothing that can be done; the verbs are: {known}")
