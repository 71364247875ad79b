"""Judgements on what clients saw: answered, echoed, told the end, refused."""

from __future__ import annotations

from forklab.checks.processes import Names, listed
from forklab.errors import CheckFailure
from forklab.facts import ClientState, Snapshot

CONTEXT_BYTES = 12


def answered(state: ClientState, who: str, *, breaks: tuple[str, ...] = ()) -> None:
    """Demand that bytes came back."""
    if not state.answered:
        raise CheckFailure(f"{who} is answered", f"{who} {state.describe()}", breaks=breaks)


def echoed(sent: bytes, got: bytes, state: ClientState, who: str) -> None:
    """Demand that *got* is *sent*, byte for byte; the first difference is marked."""
    if got == sent:
        return
    expected = f"{who} gets its {len(sent)} bytes back unchanged"
    same = common_prefix(sent, got)
    if same == len(got):
        raise CheckFailure(expected, f"{who} got {same} of {len(sent)} bytes back" + _end(state))
    if same == len(sent):
        more = repr(got[same : same + CONTEXT_BYTES])[2:-1]
        raise CheckFailure(
            expected,
            f"{len(got) - same} bytes more came back, beginning with '{more}'" + _end(state),
        )
    raise CheckFailure(
        expected,
        f"byte {same + 1} differs: sent {around(sent, same)}, got {around(got, same)}"
        + _end(state),
    )


def all_back(state: ClientState, who: str) -> None:
    """Demand that everything sent came back, compared where it came in."""
    if state.difference is not None:
        raise CheckFailure(
            f"{who} gets its {state.given} bytes back unchanged",
            f"byte {state.difference + 1} of {state.received} that came back differs",
        )
    if state.received < state.given:
        raise CheckFailure(f"{who} gets all {state.given} bytes back", f"{who} {state.describe()}")


def ended(state: ClientState, who: str, *, reset_is_fine: bool = True) -> None:
    """Demand that the server ended the connection: end of file, or a reset where that is fine."""
    if state.eof or (reset_is_fine and state.over):
        return
    raise CheckFailure(
        f"{who} reads the end of the connection (end of file)", f"{who} {state.describe()}"
    )


def held_open(
    failure: CheckFailure, snapshot: Snapshot, server_port: int, client_port: int, names: Names
) -> CheckFailure:
    """Return *failure*, of a connection that has no end, with who holds it still.

    The end is sent when the last copy of its descriptor is closed (close(2)).
    """
    found = snapshot.connection(server_port, client_port)
    held = snapshot.held(found.inode) if found is not None else []
    if not held:
        return failure
    who = listed({process.key for process, _ in held}, names)
    more = CheckFailure(
        failure.expected,
        f"{failure.seen}; still open in {who}",
        marks={(process.pid, fd.number): "open still" for process, fd in held},
        breaks=failure.breaks,
    )
    more.snapshot = snapshot
    return more


def answered_or_ended(state: ClientState, who: str) -> None:
    """Demand that the client is not left in silence."""
    if not state.answered and not state.over:
        raise CheckFailure(
            f"{who} is served, or its connection is ended", f"{who} waits in silence"
        )


def common_prefix(a: bytes, b: bytes) -> int:
    """Return how many bytes *a* and *b* have in common at their beginning."""
    size = min(len(a), len(b))
    if a[:size] == b[:size]:
        return size
    return next(i for i in range(size) if a[i] != b[i])


def around(data: bytes, at: int) -> str:
    """Show *data* around position *at*, the byte itself between marks."""
    before = repr(data[max(0, at - CONTEXT_BYTES) : at])[2:-1]
    here = repr(data[at : at + 1])[2:-1]
    after = repr(data[at + 1 : at + 1 + CONTEXT_BYTES])[2:-1]
    return f"'{before}>{here}<{after}'"


def _end(state: ClientState) -> str:
    if state.error is not None:
        return f", then {state.error}"
    return ", then end of file" if state.eof else ""
