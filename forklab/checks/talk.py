"""Judgements on what a conversation printed, and on how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from forklab.checks.pipe_ends import Pair, write_ends
from forklab.checks.processes import Names, named
from forklab.errors import CheckFailure, Place
from forklab.facts import Snapshot
from forklab.facts.snapshot import Key

# by so many bytes in a row it is known what was left of an earlier message
REST_BYTES = 6
SHOWN_BYTES = 24


def unsaid(printed: bytes, line: bytes, who: str) -> None:
    """Demand that *line* was not printed: *who* is to print it, and is held."""
    if line in printed:
        raise CheckFailure(
            f"{who} prints {_shown(line)}, and nobody else does",
            f"it was printed while {who} was held",
        )


def said(printed: bytes, line: bytes, who: str) -> None:
    """Demand that *line* was printed, once."""
    count = printed.count(line)
    if count != 1:
        times = f"it was printed {count} times" if count else "it was not printed"
        raise CheckFailure(f"{who} prints {_shown(line)} once", times)


def said_in_order(printed: bytes, lines: Sequence[bytes], where: str) -> None:
    """Demand that each of *lines* was printed once, in this order; *where* they were given."""
    expected = f"given {where}, all {len(lines)} lines are printed, each once and in order"
    missing = [line for line in lines if line not in printed]
    if missing:
        count = f"{len(lines) - len(missing)} of {len(lines)} lines were printed"
        raise CheckFailure(expected, f"{count}; the first that is missing is {_shown(missing[0])}")
    for line in lines:
        if printed.count(line) > 1:
            times = f"{_shown(line)} was printed {printed.count(line)} times"
            raise CheckFailure(expected, times)
    places = [printed.index(line) for line in lines]
    if places != sorted(places):
        late = next(b for a, b in pairwise(lines) if printed.index(a) > printed.index(b))
        raise CheckFailure(expected, f"{_shown(late)} was printed too early")


def whole(printed: bytes, messages: Sequence[bytes], who: str) -> None:
    """Demand that *messages* were printed whole and in order, and nothing of one twice.

    The last of them is the one that *who* should have just printed; an empty one cannot be seen.
    """
    at = 0
    for message in messages:
        found = printed.find(message, at)
        if found < 0:
            size = len(message)
            raise CheckFailure(
                f"{who} prints a message of {size} byte{'s' * (size != 1)} whole",
                f"of its {size} bytes the first {_longest(printed[at:], message)} were printed",
            )
        at = found + len(message)
    for message in messages:
        for start in range(len(message) - REST_BYTES + 1):
            if printed.count(message[start : start + REST_BYTES]) > 1:
                raise CheckFailure(
                    f"{who} prints the message that came, and nothing of an earlier one",
                    f"part of the message of {len(message)} bytes was printed twice, "
                    f"from its byte {start + 1} on",
                )


def _longest(printed: bytes, message: bytes) -> int:
    """Return how many bytes *message* has of which all were printed, from its first on."""
    return next((n for n in range(len(message), 0, -1) if message[:n] in printed), 0)


def _shown(line: bytes) -> str:
    text = repr(line[:SHOWN_BYTES])[1:]
    return text + (" ..." if len(line) > SHOWN_BYTES else "")


def ended(snapshot: Snapshot, key: Key, names: Names, when: str) -> None:
    """Demand that process *key* has ended, *when* says after what."""
    if not snapshot.is_live(key):
        return
    process, who = snapshot.by_key[key], named(key, names)
    open_in = write_ends(snapshot, process)
    holders = {names.get(holder.key, f"pid {holder.pid}") for holder, _ in open_in}
    kept = f", whose write end is open in {' and '.join(sorted(holders))}" if holders else ""
    marks: dict[Place, str] = {key[0]: "alive, and talks to nobody"}
    raise CheckFailure(
        f"{when}, {who} ends",
        f"{who} {process.doing}{kept}",
        marks=marks | {(p.pid, number): "keeps end of file away" for p, number in open_in},
    )


def reaped_by_the_parent(snapshot: Snapshot, pair: Pair, names: Names) -> None:
    """Demand that the child, which has ended, was waited for by its parent."""
    end = snapshot.ends.get(pair.child)
    if end is None or end.by_agent:
        raise CheckFailure(
            f"{named(pair.parent, names)} waits for its child",
            f"{named(pair.child, names)} was left to PID 1, which reaped it",
        )
