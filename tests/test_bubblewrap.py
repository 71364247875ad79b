"""The sandbox `bubblewrap`: what is asked of bwrap and of its keeper, and who chooses it."""

from __future__ import annotations

import marshal
import os
import platform
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import click
import pytest

from forklab import cli
from forklab.errors import SandboxError
from forklab.sandbox import bubblewrap, cgroup, choose, engine, host, inside, keeper
from forklab.sandbox.bubblewrap import Bubblewrap
from forklab.sandbox.container import CAPABILITIES, TMPFS
from forklab.sandbox.engine import Found

ROOT = Path("/cache/root-0123456789ab")


def words_of(*, own_user: bool) -> str:
    return " ".join(bubblewrap.command("/usr/bin/bwrap", ROOT, own_user=own_user))


def test_the_root_is_read_only_and_what_is_mounted_on_it_comes_after_it() -> None:
    words = words_of(own_user=True)
    assert words.startswith("/usr/bin/bwrap ")
    assert words.endswith(" --")
    order = [f"--ro-bind {ROOT} /", "--proc /proc", "--ro-bind /proc/sys /proc/sys", "--dev /dev"]
    order += [f"--bind {ROOT}{path} {path}" for path in TMPFS]
    order += ["--remount-ro /dev"]
    places = [words.index(word) for word in order]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("file", "place"),
    [("memory.limit_in_bytes", "/sys/fs/cgroup/memory"), ("memory.max", "/sys/fs/cgroup")],
)
def test_the_agent_is_shown_how_full_the_memory_is(file: str, place: str) -> None:
    groups = [cgroup.Group("/g/pids", {"pids.max": "9"}), cgroup.Group("/g/memory", {file: "9"})]
    words = bubblewrap.command("/usr/bin/bwrap", ROOT, own_user=True, groups=groups)
    said = f"--tmpfs /sys --ro-bind /g/memory {place} --remount-ro /sys"
    assert said in " ".join(words)
    assert "/sys/fs" not in words_of(own_user=True)


@pytest.mark.parametrize(
    "word",
    [
        *("--unshare-pid", "--unshare-uts", "--hostname lab", "--die-with-parent", "--as-pid-1"),
        *("--new-session", "--cap-drop ALL"),
    ],
)
@pytest.mark.parametrize("own_user", [True, False])
def test_it_is_isolated_and_ends_with_its_keeper(word: str, own_user: bool) -> None:
    assert word in words_of(own_user=own_user)


def test_the_agent_has_the_capabilities_of_a_container_where_it_observes_another_user() -> None:
    words = words_of(own_user=True).split()
    added = [word for before, word in pairwise(words) if before == "--cap-add"]
    # the last one is what it takes to give the others up; setpriv gives it up as well
    assert added == [f"CAP_{name}" for name in (*CAPABILITIES, "SETPCAP")]
    assert "setpcap" not in " ".join(bubblewrap.LESS)
    assert "--cap-add" not in words_of(own_user=False)


def test_mount_options_of_an_engine_become_those_of_the_system_call() -> None:
    words = "rw,noexec,nosuid,nodev,size=1m,nr_inodes=1k,mode=1777"
    assert bubblewrap.mount_options(words) == (2 | 4 | 8, "size=1m,nr_inodes=1k,mode=1777")


def test_the_keeper_is_told_plain_data_and_what_it_limits_is_a_containers() -> None:
    group = cgroup.Group("/sys/fs/cgroup/pids/ours", {"pids.max": "1600"})
    told = bubblewrap.wanted(["bwrap"], [group], [("/root/lab", "size=1m")])
    assert marshal.loads(marshal.dumps(told)) == told
    assert told["groups"] == [["/sys/fs/cgroup/pids/ours", {"pids.max": "1600"}]]
    assert told["mounts"] == [["/root/lab", 0, "size=1m"]]
    assert told["sysctls"]["net/ipv4/tcp_max_tw_buckets"] == "0"
    assert [number for _, number in told["limits"]] == [4096, 0, 6400]
    assert told["user"] is (os.geteuid() != 0)
    assert set(told["env"]) == {"PATH", "LANG", "MALLOC_MMAP_THRESHOLD_"}


@pytest.mark.parametrize(
    ("own_user", "limited", "said"),
    [
        (True, True, 1),
        (True, False, 3),
        (False, False, 4),
    ],
)
def test_what_is_not_isolated_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own_user: bool, limited: bool, said: int
) -> None:
    mount = cgroup.Mount(2, frozenset({"memory", "pids"}), str(tmp_path))
    monkeypatch.setattr(inside, "may_change_user", lambda: own_user)
    monkeypatch.setattr(bubblewrap, "_group_mounts", lambda: [mount] if limited else [])
    sandbox = Bubblewrap("bwrap", ROOT)
    assert len(sandbox.not_isolated) == said
    assert sandbox.not_isolated[0] == "system calls are not filtered"
    assert sandbox.image == "forklab/lab:0123456789ab"


def test_cpus_are_limited_or_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "_group_mounts", list)
    with pytest.raises(SandboxError, match="cannot limit CPUs here"):
        Bubblewrap("bwrap", ROOT, cpus=0.1)
    with pytest.raises(SandboxError, match="inside cannot limit CPUs"):
        choose.choose("inside", lambda line: None, cpus=0.1)


def nowhere(name: str) -> None:
    return None


def test_without_bwrap_what_to_install_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "command_path", nowhere)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setenv("FORKLAB_INSTALL", "never")
    assert bubblewrap.why_not() == "it is not installed"
    with pytest.raises(SandboxError, match=r"bubblewrap must be installed first: FORKLAB_INSTALL"):
        bubblewrap.ensure_bubblewrap()


def test_it_is_installed_where_that_may_be_done(monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[str] = []

    def install(packages: list[str], say: host.Say) -> None:
        installed.extend(packages)

    monkeypatch.setattr(
        host, "command_path", lambda name: f"/usr/bin/{name}" if installed else None
    )
    monkeypatch.setattr(host, "install", install)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(bubblewrap, "why_not", lambda: "")
    assert bubblewrap.ensure_bubblewrap() == "/usr/bin/bwrap"
    assert installed == ["bubblewrap"]
    monkeypatch.setattr(bubblewrap, "why_not", lambda: "user namespaces are closed")
    with pytest.raises(
        SandboxError, match="cannot make a sandbox here: user namespaces are closed"
    ):
        bubblewrap.ensure_bubblewrap()
    assert bubblewrap.ensure_bubblewrap(proven=True)


def test_without_root_a_kernel_that_counts_all_a_persons_processes_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(host, "command_path", lambda name: "/usr/bin/bwrap")
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "release", lambda: "5.10.0-28-amd64")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "5.14" in bubblewrap.why_not()


def test_on_another_system_an_engine_is_advised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    assert bubblewrap.why_not()
    with pytest.raises(SandboxError, match="needs Linux"):
        bubblewrap.ensure_bubblewrap()


@pytest.mark.parametrize(
    ("named_by", "would", "why_not", "kind"),
    [
        ("", "", "", "bubblewrap"),
        ("", "", "it is not installed", "docker"),
        ("", "starts dockerd", "", "docker"),
        ("DOCKER_HOST", "", "", "docker"),
    ],
)
def test_bubblewrap_is_taken_where_no_engine_is_or_can_be_set_up_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, named_by: str, would: str, why_not: str, kind: str
) -> None:
    monkeypatch.setattr(engine, "survey", lambda: Found(None, named_by, "none answers"))
    monkeypatch.setattr(engine, "would_set_up", lambda found: would)
    monkeypatch.setattr(bubblewrap, "why_not", lambda: why_not)
    said: list[str] = []
    assert choose.by_itself(said.append) == kind
    assert len(said) == (kind == "bubblewrap")


@pytest.mark.parametrize("command", ["check", "labs", "flaky", "mutants", "watch"])
def test_every_command_that_opens_a_sandbox_takes_its_kind(command: str) -> None:
    [option] = [one for one in cli.main.commands[command].params if one.name == "sandbox"]
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == choose.KINDS


@pytest.mark.parametrize(("status", "signal"), [(0, 0), (1, 0), (137, 9), (-15, 15)])
def test_the_keeper_ends_as_bwrap_did(status: int, signal: int) -> None:
    script = f"import sys; sys.path.insert(0, {str(bubblewrap.KEEPER.parent)!r}); import keeper"
    ended = subprocess.run([sys.executable, "-c", f"{script}; keeper.leave({status})"]).returncode
    assert ended == (-signal if signal else status)


def test_the_keeper_imports_nothing_of_ours() -> None:
    assert "forklab" not in Path(keeper.__file__).read_text().partition("from typing")[0]
