"""What `forklab shell` says and sets before the first prompt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from forklab import labs, shell
from forklab.shell import Place, greeting

SERVES = Place("/lab/work-1", "python3 server.py 7000", 7000, pid=8)
TALKS = Place("/lab/program", "python3 client.py 127.0.0.1 7000", 7000)


@pytest.mark.parametrize("name", labs.names())
@pytest.mark.parametrize("place", [SERVES, TALKS])
def test_the_greeting_is_one_screen(name: str, place: Place) -> None:
    info = labs.read(name)
    lines = greeting(info, info.spec, place)
    assert len(lines) < 20
    assert max(map(len, lines)) <= 80
    assert info.title in lines[0]
    ideas = lines[lines.index("") + 2 : -2]
    assert len(ideas) == 5


def test_the_greeting_says_where_a_server_is() -> None:
    info = labs.read("fork_echo")
    said = "\n".join(greeting(info, info.spec, SERVES))
    assert "pid 8, listens on port 7000" in said
    assert shell.OUTPUT in said
    said = "\n".join(greeting(info, info.spec, replace(SERVES, trouble="it listens on port 1")))
    assert "pid 8; but it listens on port 1" in said


def test_a_client_is_started_by_the_person() -> None:
    info = labs.read("fork_echo")
    said = "\n".join(greeting(info, replace(info.spec, plays="client"), TALKS))
    assert "an echo server listens on 127.0.0.1:7000" in said
    assert "you start it" in said
    assert "$PID" not in said


def test_what_is_set_in_the_shell() -> None:
    values = SERVES.environment("fork_echo")
    assert (values["PID"], values["PORT"], values["OUTPUT"]) == ("8", "7000", shell.OUTPUT)
    assert values["PS1"] == "[fork_echo] \\$ "
    assert "PID" not in TALKS.environment("split_client")
