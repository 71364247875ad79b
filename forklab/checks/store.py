"""Judgements on a server that stores: its writer, the ends of the pipe, what is in the file."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from forklab.checks.processes import Names, listed, named, some
from forklab.checks.traffic import around, common_prefix
from forklab.errors import CheckFailure
from forklab.facts import Process, Snapshot, describe_status
from forklab.facts.calls import WRITES
from forklab.facts.roles import servers
from forklab.facts.snapshot import Key
from forklab.facts.status import crashed

FILE = "echomsg.txt"
SHOWN = 40

# the writer


def file_numbers(process: Process) -> list[int]:
    """Return its descriptors on the file of messages."""
    return [fd.number for fd in process.fds if fd.target.rpartition("/")[2] == FILE]


def ends(process: Process, inode: int) -> set[str]:
    """Return which ends of pipe *inode* it holds: "r", "w"."""
    return {letter for fd in process.fds if inode and fd.inode == inode for letter in fd.access}


def read_pipes(process: Process) -> set[int]:
    """Return the pipes that it can read."""
    return {fd.inode for fd in process.fds if fd.kind == "pipe" and "r" in fd.access}


def writers(snapshot: Snapshot, port: int) -> list[Process]:
    """Return who may be the writer, by age, while there is no client: whoever was started.

    Beside the parent it has the file open, or reads a pipe into which the parent can write; where
    there is none of these, a child of the parent.
    """
    parents = servers(snapshot, port)[:1]
    beside = [process for process in snapshot.live if process not in parents]
    fed = {inode for parent in parents for inode in read_pipes_of_others(parent, beside)}
    found = [p for p in beside if file_numbers(p) or read_pipes(p) & fed]
    found = found or [p for p in beside if any(p.ppid == parent.pid for parent in parents)]
    return sorted(found, key=lambda process: (process.start_ticks, process.pid))


def read_pipes_of_others(parent: Process, others: Collection[Process]) -> set[int]:
    """Return the pipes that one of *others* can read and *parent* can write to."""
    return {inode for p in others for inode in read_pipes(p) if "w" in ends(parent, inode)}


def one_writer(snapshot: Snapshot, port: int, names: Names) -> Process:
    """Return the writer: before the first client there is nobody else beside the parent.

    Who was there before the parent, as one that supervises it, is no child of it.
    """
    found = writers(snapshot, port)
    expected = "before the first client there is exactly one child, the writer"
    if not found:
        raise CheckFailure(expected, "there is none", breaks=("writer",))
    parents = {process.pid for process in servers(snapshot, port)[:1]}
    more = {p.key for p in snapshot.live if p.ppid in parents} | {p.key for p in found}
    if len(more) > 1:
        raise CheckFailure(
            expected,
            f"there are {len(more)}: {listed(more, names)}",
            marks={key[0]: "there before the first client" for key in more},
        )
    return found[0]


def apart(snapshot: Snapshot, writer: Key, port: int, names: Names) -> None:
    """Demand that the writer lives, has the file open, and holds no socket."""
    who = named(writer, names)
    process = snapshot.by_key.get(writer)
    if process is None or process.is_zombie:
        raise CheckFailure(f"{who} waits for messages", f"{who} has ended")
    held = [fd for fd in process.fds if fd.kind == "socket"]
    if held:
        listening = {listener.inode for listener in snapshot.listeners(port)}
        what = "the listening socket" if held[0].inode in listening else "a socket"
        raise CheckFailure(
            f"{who} holds no socket",
            f"{who} holds {what}, as descriptor {held[0].number}",
            marks={(process.pid, fd.number): "a socket, not closed" for fd in held},
        )
    if not file_numbers(process):
        raise CheckFailure(
            f"after the first message {who} has {FILE} open",
            f"{who} has no descriptor on {FILE}",
            marks={process.pid: f"does not have {FILE} open"},
        )


# the ends of the pipe


def store_pipe(snapshot: Snapshot, writer: Key, children: Collection[Key], names: Names) -> int:
    """Return the inode of the pipe through which *children* feed the writer.

    It is the one that the writer sleeps in; if that cannot be told, the one of which most
    processes hold one end only: a pipe that wakes the parent for signals is inherited whole.
    """
    some(children, "child")
    process = snapshot.by_key.get(writer)
    if process is None or process.is_zombie:
        raise CheckFailure(f"{named(writer, names)} is alive", "it has ended")
    fed = [snapshot.by_key[key] for key in children if key in snapshot.by_key]
    shared = [i for i in sorted(read_pipes(process)) if any("w" in ends(p, i) for p in fed)]
    if not shared:
        raise CheckFailure(
            "each child holds the write end of a pipe that the writer reads",
            f"no child holds a write end of a pipe that {named(writer, names)} reads",
        )
    asleep_on = process.call[1] if process.call is not None else -1
    for fd in process.fds:
        if fd.number == asleep_on and fd.inode in shared:
            return fd.inode
    return min(shared, key=lambda inode: sum(len(ends(p, inode)) > 1 for p in (process, *fed)))


def only_write_ends(
    snapshot: Snapshot, writer: Key, children: Collection[Key], names: Names
) -> None:
    """Demand that no child holds the read end of the pipe that feeds the writer."""
    pipe = store_pipe(snapshot, writer, children, names)
    guilty = [
        key
        for key in children
        if key in snapshot.by_key and "r" in ends(snapshot.by_key[key], pipe)
    ]
    if guilty:
        raise CheckFailure(
            "each child holds the write end of the pipe and not its read end",
            f"{len(guilty)} of {len(children)} hold the read end: {listed(guilty, names)}",
            marks=_marked(snapshot, guilty, pipe, "r", "the read end, not closed"),
        )


def only_read_end(snapshot: Snapshot, writer: Key, children: Collection[Key], names: Names) -> None:
    """Demand that the writer does not hold the write end of the pipe that feeds it."""
    pipe = store_pipe(snapshot, writer, children, names)
    if "w" in ends(snapshot.by_key[writer], pipe):
        raise CheckFailure(
            f"{named(writer, names)} holds the read end of the pipe and not its write end",
            f"{named(writer, names)} holds the write end, too: it never sees the end of file",
            marks=_marked(snapshot, [writer], pipe, "w", "the write end, not closed"),
        )


def _marked(
    snapshot: Snapshot, keys: Collection[Key], pipe: int, end: str, words: str
) -> dict[tuple[int, int], str]:
    return {
        (key[0], fd.number): words
        for key in keys
        for fd in snapshot.by_key[key].fds
        if fd.inode == pipe and end in fd.access
    }


def at_rest(snapshot: Snapshot) -> None:
    """Demand that every process sleeps, and not because what it writes to is full."""
    for process in snapshot.live:
        writes = process.call is not None and process.call[0] in WRITES
        if not process.sleeps or writes:
            raise CheckFailure("every process waits for more", f"pid {process.pid} {process.doing}")


# the file


def holds_in_order(content: bytes | None, messages: Sequence[bytes]) -> None:
    """Demand that the file is these messages, one after another, and nothing else."""
    sent = b"".join(messages)
    expected = f"{FILE} holds the {len(messages)} messages, {len(sent)} bytes, as they were sent"
    if content is None:
        raise CheckFailure(expected, f"there is no {FILE}", breaks=("file",))
    if not messages:
        raise CheckFailure("there are messages to look for", "there are none")
    if content == sent:
        return
    same = common_prefix(content, sent)
    if same == len(content):
        seen = f"it holds {_whole(messages, same)} of them, {same} of {len(sent)} bytes"
    elif same == len(sent):
        seen = (
            f"it holds {len(content) - same} bytes more, beginning with {_quoted(content[same:])}"
        )
    else:
        seen = f"byte {same + 1} differs: sent {around(sent, same)}, stored {around(content, same)}"
    raise CheckFailure(expected, seen)


def _whole(messages: Sequence[bytes], size: int) -> int:
    """Return how many of the first messages fit into *size* bytes."""
    for number, message in enumerate(messages):
        size -= len(message)
        if size < 0:
            return number
    return len(messages)


def holds_whole(content: bytes | None, sent: Mapping[str, Sequence[bytes]]) -> None:
    """Demand that the file is these messages, each whole, each client's in its order.

    Args:
        content: of the file; None: there is none.
        sent: messages by client, no two the same, each ended by its only newline.
    """
    total = sum(map(len, sent.values()))
    expected = f"{FILE} holds the {total} messages whole, each client's in the order of sending"
    if content is None:
        raise CheckFailure(expected, f"there is no {FILE}", breaks=("file",))
    if not total:
        raise CheckFailure("there are messages to look for", "there are none")
    owner = {line: (client, n) for client, lines in sent.items() for n, line in enumerate(lines)}
    stored = dict.fromkeys(sent, 0)
    for number, line in enumerate(content.splitlines(keepends=True), 1):
        if line not in owner:
            raise CheckFailure(
                expected, f"line {number} is none of the messages, but {_shown(line)}"
            )
        client, n = owner[line]
        if n != stored[client]:
            how = "again" if n < stored[client] else f"before message {stored[client] + 1}"
            raise CheckFailure(expected, f"line {number} is message {n + 1} of {client} {how}")
        stored[client] += 1
    missing = {
        client: len(sent[client]) - n for client, n in stored.items() if n < len(sent[client])
    }
    if missing:
        client, count = max(missing.items(), key=lambda item: item[1])
        raise CheckFailure(
            expected, f"it holds {sum(stored.values())}; {count} of {client} are missing"
        )


def _shown(data: bytes) -> str:
    return f"{len(data)} bytes, {_quoted(data)}"


def _quoted(data: bytes) -> str:
    return repr(data[:SHOWN])[1:]


# what the program says and does when it cannot store


def unusual(said: str, usual: str) -> list[str]:
    """Return the lines of *said* that are not in *usual*; numbers, as of pids, do not count."""
    known = set(map(_wordy, usual.splitlines()))
    return [line.strip() for line in said.splitlines() if _wordy(line) not in known | {""}]


def _wordy(line: str) -> str:
    return re.sub(r"[\d\W_]+", " ", line).strip()


def complains(said: str, usual: str, when: str, where: str) -> None:
    """Demand that the program says something *when* it cannot store; *usual*: what it always says.

    Args:
        said: what it printed.
        usual: what it prints when it can store.
        when, where: a clause on what was done, and what was looked at.
    """
    if not unusual(said, usual):
        seen = "nothing but what it always says" if said.strip() else "nothing"
        raise CheckFailure(f"{when} it says so on {where}", f"{where} has {seen}")


def nobody_serves(snapshot: Snapshot, port: int, names: Names) -> None:
    """Demand that nobody listens: a server that cannot store does not take clients."""
    found = servers(snapshot, port)
    if found:
        raise CheckFailure(
            f"when it cannot open {FILE} it ends, or does not serve",
            f"{listed([p.key for p in found], names)} listens on port {port}",
            marks={process.pid: "listens, and nothing is stored" for process in found},
        )


def did_not_crash(status: int | None) -> None:
    """Demand that the started process, with this wait status, did not end by a fault of its own."""
    if crashed(status):
        raise CheckFailure(
            f"when it cannot open {FILE} it ends by itself", f"it {describe_status(status)}"
        )
