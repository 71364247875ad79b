"""The root folder: made whole or not at all, once for each content."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from forklab.errors import SandboxError
from forklab.sandbox import bootstrap, host, recipe, root
from forklab.sandbox.host import Host


def write_tar(files: Path) -> None:
    with tarfile.open(files, "w") as archive:
        for name in ("./dev", "./lab", "./usr"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(folder)
        device = tarfile.TarInfo("./dev/null")
        device.type, device.devmajor, device.devminor = tarfile.CHRTYPE, 1, 3
        archive.addfile(device)
        file = tarfile.TarInfo("./usr/python3")
        file.size, file.mode = 2, 0o755
        archive.addfile(file, io.BytesIO(b"hi"))


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give a cache folder of our own, on a host with apt and mmdebstrap."""
    debian = Host("Linux", "debian", frozenset({"debian"}), "bookworm", root=True)
    monkeypatch.setattr(host, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(host, "this_host", lambda: debian)
    monkeypatch.setattr(host, "command_path", lambda name: f"/usr/bin/{name}")
    return tmp_path


def test_it_has_all_mount_points_and_no_device(tmp_path: Path) -> None:
    write_tar(tmp_path / "root.tar")
    root.unpack(tmp_path / "root.tar", tmp_path / "root")
    assert (tmp_path / "root/usr/python3").read_text() == "hi"
    assert [path.name for path in (tmp_path / "root/dev").iterdir()] == ["shm"]
    for name in root.MOUNT_POINTS:
        assert (tmp_path / "root" / name).is_dir()
    assert (tmp_path / "root").stat().st_mode & 0o777 == 0o755


def test_a_damaged_tar_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "root.tar").write_bytes(b"no tar")
    with pytest.raises(SandboxError, match=r"the root folder cannot be unpacked \(.*\)\.$"):
        root.unpack(tmp_path / "root.tar", tmp_path / "root")


def test_it_is_made_once_and_named_by_its_content(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def write_root(codename: str, files: Path) -> None:
        made.append(codename)
        write_tar(files)

    monkeypatch.setattr(bootstrap, "write_root", write_root)
    said: list[str] = []
    assert not root.is_there()
    folder = root.ensure_root(say=said.append)
    assert folder == root.ensure_root() == cache / f"root-{recipe.for_this_machine().version}"
    assert made == ["bookworm"]
    assert root.is_there()
    assert any("about a minute" in line for line in said)


def test_what_could_not_be_made_whole_is_not_there(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(codename: str, files: Path) -> None:
        files.write_bytes(b"half of it")
        raise SandboxError("mmdebstrap failed.")

    monkeypatch.setattr(bootstrap, "write_root", fail)
    (cache / f"{root.MAKING}killed").mkdir()
    with pytest.raises(SandboxError, match="mmdebstrap failed"):
        root.ensure_root()
    assert not root.is_there()
    assert [path.name for path in cache.iterdir()] == ["root.lock"]


def test_a_host_without_apt_is_told_to_take_an_engine(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "this_host", lambda: Host("Linux", "fedora", frozenset({"fedora"})))
    with pytest.raises(SandboxError, match="install a container engine instead"):
        root.ensure_root()
