"""`submission.toml`: what a person says about a submission, where conventions do not tell."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath

from forklab.errors import UsageError
from forklab.program.convention import MAKEFILES, SUFFIXES
from forklab.program.spec import Spec
from forklab.submissions.items import MANIFEST, Refused
from forklab.submissions.submission import Manifest
from forklab.submissions.text import converted

KEYS = ("main", "run", "port", "workers", "worker", "declares")
MOST_WORKERS = 64
WORD = re.compile(r"[a-z][a-z0-9_-]*")


def parse(data: bytes, paths: Collection[str]) -> Manifest:
    """Return what a manifest says.

    Args:
        data: the bytes of `submission.toml`.
        paths: the files that it stands beside, itself included.

    Raises:
        Refused: it is no TOML, has a key or a value that cannot be, or names a main that is not
            there; the sentence says what is allowed.
    """
    try:
        said = tomllib.loads(data.decode())
    except UnicodeDecodeError:
        raise Refused(f"{MANIFEST} is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"{MANIFEST} is no TOML: {ascii(str(error))[1:-1][:120]}") from None
    except RecursionError:  # brackets in brackets in brackets
        raise Refused(f"{MANIFEST} is no TOML that can be read: it is nested too deeply") from None
    for key in said:
        if key not in KEYS:
            raise Refused(f"{MANIFEST} has the key {key[:40]!a}; known are {', '.join(KEYS)}")
    return Manifest(
        main=_main(said, paths),
        run=_run(said),
        port=_number(said, "port", 65535),
        workers=_number(said, "workers", MOST_WORKERS),
        worker=_worker(said),
        declares=_declares(said),
    )


def beside(folder: Path) -> Manifest:
    """Return what the manifest in *folder* says.

    Raises:
        UsageError: it says what cannot be, or cannot be read.
    """
    paths = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    try:
        data, _ = converted(MANIFEST, (folder / MANIFEST).read_bytes())
        return parse(data, paths)
    except OSError as error:
        raise UsageError(f"{folder / MANIFEST} cannot be read: {error.strerror}") from None
    except Refused as refused:
        raise UsageError(str(refused)) from None


def applied(said: Manifest, spec: Spec) -> Spec:
    """Return how a program is started, with what its manifest says.

    Raises:
        UsageError: what it says does not go with the lab; it names RUN, PORT, WORKERS or WORKER.
    """
    changed = spec.changed(said.run, said.port, said.workers, said.worker).choosing(said.main)
    return changed.declaring(said.declares) if said.declares else changed


def _wrong(key: str, value: object, allowed: str) -> Refused:
    return Refused(f"{MANIFEST} says {key} = {ascii(value)[:60]}; {allowed}")


def _text(said: Mapping[str, object], key: str, allowed: str) -> str | None:
    value = said.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise _wrong(key, value, allowed)
    return value


def _main(said: Mapping[str, object], paths: Collection[str]) -> str:
    value = _text(said, "main", "main is the name of a file, in quotes")
    if value is None:
        return ""
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts:
        raise _wrong("main", value, "main is the name of a file below it")
    has_makefile = any(PurePosixPath(name).name in MAKEFILES for name in paths)
    if str(path) in paths or (has_makefile and path.suffix.lower() not in SUFFIXES):
        return str(path)  # what make leaves is not there yet
    beside = [name for name in sorted(paths) if name != MANIFEST]
    shown = ", ".join(beside[:8]) + (f" and {len(beside) - 8} more" if len(beside) > 8 else "")
    raise _wrong("main", value, f"there is no such file; there are: {shown or 'none'}")


def _run(said: Mapping[str, object]) -> str | None:
    allowed = 'run is a command line in quotes, such as "./server {port}"'
    value = _text(said, "run", allowed)
    if value is not None:
        try:
            shlex.split(value)
        except ValueError as error:
            raise _wrong("run", value, f"it cannot be read as a command line: {error}") from None
    return value


def _number(said: Mapping[str, object], key: str, most: int) -> int | None:
    value = said.get(key)
    if value is None:
        return None
    # to Python, true is a number
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= most:
        raise _wrong(key, value, f"{key} is a number from 1 to {most}, without quotes")
    return value


def _worker(said: Mapping[str, object]) -> str | None:
    allowed = "worker is the name of a file beside the program, in quotes"
    value = _text(said, "worker", allowed)
    if value is not None and ("/" in value or value in (".", "..")):
        raise _wrong("worker", value, allowed)
    return value


def _declares(said: Mapping[str, object]) -> frozenset[str]:
    value = said.get("declares", [])
    allowed = 'declares is a list of words, such as ["replaces-killed-worker"]'
    if not isinstance(value, list):
        raise _wrong("declares", value, allowed)
    for word in value:
        if not isinstance(word, str) or not WORD.fullmatch(word):
            raise _wrong("declares", value, allowed)
    return frozenset(word.replace("-", "_") for word in value)
