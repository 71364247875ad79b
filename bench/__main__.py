"""Measure and print: `python -m bench [--fewer]`."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import ours, usual, whole
from bench.timing import Timing, heading, machine, rows
from forklab import labs
from forklab.sandbox.bubblewrap import why_not
from forklab.sandbox.container import Container
from forklab.sandbox.engine import find_engine
from forklab.sandbox.image import ensure_image

RUNS = 5


def main(fewer: bool) -> None:
    """Print what a look, a start and a whole run cost, beside the usual ways."""
    say = print
    say(machine())
    client = find_engine()
    image = ensure_image(client)
    times = 20 if fewer else 200
    with Container(client, image).open() as link:
        looks = ours.snapshots(link, times)
        starts = ours.starts(link, times // 4)
    kinds = ["docker"] if why_not() else ["bubblewrap", "docker"]
    opened = ours.openings(kinds, 20)
    observed, missing = usual.observations(client, image, times // 10)
    per_test = usual.container_per_test(client, image, 3 if fewer else 10)

    say("")
    _table(say, "one look at all processes", [*looks, *observed])
    for line in missing:
        say(f"  {line}")
    _table(say, "one sandbox", opened)
    _table(say, "one fresh program", [*starts, per_test])
    for program in (None, labs.read("prefork").folder / "right/plain.c"):
        _whole(say, program, per_test.median, 1 if fewer else RUNS)
    say(machine())


def _table(say: Callable[[str], None], title: str, timings: Sequence[Timing]) -> None:
    say(heading(title))
    for line in rows(timings):
        say(line)
    say("")


def _whole(say: Callable[[str], None], program: Path | None, usual_s: float, runs: int) -> None:
    found = [whole.run("prefork", program) for _ in range(runs)]
    parts = ((run.wall, run.waited, run.rest, run.ready) for run in found)
    wall, waited, rest, ready = (statistics.median(part) for part in zip(*parts, strict=True))
    checks = found[0].checks
    say(f"forklab check prefork {program.name if program else ''}".rstrip() + f", {runs} times")
    say(f"  wall, median                 {wall:>6.2f} s   ({checks} checks)")
    say(f"  waiting that checks demand   {waited:>6.2f} s")
    say(f"  the rest                     {rest:>6.2f} s   {rest / checks * 1000:.0f} ms a check")
    say(f"    of which the programs' own {ready:>6.2f} s   from their start until they listen")
    usually = usual_s * checks
    say(f"  a container per test         {usually:>6.2f} s   before any of that waiting")
    say(f"  ratio to the wall            {usually / wall:>6.1f}")
    say(f"  ratio to the rest            {usually / rest:>6.1f}")
    say("")


main(fewer="--fewer" in sys.argv[1:])
