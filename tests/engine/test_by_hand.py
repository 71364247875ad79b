"""A lab by hand: every command of docs/by-hand.md, one after the other, as it stands there.

FORKLAB_RECORD=1 writes what they print into the page anew instead of comparing it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from docker import DockerClient

from forklab.sandbox import image
from tests import documents
from tests.documents import HERE

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(shutil.which("docker") is None, reason="no command line of docker here"),
]

MAKE = ["make", "-o", ".venv/.made-from-pyproject"]
PAGE = HERE / "docs/by-hand.md"
LOOKS = 20  # a client that was just started may not have connected yet
SHORT = "forklab-fork-echo"  # the name that the page gives to its containers


@dataclass(frozen=True)
class Step:
    """One command of the page, and what it printed there."""

    command: str
    printed: str


def steps(title: str) -> list[Step]:
    """Return the commands below the heading *title*."""
    _, _, part = PAGE.read_text().partition(f"\n## {title}\n")
    text = "\n".join(
        block.text
        for block in documents.blocks(part.partition("\n## ")[0])
        if block.language == "console"
    )
    found = [row for row in re.split(r"^\$ ", text, flags=re.MULTILINE) if row.strip()]
    return [Step(*_cut(row)) for row in found]


def _cut(row: str) -> tuple[str, str]:
    lines = row.splitlines(keepends=True)
    last = next(i for i, line in enumerate(lines) if not line.endswith("\\\n"))
    return "".join(lines[: last + 1]).rstrip("\n"), "".join(lines[last + 1 :]).rstrip("\n")


class Person:
    """Types the commands; what it names is named otherwise here, and removed at the end."""

    def __init__(self) -> None:
        self.name = f"forklab-test-{uuid.uuid4().hex[:8]}"
        self.folder = HERE
        self.environment = {**os.environ, "COMPOSE_PROJECT_NAME": self.name}

    def type(self, command: str) -> str:
        """Run *command* and return what it printed on standard output."""
        first, *rest = command.split()
        if first == "cd":
            self.folder = self.folder / rest[0]
            return ""
        if first == "export":
            name, value = rest[0].split("=")
            self.environment[name] = value
            return ""
        done = subprocess.run(
            command.replace(SHORT, self.name),
            shell=True,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return _told(done.stdout).replace(self.name, SHORT)


def _told(printed: str) -> str:
    """Return what a reader wants of it: no ids of images and containers, no spaces at an end."""
    lines = [line.rstrip() for line in printed.splitlines()]
    return "\n".join(line for line in lines if not re.fullmatch(r"(sha256:)?[0-9a-f]{64}", line))


def normal(text: str) -> list[str]:
    """Return *text* without what differs from run to run: numbers, dates, how a process waits."""
    rules = (
        (r"\b[A-Z][a-z]{2} +\d+ \d\d:\d\d\b", "DATE"),
        (r"(?m)^( *\d+ +\d+ +\S+) +\S+", r"\1 WAITS"),
        (r"-p [\d,]+", "-p PIDS"),
        (r"-> /\S+/dev/null", "-> /dev/null"),  # of an engine in a chroot
        (r"(?<!:)\b\d+\b(?! ->)", "N"),
    )
    for pattern, instead in rules:
        text = re.sub(pattern, instead, text)
    return [" ".join(line.split()) for line in text.splitlines()]


@pytest.fixture
def person(client: DockerClient) -> Iterator[Person]:
    """Somebody who has read the page as far as `make images`."""
    image.tag_latest(client)
    found = Person()
    yield found
    for container in client.api.containers(all=True):
        if any(found.name in name for name in container["Names"]):
            with contextlib.suppress(Exception):
                client.api.remove_container(container["Id"], force=True)


def shown_is_printed(person: Person, title: str) -> None:
    """Type the commands of a chapter; demand that each prints what is shown, or write it down."""
    at = 0
    for step in steps(title):
        printed = person.type(step.command).strip("\n")
        if os.environ.get("FORKLAB_RECORD"):
            at = _record(step, printed, at)
            continue
        for _ in range(LOOKS if "watch" in step.command else 1):
            if sorted(normal(printed)) == sorted(normal(step.printed)):
                break
            printed = person.type(step.command).strip("\n")
        assert sorted(normal(printed)) == sorted(normal(step.printed)), step.command


def _record(step: Step, printed: str, at: int) -> int:
    """Put *printed* below its command, which stands behind *at*; return where that ends."""
    page = PAGE.read_text()
    before, after = (
        "\n".join(filter(None, ["$ " + step.command, text])) for text in (step.printed, printed)
    )
    at = page.index(before, at)
    PAGE.write_text(page[:at] + after + page[at + len(before) :])
    return at + len(after)


def in_short(person: Person) -> dict[str, list[str]]:
    """Return the commands of make in the first chapter, as they are run here, by their verbs."""
    changes = ["by_hand=" + person.name, f"FORKLAB={sys.executable} -m forklab"]
    found = {}
    for words in documents.commands(PAGE.read_text()):
        if words[0] == "make" and words[1].endswith("-fork-echo"):
            found[words[1].partition("-")[0]] = [*MAKE, *words[1:], *changes]
    return found


def test_the_page_in_short(person: Person) -> None:
    commands = in_short(person)
    assert list(commands) == ["up", "client", "look", "down"]
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    environment["PYTHONPATH"] = str(HERE)

    def run(verb: str, typed: str = "") -> str:
        done = subprocess.run(
            commands[verb], input=typed, cwd=HERE, env=environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "make client-fork-echo talks to it" in run("up")
    assert run("client", "hello\n") == "hello\n"
    with subprocess.Popen(
        commands["look"], cwd=HERE, env=environment, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as look:  # fmt: skip
        assert look.stdout is not None
        assert any("python3 server.py 7000" in row for row in look.stdout)
        os.killpg(look.pid, signal.SIGINT)
    run("down")


def test_the_page_step_by_step(person: Person) -> None:
    shown_is_printed(person, "Step by step")


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="no docker-compose here")
def test_the_page_with_compose(person: Person) -> None:
    shown_is_printed(person, "With compose")
