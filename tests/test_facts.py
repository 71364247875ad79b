"""What the kernel and the clients said: parsed, put into words, names given."""

from __future__ import annotations

import signal

import pytest

from forklab.facts import ClientState, Descriptor, describe_status
from forklab.facts.calls import call_name
from forklab.facts.roles import give_names, servers
from forklab.facts.snapshot import Key
from forklab.facts.status import failed_by_itself, signal_name
from tests.pictures import (
    PORT,
    Row,
    connection,
    key,
    listener,
    pair,
    picture,
    pipe,
    process,
    reaped,
    state,
    widow,
    zombie,
)

LISTENER = listener(500)
A, B = pair(700), pair(710)


def exited(status: int) -> int:
    """The wait status of a process that exited with *status* (wait(2))."""
    return status << 8


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (None, "ended"),
        (exited(0), "exited with status 0"),
        (exited(3), "exited with status 3"),
        (exited(255), "exited with status 255"),
        (signal.SIGKILL, "was killed by SIGKILL"),
        (signal.SIGPIPE, "was killed by SIGPIPE"),
        (signal.SIGSEGV | 0x80, "was killed by SIGSEGV"),  # with a core dump
        (40, "was killed by signal 40"),
    ],
)
def test_a_wait_status_in_words(status: int | None, words: str) -> None:
    assert describe_status(status) == words


def test_a_death_by_signal_is_no_exit_with_a_status() -> None:
    assert failed_by_itself(exited(1))
    assert not failed_by_itself(exited(0))
    assert not failed_by_itself(signal.SIGABRT)
    assert signal_name(signal.SIGCHLD) == "SIGCHLD"


@pytest.mark.parametrize(
    ("target", "kind", "inode"),
    [
        ("socket:[4711]", "socket", 4711),
        ("pipe:[12]", "pipe", 12),
        ("/dev/pts/3", "terminal", 0),
        ("/dev/null", "file", 0),
        ("/lab/work-1/echo msg:[7].txt (deleted)", "file", 0),
        ("anon_inode:[eventpoll]", "anon", 0),
        ("anon_inode:[pidfd]", "anon", 0),
        ("anon_inode:inotify", "anon", 0),
        ("mnt:[4026531841]", "mnt", 0),
    ],
)
def test_a_descriptor_by_what_its_link_says(target: str, kind: str, inode: int) -> None:
    descriptor = Descriptor(3, target, "", None)

    assert (descriptor.kind, descriptor.inode) == (kind, inode)


def test_calls_have_the_names_of_their_machine() -> None:
    assert call_name("x86_64", 43) == "accept"
    assert call_name("aarch64", 202) == "accept"
    assert call_name("x86_64", 202) == "futex"
    assert call_name("arm64", 260) == "wait4"
    assert call_name("x86_64", 9999) == "call 9999"
    assert call_name("riscv64", 43) == "call 43"


@pytest.mark.parametrize(
    ("row", "words", "doing"),
    [
        (process(10, call=("accept", 3)), "accept on 3", "waits in accept on 3"),
        (process(10, call=("wait4", 3)), "wait4", "waits in wait4"),
        (process(10, state="R"), "running", "is running"),
        (process(10, state="T"), "stopped", "is stopped"),
        (process(10, state="t"), "frozen", "is frozen"),
        (process(10, call=None), "-", "sleeps"),
        (zombie(10), "-", "is a zombie"),
    ],
)
def test_what_a_process_does(row: Row, words: str, doing: str) -> None:
    (found,) = picture(row).processes

    assert (found.waits_in(), found.doing) == (words, doing)


def test_a_picture_is_parsed_once() -> None:
    read_end, _ = pipe(900)
    taken = picture(
        process(10, fds={0: read_end, 3: LISTENER, 4: A[0]}, call=("accept", 3)),
        zombie(11, since=0.5),
        reaped(12, status=exited(3), by_agent=True),
        connection(50001, 0, unread=6),
    )

    parent, dead = taken.processes
    assert parent.key == key(10)
    assert parent.command == "./server 7001"
    assert dead.command == "[server]"
    assert parent.fds[0] == Descriptor(0, "pipe:[900]", "r", None)
    assert parent.numbers(500) == [3]
    assert parent.holds(900)
    assert not parent.holds(0)
    assert parent.numbers(0) == []
    assert parent.sockets == {500, 700}
    assert taken.live == [parent]
    assert taken.zombies == [dead]
    assert taken.is_live(key(10))
    assert not taken.is_live(key(11))
    assert not taken.is_live(key(99))
    assert [s.inode for s in taken.listening] == [500]
    assert taken.unix[700].type == "stream"
    assert taken.unix[700].peer == 701
    assert taken.ends[key(12)].by_agent
    assert taken.pictures() == {
        key(10): ("0 pipe:[900]", "3 socket:[500]", "4 socket:[700]"),
    }
    waits = taken.connection(PORT, 50001)
    assert waits is not None
    assert (waits.state, waits.inode, waits.unread) == ("ESTABLISHED", 0, 6)


def test_the_kind_of_a_state_or_a_socket_that_is_new_is_its_number() -> None:
    rows = {"tcp": [[4, 77, "1.1.1.1", 1, "1.1.1.1", 2, 0, 0, 5]], "unix": [[6, 9, 1, 0, 0, 0]]}

    taken = picture(**rows)

    assert taken.tcp[0].state == "77"
    assert taken.unix[6].type == "9"


def test_a_zombie_is_as_old_as_its_end_was_seen() -> None:
    rows = (zombie(11, since=0.5), zombie(12)._replace(end=None), zombie(13, since=-0.1))
    taken = picture(*rows)

    assert [taken.age(found) for found in taken.zombies] == [pytest.approx(0.5), 0.0, 0.0]


def test_the_holders_of_the_other_end() -> None:
    taken = picture(
        process(10, fds={3: A[0]}), process(11, fds={3: A[1], 4: widow(801)}), process(12)
    )

    assert [p.pid for p in taken.peer_holders(700)] == [11]
    assert [p.pid for p in taken.peer_holders(701)] == [10]
    assert taken.peer_holders(801) == []
    assert taken.peer_holders(4711) == []
    assert taken.holders(0) == []


def test_what_a_client_saw_is_parsed_with_or_without_a_difference() -> None:
    value = {
        "connected": True, "given": 6, "flushed": 6, "received": 2, "eof": True, "error": None,
        "inode": 601, "conn": 3, "port": 50001,
    }  # fmt: skip

    found = ClientState.parse(value)

    assert found == ClientState(True, 6, 6, 2, True, None, 601, None, 50001)
    assert ClientState.parse({**value, "difference": 4}).difference == 4
    assert found.answered
    assert found.over
    assert not state(received=0).over
    assert state(given=2, received=4).describe() == (
        "sent 2 bytes and got 4 back, then nothing more"
    )


def names(
    *rows: Row, is_pool: bool = False, given: dict[Key, str] | None = None, anew: bool = False
) -> list[str]:
    """Give names to the processes of a picture; return them in its order."""
    taken, found = picture(*rows), dict(given or {})
    give_names(found, taken, PORT, is_pool=is_pool, anew=anew)
    return [found.get(process.key, "-") for process in taken.processes]


def test_who_listens_is_the_parent_and_the_younger_are_its_children() -> None:
    rows = (process(10, fds={3: LISTENER}), process(11), zombie(12))

    assert names(*rows) == ["parent", "child-1", "child-2"]


def test_nobody_has_a_name_before_somebody_listens() -> None:
    assert names(process(10), process(11)) == ["-", "-"]


def test_who_was_there_before_the_server_is_not_its_child() -> None:
    rows = (process(10), process(11, fds={3: LISTENER}), process(12))

    assert names(*rows) == ["process-1", "parent", "child-1"]


def test_the_oldest_of_several_that_listen_is_the_parent() -> None:
    rows = (process(11, fds={3: LISTENER}), process(10, fds={3: listener(501)}))

    assert [p.pid for p in servers(picture(*rows), PORT)] == [10, 11]
    assert names(*rows) == ["child-1", "parent"]


def test_a_pool_has_a_dispatcher_workers_and_others() -> None:
    rows = (
        process(10, fds={3: LISTENER, 4: A[0], 5: B[0]}),
        process(11, fds={3: A[1]}),
        process(12),
        process(13, fds={3: B[1]}),
    )

    assert names(*rows, is_pool=True) == ["dispatcher", "worker-1", "process-1", "worker-2"]


def test_a_process_is_a_worker_once_it_shows_as_one() -> None:
    dispatcher = process(10, fds={3: LISTENER, 4: A[0], 5: B[0]})
    given = {key(10): "dispatcher", key(11): "worker-1", key(13): "process-1", key(14): "process-2"}
    rows = dispatcher, zombie(11), process(13, fds={3: B[1]}), zombie(14)

    assert names(*rows, is_pool=True, given=given) == [
        "dispatcher", "worker-1", "worker-2", "process-2",
    ]  # fmt: skip
    assert names(dispatcher, process(14), is_pool=True, given={key(14): "process-2"}) == [
        "dispatcher", "process-2",
    ]  # fmt: skip


def test_whoever_lives_is_named_anew_while_the_program_has_only_begun() -> None:
    rows = (
        process(10, fds={3: LISTENER, 4: A[0], 5: B[0]}),
        process(11, fds={3: A[1]}),
        process(12, fds={3: B[1]}),
        process(13),
        zombie(14),
    )
    torn = {
        key(10): "process-1", key(11): "worker-1", key(12): "dispatcher", key(13): "writer",
        key(14): "worker-2",
    }  # fmt: skip

    assert names(*rows, is_pool=True, given=torn, anew=True) == [
        "dispatcher", "worker-1", "worker-3", "writer", "worker-2",
    ]  # fmt: skip
    assert names(*rows, is_pool=True, given=torn) == [
        "process-1", "worker-1", "dispatcher", "writer", "worker-2",
    ]  # fmt: skip


def test_a_name_stays_though_the_roles_change() -> None:
    given = {key(10): "parent", key(11): "child-1"}

    assert names(process(11, fds={3: LISTENER}), process(12), given=given) == [
        "child-1", "child-2",
    ]  # fmt: skip


def test_a_pid_that_is_used_again_gets_a_name_of_its_own() -> None:
    given = {key(10): "parent", (11, 5): "child-1"}

    assert names(process(10, fds={3: LISTENER}), process(11), given=given) == ["parent", "child-2"]


def test_who_comes_when_nobody_listens_any_more_is_a_child_still() -> None:
    assert names(process(12), given={key(10): "parent"}) == ["child-1"]
