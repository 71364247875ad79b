"""The sentences of `expect`, each with what it demands and the same in Korean."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from forklab.demos import claims
from forklab.demos.scene import Scene
from forklab.errors import CheckFailure

WHO = r"([a-z]+(?:-\d+)?)"
CLIENT = r"(client-\d+|server)"
TEXT = '"([^"]+)"'
FILE = r"([\w.]+\.[a-z]+)"
COUNT = r"(\d+|no)"


class Rule(NamedTuple):
    """One form of sentence.

    Attributes:
        form: a pattern; what its groups match goes to *demand*.
        demand: raises CheckFailure where a scene is otherwise.
        korean: the same sentence, its places numbered as the groups are. No particle stands
            behind a place: its form would depend on how the word is spoken.
    """

    form: str
    demand: Callable[..., None]
    korean: str


RULES = (
    Rule(rf"{COUNT} process(?:es)? (?:is|are) alive", claims.alive, "살아 있는 프로세스: {0}개"),
    Rule(rf"{COUNT} zombies?", claims.zombies, "좀비: {0}개"),
    Rule("everybody sleeps", claims.all_sleep, "모두 잠들어 있다"),
    Rule(rf"{WHO} is alive", claims.is_alive, "{0}: 살아 있다"),
    Rule(rf"{WHO} is a zombie", claims.is_a_zombie, "{0}: 좀비이다"),
    Rule(rf"{WHO} is gone", claims.is_gone, "{0}: 끝났고, 거두어졌다"),
    Rule(rf"{WHO} is held still", claims.is_held, "{0}: 멈춰 있다"),
    Rule(rf"{WHO} is an orphan", claims.is_an_orphan, "{0}: 고아이다"),
    Rule(rf"{WHO} waits in (\w+)", claims.waits_in, "{0}: {1} 호출에서 기다린다"),
    Rule(
        rf"{WHO} waits for its line",
        claims.waits_for_its_line,
        "{0}: 표준 입력에서 자기 줄을 기다린다",
    ),
    Rule(
        rf"only {WHO} holds the listening socket",
        claims.listens_alone,
        "리스닝 소켓: {0}에만 열려 있다",
    ),
    Rule(
        rf"{WHO} holds the listening socket",
        claims.holds_the_listener,
        "리스닝 소켓: {0}에도 열려 있다",
    ),
    Rule(
        rf"only {WHO} holds the connection (?:of|to) {CLIENT}",
        claims.held_only_by,
        "{1}의 연결: {0}에만 열려 있다",
    ),
    Rule(
        rf"{WHO} holds the connection (?:of|to) {CLIENT}",
        claims.holds,
        "{1}의 연결: {0}에 열려 있다",
    ),
    Rule(
        rf"{WHO} has closed the connection (?:of|to) {CLIENT}",
        claims.let_go,
        "{1}의 연결: {0}에서는 닫혔다",
    ),
    Rule(rf"{WHO} holds no connection", claims.holds_no_connection, "{0}: 연결이 하나도 없다"),
    Rule(
        rf"nobody has accepted {CLIENT}",
        claims.is_not_accepted,
        "{0}: 아무도 accept하지 않았다",
    ),
    Rule(rf"{CLIENT} is refused", claims.is_refused, "{0}: 연결이 거절되었다"),
    Rule(
        "each client has a child of its own",
        claims.each_has_a_child,
        "클라이언트마다 자식이 하나씩 있다",
    ),
    Rule(
        rf"bytes of {CLIENT} wait to be read",
        claims.bytes_wait,
        "{0}: 보낸 바이트를 아직 아무도 읽지 않았다",
    ),
    Rule(rf"{CLIENT} got {TEXT}", claims.got, "{0}: 받은 것은 “{1}”"),
    Rule(rf"{CLIENT} got nothing", claims.got_nothing, "{0}: 아무것도 받지 못했다"),
    Rule(rf"{CLIENT} reads end of file", claims.reads_the_end, "{0}: EOF를 읽었다"),
    Rule(rf"{CLIENT} waits on", claims.does_not_read_the_end, "{0}: EOF 없이 계속 기다린다"),
    Rule(rf"the program has printed {TEXT}", claims.printed, "프로그램의 출력: “{0}”"),
    Rule(
        rf"the program has not printed {TEXT}",
        claims.has_not_printed,
        "프로그램의 출력에 아직 없다: “{0}”",
    ),
    Rule(rf"{FILE} has {TEXT}", claims.file_has, "{0}: “{1}” 줄이 있다"),
    Rule(rf"{FILE} does not have {TEXT} yet", claims.file_lacks, "{0}: “{1}” 줄이 아직 없다"),
    Rule(
        r"the program ends with status (\d+)",
        claims.ended_with,
        "프로그램의 종료 상태: {0}",
    ),
    Rule(r"(\d+) workers? (?:is|are) in the pool", claims.workers, "풀에 있는 워커: {0}개"),
    Rule(
        "each end of a channel is in one process",
        claims.channels_are_private,
        "채널의 끝마다 한 프로세스에만 열려 있다",
    ),
    Rule(
        "each worker runs a program of its own",
        claims.runs_another_program,
        "워커는 디스패처와 다른 프로그램을 실행한다",
    ),
    Rule(
        "descriptor 0 of each worker is its channel",
        claims.channel_is_descriptor_0,
        "워커마다 디스크립터 0은 자기 채널이다",
    ),
    Rule(
        "nothing else went through exec",
        claims.inherits_nothing_else,
        "exec를 거쳐 넘어간 것은 채널뿐이다",
    ),
    Rule(
        "one pipe leads each way",
        claims.one_pipe_each_way,
        "방향마다 파이프가 하나씩 있다",
    ),
    Rule(
        "of each pipe one has the read end and the other the write end",
        claims.ends_are_closed,
        "파이프마다 한쪽은 읽는 끝만, 다른 쪽은 쓰는 끝만 가진다",
    ),
    Rule(
        "two processes have the connection",
        claims.two_have_the_connection,
        "두 프로세스가 연결을 함께 가진다",
    ),
    Rule(
        "writer has no write end of its pipe",
        claims.writer_only_reads,
        "writer: 자기 파이프의 쓰는 끝이 없다",
    ),
)


class Expectation(NamedTuple):
    """What must be seen at a look.

    Attributes:
        look: the number of the look in its step, from 1; 0: the last one.
        text: the sentence, in English.
        rule: which it is an example of.
        words: what goes to its demand.
        fails: the demand must fail: it is what a wrong program does.
    """

    look: int
    text: str
    rule: Rule
    words: tuple[str, ...]
    fails: bool = False

    def in_korean(self) -> str:
        """Return the sentence in Korean."""
        words = ["0" if word == "no" else word for word in self.words]
        return self.rule.korean.format(*words)


def parse(text: str) -> Expectation:
    """Return what `at look 1: not: worker-1 is a zombie` says; both heads may be missing.

    Raises:
        ValueError: no rule has this form.
    """
    found = re.fullmatch(r"(?:at look (\d+): )?(not: )?(.+)", text, re.DOTALL)
    look, negation, claim = found.groups() if found else (None, None, text)
    for rule in RULES:
        match = re.fullmatch(rule.form, claim)
        if match:
            return Expectation(int(look or 0), claim, rule, match.groups(), bool(negation))
    raise ValueError(
        f"{claim!r} is nothing that can be expected; forklab/demos/expectations.py has all forms"
    )


class Judged(NamedTuple):
    """An expectation that was met; *seen*: how the check failed that had to, else ""."""

    expectation: Expectation
    seen: str = ""


def judge(scene: Scene, wanted: Sequence[Expectation]) -> tuple[Scene, list[Judged]]:
    """Demand all of *wanted* of one scene, and return it with what they have found.

    Raises:
        CheckFailure: one of them is not met.
    """
    return scene, [_judged(scene, expectation) for expectation in wanted]


def _judged(scene: Scene, expectation: Expectation) -> Judged:
    if not expectation.fails:
        expectation.rule.demand(scene, *expectation.words)
        return Judged(expectation)
    try:
        expectation.rule.demand(scene, *expectation.words)
    except CheckFailure as failure:
        return Judged(expectation, failure.seen)
    raise CheckFailure(f"not: {expectation.text}", expectation.text)
