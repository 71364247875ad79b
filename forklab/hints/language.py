"""The language in which a person wants hints."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from forklab.errors import UsageError

LANGUAGES = ("en", "ko")
SETTING = "FORKLAB_LANG"
# the first that is set and not empty decides: locale(7), and POSIX, Environment Variables, 8.2
LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")


def language(environ: Mapping[str, str] | None = None) -> str:
    """Return "en" or "ko": what FORKLAB_LANG says, else the locale; any other locale is English.

    Raises:
        UsageError: FORKLAB_LANG names no language of ours.
    """
    environ = os.environ if environ is None else environ
    wanted = environ.get(SETTING, "")
    if wanted and wanted not in LANGUAGES:
        raise UsageError(
            f"{SETTING}={wanted} is no language that hints are written in; "
            f"give {' or '.join(LANGUAGES)}"
        )
    return wanted or _of_locale(next(filter(None, map(environ.get, LOCALE)), ""))


def _of_locale(locale: str) -> str:
    """Return the language of a locale such as `ko_KR.UTF-8`."""
    first = re.split(r"[_.@]", locale, maxsplit=1)[0]
    return first if first in LANGUAGES else "en"
