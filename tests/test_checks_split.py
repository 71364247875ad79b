"""Judgements on a client of two processes, on literal pictures and bytes."""

from __future__ import annotations

import signal

import pytest

from forklab.checks import split
from forklab.facts import Snapshot
from tests.pictures import (
    Row,
    connection,
    failure,
    key,
    listener,
    picture,
    process,
    reaped,
    state,
    zombie,
)

OWN, PEER = 40_001, 7001
CONN = connection(PEER, 601, port=OWN)
OTHER_END = connection(OWN, 0, port=PEER)
NAMES = {key(10): "parent", key(11): "child"}
READS_SOCKET, READS_INPUT = ("read", 3), ("read", 0)
LOST = state(received=4, eof=True)
SILENT = state(received=4)
TYPED = b"123\n456\n"


def holder(pid: int, *, threads: int = 1, call: tuple[str, int] = READS_SOCKET) -> Row:
    """A process that holds the connection as descriptor 3."""
    row = process(pid, fds={3: CONN}, call=call)
    return row._replace(value={**row.value, "threads": threads})


# two processes


def test_two_processes_gives_those_that_hold_the_connection() -> None:
    taken = picture(holder(10), holder(11, call=READS_INPUT), process(12), OTHER_END)

    found = split.two_processes(taken, OWN, PEER, NAMES)

    assert [process.pid for process in found] == [10, 11]


@pytest.mark.parametrize(
    ("taken", "seen"),
    [
        (picture(holder(10)), "one process that does both; this lab wants two processes"),
        (picture(holder(10, threads=2)), "one process, with 2 threads: they are no processes"),
        (picture(holder(10), zombie(11)), "there is one process that does both"),
        (
            picture(holder(10), process(11, call=READS_INPUT)),
            "parent (pid 10) alone holds it, not child (pid 11)",
        ),
        (picture(process(10), CONN), "no process holds it"),
        (picture(process(10), process(11)), "the connection is closed"),
        (picture(reaped(10)), "the connection is closed"),
    ],
)
def test_one_process_is_not_two(taken: Snapshot, seen: str) -> None:
    assert seen in failure(split.two_processes, taken, OWN, PEER, NAMES).seen


def test_who_alone_has_the_connection_is_marked() -> None:
    told = failure(split.two_processes, picture(holder(10)), OWN, PEER, NAMES)

    assert told.marks == {(10, 3): "the connection"}


# who waits for a line


@pytest.mark.parametrize(
    "taken",
    [
        picture(holder(10), holder(11, call=READS_INPUT)),
        picture(holder(10, call=("poll", 0)), holder(11, call=READS_INPUT)),
        picture(holder(10), holder(11, call=("poll", 0))),
    ],
)
def test_a_process_waits_for_a_line(taken: Snapshot) -> None:
    assert split.waits_for_a_line(taken).pid == 11


def test_a_line_for_two_readers_or_for_none_is_not_waited_for() -> None:
    two = picture(holder(10, call=READS_INPUT), holder(11, call=READS_INPUT))
    busy = picture(holder(10), process(11, state="R"))

    assert failure(split.waits_for_a_line, two).seen == "2 processes do"
    assert failure(split.waits_for_a_line, busy).seen == "no process does"


def test_somebody_ended_counts_the_living() -> None:
    split.somebody_ended(picture(process(10), zombie(11)), 2)
    split.somebody_ended(picture(process(10), reaped(11)), 2)
    assert failure(split.somebody_ended, picture(process(10), process(11)), 2).seen == (
        "all 2 are alive"
    )


# what was typed


def test_what_was_typed_arrived() -> None:
    split.arrived(TYPED, TYPED, SILENT)
    split.arrived(b"", b"", SILENT)


@pytest.mark.parametrize(
    ("got", "after", "seen"),
    [
        (b"123\n", SILENT, "it got the first 4 of them, and then nothing more came"),
        (b"", LOST, "it got the first 0 of them, then end of file"),
        (b"123", state(error="ECONNRESET"), "it got the first 3 of them, then ECONNRESET"),
        (TYPED + b"456\n", SILENT, "it got 4 bytes more, and then nothing more came"),
        (b"123456\n", SILENT, "byte 4 differs: typed '123>\\n<456\\n', got '123>4<56\\n'"),
    ],
)
def test_what_did_not_arrive_is_told(got: bytes, after: object, seen: str) -> None:
    assert failure(split.arrived, TYPED, got, after).seen == seen


@pytest.mark.parametrize("got", [b"123\n45", b"123\n45\n"])
def test_an_unfinished_line_arrives_with_or_without_a_newline(got: bytes) -> None:
    split.arrived_once(b"123\n45", got, LOST)


@pytest.mark.parametrize(
    ("typed", "got", "seen"),
    [
        (TYPED, TYPED + b"456\n" * 1000, "the last line arrived 1001 times"),
        (b"123\n45", b"123\n4545", "the last line arrived 2 times"),
        (b"123\n45", b"123\n", "it got the first 4 of them, then end of file"),
        (b"123\n", b"123\n\n", "it got 1 bytes more, then end of file"),
        (b"", b"\0", "it got 1 bytes more, then end of file"),
    ],
)
def test_no_line_arrives_twice_or_not_at_all(typed: bytes, got: bytes, seen: str) -> None:
    assert failure(split.arrived_once, typed, got, LOST).seen == seen


def test_half_closed_is_end_of_file_and_no_reset() -> None:
    split.half_closed(state(eof=True), "the line q")

    silent = failure(split.half_closed, SILENT, "the line q")
    assert silent.expected == "after the line q the server reads end of file"
    assert silent.seen == "it read 4 bytes, and then nothing more came"
    reset = failure(split.half_closed, state(received=0, error="ECONNRESET"), "the line q")
    assert reset.seen == "it read 0 bytes, then ECONNRESET"


# what was printed

PAYLOAD = b"3141592653\n5897932384\n"


@pytest.mark.parametrize(
    "output",
    [
        PAYLOAD,
        b"Input (Q to quit): Message from server: 3141592653\nMessage from server: 5897932384\n",
        b"server: 31415server: 92653\nserver: 58979server: 32384\n",
        b"3141592653\r\n5897932384",
        b"[127.0.0.1:7001] 3141592653\n[127.0.0.1:7001] 5897932384\n",  # digits in its prefix
        b"1> sent: 77\n3141592653\n2> 5897932384\n3> ",
    ],
)
def test_a_prefix_or_a_prompt_is_free(output: bytes) -> None:
    split.printed(output, PAYLOAD)


@pytest.mark.parametrize(
    ("output", "seen"),
    [
        (b"", "no digit is on its standard output"),
        (b"Message from server: ", "no digit is on its standard output"),
        (b"> 3141592653\n", "the first 10 of them are; those behind '3141592653' are missing"),
        (
            PAYLOAD[11:] + PAYLOAD[:11],
            "byte 1 of them differs: sent '>3<14159265",
        ),
        (PAYLOAD + PAYLOAD, "they are printed more than once"),
    ],
)
def test_what_is_not_printed_once_is_told(output: bytes, seen: str) -> None:
    assert failure(split.printed, output, PAYLOAD).seen.startswith(seen)


def test_a_nul_is_named() -> None:
    told = failure(split.printed, b"12", b"12\x0034\n")

    assert told.expected == "the 4 digits that the server sent, with a NUL among them, are printed"


def test_what_is_left_without_a_subsequence() -> None:
    assert split.without(b"a1b2c", b"12") == b"abc"
    assert split.without(b"21", b"12") is None
    assert split.digits(b"a1\0b2\n") == b"12"


# how it ended


@pytest.mark.parametrize("status", [0, signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_a_signal_of_the_partner_is_a_good_end(status: int) -> None:
    split.ended_well(status)


@pytest.mark.parametrize(
    ("status", "seen"),
    [
        (None, "it has not ended"),
        (256, "it exited with status 1"),
        (signal.SIGSEGV, "it was killed by SIGSEGV"),
        (signal.SIGPIPE, "it was killed by SIGPIPE"),
    ],
)
def test_an_error_or_a_crash_is_none(status: int | None, seen: str) -> None:
    assert failure(split.ended_well, status).seen == seen


def test_listener_is_no_connection() -> None:
    taken = picture(process(10, fds={3: listener()}), process(11))

    assert failure(split.two_processes, taken, OWN, PEER, NAMES).seen == "the connection is closed"
