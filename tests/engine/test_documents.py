"""What the documents show, run: the transcripts, and each command at least once.

FORKLAB_RECORD=1 writes the transcripts into their documents anew instead of comparing them.
"""

from __future__ import annotations

import contextlib
import gc
import os
import re
import shlex
import shutil
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import pytest

from forklab import labs
from forklab.checks import split
from forklab.program.lab import Lab
from forklab.program.program import Program
from forklab.sandbox import engine, image
from forklab.sandbox.container import Container
from forklab.sandbox.link import Link
from tests import documents
from tests.documents import HERE
from tests.test_house import make

pytestmark = pytest.mark.engine

WITH_A_TRANSCRIPT = ("README.md", "docs/reading-a-failure.md")
# by lab: a check that passes for every program that its documents speak of
ONE_CHECK = {"pipe-conversation": "one-child", "split-client": "two-processes"}
UNTOUCHED = ("-n", "-o", ".venv/.made-from-pyproject")


def forklab(*arguments: str, cwd: Path = HERE) -> subprocess.CompletedProcess[str]:
    """Run forklab as a person does."""
    return subprocess.run(
        [sys.executable, "-m", "forklab", *arguments],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", "FORKLAB_LANG": "en", "PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        check=False,
    )


def behind_make(words: list[str]) -> list[str]:
    """Return the arguments of the forklab command that a make command stands for."""
    return shlex.split(make(*UNTOUCHED, *words))[1:]


def transcript(name: str) -> tuple[documents.Block, list[str], str]:
    """Return the block of a document that is a transcript, its command, and what it printed."""
    document = (HERE / name).read_text()
    (block,) = [b for b in documents.blocks(document) if b.language == "console"]
    text = block.text.replace("\\\n", " ")
    command, _, printed = text.partition("\n")
    return block, shlex.split(command.removeprefix("$ ")), printed


def normal(text: str) -> str:
    """Return *text* without what differs from run to run: numbers of a run, and how lines break."""
    rules = (
        (r"Linux \S+ \S+", "Linux KERNEL"),
        (r"\S+/report\.(txt|html)", r"RUN/report.\1"),
        (r"\d+\.\d+ s\b", "N s"),
        (r"looked \d+ times", "looked N times"),
        (r"\bpid\s+\d+( to \d+)?", "pid N"),
        (r"(?m)^( +[\w-]+ +)\d+ +\d+( +[A-Z])", r"\1 N N \2"),
        (r"\b\d{4,5}\b", "PORT"),
        # a live process: the scheduler decides whether it was seen at work or asleep
        (r"(N N +)[RSD] +[a-z]\w*( on \d+)?", r"\1ALIVE"),
        (r"(at that instant) +\([^)]*\)", r"\1"),
    )
    for pattern, instead in rules:
        text = re.sub(pattern, instead, text)
    return " ".join(text.split())


@pytest.mark.parametrize("name", WITH_A_TRANSCRIPT)
def test_the_transcript_is_what_is_printed_now(name: str, tmp_path: Path) -> None:
    block, words, shown = transcript(name)
    done = forklab(*behind_make(words[1:]), "--runs", str(tmp_path))
    assert done.returncode == 1, done.stderr
    printed = done.stdout.replace(str(tmp_path), "runs")
    if os.environ.get("FORKLAB_RECORD"):
        _record(HERE / name, block, printed)
    else:
        assert normal(shown) == normal(printed)


def _record(path: Path, block: documents.Block, printed: str) -> None:
    """Put *printed* below the command; of the kernel only what is not this machine's own."""
    lines = [line for line in block.text.splitlines(keepends=True)]
    last = next(i for i, line in enumerate(lines) if not line.endswith("\\\n"))
    fresh = "".join(lines[: last + 1]) + re.sub(r"(Linux \d+\.\d+)\S*", r"\1", printed)
    path.write_text(path.read_text().replace(block.text, fresh))


# commands


def to_run() -> list[object]:
    """Commands that the documents show and that are run here, one of each form."""
    found: dict[tuple[str, ...], list[str]] = {}
    for path in (HERE / "README.md", HERE / "CONTRIBUTING.md", *HERE.glob("labs/**/README.md")):
        for words in documents.commands(path.read_text()):
            if not documents.runs_elsewhere(words) and _is_whole(words):
                found.setdefault(_form(words), words)
    return [pytest.param(words, id=" ".join(words)) for words in found.values()]


def _form(words: list[str]) -> tuple[str, ...]:
    """Return the same for commands that differ in the name of a file or the spelling of a lab."""
    words = [word.replace("_", "-") for word in words]
    return tuple(re.sub(r"my/[\w-]+", "my/program", word) for word in words)


def _is_whole(words: list[str]) -> bool:
    """Whether a command stands there as it can be typed, and is not the transcript's."""
    known = "lab-LAB" not in words and not any("..." in word or "<" in word for word in words)
    options_only = words[0] == "forklab" and words[1:] in (["check", "--json"], ["check"])
    files = ("images", "--save"), ("images", "--load")
    needs_a_file = tuple(words[1:3]) in files  # one test has both
    is_shown = any(words[1:] == transcript(name)[1][1:] for name in WITH_A_TRANSCRIPT)
    return known and not options_only and not needs_a_file and not is_shown


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder in which `my/` has the programs that the documents speak of, each as they say."""
    (tmp_path / "my").mkdir()
    for name in ("server.c", "tcpserv.c"):
        shutil.copy(HERE / "labs/fork_echo/right/plain.c", tmp_path / "my" / name)
    shutil.copy(HERE / "labs/prefork/right/plain.c", tmp_path / "my/prefork.c")
    shutil.copy(HERE / "labs/echo_store/right/default_sigterm.c", tmp_path / "my/echo_storeserv.c")
    pipes = HERE / "labs/pipe_conversation"
    shutil.copy(pipes / "right/byte_by_byte.c", tmp_path / "my/conversation.c")
    shutil.copy(pipes / "mutants/three_conversation.cpp", tmp_path / "my")
    shutil.copytree(HERE / "labs/exec_worker/right/in_c", tmp_path / "my/pool")
    with open(tmp_path / "my/pool/Makefile", "a") as makefile:
        makefile.write("all: socketmain\nsocketmain: server\n\tcp $< $@\n")
    for name in ("echo_mpclient.c", "client.c"):
        shutil.copy(HERE / "labs/split_client/right/plain.c", tmp_path / "my" / name)
    return tmp_path


def fix_the_port(folder: Path, words: list[str]) -> None:
    """Let the program take only what RUN gives it: its port, at least, is always the same."""
    run = words[words.index("--run") + 1]
    program = folder / words[2]
    program = program / "server.c" if program.is_dir() else program
    pool = labs.read(words[1]).spec.workers > 0
    workers = ['argc > 1 ? argv[1] : "3"'] if pool else []
    host = ['"127.0.0.1"'] if "client" in words[1] else []
    assert "{workers}" not in run or pool
    port = f'"{words[words.index("--port") + 1]}"'
    arguments = ["argv[0]", *workers, *host, port]
    program.rename(program.with_suffix(".h"))
    program.write_text(
        "#define main of_the_lab\n"
        f'#include "{program.stem}.h"\n'
        "#undef main\n"
        "int main(int argc, char **argv)\n"
        f"{{ char *words[] = {{{', '.join(arguments)}, 0}};\n"
        f"  return of_the_lab({len(arguments)}, words); }}\n"
    )


@pytest.mark.parametrize("words", to_run())
def test_a_command_that_is_shown_works(words: list[str], mine: Path) -> None:
    """Each is run as it is shown; one of a whole lab with one of its checks only."""
    arguments = behind_make(words[1:]) if words[0] == "make" else words[1:]
    if "inside" in arguments and shutil.which("gcc") is None:
        pytest.skip("without an engine a C program needs this machine's own compiler")
    if "--run" in arguments:
        fix_the_port(mine, arguments)
    if arguments[0] == "check" and "--only" not in arguments:
        arguments += ["--only", ONE_CHECK.get(arguments[1].replace("_", "-"), "echoes")]
    if arguments[0] in ("hint", "why", "report") and len(arguments) == 2:  # of the last run
        forklab("check", arguments[1], cwd=mine)
    done = forklab(*arguments, cwd=mine)
    assert done.returncode == 0, done.stdout + done.stderr
    if arguments[0] == "check":
        assert "PASS" in done.stdout


def test_one_mutant_is_held_against_its_lab() -> None:
    done = forklab("mutants", "fork-echo", "--only", "never_listens")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "fails starts" in done.stdout


def test_the_image_goes_into_a_file_and_comes_back(tmp_path: Path) -> None:
    saved = forklab("images", "--save", "lab.tar", cwd=tmp_path)
    assert saved.returncode == 0, saved.stderr
    loaded = forklab("images", "--load", "lab.tar", cwd=tmp_path)
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stderr.startswith("loaded forklab/lab:")


# look at it yourself


@dataclass(frozen=True)
class Look:
    """What a lab sheet shows under "Look at it yourself": commands and their output."""

    port: int
    workers: int | None
    shown: list[tuple[str, str]]

    @classmethod
    def of(cls, lab: str) -> Look:
        """Read the sheet of *lab*."""
        sheet = (HERE / f"labs/{lab}/README.md").read_text()
        start = re.search(
            r"`python3 (?:server|client)\.py (?:([\d.]+) )?(\d+)(?: </dev/null)?`", sheet
        )
        assert start is not None
        shown = []
        for block in documents.blocks(sheet):
            for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
                command, _, output = part.partition("\n")
                shown.append((command, output))
        workers = int(start[1]) if start[1] and start[1].isdecimal() else None
        return cls(int(start[2]), workers, shown)

    @property
    def pids(self) -> list[int]:
        """The pids of its first table, in order: who listens, and whom it forked."""
        return [int(row.split()[0]) for row in self.shown[0][1].splitlines()[1:]]


def essence(command: str, output: str, names: dict[int, str]) -> list[str]:
    """Return what must be the same in an output at any time: who holds what, in any order."""
    for pid, name in names.items():
        output = re.sub(rf"(^ *|pid=|   +){pid}\b", rf"\1{name}", output, flags=re.MULTILINE)
    if command.startswith("cat"):
        return output.splitlines()
    if command.startswith("ls"):  # 0 to 2 are others in the sandbox than in a terminal
        found = re.findall(
            r"^(l..).* (\d+) -> (?:/.*/)?(socket|pipe|echomsg)", output, re.MULTILINE
        )
        own = [row for row in found if int(row[1]) > 2 or row[2] == "socket"]
        return [" ".join(row) for row in own]
    if command.startswith("ps"):
        output = re.sub(r"/\S*/", "", output)  # where its files are
        rows = [line.split(maxsplit=3) for line in output.splitlines()[1:]]
        return [f"{who} {'of ' + names[min(names)] if parent != '1' else ''} {args}"
                for who, parent, _, args in rows]  # fmt: skip
    found = re.findall(r"^(\w+ *\w*).*users:\(\((.*)\)\)", output, re.MULTILINE)
    return sorted(f"{state.split()[0]} {users}" for state, users in found)


SERVERS = [name for name in labs.names() if labs.read(name).spec.plays == "server"]


@pytest.mark.parametrize("name", SERVERS)
def test_what_a_sheet_shows_is_what_one_sees(name: str) -> None:
    """The commands of the sheet, on the reference program as it talks, in the sandbox."""
    with warnings.catch_warnings():
        # docker-py's wrapper of the attached socket closes it only when it is collected
        warnings.simplefilter("ignore", ResourceWarning)
        with (
            contextlib.closing(engine.find_engine()) as client,
            Container(client, image.ensure_image(client)).open() as link,
        ):
            look_at(link, labs.read(name), Look.of(name))
        gc.collect()


def talking(lab: Lab) -> Program:
    """Start the program: a server with two clients that were answered, or a client of ours."""
    if lab.spec.plays == "client":
        listener = lab.listen()
        program = lab.launch(port=listener.port, stdin="pty")
        peer = listener.accept()
        program.eventually(split.two_processes, peer.port, program.port, program.names)
        return program
    server = lab.start()
    assert len(server.ask_all([server.connect(), server.connect()])) == 2
    return server


def look_at(link: Link, info: labs.LabInfo, look: Look) -> None:
    """Do what the sheet says, and demand that one sees what it shows."""
    lab = Lab(link, info.spec.changed(None, look.port, look.workers), info.program)
    program = talking(lab)
    now = sorted(process.pid for process in program.stable().live)
    then, names = (
        {pid: f"process-{number}" for number, pid in enumerate(pids)} for pids in (look.pids, now)
    )
    instead = {str(pid): str(other) for pid, other in zip(look.pids, now, strict=True)}
    for command, output in look.shown:
        typed = re.sub(r"(?<=pid )\d+|(?<=/proc/)\d+", lambda found: instead[found[0]], command)
        reply = link.call(
            "run",
            argv=["sh", "-c", typed],
            env={"PATH": "/usr/bin:/bin", "COLUMNS": "200"},
            wait_s=30.0,
        )
        seen = essence(command, reply.blob.decode(), names)
        assert seen, command
        assert seen == essence(command, output, then), command
