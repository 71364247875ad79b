"""Judgements on what clients saw, on literal states."""

from __future__ import annotations

import pytest

from forklab.checks import traffic
from forklab.facts import ClientState
from tests.pictures import PORT, connection, failure, key, listener, picture, process, state

SILENT = state(received=0)
ENDED = state(received=0, eof=True)
RESET = state(received=0, error="ECONNRESET")
DEAF = state(received=0, error="ECONNREFUSED", connected=False)


def test_answered_is_that_bytes_came_back() -> None:
    traffic.answered(state(received=1), "client-1")
    traffic.answered(state(received=3, eof=True), "client-1")


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (SILENT, "client-1 got 0 of 6 bytes back, then nothing more"),
        (ENDED, "client-1 got 0 of 6 bytes back, then end of file"),
        (RESET, "client-1 got 0 of 6 bytes back, then ECONNRESET"),
        (DEAF, "client-1 was refused (ECONNREFUSED): nobody listens"),
        (
            state(received=0, connected=False),
            "client-1 could not connect: the handshake was not answered",
        ),
    ],
)
def test_not_answered_says_what_was_seen_instead(seen: ClientState, words: str) -> None:
    told = failure(traffic.answered, seen, "client-1", breaks=("answers",))

    assert told.seen == words
    assert told.breaks == ("answers",)


def test_echoed_is_the_same_bytes() -> None:
    traffic.echoed(b"hello\n", b"hello\n", state(), "client-1")


@pytest.mark.parametrize(
    ("got", "after", "words"),
    [
        (b"hel", SILENT, "client-1 got 3 of 6 bytes back"),
        (b"", ENDED, "client-1 got 0 of 6 bytes back, then end of file"),
        (b"", RESET, "client-1 got 0 of 6 bytes back, then ECONNRESET"),
        (b"heLlo\n", SILENT, r"byte 3 differs: sent 'he>l<lo\n', got 'he>L<lo\n'"),
        (b"hello\n\0\0", SILENT, r"2 bytes more came back, beginning with '\x00\x00'"),
    ],
)
def test_not_echoed_marks_the_first_difference(got: bytes, after: ClientState, words: str) -> None:
    told = failure(traffic.echoed, b"hello\n", got, after, "client-1")

    assert told.expected == "client-1 gets its 6 bytes back unchanged"
    assert told.seen == words


def test_all_back_is_judged_where_the_bytes_came_in() -> None:
    traffic.all_back(state(given=10, received=10), "client-1")
    few = failure(traffic.all_back, state(given=10, received=4, eof=True), "client-1")
    assert few.seen == "client-1 got 4 of 10 bytes back, then end of file"
    other = failure(traffic.all_back, state(given=10, received=10, difference=6), "client-1")
    assert other.seen == "byte 7 of 10 that came back differs"


def test_ended_is_end_of_file_or_a_reset_where_that_is_fine() -> None:
    traffic.ended(ENDED, "client-1", reset_is_fine=False)
    traffic.ended(RESET, "client-1")
    failure(traffic.ended, RESET, "client-1", reset_is_fine=False)
    assert "nothing more" in failure(traffic.ended, state(), "client-1").seen


def test_only_silence_is_neither_an_answer_nor_an_end() -> None:
    for seen in (state(), ENDED, RESET):
        traffic.answered_or_ended(seen, "client-1")
    told = failure(traffic.answered_or_ended, SILENT, "client-1")
    assert told.seen == "client-1 waits in silence"


def test_the_common_prefix() -> None:
    assert traffic.common_prefix(b"", b"a") == 0
    assert traffic.common_prefix(b"abc", b"abd") == 2
    assert traffic.common_prefix(b"abc", b"abcd") == 3


@pytest.mark.parametrize(
    ("data", "at", "words"),
    [
        (b"it's", 2, "'it>'<s'"),
        (b"\"'\n", 2, r"""'"\'>\n<'"""),
        (b"ab", 2, "'ab><'"),
        (bytes(40), 20, "'" + r"\x00" * 12 + r">\x00<" + r"\x00" * 12 + "'"),
    ],
)
def test_a_place_is_shown_with_what_stands_around_it(data: bytes, at: int, words: str) -> None:
    assert traffic.around(data, at) == words


def test_a_connection_without_an_end_is_shown_where_it_is_open() -> None:
    told = failure(traffic.ended, state(received=6), "client-1")
    kept = connection(50001, 601)
    taken = picture(
        process(10, fds={3: listener(500), 4: kept, 6: kept}), process(11, parent=10, fds={4: kept})
    )
    names = {key(10): "parent", key(11): "child-1"}

    more = traffic.held_open(told, taken, PORT, 50001, names)

    assert more.expected == told.expected
    assert more.seen == f"{told.seen}; still open in parent (pid 10), child-1 (pid 11)"
    assert more.marks == {(10, 4): "open still", (10, 6): "open still", (11, 4): "open still"}
    assert more.snapshot is taken


def test_a_connection_that_nobody_of_the_program_holds_is_no_more_than_that() -> None:
    told = failure(traffic.ended, state(received=6), "client-1")
    nobody = picture(process(10, fds={3: listener(500)}))

    assert traffic.held_open(told, nobody, PORT, 50001, {}) is told
