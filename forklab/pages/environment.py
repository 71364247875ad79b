"""Templates, and what they may write: every text is made visible and escaped, by nobody's care.

A name, a command line, a compiler's message and evidence hold what a student wrote.
"""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from forklab.pages import evidence_text, figure_words
from forklab.pages.words import say
from forklab.reports.text import bounded, columns, shorten, visible

ENGLISH = Markup(' lang="en"')


def render(template: str, language: str, values: Mapping[str, object]) -> str:
    """Return the page that *template* makes of *values*, in *language* ("en" or "ko")."""
    return _environment(language).get_template(template).render(values)


def prepare(templates: Iterable[str], language: str) -> None:
    """Compile *templates* now, at a time when nobody waits for it."""
    for name in templates:
        _environment(language).get_template(name)


@cache  # a template is compiled once, not for each of 300 submissions
def _environment(language: str) -> Environment:
    found = Environment(
        loader=PackageLoader("forklab.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_safe,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    speak = partial(say, language)
    found.globals.update(
        say=speak,
        language=language,
        # what labs and harness say stands in English on a page in another language
        english="" if language == "en" else ENGLISH,
    )
    found.globals.update(
        spans=partial(figure_words.spans, language),
        thing_name=partial(figure_words.thing_name, language),
    )
    found.filters.update(
        shell=shlex.quote,
        detail=figure_words.detail,
        since=figure_words.since,
        length_of=figure_words.pause,
        bounded=bounded,
        columns=columns,
        link=link,
        points=points,
        percent=lambda share: speak("percent", n=math.floor(share * 100 + 0.5)),
        moment=partial(moment, language),
        duration=partial(duration, language),
        shorten=partial(shorten, mark=" [...]"),
        parts=evidence_text.parts,
        without=evidence_text.without,
    )
    return found


def _safe(value: object) -> object:
    """Let nothing through that does not show; what templates made is whole already."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def link(folder: str, file: str = "") -> str:
    """Return a link to *file* in *folder*, relative to this page: never to another host."""
    # names of files need not be UTF-8: os.fsencode gives back the bytes that were read
    path = "/".join(part for part in (folder, file) if part)
    return "./" + quote(os.fsencode(path))


def points(value: float, limit: float | None = None, decimals: int | None = None) -> str:
    """Return points, as short as they are or with as many *decimals*, of which 1 is the most.

    They are never rounded up to *limit* where some are missing.
    """
    if limit is not None and value < limit - 1e-6:
        value = min(value, limit - 0.1) if f"{value:.1f}" == f"{limit:.1f}" else value
    return f"{value:.1f}".removesuffix(".0") if decimals is None else f"{value:.{decimals}f}"


def moment(language: str, iso: str) -> str:
    """Return a time of ISO 8601 as a person reads it, in UTC; as it is where it is none."""
    try:
        then = datetime.fromisoformat(iso).astimezone(UTC)
    except ValueError:
        return iso
    return say(language, "utc", date=f"{then:%Y-%m-%d}", clock=f"{then:%H:%M}")


def duration(language: str, seconds: float) -> str:
    """Return how long *seconds* are, in the two units that matter."""
    if round(seconds, 1) < 60:
        return say(language, "seconds", s=points(seconds))
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return say(language, "minutes", m=minutes, s=rest)
    return say(language, "hours", h=minutes // 60, m=minutes % 60)
