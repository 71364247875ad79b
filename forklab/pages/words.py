"""Everything that a page says by itself, English and Korean beside each other.

A text of two forms has a bar between them: one, and any other number ("{n}"). Korean has one form.
What comes from a lab or from the harness (requirements, reasons, notes, evidence) is in English.
"""

from __future__ import annotations

LANGUAGES = ("en", "ko")
BAR = " | "

TEXTS: dict[str, tuple[str, str]] = {
    # the frame
    "class_page": ("Results of the class", "전체 제출 결과"),
    "to_content": ("Skip to the content", "본문으로 건너뛰기"),
    "on_this_page": ("On this page", "이 페이지의 내용"),
    "when": ("When", "시각"),
    "took": ("took {time}", "{time} 걸림"),
    "utc": ("{date} {clock} UTC", "{date} {clock}(UTC)"),
    "seconds": ("{s} s", "{s}초"),
    "minutes": ("{m} min {s} s", "{m}분 {s}초"),
    "hours": ("{h} h {m} min", "{h}시간 {m}분"),
    "sandbox": ("Sandbox", "샌드박스"),
    "lab": ("Lab", "랩"),
    "made_by": ("Made by", "만든 프로그램"),
    "again": ("Run again", "다시 실행하는 명령"),
    # verdicts
    "PASS": ("PASS", "통과"),
    "FAIL": ("FAIL", "실패"),
    "SKIPPED": ("SKIPPED", "건너뜀"),
    "BROKEN": ("BROKEN", "판정 불가"),
    # the class
    "submissions": ("Submissions", "제출물"),
    "submissions_n": ("{n} submission | {n} submissions", "제출물 {n}개"),
    "summary": ("Summary", "요약"),
    "n_pass": ("passed everything", "모두 통과"),
    "n_fail": ("failed a check", "실패한 검사 있음"),
    "n_skipped": ("could not be judged here", "이 환경에서 판정할 수 없음"),
    "n_broken": ("not graded, through no fault of theirs", "프로그램과 무관한 문제로 미채점"),
    "median": ("median", "중앙값"),
    "mean": ("mean", "평균"),
    "percent": ("{n}\u00a0%", "{n}%"),
    "nobody_judged": ("No submission was judged.", "판정한 제출물이 없다."),
    "broken_apart": (
        "BROKEN means that forklab could not look: {n} submission is left out of all figures "
        "below. | BROKEN means that forklab could not look: {n} submissions are left out of all "
        "figures below.",
        "판정 불가는 forklab이 프로그램을 살펴보지 못했다는 뜻이다. 해당 제출물 {n}개는 아래의 "
        "모든 통계에서 제외했다.",
    ),
    # the distribution
    "distribution": ("Distribution of points", "점수 분포"),
    "distribution_said": (
        "Bar chart of {n} judged submission by its share of the points, in steps of ten percent: "
        "median {median}, mean {mean}. The table below has the numbers. | "
        "Bar chart of {n} judged submissions by their share of the points, in steps of ten "
        "percent: median {median}, mean {mean}. The table below has the numbers.",
        "판정한 제출물 {n}개의 득점률을 10% 단위로 나타낸 막대그래프. 중앙값 {median}, 평균 "
        "{mean}. 구체적인 수는 아래 표에 있다.",
    ),
    "axis": ("Share of the possible points, in percent", "만점 대비 득점률(%)"),
    "as_table": ("The same as a table", "표로 보기"),
    "share": ("Share of the points", "득점률"),
    "range": ("{low} to {high}\u00a0%", "{low}~{high}%"),
    "all_points": ("all points", "만점"),
    # its checks
    "checks": ("What the class did not understand", "학생들이 어려워한 검사"),
    "checks_short": ("Checks", "검사"),
    "checks_said": (
        "The checks that failed, the one that most failed first. The share is of those submissions "
        "in which the check could be judged.",
        "실패가 나온 검사를 실패율이 높은 것부터 보여 준다. 실패율은 그 검사를 판정할 수 있었던 "
        "제출물에 대한 비율이다.",
    ),
    "failed_of": ("{n} of {judged} failed", "{judged}개 중 {n}개 실패"),
    "skipped_n": ("{n} skipped", "{n}개 건너뜀"),
    "broken_n": ("{n} BROKEN", "{n}개 판정 불가"),
    "who_failed": ("{n} submission failed it | {n} submissions failed it", "실패한 제출물 {n}개"),
    "more_failed": (
        "and {n} more: see the list of submissions",
        "외 {n}개: 제출물 목록 참고",
    ),
    "nobody_failed": ("Nobody failed", "아무도 실패하지 않은 검사"),
    "not_judged": ("Judged in no submission", "어느 제출물에서도 판정하지 못한 검사"),
    "no_failures": ("No check failed.", "실패한 검사가 없다."),
    "core": ("core", "핵심"),
    "robust": ("robust", "견고함"),
    "hidden": ("hidden from students", "학생에게 비공개"),
    # its submissions
    "name": ("Submission", "제출물"),
    "verdict": ("Verdict", "판정"),
    "points": ("Points", "점수"),
    "failed_checks": ("Failed checks", "실패한 검사"),
    "notes": ("Notes", "비고"),
    "more_checks": ("and {n} more", "외 {n}개"),
    "late": ("late: {points} point off | late: {points} points off", "지각 제출로 {points}점 감점"),
    "not_graded": ("not graded", "미채점"),
    "no_submissions": ("There is no submission.", "제출물이 없다."),
    # one submission
    "evidence": ("Evidence", "판정 근거"),
    "back": ("All submissions", "전체 제출 결과"),
    "points_of": ("{points} of {possible} points", "{possible}점 중 {points}점"),
    "facts": ("About this run", "실행 정보"),
    "command": ("Command line", "실행 명령"),
    "files": ("Beside this page", "함께 저장된 파일"),
    "warnings": ("What the compiler said", "컴파일러 메시지"),
    "failures_n": ("{n} check failed | {n} checks failed", "실패한 검사 {n}개"),
    "others_n": (
        "{n} check was not judged | {n} checks were not judged",
        "판정하지 않은 검사 {n}개",
    ),
    "passes_n": ("{n} check passed | {n} checks passed", "통과한 검사 {n}개"),
    "why_broken": ("forklab could not look", "forklab이 살펴보지 못함"),
    "nothing_ran": ("No check was run.", "실행한 검사가 없다."),
    "evidence_for": ("Evidence for {id}", "{id} 판정 근거"),
    "left_out": (
        "{n} more line is left out here | {n} more lines are left out here",
        "여기에서 {n}줄 생략",
    ),
}


def say(language: str, key: str, n: int | None = None, **values: object) -> str:
    """Return what a page says for *key* in *language*, with *n* and *values* filled in.

    Raises:
        KeyError: there is no such text, or it wants a value that is not given.
    """
    text = TEXTS[key][LANGUAGES.index(language)]
    one, bar, many = text.partition(BAR)
    form = many if bar and n != 1 else one
    return form.format(n=n, **values)
