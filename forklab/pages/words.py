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
    # one run
    "checks_n": ("{n} check | {n} checks", "검사 {n}개"),
    "n_passed": ("{n} passed", "{n}개 통과"),
    "n_failed": ("{n} failed", "{n}개 실패"),
    "because_of": ("because of {id}", "{id} 실패 때문"),
    "interrupted": (
        "interrupted: {done} of {n} checks were done",
        "중단됨: 검사 {n}개 중 {done}개 실행",
    ),
    "not_isolated": ("Not isolated in this sandbox:", "이 샌드박스에서 격리되지 않는 것:"),
    "what_happened": ("What happened", "실행 과정"),
    "told_how": (
        "No check failed. Shown are the check in which the most kinds of things happened, and the "
        "one at whose last look the most sockets and pipes were open.",
        "실패한 검사가 없다. 가장 다양한 일이 일어난 검사와, 마지막 관찰에서 열린 소켓과 파이프가 "
        "가장 많았던 검사를 보여 준다.",
    ),
    "pictures_left_out": (
        "The pictures of {n} failure are left out, so that this page stays small. A command shows "
        "what happened: | The pictures of {n} failures are left out, so that this page stays "
        "small. A command shows what happened:",
        "페이지 크기를 줄이려고 실패 {n}개의 그림을 생략했다. 다음 명령으로 볼 수 있다:",
    ),
    "picture_left_out": (
        "The pictures are left out here; what happened is shown by",
        "여기서는 그림을 생략했다. 다음 명령으로 볼 수 있다:",
    ),
    "no_timeline": (
        "There is no timeline: the program was not running in this check.",
        "이 검사에서는 프로그램이 실행되지 않아 타임라인이 없다.",
    ),
    "done": ("Done", "한 일"),
    "steps_left_out": (
        "{n} step in the middle is left out | {n} steps in the middle are left out",
        "중간 {n}단계 생략",
    ),
    "expected": ("Expected", "기대한 것"),
    "seen": ("Seen", "관찰한 것"),
    "how_long": ("How long", "관찰 시간"),
    "note": ("Note", "참고"),
    "hint": ("Hint", "힌트"),
    "tables": ("The same as tables", "표로 보기"),
    "printed": (
        "What the program had printed: {n} line | What the program had printed: the last {n} lines",
        "프로그램이 출력한 내용(마지막 {n}줄)",
    ),
    "printed_by": ("Output of the program in {id}", "{id}에서 프로그램이 출력한 내용"),
    "printed_nothing": ("The program had printed nothing.", "프로그램이 출력한 내용이 없다."),
    "again_this": ("This check again:", "이 검사만 다시 실행:"),
    "built_by": ("Built by", "빌드 명령"),
    "machine": ("Machine", "머신"),
    "image": ("Image", "이미지"),
    "trace": ("As a trace", "트레이스로 보기"),
    # the timeline
    "timeline": ("What happened, in order", "일어난 순서"),
    "timeline_traced": ("The same check once more, under strace", "strace로 한 번 더 실행한 검사"),
    "traced_how": (
        "strace sees each call, also between two looks. It makes the program slower, so this run "
        "is not judged, and need not go as the one above.",
        "strace는 두 관찰 사이의 호출까지 모두 본다. 프로그램이 느려지므로 이 실행은 판정하지 "
        "않으며, 위의 실행과 다르게 흘러갈 수 있다.",
    ),
    "timeline_of": ("Timeline of {check}", "{check} 타임라인"),
    "timeline_said": (
        "{n} event of {lanes}. | {n} events of {lanes}.",
        "{lanes}의 이벤트 {n}개.",
    ),
    "never_reaped": ("{name} has ended and was not reaped.", "{name}: 끝났지만 회수되지 않았다."),
    "never_reaped_n": (
        "{name} and others like it, {n} in all, have ended and were not reaped.",
        "{name} 등 {n}개 프로세스가 끝났지만 회수되지 않았다.",
    ),
    "and_alike": ("and {n} alike", "외 {n}개 동일"),
    "zombie_left": ("zombie, not reaped for {time}", "좀비, {time} 동안 회수되지 않음"),
    "zombie_for": ("zombie for {time}", "좀비 {time}"),
    "hardly": ("under 0.1 ms", "0.1 ms 미만"),
    "reference": ("the reference program", "참조 프로그램"),
    "time_span": ("{low} to {high}", "{low}~{high}"),
    "legend": ("What the signs mean", "기호의 뜻"),
    "sign_alive": ("alive", "살아 있음"),
    "sign_zombie": ("zombie: has ended, not reaped", "좀비: 끝났지만 회수되지 않음"),
    "sign_between": ("at some time between two looks", "두 관찰 사이의 어느 때"),
    "sign_marked": ("what the check found", "검사가 찾아낸 것"),
    "sign_odd": ("not an ordinary end", "정상적인 끝이 아님"),
    "not_to_scale": (
        "Each event is a column, in the order of time and not to scale; pauses are written above, "
        "the last one until the check ended. A mark leads to its row in the table below, and a row "
        "back.",
        "이벤트마다 한 열이며, 시간 순서대로이지만 간격은 비례하지 않는다. 멈춘 시간은 위에 "
        "적었고, 마지막 것은 검사가 끝날 때까지이다. 기호를 누르면 아래 표의 행으로, 행 번호를 "
        "누르면 기호로 간다.",
    ),
    "last_start": (
        "Shown is the last of {n} starts of the program in this check.",
        "이 검사에서 프로그램을 {n}번 시작했고, 그 마지막을 보여 준다.",
    ),
    "events_n": (
        "The same as a table: {n} row | The same as a table: {n} rows",
        "표로 보기: {n}행",
    ),
    "events_of": ("Events of {check}, in milliseconds", "{check}의 이벤트(밀리초)"),
    "number": ("no.", "번호"),
    "ms": ("ms", "시각(ms)"),
    "who": ("who", "주체"),
    "what": ("what", "내용"),
    "known": ("how it is known", "알게 된 방법"),
    "times_n": ("({n} time, others alike) | ({n} times, others alike)", "(동일한 것 모두 {n}번)"),
    "between": ("between {low} and {high}", "{low}~{high} 사이"),
    "by_snapshot": ("a look", "관찰"),
    "by_client": ("the client", "클라이언트"),
    "by_harness": ("done by forklab", "forklab이 한 일"),
    "by_strace": ("told by strace", "strace가 알림"),
    "by_agent": ("told by the kernel", "커널이 알림"),
    "events_left_out": (
        "{n} more event is not drawn | {n} more events are not drawn",
        "그리지 않은 이벤트 {n}개 더 있음",
    ),
    "kind_exec": ("executes", "exec 실행"),
    "kind_fork": ("forks", "fork 호출"),
    "kind_exit": ("ends", "종료"),
    "kind_reap": ("reaps", "회수(wait)"),
    "kind_orphaned": ("becomes an orphan", "고아가 됨"),
    "kind_signal": ("is sent a signal", "시그널을 받음"),
    "kind_signalled": ("a signal is delivered to it", "시그널이 전달됨"),
    "kind_stopped": ("is stopped", "멈춤"),
    "kind_continued": ("goes on", "재개"),
    "kind_listen": ("listens", "listen 시작"),
    "kind_accept": ("accepts", "accept로 연결 수락"),
    "kind_connect": ("connects", "connect로 연결"),
    "kind_refused": ("is refused", "연결 거부됨"),
    "kind_send": ("sends", "보냄"),
    "kind_receive": ("receives", "받음"),
    "kind_half-close": ("half-closes", "half-close(쓰기 끝)"),
    "kind_shutdown": ("calls shutdown", "shutdown 호출"),
    "kind_end-of-file": ("reads end of file", "EOF를 읽음"),
    "kind_reset": ("connection is reset", "연결이 리셋됨"),
    "kind_open": ("opens", "열기"),
    "kind_close": ("closes", "닫기"),
    "kind_pass": ("passes a descriptor", "디스크립터 전달"),
    "kind_step": ("done by forklab", "forklab이 한 일"),
    # who shares what
    "sharing_last": (
        "Who held what at the last look",
        "마지막 관찰에서 누가 무엇을 가지고 있었는가",
    ),
    "sharing": ("Who holds what at that instant", "그 순간 누가 무엇을 가지고 있는가"),
    "sharing_of": ("Descriptors at the instant of {check}", "{check} 판정 순간의 디스크립터"),
    "sharing_said": (
        "{n} open socket, pipe or file of {holders}. | {n} open sockets, pipes or files of "
        "{holders}.",
        "{holders}의 열린 소켓, 파이프, 파일 {n}개.",
    ),
    "sharing_how": (
        "A row is one open socket, one end of a pipe, or one path; boxes on it are descriptors of "
        "the processes above, and a line through them says that they share it. A dashed line joins "
        "the two ends of a channel, or a connection and its client.",
        "한 행이 열린 소켓 하나, 파이프의 한쪽 끝, 또는 경로 하나이다. 상자는 위 프로세스의 "
        "디스크립터이고, 상자를 잇는 선은 함께 가지고 있음을 뜻한다. 점선은 채널의 두 끝, 또는 "
        "연결과 클라이언트를 잇는다.",
    ),
    "rows_left_out": ("{n} more row is left out. | {n} more rows are left out.", "{n}행 생략."),
    "holders_left_out": (
        "{n} more process is left out. | {n} more processes are left out.",
        "프로세스 {n}개 생략.",
    ),
    "state_lives": ("lives", "살아 있음"),
    "state_held": ("stopped", "멈춤"),
    "state_zombie": ("zombie", "좀비"),
    "thing_listener": ("listening socket", "리스닝 소켓"),
    "thing_connection": ("connection of {other}", "{other}의 연결"),
    "thing_unix": ("Unix socket", "유닉스 소켓"),
    "thing_socket": ("another socket", "다른 소켓"),
    "thing_pipe_r": ("pipe, read end", "파이프, 읽는 쪽"),
    "thing_pipe_w": ("pipe, write end", "파이프, 쓰는 쪽"),
    "thing_other_end": ("its other end", "그 반대쪽 끝"),
    "thing_nobody": ("connection", "연결"),
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
