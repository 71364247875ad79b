"""What a person is told when no engine answers."""

import pytest

from forklab.sandbox import advice
from forklab.sandbox.host import Host

DEBIAN = Host("Linux", "debian", frozenset({"debian"}), "bookworm")
MINT = Host("Linux", "linuxmint", frozenset({"linuxmint", "ubuntu"}))
ROCKY = Host("Linux", "rocky", frozenset({"rocky", "rhel", "centos", "fedora"}))
VOID = Host("Linux", "void", frozenset({"void"}))
NEVER = {"FORKLAB_INSTALL": "never"}


@pytest.mark.parametrize(
    ("here", "environment", "installed", "expected"),
    [
        (DEBIAN, {}, "", "sudo apt-get install docker.io iptables"),
        (DEBIAN, NEVER, "", "FORKLAB_INSTALL=never"),
        (MINT, {}, "", "sudo apt-get install docker.io iptables"),
        (ROCKY, {}, "", "sudo dnf install podman"),
        (VOID, {}, "", "install Docker or Podman"),
        (DEBIAN, {}, "dockerd", "sudo systemctl start docker"),
        (ROCKY, {}, "podman", "systemctl --user start podman.socket"),
        (Host("Darwin"), {}, "", "Docker Desktop, Colima or Podman Desktop"),
        (Host("Windows"), {}, "", "WSL 2"),
    ],
)
def test_each_system_is_told_what_to_do_in_one_sentence(
    here: Host, environment: dict[str, str], installed: str, expected: str
) -> None:
    sentence = advice.no_engine(here, environment, installed)
    assert expected in sentence
    assert sentence.endswith(".")
    assert sentence.count(". ") == 0
    assert "\n" not in sentence


def test_never_is_not_mentioned_to_those_who_did_not_say_it() -> None:
    assert "FORKLAB_INSTALL" not in advice.no_engine(ROCKY, {}, "")


def test_a_closed_socket_is_named_without_its_scheme() -> None:
    sentence = advice.may_not_use("unix:///run/docker.sock")
    assert " /run/docker.sock: join its group with sudo usermod -aG docker" in sentence


def test_a_wrong_docker_host_is_named_with_the_reason() -> None:
    sentence = advice.wrong_docker_host("tcp://h:1", "connection refused.")
    assert sentence == (
        "No engine answers at DOCKER_HOST=tcp://h:1: unset DOCKER_HOST or correct it "
        "(connection refused)."
    )
