"""A table of a rubric, key by key: each mistake is one sentence that says what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

PATTERN = frozenset("*?[")
SHOWN = 12
MOST = 1e9  # of points and of hours: they are added up exactly, in hundredths


class RubricError(ValueError):
    """A rubric cannot be used; one sentence with the file, the key and what is allowed."""


@dataclass(frozen=True)
class Table:
    """One table of a TOML file.

    Attributes:
        file: its name, for messages; name: of the table, "" for the whole file.
        values: key to value, as tomllib gives them.
    """

    file: str
    name: str
    values: Mapping[str, object]

    def wrong(self, key: str, what: str) -> RubricError:
        """Return the error about *key*; *what* says how it must be."""
        whole = ".".join(part for part in (self.name, key) if part)
        return RubricError(f"{self.file}: {whole} {what}")

    def only(self, *allowed: str) -> None:
        """Demand that there is no key but *allowed*."""
        for key in self.values:
            if key not in allowed:
                raise self.wrong(key, f"is not known here{near(key, allowed)}")

    def table(self, key: str) -> Table:
        """Return the table *key*; an empty one if it is not there."""
        found = self.values.get(key, {})
        if not isinstance(found, dict):
            raise self.wrong(key, f"must be a table, [{key}]")
        return Table(self.file, f"{self.name}.{key}".lstrip("."), found)

    def tables(self, key: str) -> list[Table]:
        """Return each [[key]], numbered from 1 in messages."""
        found = self.values.get(key, [])
        if not isinstance(found, list) or not all(isinstance(part, dict) for part in found):
            raise self.wrong(key, f"must be tables, [[{key}]]")
        return [Table(self.file, f"{key}[{number}]", part) for number, part in enumerate(found, 1)]

    def number(self, key: str, default: float | None = None) -> float | None:
        """Return a number that is not negative."""
        found = self.values.get(key, default)
        if found is default:
            return default
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise self.wrong(key, f"must be a number of at least 0, not {found!r}")
        if not found >= 0:  # nan is neither
            raise self.wrong(key, f"must be a number of at least 0, not {found!r}")
        if found > MOST:
            raise self.wrong(key, f"must be at most {MOST:g}")
        return float(found)

    def numbers(self) -> dict[str, float]:
        """Return every key with its number."""
        return {key: self.number(key) or 0.0 for key in self.values}

    def text(self, key: str, default: str, allowed: Sequence[str] = ()) -> str:
        """Return a word, one of *allowed* if there are such."""
        found = self.values.get(key, default)
        if allowed and found not in allowed:
            raise self.wrong(key, f"must be one of {', '.join(allowed)}, not {found!r}")
        if not isinstance(found, str):
            raise self.wrong(key, f"must be a string, not {found!r}")
        return found

    def checks(self, key: str, known: Sequence[str]) -> tuple[str, ...]:
        """Return the ids that a list of ids and patterns stands for, in the order of the lab."""
        found = self.values.get(key, [])
        if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
            raise self.wrong(key, 'must be a list of ids of checks, such as ["echoes", "reaps-*"]')
        chosen = {one for word in found for one in self._matching(key, word, known)}
        return tuple(check for check in known if check in chosen)

    def _matching(self, key: str, word: str, known: Sequence[str]) -> list[str]:
        matching = [check for check in known if check == word or fnmatchcase(check, word)]
        if matching:
            return matching
        if PATTERN & set(word):
            raise self.wrong(key, f"has {word!r}, which matches no check of this lab")
        raise self.wrong(key, f"names no check of this lab: {word!r}{near(word, known)}")

    def one_check(self, key: str, known: Sequence[str]) -> str:
        """Demand that *key* itself is the id of a check."""
        if key not in known:
            raise self.wrong(key, f"names no check of this lab{near(key, known)}")
        return key


def near(word: str, allowed: Iterable[str]) -> str:
    """Say what may have been meant, else what is allowed."""
    names = list(allowed)
    if close := difflib.get_close_matches(word, names, 1):
        return f"; did you mean {close[0]!r}?"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"; allowed: {', '.join(names[:SHOWN])}{more}"
