"""What a person should do when no container engine answers: one sentence for each system."""

from __future__ import annotations

from collections.abc import Mapping

from forklab.sandbox.host import Host, why_not_install

_INSTALL = {
    "debian": "sudo apt-get install docker.io iptables",
    "fedora": "sudo dnf install podman && systemctl --user start podman.socket",
    "rhel": "sudo dnf install podman && systemctl --user start podman.socket",
    "suse": "sudo zypper install docker && sudo systemctl start docker",
    "opensuse": "sudo zypper install docker && sudo systemctl start docker",
    "arch": "sudo pacman -S docker && sudo systemctl start docker",
    "alpine": "sudo apk add docker && sudo rc-service docker start",
}
_START = {
    "dockerd": "sudo systemctl start docker",
    "podman": "systemctl --user start podman.socket",
}


def no_engine(here: Host, environment: Mapping[str, str], installed: str) -> str:
    """Say what to do on this system; *installed* names the engine that is there but silent."""
    if here.system == "Darwin":
        return (
            "No container engine answers: start Docker Desktop, Colima or Podman Desktop "
            "(or install one of them), then try again."
        )
    if here.system != "Linux":
        return "No container engine answers: on Windows run forklab inside WSL 2, in a Debian."
    if installed:
        return (
            f"The container engine is installed but does not run: start it with "
            f"{_START[installed]}, then try again."
        )
    return (
        f"No container engine is installed: {_how(here)}, then try again{_why(here, environment)}."
    )


def may_not_use(url: str) -> str:
    """Say what to do when the engine is there but closed to this person."""
    return (
        f"Permission denied at the engine's socket {url.removeprefix('unix://')}: join its group "
        "with sudo usermod -aG docker $USER, log in again, then try again."
    )


def wrong_docker_host(url: str, reason: str) -> str:
    """Say what to do when the engine that DOCKER_HOST names does not answer."""
    return (
        f"No engine answers at DOCKER_HOST={url}: unset DOCKER_HOST or correct it "
        f"({reason.rstrip('.')})."
    )


def _how(here: Host) -> str:
    family = [here.distribution, *sorted(here.family), *(["debian"] if here.has_apt else [])]
    command = next((_INSTALL[name] for name in family if name in _INSTALL), "")
    return f"install one with {command}" if command else "install Docker or Podman and start it"


def _why(here: Host, environment: Mapping[str, str]) -> str:
    """Say why forklab did not do it itself, when the person asked it not to."""
    reason = why_not_install(here, environment)
    return f" ({reason})" if "FORKLAB_INSTALL" in reason else ""
