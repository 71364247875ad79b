"""Runs in literal data, as the reports get them: snapshots as the agent answers them."""

from __future__ import annotations

from typing import Any

from forklab.facts import Snapshot
from forklab.results.evidence import Evidence, evidence
from forklab.results.record import Check, Result, Run, Verdict

FOLDER = "runs/{lab}/2026-11-21T19-12-06Z"
ACCEPT, POLL, RECVMSG, READ = 43, 7, 47, 0
PORT = 41000


def process(
    pid: int,
    ppid: int,
    state: str,
    call: list[int] | None,
    fds: list[list[Any]],
    args: tuple[str, ...] = ("./server", "41000"),
) -> dict[str, Any]:
    """Return one process of a snapshot; a zombie has neither arguments nor descriptors."""
    return {
        "pid": pid, "ppid": ppid, "pgrp": 31, "session": 31, "state": state,
        "start_ticks": 7000 + pid, "start_code": 1, "start_stack": 2, "cpu_ticks": 0,
        "threads": 1, "comm": args[0].removeprefix("./"),
        "args": [] if state == "Z" else list(args),
        "exe": "" if state == "Z" else "/lab/" + args[0].removeprefix("./"), "call": call,
        "fds": [] if state == "Z" else fds,
    }  # fmt: skip


def stdio() -> list[list[Any]]:
    """Return descriptors 0, 1, 2 as every program gets them."""
    return [
        [0, "pipe:[900]", "r", None],
        [1, "pipe:[901]", "w", None],
        [2, "pipe:[902]", "w", None],
    ]


def socket(number: int, inode: int) -> list[Any]:
    """Return a descriptor on socket *inode*."""
    return [number, f"socket:[{inode}]", "", None]


def snapshot(**parts: Any) -> Snapshot:
    """Return a whole snapshot with what is given, else empty."""
    value = {"time": 105.02, "whole": True, "tries": 1, "last_pid": 99, "processes": [],
             "tcp": [], "unix": [], "ends": [], **parts}  # fmt: skip
    return Snapshot(value, "x86_64")


def listening() -> list[Any]:
    """Return the listening socket, inode 500."""
    return [4, 10, "0.0.0.0", PORT, "0.0.0.0", 0, 0, 5, 500]


def established(client_port: int, inode: int) -> list[Any]:
    """Return the server's end of a client's connection."""
    return [4, 1, "127.0.0.1", PORT, "127.0.0.1", client_port, 0, 0, inode]


def burst() -> Evidence:
    """One reaped of 16 that died while the parent was stopped; client-17 is being served."""
    parent = process(31, 1, "S", [ACCEPT, 3], [*stdio(), socket(3, 500)])
    zombies = [process(pid, 31, "Z", None, []) for pid in range(33, 48)]
    last = process(48, 31, "S", [READ, 4], [*stdio(), socket(4, 617)])
    taken = snapshot(
        processes=[parent, *zombies, last],
        tcp=[listening(), established(50017, 617)],
        ends=[
            [32, 7032, 99.9, 100.0, False, False, 0],
            *([pid, 7000 + pid, 99.9, None, False, False, None] for pid in range(33, 48)),
        ],
    )
    names = {(31, 7031): "parent"} | {(31 + n, 7031 + n): f"child-{n}" for n in range(1, 18)}
    marks: dict[int | tuple[int, int], str] = {
        pid: "ended, nobody waited for it" for pid in range(33, 48)
    }
    return evidence(taken, marks, names, {50017: "client-17"})


def dead_channel() -> Evidence:
    """The dispatcher goes on polling the channel of worker-1, which was killed."""
    argv = ("./prefork", "4", "41000")
    ends = {4: 700, 5: 710, 6: 720, 7: 730}
    dispatcher = process(
        31,
        1,
        "R",
        None,
        [*stdio(), socket(3, 500), *(socket(*pair) for pair in ends.items())],
        argv,
    )
    worker = [process(32, 31, "Z", None, [], argv)] + [
        process(33 + n, 31, "S", [RECVMSG, 4], [*stdio(), socket(4, 711 + 10 * n)], argv)
        for n in range(3)
    ]
    taken = snapshot(
        processes=[dispatcher, *worker],
        tcp=[listening()],
        unix=[
            [700, 1, 1, 0, 0, 1],
            *([inode, 1, 1, inode + 1, 0, 0] for inode in (710, 720, 730)),
            *([inode, 1, 1, inode - 1, 0, 0] for inode in (711, 721, 731)),
        ],
    )
    names = {(31, 7031): "dispatcher"} | {(31 + n, 7031 + n): f"worker-{n}" for n in range(1, 5)}
    marks: dict[int | tuple[int, int], str] = {
        31: "spins: 297 ms of CPU in 300 ms",
        32: "ended 1.3 s ago, nobody waited for it",
        (31, 4): "the channel of worker-1, which is dead",
    }
    return evidence(taken, marks, names, {})


def check(check_id: str, lab: str = "fork_echo", level: str = "core", said: str = "") -> Check:
    """Return a check whose requirement is *said*."""
    requirement = said or f"The program passes {check_id}"
    return Check(check_id, lab, level, requirement, "It matters to a user.")


BURST = Check(
    "reaps-a-burst",
    "fork_echo",
    "core",
    "Sixteen children that end together are all reaped",
    "Signals do not queue: one SIGCHLD may stand for many deaths.",
)
KILLED = Check(
    "survives-a-killed-worker",
    "prefork",
    "robust",
    "A killed worker is reaped, and the dispatcher serves on without it",
    "Workers crash; a pool that dies or spins with the first one is worse than no pool.",
)
BURST_FAILED = Result(
    check=BURST,
    verdict=Verdict.FAIL,
    seconds=5.36,
    done=(
        "./server 41000 is started",
        "it listens on 127.0.0.1:41000",
        "client-1 to client-16: each connects",
        "SIGSTOP to parent (pid 31)",
        "client-1 to client-16: each leaves",
        "SIGCONT to parent (pid 31)",
        "client-17 connects",
        "client-17 sends 15 bytes and waits for an answer",
    ),
    expected="all 16 children that ended were waited for",
    seen="15 of 16 are zombies: child-2 (pid 33), child-3 (pid 34), child-4 (pid 35), "
    "child-5 (pid 36) and 11 more",
    waited="looked 402 times in 5.0 s",
    evidence=burst(),
    output="\n".join(f"connected: client {number}" for number in range(1, 18)) + "\n",
    hint="How many children may have ended by the time your SIGCHLD handler runs once, and for "
    "how many of them does it wait?",
)
KILLED_FAILED = Result(
    check=KILLED,
    verdict=Verdict.FAIL,
    seconds=1.71,
    done=(
        "./prefork 4 41000 is started",
        "it listens on 127.0.0.1:41000",
        "SIGKILL to worker-1 (pid 32)",
    ),
    expected="with nothing to do, every process sleeps",
    seen="dispatcher (pid 31) used the CPU for 297 of 300 ms (and waited 2 ms for one), giving it "
    "back 0 times",
    waited="",
    evidence=dead_channel(),
    output="worker 0 is busy\n" * 2000,
    hint="What does a descriptor report to poll or select once its other end is closed for ever, "
    "and what does the dispatcher do with that descriptor then?",
)


def run(lab: str, results: list[Result], total: int = 0, **more: Any) -> Run:
    """Return a run of the reference values with *results*."""
    facts: dict[str, Any] = {
        "title": "a child process for each connection",
        "program": "my/server.c",
        "sandbox": "docker",
        "began": "2026-11-21T19:12:06Z",
        "kernel": "6.18.44",
        "machine": "x86_64",
        "command": "./server 41000",
        "build": "gcc -O1 -g -Wall -pthread -o server ./server.c -lm",
        "folder": FOLDER.format(lab=lab),
        "seconds": 12.3,
        **more,
    }
    return Run(lab=lab, total=total or len(results), results=results, **facts)


def passed(*ids: str, lab: str = "fork_echo", level: str = "core") -> list[Result]:
    """Return a PASS for each of *ids*."""
    return [Result(check(name, lab, level), Verdict.PASS, 0.02) for name in ids]


def all_pass() -> Run:
    """Everything passed, and the compiler was silent."""
    robust = passed("bad-usage", "survives-a-reset", level="robust")
    return run("fork_echo", [*passed("starts", "echoes", "reaps-a-burst"), *robust])


def burst_fails() -> Run:
    """The student who waits once per SIGCHLD."""
    busy = Result(
        check("reaps-while-busy", level="robust", said="Under load too, no zombie grows old"),
        Verdict.FAIL,
        1.9,
        seen="142 zombies are left, the oldest for 1.7 s: pid 312, pid 313, pid 320, pid 331 and "
        "138 more",
        expected="no zombie is older than client-301",
    )
    half = Result(
        check("answers-a-half-close", said="Half-closing gets the rest of the echo"),
        Verdict.FAIL,
        3.2,
        seen="no end of file",
        expected="end of file",
    )
    skipped = Result(check("a-killed-child-hurts-nobody", level="robust"), Verdict.SKIPPED, 0.0,
                     because="reaps-a-burst")  # fmt: skip
    here = Result(
        check("waits-out-a-shortage", level="robust"),
        Verdict.SKIPPED,
        0.0,
        reason="this sandbox cannot change the limits of a running program (no CAP_SYS_RESOURCE)",
    )
    more = passed("bad-usage", "survives-a-reset", level="robust")
    results = [*passed("starts", "echoes"), BURST_FAILED, half, busy, skipped, here, *more]
    warned = (
        "./server.c: In function 'reap':\n"
        "./server.c:17:9: warning: unused variable 'status' [-Wunused-variable]\n"
        "   17 |     int status;\n"
        "      |         ^~~~~~\n"
    )
    return run("fork_echo", results, warnings=warned)


def killed_worker() -> Run:
    """The text's own dispatcher, which does not notice that a worker is dead."""
    results = [*passed("starts", "echoes", lab="prefork"), KILLED_FAILED]
    return run(
        "prefork",
        results,
        title="workers forked in advance get connections by descriptor passing",
        program="my/prefork.c",
        command="./prefork 4 41000",
    )


def interrupted() -> Run:
    """Ctrl-C after two checks."""
    return run("fork_echo", passed("starts", "echoes"), total=25, interrupted=True)


def broken_check() -> Run:
    """One check could not be judged."""
    lost = Result(
        check("echoes"),
        Verdict.BROKEN,
        0.4,
        reason="the agent's stream ended in the middle of a frame",
        trace="Traceback (most recent call last):\n  ...\nSandboxError: stream ended\n",
    )
    return run("fork_echo", [*passed("starts"), lost])


def broken_run() -> Run:
    """The engine is not there."""
    said = "no container engine answers (unix:///var/run/docker.sock: No such file or directory)"
    return run("fork_echo", [], broken=said)


def many_steps() -> Run:
    """Many steps, nothing printed, a failure that only a client saw, and a sandbox with limits."""
    failed = Result(
        check=check(
            "leaks-nothing", said="After 100 clients the program holds what it held before"
        ),
        verdict=Verdict.FAIL,
        seconds=4.0,
        done=tuple(
            f"client-{n} comes, is answered, leaves, and is a client" for n in range(1, 101)
        ),
        expected="each of 100 clients is answered",
        seen="client-77 got 0 of 15 bytes back, then ECONNRESET",
        notes=("this sandbox shares its network with other programs",),
    )
    return run(
        "fork_echo", [failed], sandbox="inside", not_isolated=("network", "memory", "other users")
    )


def starts_fails() -> Run:
    """It does not build: everything else is skipped because of that."""
    said = (
        "it does not build: `gcc -O1 -g -Wall -pthread -o server ./server.c -lm` exited with "
        "status 1\n"
        "./server.c: In function 'main':\n"
        "./server.c:12:9: error: expected ';' before 'return'\n"
        "   12 |         return 0;\n"
        "      |         ^~~~~~\n"
    )
    starts = Result(
        check("starts", said="The server listens on its port and stays alive"),
        Verdict.FAIL,
        0.6,
        expected="the program builds",
        seen=said,
        hint="How far does the program come?",
    )
    rest = [
        Result(check(name), Verdict.SKIPPED, 0.0, because="starts")
        for name in ("echoes", "reaps-a-burst", "survives-descriptor-shortage")
    ]
    return run("fork_echo", [starts, *rest], build="", command="")


def many_descriptors() -> Result:
    """A parent that has kept 101 connections."""
    kept = [socket(4 + n, 600 + n) for n in range(101)]
    taken = snapshot(
        processes=[process(31, 1, "S", [ACCEPT, 3], [*stdio(), socket(3, 500), *kept])],
        tcp=[listening(), *(established(50000 + n, 600 + n) for n in range(101))],
    )
    marks: dict[int | tuple[int, int], str] = {
        (31, 4 + n): f"connection of client-{n}, not closed" for n in range(101)
    }
    clients = {50000 + n: f"client-{n}" for n in range(101)}
    return Result(
        check=check("parent-closes-the-connection"),
        verdict=Verdict.FAIL,
        seconds=1.0,
        evidence=evidence(taken, marks, {(31, 7031): "parent"}, clients),
    )


def hostile() -> Run:
    """A program whose name, command line and output try to take over the terminal."""
    evil = "\x1b]0;owned\x07\x1b[2J\x1b[31mPASS  25 passed\x1b[0m\r\u202egnp.exe\u2066\x9b1A\x00"
    flood = "A" * 5000
    argv = (f"./{evil}", flood)
    shown = process(31, 1, "S", [POLL, 0], [*stdio(), [9, f"/tmp/{evil}{flood}", "r", None]], argv)
    failed = Result(
        check=check("echoes-any-bytes"),
        verdict=Verdict.FAIL,
        seconds=0.2,
        done=(f"{evil} is started",),
        expected="what was sent",
        seen=f"{evil}\n{flood}\n" + "line\n" * 100,
        evidence=evidence(
            snapshot(processes=[shown]), {31: f"spins {evil}", (31, 9): evil}, {}, {}
        ),
        output=f"{evil}\n\n{flood}\n::error::from the program\n한국어 출력 {'가' * 100}\n",
        hint="Which bytes differ?",
        notes=(evil,),
    )
    lost = Result(check("echoes"), Verdict.BROKEN, 0.1, reason=evil + flood, trace=evil)
    later = Result(check("starts"), Verdict.FAIL, 0.1, seen=flood, expected=evil)
    return run(
        "fork_echo",
        [failed, lost, later],
        program=f"제출물/{evil}.c",
        command=f"./{evil} 41000",
        warnings=f"a.c:1: warning: {evil}{flood}\n",
        folder="runs/fork_echo/latest",
    )
