"""What machine this is, and when something may be installed on it."""

import multiprocessing
import os
import tempfile
from pathlib import Path

import pytest

from forklab.errors import SandboxError
from forklab.sandbox import host
from forklab.sandbox.host import Host

DEBIAN = Host("Linux", "debian", frozenset({"debian"}), "bookworm", root=True)
MINT = Host("Linux", "linuxmint", frozenset({"linuxmint", "ubuntu", "debian"}), "zara")
FEDORA = Host("Linux", "fedora", frozenset({"fedora"}))
MAC = Host("Darwin")


def test_os_release_is_read_with_and_without_quotes() -> None:
    text = '# a comment\nID=debian\nPRETTY_NAME="Debian GNU/Linux 12"\nID_LIKE="a b"\nVARIANT=\n'
    assert host.parse_os_release(text) == {
        "ID": "debian",
        "PRETTY_NAME": "Debian GNU/Linux 12",
        "ID_LIKE": "a b",
        "VARIANT": "",
    }


def test_a_derivative_of_debian_has_apt_and_others_have_not() -> None:
    assert DEBIAN.has_apt
    assert MINT.has_apt
    assert not FEDORA.has_apt
    assert not MAC.has_apt


def test_debian_may_be_installed_on_and_never_forbids_it() -> None:
    assert host.why_not_install(DEBIAN, {}) == ""
    assert "FORKLAB_INSTALL=never" in host.why_not_install(DEBIAN, {"FORKLAB_INSTALL": "never"})


def test_a_system_without_apt_is_named_in_the_reason() -> None:
    assert "fedora" in host.why_not_install(FEDORA, {})
    assert "Darwin" in host.why_not_install(MAC, {})


def test_install_that_is_forbidden_raises_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORKLAB_INSTALL", "never")
    monkeypatch.setattr(host, "this_host", lambda: DEBIAN)
    with pytest.raises(SandboxError, match=r"^docker\.io iptables must .*=never .*\.$"):
        host.install(["docker.io", "iptables"])


def test_install_without_a_way_to_root_says_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORKLAB_INSTALL", raising=False)
    monkeypatch.setattr(host, "this_host", lambda: MINT)
    monkeypatch.setattr(host, "as_root", lambda here: None)
    with pytest.raises(SandboxError, match="run sudo apt-get install mmdebstrap, then try again"):
        host.install(["mmdebstrap"])


def test_the_log_line_that_explains_is_chosen(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("a\nE: cannot find it.\nmore\n\n")
    assert host.last_line(log, "E:") == "E: cannot find it"
    assert host.last_line(log) == "more"
    assert host.last_line(log, "W:") == "more"
    log.write_text("")
    assert host.last_line(log) == "it printed nothing"


def test_a_home_that_cannot_be_written_gives_a_folder_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(in_the_way))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert host.cache_folder().parent == tmp_path


def _second(folder: str, said: "multiprocessing.Queue[str]") -> None:
    os.environ["XDG_CACHE_HOME"] = folder
    with host.only_one("thing", "waiting", said.put):
        said.put("inside")


def test_a_second_process_waits_until_the_first_is_done(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    spawn = multiprocessing.get_context("spawn")
    said = spawn.Queue()
    with host.only_one("thing", "waiting", host.keep_quiet):
        second = spawn.Process(target=_second, args=(str(tmp_path), said))
        second.start()
        assert said.get(timeout=60) == "waiting"
        assert said.empty()
    assert said.get(timeout=60) == "inside"
    second.join()
    said.close()
    said.join_thread()
