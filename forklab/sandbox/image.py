"""The lab image: built once for each content, from a registry or from the host's apt sources.

Knows: the recipes in ``docker/``, the engine's image calls. The agent is not in the image; it is
sent into the container when that starts.
"""

from __future__ import annotations

import queue
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from docker.errors import DockerException, ImageNotFound

from forklab import tree
from forklab.errors import SandboxError
from forklab.sandbox import bootstrap, host
from forklab.sandbox.host import Say, keep_quiet
from forklab.sandbox.recipe import REPOSITORY, Recipe, for_architecture

if TYPE_CHECKING:
    from docker import DockerClient

PREFIXES = ("localhost/", "docker.io/")  # Podman puts one of them before a name
REGISTRY_ANSWERS_WITHIN_S = 30
ENVIRONMENT = (
    "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "ENV LANG=C.UTF-8",
    'CMD ["python3"]',
)


def recipe(client: DockerClient) -> Recipe:
    """Say which image this host and this engine need."""
    with _translated("ask the engine for its architecture"):
        return for_architecture(str(client.version()["Arch"]))


def engine_facts(client: DockerClient) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ask the engine for what it says of itself: `info` and `version` of the Engine API."""
    with _translated("ask the engine about itself"):
        return dict(client.info()), dict(client.version())


def find_image(client: DockerClient) -> str | None:
    """Give the id of the lab image, or None when this engine does not have it."""
    return _find(client, recipe(client).tag)


def ensure_image(client: DockerClient, *, say: Say = keep_quiet) -> str:
    """Give the id of the lab image, building it first if it is missing.

    Two processes that need it at the same time build it once: the second waits.

    Raises:
        SandboxError: no route leads to the image; the sentence says what to do.
    """
    wanted = recipe(client)
    found = _find(client, wanted.tag)
    if found:
        return found
    waiting = "another forklab is building the lab image: waiting for it"
    with host.only_one(f"image-{wanted.version}", waiting, say):
        found = _find(client, wanted.tag)  # another process has built it while we waited
        if not found:
            _build(client, wanted, say)
            found = _find(client, wanted.tag)
    if not found:
        raise SandboxError(f"the image {wanted.tag} was built, but the engine does not list it.")
    return found


def tag_latest(client: DockerClient) -> None:
    """Name the lab image `forklab/lab:latest`, for recipes that start from it."""
    with _translated("name the image"):
        client.api.tag(ensure_image(client), REPOSITORY, "latest")


def save_image(client: DockerClient, file: Path, *, say: Say = keep_quiet) -> None:
    """Write the lab image to *file*, for a host that can reach neither registry nor apt."""
    found = ensure_image(client, say=say)
    tag = recipe(client).tag
    with _translated("save the image"), _patient(client):
        image = client.images.get(found)
        name = next(name for name in image.tags if _plain(name) == tag)
        try:
            with file.open("wb") as output:
                for chunk in image.save(named=name):
                    output.write(chunk)
        except OSError as error:
            raise SandboxError(f"cannot write {file}: {error.strerror}.") from error
    say(f"saved {tag} to {file} ({file.stat().st_size // 1_000_000} MB)")


def load_image(client: DockerClient, file: Path, *, say: Say = keep_quiet) -> None:
    """Give the engine the lab image that ``save_image`` wrote.

    Raises:
        SandboxError: no such file, not an image, or the image of another forklab or host.
    """
    try:
        data = file.open("rb")
    except OSError as error:
        raise SandboxError(f"cannot read {file}: {error.strerror}.") from error
    with data, _translated(f"load {file}"), _patient(client):
        loaded = client.images.load(data)
    names = [_plain(name) for image in loaded for name in image.tags]
    tag = recipe(client).tag
    if tag not in names:
        raise SandboxError(
            f"{file} holds {', '.join(names) or 'no named image'}, but this host needs {tag}: "
            f"save it again with the same forklab on the same release and architecture."
        )
    say(f"loaded {tag} from {file}")


def _plain(name: str) -> str:
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    return name


def _find(client: DockerClient, tag: str) -> str | None:
    for name in (tag, *(prefix + tag for prefix in PREFIXES)):
        with _translated(f"look for {tag}"):
            try:
                return str(client.images.get(name).id)
            except ImageNotFound:
                continue
    return None


def _build(client: DockerClient, wanted: Recipe, say: Say) -> None:
    try:
        _pull_base(client, wanted, say)
        _build_on_base(client, wanted, say)
    except SandboxError as no_registry:
        say(f"not from a registry: {no_registry}")
        try:
            _build_from_apt(client, wanted, say)
        except SandboxError as no_bootstrap:
            raise SandboxError(
                f"the lab image cannot be built. From a registry: {no_registry} "
                f"With mmdebstrap: {no_bootstrap} "
                "Where neither can work, load one: forklab images --load FILE."
            ) from no_bootstrap


def _pull_base(client: DockerClient, wanted: Recipe, say: Say) -> None:
    """Fetch the base image, unless the engine has it already.

    The pull runs in a thread of its own, because docker-py waits for the first answer without
    a limit, and a firewall may never give one.
    """
    if _find(client, wanted.base):
        return
    steps: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_pull, args=(client, wanted.base, steps), daemon=True).start()
    say(f"building the lab image {wanted.tag} on {wanted.base}")
    try:
        problem = steps.get(timeout=REGISTRY_ANSWERS_WITHIN_S)
        while problem == "":
            problem = steps.get()
    except queue.Empty:
        problem = f"no answer within {REGISTRY_ANSWERS_WITHIN_S} s"
    if problem:
        raise SandboxError(f"{wanted.base} cannot be pulled ({problem}).")


def _pull(client: DockerClient, name: str, steps: queue.Queue[str | None]) -> None:
    """Pull *name*; put "" for each step, then the problem, or None when there was none."""
    repository, tag = name.rsplit(":", 1)
    try:
        for step in client.api.pull(repository, tag=tag, stream=True, decode=True):
            steps.put(step.get("error", ""))
        steps.put(None)
    except (DockerException, requests.RequestException) as error:
        steps.put(_reason(error))


def _build_on_base(client: DockerClient, wanted: Recipe, say: Say) -> None:
    say("installing the lab's packages in it")
    last = ""
    with _translated("build the image"):
        steps: Iterator[dict[str, Any]] = client.api.build(
            path=str(tree.root() / "docker"),
            dockerfile="lab.Dockerfile",
            tag=wanted.tag,
            buildargs={"BASE": wanted.base},
            network_mode="host",  # an engine that we started may have no bridge
            rm=True,
            forcerm=True,
            decode=True,
        )
        for step in steps:
            last = step.get("stream", "").strip() or last
            if "error" in step:
                raise SandboxError(f"the build failed ({step['error'].strip()}; last: {last}).")


def _build_from_apt(client: DockerClient, wanted: Recipe, say: Say) -> None:
    """Build the image's files here with mmdebstrap and give them to the engine as a tar."""
    if not host.command_path("mmdebstrap"):
        host.install(["mmdebstrap"], say)
    if not host.this_host().has_apt:
        raise SandboxError("it needs the apt sources of a Debian or Ubuntu host.")
    say(f"building the lab image {wanted.tag} with mmdebstrap from this host's apt sources")
    say("(about a minute, once)")
    with tempfile.TemporaryDirectory(prefix="forklab-image-", dir=_roomy()) as folder:
        files = Path(folder) / "root.tar"
        bootstrap.write_root(wanted.codename, files)
        with _translated("import the image"), _patient(client):
            answer = client.api.import_image_from_file(str(files), changes=list(ENVIRONMENT))
            # named afterwards, because Podman 4.3 takes no tag with an import
            imported = re.findall(r"sha256:[0-9a-f]{64}", str(answer))
            if not imported:
                raise SandboxError(f"the engine did not take the image ({str(answer).strip()}).")
            client.api.tag(imported[-1], REPOSITORY, wanted.version)


def _roomy() -> str | None:
    """Name a folder on disk: /tmp is often small and in memory, the tar has 350 MB."""
    return "/var/tmp" if Path("/var/tmp").is_dir() else None


@contextmanager
def _patient(client: DockerClient) -> Iterator[None]:
    """Let calls that move a whole image take their time."""
    before = client.api.timeout
    client.api.timeout = 900
    try:
        yield
    finally:
        client.api.timeout = before


@contextmanager
def _translated(task: str) -> Iterator[None]:
    """Turn what docker-py raises into our error."""
    try:
        yield
    except (DockerException, requests.RequestException) as error:
        raise SandboxError(f"cannot {task}: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    text = getattr(error, "explanation", None) or str(error) or type(error).__name__
    return str(text).strip().splitlines()[0].rstrip(".")
