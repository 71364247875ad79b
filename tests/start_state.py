"""The state in which a program is started, read back from /proc; as a script: inside.

What is started is `cat`: it changes nothing of its signals, and it waits for its standard input.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from forklab.errors import CheckFailure
from forklab.facts import Process, Snapshot
from forklab.program.lab import PROCESSES, Lab
from forklab.program.spec import Spec
from forklab.sandbox.inside import Inside
from forklab.sandbox.link import Link

PROGRAMS = Path(__file__).parent / "programs"
FIELDS = (
    *("Uid", "Gid", "Groups", "NoNewPrivs", "Umask", "SigPnd", "SigBlk", "SigIgn", "SigCgt"),
    *("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"),
)


def lab_on(link: Link, program: Path) -> Lab:
    """Return a lab with *program*, which takes a port, where another one may have run."""
    lab = Lab(link, Spec(("{port}",)), program)
    lab.reset()
    return lab


def reads_its_input(snapshot: Snapshot, pid: int) -> Process:
    """Demand that *pid* is blocked in a read of its descriptor 0."""
    [process] = [found for found in snapshot.processes if found.pid == pid]
    if process.waits_in() != "read on 0":
        raise CheckFailure("it waits for its standard input", f"it is in {process.waits_in()}")
    return process


def describe_start(lab: Lab) -> dict[str, Any]:
    """Start `cat` and say how it was started."""
    program = lab.launch(["cat"])
    process = program.eventually(reads_its_input, program.pid)

    def read(path: str) -> str:
        return lab.link.call("read", path=f"/proc/{program.pid}/{path}").blob.decode()

    status = dict(line.split(":", 1) for line in read("status").splitlines())
    argv = ["readlink", f"/proc/{program.pid}/cwd"]
    where = lab.link.call("run", argv=argv, env={"PATH": os.defpath}, wait_s=30).blob.decode()
    return {
        "leads_its_session": process.session == process.pgrp == process.pid == program.pid,
        "fds": [[fd.number, fd.kind, fd.access] for fd in process.fds],
        "status": {name: status[name].split() for name in FIELDS},
        "limits": [" ".join(line.split()) for line in read("limits").splitlines()],
        "oom_score_adj": int(read("oom_score_adj")),
        "environ": sorted(word.split("=")[0] for word in read("environ").split("\0") if word),
        "cwd": where.strip(),
        "folder": lab.link.hello["folder"],
        "program_uid": lab.link.hello["program_uid"],
    }


# 32 and 33 are the C library's own (nptl(7)): nobody can set them, whoever started us ignores them
OF_LIBC = 0b11 << 31


def check_start(start: dict[str, Any]) -> None:
    """Assert what every sandbox owes to every program."""
    status = start["status"]
    signals = {name: status[name] for name in ("SigPnd", "SigBlk", "SigIgn", "SigCgt")}
    assert not any(int(words[0], 16) & ~OF_LIBC for words in signals.values()), signals
    assert start["fds"] == [[0, "pipe", "r"], [1, "terminal", "rw"], [2, "pipe", "w"]]
    assert start["leads_its_session"]
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert status[name] == ["0" * 16], name
    assert status["NoNewPrivs"] == ["1"]
    assert status["Umask"] == ["0022"]
    assert "Max core file size 0 0 bytes" in start["limits"]
    assert any(line.startswith("Max open files 1024 ") for line in start["limits"])
    assert start["oom_score_adj"] == 1000
    assert start["environ"] == ["HOME", "LANG", "PATH", "PWD", "TERM"]
    assert start["cwd"].startswith(start["folder"] + "/work-")


def check_own_user(start: dict[str, Any]) -> None:
    """Assert what a sandbox owes where the program has a user of its own."""
    uid = str(start["program_uid"])
    assert start["status"]["Uid"] == start["status"]["Gid"] == [uid] * 4
    assert start["status"]["Groups"] == []
    assert f"Max processes {PROCESSES} {PROCESSES} processes" in start["limits"]


if __name__ == "__main__":
    with Inside().open() as inside:
        print(json.dumps(describe_start(lab_on(inside, PROGRAMS / "silent.py"))))
