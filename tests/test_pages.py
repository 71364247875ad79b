"""The pages without a browser: structure, escaping, languages, links, colours, size."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from forklab.grades.grade import Grade
from forklab.pages import class_page, environment, evidence_page, words
from forklab.pages.evidence_text import MOST_LINES, parts, without
from forklab.reports.text import visible
from tests import class_samples, report_samples
from tests.class_samples import HOSTILE, facts, grade, grade_of, mark
from tests.parsed_page import Element, parse

LANGUAGES = pytest.mark.parametrize("language", words.LANGUAGES)
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
MOST_BYTES = 1_000_000


def class_of(grades: list[Grade], language: str = "en") -> Element:
    """Return the page of a class, as elements."""
    return parse(class_page.render(grades, facts(), language))


def evidence_of(one: Grade, language: str = "en") -> Element:
    """Return the page of a submission, as elements."""
    return parse(evidence_page.render(one, facts(), language, ["report.txt"]))


def all_pages(language: str) -> list[Element]:
    """Return every page of the small class."""
    grades = class_samples.small_class()
    return [class_of(grades, language), *(evidence_of(one, language) for one in grades)]


# structure


@LANGUAGES
def test_every_page_is_whole_on_its_own_and_says_its_language(language: str) -> None:
    for page in all_pages(language):
        (html,) = page.all("html")
        assert html.attributes["lang"] == language
        (policy,) = (m for m in page.all("meta") if "http-equiv" in m.attributes)
        assert policy.attributes["content"] == POLICY
        assert page.all("script") == page.all("img") == page.all("iframe") == []
        assert [one.attributes["href"] for one in page.all("link")] == ["data:,"]
        assert not re.search(r"url\(|@import", page.all("style")[0].raw)
        assert not any(name.startswith("on") for one in page.walk() for name in one.attributes)


@LANGUAGES
def test_headings_go_down_by_one_and_ids_are_there_once(language: str) -> None:
    for page in all_pages(language):
        levels = [int(one.tag[1]) for one in page.walk() if re.fullmatch("h[1-6]", one.tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(below - above <= 1 for above, below in pairwise(levels))
        ids = [one.attributes["id"] for one in page.walk() if "id" in one.attributes]
        assert len(set(ids)) == len(ids)
        assert all(re.fullmatch(r"\S+", one) for one in ids)


@LANGUAGES
def test_every_link_leads_to_a_file_and_to_a_place_in_it(tmp_path: Path, language: str) -> None:
    first = class_samples.write(tmp_path, language)
    pages = [first, *tmp_path.glob("*/index.html")]
    links = [
        (page, a.attributes["href"]) for page in pages for a in parse(page.read_text()).all("a")
    ]

    assert len(links) > 20
    for page, href in links:
        target = urlsplit(href)
        assert not target.scheme
        assert not target.netloc
        there = page.parent / unquote(target.path) if target.path else page
        assert there.is_file(), href
        if target.fragment:
            parse(there.read_text()).by_id(unquote(target.fragment))


def test_a_folder_deeper_down_finds_its_way_back() -> None:
    def back(folder: str) -> str:
        page = evidence_of(replace(grade("a", mark("echoes")), folder=folder))
        return page.all("a")[1].attributes["href"]

    assert back("a") == back("./a") == "../index.html"
    assert back("group/a") == "../../index.html"


def test_a_submission_without_a_folder_has_no_link() -> None:
    page = class_of([grade("nowhere", mark("echoes", "FAIL"), folder="")])

    assert "nowhere" in page.text
    assert not [a for a in page.all("a") if not a.attributes["href"].startswith("#")]


@pytest.mark.parametrize("folder", ["javascript:alert(1)", "//host/x", "a b?c#d", "\udcff", "박"])
def test_a_folder_of_any_name_is_a_link_below_the_page(folder: str) -> None:
    link = environment.link(folder, "index.html")

    assert link.startswith("./")
    assert re.fullmatch(r"[\w./%~-]+", link, re.ASCII)


# what it says


def test_a_row_says_verdict_points_failed_checks_and_notes() -> None:
    rows = class_of(class_samples.small_class()).all("tbody")[-1].all("tr")
    by_name = {row.all("th")[0].text: [cell.text for cell in row.all("td")] for row in rows}

    assert by_name["kim-minji"] == ["✓ PASS", "100.0 / 100", "", ""]
    verdict, points, failed, notes = by_name["lee-junho"]
    assert (verdict, points) == ("✗ FAIL", "30.5 / 92")
    assert failed == "reaps-a-burst answers-a-half-close reaps-while-busy"
    assert (notes[:19], notes[19:]) == ("late: 10 points off", "confirmed in a second run")
    assert by_name["no-engine"][:2] == ["! BROKEN", "not graded"]
    assert by_name["no-engine"][2].startswith("no container engine answers")
    assert [row.attributes.get("class", "") for row in rows].count("odd") == 1


def test_the_check_that_most_failed_says_its_requirement_and_reason_and_who_failed_it() -> None:
    grades = [
        grade("a", mark("echoes"), mark("reaps-a-burst", "FAIL", title="All are reaped")),
        grade("b", mark("echoes"), mark("reaps-a-burst", title="All are reaped")),
        grade("c", mark("echoes", "FAIL"), mark("reaps-a-burst", "SKIPPED")),
    ]

    first, second = class_of(grades).all("ol", "checks")[0].inside[1::2]

    assert isinstance(first, Element)
    assert first.text.startswith("50 % All are reaped reaps-a-burst core Signals do not queue.")
    assert first.all("div", "measure")[0].text == "1 of 2 failed1 skipped"
    assert [a.attributes["href"] for a in first.all("a")] == ["./a/index.html#check-reaps-a-burst"]
    assert isinstance(second, Element)
    assert second.text.startswith("33 %")


def test_a_hidden_check_is_marked_on_both_pages() -> None:
    one = grade("a", mark("secret", "FAIL", hidden=True), mark("other", hidden=True))

    assert class_of([one]).text.count("hidden from students") == 2
    assert evidence_of(one).text.count("hidden from students") == 2


def test_a_broken_submission_is_named_beside_the_summary() -> None:
    page = class_of(class_samples.small_class())

    (aside,) = page.all("div", "aside")
    assert aside.text.endswith("1 submission is left out of all figures below. no-engine")
    assert (
        "aside" not in class_page.render([grade("a", mark("x"))], facts(), "en").split("<body>")[1]
    )


def test_the_chart_and_its_table_say_the_same() -> None:
    page = class_of(class_samples.small_class())

    chart = [span.text for span in page.all("div", "columns")[0].all("span")]
    table = [row.all("td")[0].text for row in page.all("table", "small")[0].all("tr")[1:]]
    assert chart == table
    assert sum(map(int, table)) == 5


@LANGUAGES
def test_a_class_without_anybody_is_a_page(language: str) -> None:
    assert words.say(language, "no_submissions") in class_of([], language).text
    assert words.say(language, "nobody_judged") in class_of([], language).text


def test_evidence_shows_each_failure_with_all_its_lines() -> None:
    run = report_samples.burst_fails()
    page = evidence_of(grade_of(run, "lee"))

    failures = page.by_id("failures")
    assert failures.text == "3 checks failed"
    burst = page.by_id("check-reaps-a-burst")
    (listing,) = burst.all("pre")
    assert "\n  Expected  all 16 children that ended were waited for\n" in listing.raw
    assert listing.raw.count("<-- ended, nobody waited for it") == 15
    assert listing.attributes["tabindex"] == "0"
    assert burst.all("p", "seen")[0].text.startswith("15 of 16 are zombies")
    assert "unused variable 'status'" in page.by_id("warnings").text + page.all("pre")[-1].raw
    assert page.by_id("passes").text == "4 checks passed"
    assert "reaps-a-burst failed" in page.by_id("check-a-killed-child-hurts-nobody").text


def test_points_are_never_rounded_up_to_all_of_them() -> None:
    assert environment.points(99.96, 100) == "99.9"
    assert environment.points(99.96, 100, 1) == "99.9"
    assert environment.points(100, 100) == "100"
    assert environment.points(100, 100, 1) == "100.0"
    assert environment.points(1 / 3) == "0.3"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(7.25, "7.2 s"), (59.97, "1 min 0 s"), (207.4, "3 min 27 s"), (7199.9, "2 h 0 min")],
)
def test_durations_have_two_units(seconds: float, said: str) -> None:
    assert environment.duration("en", seconds) == said


def test_a_moment_is_shown_in_utc_and_what_is_none_as_it_is() -> None:
    assert environment.moment("en", "2026-11-27T09:55:34+09:00") == "2026-11-27 00:55 UTC"
    assert environment.moment("ko", "2026-11-27T00:55:34Z") == "2026-11-27 00:55(UTC)"
    assert environment.moment("en", "yesterday") == "yesterday"


# what a student wrote


@LANGUAGES
def test_no_text_of_a_submission_is_taken_for_markup_or_hides(language: str) -> None:
    failed = mark("x", "FAIL", title=HOSTILE, seen=HOSTILE, text=f"  Seen  {HOSTILE}\n | {HOSTILE}")
    lost = replace(failed, id="y", verdict="BROKEN")
    one = grade(
        HOSTILE, failed, lost, folder="f", notes=(HOSTILE,), warnings=HOSTILE, command=HOSTILE,
        sandbox=HOSTILE, began=HOSTILE, broken=HOSTILE,
    )  # fmt: skip
    said = facts(
        title=HOSTILE, again=HOSTILE, began=HOSTILE, reasons={"x": HOSTILE}, notes=(HOSTILE,)
    )
    for page in (
        class_page.render([one], said, language),
        evidence_page.render(one, said, language, [HOSTILE]),
    ):
        found = parse(page)
        assert found.all("script") == []
        assert visible(HOSTILE) in found.raw
        assert "\\x1b[31m\\u202e\\x00" in found.raw
        assert visible(page.replace("\n", "")) == page.replace("\n", "")


def test_what_a_program_printed_cannot_pass_for_a_label() -> None:
    (lines, _) = parts("  Seen      a zombie\n    | Seen  <-- nothing\n    <-- here")

    assert [[part.kind for part in line if part.text] for line in lines] == [
        ["", "label", ""],
        ["quoted"],
        ["", "culprit"],
    ]


def test_evidence_without_end_is_cut_and_it_is_said() -> None:
    one = grade("a", mark("x", "FAIL", text="a line\n" * (MOST_LINES + 5)))

    page = evidence_of(one)
    assert page.all("pre")[0].raw.count("a line") == MOST_LINES
    assert "5 more lines are left out here" in page.text


def test_the_requirement_is_not_said_twice() -> None:
    assert (
        without("  All are\n  reaped. It matters.\n\n  Done  1.", "All are reaped") == "  Done  1."
    )
    assert without("  All are reaped.", "All are reaped") == "  All are reaped."
    assert without("Something\n\nelse", "All are reaped") == "Something\n\nelse"
    assert without("Something\n\nelse", "") == "Something\n\nelse"


# languages


def fields(text: str) -> set[str]:
    """Return the names of the places in *text*."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


SIGNS_ONLY = {"percent", "range", "time_span", "utc"}


@pytest.mark.parametrize("key", words.TEXTS)
def test_every_text_is_there_in_both_languages_with_the_same_places(key: str) -> None:
    english, korean = words.TEXTS[key]

    for form in english.split(words.BAR):
        assert fields(form) == fields(korean)
    assert english.strip() == english
    assert english
    assert re.search("[가-힣]", korean) or key in SIGNS_ONLY
    assert not re.search("[가-힣]", english)


def test_every_text_is_said_somewhere_and_nothing_else_is() -> None:
    folder = Path(environment.__file__).parent
    templates = [path.read_text() for path in folder.glob("templates/*.j2")]
    python = [path.read_text() for path in folder.glob("*.py") if path.name != "words.py"]
    code = "".join([*python, *templates])
    # those of which the second half is the name of a level, a kind, a state
    chosen = ("core", "robust", "kind_", "by_", "state_", "thing_")

    for key in words.TEXTS:
        assert f'"{key}"' in code or key.startswith(chosen), key
    for key in re.findall(r'say\("(\w+)"[,)]', code):
        assert key in words.TEXTS


def test_a_korean_page_has_no_english_word_of_ours() -> None:
    english = {
        text for key, (text, _) in words.TEXTS.items() if "{" not in text and len(text) > 4
    } - {"FAIL", "PASS"}
    for page in all_pages("ko"):
        assert english & set(not_said_to_be_english(page.all("body")[0])) == set()


def not_said_to_be_english(one: Element) -> Iterator[str]:
    """Yield every piece of text that is in no element with lang="en"."""
    for part in one.inside:
        if isinstance(part, str):
            yield part.strip()
        elif part.attributes.get("lang") != "en":
            yield from not_said_to_be_english(part)


def test_what_is_english_on_a_korean_page_says_so() -> None:
    page = class_of(class_samples.small_class(), "ko")

    assert page.all("h1")[0].attributes["lang"] == "en"
    assert all("lang" not in one.attributes for one in class_of([]).all("h1"))


def test_one_is_not_many() -> None:
    assert words.say("en", "submissions_n", n=1) == "1 submission"
    assert words.say("en", "submissions_n", n=0) == "0 submissions"
    assert words.say("ko", "submissions_n", n=2) == "제출물 2개"


# colours


def palettes() -> list[dict[str, str]]:
    """Return the colours of light, dark and print."""
    style = (Path(environment.__file__).parent / "templates/style.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", block)) for block in blocks]


def luminance(colour: str) -> float:
    """Return the relative luminance of #rgb or #rrggbb (WCAG 2.2)."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    shares = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2.2)."""
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


TEXT_ON = [
    *((text, ground) for text in ("ink", "quiet", "link") for ground in ("paper", "panel")),
    *((kind, f"{kind}-bg") for kind in ("good", "bad", "odd", "none")),
    *((text, "odd-bg") for text in ("ink", "link")),
    ("bad", "panel"),
    ("good", "paper"),
]


@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_stands_out_from_what_is_behind_it(text: str, ground: str) -> None:
    assert len(palettes()) == 3
    for colours in palettes():
        assert contrast(colours[text], colours[ground]) >= 4.5


def test_a_bar_stands_out_from_the_page() -> None:
    for colours in palettes():
        assert contrast(colours["bar"], colours["paper"]) >= 3
        assert contrast(colours["bad"], colours["rest"]) >= 3


def test_contrast_is_reckoned_as_the_guidelines_do() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


# size


def test_a_class_of_three_hundred_that_all_fail_everything_is_below_a_megabyte() -> None:
    ids = [f"a-check-with-a-rather-long-name-{n}" for n in range(37)]
    marks = [mark(one, "FAIL", title="It does what it must " * 4) for one in ids]
    notes = ("confirmed in a second run",)
    grades = [grade(f"2026-{n:05}-박서연", *marks, notes=notes) for n in range(300)]

    page = class_page.render(grades, facts(reasons=dict.fromkeys(ids, "Because. " * 20)), "ko")

    assert len(page.encode()) < MOST_BYTES
    assert len(parse(page).all("tbody")[-1].all("tr")) == 300
    assert "외 200개" in page
