"""What happened between two snapshots of one start of a program: pure, and certain or bounded.

The kernel does not tell when a process forked, or closed a descriptor; that it is so now and was
not so before is known. The time is then an interval: from when the earlier look began to when the
later one ended, made narrower by what must have been before or after it. Only ends are told as
they come, by pidfds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from forklab.events.descriptors import descriptor_changes
from forklab.events.event import AGENT, SOMEBODY, Change, Who
from forklab.events.interval import Interval
from forklab.events.start import Start
from forklab.facts import Process, Snapshot
from forklab.facts.snapshot import End, Key
from forklab.facts.status import status_facts

HELD = "Tt"


def differences(before: Snapshot, after: Snapshot, start: Start) -> list[Change]:
    """Return what happened between *before* and *after*.

    Args:
        before: the snapshot before; `nothing_yet` if there was none.
        after: the next one of the same start.
        start: what is known of this start beside them.

    Returns:
        Changes in seconds of the agent's clock, in no order. Descriptors that a process opened
        and closed again, and processes that came and went unseen, are in no snapshot and so not
        among them.
    """
    if _alike(before, after):
        return []
    between = Interval(before, after, start)
    found = list(_ends(between))
    for process in after.processes:
        was = before.by_key.get(process.key)
        found += _born(process, between) if was is None else _changed(was, process, between)
    return found + descriptor_changes(between)


def nothing_yet(at: float) -> Snapshot:
    """Return the snapshot of a program that was about to be started at *at*."""
    empty = {"time": at, "whole": True, "last_pid": 0}
    return Snapshot({**empty, "processes": [], "tcp": [], "unix": [], "ends": []}, "")


def _alike(before: Snapshot, after: Snapshot) -> bool:
    """Whether nothing can have happened: the usual case while something is waited for."""
    return all(before.raw[table] == after.raw[table] for table in ("processes", "ends", "tcp"))


def _born(process: Process, between: Interval) -> Iterator[Change]:
    """A process that is new; that the agent started the first one is known from itself."""
    if process.key == between.start.key:
        return
    parent = between.by_pid.get(process.ppid)  # None where it was gone before anybody looked
    likely = between.began(process)
    who: Who = parent.key if parent is not None else SOMEBODY
    yield between.change("fork", process.key, who=who, to=process.key, likely=likely)
    if parent is not None and parent.start_code and _has_executed(parent, process):
        yield between.change("exec", process.key, likely=likely, argv=list(process.args))
    yield from _held(None, process, between)


def _has_executed(was: Process, now: Process) -> bool:
    """Fork copies where code and stack start; exec lays them anew, and they are 0 meanwhile."""
    old, new = (was.start_code, was.start_stack), (now.start_code, now.start_stack)
    return 0 not in new and old != new and not now.is_zombie and not was.is_zombie


def _changed(was: Process, now: Process, between: Interval) -> Iterator[Change]:
    if _has_executed(was, now):
        yield between.change("exec", now.key, argv=list(now.args))
    if was.ppid != now.ppid:
        yield between.change("orphaned", now.key)
    yield from _held(was, now, between)
    if now.is_zombie and not was.is_zombie and not _is_told(now.key, between.after):
        yield between.change("exit", now.key)


def _held(was: Process | None, now: Process, between: Interval) -> Iterator[Change]:
    """Stopped by a signal, or by ptrace; and going on."""
    was_held = was is not None and was.state in HELD
    if now.state in HELD and not was_held:
        yield between.change("stopped", now.key)
    elif was_held and not now.is_zombie and now.state not in HELD:
        yield between.change("continued", now.key)


def _is_told(key: Key, snapshot: Snapshot) -> bool:
    end = snapshot.ends.get(key)
    return end is not None and end.ended is not None


class _Was(NamedTuple):
    """What was known of an end before."""

    ended: bool
    reaped: bool


def _ends(between: Interval) -> Iterator[Change]:
    for key, end in between.after.ends.items():
        old = between.before.ends.get(key)
        if old == end:
            continue
        was = _Was(
            ended=(old is not None and old.ended is not None) or _was_zombie(between.before, key),
            reaped=old is not None and old.reaped is not None,
        )
        if end.ended is not None and not was.ended:
            yield Change(end.ended, "exit", key, "agent", facts=status_facts(end.status))
        if end.reaped is not None and not was.reaped:
            yield from _reaped(end, end.reaped, between)


def _was_zombie(before: Snapshot, key: Key) -> bool:
    return key in before.by_key and before.by_key[key].is_zombie


def _reaped(end: End, at: float, between: Interval) -> Iterator[Change]:
    """By its parent; or by the agent, who has it because its parent was gone, or started it."""
    was = between.before.by_key.get(end.key)
    parent = between.parent_before(was) if was is not None else None
    if end.by_agent and not end.started and (was is None or parent is not None):
        yield between.change("orphaned", end.key)
    who: Who = SOMEBODY if parent is None else parent.key
    if end.by_agent:
        who = AGENT
    facts = status_facts(end.status)
    if between.start.ends_are_told or end.by_agent:
        yield Change(at, "reap", who, "agent", to=end.key, facts=facts)
    else:  # the kernel does not tell: it is gone from the table since the look before
        low = min(max(between.before.time, end.ended or 0.0), at)
        yield Change(low, "reap", who, "snapshot", low, at, end.key, facts=facts)
