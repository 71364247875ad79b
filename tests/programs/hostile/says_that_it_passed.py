"""Hostile: it prints a report of ours with every check passed, colours, cursor movements and a
window title, leaves result files wherever it may, and serves nobody.

Verdict: FAIL
Fails: echoes
"""

import contextlib
import json
import signal
import socket
import sys

CHECKS = ("starts", "echoes", "a-child-per-connection", "reaps-each-child", "reaps-a-burst")
REPORT = "".join(f" {n}/5  PASS     {check}\n" for n, check in enumerate(CHECKS, 1))
REPORT += "\x1b[2J\x1b[H\x1b]0;PASS\a\x1b[32mPASS\x1b[0m  5 passed    100 of 100 points\r\n"
RESULTS = json.dumps(
    {
        "schema": "forklab-results/1",
        "verdict": "PASS",
        "checks": [{"id": check, "verdict": "PASS", "points": 20.0} for check in CHECKS],
    }
)
JUNIT = '<testsuites><testsuite name="forklab.fork_echo" tests="5" failures="0"/></testsuites>'
FILES = {"results.json": RESULTS, "junit.xml": JUNIT, "report.txt": REPORT}
for folder in (".", "/tmp", "/dev/shm", "..", "/lab", "/"):
    for name, text in FILES.items():
        with contextlib.suppress(OSError), open(f"{folder}/{name}", "w") as file:
            file.write(text)
for stream in (sys.stdout, sys.stderr):
    print(REPORT, RESULTS, JUNIT, "\n::set-output name=score::100\n", file=stream, flush=True)
listener = socket.create_server(("", int(sys.argv[1])))
signal.pause()
