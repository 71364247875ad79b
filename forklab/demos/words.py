"""The words around a demo, in each language; a script has its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """One language.

    Attributes:
        opening, keys: the first lines; step: the heading of each.
        say, ask, answer, look, now: labels beside what a script says.
        more, predict, go_on: prompts.
        hidden, shown: after the key for the answer.
        afresh, again, again_one: why a step that is gone back to does not go on from here.
        lost, from_now_on: a live step did not come; gone: none will.
        recorded, not_recorded: what is shown instead; live: and what follows it.
        no_shell, shell: beside the program.
        seen, fails: before what was demanded.
        what: verbs without a command, and comments on those that have one.
        things: what descriptors are open on.
        titles: above what is shown by no command.
        in_words: behind a command whose numbers are told in words.
        notes: beside a process in that state.
        got, got_nothing, states: what a client saw.
        ended, exited, killed, was, zombie, reaped: how a process ended.
        holds_nothing, nobody, nothing, like: about tables.
        to: between the first and the last of several names.
    """

    opening: str
    keys: str
    step: str
    say: str
    ask: str
    answer: str
    look: str
    now: str
    more: str
    predict: str
    go_on: str
    hidden: str
    shown: str
    afresh: str
    again: str
    again_one: str
    lost: str
    from_now_on: str
    gone: str
    recorded: str
    not_recorded: str
    live: str
    no_shell: str
    shell: str
    seen: str
    fails: str
    what: dict[str, str]
    things: dict[str, str]
    titles: dict[str, str]
    in_words: str
    notes: dict[str, str]
    heads: dict[str, str]
    got: str
    got_nothing: str
    states: dict[str, str]
    ended: str
    exited: str
    killed: str
    was: str
    zombie: str
    by_parent: str
    by_init: str
    nobody: str
    nothing: str
    like: str
    to: str


ENGLISH = Words(
    opening="Demo {lab}: {title}   ({count} steps, about {minutes} minutes)",
    keys="Enter next   b back   r repeat   j 4 jump   h hide the answer   s shell   q quit",
    step="Step {number} of {count}   {title}",
    say="Say",
    ask="Ask",
    answer="Answer",
    look="Look",
    now="Now",
    more="more: Enter",
    predict="your prediction? Enter shows",
    go_on="Enter",
    hidden="Answers are hidden from now on; h shows them.",
    shown="Answers are shown again.",
    afresh="A process that has ended cannot be revived: the program is started afresh.",
    again="Steps {first} to {last} were done before this one, unseen.",
    again_one="Step {first} was done before this one, unseen.",
    lost="The live step did not come: {why}.",
    from_now_on="What follows builds on a step that did not come.",
    gone="There is no sandbox any more in which anything could be done.",
    recorded="This is how it looked when it was recorded:",
    not_recorded="No recording of this step is here; "
    "`forklab demo {lab} --rehearse --record {file}` makes one.",
    live="(end of the recording)",
    no_shell="A shell beside the program needs the sandbox docker; this one is {kind}.",
    shell="A shell in the sandbox, beside the program; exit brings the demo back.",
    seen="seen",
    fails="a check fails",
    what={
        "start": "",
        "start-mutant": "wrong on purpose",
        "connect": "{who}",
        "refused": "{who}: connection refused",
        "call": "({0} is called {1} from now on)",
        "send": "{who} > {text}",
        "reply": "{who} < {text}",
        "half-close": "{who} half-closes",
        "leave": "{who} leaves",
        "leave-all": "{who} leave",
        "type": "typed: {text}",
        "kill": "{who}",
        "hold": "{who} is held still",
        "release": "{who} goes on",
    },
    things={
        "listener": "listening socket",
        "connection": "connection of {0}",
        "to-server": "connection to the server",
        "channel-dispatcher": "channel {0}, dispatcher end",
        "channel-worker": "channel {0}, worker end",
        "pipe-read": "pipe {0}, read end",
        "pipe-write": "pipe {0}, write end",
        "unix": "Unix {0}",
        "file": "{0}",
        "other": "{0}",
    },
    titles={
        "ends": "how they ended:",
        "clients": "what the other side has seen:",
        "output": "what the program has printed:",
    },
    in_words="# in words",
    notes={"Z": "ended, not reaped", "T": "held still by us"},
    heads={"who": "who", "pid": "pid", "ppid": "ppid", "stat": "stat", "command": "command",
           "waits": "waits in"},
    got='got "{text}"',
    got_nothing="got nothing",
    states={"waits": "waits on", "ended": "read end of file", "refused": "was refused"},
    ended="ended",
    exited="exited with status {0}",
    killed="killed by {0}",
    was="{who} {how}, {rest}",
    zombie="a zombie for {0}, reaped by {by}",
    by_parent="its parent",
    by_init="PID 1",
    nobody="no process of the program is there",
    nothing="nothing",
    like="(and {count} more like it: {who})",
    to="{first} to {last}",
)  # fmt: skip
# no particle stands behind a name or a number: its form would depend on how it is spoken
KOREAN = Words(
    opening="{lab} 시연: {title}   ({count}단계, 약 {minutes}분)",
    keys="Enter 다음   b 이전   r 다시   j 4 이동   h 답 숨기기   s 셸   q 끝내기",
    step="{number}/{count}단계   {title}",
    say="설명",
    ask="질문",
    answer="답",
    look="관찰",
    now="지금",
    more="계속: Enter",
    predict="예측해 보자. Enter를 누르면 보인다",
    go_on="Enter",
    hidden="이제부터 답을 숨긴다. h를 누르면 보인다.",
    shown="다시 답을 보여 준다.",
    afresh="끝난 프로세스는 되살릴 수 없으므로 프로그램을 새로 시작한다.",
    again="{first}단계부터 {last}단계까지는 보이지 않게 먼저 실행했다.",
    again_one="{first}단계는 보이지 않게 먼저 실행했다.",
    lost="실제 실행이 예상대로 되지 않았다: {why}.",
    from_now_on="여기부터는 되지 않은 단계에 이어지는 내용이다.",
    gone="실행할 수 있는 샌드박스가 더는 없다.",
    recorded="녹화할 때에는 이렇게 보였다:",
    not_recorded="이 단계의 녹화가 없다. `forklab demo {lab} --rehearse --record {file}` 명령으로 "
    "만들 수 있다.",
    live="(녹화 끝)",
    no_shell="프로그램 옆의 셸은 docker 샌드박스에서만 열 수 있다. 지금은 {kind}.",
    shell="샌드박스 안, 프로그램 옆의 셸이다. exit하면 시연으로 돌아온다.",
    seen="확인",
    fails="검사 실패",
    what={
        "start": "",
        "start-mutant": "일부러 틀리게 만든 프로그램",
        "connect": "{who}",
        "refused": "{who}: 연결이 거절됨",
        "call": "({0}: 이제부터 {1}라고 부른다)",
        "send": "{who} > {text}",
        "reply": "{who} < {text}",
        "half-close": "{who}: 송신 쪽만 닫는다(half-close)",
        "leave": "{who}: 떠난다",
        "leave-all": "{who}: 모두 떠난다",
        "type": "입력: {text}",
        "kill": "{who}",
        "hold": "{who}: 멈춰 둔다",
        "release": "{who}: 다시 움직인다",
    },
    things={
        "listener": "리스닝 소켓",
        "connection": "{0}의 연결",
        "to-server": "서버와의 연결",
        "channel-dispatcher": "채널 {0}, 디스패처 쪽 끝",
        "channel-worker": "채널 {0}, 워커 쪽 끝",
        "pipe-read": "파이프 {0}, 읽는 끝",
        "pipe-write": "파이프 {0}, 쓰는 끝",
        "unix": "유닉스 {0}",
        "file": "{0}",
        "other": "{0}",
    },
    titles={
        "ends": "어떻게 끝났는가:",
        "clients": "상대쪽이 본 것:",
        "output": "프로그램이 출력한 것:",
    },
    in_words="# 말로 풀어서",
    notes={"Z": "끝났지만 거두지 않음", "T": "우리가 멈춰 둠"},
    heads={"who": "이름", "pid": "pid", "ppid": "ppid", "stat": "stat", "command": "command",
           "waits": "기다리는 호출"},
    got="“{text}” 받음",
    got_nothing="받은 것 없음",
    states={"waits": "계속 기다림", "ended": "EOF를 읽음", "refused": "연결이 거절됨"},
    ended="끝남",
    exited="종료 상태 {0}",
    killed="{0} 시그널로 끝남",
    was="{who}: {how}, {rest}",
    zombie="{0} 동안 좀비, 거둔 쪽: {by}",
    by_parent="부모",
    by_init="PID 1",
    nobody="프로그램의 프로세스가 하나도 없다",
    nothing="없음",
    like="(같은 것이 {count}개 더 있다: {who})",
    to="{first} ~ {last}",
)  # fmt: skip
WORDS = {"en": ENGLISH, "ko": KOREAN}
