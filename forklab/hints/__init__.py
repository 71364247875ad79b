"""Hints: up to three a check, in English and Korean, and how a person climbs from one to the next.

`texts` reads the files, `language` says which of them a person wants, `words` holds the sentences
around a hint, and `ladder` gives the next hint for what failed last.
"""

from forklab.hints.language import language
from forklab.hints.texts import hints, read

__all__ = ["hints", "language", "read"]
