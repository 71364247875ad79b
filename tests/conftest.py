"""Signals as a terminal leaves them, and examples that are the same at each run.

A job that a shell puts in the background ignores some signals. What hypothesis tries is drawn by
chance only when somebody asks for it, by FORKLAB_FUZZ=1000 examples each: whoever changes one line
is not to be told of another one, and no busy machine is to fail a test by being slow.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from forklab.agent import sockdiag

FUZZ = int(os.environ.get("FORKLAB_FUZZ") or 0)
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("fuzz", deadline=None, max_examples=FUZZ or 100)
settings.load_profile("fuzz" if FUZZ else "same")

for number, usual in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
    (signal.SIGQUIT, signal.SIG_DFL),
):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)


@pytest.fixture(scope="session", autouse=True)
def _no_socket_is_left() -> Iterator[None]:
    """Close what the agent, whose parts some tests use in this process, would keep for ever."""
    yield
    sockdiag.forget()
