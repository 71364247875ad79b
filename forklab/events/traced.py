"""What happened, as strace tells it: who forked, accepted, passed, closed, waited for whom.

A second sensor beside the looks. It knows what comes and goes between two of them, and by whom each
child was reaped; but a traced program is a slower one, so nothing of it decides a verdict.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from forklab.events.event import A_CLIENT, HARNESS, SERVER, SOMEBODY, Change, PeerAt, Who
from forklab.events.strace_lines import Line
from forklab.facts.snapshot import Key

FORKS = frozenset({"fork", "vfork", "clone", "clone3"})
NUMBER = re.compile(r"-?\d{1,9}", re.ASCII)
FD = re.compile(r"(\d{1,9})<([\w-]+):\[(.*?)\]>", re.ASCII)
PASSED = re.compile(r"cmsg_type=SCM_RIGHTS, cmsg_data=\[(.*?)\]\}", re.ASCII)
A_FD = re.compile(r"\d{1,9}<[\w-]+:\[.*?\]>", re.ASCII)
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
ESCAPE = re.compile(r"\\([0-7]{1,3}|.)")
ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "v": "\v", "f": "\f"}
SOCKETS = {"TCP": "connection", "TCPv6": "connection"}
EXITED = re.compile(r"WIFEXITED\(s\) && WEXITSTATUS\(s\) == (\d{1,3})", re.ASCII)
KILLED = re.compile(r"WIFSIGNALED\(s\) && WTERMSIG\(s\) == (SIG\w+)", re.ASCII)


class Named(NamedTuple):
    """What is known of the start beside the trace.

    Attributes:
        key: gives (pid, start ticks) of a pid.
        port: where the program listens, or whom it connects to.
        agent: pid of the agent, who sends the harness's signals.
    """

    key: Callable[[int], Key]
    port: int
    agent: int


def again(check: str) -> str:
    """Return the name that *check* has in the log when it runs once more under strace."""
    return f"{check}:traced"


def forks(lines: Iterable[Line]) -> Iterator[tuple[int, int]]:
    """Yield (parent, child), pids, of each process that was forked, in this order."""
    threads: dict[int, int] = {}
    for line in lines:
        child = _returned(line)
        if line.kind == "call" and line.name in FORKS and child > 0:
            parent = threads.get(line.pid, line.pid)
            if "CLONE_THREAD" in line.text:
                threads[child] = parent
            else:
                yield parent, child


def changes(lines: Iterable[Line], named: Named) -> list[Change]:
    """Return what *lines* tell, in seconds of the wall clock, in their order.

    Calls that failed, descriptors that are no socket, and what a process closes by ending, by
    dup2(2) or by close_range(2) are not told.
    """
    lines = list(lines)
    return list(_Trace(lines, named).changes())


def _returned(line: Line) -> int:
    """Return the number that a call gave back; -1 for an error, and where there is none."""
    found = NUMBER.match(line.result)
    return int(found[0]) if found else -1


class _Trace:
    """One trace: its threads are their process, and who receives is looked for behind who sends."""

    def __init__(self, lines: list[Line], named: Named) -> None:
        self.lines, self.named = lines, named
        self.threads: dict[int, int] = {}
        self.pids = {line.pid for line in lines} | {child for _, child in forks(lines)}
        self.received = self._received()
        self.told: dict[str, Callable[[Line], Iterator[Change]]] = {
            "accept": self._accept, "accept4": self._accept, "close": self._close,
            "connect": self._connect, "execve": self._exec, "execveat": self._exec,
            "kill": self._kill, "tkill": self._kill, "tgkill": self._kill, "listen": self._listen,
            "sendmsg": self._pass, "shutdown": self._shutdown, "wait4": self._reap,
            "waitid": self._reap_by_id, **dict.fromkeys(FORKS, self._fork),
        }  # fmt: skip

    def changes(self) -> Iterator[Change]:
        for line in self.lines:
            if line.kind != "call":
                yield from self._untold(line)
            elif line.name in self.told and _returned(line) >= 0:
                yield from self.told[line.name](line)

    def _change(self, line: Line, kind: str, **more: Any) -> Change:
        facts = {name: value for name, value in more.items() if name not in ("t", "to", "of")}
        other = {name: more.get(name, "") for name in ("to", "of")}
        pid = self.threads.get(line.pid, line.pid)
        return Change(
            more.get("t", line.t), kind, self.named.key(pid), "strace", facts=facts, **other
        )

    def _untold(self, line: Line) -> Iterator[Change]:
        """What is no call: a signal that is delivered, a stop, an end; a thread's end is none."""
        if line.kind == "signal":
            yield self._change(line, "signalled", to=self._sender(line.text), signal=line.name)
        elif line.kind == "stopped":
            yield self._change(line, "stopped")
        elif line.pid not in self.threads:
            killed = line.kind == "killed"
            facts = {"signal": line.name} if killed else {"status": _status(line.name)}
            yield self._change(line, "exit", **facts)

    def _sender(self, siginfo: str) -> Who:
        """Who sent the signal, or whose end it tells; "" if siginfo does not say."""
        found = re.search(r"si_pid=(\d{1,9})", siginfo)
        pid = int(found[1]) if found else 0
        if pid in self.pids:
            return self.named.key(pid)
        return HARNESS if pid == self.named.agent and pid else ""

    # processes

    def _exec(self, line: Line) -> Iterator[Change]:
        words = line.text.partition("[")[2].rpartition("]")[0]
        yield self._change(line, "exec", argv=[_plain(word) for word in STRING.findall(words)])

    def _fork(self, line: Line) -> Iterator[Change]:
        child = _returned(line)
        if not child:
            return
        if "CLONE_THREAD" in line.text:
            self.threads[child] = self.threads.get(line.pid, line.pid)
        else:  # the child may do something before its parent comes back from the call
            yield self._change(line, "fork", t=line.began, to=self.named.key(child))

    def _reap(self, line: Line) -> Iterator[Change]:
        ended = _how(line.text)
        if ended and _returned(line):
            yield self._change(line, "reap", to=self.named.key(_returned(line)), **ended)

    def _reap_by_id(self, line: Line) -> Iterator[Change]:
        """Of waitid: what was only looked at (WNOWAIT), stopped or went on is not reaped."""
        pid = re.search(r"si_pid=(\d{1,9})", line.text)
        code = re.search(r"si_code=CLD_(EXITED|KILLED|DUMPED)", line.text)
        if pid is None or code is None or "WNOWAIT" in line.text:
            return
        status = re.search(r"si_status=(\w{1,20})", line.text)
        said = status[1] if status else ""
        facts = {"status": _status(said)} if code[1] == "EXITED" else {"signal": said}
        yield self._change(line, "reap", to=self.named.key(int(pid[1])), **facts)

    def _kill(self, line: Line) -> Iterator[Change]:
        """A signal that the program sends; number 0 only asks whether somebody is there."""
        *targets, name = (word.strip() for word in line.text.split(","))
        if not name.startswith("SIG") or not targets or not NUMBER.fullmatch(targets[0]):
            return
        pid = int(targets[0])
        group = {"group": True} if pid <= 0 and line.name == "kill" else {}
        to = self.named.key(abs(pid) or line.pid) if pid != -1 else SOMEBODY
        yield self._change(line, "signal", to=to, signal=name, **group)

    # sockets

    def _listen(self, line: Line) -> Iterator[Change]:
        fd = FD.match(line.text)
        if fd is not None:
            yield self._change(line, "listen", port=_port(fd[3]))

    def _accept(self, line: Line) -> Iterator[Change]:
        if fd := _socket(line.result, self.named.port):
            yield self._change(line, "accept", to=fd.of, fd=fd.number)

    def _connect(self, line: Line) -> Iterator[Change]:
        if "AF_INET" in line.text:
            yield self._change(line, "connect", to=SERVER)

    def _close(self, line: Line) -> Iterator[Change]:
        if fd := _socket(line.text, self.named.port):
            yield self._change(line, "close", of=fd.of, what=fd.what, fd=fd.number)

    def _shutdown(self, line: Line) -> Iterator[Change]:
        if fd := _socket(line.text, self.named.port):
            how = line.text.rpartition(", ")[2]
            yield self._change(line, "shutdown", of=fd.of, what=fd.what, fd=fd.number, how=how)

    def _pass(self, line: Line) -> Iterator[Change]:
        """Who sends, to who receives: over a pair of Unix sockets the first is the first."""
        for fd in _carried(line, self.named.port):
            ends = _ends(line.text)
            waiting = self.received.get((ends[1], ends[0]))
            to, number = waiting.popleft() if waiting else (SOMEBODY, fd.number)
            yield self._change(line, "pass", t=line.began, to=to, of=fd.of, what=fd.what, fd=number)

    def _received(self) -> dict[tuple[str, str], deque[tuple[Who, int]]]:
        """Who received a descriptor, and as which number, by the ends of the channel."""
        found: dict[tuple[str, str], deque[tuple[Who, int]]] = {}
        for line in self.lines:
            if line.kind == "call" and line.name == "recvmsg" and _returned(line) >= 0:
                for fd in _carried(line, self.named.port):
                    who = self.named.key(line.pid)
                    found.setdefault(_ends(line.text), deque()).append((who, fd.number))
        return found


class _Socket(NamedTuple):
    number: int
    what: str
    of: Who


def _socket(text: str, port: int) -> _Socket | None:
    """Return what the descriptor at the begin of *text* is of; None if of no socket."""
    found = FD.match(text)
    if found is None:
        return None
    number, kind, ends = int(found[1]), found[2], found[3]
    if kind.startswith("UNIX"):
        return _Socket(number, "unix", "")
    if kind not in SOCKETS:
        return _Socket(number, "socket", "") if kind == "socket" else None
    near, arrow, far = ends.partition("->")
    if not arrow:
        return _Socket(number, "listener" if ":" in near else "socket", "")
    mine, theirs = _port(near), _port(far)
    if theirs == port:  # the program is the client
        return _Socket(number, "connection", PeerAt(mine, SERVER))
    return _Socket(number, "connection", PeerAt(theirs, A_CLIENT))


def _port(address: str) -> int:
    """Return the port of an address, such as 127.0.0.1:7001 or [::1]:7001; 0 if it has none."""
    word = address.rpartition(":")[2]
    return int(word) if word.isascii() and word.isdigit() and len(word) < 6 else 0


def _carried(line: Line, port: int) -> list[_Socket]:
    """Return the sockets that a message carries (unix(7), SCM_RIGHTS)."""
    found = PASSED.search(line.text)
    if found is None:
        return []
    sockets = (_socket(word, port) for word in A_FD.findall(found[1]))
    return [fd for fd in sockets if fd is not None]


def _ends(text: str) -> tuple[str, str]:
    """Return inode of this end and of the other one, of the Unix socket that *text* begins with."""
    found = re.match(r"\d{1,9}<UNIX[\w-]*:\[(\d{1,20})->(\d{1,20})", text)
    return (found[1], found[2]) if found else ("", "")


def _how(text: str) -> dict[str, Any]:
    """How a child ended, by its wait status; empty if it only stopped, or went on."""
    if found := EXITED.search(text):
        return {"status": _status(found[1])}
    found = KILLED.search(text)
    return {"signal": found[1]} if found else {}


def _status(word: str) -> int:
    return int(word) & 0xFF if word.isascii() and word.isdigit() and len(word) < 10 else 0


def _plain(text: str) -> str:
    """Return a string as it was before strace escaped it, as far as that is text."""

    def meant(found: re.Match[str]) -> str:
        word = found[1]
        return chr(int(word, 8) & 0xFF) if word[0] in "01234567" else ESCAPED.get(word, word)

    return ESCAPE.sub(meant, text).encode("latin-1", "replace").decode("utf-8", "replace")
