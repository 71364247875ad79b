"""What the presenter wants next: keys of a terminal, a clock, or nobody to ask."""

from __future__ import annotations

import contextlib
import os
import re
import select
import sys
import termios
import threading
import tty
from collections.abc import Iterator
from typing import NamedTuple, Protocol

PART = 64
ESCAPE_S = 0.05  # within which the rest of a key of several bytes comes
NAMES = {
    "\r": "next", "\n": "next", " ": "next", "n": "next",
    "\x1b[C": "next", "\x1b[6~": "next",  # arrow to the right, page down: remote controls
    "b": "back", "\x1b[D": "back", "\x1b[5~": "back",
    "r": "repeat", "h": "hide", "s": "shell", "q": "quit", "\x04": "quit", "": "quit",
}  # fmt: skip


class Command(NamedTuple):
    """What is wanted: next, back, repeat, jump (to step *number*), hide, shell or quit."""

    name: str
    number: int = 0


NEXT = Command("next")


class Keys(Protocol):
    """Whoever is asked what comes next."""

    asks: bool

    def forget(self) -> None:
        """Forget keys that were pressed before anybody was asked."""

    def wait(self) -> Command:
        """Return what is wanted, when it is."""

    def lent(self) -> contextlib.AbstractContextManager[None]:
        """Leave the terminal to somebody else for a while."""


class Nobody:
    """Nobody is asked: what comes next comes at once, or after *seconds*."""

    asks = False

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds

    def forget(self) -> None:
        """There are no keys."""

    def wait(self) -> Command:
        """Return `next` when the time is over."""
        threading.Event().wait(self._seconds)
        return NEXT

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """There is no terminal to be lent."""
        yield


class Terminal:
    """Keys of the terminal that is our standard input, each as it is pressed."""

    asks = True

    def __init__(self) -> None:
        self._fd = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._fd)

    def __enter__(self) -> Terminal:
        """Let each key through as it is pressed, and show none; Ctrl-C interrupts, as ever."""
        tty.setcbreak(self._fd)
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the terminal as it was."""
        termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Leave the terminal as it was, for a while."""
        self.__exit__()
        try:
            yield
        finally:
            self.__enter__()

    def forget(self) -> None:
        """Forget keys that were pressed while something was shown: nobody skips by a second one."""
        termios.tcflush(self._fd, termios.TCIFLUSH)

    def wait(self) -> Command:
        """Return the command of the next key that is one."""
        while True:
            key = self._key()
            if key == "j":
                return Command("jump", self._number())
            if key in NAMES:
                return Command(NAMES[key])

    def _key(self) -> str:
        """Return one key: a letter, or all bytes of one that sends several; "" at the end."""
        try:
            data = os.read(self._fd, 1)
        except OSError:  # our terminal is gone
            return ""
        while data.startswith(b"\x1b") and select.select([self._fd], [], [], ESCAPE_S)[0]:
            data += os.read(self._fd, 1)
            if re.fullmatch(rb"\x1b\[[0-9;]*[A-Za-z~]", data):
                break
        return data.decode(errors="replace")

    def _number(self) -> int:
        """Read the digits behind `j`, up to Enter; 0 if there are none."""
        digits = ""
        while (key := self._key()) not in ("\r", "\n", ""):
            digits = digits[:-1] if key == "\x7f" else digits + key
            sys.stdout.write("\b \b" if key == "\x7f" else key if key.isdigit() else "")
            sys.stdout.flush()
        text = "".join(letter for letter in digits if letter.isdecimal())
        return int(text[:4] or 0)
