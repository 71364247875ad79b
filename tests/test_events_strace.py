"""What strace tells: literal lines become events, and no text can make that fail."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forklab.errors import LabUnsupported
from forklab.events.event import HARNESS, SOMEBODY, Change, PeerAt
from forklab.events.strace_lines import Line, read
from forklab.events.traced import Named, changes, forks
from forklab.facts.snapshot import Key
from forklab.program.journal import Journal
from forklab.program.spec import Spec
from forklab.program.traced import TracedJournal, TracedLab
from forklab.sandbox.link import AgentRefused, Link, Reply
from tests.documents import HERE

PORT, AGENT = 7001, 1
CLIENT = PeerAt(42760, "a client")
CONN = "TCP:[127.0.0.1:7001->127.0.0.1:42760]"
SIX = "TCPv6:[[::ffff:127.0.0.1]:7001->[::ffff:127.0.0.1]:42760]"
ENDED = "[{WIFEXITED(s) && WEXITSTATUS(s) == 3}]"
RIGHTS = '{{msg_name=NULL, msg_namelen=0, msg_iov=[{{iov_base="c", iov_len=1}}], msg_iovlen=1, msg_control=[{{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[{}]}}], msg_controllen=24, msg_flags=0}}'  # noqa: E501


def key(pid: int) -> Key:
    return (pid, 0)


def told(*texts: str) -> list[Change]:
    """What lines tell that come a tenth of a second after one another; each begins with its pid."""
    lines = []
    for number, text in enumerate(texts):
        pid, _, rest = text.partition(" ")
        lines.append(f"{pid}     1000.{number}00000 {rest}")
    return changes(read("\n".join(lines)), Named(key, PORT, AGENT))


def short(found: list[Change]) -> list[tuple[Any, ...]]:
    """Kind, who, to, of and facts of each."""
    assert {change.known for change in found} <= {"strace"}
    return [(c.kind, c.who, c.to, c.of, dict(c.facts)) for c in found]


# lines


def test_a_call_lasts_as_long_as_its_end_says() -> None:
    line = next(read("7     1000.500000 accept4(3<TCP:[0.0.0.0:7001]>, NULL, NULL, 0) = 6 <0.25>"))

    assert line == Line(
        1000.5, 1000.75, 7, "call", "accept4", "3<TCP:[0.0.0.0:7001]>, NULL, NULL, 0", "6"
    )


def test_a_call_that_was_cut_in_two_is_one() -> None:
    text = """\
7     1000.100000 wait4(14,  <unfinished ...>
23    1000.200000 +++ exited with 0 +++
7     1000.300000 <... wait4 resumed>[{WIFEXITED(s)}], 0, NULL) = 14 <0.200000>
7     1000.400000 close(6<TCP:[55]> <unfinished ...>
8     1000.500000 --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=1, si_uid=0} ---
7     1000.600000 <... close resumed>)        = 0 <0.200000>
7     1000.700000 fork( <unfinished ...>
7     1000.800000 <... fork resumed>)         = 24
"""
    assert list(read(text)) == [
        Line(1000.2, 1000.2, 23, "exited", "0"),
        Line(1000.1, 1000.3, 7, "call", "wait4", "14, [{WIFEXITED(s)}], 0, NULL", "14"),
        Line(
            1000.5, 1000.5, 8, "signal", "SIGTERM",
            "{si_signo=SIGTERM, si_code=SI_USER, si_pid=1, si_uid=0}",
        ),
        Line(1000.4, 1000.6, 7, "call", "close", "6<TCP:[55]>", "0"),
        Line(1000.7, 1000.8, 7, "call", "fork", "", "24"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "",
        "strace: Process 7 attached",
        "7     1000.1 <... close resumed>) = 0",  # its begin was left out
        "7     1000.1 recvmsg(5<UNIX-STREAM:[1->2]>,  <unfinished ...>) = ?",  # it was killed
        "7     1000.1 +++ superseded by execve in pid 9 +++",
        "7 close(3) = 0",
        "9999999999999 1000.1 close(3) = 0",
        "7     1000.1 close(3" + "x" * 9000 + ") = 0",
    ],
)
def test_what_is_no_whole_line_is_left_out(text: str) -> None:
    assert list(read(text)) == []


def test_a_process_that_ends_in_a_call_leaves_nothing_of_it_to_the_next_of_its_pid() -> None:
    text = "7 1.1 close(3<TCP:[5]> <unfinished ...>\n7 1.2 <... wait4 resumed>NULL, 0) = 9 <0.1>"
    assert list(read(text)) == []


# processes


def test_fork_exec_exit_and_reap_are_told() -> None:
    found = told(
        '7 execve("/bin/python3", ["python3", "a \\"b\\"", "\\303\\251\\n"...], 0x7 /* 6 */) = 0',
        "7 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f) = 14",
        "7 vfork() = 15",
        "14 +++ exited with 3 +++",
        "15 +++ killed by SIGSEGV (core dumped) +++",
        f"7 wait4(-1, {ENDED}, WNOHANG, NULL) = 14",
        "7 wait4(-1, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGSEGV && WCOREDUMP(s)}], 0, NULL) = 15",
    )  # fmt: skip
    assert short(found) == [
        ("exec", key(7), "", "", {"argv": ["python3", 'a "b"', "é\n"]}),
        ("fork", key(7), key(14), "", {}),
        ("fork", key(7), key(15), "", {}),
        ("exit", key(14), "", "", {"status": 3}),
        ("exit", key(15), "", "", {"signal": "SIGSEGV"}),
        ("reap", key(7), key(14), "", {"status": 3}),
        ("reap", key(7), key(15), "", {"signal": "SIGSEGV"}),
    ]


def test_a_fork_is_before_what_its_child_does() -> None:
    found = told(
        "7 clone(child_stack=NULL, flags=SIGCHLD,  <unfinished ...>",
        "14 close(3<TCP:[0.0.0.0:7001]>) = 0",
        "7 <... clone resumed>child_tidptr=0x7f) = 14",
    )
    fork = next(change for change in found if change.kind == "fork")
    assert fork.t == 1000.0
    assert fork.t < next(change.t for change in found if change.kind == "close")


@pytest.mark.parametrize(
    "call",
    [
        "wait4(-1, 0x7ffc, WNOHANG, NULL) = 0",
        "wait4(-1, NULL, 0, NULL) = -1 ECHILD (No child processes)",
        "wait4(-1, [{WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP}], WUNTRACED, NULL) = 14",
        "waitid(P_ALL, 0, {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=14, si_status=0}, "
        "WEXITED|WNOWAIT, NULL) = 0",
        "waitid(P_ALL, 0, {si_signo=SIGCHLD, si_code=CLD_STOPPED, si_pid=14, si_status=SIGSTOP}, "
        "WSTOPPED, NULL) = 0",
        "waitid(P_ALL, 0, {}, WNOHANG|WEXITED, NULL) = 0",
    ],
)
def test_who_is_not_collected_is_not_reaped(call: str) -> None:
    assert told("7 " + call) == []


@pytest.mark.parametrize(
    ("code", "status", "facts"),
    [
        ("CLD_EXITED", "3", {"status": 3}),
        ("CLD_KILLED", "SIGKILL", {"signal": "SIGKILL"}),
        ("CLD_DUMPED", "SIGSEGV", {"signal": "SIGSEGV"}),
    ],
)
def test_waitid_reaps(code: str, status: str, facts: dict[str, Any]) -> None:
    found = told(
        f"7 waitid(P_PID, 14, {{si_signo=SIGCHLD, si_code={code}, si_pid=14, si_uid=0, "
        f"si_status={status}, si_utime=0, si_stime=0}}, WEXITED, NULL) = 0"
    )
    assert short(found) == [("reap", key(7), key(14), "", facts)]


def test_a_thread_is_its_process() -> None:
    found = told(
        "7 clone3({flags=CLONE_VM|CLONE_THREAD|CLONE_SIGHAND, exit_signal=0}, 88) = 8",
        f"8 close(4<{CONN}>) = 0",
        "8 clone(child_stack=NULL, flags=SIGCHLD, child_tidptr=0x7f) = 9",
        "8 +++ exited with 0 +++",
    )
    assert [(c.kind, c.who, c.to) for c in found] == [
        ("close", key(7), ""),
        ("fork", key(7), key(9)),
    ]
    lines = read("7 1.1 clone3({flags=CLONE_THREAD}, 88) = 8\n8 1.2 fork() = 9")
    assert list(forks(lines)) == [(7, 9)]


# signals


def test_signals_that_are_sent_and_delivered_are_told() -> None:
    found = told(
        "7 fork() = 14",
        "7 kill(14, SIGTERM) = 0",
        "7 kill(14, 0) = 0",
        "7 kill(0, SIGUSR1) = 0",
        "7 tgkill(7, 7, SIGABRT) = 0",
        "7 kill(99, SIGTERM) = -1 ESRCH (No such process)",
        "14 --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=7, si_uid=0} ---",
        "7 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_KILLED, si_pid=14, si_status=SIGTERM} ---",
        "7 --- SIGSTOP {si_signo=SIGSTOP, si_code=SI_USER, si_pid=1, si_uid=0} ---",
        "7 --- stopped by SIGSTOP ---",
        "7 --- SIGPIPE {si_signo=SIGPIPE, si_code=SI_USER, si_pid=4711, si_uid=0} ---",
        "7 --- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL} ---",
    )
    assert short(found)[1:] == [
        ("signal", key(7), key(14), "", {"signal": "SIGTERM"}),
        ("signal", key(7), key(7), "", {"signal": "SIGUSR1", "group": True}),
        ("signal", key(7), key(7), "", {"signal": "SIGABRT"}),
        ("signalled", key(14), key(7), "", {"signal": "SIGTERM"}),
        ("signalled", key(7), key(14), "", {"signal": "SIGCHLD"}),
        ("signalled", key(7), HARNESS, "", {"signal": "SIGSTOP"}),
        ("stopped", key(7), "", "", {}),
        ("signalled", key(7), "", "", {"signal": "SIGPIPE"}),
        ("signalled", key(7), "", "", {"signal": "SIGSEGV"}),
    ]


# sockets


@pytest.mark.parametrize("conn", [CONN, SIX])
def test_accept_shutdown_and_close_name_the_client(conn: str) -> None:
    found = told(
        "7 listen(3<TCP:[0.0.0.0:7001]>, 128) = 0",
        f"7 accept4(3<TCP:[0.0.0.0:7001]>, {{sa_family=AF_INET}}, [16], SOCK_CLOEXEC) = 6<{conn}>",
        "7 accept(3<TCP:[0.0.0.0:7001]>, NULL, NULL) = -1 EAGAIN (Try again)",
        f"7 shutdown(6<{conn}>, SHUT_WR) = 0",
        f"7 close(6<{conn}>) = 0",
        "7 close(3<TCP:[0.0.0.0:7001]>) = 0",
    )
    assert short(found) == [
        ("listen", key(7), "", "", {"port": PORT}),
        ("accept", key(7), CLIENT, "", {"fd": 6}),
        ("shutdown", key(7), "", CLIENT, {"what": "connection", "fd": 6, "how": "SHUT_WR"}),
        ("close", key(7), "", CLIENT, {"what": "connection", "fd": 6}),
        ("close", key(7), "", "", {"what": "listener", "fd": 3}),
    ]


def test_of_a_client_the_other_end_is_the_server() -> None:
    own = "TCP:[127.0.0.1:50000->127.0.0.1:7001]"
    found = told(
        "7 connect(3<TCP:[99]>, {sa_family=AF_INET, sin_port=htons(7001)}, 16) = 0",
        f"7 close(3<{own}>) = 0",
        '7 connect(4<UNIX-STREAM:[9]>, {sa_family=AF_UNIX, sun_path=@"x"}, 16) = 0',
    )
    assert short(found) == [
        ("connect", key(7), "the server", "", {}),
        ("close", key(7), "", PeerAt(50000, "the server"), {"what": "connection", "fd": 3}),
    ]


def test_a_descriptor_that_is_passed_goes_to_who_receives_it() -> None:
    found = told(
        f"7 sendmsg(4<UNIX-STREAM:[57->58]>, {RIGHTS.format(f'6<{CONN}>')}, 0 <unfinished ...>",
        f"14 recvmsg(5<UNIX-STREAM:[58->57]>, {RIGHTS.format(f'3<{CONN}>')}, 0) = 1",
        "7 <... sendmsg resumed>) = 1",
        f"7 sendmsg(8<UNIX-STREAM:[67->68]>, {RIGHTS.format(f'6<{CONN}>')}, 0) = 1",
        f"7 sendmsg(8<UNIX-STREAM:[67->68]>, {RIGHTS.format(f'6<{CONN}>')}, 0) = -1 EPIPE",
        "14 recvmsg(5<UNIX-STREAM:[58->57]>, {msg_controllen=0, msg_flags=0}, 0) = 0",
    )
    assert short(found) == [
        ("pass", key(7), key(14), CLIENT, {"what": "connection", "fd": 3}),
        ("pass", key(7), SOMEBODY, CLIENT, {"what": "connection", "fd": 6}),
    ]
    assert found[0].t == 1000.0  # it was sent before it was received


@pytest.mark.parametrize(
    ("fd", "what"),
    [
        ("5<UNIX-STREAM:[57->58]>", "unix"),
        ('5<UNIX-DGRAM:[57,"/run/x"]>', "unix"),
        ("5<socket:[57]>", "socket"),
        ("5<TCP:[57]>", "socket"),
        ("5<pipe:[57]>", ""),
        ("5</etc/passwd>", ""),
        ("5", ""),
    ],
)
def test_of_descriptors_sockets_alone_are_told(fd: str, what: str) -> None:
    found = told(f"7 close({fd}) = 0")
    assert short(found) == ([("close", key(7), "", "", {"what": what, "fd": 5})] if what else [])


# any text

words = st.sampled_from(
    ["7 ", "1000.1 ", "close(", "kill(", "wait4(", "sendmsg(", "<... close resumed>", "SCM_RIGHTS",
     "<unfinished ...>", ") = ", "-1", "99999999999", "cmsg_type=SCM_RIGHTS, cmsg_data=[", "]}",
     "3<TCP:[", "->", ":70000", "]>", "--- SIGCHLD {", "si_pid=", "} ---", "+++ exited with ",
     "+++", '"\\', '["', "\n", " ", "0", ", ", "SIGTERM", "²"]
) | st.text(max_size=5)  # fmt: skip


@given(st.lists(words).map("".join))
def test_no_text_can_make_it_fail(text: str) -> None:
    found = changes(read(text), Named(key, PORT, AGENT))
    assert all(change.facts.get("fd", 0) >= 0 for change in found)


@given(st.lists(words).map("".join))
def test_no_line_of_a_process_can_make_it_fail(text: str) -> None:
    lines = list(read(f"7 1000.1 {text}"))
    assert len(changes(lines, Named(key, PORT, AGENT))) <= 50 * len(lines)


# the log, and what cannot be traced


def test_the_log_goes_on_under_another_name_and_without_verdict() -> None:
    judged = Journal()
    judged.begin("echoes")
    judged.end("PASS")
    journal = TracedJournal(judged)
    journal.begin("echoes")
    journal.happened("exec", (7, 0), "agent")
    journal.traced(
        read("7 -5 no\n7 1.5 +++ exited with 0 +++\n7 99999.0 +++ exited with 0 +++"),
        Named(key, PORT, AGENT),
        1.5 - judged._began,  # so the first was just at the begin of the run, and one is to come
    )
    journal.end("FAIL")

    events = [(e.check, e.kind, e.known, e.facts.get("verdict")) for e in judged.log.events()]

    assert sorted(events, key=str) == sorted([
        ("echoes:traced", "exit", "strace", None),
        ("echoes", "check-begins", "harness", None),
        ("echoes", "check-ends", "harness", "PASS"),
        ("echoes:traced", "check-begins", "harness", None),
        ("echoes:traced", "check-ends", "harness", None),
    ], key=str)  # fmt: skip


class Place:
    """An agent where strace is missing, or may not trace."""

    def __init__(self, *, missing: bool, trace: bytes = b"") -> None:
        self.hello = {"machine": "x86_64", "is_init": True, "pid": 1}
        self.missing, self.trace = missing, trace

    def call(self, op: str, blob: bytes = b"", **arguments: Any) -> Reply:
        if op == "run" and self.missing:
            raise AgentRefused("exec", "No such file or directory")
        blobs = {"trace_text": self.trace, "output": b"strace: ptrace: Operation not permitted\n"}
        values = {"trace": "/fifo", "traced": 0, "start": {"pid": 7}}
        return Reply(values.get(op), blobs.get(op, b""))


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        (Place(missing=True), "strace is not in this sandbox"),
        (
            Place(missing=False),
            "strace cannot trace a process in this sandbox; it printed: "
            "strace: ptrace: Operation not permitted",
        ),
    ],
)
def test_where_nothing_can_be_traced_one_sentence_says_so(place: Place, sentence: str) -> None:
    lab = TracedLab(cast(Link, place), cast(Spec, SimpleNamespace()), HERE)
    around = SimpleNamespace(content=b"", stdin="pipe", stdout="pty", stderr="pipe", place="work")
    with pytest.raises(LabUnsupported) as raised:
        lab._start(["true"], cast(Any, SimpleNamespace(folder="/x")), 200, cast(Any, around))
    assert str(raised.value) == sentence


def test_a_program_that_has_ended_at_once_was_traced() -> None:
    place = Place(missing=False, trace=b'7 1.1 execve("/bin/true", ["true"], 0x7) = 0\n')
    lab = TracedLab(cast(Link, place), cast(Spec, SimpleNamespace()), HERE)
    around = SimpleNamespace(content=b"", stdin="pipe", stdout="pty", stderr="pipe", place="work")
    started = lab._start(["true"], cast(Any, SimpleNamespace(folder="/x")), 200, cast(Any, around))
    assert started == {"pid": 7}
