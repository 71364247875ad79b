"""What decides the image's name, and how it is found, saved and loaded."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import ImageNotFound

from forklab import tree
from forklab.errors import SandboxError
from forklab.sandbox import image, recipe

DOCKER = tree.root() / "docker"


class Images:
    """The part of docker-py's image calls that finding and loading needs, on a dictionary."""

    def __init__(self, known: dict[str, str]) -> None:
        self.known = known

    def get(self, name: str) -> SimpleNamespace:
        if name not in self.known:
            raise ImageNotFound("no such image")
        return SimpleNamespace(id=self.known[name], tags=[name])

    def load(self, data: object) -> list[SimpleNamespace]:
        return [self.get(name) for name in self.known]


def client(**known: str) -> Any:
    return SimpleNamespace(
        images=Images({name.replace("__", "/"): value for name, value in known.items()}),
        api=SimpleNamespace(timeout=20),
        version=lambda: {"Arch": "amd64"},
    )


def test_every_file_the_release_and_the_architecture_decide_the_name(tmp_path: Path) -> None:
    folder = tmp_path / "docker"
    shutil.copytree(DOCKER, folder)
    before = recipe.recipe_of(folder, "debian", "bookworm", "amd64")
    assert recipe.recipe_of(DOCKER, "debian", "bookworm", "amd64") == before
    others = [
        recipe.recipe_of(folder, "debian", "trixie", "amd64"),
        recipe.recipe_of(folder, "debian", "bookworm", "arm64"),
    ]
    for name in recipe.INGREDIENTS:
        with (folder / name).open("a") as file:
            file.write("\n")
        others.append(recipe.recipe_of(folder, "debian", "bookworm", "amd64"))
    assert len({before.tag, *(other.tag for other in others)}) == 7


def test_other_files_do_not_decide_the_name(tmp_path: Path) -> None:
    folder = tmp_path / "docker"
    shutil.copytree(DOCKER, folder)
    (folder / "notes.md").write_text("new")
    assert recipe.recipe_of(folder, "debian", "bookworm", "amd64") == recipe.recipe_of(
        DOCKER, "debian", "bookworm", "amd64"
    )


def test_the_base_is_the_release_of_the_recipe() -> None:
    assert recipe.Recipe("debian", "trixie", "amd64", "0").base.endswith("/debian:trixie-slim")
    assert recipe.Recipe("ubuntu", "noble", "amd64", "0").base.endswith("/ubuntu:noble")


def test_an_image_is_found_under_podmans_name_too() -> None:
    tag = image.recipe(client()).tag
    assert image.find_image(client()) is None
    assert image.find_image(client(**{tag: "sha256:1"})) == "sha256:1"
    assert image.find_image(client(**{f"localhost/{tag}": "sha256:2"})) == "sha256:2"
    assert image.find_image(client(**{f"docker.io/{tag}": "sha256:2"})) == "sha256:2"


def test_a_file_that_holds_another_image_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "lab.tar"
    file.write_bytes(b"")
    with pytest.raises(SandboxError, match="holds other:1, but this host needs forklab/lab:"):
        image.load_image(client(**{"other:1": "sha256:3"}), file)


def test_the_image_that_is_needed_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "lab.tar"
    file.write_bytes(b"")
    engine = client()
    tag = image.recipe(engine).tag
    engine.images.known[tag] = "sha256:4"
    said: list[str] = []
    image.load_image(engine, file, say=said.append)
    assert said == [f"loaded {tag} from {file}"]
    assert engine.api.timeout == 20


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"cannot read .*: No such file or directory\.$"):
        image.load_image(client(), tmp_path / "missing.tar")


def test_when_no_route_leads_to_the_image_all_reasons_and_a_way_out_are_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unreachable(*arguments: object) -> None:
        raise SandboxError("the registry is away.")

    def no_mmdebstrap(*arguments: object) -> None:
        raise SandboxError("FORKLAB_INSTALL=never forbids installing.")

    monkeypatch.setattr(image, "_pull_base", unreachable)
    monkeypatch.setattr(image, "_build_from_apt", no_mmdebstrap)
    with pytest.raises(SandboxError) as raised:
        image.ensure_image(client())
    text = str(raised.value)
    assert "registry is away" in text
    assert "FORKLAB_INSTALL=never" in text
    assert "forklab images --load FILE" in text


def test_a_base_that_the_engine_has_is_not_pulled(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = client()
    wanted = image.recipe(engine)
    engine.images.known[wanted.base] = "sha256:5"
    monkeypatch.setattr(image, "_pull", lambda *arguments: pytest.fail("pulled"))
    image._pull_base(engine, wanted, lambda line: None)


def test_a_registry_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "REGISTRY_ANSWERS_WITHIN_S", 0.05)
    monkeypatch.setattr(image, "_pull", lambda *arguments: None)
    engine = client()
    with pytest.raises(SandboxError, match=r"no answer within 0\.05 s"):
        image._pull_base(engine, image.recipe(engine), lambda line: None)


def test_the_image_is_named_latest_too(monkeypatch: pytest.MonkeyPatch) -> None:
    tagged: list[tuple[str, ...]] = []
    engine = client()
    engine.images.known[image.recipe(engine).tag] = "sha256:6"
    engine.api.tag = lambda *words: tagged.append(words)
    image.tag_latest(engine)
    assert tagged == [("sha256:6", "forklab/lab", "latest")]
