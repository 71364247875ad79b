"""The script of a demo: what is said, asked, done, looked at and expected, step by step.

`labs/<lab>/demo.toml` has all of it, `demo.ko.toml` beside it the words in Korean, by the same ids.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forklab.demos import expectations, verbs
from forklab.demos.expectations import Expectation
from forklab.demos.verbs import Verb
from forklab.errors import UsageError
from forklab.labs import LabInfo

FILE = "demo.toml"
TRANSLATED = "demo.{}.toml"
WORDS = ("title", "say", "ask", "answer", "look")
WHOLE = {"id", *WORDS, "do", "expect"}
LEAST = 5


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        id: the same in both languages.
        say, ask, answer, look: what the class is told, asked, and then told to see.
        do: what is done; the first step starts the program.
        expect: what must be seen, and at which look.
    """

    id: str
    title: str
    say: str
    ask: str
    answer: str
    look: str
    do: tuple[Verb, ...]
    expect: tuple[Expectation, ...]

    @property
    def starts(self) -> bool:
        """Whether it begins with a fresh start of a program."""
        return self.do[0].starts

    def at_look(self, number: int) -> list[Expectation]:
        """Return what must be seen at look *number*, from 1."""
        return [one for one in self.expect if one.look == number]


@dataclass(frozen=True)
class Script:
    """A demo in one language.

    Attributes:
        minutes: how long it takes in front of a class, about.
        workers: size of the pool, where the lab has one; 0: the lab's own.
        digest: of all that is said and done; a recording of another text has another one.
    """

    lab: str
    language: str
    title: str
    minutes: int
    workers: int
    steps: tuple[Step, ...]
    digest: str


def read(info: LabInfo, language: str) -> Script:
    """Return the demo of a lab in *language*.

    Raises:
        UsageError: there is none, or it cannot be used: which file, which step, why.
    """
    path = info.folder / FILE
    text = _load(path)
    texts = [text]
    if language != "en":
        texts.append(_translated(info.folder / TRANSLATED.format(language), text))
        text = texts[-1]
    rows = text["step"]
    steps = tuple(_step(path, row) for row in rows)
    if len(steps) < LEAST or not steps[0].starts:
        raise UsageError(f"{path} needs {LEAST} steps at least, and the first one starts a program")
    return Script(
        lab=info.name,
        language=language,
        title=str(text["title"]),
        minutes=int(text.get("minutes", len(steps))),
        workers=int(text.get("workers", 0)),
        steps=steps,
        digest=_digest(texts),
    )


def _digest(texts: list[dict[str, Any]]) -> str:
    plain = json.dumps(texts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def _load(path: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(path.read_text("utf-8"))
        assert isinstance(found["title"], str)
        assert all(isinstance(row["id"], str) for row in found["step"])
    except FileNotFoundError:
        raise UsageError(f"{path} is missing: this lab has no demo in that language") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be used: {error}") from error
    except (KeyError, TypeError, AssertionError):
        raise UsageError(f"{path} needs a title, and [[step]] tables that have an id") from None
    return found


def _translated(path: Path, original: dict[str, Any]) -> dict[str, Any]:
    """Return *original* with the words of another language."""
    told = _load(path)
    ids = [[row["id"] for row in text["step"]] for text in (original, told)]
    if ids[0] != ids[1]:
        raise UsageError(f"{path} has the steps {ids[1]}, and {FILE} beside it {ids[0]}")
    for row in told["step"]:
        if unknown := set(row) - {"id", *WORDS}:
            raise UsageError(f"{path}, step {row['id']}: {sorted(unknown)[0]!r} is in {FILE} only")
    rows = [a | b for a, b in zip(original["step"], told["step"], strict=True)]
    if any(missing := set(WORDS) - set(row) for row in told["step"]):
        raise UsageError(f"{path}: a step has no {sorted(missing)[0]!r}")
    return {**original, "title": told["title"], "step": rows}


def _step(path: Path, row: dict[str, Any]) -> Step:
    where = f"{path}, step {row['id']}"
    if wrong := WHOLE ^ set(row):
        name = sorted(wrong)[0]
        raise UsageError(f"{where}: {name!r} is {'unknown' if name in row else 'missing'}")
    try:
        do = tuple(verbs.parse(str(text)) for text in row["do"])
        for verb in do:
            if verb.name == "await":
                expectations.parse(verb.words[0])
        expect = tuple(expectations.parse(str(text)) for text in row["expect"])
    except ValueError as error:
        raise UsageError(f"{where}: {error}") from error
    looks = sum(verb.looks for verb in do)
    placed = tuple(one._replace(look=one.look or looks) for one in expect)
    if not looks or not placed or any(one.look > looks for one in placed):
        raise UsageError(f"{where}: it needs a look, and an expectation at a look that is there")
    words = {name: " ".join(str(row[name]).split()) for name in WORDS}
    return Step(id=row["id"], do=do, expect=placed, **words)
