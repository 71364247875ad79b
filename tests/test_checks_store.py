"""Judgements on a server that stores, on literal pictures and literal files."""

from __future__ import annotations

import signal

import pytest

from forklab.checks import store
from forklab.facts import Snapshot
from tests.pictures import (
    PORT,
    File,
    Pipe,
    Row,
    Socket,
    connection,
    failure,
    key,
    listener,
    pair,
    picture,
    pipe,
    process,
    zombie,
)

LISTENER = listener(500)
ONE, TWO = connection(50001, 601), connection(50002, 602)
READ, WRITE = pipe(700)
WAKE = pipe(800)  # wakes the parent for signals; nobody closes it
STDIN = Pipe(900, "r")
ECHOMSG = File("/lab/work-1/echomsg.txt")
NAMES = {key(10): "parent", key(11): "writer", key(12): "child-1", key(13): "child-2"}
WRITER = key(11)
CHILDREN = [key(12), key(13)]
IN_PIPE = ("read", 5)


def parent(*more: Socket | Pipe | File) -> Row:
    """Who listens and can write to the pipe."""
    return process(10, fds={0: STDIN, **dict(enumerate((LISTENER, WRITE, *more), 3))})


def writer(
    *held: Socket | Pipe | File, pid: int = 11, ppid: int = 10, call: tuple[str, int] = IN_PIPE
) -> Row:
    """Who waits in the pipe, its descriptor 5, and holds *held* behind it."""
    fds = {0: STDIN, 5: READ, **dict(enumerate(held, 6))}
    return process(pid, parent=ppid, fds=fds, call=call)


def child(pid: int, *held: Socket | Pipe | File) -> Row:
    """Who serves and holds *held*."""
    return process(pid, parent=10, fds={0: STDIN, **dict(enumerate(held, 4))})


RIGHT = picture(parent(), writer(ECHOMSG))
SERVING = picture(parent(), writer(ECHOMSG), child(12, ONE, WRITE), child(13, TWO, WRITE))
ALL_OPEN = picture(
    parent(READ),
    writer(ECHOMSG, WRITE, LISTENER),
    child(12, ONE, READ, WRITE),
    child(13, TWO, READ, WRITE),
)
# the writer waits in poll(), and all have the pipe that wakes the parent
WOKEN = picture(
    parent(*WAKE),
    writer(ECHOMSG, *WAKE, call=("poll", 0)),
    child(12, ONE, WRITE, *WAKE),
    child(13, TWO, WRITE, *WAKE),
)


# the writer


@pytest.mark.parametrize(
    ("taken", "pid"),
    [
        (RIGHT, 11),
        (picture(parent(), writer()), 11),  # it opens the file at its first message
        (picture(parent(), process(11, parent=10, fds={3: ECHOMSG})), 11),
        (picture(parent(), writer(ECHOMSG, LISTENER)), 11),
        (picture(parent(), process(11, parent=10, fds={3: pair(710)[0]})), 11),
        (picture(parent(), writer(ECHOMSG, pid=9, ppid=1)), 9),  # it was started, and forked
        (picture(parent(), writer(ECHOMSG, ppid=1)), 11),  # forked twice
        (picture(process(8), parent(), writer(ECHOMSG)), 11),  # somebody supervises
    ],
)
def test_a_writer_is_found_by_what_it_holds(taken: Snapshot, pid: int) -> None:
    assert store.one_writer(taken, PORT, NAMES).pid == pid


def test_without_a_writer_its_checks_are_skipped() -> None:
    told = failure(store.one_writer, picture(parent(ECHOMSG)), PORT, NAMES)

    assert told.seen == "there is none"
    assert told.breaks == ("writer",)


@pytest.mark.parametrize("second", [writer(ECHOMSG, pid=12), process(12, parent=10)])
def test_two_children_are_one_too_many(second: Row) -> None:
    told = failure(store.one_writer, picture(parent(), writer(ECHOMSG), second), PORT, NAMES)

    assert told.seen == "there are 2: writer (pid 11), child-1 (pid 12)"
    assert not told.breaks


def test_a_writer_apart_has_the_file_and_no_socket() -> None:
    store.apart(RIGHT, WRITER, PORT, NAMES)


def test_a_writer_that_keeps_the_listening_socket_is_not_apart() -> None:
    told = failure(store.apart, ALL_OPEN, WRITER, PORT, NAMES)

    assert told.seen == "writer (pid 11) holds the listening socket, as descriptor 8"
    assert told.marks == {(11, 8): "a socket, not closed"}


def test_a_writer_fed_through_a_socket_is_not_apart() -> None:
    taken = picture(parent(), writer(ECHOMSG, pair(710)[0]))

    assert "holds a socket" in failure(store.apart, taken, WRITER, PORT, NAMES).seen


@pytest.mark.parametrize(
    ("taken", "seen"),
    [
        (picture(parent(), writer()), "writer (pid 11) has no descriptor on echomsg.txt"),
        (picture(parent(), zombie(11)), "writer (pid 11) has ended"),
        (picture(parent()), "writer (pid 11) has ended"),
    ],
)
def test_a_writer_without_the_file_does_not_write(taken: Snapshot, seen: str) -> None:
    assert failure(store.apart, taken, WRITER, PORT, NAMES).seen == seen


# the ends of the pipe


@pytest.mark.parametrize("taken", [SERVING, WOKEN])
def test_each_side_holds_its_end_only(taken: Snapshot) -> None:
    assert store.store_pipe(taken, WRITER, CHILDREN, NAMES) == 700
    store.only_write_ends(taken, WRITER, CHILDREN, NAMES)
    store.only_read_end(taken, WRITER, CHILDREN, NAMES)


def test_a_pipe_at_standard_input_is_one_too() -> None:
    taken = picture(
        parent(),
        process(11, parent=10, fds={0: READ, 1: ECHOMSG}, call=("read", 0)),
        child(12, ONE, WRITE),
    )

    assert store.store_pipe(taken, WRITER, [key(12)], NAMES) == 700


def test_children_that_hold_the_read_end_are_named() -> None:
    told = failure(store.only_write_ends, ALL_OPEN, WRITER, CHILDREN, NAMES)

    assert told.seen == "2 of 2 hold the read end: child-1 (pid 12), child-2 (pid 13)"
    assert told.marks[12, 5] == "the read end, not closed"


def test_both_ends_in_one_descriptor_are_two_ends() -> None:
    both = Pipe(700, "rw")
    taken = picture(parent(), writer(ECHOMSG), child(12, ONE, both))

    failure(store.only_write_ends, taken, WRITER, [key(12)], NAMES)


def test_a_writer_that_holds_a_write_end_is_told_why() -> None:
    told = failure(store.only_read_end, ALL_OPEN, WRITER, CHILDREN, NAMES)

    assert "never sees the end of file" in told.seen
    assert told.marks == {(11, 7): "the write end, not closed"}


@pytest.mark.parametrize(
    ("taken", "children", "seen"),
    [
        (SERVING, [], "there is none"),
        (picture(parent(), child(12, ONE, WRITE)), [key(12)], "it has ended"),
        (picture(parent(), writer(), child(12, ONE)), [key(12)], "no child holds a write end"),
    ],
)
def test_without_two_sides_there_is_no_pipe(
    taken: Snapshot, children: list[tuple[int, int]], seen: str
) -> None:
    assert seen in failure(store.store_pipe, taken, WRITER, children, NAMES).seen


def test_everybody_rests() -> None:
    store.at_rest(SERVING)


@pytest.mark.parametrize(
    "busy", [process(12, state="R"), process(12, call=("write", 5)), process(12, state="T")]
)
def test_who_writes_or_runs_does_not_rest(busy: Row) -> None:
    failure(store.at_rest, picture(parent(), busy))


# the file

TEN = [b"%d of client-1\n" % number for number in range(1, 11)]
SENT = {"client-1": [b"1 a\n", b"2 a\n"], "client-2": [b"1 b\n", b"2 b\n"]}


def test_a_file_holds_what_was_sent() -> None:
    store.holds_in_order(b"".join(TEN), TEN)


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (None, "there is no echomsg.txt"),
        (b"", "it holds 0 of them, 0 of 141 bytes"),
        (b"".join(TEN[:3]), "it holds 3 of them, 42 of 141 bytes"),
        (b"".join(TEN)[:50], "it holds 3 of them, 50 of 141 bytes"),
        (b"".join(TEN) + b"\0\0", "it holds 2 bytes more, beginning with '\\x00\\x00'"),
        (b"".join(TEN[1:]), "byte 1 differs: sent '>1< of client-1'"),
    ],
)
def test_a_file_that_holds_something_else_is_told(content: bytes | None, seen: str) -> None:
    assert failure(store.holds_in_order, content, TEN).seen.startswith(seen)


def test_no_messages_are_no_proof() -> None:
    failure(store.holds_in_order, b"", [])
    failure(store.holds_whole, b"", {"client-1": []})


@pytest.mark.parametrize(
    "content",
    [b"1 a\n2 a\n1 b\n2 b\n", b"1 b\n1 a\n2 b\n2 a\n", b"1 a\n1 b\n2 b\n2 a\n"],
)
def test_messages_of_several_clients_may_mix_as_they_came(content: bytes) -> None:
    store.holds_whole(content, SENT)


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (None, "there is no echomsg.txt"),
        (b"1 a\n1 1 b\na\n", "line 2 is none of the messages, but 6 bytes, '1 1 b\\n'"),
        (b"2 a\n1 a\n1 b\n2 b\n", "line 1 is message 2 of client-1 before message 1"),
        (b"1 a\n1 a\n2 a\n1 b\n2 b\n", "line 2 is message 1 of client-1 again"),
        (b"1 a\n2 a\n1 b\n", "it holds 3; 1 of client-2 are missing"),
        (b"1 a\n2 a\n1 b\n2 b", "line 4 is none of the messages, but 3 bytes, '2 b'"),
    ],
)
def test_a_message_that_is_torn_moved_or_lost_is_told(content: bytes | None, seen: str) -> None:
    assert failure(store.holds_whole, content, SENT).seen == seen


# what it says


def test_a_line_that_it_does_not_always_say_is_a_message() -> None:
    usual = "listening on 7001\nclient 50001 has come\n"
    said = "listening on 7002\nclient 50044 has come\nechomsg.txt: No space left on device\n"

    store.complains(said, usual, "when the disk is full", "standard error")
    assert store.unusual(said, usual) == ["echomsg.txt: No space left on device"]


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ("", "standard error has nothing"),
        (" \n", "standard error has nothing"),
        ("client 3 has come\n", "standard error has nothing but what it always says"),
    ],
)
def test_what_it_always_says_is_no_message(said: str, seen: str) -> None:
    usual = "client 1 has come\n"
    told = failure(store.complains, said, usual, "when the disk is full", "standard error")

    assert told.seen == seen


def test_who_does_not_listen_serves_nobody() -> None:
    store.nobody_serves(picture(), PORT, NAMES)
    store.nobody_serves(picture(process(10)), PORT, NAMES)


def test_who_listens_without_its_file_is_half_a_server() -> None:
    told = failure(store.nobody_serves, RIGHT, PORT, NAMES)

    assert told.seen == f"parent (pid 10) listens on port {PORT}"


@pytest.mark.parametrize("status", [None, 0, 1 << 8, int(signal.SIGTERM)])
def test_an_end_of_its_own_is_no_crash(status: int | None) -> None:
    store.did_not_crash(status)


def test_a_crash_is_no_refusal() -> None:
    assert failure(store.did_not_crash, int(signal.SIGSEGV)).seen == "it was killed by SIGSEGV"
