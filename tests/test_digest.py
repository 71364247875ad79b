"""A run as Markdown: verdicts, evidence, timelines; what a program wrote stays text; its size."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from forklab.digest import MOST_BYTES, MOST_LINES, render
from forklab.events.lines import Recorded
from forklab.pages.run_page import Facts
from tests import run_samples
from tests.event_samples import EVENTS, HEADER


def summary(facts: Facts) -> str:
    """Return the summary of what a page is made of."""
    return render(facts.run, Recorded(HEADER, list(facts.events)))


def test_a_failure_has_its_evidence_and_its_timeline_twice() -> None:
    text = summary(run_samples.killed())

    assert text.startswith("### lab prefork: my/prefork.c\n\nFAIL")
    assert "| ❌ FAIL |" in text
    assert "<-- the channel of worker-1, which is dead" in text
    details = text[text.index("<details>") : text.index("</details>")]
    assert "```mermaid\nsequenceDiagram" in details
    assert "accDescr" in details
    assert "dispatcher    forks worker-1 (between" in details
    assert details.count("```") == 4


def test_what_strace_told_has_a_timeline_of_its_own() -> None:
    text = summary(run_samples.traced())

    assert text.count("<details>") == 2
    assert "<summary>Timeline of survives-a-killed-worker, once more under strace</summary>" in text
    assert "gets SIGCHLD from worker-1" in text


def test_only_the_last_start_is_told() -> None:
    facts = run_samples.killed()
    second = [e._replace(start=2, who=f"{e.who}-again") for e in EVENTS[1:4]]

    text = render(facts.run, Recorded(HEADER, [*EVENTS, *second]))

    assert "dispatcher-again" in text
    assert "is killed by SIGKILL" not in text


def test_a_right_run_is_a_table() -> None:
    text = summary(run_samples.right())

    assert text.count("✅ PASS") == 2
    assert "<details>" not in text


@pytest.mark.parametrize("make", run_samples.ALL.values(), ids=run_samples.ALL)
def test_any_run_fits_a_comment_and_closes_what_it_opens(make: Callable[[], Facts]) -> None:
    facts = make()
    text = summary(facts)

    assert len(text.encode()) <= MOST_BYTES
    assert text.count("<details>") == text.count("</details>")
    assert len(re.findall(r"(?m)^`{3,}", text)) % 2 == 0
    assert "<script" not in re.sub(r"(?ms)^(`{3,}).*?^\1$", "", text)


def test_what_is_left_out_is_said() -> None:
    assert re.search(r"\d+ more failures are in the report", summary(run_samples.a_wrong_start()))
    long = [EVENTS[0], *(EVENTS[1]._replace(t=float(n)) for n in range(200))]

    text = render(run_samples.killed().run, Recorded(HEADER, long))

    assert f"{203 - MOST_LINES} more lines: forklab events" in text
