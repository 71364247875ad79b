"""Every demo done without waiting, every expectation demanded: before a talk, and in the tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from forklab import labs
from forklab.demos import script
from forklab.demos.happened import Fact, Saw
from forklab.demos.screen import NARROW, WIDTH, Screen
from forklab.demos.script import Script
from forklab.demos.stage import Stage, StepFailed
from forklab.errors import LabUnsupported
from forklab.labs import LabInfo
from forklab.reports.text import columns
from forklab.sandbox.choose import choose
from forklab.sandbox.link import Link

LANGUAGES = ("en", "ko")
WITHIN_S = 20.0

Say = Callable[[str], None]


def rehearse(names: Sequence[str], sandbox: str, say: Say, tell: Say) -> bool:
    """Do the demos of labs *names*, or of all, in one sandbox; say what came out.

    Each is done once, and what has happened is put into the words of both languages, on wide and
    on narrow screens: the words do not change what is done.

    Returns:
        Whether every expectation was met that this machine can show.

    Raises:
        UsageError: there is no such lab, or a script cannot be used.
        SandboxError: there is no sandbox, or it has ended.
    """
    infos = sorted(map(labs.read, names or labs.names()), key=lambda info: info.order)
    scripts = {info.name: [script.read(info, language) for language in LANGUAGES] for info in infos}
    chosen, began = choose(sandbox, tell), time.monotonic()
    with chosen.open() as link:
        outcomes = [_rehearsed(link, info, scripts[info.name], say) for info in infos]
    count = sum(len(of[0].steps) for of in scripts.values())
    unseen = outcomes.count(None)
    say(
        f"{outcomes.count(True)} of {len(infos)} demos came out as expected"
        + f", {unseen} cannot be shown here" * bool(unseen)
        + f": {count} steps, each done once and told in {' and '.join(LANGUAGES)}, "
        f"{time.monotonic() - began:.1f} s, sandbox {chosen.kind}"
    )
    return False not in outcomes


def _rehearsed(link: Link, info: LabInfo, told: Sequence[Script], say: Say) -> bool | None:
    """Do all steps of one demo; return whether all came, None where that cannot be seen."""
    began = time.monotonic()
    stage = Stage(link, info, told[0], WITHIN_S)
    try:
        for number in range(1, len(told[0].steps) + 1):
            facts = list(stage.perform(number))
            for one in told:
                for width in (WIDTH, NARROW):
                    demand_room(Screen(one.language, width), one, number, facts)
    except (StepFailed, TooWide) as failed:
        say(f"  {info.dashed}: {failed}")
        return False
    except LabUnsupported as missing:
        say(f"  {info.dashed}: {missing}")
        return None
    say(f"  {info.dashed}: {len(told[0].steps)} steps, {time.monotonic() - began:.1f} s")
    return True


class TooWide(Exception):
    """A line of a step does not fit the screen; the message says which."""


def demand_room(screen: Screen, told: Script, number: int, facts: Sequence[Fact]) -> None:
    """Put step *number* into words, and demand that each line fits.

    Raises:
        TooWide: one does not.
    """
    step = told.steps[number - 1]
    blocks = [screen.heading(told, number), *(screen.fact(fact) for fact in facts)]
    blocks += [screen.told(part, step) for part in ("say", "ask", "answer", "look")]
    blocks += [screen.now(fact) for fact in facts if isinstance(fact, Saw)]
    for line in (line for block in blocks for line in block):
        if columns(line.text) > screen.width:
            raise TooWide(
                f"step {number} ({step.id}), {screen.language}: a line does not fit "
                f"{screen.width} columns: {line.text.strip()}"
            )
