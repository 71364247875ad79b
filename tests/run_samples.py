"""Runs with their logs, as the page of a run gets them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from forklab.events.event import Event
from forklab.events.traced import again
from forklab.pages.run_page import Facts
from forklab.results.record import Result, Run, Verdict
from tests import report_samples
from tests.class_samples import HOSTILE
from tests.event_samples import CHECK, EVENTS, client, harness, looked, told


def in_check(check: str, events: list[Event]) -> list[Event]:
    """Return *events* as those of *check*."""
    return [event._replace(check=check) for event in events]


def burst() -> list[Event]:
    """Sixteen children end while the parent is stopped, and one of them is reaped."""
    numbers = range(1, 17)
    children = [f"child-{n}" for n in numbers]
    return [
        Event(0, "exec", "parent", "agent", check=CHECK, start=1, pid=9, facts={"argv": ["./s"]}),
        *(client(1 + n, "connect")._replace(who=f"client-{n}") for n in numbers),
        *(looked(1 + n, "accept", "parent", f"client-{n}", (9, 0), fd=n) for n in numbers),
        *(looked(1 + n, "fork", "parent", f"child-{n}", (9, 10 + n)) for n in numbers),
        harness(20, "signal", to="parent", to_pid=9, signal="SIGSTOP"),
        *(client(21 + n, "close")._replace(who=f"client-{n}") for n in numbers),
        *(told(40 + n / 10, "exit", name)._replace(pid=10 + n) for n, name in enumerate(children)),
        told(42, "reap", "parent", "child-1", status=0),
        harness(43, "check-ends", start=0, verdict="FAIL"),
    ]


def facts(run: Run, events: list[Event] | None = None, **more: Any) -> Facts:
    """Return what a page is made of."""
    return Facts(run, events or [], again="forklab check prefork my/prefork.c", **more)


def right() -> Facts:
    """Everything passed, and the last looks are kept."""
    passed = [*report_samples.passed("echoes", lab="prefork"), Result(
        report_samples.check(CHECK, "prefork", "robust"), Verdict.PASS, 0.5, done=("SIGKILL",)
    )]  # fmt: skip
    run = report_samples.run("prefork", passed)
    events = [*in_check("echoes", EVENTS[:10]), *EVENTS]
    return facts(run, events, looks={"echoes": report_samples.dead_channel()})


def wrong() -> Facts:
    """One check fails of which everything is known, others of which little is."""
    return facts(report_samples.burst_fails(), in_check("reaps-a-burst", burst()))


def killed() -> Facts:
    """A worker was killed, and a channel is dead."""
    return facts(report_samples.killed_worker(), EVENTS)


def traced() -> Facts:
    """The same, and then once more under strace."""
    once_more = [
        Event(t, kind, who, "strace", to=to, check=again(CHECK), start=2, pid=10, facts=more)
        for t, kind, who, to, more in (
            (1.0, "exec", "dispatcher", "", {"argv": ["./prefork", "2", "15348"]}),
            (1.1, "fork", "dispatcher", "worker-1", {}),
            (1.2, "signalled", "dispatcher", "worker-1", {"signal": "SIGCHLD"}),
            (1.3, "shutdown", "dispatcher", "", {"what": "connection", "how": "SHUT_WR"}),
            (1.4, "reap", "dispatcher", "worker-1", {}),
        )
    ]
    return facts(report_samples.killed_worker(), [*EVENTS, *once_more])


def hostile() -> Facts:
    """Everything that a program chooses is markup, control bytes and floods."""
    run = report_samples.hostile()
    events = [
        event._replace(facts={**event.facts, "argv": [HOSTILE, "A" * 5000], "text": HOSTILE})
        for event in [*EVENTS, harness(0.04, "step", text=HOSTILE)]
    ]
    names = {"worker-1": HOSTILE, "client-1": "client-" + "9" * 500}
    events = [
        e._replace(
            who=names.get(e.who, e.who), to=names.get(e.to, e.to), of=names.get(e.of, e.of)
        )
        for e in events
    ]  # fmt: skip
    check = run.failures[0].check.id
    return replace(facts(run, in_check(check, sorted(events))), again=f"forklab check {HOSTILE}")


def everything_fails() -> Facts:
    """Forty checks fail, each with a crowd, a flood of output and a log of many kinds."""
    evidence = report_samples.many_descriptors().evidence
    flood = "".join(f"\x1b[31m<b>{'A&' * 400}\n" for _ in range(100))
    results, events = [], []
    for number in range(40):
        check = report_samples.check(f"a-check-with-a-rather-long-name-{number}")
        results.append(
            Result(
                check, Verdict.FAIL, 5.0, done=(flood,) * 60, expected=flood, seen=flood,
                evidence=evidence, output=flood, hint="Why? " * 100, notes=(flood,) * 9,
            )
        )  # fmt: skip
        steps = [harness(50.0 + n, "step", text=f"{n} {flood}") for n in range(90)]
        events += in_check(check.id, [*burst(), *steps])
    run = report_samples.run("fork_echo", results, warnings=flood, program=flood, command=flood)
    return facts(run, events)


def a_wrong_start() -> Facts:
    """Thirty-seven checks fail alike, as of a program that is wrong from the start."""
    failed = report_samples.BURST_FAILED
    checks = [report_samples.check(f"a-check-of-an-ordinary-name-{n}") for n in range(37)]
    events = [event for check in checks for event in in_check(check.id, burst())]
    results = [replace(failed, check=check) for check in checks]
    return facts(report_samples.run("fork_echo", results), events)


ALL: dict[str, Callable[[], Facts]] = {
    "right": right,
    "wrong": wrong,
    "killed": killed,
    "traced": traced,
    "hostile": hostile,
    "everything_fails": everything_fails,
    "a_wrong_start": a_wrong_start,
    "starts_fails": lambda: facts(report_samples.starts_fails()),
    "broken_run": lambda: facts(report_samples.broken_run()),
    "broken_check": lambda: facts(report_samples.broken_check()),
    "interrupted": lambda: facts(report_samples.interrupted()),
    "many_steps": lambda: facts(report_samples.many_steps()),
}
