"""Where engines are looked for, how one would be started, and what is refused."""

import gc
import socket
from pathlib import Path

import pytest

from forklab.errors import SandboxError
from forklab.sandbox import daemon, engine, host, places
from forklab.sandbox.host import Host

DEBIAN = Host("Linux", "debian", frozenset({"debian"}), "bookworm", root=True)
HOME = Path("/home/somebody")


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide the person's Docker settings and caches."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "FORKLAB_INSTALL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every place where an engine could listen an empty one."""
    nowhere = [places.Candidate("unix:///nonexistent/socket", "nobody")]
    monkeypatch.setattr(places, "candidates", lambda *arguments: nowhere)
    monkeypatch.setattr(host, "this_host", lambda: DEBIAN)


def test_docker_host_is_the_only_place_when_it_is_set() -> None:
    found = places.candidates({"DOCKER_HOST": "tcp://10.0.0.1:2375"}, HOME, 1000)
    assert [(place.url, place.named_by) for place in found] == [
        ("tcp://10.0.0.1:2375", "DOCKER_HOST")
    ]


def test_the_default_socket_comes_before_podmans() -> None:
    urls = [place.url for place in places.candidates({}, HOME, 1000)]
    assert urls[0] == "unix:///var/run/docker.sock"
    assert urls.index("unix:///run/podman/podman.sock") < urls.index(
        "unix:///run/user/1000/podman/podman.sock"
    )
    assert len(urls) == len(set(urls))


def test_the_runtime_folder_of_the_session_is_used() -> None:
    urls = [place.url for place in places.candidates({"XDG_RUNTIME_DIR": "/tmp/r"}, HOME, 1)]
    assert "unix:///tmp/r/docker.sock" in urls
    assert "unix:///tmp/r/podman/podman.sock" in urls


def test_a_place_where_nothing_listens_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="does not exist"):
        places.connect(places.Candidate(f"unix://{tmp_path}/socket", "a test"))


def test_a_socket_that_nobody_listens_at_leaves_nothing_open(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))
    with pytest.raises(SandboxError, match="nobody answers"):
        places.connect(places.Candidate(f"unix://{path}", "a test"))
    gc.collect()  # a socket that was left open warns here, and warnings are errors


def test_a_wrong_docker_host_is_neither_passed_over_nor_repaired(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/socket")
    monkeypatch.setattr(engine, "_start", lambda *arguments: pytest.fail("started an engine"))
    with pytest.raises(SandboxError, match="unset DOCKER_HOST or correct it"):
        engine.find_engine()


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (("run/systemd/system/x",), ("systemctl", "start", "docker")),
        (("run/openrc/x",), ("rc-service", "docker", "start")),
        (("etc/init.d/docker", "proc/1/comm=init"), ("service", "docker", "start")),
        (("etc/init.d/docker", "proc/1/comm=bash"), ()),
        ((), ()),
    ],
)
def test_the_service_manager_that_runs_is_used(
    tmp_path: Path, made: tuple[str, ...], words: tuple[str, ...]
) -> None:
    for entry in made:
        name, _, text = entry.partition("=")
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    assert daemon.service_manager(tmp_path) == words


@pytest.mark.usefixtures("no_engine")
def test_survey_and_may_start_false_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_start", lambda *arguments: pytest.fail("started an engine"))
    found = engine.survey()
    assert found.client is None
    with pytest.raises(SandboxError) as raised:
        engine.find_engine(may_start=False)
    assert str(raised.value) == found.problem


@pytest.mark.usefixtures("no_engine")
@pytest.mark.parametrize("forbidden_by", ["caller", "environment"])
def test_nothing_is_installed_where_that_is_forbidden(
    monkeypatch: pytest.MonkeyPatch, forbidden_by: str
) -> None:
    monkeypatch.setattr(daemon, "installed", lambda: "")
    monkeypatch.setattr(host, "install", lambda *arguments: pytest.fail("installed"))
    if forbidden_by == "environment":
        monkeypatch.setenv("FORKLAB_INSTALL", "never")
    with pytest.raises(SandboxError, match="No container engine is installed"):
        engine.find_engine(may_install=forbidden_by != "caller")


@pytest.mark.usefixtures("no_engine")
def test_somebody_who_is_not_root_is_told_to_start_what_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(daemon, "installed", lambda: "dockerd")
    monkeypatch.setattr(host, "as_root", lambda here: None)
    with pytest.raises(SandboxError, match="start it with sudo systemctl start docker"):
        engine.find_engine()


def test_a_closed_socket_is_told_apart_from_a_missing_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def closed(place: places.Candidate) -> None:
        raise SandboxError("PermissionError(13, 'Permission denied')")

    monkeypatch.setattr(places, "connect", closed)
    monkeypatch.setattr(host, "install", lambda *arguments: pytest.fail("installed"))
    with pytest.raises(SandboxError, match=r"Permission denied at the engine's socket /var/run/do"):
        engine.find_engine()


def test_what_ends_at_once_is_reported_with_its_last_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    place = places.Candidate(f"unix://{tmp_path}/socket", "a test")
    said: list[str] = []
    with pytest.raises(SandboxError) as raised:
        daemon._start_by_hand([["sh", "-c", "echo no room >&2; exit 1"]], place, log, said.append)
    assert str(raised.value) == (
        f"sh does not come up: the engine ended at once; its log is {log}. Last line: no room."
    )
    assert said == [
        "starting the container engine: sh -c echo no room >&2; exit 1",
        f"(its log: {log})",
    ]


def test_the_next_way_is_tried_when_one_does_not_come_up(tmp_path: Path) -> None:
    place = places.Candidate(f"unix://{tmp_path}/socket", "a test")
    said: list[str] = []
    ways = [["sh", "-c", "exit 1"], ["sh", "-c", "exit 2"]]
    with pytest.raises(SandboxError):
        daemon._start_by_hand(ways, place, tmp_path / "log", said.append)
    assert [line for line in said if "exit" in line] == [
        "starting the container engine: sh -c exit 1",
        "starting the container engine: sh -c exit 2",
    ]
