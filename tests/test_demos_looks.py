"""What is shown of a scene, as rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from forklab.demos import looks
from forklab.demos.happened import Ended, Heard, Ps
from tests.pictures import key, picture, process, reaped, zombie
from tests.test_demos_expectations import SERVER

HEAD = '"""{}"""\n\nimport os\n\n'


def test_the_process_table_has_names_and_no_folders() -> None:
    rows = looks.processes(SERVER)
    assert rows[0] == Ps("parent", 10, 1, "S", "./server 7001", "poll")
    assert rows[2] == Ps("child-2", 12, 10, "Z", "[server] <defunct>", "-")


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("python3 /lab/work-7/worker.py 2", "python3 worker.py 2"),
        ("/usr/bin/python3 -c x/y", "python3 -c x/y"),
        ("./server 7001", "./server 7001"),
    ],
)
def test_a_command_line_is_short(command: str, shown: str) -> None:
    assert looks.without_folders(command) == shown


def test_how_processes_ended_and_for_how_long_nobody_asked() -> None:
    scene = SERVER._replace(
        snapshot=picture(
            process(10),
            zombie(12),
            reaped(13, status=9, since=0.5),
            reaped(14, status=256, since=0.2, by_agent=True),
        ),
        names={key(13): "worker-1"},
    )
    assert looks.ends(scene) == (
        Ended("worker-1", "killed by SIGKILL", 0.0, True),
        Ended("pid 14", "exited with status 1", 0.0, False),
    )


def test_what_each_client_has_seen() -> None:
    assert looks.clients(SERVER) == (
        Heard("client-1", b"hello\n", "waits"),
        Heard("client-2", b"", "ended"),
        Heard("client-3", b"", "refused"),
    )


def test_a_difference_leaves_out_the_heads(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(HEAD.format("Right.") + "def f():\n    os.close(3)\n")
    wrong.write_text(HEAD.format("Wrong.\n\nFails: x") + "def f():\n    pass\n")
    assert looks.differences(right, wrong) == (" def f():", "-    os.close(3)", "+    pass")
