"""A shell in the lab's sandbox, for a person: the program runs beside it, the tools are there.

The ordinary sandbox and its agent, with tini as PID 1. So it goes when the shell ends, and also
when we are killed: the agent ends with its input, and the container with the agent.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from forklab import labs
from forklab.errors import NotReady
from forklab.labs import LabInfo
from forklab.program.lab import Lab
from forklab.program.spec import HOST, Spec
from forklab.sandbox import attach
from forklab.sandbox.container import Container
from forklab.sandbox.engine import find_engine
from forklab.sandbox.image import ensure_image

Say = Callable[[str], None]
INIT = ("tini", "--")
PORT = 7000
READY_S = 5.0
OUTPUT = "/tmp/output.txt"
# a program that prints into a file keeps it to itself until it has 4096 bytes, or ends
INTO_A_FILE = ("sh", "-c", f'exec stdbuf -oL "$@" >{OUTPUT} 2>&1', "sh")
UNBUFFERED = {"PYTHONUNBUFFERED": "1"}
SHELL = ("bash", "--noprofile", "--norc")
ECHO = "fork_echo"
PS = "ps --forest -o pid,ppid,stat,wchan:20,args -s"


@dataclass(frozen=True)
class Place:
    """What the shell is given.

    Attributes:
        folder: where it begins.
        command: how the program is started, as one types it.
        port: where the program listens, or the server that it talks to; 0: nowhere.
        pid: of the program that was started; 0: the person starts it.
        trouble: why it does not listen, "" if it does.
        output: the file with what it prints; "" if there is none.
    """

    folder: str
    command: str
    port: int
    pid: int = 0
    trouble: str = ""
    output: str = OUTPUT

    def environment(self, prompt: str) -> dict[str, str]:
        """Return what is set in the shell."""
        values = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "TERM": os.environ.get("TERM", "dumb"),
            "HOME": "/tmp",
            "PS1": f"[{prompt}] \\$ ",
            "PORT": str(self.port),
            **UNBUFFERED,
        }
        more = {"PID": str(self.pid), "OUTPUT": self.output} if self.pid else {}
        return values | {name: value for name, value in more.items() if value}


def shell(info: LabInfo, spec: Spec, program: Path | None, say: Say, tell: Say) -> int:
    """Open a shell beside the program until it ends, and return its exit status.

    Args:
        info, spec: the lab, and how its program is started.
        program: a person's own, or None.
        say: takes the greeting.
        tell: takes what is said while engine and image are made.

    Raises:
        CheckFailure: the program cannot be built.
        SandboxError: there is no sandbox, or it has ended.
    """
    client = find_engine(say=tell)
    container = Container(client, ensure_image(client, say=tell), init=INIT)
    with container.open() as link:
        lab = Lab(link, spec, program or info.program)
        place = _started(lab) if spec.plays == "server" else _prepared(lab)
        if spec.plays == "client":
            link.call("write", labs.read(ECHO).program.read_bytes(), path="echo/server.py")
            echo = f"{link.hello['folder']}/echo/server.py"
            attach.run_unattended(client, container.name, ["python3", echo, str(place.port)])
        for line in greeting(info, spec, place):
            say(line)
        return beside(container, info.name, place)


def beside(container: Container, prompt: str, place: Place) -> int:
    """Open a shell in an open *container* until it ends, and return its exit status.

    Raises:
        SandboxError: the engine did not do it, or the container has ended.
    """
    environment = place.environment(prompt)
    return attach.run(container.client, container.name, SHELL, environment, place.folder)


def _started(lab: Lab) -> Place:
    """Start a server in the background."""
    port = lab.spec.fixed_port or PORT
    words = lab.spec.argv(lab.built().argv, port, lab.spec.workers)
    program = lab.launch([*INTO_A_FILE, *words], port=port)
    trouble = ""
    try:
        program.wait_until_listening(READY_S)
    except NotReady as failure:
        trouble = failure.seen
    return Place(program.folder, shlex.join(words), port, program.pid, trouble)


def _prepared(lab: Lab) -> Place:
    """Leave the start to the person: it talks to a terminal."""
    port = PORT if lab.spec.plays == "client" else 0
    built = lab.built()
    return Place(built.folder, shlex.join(lab.spec.argv(built.argv, port, 0)), port)


def greeting(info: LabInfo, spec: Spec, place: Place) -> list[str]:
    """Return what is said before the first prompt, on one screen."""
    lines = [f"lab {info.name}: {info.title}", f"  command   {place.command}"]
    if place.pid:
        lines.append(f"  running   pid {place.pid}" + _where(place))
        lines.append(f"  output    {OUTPUT}")
    elif spec.plays == "client":
        lines.append(f"  server    an echo server listens on {HOST}:{place.port}")
    if not place.pid:
        lines.append("  It talks to its terminal, so you start it.")
    lines += ["", "Five things to try" + " ($PID, $PORT and $OUTPUT are set)" * bool(place.pid)]
    ideas = _of_a_server() if place.pid else _of_a_dialogue(place)
    lines += [f"  {command:<31}  {what}".rstrip() for command, what in ideas.items()]
    return [*lines, "", "exit ends the shell, and everything in it."]


def _where(place: Place) -> str:
    return f"; but {place.trouble}" if place.trouble else f", listens on port {place.port}"


def _of_a_server() -> Mapping[str, str]:
    return {
        "sleep 60 | nc localhost $PORT &": "a client that stays for a minute",
        f"{PS} $PID": "",
        "ls -l /proc/$PID/fd": "what it holds",
        'ss -tanp "sport = :$PORT"': "who holds which connection",
        "strace -f -p $PID": "what it asks of the kernel; Ctrl-C ends it",
    }


def _of_a_dialogue(place: Place) -> Mapping[str, str]:
    return {
        place.command: "",
        f"sleep 60 | {place.command} &": "",
        f"{PS} $$": "",
        "ls -l /proc/$!/fd": "what it holds",
        f"strace -f {place.command}": "",
    }
