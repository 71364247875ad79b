"""The sandbox `bubblewrap`: it isolates, judges as a container does, and leaves nothing."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from forklab import labs, mutants
from forklab.sandbox import bubblewrap, cgroup, root
from forklab.sandbox.bubblewrap import Bubblewrap
from forklab.sandbox.choose import choose
from forklab.sandbox.container import MEMORY, PIDS
from forklab.sandbox.link import Link
from tests.harness import (
    AS_NOBODY,
    NOBODY,
    Harness,
    control_groups_of,
    open_folder,
    python_for_all,
    until_empty,
)

# engine: it needs the lab's files, though no engine
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(bool(bubblewrap.why_not()), reason=f"bubblewrap: {bubblewrap.why_not()}"),
]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

MOMENTS, LONGEST_S = 12, 1.0
# one of each lab, whose mistake shows in processes, descriptors, or passed sockets
MUTANTS = {
    "fork_echo": "never_reaps.py",
    "prefork": "worker_inherits_earlier_channels.py",
    "split_client": "ends_at_q.py",
    "pipe_conversation": "child_keeps_a_read_end.py",
    "echo_store": "child_keeps_the_listener.py",
    "exec_worker": "keeps_the_channels_number.py",
}


@pytest.fixture(scope="module")
def link() -> Iterator[Link]:
    """Give the agent of a sandbox."""
    with choose("bubblewrap", lambda line: None).open() as link:
        yield link


def shell(link: Link, script: str) -> str:
    """Return what *script* prints, run as the agent: it may more than any program."""
    answer = link.call(
        "run", argv=["sh", "-c", script], env={"PATH": "/usr/sbin:/usr/bin:/bin"}, wait_s=30.0
    )
    return answer.blob.decode()


def test_the_agent_is_init_and_can_show_all_that_a_container_can(link: Link) -> None:
    hello = link.hello
    assert (hello["pid"], hello["folder"], hello["is_init"]) == (1, "/lab", True)
    assert hello["small_disk"]
    assert hello["limits_bite"]
    with choose("docker", lambda line: None).open() as other:
        told = ("ends_are_told", "unix_peers", "open_files", "sched", "kernel", "python")
        assert {name: hello[name] for name in told} == {name: other.hello[name] for name in told}


def test_nothing_of_the_kernel_can_be_set_from_inside(link: Link) -> None:
    tried = "find /proc/sys /proc/irq /proc/bus /proc/sysrq-trigger -type f -exec sh -c "
    tried += """'for f; do ( : >>"$f" ) 2>/dev/null && echo "$f"; done' sh {} + 2>/dev/null"""
    assert shell(link, tried) == ""
    assert "Read-only" in shell(link, "echo core >/proc/sys/kernel/core_pattern")


def test_the_root_is_read_only(link: Link) -> None:
    for place in ("/", "/usr", "/dev"):
        assert "Read-only" in shell(link, f": >{place}/file"), place
    assert shell(link, "for d in /lab /tmp /dev/shm; do : >$d/file && rm $d/file; done") == ""


def test_the_network_is_loopback_and_its_settings_are_a_containers(link: Link) -> None:
    assert shell(link, "ls /proc/sys/net/ipv4/conf").split() == ["all", "default", "lo"]
    assert "00000000000000000000000000000001" in shell(link, "cat /proc/net/if_inet6")
    names = "ipv4/tcp_max_tw_buckets ipv4/tcp_wmem"
    said = shell(link, f"cd /proc/sys/net && cat {names}").split()
    assert said == ["0", "4096", "131072", "262144"]
    if Path("/proc/sys/net/ipv4/tcp_child_ehash_entries").exists():  # a table of its own
        assert shell(link, "cat /proc/sys/net/ipv4/tcp_ehash_entries").strip() == "4096"


def test_file_systems_are_as_small_as_a_containers(link: Link) -> None:
    said = shell(link, "stat -fc '%b %S %c' /lab /tmp /small /dev/shm")
    rows = [[int(word) for word in row.split()] for row in said.splitlines()]
    sizes = [(blocks * size >> 20, files) for blocks, size, files in rows]
    assert sizes == [(64, 20 << 10), (32, 5 << 10), (1, 1 << 10), (1, 1 << 10)]


def test_two_sandboxes_see_nothing_of_each_other(link: Link) -> None:
    with choose("bubblewrap", lambda line: None).open() as other:
        shell(other, "touch /tmp/other /lab/other /dev/shm/other /small/other")
        assert "other" not in shell(link, "ls /tmp /lab /dev/shm /small")
        assert shell(other, "ls /tmp") == "other\n"
        other.call("listen", port=7000)
        link.call("listen", port=7000)
        assert shell(link, "ls -d /proc/[0-9]*").split()[0] == "/proc/1"
        assert len(shell(link, "ls -d /proc/[0-9]*").split()) <= 3


@needs_root
def test_its_groups_have_the_limits_of_a_container_while_it_is_open() -> None:
    before = control_groups_of(os.getpid())
    sandbox = choose("bubblewrap", lambda line: None, cpus=0.5)
    if len(sandbox.not_isolated) > 1:
        pytest.skip(f"no control group can be made here: {sandbox.not_isolated[1]}")
    with sandbox.open():
        groups = [Path(name) for name in control_groups_of(os.getpid()) if name not in before]
        files = {path.name: path for group in groups for path in group.iterdir()}
        assert files["pids.max"].read_text() == f"{PIDS}\n"
        memory = files.get("memory.max") or files["memory.limit_in_bytes"]
        assert memory.read_text() == f"{MEMORY}\n"
        cpus = files.get("cpu.max") or files["cpu.cfs_quota_us"]
        assert cpus.read_text().split()[0] == "50000"
        assert all((group / "cgroup.procs").read_text() for group in groups)
    assert control_groups_of(os.getpid()) == before


@pytest.mark.parametrize("lab", labs.names())
def test_every_reference_program_passes(lab: str) -> None:
    info = labs.read(lab)
    outcome = mutants.examine(info, mutants.programs(info)[0], "bubblewrap")
    assert outcome.complaints() == []
    assert {verdict for verdict in outcome.verdicts.values()} == {"PASS"}


@pytest.mark.parametrize("lab", MUTANTS)
def test_a_mutant_fails_what_its_head_says_and_nothing_else(lab: str) -> None:
    info = labs.read(lab)
    wanted = mutants.parse(info.folder / "mutants" / MUTANTS[lab])
    outcome = mutants.examine(info, wanted, "bubblewrap")
    assert outcome.complaints() == []
    assert outcome.failed >= wanted.fails
    assert wanted.fails


def test_a_killed_harness_leaves_no_process_and_no_group(tmp_path: Path) -> None:
    moments = random.Random()
    for number in range(MOMENTS):
        lives_s = moments.uniform(0, LONGEST_S)
        harness = Harness(tmp_path / f"harness-{number}", "prefork", "--sandbox", "bubblewrap")
        harness.kill_after(lives_s)
        assert until_empty(harness.left) == [], f"killed after {lives_s} s"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
def test_an_interrupted_run_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    harness = Harness(tmp_path / "harness", "prefork", "--sandbox", "bubblewrap")
    begun = harness.read_until("2/27")
    assert harness.left() != []
    harness.send(number)
    status, rest = harness.end()
    assert status == 130, begun + rest
    assert until_empty(harness.left) == []


def test_a_keeper_that_is_killed_takes_its_sandbox_with_it_and_its_groups_are_swept(
    tmp_path: Path,
) -> None:
    harness = Harness(tmp_path / "harness", "prefork", "--sandbox", "bubblewrap")
    harness.read_until("1/27")
    os.kill(_keeper_of(harness.process.pid), signal.SIGKILL)
    status, rest = harness.end()
    assert status == 3, rest
    assert "the agent in the sandbox is gone: it was killed by SIGKILL" in " ".join(rest.split())
    with choose("bubblewrap", lambda line: None).open():
        assert until_empty(harness.left) == []


def _keeper_of(harness: int) -> int:
    children = Path(f"/proc/{harness}/task").glob("*/children")
    pids = [int(word) for path in children for word in path.read_text().split()]
    [keeper] = [pid for pid in pids if b"keeper.py" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return keeper


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder of somebody without rights, with the root folder in it."""
    made = root.ensure_root()
    with open_folder() as folder:
        cache = folder / "cache/forklab"
        cache.mkdir(parents=True)
        for words in (["cp", "-al"], ["cp", "-a"]):  # links where they can be, else copies
            shutil.rmtree(cache / made.name, ignore_errors=True)
            if subprocess.run([*words, str(made), str(cache)], capture_output=True).returncode == 0:
                break
        for path in (cache, cache.parent, folder / "harness"):
            path.mkdir(exist_ok=True)
            os.chown(path, NOBODY, NOBODY)
        yield folder


@needs_root
def test_without_root_all_checks_pass_or_say_why_they_are_skipped(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    words = ["echo_store", "--sandbox", "bubblewrap"]
    python = python_for_all()
    harness = Harness(folder / "harness", *words, prefix=AS_NOBODY, python=python)
    status, said = harness.end()
    assert status == 0, said
    told = " ".join(said.split())
    assert "not isolated there: system calls are not filtered, memory is not limited" in told
    assert "has the user of the agent" in told
    assert "1 skipped" in told
    assert "SKIPPED refuses-an-unwritable-file" in told
    assert until_empty(harness.left) == []


@needs_root
def test_without_root_a_killed_harness_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    words = ["prefork", "--sandbox", "bubblewrap"]
    harness = Harness(folder / "harness", *words, prefix=AS_NOBODY, python=python_for_all())
    harness.read_until("2/27")
    assert harness.left() != []
    harness.process.kill()
    harness.end()
    assert until_empty(harness.left) == []


@needs_root
def test_the_groups_of_a_dead_harness_are_swept_at_the_next_start() -> None:
    mounts = bubblewrap._group_mounts()
    places = {Path(group.folder).parent for group in Bubblewrap("bwrap", Path("root"))._groups()}
    namespace = cgroup.name_ours().split("-")[1]
    left = [place / f"forklab-{namespace}-4194305-1-abcdef12" for place in places]
    for path in left:
        path.mkdir()
    cgroup.sweep(mounts)
    assert [path for path in left if path.exists()] == []
    with contextlib.suppress(FileNotFoundError):
        for path in left:
            path.rmdir()
