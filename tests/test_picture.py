"""The pictures of `forklab watch`: what is new, what is gone, what a terminal gets."""

from __future__ import annotations

import io
from collections.abc import Sequence

from forklab.reports.picture import Moving, Plain, gone, news, picture, places, screen
from forklab.results.evidence import DescriptorRow, Evidence, ProcessRow
from forklab.watch import last_line

PARENT = ProcessRow("parent", 8, 1, "S", "accept on 3", "./server 7000")
CHILD = ProcessRow("child-1", 9, 8, "S", "read on 4", "./server 7000")
ZOMBIE = ProcessRow("child-1", 9, 8, "Z", "-", "[server] <defunct>")
LISTENER = DescriptorRow("parent", 8, 3, "listening socket, port 7000", "socket:[1]")
CONNECTION = DescriptorRow("child-1", 9, 4, "connection of client-1", "socket:[2]")
STDOUT = DescriptorRow("parent", 8, 1, "stdout", "/dev/pts/1")


def instant(processes: Sequence[ProcessRow], *descriptors: DescriptorRow) -> Evidence:
    return Evidence(tuple(processes), descriptors)


ALONE = instant([PARENT], LISTENER, STDOUT)
SERVES = instant([PARENT, CHILD], LISTENER, STDOUT, CONNECTION)


def text(title: str, now: Evidence, before: Evidence | None) -> str:
    return "\n".join(line.text for line in picture(title, now, before))


class Screenful(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def test_a_new_process_is_marked_and_what_it_holds_is_not() -> None:
    assert news(places(ALONE), places(SERVES)) == {(9, None): "new"}
    assert text("client-1 connects", SERVES, ALONE).count("<-- new") == 1


def test_a_new_descriptor_and_another_one_are_marked() -> None:
    more = DescriptorRow("parent", 8, 4, "pipe", "pipe:[5]")
    other = DescriptorRow("parent", 8, 3, "/tmp/x", "/tmp/x")
    assert news(places(ALONE), places(instant([PARENT], LISTENER, STDOUT, more))) == {(8, 4): "new"}
    assert news(places(ALONE), places(instant([PARENT], other, STDOUT))) == {(8, 3): "changed"}


def test_where_a_process_waits_is_no_change() -> None:
    elsewhere = ProcessRow("parent", 8, 1, "R", "running", "./server 7000")
    assert places(instant([elsewhere], LISTENER, STDOUT)) == places(ALONE)


def test_what_is_gone_is_named_once() -> None:
    assert gone(SERVES, places(ALONE)) == ["child-1"]
    assert gone(SERVES, places(instant([PARENT, CHILD], LISTENER, STDOUT))) == ["child-1 fd 4"]
    assert gone(SERVES, places(instant([PARENT, ZOMBIE], LISTENER, STDOUT))) == []


def test_a_zombie_is_marked_as_long_as_it_is_there() -> None:
    now = instant([PARENT, ZOMBIE], LISTENER)
    assert "<-- ended, nobody waited for it" in text("", now, now)


def test_ordinary_standard_streams_are_left_out() -> None:
    assert "stdout" not in text("", ALONE, None)
    assert "listening socket" in text("", ALONE, None)


def test_an_empty_picture_says_so() -> None:
    assert "no process of the program is there" in text("it ends", instant([]), ALONE)


def test_plain_text_has_one_picture_a_change_and_moves_no_cursor() -> None:
    out = io.StringIO()
    with screen(out, "xterm") as shown:
        assert isinstance(shown, Plain)
        shown.say("lab fork_echo\x1b[2J")
        for title in ("it listens", "still"):
            shown.show(title, ALONE)
        shown.show("client-1 connects", SERVES)
    printed = out.getvalue()
    assert printed.startswith("lab fork_echo\\x1b[2J\nit listens\n")
    assert "still" not in printed
    assert "client-1 connects\n" in printed
    assert "\x1b" not in printed


def test_a_dumb_terminal_gets_plain_text() -> None:
    assert isinstance(screen(Screenful(), "dumb"), Plain)


def test_a_terminal_gets_one_picture_drawn_anew_and_a_mark_that_stays_a_while() -> None:
    out = Screenful()
    with screen(out, "xterm") as shown:
        assert isinstance(shown, Moving)
        shown.show("it listens", ALONE)
        for _ in range(3):
            shown.show("client-1 connects", SERVES)
        for _ in range(9):
            shown.show("nothing more", SERVES)
    printed = out.getvalue()
    assert printed.count("client-1 connects") == 3
    assert 3 <= printed.count("<-- new") < 9
    assert "<-- new" not in printed.rpartition("nothing more")[2]


def test_what_the_program_prints_is_a_change_and_cannot_harm_a_terminal() -> None:
    out = io.StringIO()
    with screen(out, "xterm") as shown:
        shown.show("it listens", ALONE)
        for said in ("ready\x1b[2J", "ready\x1b[2J", ""):
            shown.show("later", ALONE, said)
    assert out.getvalue().count("printed: ready\\x1b[2J\n") == 1


def test_the_last_line_is_one_that_says_something() -> None:
    assert last_line("first\r\n second \n\n") == "second"
    assert last_line("") == ""
