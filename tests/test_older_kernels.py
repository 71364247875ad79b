"""Kernels and places that tell less: no pidfd, no hang-up, no sock_diag, no unix_diag."""

from __future__ import annotations

import errno
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from forklab.agent import ends, ipc, kcmp, proc, sockdiag, state
from forklab.agent.ends import Ends

LISTENER = (
    "   1: 0100007F:1F90 00000000:0000 0A 00000000:00000003 00:00000000 00000000"
    "     0        0 4711 1 0000000000000000 100 0 0 10 0\n"
)
ACCEPTED = (
    "   2: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:C350 08"
    " 00000005:00000007 00:00000000 00000000  1000        0 4712 1 0000000000000000 20 4 0 10 -1\n"
)
SHM = (
    "       key      shmid perms       size  cpid  lpid nattch   uid   gid  cuid  cgid\n"
    "         0          7  1600    1048576    12    12      0 20001 20001 20001 20001\n"
    "         0          8  1600    1048576    12    12      0  1000  1000  1000  1000\n"
)
SEM = (
    "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n"
    "         0          9  1600          1 20001 20001 20001 20001          0 1700000000\n"
)
MSG = (
    "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid\n"
    "         0          0   600          0          0     0     0 20001 20001 20001 20001\n"
)


def refuse(number: int) -> Callable[..., int]:
    """Return what fails as a system call that is not there, or not allowed."""

    def call(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    return call


@pytest.fixture
def no_sock_diag(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the kernel refuse every request by netlink."""
    sockdiag._answers.cache_clear()
    monkeypatch.setattr(sockdiag, "_ask", refuse(errno.ENOENT))
    yield
    sockdiag._answers.cache_clear()


@pytest.fixture
def poll() -> Iterator[select.epoll]:
    with select.epoll() as poll:
        yield poll


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """Give a process that ends when its standard input does."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def look() -> dict[int, tuple[int, str]]:
    """Return what a snapshot gives to `Ends.look`."""
    return {pid: (found.start_ticks, found.state) for pid, found in proc.stats().items()}


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM])
def test_without_pidfds_an_end_shows_at_the_next_look(
    monkeypatch: pytest.MonkeyPatch,
    poll: select.epoll,
    child: subprocess.Popen[bytes],
    number: int,
) -> None:
    monkeypatch.setattr(os, "pidfd_open", refuse(number))
    followed = Ends(poll)
    assert followed.hang_up_means_reaped is False

    followed.watch(child.pid, look()[child.pid][0])
    followed.look(look())
    assert [end.ended for end in followed.all()] == [None]

    assert child.stdin is not None
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    followed.look(look())
    [zombie] = followed.all()
    assert zombie.ended is not None
    assert zombie.reaped is None

    child.wait()
    followed.look(look())
    [gone] = followed.all()
    assert gone.reaped is not None
    assert gone.by_agent is False
    assert gone.status is None
    followed.forget()
    assert followed.all() == []


def test_without_hang_up_a_reaped_process_shows_at_the_next_look(
    poll: select.epoll, child: subprocess.Popen[bytes]
) -> None:
    followed = Ends(poll)
    followed.watch(child.pid, look()[child.pid][0])
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    [(fd, _)] = poll.poll(5.0)
    followed.ready(fd, select.EPOLLIN)  # all that the kernel says before 6.9
    [zombie] = followed.all()
    assert zombie.ended is not None
    assert zombie.reaped is None

    child.wait()
    followed.look(look())
    [gone] = followed.all()
    assert gone.reaped is not None


def test_a_pid_that_is_used_again_is_another_process(
    monkeypatch: pytest.MonkeyPatch, poll: select.epoll, child: subprocess.Popen[bytes]
) -> None:
    monkeypatch.setattr(os, "pidfd_open", refuse(errno.ENOSYS))
    followed = Ends(poll)
    start_ticks = look()[child.pid][0]
    followed.watch(child.pid, start_ticks - 1)
    followed.watch(child.pid, start_ticks)
    followed.watch(child.pid, start_ticks)
    assert [end.start_ticks for end in followed.all()] == [start_ticks - 1, start_ticks]


@pytest.mark.usefixtures("no_sock_diag")
def test_the_text_of_proc_says_what_sock_diag_does(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [(4, LISTENER), (6, ACCEPTED)]
    rows = [sockdiag.parse_proc_line(version, line) for version, line in lines]
    monkeypatch.setattr(sockdiag, "_tcp_from_proc", lambda: iter(rows))

    listener = (4, 10, "127.0.0.1", 8080, "0.0.0.0", 0, 3, 0, 4711)
    conn = (6, 8, "::ffff:127.0.0.1", 8080, "::ffff:127.0.0.1", 50000, 7, 5, 4712)
    assert sockdiag.tcp() == [listener, conn]
    assert sockdiag.tcp(sockdiag.LISTEN_ONLY) == [listener]


@pytest.mark.usefixtures("no_sock_diag")
def test_a_connection_is_found_in_the_text_of_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [sockdiag.parse_proc_line(6, ACCEPTED)]
    monkeypatch.setattr(sockdiag, "_tcp_from_proc", lambda: iter(rows))
    server, client = ("127.0.0.1", 8080), ("127.0.0.1", 50000)
    assert sockdiag.connection_inode(server, client) == 4712
    assert sockdiag.connection_inode(client, server) == 0


@pytest.mark.usefixtures("no_sock_diag")
def test_without_unix_diag_peers_are_unknown() -> None:
    assert state._unix_peers_are_shown() is False


def test_without_kcmp_nobody_knows_what_is_one_open_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kcmp, "NUMBERS", {})
    assert kcmp.same(os.getpid(), 0, os.getpid(), 0) is None
    assert kcmp.works() is False


@pytest.mark.parametrize(
    ("kind", "table", "found"),
    [("shm", SHM, [("shm", 7)]), ("sem", SEM, [("sem", 9)]), ("msg", MSG, [("msg", 0)])],
)
def test_system_v_objects_of_one_user(kind: str, table: str, found: list[tuple[str, int]]) -> None:
    assert ipc.of_user(kind, table, 20001) == found
    assert ipc.of_user(kind, table, 7) == []


def test_a_kernel_without_system_v_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proc, "read", refuse(errno.ENOENT))
    assert ipc.left_behind(20001) == []


def test_who_may_not_be_killed_does_not_stop_the_killing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "kill", refuse(errno.EPERM))
    ends._send([1, 2], 9)
