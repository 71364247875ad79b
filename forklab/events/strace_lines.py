"""Lines of `strace -f -ttt -T -yy -o FILE`, read: pure, and no line can make it fail.

A call during which another process does something is cut in two: `<unfinished ...>` and, under the
same pid, `<... NAME resumed>` (strace(1)). Whoever wrote the text may have been the program, so
what is no such line is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

LONGEST = 8192  # no line that is meant has more
LINE = re.compile(r"(\d{1,9}) +(\d{1,12}\.\d{1,9}) (.+)", re.ASCII)
CALL = re.compile(r"(\w+)\((.*)\) += (\S+)(.*?)(?: <(\d{1,9}\.\d{1,9})>)?", re.ASCII)
UNFINISHED = re.compile(r"(\w+)\((.*?),? *<unfinished \.\.\.>(\) += \?)?", re.ASCII)
RESUMED = re.compile(r"<\.\.\. (\w+) resumed>(.*)", re.ASCII)
SIGNAL = re.compile(r"--- (SIG\w+) (\{.*\}) ---", re.ASCII)
STOPPED = re.compile(r"--- stopped by (SIG\w+) ---", re.ASCII)
EXITED = re.compile(
    r"\+\+\+ (exited with|killed by) (\w{1,20})(?: \(core dumped\))? \+\+\+", re.ASCII
)


class Line(NamedTuple):
    """One whole thing that strace tells.

    Attributes:
        began: when the call was made, seconds of the wall clock; else as `t`.
        t: when the call returned, or when it happened.
        pid: of the thread.
        kind: `call`, `signal`, `stopped`, `exited`, `killed`.
        name: of the call, or of the signal; of `exited` the exit status.
        text: the arguments of the call, or what siginfo says of the signal.
        result: what the call returned, its descriptor named: `6<TCP:[...]>`; "?" if it did not.
    """

    began: float
    t: float
    pid: int
    kind: str
    name: str
    text: str = ""
    result: str = ""


def read(text: str) -> Iterator[Line]:
    """Yield what the lines of *text* tell, cut calls joined, in the order in which it was over."""
    return _joined(text.splitlines())


def _joined(lines: Iterable[str]) -> Iterator[Line]:
    under_way: dict[int, tuple[float, str]] = {}
    for line in lines:
        found = LINE.fullmatch(line) if len(line) <= LONGEST else None
        if found is None:
            continue
        pid, at, rest = int(found[1]), float(found[2]), found[3]
        if cut := UNFINISHED.fullmatch(rest):
            under_way[pid] = at, f"{cut[1]}({cut[2]}"
        elif resumed := RESUMED.fullmatch(rest):
            began, head = under_way.pop(pid, (at, ""))
            if head.startswith(resumed[1] + "("):
                separator = "" if resumed[2].startswith(")") or head.endswith("(") else ", "
                yield from _call(pid, began, at, head + separator + resumed[2])
        else:
            yield from _whole(pid, at, rest)


def _whole(pid: int, at: float, rest: str) -> Iterator[Line]:
    if found := SIGNAL.fullmatch(rest):
        yield Line(at, at, pid, "signal", found[1], found[2])
    elif found := STOPPED.fullmatch(rest):
        yield Line(at, at, pid, "stopped", found[1])
    elif found := EXITED.fullmatch(rest):
        yield Line(at, at, pid, found[1].split()[0], found[2])
    else:
        yield from _call(pid, at, None, rest)


def _call(pid: int, began: float, resumed: float | None, rest: str) -> Iterator[Line]:
    """A call with its result; one that was not cut in two lasted as long as its end says."""
    if found := CALL.fullmatch(rest):
        lasted = float(found[5] or 0.0)
        t = began + lasted if resumed is None else resumed
        yield Line(began, t, pid, "call", found[1], found[2], found[3])
