"""Where a control group can be made, from literal texts of the kernel."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from forklab.agent import home
from forklab.sandbox import cgroup
from forklab.sandbox.cgroup import Limits, Mount

LIMITS = Limits(1 << 30, 1600)
VERSION_1 = """\
30 20 0:27 / {0}/memory rw,relatime - cgroup cgroup rw,memory
31 20 0:28 / {0}/pids rw,relatime - cgroup cgroup rw,pids
32 20 0:29 / {0}/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
33 20 0:30 / {0}/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate
34 20 0:31 / /home rw,relatime - ext4 /dev/vda rw
"""
OWN_1 = "9:memory:/user/one\n8:pids:/\n7:cpu,cpuacct:/user\n0::/user.slice\n"
VERSION_2 = "30 20 0:27 / {0} rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n"


def test_a_group_of_version_1_is_made_below_our_own(tmp_path: Path) -> None:
    found = cgroup.mounts(VERSION_1.format(tmp_path), OWN_1)
    assert found == [
        Mount(1, frozenset({"memory"}), f"{tmp_path}/memory/user/one"),
        Mount(1, frozenset({"pids"}), f"{tmp_path}/pids"),
        Mount(1, frozenset({"cpu", "cpuacct"}), f"{tmp_path}/cpu,cpuacct/user"),
        Mount(2, frozenset(), f"{tmp_path}/unified"),
    ]


def test_a_group_that_is_mounted_alone_is_its_own_root(tmp_path: Path) -> None:
    """As in a container: /docker/ID is what is shown."""
    line = f"30 20 0:27 /docker/1 {tmp_path} rw - cgroup cgroup rw,memory"
    assert cgroup.mounts(line, "9:memory:/docker/1\n")[0].folder == str(tmp_path)
    assert cgroup.mounts(line, "9:memory:/elsewhere\n")[0].folder == str(tmp_path)


def test_of_version_2_it_has_what_the_root_gives_its_children(tmp_path: Path) -> None:
    (tmp_path / "cgroup.subtree_control").write_text("cpu memory pids\n")
    [mount] = cgroup.mounts(VERSION_2.format(tmp_path), "0::/user.slice\n")
    assert mount == Mount(2, frozenset({"cpu", "memory", "pids"}), str(tmp_path))
    [group] = cgroup.plan([mount], LIMITS._replace(cpus=0.5), "ours")
    assert group.folder == f"{tmp_path}/ours"
    assert group.limits == {
        "memory.max": str(1 << 30),
        "memory.swap.max": "0",
        "pids.max": "1600",
        "cpu.max": "50000 100000",
    }


def test_of_version_1_each_controller_has_its_group_and_memory_comes_before_swap(
    tmp_path: Path,
) -> None:
    for name in ("memory", "pids", "cpu"):
        (tmp_path / name).mkdir()
    found = [
        Mount(1, frozenset({name}), f"{tmp_path}/{name}") for name in ("memory", "pids", "cpu")
    ]
    memory, pids, cpu = cgroup.plan(found, LIMITS._replace(cpus=0.1), "ours")
    assert list(memory.limits) == ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"]
    assert pids.limits == {"pids.max": "1600"}
    assert cpu.limits == {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "10000"}
    assert cgroup.unlimited([memory, pids, cpu], LIMITS._replace(cpus=0.1)) == set()


def test_no_cpus_no_group_for_them(tmp_path: Path) -> None:
    assert cgroup.plan([Mount(1, frozenset({"cpu"}), str(tmp_path))], LIMITS, "ours") == []


def test_what_cannot_be_limited_is_named() -> None:
    nowhere = [Mount(1, frozenset({"memory"}), "/nonexistent")]
    assert cgroup.plan(nowhere, LIMITS, "ours") == []
    assert cgroup.unlimited([], LIMITS) == {"memory", "pids"}
    assert cgroup.unlimited([], LIMITS._replace(cpus=1.0)) == {"memory", "pids", "cpu"}


@pytest.mark.parametrize("text", ["", "one word", "1 2 3 4 /x rw - cgroup2"])
def test_a_line_that_is_none_is_passed_over(text: str) -> None:
    assert cgroup.mounts(text, "") == []


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="a name says a process of Linux")
def test_the_groups_of_dead_harnesses_are_swept_and_no_other(tmp_path: Path) -> None:
    ours = cgroup.name_ours()
    namespace = home.name_of(os.getpid()).split("-")[1]
    dead = f"forklab-{namespace}-4194305-1-abcdef12"
    for name in (ours, dead, "forklab-1-2", "docker"):
        (tmp_path / name).mkdir()
    assert cgroup.sweep([Mount(1, frozenset(), str(tmp_path))]) == [dead]
    assert {path.name for path in tmp_path.iterdir()} == {ours, "forklab-1-2", "docker"}
