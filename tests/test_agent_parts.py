"""The parts of the agent, one by one: frames, what /proc says, output, clients, folders."""

from __future__ import annotations

import itertools
import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forklab.agent import conns, proc, work
from forklab.agent.frames import LENGTHS, MAX_FRAME_BYTES, BadFrame, Decoder, encode
from forklab.agent.loop import MIN_LOOKS, Pending
from forklab.agent.output import HEAD_BYTES, TAIL_BYTES, Output

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)
FRAMES = st.lists(
    st.tuples(st.dictionaries(st.text(), JSON, max_size=3), st.binary(max_size=99)), max_size=4
)


@settings(deadline=None, max_examples=40)
@given(frames=FRAMES, data=st.data())
def test_frames_survive_any_cut(frames: list[tuple[dict[str, Any], bytes]], data: Any) -> None:
    stream = b"".join(encode(message, blob) for message, blob in frames)
    places = data.draw(st.lists(st.integers(0, len(stream))))
    cuts = sorted({0, len(stream), *places})
    decoder = Decoder()

    found = [frame for a, b in itertools.pairwise(cuts) for frame in decoder.feed(stream[a:b])]

    assert found == frames


def test_a_frame_byte_by_byte() -> None:
    decoder, frame = Decoder(), encode({"id": 1}, b"\0\xff")

    found = [list(decoder.feed(bytes([byte]))) for byte in frame]

    assert found == [[]] * (len(frame) - 1) + [[({"id": 1}, b"\0\xff")]]


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (LENGTHS.pack(MAX_FRAME_BYTES, 1), "a frame of"),
        (b"Traceback (most recent call last)", "a frame of"),
        (LENGTHS.pack(3, 0) + b"{,}", "not JSON"),
        (LENGTHS.pack(2, 0) + b"\xff\xfe", "not JSON"),
        (LENGTHS.pack(2, 0) + b"[]", "not an object"),
        (LENGTHS.pack(0, 0), "not JSON"),
    ],
)
def test_a_stream_that_is_none_of_ours_is_told(stream: bytes, words: str) -> None:
    with pytest.raises(BadFrame, match=words):
        list(Decoder().feed(stream))


def stat_text(comm: bytes, *, pid: int = 42) -> bytes:
    """The text of /proc/PID/stat of a process with this name (proc_pid_stat(5))."""
    fields = [b"S", b"7", b"42", b"42", *(b"%d" % number for number in range(7, 53))]
    return b"%d (%s) %s\n" % (pid, comm, b" ".join(fields))


@pytest.mark.parametrize(
    "comm", [b"server", b"", b"a b", b"((", b"a) S 1 1 1", b"x)\n43 (y", b"\xff\xfe", b") Z ("]
)
def test_a_name_may_hold_anything(comm: bytes) -> None:
    found = proc.Stat(stat_text(comm))

    assert (found.pid, found.comm) == (42, comm.decode(errors="replace"))
    assert (found.state, found.ppid, found.pgrp, found.session) == ("S", 7, 42, 42)
    assert found.cpu_ticks == 14 + 15
    assert (found.threads, found.start_ticks) == (20, 22)
    assert (found.start_code, found.start_stack) == (26, 28)
    assert found.identity == (42, 22, 7)


@pytest.mark.parametrize("text", [b"", b"42 (server) S 7", b"42"])
def test_a_stat_that_is_cut_short_is_of_a_process_that_is_going(text: bytes) -> None:
    with pytest.raises(ProcessLookupError):
        proc.Stat(text)


def test_a_live_process_with_an_awkward_name(tmp_path: Path) -> None:
    program = tmp_path / "a) R 1 (\nb"
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([program, "60"]) as running:
        try:
            found = proc.stat(running.pid)
        finally:
            running.kill()

    assert found is not None
    assert found.comm == "a) R 1 (\nb"
    assert found.ppid == os.getpid()


def test_a_process_that_is_gone_is_none_everywhere() -> None:
    with subprocess.Popen(["true"]) as gone:
        pass

    assert proc.stat(gone.pid) is None
    assert proc.uid(gone.pid) is None
    assert proc.usage(gone.pid) is None
    assert proc.live_thread(gone.pid) is None
    assert gone.pid not in proc.pids()
    assert proc.describe(proc.Stat(stat_text(b"x", pid=gone.pid)), flags=False) is None


def test_what_we_hold_ourselves(tmp_path: Path) -> None:
    read_fd, write_fd = os.pipe()
    file_fd = os.open(tmp_path / "f", os.O_RDWR | os.O_CREAT)
    a, b = socket.socketpair()
    me = proc.stat(os.getpid())
    assert me is not None

    row = proc.describe(me, flags=True)

    assert row is not None
    fds = {fd[0]: fd[1:] for fd in row["fds"]}
    assert fds[read_fd][:2] == [f"pipe:[{os.fstat(read_fd).st_ino}]", "r"]
    assert fds[write_fd][1] == "w"
    assert fds[file_fd][:2] == [str(tmp_path / "f"), "rw"]
    assert fds[a.fileno()][:2] == [f"socket:[{os.fstat(a.fileno()).st_ino}]", ""]
    assert fds[read_fd][2] & proc.CLOSE_ON_EXEC
    assert row["exe"] == os.readlink("/proc/self/exe")
    for fd in (read_fd, write_fd, file_fd):
        os.close(fd)
    a.close()
    b.close()


@pytest.mark.parametrize(
    ("command", "args"),
    [
        (b"", []),
        (b"./server\x007001\0", ["./server", "7001"]),
        (b"./server\0\0", ["./server", ""]),
        (b"\0", [""]),
        (b"server: idle", ["server: idle"]),  # overwritten by the process itself
        (b"\xff\0", ["\ufffd"]),
    ],
)
def test_a_command_line(command: bytes, args: list[str]) -> None:
    assert proc._words(command) == args


@pytest.fixture
def stream() -> Iterator[tuple[Output, int]]:
    """What comes out of a pipe, and the end to write to; tests may close that one."""
    read_fd, write_fd = os.pipe()
    os.set_blocking(read_fd, False)
    output = Output(read_fd)
    yield output, write_fd
    output.close()


def test_output_is_kept_whole_while_it_is_short(stream: tuple[Output, int]) -> None:
    output, write_fd = stream
    output.pump()  # nothing there
    os.write(write_fd, b"one\n")
    output.pump()
    os.write(write_fd, b"two\n")
    output.pump()

    assert output.kept() == (b"one\ntwo\n", 0, b"")
    assert not output.ended
    os.close(write_fd)
    output.pump()
    assert output.ended


def test_of_a_flood_the_head_and_the_tail_are_kept(stream: tuple[Output, int]) -> None:
    output, write_fd = stream
    block = bytes(range(256)) * 128
    count = 3 * (HEAD_BYTES + TAIL_BYTES) // len(block)
    for _ in range(count):
        os.write(write_fd, block)
        output.pump()
    os.write(write_fd, b"the end\n")
    output.pump()
    os.close(write_fd)

    head, left_out, tail = output.kept()
    everything = block * count + b"the end\n"
    assert head == everything[:HEAD_BYTES]
    assert tail == everything[-TAIL_BYTES:]
    assert left_out == len(everything) - HEAD_BYTES - TAIL_BYTES
    assert output.total_bytes == len(everything)


def test_just_as_much_as_is_kept_is_not_cut(stream: tuple[Output, int]) -> None:
    output, write_fd = stream
    for _ in range((HEAD_BYTES + TAIL_BYTES) // 4096):
        os.write(write_fd, b"x" * 4096)
        output.pump()
    os.close(write_fd)

    head, left_out, tail = output.kept()
    assert (len(head), left_out, len(tail)) == (HEAD_BYTES, 0, TAIL_BYTES)


def test_a_terminal_whose_other_side_is_gone_has_ended() -> None:
    ours, theirs = os.openpty()
    output = Output(ours)
    os.write(theirs, b"bye")
    os.close(theirs)

    output.pump()
    output.pump()

    assert (output.kept()[0], output.ended) == (b"bye", True)
    output.close()


@pytest.mark.parametrize("size", [0, 1, 2, 63, 64, 65, 128, 1000, 1 << 16])
def test_a_pattern_has_its_size_and_ends_in_a_newline(size: int) -> None:
    found = conns.pattern(size)

    assert len(found) == size
    assert found.endswith(b"\n" * (size > 0))
    lines = bytes(found[:-1]).split(b"\n")
    assert len(lines) == len(set(lines))


@pytest.fixture
def poll() -> Iterator[select.epoll]:
    with select.epoll() as poll:
        yield poll


@pytest.fixture
def both(poll: select.epoll) -> Iterator[tuple[conns.Connection, socket.socket]]:
    """A client, and the server's end of its connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = conns.connect(listener.getsockname(), poll)
        server, _ = listener.accept()
        turn(poll, client)
        with server:
            yield client, server
    client.close(reset=False)


def turn(poll: select.epoll, client: conns.Connection) -> None:
    """Let *client* do what it can now, as the agent's loop does."""
    for _, events in poll.poll(1.0):
        client.ready(events)


def test_a_client_talks_and_half_closes(
    poll: select.epoll, both: tuple[conns.Connection, socket.socket]
) -> None:
    client, server = both
    client.give(b"hello\n", half_close=True)

    assert server.recv(99) == b"hello\n"
    assert server.recv(99) == b""
    server.sendall(b"hello\n")
    turn(poll, client)
    server.close()
    turn(poll, client)

    state = client.state()
    assert (state["given"], state["flushed"], state["received"]) == (6, 6, 6)
    assert (state["eof"], state["error"]) == (True, None)
    assert client.over
    assert client.first_difference() is None


def test_a_client_keeps_what_came_before_a_reset(
    poll: select.epoll, both: tuple[conns.Connection, socket.socket]
) -> None:
    client, server = both
    client.give(b"unread", half_close=False)
    server.sendall(b"so far")
    server.close()  # with bytes unread: RST
    while not client.over:
        turn(poll, client)

    assert client.state()["error"] == "ECONNRESET"
    assert bytes(client.received) == b"so far"
    assert not poll.poll(0), "nothing more is heard of it"


def test_a_client_that_does_not_read_leaves_it_in_the_queue(
    poll: select.epoll, both: tuple[conns.Connection, socket.socket]
) -> None:
    client, server = both
    client.reading = False
    client.watch()
    server.sendall(b"x")
    assert not poll.poll(0.05)
    client.reading = True
    client.watch()
    turn(poll, client)

    assert client.received_bytes == 1


def test_the_inode_is_that_of_the_servers_end(
    both: tuple[conns.Connection, socket.socket],
) -> None:
    client, server = both

    assert client.state()["inode"] == os.fstat(server.fileno()).st_ino


def test_a_client_that_resets(both: tuple[conns.Connection, socket.socket]) -> None:
    client, server = both
    client.close(reset=True)

    with pytest.raises(ConnectionResetError):
        server.recv(1)


def test_a_port_where_nobody_listens_refuses(poll: select.epoll) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    client = conns.connect(address, poll)
    turn(poll, client)

    assert client.state()["error"] == "ECONNREFUSED"
    assert not client.connected
    client.close(reset=False)


@pytest.mark.parametrize(
    ("sent", "received", "place"),
    [
        (b"", b"", None),
        (b"abc", b"", None),
        (b"abc", b"ab", None),
        (b"abc", b"abc", None),
        (b"abc", b"abcd", 3),
        (b"", b"x", 0),
        (b"abc", b"xbc", 0),
        (b"abc", b"axc", 1),
        (b"abc", b"abx", 2),
        (b"abcdefgh" * 1000, b"abcdefgh" * 999 + b"abcdefgH", 7999),
    ],
)
def test_the_first_difference(
    both: tuple[conns.Connection, socket.socket], sent: bytes, received: bytes, place: int | None
) -> None:
    client, _ = both
    client.sent, client.received = bytearray(sent), bytearray(received)

    assert client.first_difference() == place


@settings(deadline=None)
@given(sent=st.binary(max_size=40), received=st.binary(max_size=40))
def test_the_first_difference_of_anything(sent: bytes, received: bytes) -> None:
    client = conns.Connection.__new__(conns.Connection)
    client.sent, client.received = bytearray(sent), bytearray(received)
    pairs = enumerate(zip(sent, received, strict=False))
    naive = next((i for i, (a, b) in pairs if a != b), None)
    if naive is None and len(received) > len(sent):
        naive = len(sent)

    assert client.first_difference() == naive


def test_an_operation_is_late_when_time_is_over_and_20_looks_were_made() -> None:
    pending = Pending(lambda: None, lambda: ("late", b""), 0.0)

    answers = [pending.answer() for _ in range(MIN_LOOKS)]

    assert answers == [None] * (MIN_LOOKS - 1) + [("late", b"")]


def test_an_operation_is_not_late_before_its_time() -> None:
    pending = Pending(lambda: None, lambda: ("late", b""), 60.0)

    assert [pending.answer() for _ in range(3 * MIN_LOOKS)] == [None] * 3 * MIN_LOOKS


def test_an_answer_at_the_last_look_is_no_late_one() -> None:
    looks = iter(range(MIN_LOOKS))
    pending = Pending(
        lambda: ("there", b"") if next(looks) == MIN_LOOKS - 1 else None, lambda: ("late", b""), 0.0
    )

    assert [pending.answer() for _ in range(MIN_LOOKS)][-1] == ("there", b"")


def test_a_deadline_may_count_from_the_last_progress() -> None:
    moved = 0.0
    pending = Pending(lambda: None, lambda: ("late", b""), 1.0, since=lambda: moved)

    assert pending.rest_s() < 0
    moved = pending.began + 100
    assert pending.rest_s() > 90


def test_the_work_folder_has_links_to_the_programs_files(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files/server").write_text("#!/bin/sh\n")

    work.make(str(tmp_path / "work"), None, str(tmp_path / "files"))

    assert (tmp_path / "work/server").resolve() == tmp_path / "files/server"


def test_a_folder_is_removed_whatever_is_in_it(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    folder = tmp_path / "work-1"
    (folder / "a/b").mkdir(parents=True)
    (folder / "a/b/file").touch(mode=0)
    (folder / "a/b").chmod(0)
    (folder / "a").chmod(0o500)
    (folder / "link").symlink_to(outside)
    (folder / "broken").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    (folder / "odd \n name").mkdir()
    (folder / b"\xff".decode(errors="surrogateescape")).touch()
    (folder / "work-1.0").mkdir()
    os.mkfifo(folder / "fifo")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(folder / "socket"))

    work.remove(str(folder))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["outside"]
    assert (outside / "kept").exists()


def test_a_folder_that_is_not_there_is_removed_already(tmp_path: Path) -> None:
    work.remove(str(tmp_path / "work-1"))


NEST = """
import os, sys
os.chdir(sys.argv[1])
for _ in range(1500):
    os.mkdir("deeper")
    os.chdir("deeper")
open("file", "w").close()
"""


def test_a_folder_deeper_than_a_path_may_be_long_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "work-1"
    folder.mkdir()
    subprocess.run([sys.executable, "-c", NEST, folder], check=True)

    with pytest.raises(OSError, match="File name too long"):
        work.hand_over(str(folder), os.geteuid())
    work.remove(str(folder))

    assert list(tmp_path.iterdir()) == []
