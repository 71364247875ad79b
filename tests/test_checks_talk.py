"""Judgements on what a conversation printed and how it ended, on literal bytes and pictures."""

from __future__ import annotations

import pytest

from forklab.checks import talk
from forklab.checks.pipe_ends import Pair
from scenarios.test_pipe_conversation import LINES, SIZES, message
from tests.pictures import failure, key, picture, pipe, process, reaped, zombie

NAMES = {key(10): "parent", key(11): "child"}
TALKERS = Pair(key(10), key(11))
LONG, SHORT = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"0123456789"
WHEN = "when parent (pid 10) is killed"


def test_unsaid_passes_where_only_prompts_are_there() -> None:
    talk.unsaid(b"Child : ", b"otter-5129", "parent (pid 10)")


def test_unsaid_fails_where_somebody_else_has_said_it() -> None:
    told = failure(talk.unsaid, b"from Parent : otter-5129\n", b"otter-5129", "parent (pid 10)")

    assert told.expected == "parent (pid 10) prints 'otter-5129', and nobody else does"
    assert told.seen == "it was printed while parent (pid 10) was held"


def test_said_passes_once() -> None:
    talk.said(b"from Child : otter-5129\nParent : ", b"otter-5129", "parent (pid 10)")


@pytest.mark.parametrize(
    ("printed", "seen"),
    [
        (b"Child : ", "it was not printed"),
        (b"otter-51", "it was not printed"),
        (b"otter-5129 otter-5129", "it was printed 2 times"),
    ],
)
def test_said_counts(printed: bytes, seen: str) -> None:
    assert failure(talk.said, printed, b"otter-5129", "parent (pid 10)").seen == seen


def test_said_in_order_passes_whatever_stands_between() -> None:
    talk.said_in_order(b"from " + b"\n1 of 3: ".join(LINES), LINES, "in a pipe")


@pytest.mark.parametrize(
    ("lines", "seen"),
    [
        (LINES[:1], "1 of 6 lines were printed; the first that is missing is 'maple-8834'"),
        ((), "0 of 6 lines were printed; the first that is missing is 'otter-5129'"),
        ((*LINES, LINES[2]), "'quark-2760' was printed 2 times"),
        ((LINES[1], LINES[0], *LINES[2:]), "'maple-8834' was printed too early"),
    ],
)
def test_said_in_order_names_the_line(lines: tuple[bytes, ...], seen: str) -> None:
    told = failure(talk.said_in_order, b"\n".join(lines), LINES, "in a pipe")

    assert told.seen == seen
    assert told.expected == "given in a pipe, all 6 lines are printed, each once and in order"


def test_whole_passes_with_empty_messages_between() -> None:
    talk.whole(b"> " + LONG + b"\n> \n> ~\n> " + SHORT, [LONG, b"", b"~", SHORT], "parent")


@pytest.mark.parametrize(
    ("printed", "seen"),
    [
        (LONG + b"\n", "of its 10 bytes the first 0 were printed"),
        (LONG + b"\n" + SHORT[:7], "of its 10 bytes the first 7 were printed"),
        (SHORT + b"\n" + LONG, "of its 10 bytes the first 0 were printed"),
        (
            LONG + b"\n" + SHORT + LONG[10:],
            "part of the message of 26 bytes was printed twice, from its byte 11 on",
        ),
    ],
)
def test_whole_finds_what_is_missing_and_what_is_left_over(printed: bytes, seen: str) -> None:
    assert failure(talk.whole, printed, [LONG, SHORT], "parent (pid 10)").seen == seen


def test_no_message_of_the_check_has_a_part_of_another() -> None:
    for sizes in SIZES:
        messages = [message(size, number) for number, size in enumerate(sizes)]
        assert [len(found) for found in messages] == list(sizes)
        talk.whole(b"\n".join(messages), messages, "parent")
    assert {size for sizes in SIZES for size in sizes[::2]} == {0, 1, 28, 29, 30, 31, 200}
    assert {size for sizes in SIZES for size in sizes[1::2]} == {0, 1, 28, 29, 30, 31, 200}


def test_lines_are_as_long_as_each_other() -> None:
    assert len({len(line) for line in LINES}) == 1
    assert len(set(LINES)) == 6


def test_ended_passes_for_a_zombie_and_for_who_is_gone() -> None:
    talk.ended(picture(zombie(11)), key(11), NAMES, WHEN)
    talk.ended(picture(reaped(11)), key(11), NAMES, WHEN)


def test_ended_says_what_it_does_instead() -> None:
    told = failure(talk.ended, picture(process(11, call=("read", 5))), key(11), NAMES, WHEN)

    assert told.expected == "when parent (pid 10) is killed, child (pid 11) ends"
    assert told.seen == "child (pid 11) waits in read on 5"


def test_ended_says_who_keeps_end_of_file_away() -> None:
    reads, writes = pipe(700)
    waiting = process(11, fds={5: reads, 6: writes}, call=("read", 5))

    told = failure(talk.ended, picture(waiting), key(11), NAMES, WHEN)

    assert told.seen == "child (pid 11) waits in read on 5, whose write end is open in child"
    assert told.marks == {11: "alive, and talks to nobody", (11, 6): "keeps end of file away"}


def test_reaped_by_the_parent_passes_where_it_waited() -> None:
    talk.reaped_by_the_parent(picture(reaped(10, started=True), reaped(11)), TALKERS, NAMES)


def test_reaped_by_the_parent_fails_where_init_did() -> None:
    taken = picture(reaped(10, started=True), reaped(11, by_agent=True))

    told = failure(talk.reaped_by_the_parent, taken, TALKERS, NAMES)

    assert told.seen == "child (pid 11) was left to PID 1, which reaped it"


def test_reaped_by_the_parent_fails_where_nobody_saw_it_end() -> None:
    failure(talk.reaped_by_the_parent, picture(reaped(10)), TALKERS, NAMES)
