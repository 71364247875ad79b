"""Recordings: asciicast version 2, written as the demo goes; and read again.

A file of JSON lines: a header, then [seconds, kind, text], "o" what is printed, "m" a marker.
Source: https://docs.asciinema.org/manual/asciicast/v2/
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from forklab.errors import UsageError

VERSION = 2
LEAST_S, MOST_S = 0.3, 1.0  # between two things that happen, however long it took
READS = 18.0  # columns a second
LEAST_READ_S, MOST_READ_S = 1.5, 9.0


class Event(NamedTuple):
    """One event: seconds since the beginning, `o` or `m`, what was printed or the label."""

    time: float
    kind: str
    data: str


class Recorder:
    """Writes a recording, flushed line by line: also one that is broken off can be played.

    A person's pauses are not kept: where one waits for a key, the recording waits for as long as
    the text before it takes to be read.
    """

    def __init__(self, path: Path, width: int, height: int, title: str, digest: str) -> None:
        """Begin a recording at *path*.

        Raises:
            UsageError: it cannot be written.
        """
        try:
            self._file: IO[str] = path.open("w", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--record {path} cannot be written: {error.strerror}") from error
        self._time = 0.0
        self._last = time.monotonic()
        self._unread = 0
        env = {"TERM": "xterm-256color"}
        header = {"version": VERSION, "width": width, "height": height, "title": title, "env": env}
        self._write(header | {"forklab": {"digest": digest}})

    def out(self, text: str, letters: int) -> None:
        """Note what is printed now, and how many letters of it are to be read."""
        now = time.monotonic()
        self._time += min(max(now - self._last, LEAST_S), MOST_S)
        self._last = now
        self._unread += letters
        self._event("o", text.replace("\n", "\r\n"))

    def mark(self, label: str) -> None:
        """Note that something begins, at which a player can stop."""
        self._event("m", label)

    def pause(self) -> None:
        """Let there be time to read what was printed since the last pause."""
        self._time += min(max(self._unread / READS, LEAST_READ_S), MOST_READ_S)
        self._unread = 0

    def close(self) -> None:
        """End the recording."""
        self._file.close()

    def _event(self, kind: str, data: str) -> None:
        self._write([round(self._time, 3), kind, data])

    def _write(self, value: object) -> None:
        self._file.write(json.dumps(value, ensure_ascii=False) + "\n")
        self._file.flush()


@dataclass(frozen=True)
class Cast:
    """A recording that was read."""

    header: dict[str, Any]
    events: tuple[Event, ...]

    @property
    def digest(self) -> str:
        """Of the text that was shown; "" if the recording does not say."""
        return str(self.header.get("forklab", {}).get("digest", ""))

    def reveal(self, number: int) -> str:
        """Return what was printed while step *number* was done; "" if it is not there.

        Each step has two markers: where it begins, and where it is done. What explains it stands
        behind a blank line.
        """
        wanted, at, text = 2 * number, 0, ""
        for event in self.events:
            at += event.kind == "m"
            if at == wanted and event.kind == "o":
                if text and not event.data.strip():
                    break
                text += event.data
        return text.replace("\r\n", "\n")


def read(path: Path) -> Cast:
    """Return the recording at *path*.

    Raises:
        UsageError: there is none, or it is no asciicast of version 2, with the line.
    """
    try:
        header, *lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        raise UsageError(f"{path} is missing: no recording was made") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    return Cast(_header(path, header), tuple(_events(path, lines)))


def _header(path: Path, text: str) -> dict[str, Any]:
    try:
        header = json.loads(text)
        numbers = [header[name] for name in ("version", "width", "height")]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}, line 1: this is no header of an asciicast") from error
    if numbers[0] != VERSION or not all(isinstance(n, int) and n > 0 for n in numbers):
        raise UsageError(f"{path}, line 1: only version {VERSION} with width and height is read")
    found: dict[str, Any] = header
    return found


def _events(path: Path, lines: Sequence[str]) -> Iterator[Event]:
    last = 0.0
    for number, line in enumerate(lines, 2):
        try:
            event = Event(*json.loads(line))
        except (ValueError, TypeError) as error:
            raise UsageError(f"{path}, line {number}: this is no event") from error
        known = event.kind in ("o", "m") and isinstance(event.data, str)
        if not known or not isinstance(event.time, int | float) or event.time < last:
            raise UsageError(
                f"{path}, line {number}: an event is [seconds, 'o' or 'm', text], times ascending"
            )
        last = event.time
        yield event
