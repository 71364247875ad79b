"""What happened to a client's connection between two of its states."""

from __future__ import annotations

from collections.abc import Iterator

from forklab.events.event import NOTHING, Change
from forklab.facts import ClientState

REFUSED = "ECONNREFUSED"
NOBODY_YET = ClientState(False, 0, 0, 0, False, None, 0)


def seen_by(
    name: str,
    was: ClientState,
    now: ClientState,
    between: tuple[float, float],
    *,
    half_close: bool = False,
) -> list[Change]:
    """Return what a client saw between its states *was* and *now*.

    Args:
        name: of the client.
        was: its state when it was asked; now: when it answered.
        between: when that was, in seconds.
        half_close: it was asked to half-close once all is sent.

    Returns:
        connect, refused, send, half-close, receive, end-of-file, reset, each of them once at most
        and in this order. It does not tell in which order bytes went both ways.
    """
    return [
        Change(between[0], kind, name, "client", *between, facts=facts)
        for kind, facts in _told(was, now, half_close=half_close)
    ]


def _told(
    was: ClientState, now: ClientState, *, half_close: bool
) -> Iterator[tuple[str, dict[str, object]]]:
    if now.connected and not was.connected:
        yield "connect", dict(NOTHING)
    if now.flushed > was.flushed:
        yield "send", {"bytes": now.flushed - was.flushed}
    if half_close and now.flushed == now.given and now.error is None:
        yield "half-close", dict(NOTHING)
    if now.received > was.received:
        yield "receive", {"bytes": now.received - was.received}
    if now.eof and not was.eof:
        yield "end-of-file", dict(NOTHING)
    if now.error is not None and was.error is None:
        yield "refused" if now.error == REFUSED else "reset", {"error": now.error}
