"""An event in words on a page: in English as everywhere, and in Korean."""

from __future__ import annotations

from collections.abc import Mapping

from forklab.events.event import SERVER, Event
from forklab.reports.text import shorten
from forklab.views import sentences

NOUNS = {
    "connection": "연결",
    "listener": "리스닝 소켓",
    "unix": "유닉스 소켓",
    "socket": "소켓",
    "pipe": "파이프",
    "terminal": "터미널",
    "anon": "익명 파일",
}
KOREAN = {
    "accept": "{to} 연결 accept{fd}{unsure}",
    "close": "{what} 닫기{fd}{unsure}",
    "connect": "connect",
    "connect to": "{to}에 connect",
    "continued": "재개됨",
    "end-of-file": "EOF를 읽음",
    "exec": "실행: {argv}",
    "exit": "끝남",
    "exit by signal": "{signal} 시그널로 종료됨",
    "exit with status": "상태 {status}(으)로 종료",
    "fork": "{to} fork",
    "half-close": "half-close: 더 보내지 않음",
    "listen": "포트 {port}에서 listen",
    "open": "{what} 열기{fd}",
    "orphaned": "고아가 됨: 부모가 먼저 끝남",
    "pass": "{what}을(를) {to}에게 전달{fd}",
    "reap": "{to} 회수",
    "receive": "{bytes}바이트 받음{times}",
    "refused": "연결 거부됨",
    "reset": "연결이 끊어짐: {error}",
    "send": "{bytes}바이트 보냄{times}",
    "signal": "{to}에 {signal} 보냄",
    "signal to group": "{to}의 프로세스 그룹에 {signal} 보냄",
    "signalled": "{signal} 시그널 받음",
    "signalled by": "{to}이(가) 보낸 {signal} 시그널 받음",
    "shutdown": "{what} shutdown: {how}",
    "stopped": "멈춤",
}


def clause(language: str, event: Event) -> str:
    """Return what `who` did or what happened to it, on one line; what forklab did is in English."""
    template = KOREAN.get(_kind(event))
    if language != "ko" or template is None:
        # the time of the last of several turns counts from when the run began, and is not said here
        return sentences.clause(event._replace(before=None))
    return shorten(template.format_map(_Known(_values(event))), sentences.WORDS) or event.kind


class _Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def _kind(event: Event) -> str:
    if event.kind == "exit":
        by = ("signal", " by signal"), ("status", " with status")
        return "exit" + next((words for fact, words in by if fact in event.facts), "")
    if event.kind == "signal" and event.facts.get("group"):
        return "signal to group"
    if event.kind == "signalled" and event.to:
        return "signalled by"
    return "connect to" if event.kind == "connect" and event.to else event.kind


def _values(event: Event) -> Mapping[str, str]:
    facts = event.facts
    said = {name: str(value) for name, value in facts.items()}
    of = (
        f"{event.of}{'와' if event.of == SERVER else ''}의 "
        if facts.get("what") == "connection" and event.of
        else ""
    )
    noun = NOUNS.get(str(facts.get("what", "connection")), str(facts.get("path", "파일")))
    return said | {
        "to": event.to or "어떤 클라이언트",
        "what": of + noun,
        "fd": f", 디스크립터 {facts['fd']}" if "fd" in facts else "",
        "argv": " ".join(map(str, facts.get("argv", ()))) or "다른 프로그램",
        "times": f"({facts['times']}번에 나누어)" if "times" in facts else "",
        "unsure": "" if facts.get("sure", True) else ", 또는 함께 listen하는 다른 프로세스가 함",
    }
