"""What the kernel says of sockets that are made here, and the text of /proc/net."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from forklab.agent import sockdiag

ESTABLISHED, CLOSE_WAIT, FIN_WAIT2, LISTEN = 1, 8, 5, 10
LOOKS = 10_000


def has_ipv6() -> bool:
    """Whether this place has ::1."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def inode(held: socket.socket) -> int:
    """The inode of a socket of ours."""
    return os.fstat(held.fileno()).st_ino


def row_between(port: int, peer_port: int, state: int, unread: int) -> sockdiag.TcpRow:
    """The row between these ports, once it is in *state* and so many bytes have come."""
    for _ in range(LOOKS):
        (row,) = [row for row in sockdiag.tcp() if (row[3], row[5]) == (port, peer_port)]
        if (row[1], row[6]) == (state, unread):
            break
    return row


def row_of(held: socket.socket) -> sockdiag.TcpRow:
    """The row of a socket of ours."""
    (row,) = [row for row in sockdiag.tcp() if row[8] == inode(held)]
    return row


def test_a_listener_and_both_ends_of_a_connection() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=7) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            mine = client.getsockname()[1]
            server, _ = listener.accept()
            with server:
                client.sendall(b"hello")
                server.recv(1, socket.MSG_PEEK)

                assert row_of(listener)[:8] == (4, LISTEN, "127.0.0.1", port, "0.0.0.0", 0, 0, 7)
                assert row_of(server)[:7] == (
                    4, ESTABLISHED, "127.0.0.1", port, "127.0.0.1", mine, 5,
                )  # fmt: skip
                assert row_of(client)[2:6] == ("127.0.0.1", mine, "127.0.0.1", port)
                ends = (("127.0.0.1", port), ("127.0.0.1", mine))
                assert sockdiag.connection_inode(*ends) == inode(server)
                assert sockdiag.connection_inode(*reversed(ends)) == inode(client)


def test_a_connection_not_yet_accepted_has_inode_0_and_its_bytes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"hello")
            mine = client.getsockname()[1]

            waits = row_between(port, mine, ESTABLISHED, 5)
            assert (waits[1], waits[6], waits[8]) == (ESTABLISHED, 5, 0)
            assert row_of(listener)[6] == 1  # one waits to be accepted
            ends = (("127.0.0.1", port), ("127.0.0.1", mine))
            assert sockdiag.connection_inode(*ends) == 0

            client.shutdown(socket.SHUT_WR)
            waits = row_between(port, mine, CLOSE_WAIT, 6)  # the end counts
            assert (waits[1], waits[6]) == (CLOSE_WAIT, 6)


def test_a_connection_that_its_server_has_closed_has_inode_0_in_another_state() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            server, _ = listener.accept()
            server.close()
            client.recv(1)

            mine = client.getsockname()[1]
            closed = row_between(port, mine, FIN_WAIT2, 0)
            assert (closed[1], closed[8]) == (FIN_WAIT2, 0)


def test_only_listeners_are_told_where_only_they_are_asked_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        rows = sockdiag.tcp(sockdiag.LISTEN_ONLY)

        assert inode(listener) in {row[8] for row in rows}
        assert {row[1] for row in rows} == {LISTEN}


@pytest.mark.skipif(not has_ipv6(), reason="this place has no ::1")
def test_ipv6_and_ipv4_by_one_socket() -> None:
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as listener:
        port = listener.getsockname()[1]
        assert row_of(listener)[:4] == (6, LISTEN, "::", port)
        for host, shown in (("::1", "::1"), ("127.0.0.1", "::ffff:127.0.0.1")):
            with socket.create_connection((host, port)) as client:
                mine = client.getsockname()[1]
                server, _ = listener.accept()
                with server:
                    assert row_of(server)[:6] == (6, ESTABLISHED, shown, port, shown, mine)
                    ends = ((host, port), (host, mine))
                    assert sockdiag.connection_inode(*ends) == inode(server)
                    assert sockdiag.connection_inode(*reversed(ends)) == inode(client)


def test_a_connection_that_is_not_there_has_inode_0() -> None:
    assert sockdiag.connection_inode(("127.0.0.1", 1), ("127.0.0.1", 2)) == 0
    assert sockdiag.connection_inode(("::1", 1), ("::1", 2)) == 0


def test_proc_says_the_same_but_for_the_backlog() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
        listener.accept()[0] as server,
    ):
        client.sendall(b"hello")
        row_between(listener.getsockname()[1], client.getsockname()[1], ESTABLISHED, 5)
        mine = {inode(held) for held in (listener, client, server)}
        asked = {row for row in sockdiag.tcp() if row[8] in mine}
        printed = {row for row in sockdiag._tcp_from_proc() if row[8] in mine}

    backlog = {(*row[:7], 0, row[8]) if row[1] == LISTEN else row for row in asked}
    assert printed == backlog
    assert len(printed) == 3


# Lines of /proc/net/tcp and tcp6 of a machine whose words are little-endian.
LITTLE = sys.byteorder == "little"
LINES = [
    (
        4,
        "   0: 0100007F:1B59 00000000:0000 0A 00000000:00000002 00:00000000 00000000"
        "  1000        0 41257 1 0000000000000000 100 0 0 10 0\n",
        (4, LISTEN, "127.0.0.1", 7001, "0.0.0.0", 0, 2, 0, 41257),
    ),
    (
        4,
        "  13: 0100007F:1B59 0100007F:C351 01 00000010:000000FF 02:00000A3C 00000000"
        "     0        0 0 2 0000000000000000 20 4 30 10 -1",
        (4, ESTABLISHED, "127.0.0.1", 7001, "127.0.0.1", 50001, 255, 16, 0),
    ),
    (
        6,
        "   1: 00000000000000000000000000000000:1B59 00000000000000000000000000000000:0000 0A"
        " 00000000:00000000 00:00000000 00000000     0        0 777 1 0000000000000000 100 0 0",
        (6, LISTEN, "::", 7001, "::", 0, 0, 0, 777),
    ),
    (
        6,
        "   2: 00000000000000000000000001000000:1B59 00000000000000000000000001000000:C351 08"
        " 00000000:00000001 00:00000000 00000000     0        0 778 1 0000000000000000 20 4 0",
        (6, CLOSE_WAIT, "::1", 7001, "::1", 50001, 1, 0, 778),
    ),
    (
        6,
        "   3: 0000000000000000FFFF00000100007F:1B59 0000000000000000FFFF00000100007F:C351 01"
        " 00000000:00000000 00:00000000 00000000     0        0 779 1 0000000000000000 20 4 0",
        (6, ESTABLISHED, "::ffff:127.0.0.1", 7001, "::ffff:127.0.0.1", 50001, 0, 0, 779),
    ),
    (
        6,
        "   4: B80D01200000000000000000EFCDAB89:0016 B80D0120000000000000000001000000:C351 01"
        " 00000000:00000000 00:00000000 00000000     0        0 780 1 0000000000000000 20 4 0",
        (6, ESTABLISHED, "2001:db8::89ab:cdef", 22, "2001:db8::1", 50001, 0, 0, 780),
    ),
]


@pytest.mark.skipif(not LITTLE, reason="these lines were printed by another kind of machine")
@pytest.mark.parametrize(("version", "line", "row"), LINES)
def test_a_line_of_proc(version: int, line: str, row: sockdiag.TcpRow) -> None:
    assert sockdiag.parse_proc_line(version, line) == row


KINDS = [socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET]


def unix_row(held: socket.socket) -> sockdiag.UnixRow:
    """The row of a Unix socket of ours."""
    (row,) = [row for row in sockdiag.unix() if row[0] == inode(held)]
    return row


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_both_ends_of_a_pair_name_each_other(kind: socket.SocketKind) -> None:
    a, b = socket.socketpair(type=kind)
    with a, b:
        a.send(b"hello")

        assert unix_row(a) == (inode(a), kind, 1, inode(b), 0, 0)
        assert unix_row(b) == (inode(b), kind, 1, inode(a), 5, 0)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_survivor_of_a_pair_has_no_peer_and_keeps_its_bytes(kind: socket.SocketKind) -> None:
    a, b = socket.socketpair(type=kind)
    with b:
        a.send(b"hello")
        dead = inode(a)
        a.close()

        _, _, _, peer, unread, shutdown = unix_row(b)
        assert (peer, unread) == (0, 5)
        assert shutdown == (0 if kind == socket.SOCK_DGRAM else 3)
        assert dead not in {row[0] for row in sockdiag.unix()}


def test_a_half_closed_pair() -> None:
    a, b = socket.socketpair()
    with a, b:
        a.shutdown(socket.SHUT_WR)

        assert (unix_row(a)[5], unix_row(b)[5]) == (2, 1)


def test_a_socket_in_flight_is_alive_though_nobody_holds_it() -> None:
    a, b = socket.socketpair()
    c, d = socket.socketpair()
    with a, b, d:
        travels = inode(c)
        socket.send_fds(a, [b"c"], [c.fileno()])
        c.close()

        assert unix_row(d)[3] == travels
        assert travels in {row[0] for row in sockdiag.unix()}
        assert unix_row(b)[4] == 1
