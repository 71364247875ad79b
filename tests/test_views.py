"""Views of a log: text, a trace, sequence diagrams; for any log, and for one written down."""

from __future__ import annotations

import json
import re

from hypothesis import given

from forklab.events.event import KINDS, Event
from forklab.events.lines import Recorded
from forklab.reports.text import columns, visible
from forklab.views import mermaid as mermaid_view
from forklab.views.folded import folded
from forklab.views.mermaid import mermaid
from forklab.views.perfetto import perfetto
from forklab.views.sentences import CLAUSES, clause
from forklab.views.timeline import timeline
from tests import documents, event_samples, trace_format
from tests.documents import HERE
from tests.event_samples import CHECK, EVENTS, HEADER, RECORDED, any_events

GOLDEN = HERE / "tests/golden"

# text


def test_the_timeline_is_as_it_was() -> None:
    assert "\n".join(timeline(RECORDED)) + "\n" == (GOLDEN / "events.txt").read_text()


def test_every_kind_has_its_words() -> None:
    assert set(CLAUSES) == set(KINDS)


@given(any_events())
def test_any_log_is_text_of_80_columns_that_harms_no_terminal(recorded: Recorded) -> None:
    for line in timeline(recorded):
        assert columns(line) <= 80
        assert visible(line) == line


@given(any_events())
def test_no_event_is_without_words(recorded: Recorded) -> None:
    for event in recorded.events:
        words = clause(event)
        assert "\n" not in words
        assert words


def test_what_is_not_certain_is_said() -> None:
    accept = next(event for event in EVENTS if event.kind == "accept")
    unsure = accept._replace(facts={"sure": False})

    assert clause(unsure) == "accepts client-1, or another one that listens does"
    assert clause(accept) == "accepts client-1, descriptor 7"


def test_the_connection_of_a_client_that_is_examined_is_to_the_server() -> None:
    closes = event_samples.looked(0.1, "close", "parent", of="the server", what="connection", fd=3)
    assert clause(closes._replace(before=None)) == (
        "closes its connection to the server, descriptor 3"
    )


def test_an_exec_that_is_under_way_has_no_command_line_yet() -> None:
    assert (
        clause(event_samples.told(0.1, "exec", "worker-1", argv=[])) == "executes another program"
    )


def test_the_talk_of_clients_is_made_short() -> None:
    talk = [
        event._replace(who=who, t=t, after=t, before=t + 0.5, facts={"bytes": 10})
        for t in (1.0, 2.0, 3.0)
        for who in ("client-1", "client-2")
        for event in EVENTS
        if event.kind in ("send", "receive")
    ]

    found = list(folded([EVENTS[0], *talk, EVENTS[-1]]))

    assert [(e.who, e.kind) for e in found[1:-1]] == [
        (who, kind) for who in ("client-1", "client-2") for kind in ("send", "receive")
    ]
    assert clause(found[1]) == "sends 30 bytes in 3 turns, the last by 3.500"
    assert list(folded(EVENTS)) == EVENTS


# the trace


def test_the_trace_has_lives_zombies_arrows_and_everything_else() -> None:
    events = trace_format.demand(json.dumps(perfetto(RECORDED)))

    threads = {
        (e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"
    }
    slices = {
        (threads.get((e["pid"], e["tid"]), "checks"), e["name"]): (e["ts"], e["dur"])
        for e in events if e["ph"] == "X"
    }  # fmt: skip
    assert slices["02 worker-1 pid 11", "zombie"] == (31_000, 19_000)
    assert slices["02 worker-1 pid 11", "alive"] == (5_000, 26_000)
    assert slices["04 client-1", "connected"] == (20_000, 13_000)
    assert slices["checks", CHECK] == (0, 60_000)
    arrows = [e["name"] for e in events if e["ph"] == "s"]
    assert sorted(arrows) == ["accept", "fork", "fork", "pass", "reap"]
    reap = next(e for e in events if e["ph"] == "s" and e["name"] == "reap")
    assert (reap["ts"], threads[reap["pid"], reap["tid"]]) == (31_000, "02 worker-1 pid 11")
    spans: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for row in events:
        if row["ph"] == "X":
            place = spans.setdefault((row["pid"], row["tid"]), [])
            place.append((row["ts"], row["ts"] + row["dur"]))
    for row in events:
        if row["ph"] in "sf":  # an arrow is drawn between slices
            assert any(a <= row["ts"] < b for a, b in spans[row["pid"], row["tid"]])
    told = [e["name"] for e in events if e["ph"] == "i"]
    assert told == [clause(e) for e in EVENTS if not e.kind.startswith("check-")]


def test_a_process_is_alive_from_its_fork_whatever_it_does_then() -> None:
    worker = next(event for event in EVENTS if event.to == "worker-1")
    later = [
        worker._replace(t=0.01, kind=kind, who="worker-1", to="", facts={"argv": ["x"]})
        for kind in ("exec", "connect")
    ]
    rows = trace_format.demand(json.dumps(perfetto(Recorded(HEADER, [*EVENTS, *later]))))

    alive = [row["ts"] for row in rows if row["ph"] == "X" and row["name"] == "alive"]
    assert alive == [1_000, 5_000, 5_000]


def test_who_is_never_reaped_is_a_zombie_to_the_end() -> None:
    events = [event for event in EVENTS if event.kind != "reap"]
    rows = trace_format.demand(json.dumps(perfetto(Recorded(HEADER, events))))

    zombie = next(row for row in rows if row["name"] == "zombie")
    assert zombie["args"] == {"reaped": False}
    assert zombie["ts"] + zombie["dur"] == 61_000


@given(any_events())
def test_any_log_is_a_trace(recorded: Recorded) -> None:
    trace_format.demand(json.dumps(perfetto(recorded), allow_nan=False))


# diagrams

NAMED = re.compile(r"  participant (p\d+) as \S.*")
STATEMENT = re.compile(r"  (?:(p\d+)-{1,2}>>(p\d+): \S.*|note over (p\d+): .*)")
# what may stand in a text: https://mermaid.js.org/syntax/sequenceDiagram.html, "Entity codes"
TEXT = re.compile(r"(?:[\w .,:()/'+=?-]|#\d+;)*", re.ASCII)


def demand_diagram(text: str) -> None:
    """Demand what the grammar of sequence diagrams demands of these few statements."""
    first, title, description, *rest = text.splitlines()
    assert first == "sequenceDiagram"
    assert title.startswith("  accTitle: ")
    assert description.startswith("  accDescr: ")
    names = {found[1] for line in rest if (found := NAMED.fullmatch(line))}
    for line in rest:
        if NAMED.fullmatch(line):
            continue
        found = STATEMENT.fullmatch(line)
        assert found, line
        assert {name for name in found.groups() if name} <= names
    for line in text.replace("->>", "").splitlines():
        assert TEXT.fullmatch(line), line
        assert not re.search(r"(?<!\()\bend\b", line)


def test_the_diagram_is_as_it_was() -> None:
    text = "\n".join(mermaid(RECORDED)) + "\n"

    assert text == (GOLDEN / "events.mermaid").read_text()


@given(any_events())
def test_any_log_is_diagrams(recorded: Recorded) -> None:
    text = "\n".join(mermaid(recorded)) + "\n"
    found = documents.blocks(text)

    assert {block.language for block in found} <= {"mermaid"}
    assert len(found) == len({(e.check, e.start) for e in told(recorded.events)})
    for block in found:
        demand_diagram(block.text)


def told(events: list[Event]) -> list[Event]:
    """Those of a start of the program."""
    return [event for event in events if event.start]


def test_a_long_diagram_is_cut_and_says_so() -> None:
    many = Recorded(HEADER, EVENTS * 9)
    text = "\n".join(mermaid(many))

    assert text.count("forks worker-1") < 9
    left_out = 9 * len(told(EVENTS)) - mermaid_view.MOST
    assert f"{left_out} more events are left out here" in text
