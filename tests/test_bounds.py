"""What a program may do without end, or beyond measure, and where it is stopped."""

from __future__ import annotations

import os
import signal
import stat
import time
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from forklab.agent import cgroup, ipc, proc, sockdiag, spawn, turn, work
from forklab.agent.loop import MIN_LOOKS, Loop, Pending
from forklab.agent.output import READ_BYTES, Output
from forklab.agent.program import DRAIN_BYTES, Child, Children
from forklab.agent.state import MOST_SOCKETS, State
from forklab.errors import CheckFailure, Overrun
from forklab.facts import Process
from forklab.program import build, started
from forklab.program.journal import Journal
from forklab.program.program import Program
from forklab.program.source import NoProgram, Source
from forklab.sandbox import container
from forklab.sandbox.link import AgentRefused, Link
from tests.pictures import File, picture, process


def test_progress_that_has_no_end_is_late_at_last() -> None:
    """Its last byte moved just now, whenever that is looked at."""
    pending = Pending(
        lambda: None, lambda: ("late", b""), 60.0, since=lambda: pending.began + 1000, longest_s=0.0
    )
    answers = [pending.answer() for _ in range(MIN_LOOKS)]
    assert answers[-1] == ("late", b"")


def test_a_machine_that_keeps_us_waiting_moves_that_end_too() -> None:
    loop = Loop(*os.pipe())
    pending = Pending(lambda: None, lambda: ("late", b""), 1.0, longest_s=2.0)
    loop._pending[1] = pending
    loop._give_back(5.0)
    assert (pending.within_s, pending.longest_s) == (6.0, 7.0)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    loop.poll.close()
    for fd in (loop._read_fd, loop._write_fd, loop._wake_fd):
        os.close(fd)


def test_output_that_comes_without_end_is_drained_to_an_end() -> None:
    flood = Output(os.open("/dev/zero", os.O_RDONLY))
    children = Children(lambda fd, ready, events: None, lambda fd: None)
    children.drain(Child(1, -1, {"stdout": flood}, command=False))
    flood.close()
    assert DRAIN_BYTES <= flood.total_bytes < DRAIN_BYTES + READ_BYTES


# memory and the CPU


def cgroup_of(root: Path, usage: int, file: int, limit: str = "1073741824") -> cgroup.Memory:
    """Write the files of a cgroup of version 2."""
    (root / "memory.current").write_text(f"{usage}\n")
    (root / "memory.max").write_text(f"{limit}\n")
    (root / "memory.stat").write_text(f"anon 1\nfile 9\nactive_file 4096\ninactive_file {file}\n")
    return cgroup.Memory(str(root))


def test_memory_is_what_the_kernel_cannot_take_back(tmp_path: Path) -> None:
    memory = cgroup_of(tmp_path, 900 << 20, 1 << 20)
    assert memory.most_bytes == 768 << 20
    assert memory.taken_bytes() == (899 << 20) - 4096


def test_however_much_a_container_has_a_program_may_take_768_mib(tmp_path: Path) -> None:
    """The rest is room in which the agent sees and kills what takes more."""
    memory = cgroup_of(tmp_path, 900 << 20, 1 << 20, limit=str(container.MEMORY))
    assert memory.most_bytes == 768 << 20
    assert container.MEMORY - memory.most_bytes >= 1 << 30


def test_the_first_version_of_cgroups_is_read_too(tmp_path: Path) -> None:
    folder = tmp_path / "memory"
    folder.mkdir()
    (folder / "memory.usage_in_bytes").write_text(f"{900 << 20}")
    (folder / "memory.limit_in_bytes").write_text(f"{1 << 30}")
    (folder / "memory.stat").write_text("cache 0\ninactive_file 7\ntotal_inactive_file 7\n")
    assert cgroup.Memory(str(tmp_path)).taken_bytes() == (900 << 20) - 7


@pytest.mark.parametrize("limit", ["max", "9223372036854771712", ""])
def test_without_a_limit_nothing_is_too_much(tmp_path: Path, limit: str) -> None:
    memory = cgroup_of(tmp_path, 900 << 20, 900 << 20, limit)
    assert memory.taken_bytes() == memory.most_bytes == 0


@pytest.mark.parametrize(("running", "gives_way"), [(turn.CROWD, True), (3, False)])
def test_a_crowd_that_wants_the_cpu_is_set_back_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch, running: int, gives_way: bool
) -> None:
    helped: list[int | None] = []
    state: Any = object.__new__(State)
    state.uid, state.is_init = 20_001, True
    crowd = [SimpleNamespace(state="R")] * running + [SimpleNamespace(state="S")] * 100
    monkeypatch.setattr(State, "_mine", lambda self, table: crowd)
    monkeypatch.setattr(spawn, "with_uid", lambda uid, action: helped.append(uid))
    state._set_back()
    assert helped == ([20_001] if gives_way else [])


def test_who_waits_for_most_of_a_window_is_starved(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s, waited_ns = 100.0, 0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    monkeypatch.setattr(turn, "_waited_ns", lambda: waited_ns)
    ours = turn.Turn()
    waited_ns = 10**9
    assert not ours.is_starved()
    now_s += 1.0
    assert ours.is_starved()
    now_s += 1.0
    assert not ours.is_starved()


@pytest.mark.parametrize(
    ("taken", "sockets", "said"),
    [
        (11 << 20, 0, "it took 11 MiB of memory"),
        (0, MOST_SOCKETS + 1, f"more than {MOST_SOCKETS} TCP and UDP sockets were open together"),
        (1 << 20, MOST_SOCKETS, ""),
    ],
)
def test_too_much_is_noticed_and_ended_before_anybody_asks(
    monkeypatch: pytest.MonkeyPatch, taken: int, sockets: int, said: str
) -> None:
    killed: list[int] = []
    state: Any = object.__new__(State)
    state.is_init, state.excess, state._watched = True, "", 0.0
    state.children = SimpleNamespace(by_pid={2: None})
    state.turn = SimpleNamespace(is_starved=lambda: False)
    state.memory = SimpleNamespace(most_bytes=10 << 20, taken_bytes=lambda: taken)
    monkeypatch.setattr(State, "_kill", lambda self: killed.append(1))
    monkeypatch.setattr(sockdiag, "in_use", lambda: sockets)
    state._watch()
    assert state.excess == said
    assert bool(killed) == bool(said)


def test_sockets_in_use_are_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    table = "sockets: used 9\nTCP: inuse 5 orphan 1 tw 2 alloc 9 mem 4\nUDP: inuse 2 mem 0\n"
    (tmp_path / "4").write_text(table + "UDPLITE: inuse 7\nRAW: inuse 7\n")
    (tmp_path / "6").write_text("TCP6: inuse 3\nUDP6: inuse 1\nRAW6: inuse 7\n")
    tables = tuple(str(tmp_path / name) for name in ("4", "6", "none"))
    monkeypatch.setattr(sockdiag, "SOCKSTAT", tables)
    assert sockdiag.in_use() == 5 + 2 + 3 + 1


# what is left behind

QUEUES = """\
   key   msqid perms cbytes qnum lspid lrpid   uid   gid  cuid  cgid stime rtime ctime
     0       3   600      0    0     0     0     1 20001 20001 20001     0     0    17
     0       4   600      0    0     0     0     1     1     1     1     0     0    17
"""


def test_what_a_program_made_and_gave_away_is_its_own() -> None:
    assert ipc.of_user("msg", QUEUES, 20001) == [("msg", 3)]


def test_who_takes_a_folder_back_leaves_nobody_a_right_to_write(tmp_path: Path) -> None:
    modes = {"server": 0o6777, "private": 0o700, "data": 0o666, "closed": 0}
    (tmp_path / "folder").mkdir()
    for name, mode in modes.items():
        (tmp_path / "folder" / name).touch()
        (tmp_path / "folder" / name).chmod(mode)
    (tmp_path / "folder/link").symlink_to("/etc/passwd")
    (tmp_path / "folder").chmod(0o333)
    before = os.stat("/etc/passwd").st_mode

    work.give_up(str(tmp_path))

    folder = tmp_path / "folder"
    found = {path.name: stat.S_IMODE(path.lstat().st_mode) for path in folder.iterdir()}
    del found["link"]
    assert found == {"server": 0o755, "private": 0o755, "data": 0o644, "closed": 0}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert os.stat("/etc/passwd").st_mode == before


# how long a sentence may be


def test_of_a_thousand_executables_some_are_named() -> None:
    names = [f"{number}-{'x' * 4000}" for number in range(1000)]
    with pytest.raises(NoProgram) as caught:
        build._main_and_worker(Source("f", "make", "", ()), names)
    assert "and 992 more" in caught.value.seen
    assert len(caught.value.seen) < 4000


def test_a_line_of_the_compiler_is_cut() -> None:
    assert len(build._tail("error: " + "x" * 10_000_000)) == build.LONGEST


def test_a_long_path_and_a_long_command_line_are_cut(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(8):
        folder = folder / ("d" * 200)
    folder.mkdir(parents=True)
    with open(folder / "file", "w") as file:
        target = proc._target(f"/proc/self/fd/{file.fileno()}")
    assert len(target) == proc.TARGET


# pairs of descriptors


def test_the_same_files_open_a_thousand_times_are_not_compared() -> None:
    fds = {number: File("/var/log") for number in range(3, 203)}
    snapshot = picture(process(10, fds=fds), process(11, fds=fds))
    assert len(list(started._of_one_name(snapshot))) == 200 * 200
    program = Program(answering(open_files=True), Journal(), ["./server"], 7001, 0)
    with pytest.raises(Overrun, match="same files open more than 20000 times"):
        program.one_open_file(snapshot)


def test_pairs_are_of_two_processes_and_one_name() -> None:
    one, two = {3: File("/a"), 4: File("/a"), 5: File("/b")}, {3: File("/a"), 6: File("/b")}
    snapshot = picture(process(10, fds=one), process(11, fds=two), process(12, fds={}))
    places = [(p.pid, fd.number) for p in snapshot.live for fd in p.fds if fd.number > 2]
    target = {(p.pid, fd.number): fd.target for p in snapshot.live for fd in p.fds}
    wanted = {(a, b) for a, b in combinations(places, 2) if a[0] != b[0] and target[a] == target[b]}
    assert set(started._of_one_name(snapshot)) == wanted
    assert len(wanted) == 3


def answering(**hello: Any) -> Link:
    """Return a link whose agent said *hello* and nothing more."""
    return cast(Link, SimpleNamespace(hello=hello))


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("hunted", "it kills every process of its user"),
        ("traced", "trace one another"),
        ("stuck", "in vfork until its child ends"),
    ],
)
def test_who_hinders_us_fails_and_breaks_nothing(kind: str, seen: str) -> None:
    def refuse(*words: object, **more: object) -> None:
        raise AgentRefused(kind, "we could not do it")

    link = cast(Link, SimpleNamespace(call=refuse))
    program = Program(link, Journal(), ["./server"], 7001, 0)
    victim = cast(Process, SimpleNamespace(key=(10, 1), pid=10))
    with pytest.raises(CheckFailure, match=seen):
        program._act("limit", victim, name="nproc", soft=0)
