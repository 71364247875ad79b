"""The agent at work, as a plain process of this machine: it starts, watches, limits and ends."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import socket
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from forklab.agent import kcmp
from forklab.agent.output import HEAD_BYTES, TAIL_BYTES
from forklab.facts import Process, Snapshot, describe_status
from forklab.sandbox.inside import Inside
from forklab.sandbox.link import AgentRefused, Link

PATIENCE_S = 20.0
# the program runs as a user who may not enter the folder of the one who tests
PATH = os.defpath if os.geteuid() == 0 else os.environ.get("PATH", os.defpath)
ENV = {"PATH": PATH, "LANG": "C.UTF-8"}
needs_python = pytest.mark.skipif(
    not shutil.which("python3", path=PATH), reason="no python3 for the program's user"
)
EXIT_OF_A_THREAD = {"x86_64": 60, "aarch64": 93}  # exit(2), which ends one thread only


@pytest.fixture(scope="module")
def opened() -> Iterator[Link]:
    with Inside().open() as link:
        yield link


@pytest.fixture
def agent(opened: Link) -> Iterator[Link]:
    yield opened
    opened.call("reset", wait_s=30.0)


def start(agent: Link, *argv: str, **more: Any) -> int:
    """Start a program and return its pid."""
    wanted = {"argv": list(argv), "env": ENV, **more}
    pid: int = agent.call("start", **wanted).value["pid"]
    return pid


def python(agent: Link, program: str, **more: Any) -> int:
    """Start a program in Python and return its pid."""
    return start(agent, "python3", "-c", program, **more)


def reader(agent: Link, **more: Any) -> int:
    """Start a program that reads, and return its pid once it does."""
    pid = start(agent, "cat", **more)
    until(agent, lambda taken: taken.processes[0].waits_in() == "read on 0")
    return pid


def look(agent: Link, **more: Any) -> Snapshot:
    """Take a picture."""
    return Snapshot(agent.call("snapshot", **more).value, agent.hello["machine"])


def until(agent: Link, holds: Callable[[Snapshot], Any]) -> Snapshot:
    """Return the first picture of which *holds* is true, or the last."""
    end = time.monotonic() + PATIENCE_S
    while not holds(taken := look(agent)):
        assert time.monotonic() < end, taken.raw
    return taken


def ended(agent: Link, pid: int) -> Snapshot:
    """Return a picture once *pid* has ended and was reaped."""
    return until(agent, lambda taken: pid not in {p.pid for p in taken.processes})


def output(agent: Link, pid: int) -> str:
    """What the program printed, once it has ended."""
    ended(agent, pid)
    return agent.call("output", pid=pid).blob.decode()


def test_what_it_says_of_itself(agent: Link) -> None:
    hello = agent.hello

    assert hello["machine"] == platform.machine()
    assert (hello["is_init"], hello["unix_peers"]) == (False, True)
    assert hello["program_uid"] != 0


# 32 and 33 are the C library's own (nptl(7)): nobody can set them, whoever started us ignores them
OF_LIBC = 0b11 << 31


def test_a_program_starts_with_default_signals_and_three_descriptors(agent: Link) -> None:
    status = output(agent, start(agent, "cat", "/proc/self/status"))
    fields = dict(line.split(":\t", 1) for line in status.splitlines())

    for name in ("SigBlk", "SigIgn", "SigCgt", "SigPnd"):
        assert int(fields[name], 16) & ~OF_LIBC == 0, name
    assert fields["Umask"].strip() == "0022"
    fds = output(agent, start(agent, "ls", "/proc/self/fd"))
    assert fds.split() == ["0", "1", "2", "3"]  # the last is the folder that ls reads


def test_a_program_has_a_session_a_folder_and_an_environment_of_its_own(agent: Link) -> None:
    pid = start(agent, "sleep", "60")
    (found,) = look(agent).processes
    printed = output(agent, start(agent, "env"))

    assert (found.pid, found.session, found.pgrp) == (pid, pid, pid)
    names = {line.partition("=")[0] for line in printed.splitlines()}
    assert names - {"LC_CTYPE"} == {"PATH", "LANG", "HOME", "PWD"}
    assert "/work-" in printed


def test_a_program_that_cannot_be_executed_is_told(agent: Link) -> None:
    for argv in (["./missing"], ["/dev/null"]):
        with pytest.raises(AgentRefused) as told:
            start(agent, *argv)
        assert told.value.kind == "exec"
    assert look(agent).processes == ()


SHARES_A_FILE = """
import os
first, second = (os.open("/dev/null", os.O_RDONLY) for _ in range(2))
if os.fork() == 0:
    os.open("/dev/null", os.O_RDONLY)
os.read(0, 1)
"""


@needs_python
def test_one_open_file_is_told_from_two_of_the_same_name(agent: Link) -> None:
    assert agent.hello["open_files"] == (kcmp.same(os.getpid(), 0, os.getpid(), 0) is True)
    if not agent.hello["open_files"]:
        pytest.skip("kcmp(2) is not to be used here")
    parent = python(agent, SHARES_A_FILE)
    taken = until(agent, lambda t: [len(p.fds) for p in t.processes] == [5, 6])
    child = taken.processes[1].pid

    pairs = [(parent, 3, child, 3), (parent, 3, parent, 4), (parent, 3, child, 5), (1, 0, child, 9)]

    assert agent.call("same_file", pairs=pairs).value == [True, False, False, False]


@needs_python
def test_a_picture_has_the_program_and_never_the_observer(agent: Link) -> None:
    pid = python(agent, "import os, socket; a, b = socket.socketpair(); os.fork(); os.read(0, 1)")
    taken = until(agent, lambda taken: len(taken.processes) == 2)

    parent = taken.processes[0]
    assert (parent.pid, parent.ppid) == (pid, agent.hello["pid"])
    assert taken.processes[1].ppid == pid
    ends = parent.sockets
    assert len(ends) == 2
    assert {taken.unix[inode].peer for inode in ends} == ends
    assert [p.pid for p in taken.holders(min(ends))] == [p.pid for p in taken.processes]
    assert taken.whole


def test_what_a_process_waits_in(agent: Link) -> None:
    reader(agent)

    assert look(agent).processes[0].doing == "waits in read on 0"


@needs_python
def test_close_on_exec_is_told_where_it_is_asked_for(agent: Link) -> None:
    python(agent, "import os; os.dup2(os.open('.', 0), 9); print(1, flush=True); os.read(0, 1)")
    until(agent, lambda taken: taken.processes[0].numbers(0) is None or _held(taken, 9))
    fds = {fd.number: fd for fd in look(agent, flags=True).processes[0].fds}

    assert fds[0].flags is not None
    assert not fds[9].flags or not fds[9].flags & 0o2000000
    closes = [fd for fd in fds.values() if fd.number > 2 and fd.flags and fd.flags & 0o2000000]
    assert [fd.target for fd in closes] == [fds[9].target]


def _held(taken: Snapshot, number: int) -> bool:
    return any(fd.number == number for fd in taken.processes[0].fds)


def test_a_process_whose_first_thread_has_ended_is_no_zombie(agent: Link) -> None:
    number = EXIT_OF_A_THREAD[platform.machine()]
    pid = python(
        agent,
        "import ctypes, os, threading\n"
        "threading.Thread(target=lambda: os.read(0, 1)).start()\n"
        f"ctypes.CDLL(None).syscall({number}, 0)\n",
    )
    stat_path = Path(f"/proc/{pid}/stat")
    until(agent, lambda taken: stat_path.read_text().rpartition(")")[2].split()[0] == "Z")

    (found,) = look(agent).processes

    assert (found.state, found.is_zombie) == ("S", False)
    assert [fd.number for fd in found.fds] == [0, 1, 2]
    assert found.waits_in() == "read on 0"


def test_a_zombie_has_an_age_and_no_descriptors(agent: Link) -> None:
    start(agent, "sh", "-c", "sleep 0.01 & exec cat")
    taken = until(agent, lambda taken: taken.zombies)

    (dead,) = taken.zombies
    assert (dead.fds, dead.args, dead.call) == ((), (), None)
    later = look(agent)
    assert 0 <= taken.age(dead) <= later.age(dead) < 60
    assert not later.ends[dead.key].reaped


REAPS = """
import os
pid = os.fork()
if pid == 0:
    os.read(0, 1)
    os._exit(3)
os.waitpid(pid, 0)
os.read(0, 1)
"""


@needs_python
def test_who_is_reaped_by_its_parent(agent: Link) -> None:
    pid = python(agent, REAPS)
    child = until(agent, lambda taken: len(taken.processes) == 2).processes[1]
    agent.call("feed", b"x", pid=pid)
    taken = ended(agent, child.pid)

    end = taken.ends[child.key]
    assert (end.by_agent, end.started) == (False, False)
    assert end.ended is not None
    assert end.reaped is not None
    assert end.ended <= end.reaped
    assert end.status in (None, 3 << 8)  # the kernel tells it since Linux 6.15


def test_who_is_an_orphan_is_reaped_by_the_agent(agent: Link) -> None:
    pid = start(agent, "sh", "-c", "sleep 60 & exec cat")
    orphan = until(agent, lambda taken: len(taken.processes) == 2).processes[1]
    agent.call("signal", pid=pid, number=int(signal.SIGKILL))
    ended(agent, pid)
    agent.call("signal", pid=orphan.pid, number=int(signal.SIGTERM))
    taken = ended(agent, orphan.pid)

    assert taken.ends[orphan.key].by_agent
    assert not taken.ends[orphan.key].started
    assert describe_status(taken.ends[orphan.key].status) == "was killed by SIGTERM"
    (started,) = [end for end in taken.ends.values() if end.pid == pid]
    assert started.started
    assert describe_status(agent.call("status", pid=pid).value) == "was killed by SIGKILL"


def test_a_status_is_told_once_it_is_there(agent: Link) -> None:
    pid = start(agent, "sh", "-c", "read line; exit 5")
    assert agent.call("status", pid=pid).value is None
    agent.call("feed", pid=pid, end=True)
    ended(agent, pid)

    assert describe_status(agent.call("status", pid=pid).value) == "exited with status 5"
    with pytest.raises(AgentRefused, match="the agent started no process 1"):
        agent.call("status", pid=1)


def test_what_a_look_shows_as_ended_has_a_status(agent: Link) -> None:
    """Both are asked for at once: the agent hears nothing else in between."""
    for _ in range(30):
        pid = start(agent, "true")
        live, status = True, None
        while live:
            looked, told = agent.submit("snapshot"), agent.submit("status", pid=pid)
            live = bool(Snapshot(agent.result(looked).value, agent.hello["machine"]).live)
            status = agent.result(told).value
        assert status == 0
        agent.call("reset")


def test_a_flood_is_drained_and_cut_in_the_middle(agent: Link) -> None:
    size = 1 << 20
    pid = start(agent, "sh", "-c", f"head -c {size} /dev/zero; echo the end; echo oh >&2")
    ended(agent, pid)

    reply = agent.call("output", pid=pid)

    assert reply.value["stdout"] == [HEAD_BYTES, size + 8 - HEAD_BYTES - TAIL_BYTES, TAIL_BYTES]
    assert reply.value["stderr"] == [3, 0, 0]
    assert reply.blob.endswith(b"\0the end\noh\n")


def test_everything_ends_at_a_reset_and_the_folder_is_gone(agent: Link) -> None:
    nest = "sh -c 'sleep 60 & setsid sleep 60 & wait' & setsid sh -c 'sleep 60; true' & "
    pid = start(agent, "sh", "-c", nest + "trap '' TERM INT HUP; touch file; wait")
    taken = until(agent, lambda taken: sum(p.comm == "sleep" for p in taken.processes) == 3)
    folder = Path(os.readlink(f"/proc/{pid}/cwd"))
    sleeper = next(process for process in taken.processes if process.comm == "sleep")
    agent.call("signal", pid=sleeper.pid, number=int(signal.SIGSTOP))

    killed = agent.call("reset", wait_s=30.0).value["killed"]

    assert killed >= 5
    assert look(agent).processes == ()
    assert look(agent).ends == {}
    assert not folder.exists()


def test_a_frozen_process_stands_still_and_goes_on(agent: Link) -> None:
    pid = reader(agent)
    agent.call("freeze", pid=pid)
    agent.call("feed", b"x\n", pid=pid)

    frozen = until(agent, lambda taken: taken.processes[0].state == "t").processes[0]
    assert frozen.waits_in() in ("read on 0", "frozen")
    agent.call("thaw", pid=pid)
    agent.call("feed", pid=pid, end=True)
    assert output(agent, pid) == "x\n"


def test_a_soft_limit_is_lowered_and_given_back(agent: Link) -> None:
    pid = reader(agent, limits={"nofile": 64})
    before = agent.call("limit", pid=pid, name="nofile", soft=None).value

    assert before[0] == 64
    lowered = agent.call("limit", pid=pid, name="nofile", soft=before[0]).value
    assert lowered == [3, before[1]]  # just above what it holds: 0, 1 and 2
    assert agent.call("limit", pid=pid, name="nofile", soft=64).value[0] == 64


def test_usage_tells_a_spinner_from_a_sleeper(agent: Link) -> None:
    start(agent, "sh", "-c", "sleep 60 & while :; do :; done")
    until(agent, lambda taken: any("nanosleep" in p.waits_in() for p in taken.processes))

    window: dict[str, Any] = {"for": 0.1}
    rows = agent.call("usage", wait_s=1.0, **window).value["rows"]

    by_pid = {row[0]: row for row in rows}
    shell, sleeper = (process.pid for process in look(agent).processes)
    assert sum(by_pid[shell][1:3]) > 50e6
    assert by_pid[sleeper][1] < by_pid[shell][1] / 2


def at(port: int) -> dict[str, Any]:
    """Say where to connect to."""
    return {"host": "127.0.0.1", "port": port}


@needs_python
def test_nobody_comes_after_one_who_was_not_answered(agent: Link) -> None:
    port = free_port(agent)
    [refused] = agent.call("visit", b"hello\n", times=3, **at(port), wait_s=5.0).value
    assert (refused["connected"], refused["error"]) == (False, "ECONNREFUSED")

    held = agent.call("listen").value  # nobody accepts
    [silent] = agent.call(
        "visit", b"hello\n", times=3, **at(held["port"]), within=0.05, wait_s=5.0
    ).value
    assert (silent["received"], silent["eof"], silent["error"]) == (0, False, None)
    agent.call("unlisten", listener=held["listener"])


ECHO = """
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    conn = listener.accept()[0]
    while data := conn.recv(4096):
        conn.sendall(data)
    conn.close()
"""


def free_port(agent: Link) -> int:
    """A port on which nobody listens."""
    held = agent.call("listen").value
    agent.call("unlisten", listener=held["listener"])
    return int(held["port"])


@needs_python
def test_a_server_listens_and_answers(agent: Link) -> None:
    port = free_port(agent)
    pid = start(agent, "python3", "-c", ECHO, str(port))
    found = agent.call("listening", port=port, pid=pid, within=10.0, wait_s=10.0).value
    assert (found["addresses"], found["ended"]) == (["127.0.0.1"], None)

    visits = agent.call("visit", b"hello\n", times=3, **at(port), wait_s=5.0).value

    seen = [(visit["received"], visit["eof"], visit["error"]) for visit in visits]
    assert seen == [(6, False, None)] * 3
    conn = agent.call("connect", host="127.0.0.1", port=port, wait_s=5.0).value["conn"]
    reply = agent.call("talk", b"line\n", conn=conn, all=True, start=0, wait_s=5.0)
    assert reply.blob == b"line\n"
    assert reply.value["inode"] in look(agent).processes[0].sockets
    over = agent.call("talk", conn=conn, half_close=True, end=True, start=5, wait_s=5.0)
    assert (over.blob, over.value["eof"], over.value["difference"]) == (b"", True, None)


@needs_python
def test_a_program_that_listens_elsewhere_or_has_ended_is_told(agent: Link) -> None:
    port, other = free_port(agent), free_port(agent)
    pid = start(agent, "python3", "-c", ECHO, str(other))
    agent.call("listening", port=other, pid=pid, within=10.0, wait_s=10.0)
    wrong = agent.call("listening", port=port, pid=pid, within=0.0, wait_s=5.0).value
    assert (wrong["addresses"], wrong["elsewhere"], wrong["count"]) == ([], [other], 1)

    agent.call("reset", wait_s=30.0)
    pid = start(agent, "false")
    gone = agent.call("listening", port=port, pid=pid, within=10.0, wait_s=10.0).value
    assert describe_status(gone["ended"]) == "exited with status 1"


def test_somebody_elses_listener_is_not_the_programs(agent: Link) -> None:
    pid = start(agent, "cat")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        found = agent.call("listening", port=port, pid=pid, within=0.0, wait_s=5.0).value

        assert found["addresses"] == []
        assert look(agent).listening == []


def test_a_port_in_use_is_told(agent: Link) -> None:
    held = agent.call("listen").value
    with pytest.raises(AgentRefused, match="Address already in use"):
        agent.call("listen", port=held["port"])
    agent.call("unlisten", listener=held["listener"])


def test_a_tool_is_run_to_its_end_and_is_no_part_of_the_program(agent: Link) -> None:
    reader(agent)
    number = agent.submit("run", argv=["sh", "-c", "read line; echo $line; exit 7"], env=ENV)
    assert [p.comm for p in look(agent).processes] == ["cat"]
    reply = agent.result(number, 5.0)
    assert describe_status(reply.value["status"]) == "exited with status 7"

    reply = agent.call("run", b"hello\n", argv=["cat"], env=ENV, wait_s=5.0)
    assert (reply.value["status"], reply.blob) == (0, b"hello\n")
    slow = agent.call("run", argv=["sleep", "60"], env=ENV, within=0.05, wait_s=5.0)
    assert describe_status(slow.value["status"]) in ("ended", "was killed by SIGKILL")


def test_files_are_written_read_and_removed(agent: Link) -> None:
    agent.call("write", b"\0data", path="a/b/file", mode=0o755)
    path = Path(agent.hello["folder"]) / "a/b/file"

    assert agent.call("read", path="a/b/file").blob == b"\0data"
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    agent.call("unlink", path="a")
    assert not path.parent.parent.exists()
    assert agent.call("read", path="a/b/file").value is False


def test_only_regular_files_are_read(agent: Link) -> None:
    folder = Path(agent.hello["folder"])
    (folder / "link").symlink_to("/etc/passwd")
    os.mkfifo(folder / "fifo")
    for name in ("link", "fifo", "."):
        reply = agent.call("read", path=name)
        assert (reply.value, reply.blob) == (False, b"")


def test_what_is_gone_or_never_was_is_refused_by_kind(agent: Link) -> None:
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("signal", {"pid": 1 << 22, "number": 9}),
        ("talk", {"conn": 99}),
        ("output", {"pid": 1}),
    ]
    for op, arguments in wrong:
        with pytest.raises(AgentRefused) as told:
            agent.call(op, **arguments)
        assert told.value.kind == "gone", op


def test_processes_are_by_pid(agent: Link) -> None:
    start(agent, "sh", "-c", "sleep 60 & sleep 60 & sleep 60; true")
    taken = until(agent, lambda taken: len(taken.processes) == 4)

    def age(process: Process) -> int:
        return process.start_ticks

    assert list(taken.processes) == sorted(taken.processes, key=lambda p: p.pid)
    assert list(taken.processes) == sorted(taken.processes, key=age)


def test_a_worker_gets_a_connection_over_its_channel_and_reports(agent: Link) -> None:
    worker = (
        "import socket\n"
        "channel = socket.socket(fileno=0)\n"
        "byte, fds, _, _ = socket.recv_fds(channel, 8, 1)\n"
        "conn = socket.socket(fileno=fds[0])\n"
        "conn.sendall(conn.recv(8))\n"
        "channel.send(byte)\n"
    )
    listener = agent.call("listen").value
    started = agent.call("start", argv=["python3", "-c", worker], env=ENV, stdin="channel").value
    client = agent.call("connect", host="127.0.0.1", port=listener["port"]).value
    ours = agent.call("accept", listener=listener["listener"]).value

    agent.call("pass", b"c", pid=started["pid"], conn=ours["conn"])

    assert agent.call("talk", b"ab", conn=client["conn"], bytes=2, start=0).blob == b"ab"
    said = [agent.call("report", pid=started["pid"]) for _ in range(2)]
    assert [(reply.value, reply.blob) for reply in said] == [(True, b"c"), (False, b"")]


def test_a_fifo_is_a_pipe_by_its_device_and_inode(agent: Link) -> None:
    program = "import os, time; os.mkfifo('f'); os.open('f', os.O_RDWR); time.sleep(60)"
    pid = agent.call("start", argv=["python3", "-c", program], env=ENV).value["pid"]

    def fifos() -> list[Any]:
        rows = agent.call("snapshot").value["processes"]
        return [fd for row in rows if row["pid"] == pid for fd in row["fds"] if "fifo" in fd[1]]

    end = time.monotonic() + 5
    while not (found := fifos()) and time.monotonic() < end:
        pass
    assert [(fd[0], fd[2]) for fd in found] == [(3, "rw")]


def test_the_input_of_a_program_may_be_a_file(agent: Link) -> None:
    started = agent.call("start", b"from a file", argv=["cat"], env=ENV, stdin="file").value
    while agent.call("status", pid=started["pid"]).value is None:
        pass
    assert agent.call("output", pid=started["pid"]).blob == b"from a file"
