"""The sentences around hints, in each language; {lab} is its name in make targets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """One language.

    Attributes:
        count: which hint of how many.
        further: after hint 1; change: after hint 2; last: after hint 3.
        locked: instead of hint 3, while the program is as it was when hint 2 was shown.
        no_run, nothing_failed, nothing_judged, not_built: there is nothing to give a hint for.
        core, robust: headings of the explanation; why, hints, breaks: its labels.
        closed: the explanation waits for these checks; closed_no_run: for a run.
    """

    count: str
    further: str
    change: str
    last: str
    locked: str
    no_run: str
    nothing_failed: str
    nothing_judged: str
    not_built: str
    core: str
    robust: str
    why: str
    hints: str
    breaks: str
    closed: str
    closed_no_run: str


ENGLISH = Words(
    count="Hint {level} of {count}",
    further="`make hint-{lab}` once more says where to read about it.",
    change="Change your program and run `make lab-{lab}` again; if this check still fails then, "
    "`make hint-{lab}` opens the next hint.",
    last="That was the last hint. When your program passes, `make why-{lab}` explains every check.",
    locked="Hint {level} of {count} opens when your program has changed since hint 2 was shown: "
    "try something, run `make lab-{lab}` again, then `make hint-{lab}`.",
    no_run="there is no run of {lab} yet: run `make lab-{lab} PROGRAM=path` first; then "
    "`make hint-{lab}` gives a hint for what failed",
    nothing_failed="Nothing failed in the last run of {lab}: {number} passed. "
    "When all core checks pass, `make why-{lab}` explains every check.",
    nothing_judged="Nothing failed in the last run of {lab}, but not everything was judged: "
    "run `make lab-{lab}` again.",
    not_built="{lab}: the program could not be built or started, so there is no hint; what went "
    "wrong is in its report:",
    core="Core: what text books teach",
    robust="Robust: what a careful engineer demands",
    why="Why",
    hints="Hints",
    breaks="What breaks if ...",
    closed="`make why-{lab}` opens when the last run passes all core checks; still missing: "
    "{missing}. `forklab why {lab} --anyway` shows it now",
    closed_no_run="`make why-{lab}` opens when a run passes all core checks, and {lab} was not run "
    "yet: `make lab-{lab} PROGRAM=path`. `forklab why {lab} --anyway` shows it now",
)
# no particle stands behind {lab} or a command: its form would depend on how the name is spoken
KOREAN = Words(
    count="힌트 {level}/{count}",
    further="`make hint-{lab}` 명령을 한 번 더 실행하면 어디를 읽으면 되는지 알려 준다.",
    change="프로그램을 고치고 `make lab-{lab}` 명령을 다시 실행해 보자. 그래도 이 검사가 실패하면 "
    "`make hint-{lab}` 명령이 다음 힌트를 연다.",
    last="이것이 마지막 힌트이다. 프로그램이 통과하면 `make why-{lab}` 명령이 모든 검사를 "
    "설명한다.",
    locked="다음 힌트({level}/{count})는 힌트 2를 본 뒤에 프로그램이 바뀌어야 열린다. 먼저 고쳐 "
    "보고, `make lab-{lab}` 명령을 다시 실행한 다음 `make hint-{lab}` 명령을 실행하자.",
    no_run="{lab} 랩을 실행한 기록이 아직 없다. 먼저 `make lab-{lab} PROGRAM=경로` 명령을 실행하면 "
    "`make hint-{lab}` 명령이 실패한 검사의 힌트를 준다",
    nothing_failed="{lab} 랩의 마지막 실행에서 실패한 검사가 없다(통과 {number}개). "
    "core 검사를 모두 통과하면 `make why-{lab}` 명령이 모든 검사를 설명한다.",
    nothing_judged="{lab} 랩의 마지막 실행에서 실패한 검사는 없지만 판정하지 못한 검사가 있다. "
    "`make lab-{lab}` 명령을 다시 실행하자.",
    not_built="{lab}: 프로그램을 빌드하거나 실행하지 못했으므로 힌트가 없다. 무엇이 잘못되었는지는 "
    "보고서에 있다:",
    core="핵심(core): 교재에서 가르치는 것",
    robust="견고함(robust): 꼼꼼한 개발자가 요구하는 것",
    why="이유",
    hints="힌트",
    breaks="이렇게 하면 무엇이 잘못될까?",
    closed="`make why-{lab}` 명령은 마지막 실행이 core 검사를 모두 통과해야 열린다. 남은 검사: "
    "{missing}. 지금 보려면 `forklab why {lab} --anyway`",
    closed_no_run="`make why-{lab}` 명령은 core 검사를 모두 통과해야 열리는데, {lab} 랩을 실행한 "
    "기록이 아직 없다: `make lab-{lab} PROGRAM=경로`. 지금 보려면 `forklab why {lab} --anyway`",
)
WORDS = {"en": ENGLISH, "ko": KOREAN}
