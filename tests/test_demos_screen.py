"""How a demo is put into words: all facts in both languages, in 80 columns and in 60."""

from __future__ import annotations

import io

import pytest

from forklab.demos.happened import Did, Grid, Held, Saw, Thing
from forklab.demos.printer import Printer, painted, unpainted
from forklab.demos.rehearsal import TooWide, demand_room
from forklab.demos.screen import NARROW, WIDTH, Screen
from forklab.demos.words import ENGLISH, KOREAN
from forklab.reports.text import Line, columns
from tests.demo_samples import FACTS, GRID, SCRIPT

SCREENS = [Screen(language, width) for language in ("en", "ko") for width in (WIDTH, NARROW)]


def shown(screen: Screen, *facts: Did | Saw) -> str:
    """Return the lines of *facts*."""
    return "\n".join(line.text for fact in facts for line in screen.fact(fact))


@pytest.mark.parametrize("screen", SCREENS, ids=lambda s: f"{s.language}-{s.width}")
def test_every_fact_has_words_that_fit(screen: Screen) -> None:
    demand_room(screen, SCRIPT, 1, FACTS)
    for fact in FACTS:
        lines = screen.fact(fact)
        assert lines
        assert all("{" not in line.text for line in lines)
        assert not any("\x1b" in painted(line._replace(tone="")) for line in lines)


def test_a_line_that_does_not_fit_is_told() -> None:
    with pytest.raises(TooWide, match=r"step 1 \(one\), en: a line does not fit 12 columns: no"):
        demand_room(Screen("en", 12), SCRIPT, 1, [Saw("ps", (), (), (("dispatcher", 123456),))])


def test_who_holds_what_is_a_grid_with_a_column_for_each_process() -> None:
    assert shown(Screen("en"), Saw("fds", (GRID,))).splitlines()[1:4] == [
        "                             dispatcher  worker-1  worker-2",
        "  listening socket           fd 3        -         -",
        "  connection of client-1     -           fd 3      -",
    ]
    assert "channel 1, dispatcher end  fd 4        -         fd 4,9" in shown(
        Screen("en"), Saw("fds", (GRID,))
    )


def test_the_grid_of_a_pool_of_two_fits_the_narrow_screen() -> None:
    pool = Grid(GRID.who, GRID.rows[:2] + GRID.rows[3:4])
    near = Held(Thing("channel", ("worker-1", "dispatcher")), {"dispatcher": (4,)})
    text = shown(Screen("en", NARROW), Saw("fds", (Grid(pool.who, (*pool.rows, near)),)))
    assert max(map(columns, text.splitlines())) <= NARROW
    assert "dispatcher  worker-1  worker-2" in text


def test_a_crowd_is_listed_process_by_process() -> None:
    many = Grid(
        tuple(f"child-{n}" for n in range(20)), (GRID.rows[1]._replace(numbers={"child-7": (4,)}),)
    )
    assert shown(Screen("en"), Saw("fds", (many,))).splitlines()[-1].split(maxsplit=2) == [
        "child-7",
        "4",
        "connection of client-1",
    ]


def test_rows_that_are_alike_are_folded_and_counted() -> None:
    text = shown(Screen("en"), FACTS[14])
    assert "child-1   34    33  Z     [python3] <defunct>  <- ended, not reaped" in text
    assert "(and 4 more like it: child-2 to child-5)" in text
    assert "child-6" in text
    assert "child-3 " not in text


def test_a_command_has_who_is_meant_behind_it() -> None:
    assert (
        shown(Screen("en"), FACTS[12])
        == "  $ kill -STOP 33                # dispatcher is held still"
    )
    assert shown(Screen("ko"), FACTS[12]).endswith("# dispatcher: 멈춰 둔다")
    assert shown(Screen("en"), FACTS[0]) == "  $ python3 server.py 2 7001 &"


def test_what_a_check_says_of_a_wrong_program_is_quoted() -> None:
    text = " ".join(shown(Screen("en"), FACTS[17]).split())
    assert text.endswith(
        "a check fails: each end of a channel is in one process (worker-2 (pid 12) holds the "
        "dispatcher's end of the channel of worker-1)"
    )


def test_both_languages_have_the_same_places() -> None:
    for name, english in vars(ENGLISH).items():
        korean = getattr(KOREAN, name)
        pairs = (
            [(english[key], korean[key]) for key in english]
            if isinstance(english, dict)
            else [(english, korean)]
        )
        for one, other in pairs:
            assert sorted(_places(one)) == sorted(_places(other)), name


def _places(text: str) -> list[str]:
    return [part.partition("}")[0] for part in text.split("{")[1:]]


# printing


def test_colour_is_on_words_and_can_be_taken_away() -> None:
    line = Line("  seen: 3 zombies", "good", "seen")
    assert painted(line) == "  \x1b[32mseen\x1b[0m: 3 zombies"
    assert unpainted(painted(line)) == line.text
    out = io.StringIO()
    Printer(out, colour=False).block([line])
    assert out.getvalue() == "  seen: 3 zombies\n"


def test_a_screen_is_never_fuller_than_it_is_high() -> None:
    out, at = io.StringIO(), []
    printer = Printer(out, colour=False, rows=5, airy=True)

    def full() -> None:
        at.append(out.getvalue().count("\n"))
        printer.begin_screen()

    printer.when_full = full
    for size in (2, 2, 4, 12, 1):
        printer.block([Line(str(n)) for n in range(size)])
    sizes = [after - before for before, after in zip([0, *at], at, strict=False)]
    assert sizes
    assert max(sizes) <= 5
    assert out.getvalue().count("\n") == 21 + 5
