"""What decides the content of the lab's files: release, architecture, recipes, list of packages.

An image in an engine and a root folder without one have the same recipe, so the same name.
"""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from pathlib import Path

from forklab import tree
from forklab.sandbox import host

INGREDIENTS = ("lab.Dockerfile", "mmdebstrap.sh", "packages.txt", "trim.sh")
REPOSITORY = "forklab/lab"
# what engines and Debian call a machine that the kernel calls otherwise
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Recipe:
    """What decides the content of the image: its name is made from this and nothing else."""

    distribution: str
    codename: str
    architecture: str
    digest: str

    @property
    def version(self) -> str:
        """Shorten the digest to what stands behind the name."""
        return self.digest[:12]

    @property
    def tag(self) -> str:
        """Name the image."""
        return f"{REPOSITORY}:{self.version}"

    @property
    def base(self) -> str:
        """Name the image of a registry that this one starts from."""
        slim = "-slim" if self.distribution == "debian" else ""
        return f"docker.io/library/{self.distribution}:{self.codename}{slim}"


def for_architecture(architecture: str) -> Recipe:
    """Say which files this host needs, for programs of *architecture* as engines name it.

    A Debian or Ubuntu host gets its own release, so that both routes give the same; any other
    host gets Debian bookworm.
    """
    here = host.this_host()
    distribution, codename = "debian", "bookworm"
    if here.distribution in ("debian", "ubuntu") and here.codename:
        distribution, codename = here.distribution, here.codename
    return recipe_of(tree.root() / "docker", distribution, codename, architecture)


def for_this_machine() -> Recipe:
    """Say which files this host needs for its own programs."""
    machine = platform.machine()
    return for_architecture(ARCHITECTURES.get(machine, machine))


def recipe_of(folder: Path, distribution: str, codename: str, architecture: str) -> Recipe:
    """Hash all that goes into the image: recipes, package list, release and architecture."""
    digest = hashlib.sha256("\0".join((distribution, codename, architecture)).encode())
    for name in INGREDIENTS:
        digest.update(b"\0" + name.encode() + b"\0" + (folder / name).read_bytes())
    return Recipe(distribution, codename, architecture, digest.hexdigest())
