"""The page of a run without a browser: pictures, links, both languages, what is hostile, size."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forklab.events.event import Event
from forklab.events.lines import Recorded
from forklab.figures.sharing import Thing
from forklab.figures.timeline import LETTERS
from forklab.order import Order
from forklab.pages import event_words, figure_words, run_page, words
from forklab.pages.run_page import MOST_BYTES, Facts, render
from forklab.reports.text import columns, visible
from forklab.views.sentences import clause
from tests import report_samples, run_samples
from tests.class_samples import HOSTILE
from tests.event_samples import EVENTS, any_events, harness
from tests.parsed_page import Element, parse
from tests.test_pages import POLICY, not_said_to_be_english

LANGUAGES = pytest.mark.parametrize("language", words.LANGUAGES)
PAGES = pytest.mark.parametrize("make", run_samples.ALL.values(), ids=run_samples.ALL)
SVG = re.compile(r"<svg .*?</svg>", re.DOTALL)


def page(facts: Facts, language: str = "en") -> Element:
    """Return the page as elements."""
    return parse(render(facts, language))


# structure


@PAGES
@LANGUAGES
def test_it_is_whole_on_its_own(make: Callable[[], Facts], language: str) -> None:
    text = render(make(), language)
    found = parse(text)

    assert found.all("html")[0].attributes["lang"] == language
    (policy,) = (m for m in found.all("meta") if "http-equiv" in m.attributes)
    assert policy.attributes["content"] == POLICY
    assert found.all("script") == found.all("img") == found.all("iframe") == []
    assert not re.search(r"@import|url\((?!#)", text)
    assert not any(name.startswith("on") for one in found.walk() for name in one.attributes)
    levels = [int(one.tag[1]) for one in found.walk() if re.fullmatch("h[1-6]", one.tag)]
    assert levels[0] == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    assert len(text.encode()) <= MOST_BYTES


@PAGES
def test_every_link_leads_to_a_place_of_the_page_or_to_a_file_beside_it(
    make: Callable[[], Facts],
) -> None:
    found = page(make())
    ids = [one.attributes["id"] for one in found.walk() if "id" in one.attributes]
    links = [one.attributes["href"] for one in found.all("a")]

    assert len(set(ids)) == len(ids)
    for link in links:
        assert link[1:] in ids if link[0] == "#" else re.fullmatch(r"\./[\w.-]+", link), link


@PAGES
@LANGUAGES
def test_every_picture_is_xml_and_says_what_it_shows(
    make: Callable[[], Facts], language: str
) -> None:
    for text in SVG.findall(render(make(), language)):
        picture = ElementTree.fromstring(text)
        if picture.get("aria-hidden"):
            continue
        title, about = (picture.findtext(name) for name in ("title", "desc"))
        assert title
        assert about
        assert "%" not in about
        assert picture.get("role") in ("group", "img")


def test_every_mark_leads_to_its_row_and_every_row_back() -> None:
    found = page(run_samples.killed())

    marks, rows = found.all("a", "mark"), found.all("table", "list")[0].all("tr")[1:]
    assert len(marks) == len(rows) == 15
    for mark, row in zip(marks, rows, strict=True):
        assert mark.attributes["href"] == "#" + row.attributes["id"]
        (back,) = row.all("a")
        assert back.attributes["href"] == "#" + mark.attributes["id"]
    kill = next(row for row in rows if "is killed" in row.text)
    assert [cell.text for cell in kill.all("td")] == [
        "12", "30.0", "worker-1", "is killed by SIGKILL", "told by the kernel",
    ]  # fmt: skip
    assert "P" in {mark.all("text")[0].text for mark in marks}


def test_a_zombie_is_hatched_and_its_length_is_said() -> None:
    (bar,) = page(run_samples.killed()).all("rect", "zombie")
    assert bar.attributes["fill"] == "url(#t1-hatch)"

    found = page(run_samples.wrong())
    assert len(found.all("rect", "zombie")) == 2
    said = [text.text for text in found.all("text", "zombie-for")]
    assert said == ["zombie for 2000 ms", "zombie, not reaped for 1500 ms to 2900 ms"]
    (about,) = (one.text for one in found.all("desc") if one.attributes["id"] == "t1-desc")
    assert "child-2 and others like it, 15 in all, have ended and were not reaped." in about


def test_what_is_folded_says_how_many_it_stands_for() -> None:
    found = page(run_samples.wrong())

    assert "and 14 alike" in found.all("svg", "sides")[0].text
    assert "\N{MULTIPLICATION SIGN}16" in {text.text for text in found.all("text", "times")}
    rows = found.all("table", "list")[0].all("tr")
    assert "connects (16 times, others alike)" in rows[2].text


def test_the_culprits_are_marked_by_a_word_and_a_ring() -> None:
    found = page(run_samples.killed())

    assert len(found.all("rect", "culprit")) == 1
    assert len(found.all("rect", "ring")) == 3
    (why,) = found.all("text", "why")
    assert why.text == "▴ the channel of worker-1, which is dead"
    assert "▸ dispatcher" in found.all("svg", "sides")[0].text
    (about,) = (one.text for one in found.all("desc") if one.attributes["id"] == "s1-desc")
    assert "dispatcher fd 4: the channel of worker-1, which is dead." in about


def test_what_strace_told_is_a_second_timeline_that_says_it_was_not_judged() -> None:
    found = page(run_samples.traced())

    titles = [title.text for title in found.all("h4")]
    once_more = titles.index("The same check once more, under strace")
    assert once_more == titles.index("What happened, in order") + 1
    assert [row.all("td")[3].text for row in found.all("table", "list")[1].all("tr")[1:]] == [
        "executes ./prefork 2 15348", "forks worker-1", "gets SIGCHLD from worker-1",
        "shuts down a connection: SHUT_WR", "reaps worker-1",
    ]  # fmt: skip
    assert "this run is not judged" in found.text
    assert "under strace" not in page(run_samples.killed()).text


# what it says


def test_a_failure_says_done_expected_seen_hint_output_and_how_to_run_it_again() -> None:
    burst = page(run_samples.wrong()).by_id("check-reaps-a-burst")

    names = [one.text for one in burst.all("dt")]
    assert names == ["Done", "Expected", "Seen", "How long"]
    assert len(burst.all("ol")[0].all("li")) == 8
    assert "which" not in burst.all("dd", "saw")[0].text
    assert burst.all("details", "hint")[0].text.startswith("HintHow many children")
    assert burst.all("pre")[-1].raw.count("connected: client") == 17
    assert burst.text.endswith("forklab check prefork my/prefork.c --only reaps-a-burst")


def test_checks_come_first_then_failures_then_the_machine() -> None:
    found = page(run_samples.wrong())

    assert [one.text for one in found.all("h2")] == [
        "9 checks", "3 checks failed", "What the compiler said", "About this run",
    ]  # fmt: skip
    assert found.all("p", "result")[0].text.startswith("✗ FAIL 4 passed, 3 failed, 2 skipped")
    rows = found.all("ul", "all")[0].all("li")
    assert rows[2].all("a")[0].attributes["href"] == "#check-reaps-a-burst"
    assert "because of reaps-a-burst" in rows[5].text
    machine = found.all("dl", "facts")[0].text
    for word in ("Linux 6.18.44 x86_64", "docker", "gcc -O1", "my/prefork.c", "--perfetto"):
        assert word in machine


def test_a_right_run_shows_the_most_telling_check_and_the_most_open_one() -> None:
    found = page(run_samples.right())

    told = [one.attributes["id"] for one in found.all("article")]
    assert told == ["told-survives-a-killed-worker", "told-echoes"]
    assert len(found.all("svg", "drawing")) == 3
    assert "Who held what at the last look" in found.text
    assert found.all("dd", "saw") == []


def test_a_run_without_a_log_has_no_pictures_and_says_so() -> None:
    found = page(run_samples.ALL["starts_fails"]())

    assert found.all("svg") == []
    assert "There is no timeline" in found.text
    assert "events.jsonl" not in [a.text for a in found.all("a")]
    assert "No check was run." in page(run_samples.ALL["broken_run"]()).text


def test_what_was_broken_and_interrupted_is_said() -> None:
    assert "the agent's stream ended" in page(run_samples.ALL["broken_check"]()).text
    assert "2 of 25 checks were done" in page(run_samples.ALL["interrupted"]()).text


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.00004, "under 0.1 ms"), (0.0004, "0.4 ms"), (0.0123, "12 ms"), (12.34, "12.3 s")],
)
def test_lengths_of_zombies_have_the_unit_that_tells(seconds: float, said: str) -> None:
    exits = next(event for event in EVENTS if event.kind == "exit")
    reap = next(event for event in EVENTS if event.kind == "reap")
    events = [e for e in EVENTS if e.kind != "reap" and e.t < 0.06]
    late = [reap._replace(t=exits.t + seconds), harness(99, "check-ends", start=0)]

    found = page(run_samples.facts(report_samples.killed_worker(), sorted([*events, *late])))

    assert found.all("text", "zombie-for")[0].text == f"zombie for {said}"


def test_a_pause_of_ten_seconds_is_in_seconds() -> None:
    assert figure_words.pause(0.464) == "+464 ms"
    assert figure_words.pause(10.04) == "+10.0 s"


def test_what_is_open_is_named_and_told_apart() -> None:
    found = page(run_samples.right())

    (names,) = (one.raw.split("\n") for one in found.all("svg", "wide"))
    said = [name for name in names if name]
    assert said[:2] == ["listening socket", "port 41000"]
    assert "Unix socket" in said
    assert "its other end" in said


@pytest.mark.parametrize(
    ("kind", "what", "other", "said"),
    [
        ("connection", "connection of port 45123, CLOSE_WAIT", "", "port 45123, CLOSE_WAIT"),
        ("connection", "connection of client-1, CLOSE_WAIT", "client-1", "CLOSE_WAIT"),
        ("connection", "connection of client-1", "client-1", ""),
        ("pipe", "pipe 4711, read end; other end: child fd 4", "", "pipe 4711"),
        ("pipe", "pipe (write end)", "", ""),
        ("file", "/tmp/x, y", "", ""),
    ],
)
def test_a_port_a_state_and_a_number_are_told_beside_a_name(
    kind: str, what: str, other: str, said: str
) -> None:
    assert figure_words.detail(Thing(kind, what, "", other, (), 0)) == said


# languages


@PAGES
def test_a_korean_page_is_korean(make: Callable[[], Facts]) -> None:
    ours = {text for text, _ in words.TEXTS.values() if "{" not in text and len(text) > 4}
    found = page(make(), "ko")

    said = set(not_said_to_be_english(found.all("body")[0]))
    assert (ours - {"FAIL", "PASS"}) & said == set()
    assert found.all("html")[0].attributes["lang"] == "ko"


def test_events_are_told_in_korean() -> None:
    rows = page(run_samples.killed(), "ko").all("table", "list")[0].all("tr")

    said = [[cell.text for cell in row.all("td")][2:] for row in rows]
    assert said[12] == ["worker-1", "SIGKILL 시그널로 종료됨", "커널이 알림"]
    assert said[7][1] == "client-1의 연결을(를) worker-1에게 전달, 디스크립터 4"


def test_every_kind_that_is_drawn_has_a_name_and_korean_words() -> None:
    for kind in LETTERS:
        assert f"kind_{kind}" in words.TEXTS
        assert kind in event_words.KOREAN or kind == "step"


@given(any_events())
def test_any_event_has_words_in_both_languages(recorded: Recorded) -> None:
    for event in recorded.events:
        for language in words.LANGUAGES:
            said = event_words.clause(language, event)
            assert said
            assert visible(said) == said
            assert columns(said) <= 160
    if recorded.events:
        first = recorded.events[0]._replace(before=None)
        assert event_words.clause("en", first) == clause(first)


# what a program wrote


@LANGUAGES
def test_no_text_of_a_program_is_taken_for_markup_or_hides(language: str) -> None:
    text = render(run_samples.hostile(), language)
    found = parse(text)

    assert found.all("script") == []
    assert visible(HOSTILE)[:20] in found.raw
    assert "\\x1b[31m\\u202e\\x00" in found.raw
    assert visible(text.replace("\n", "")) == text.replace("\n", "")
    assert "{{ 7 * 7 }}" in found.raw or "{{ 7" in found.raw
    assert "49" not in found.all("title")[0].raw


@given(any_events(), st.sampled_from(words.LANGUAGES))
def test_any_log_makes_a_page(recorded: Recorded, language: str) -> None:
    run = report_samples.killed_worker()
    (failed,) = run.failures
    events = [event._replace(check=failed.check.id) for event in recorded.events]

    text = render(run_samples.facts(run, sorted(events, key=_time)), language)

    for picture in SVG.findall(text):
        ElementTree.fromstring(picture)
    found = parse(text)
    assert found.all("script") == []
    assert visible(text.replace("\n", "")) == text.replace("\n", "")


def _time(event: Event) -> float:
    return event.t


# size


@LANGUAGES
@pytest.mark.parametrize("make", [run_samples.everything_fails, run_samples.a_wrong_start])
def test_the_worst_run_is_small_and_says_what_is_left_out(
    make: Callable[[], Facts], language: str
) -> None:
    facts = make()
    text = render(facts, language)
    articles = parse(text).all("article")

    assert MOST_BYTES * 0.6 < len(text.encode()) <= MOST_BYTES
    assert len(articles) == len(facts.run.failures)
    without = [one for one in articles if not one.all("svg")]
    assert all(f"--only {one.attributes['id'][6:]}" in one.text for one in without)
    said = words.say(language, "pictures_left_out", n=len(without))
    assert " ".join(said.split()) in parse(text).text


def test_the_first_failures_have_pictures() -> None:
    articles = page(run_samples.a_wrong_start()).all("article")
    pictured = [bool(one.all("svg")) for one in articles]

    assert pictured[:2] == [True, True]
    assert sorted(pictured, reverse=True) == pictured


# what it costs


def test_every_template_that_a_report_needs_can_be_compiled_before() -> None:
    templates = Path(run_page.__file__).parent / "templates"
    used = set(re.findall(r'\{% (?:extends|from) "(.*?)"', _sources(templates)))

    assert set(run_page.TEMPLATES) == used | {run_page.PAGE, run_page.SECTION}
    for language in words.LANGUAGES:
        run_page.prepare(language)


def _sources(templates: Path) -> str:
    return "".join((templates / name).read_text() for name in run_page.TEMPLATES)


# the command line that does the same once more


def test_an_order_says_the_command_that_asks_for_the_same() -> None:
    order = Order(
        "prefork", Path("my prog.c"), run="./it {port}", workers=3, declared=frozenset({"b", "a"})
    )

    assert shlex.split(order.command) == [
        "forklab", "check", "prefork", "my prog.c", "--run", "./it {port}", "--workers", "3",
        "--declares", "a", "--declares", "b",
    ]  # fmt: skip
    assert Order("prefork").command == "forklab check prefork"
