"""The parts of the house that no other test runs: recipes, front door, what CI calls."""

import os
import re
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from forklab import tree

HERE = Path(__file__).resolve().parent.parent


def test_no_python_file_hides_the_docker_package() -> None:
    assert list((HERE / "docker").rglob("*.py")) == []


def test_the_tree_of_a_checkout_is_the_checkout() -> None:
    assert tree.root() == HERE


@pytest.mark.parametrize(
    "script", sorted((HERE / "docker").glob("*.sh")), ids=lambda path: path.name
)
def test_the_recipes_are_shell_programs(script: Path) -> None:
    subprocess.run(["sh", "-n", script], check=True)


def test_both_routes_read_the_one_list_of_packages() -> None:
    assert "packages.txt" in (HERE / "docker/lab.Dockerfile").read_text()
    assert "packages.txt" in (HERE / "docker/mmdebstrap.sh").read_text()


def test_both_routes_end_with_the_same_last_step() -> None:
    assert "trim.sh" in (HERE / "docker/lab.Dockerfile").read_text()
    assert "trim.sh" in (HERE / "docker/mmdebstrap.sh").read_text()


def make(*arguments: str) -> str:
    """Give what make printed; the flags of a make that runs us are not for it."""
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    done = subprocess.run(
        ["make", *arguments], cwd=HERE, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


UNTOUCHED = ("-n", "-o", ".venv/.made-from-pyproject")


def targets() -> list[str]:
    """Every target of the Makefile that a person calls, but `help` itself."""
    text = (HERE / "Makefile").read_text()
    found = re.findall(r"^([a-z]+(?:-%)?(?: [a-z]+)*):(?!=)", text, re.MULTILINE)
    return sorted({name for names in found for name in names.split()} - {"help"})


def test_every_target_says_its_plain_commands_when_it_is_asked() -> None:
    whole = (HERE / "Makefile").read_text().replace("\\\n", "")
    for line in re.findall(r"^\t(.*)", whole, re.MULTILINE):
        assert re.match(r"\$\(Q\)|@echo( |$)", line), line


def test_v_1_prints_what_is_run_and_nothing_is_printed_without_it() -> None:
    assert make("V=1", "DOCKER=true", "down-prefork") == "true rm -f forklab-prefork >/dev/null\n"
    assert make("V=", "DOCKER=true", "down-prefork") == ""
    assert "awk" in make("V=1", "help")
    assert "awk" not in make("V=", "help")


def test_a_lab_by_hand_is_plain_commands_of_docker() -> None:
    up = make(*UNTOUCHED, "up-fork-echo", "PROGRAM=my prog.c")
    assert "--build-arg LAB=fork_echo -t forklab/by-hand:fork_echo" in up
    assert """--volume "$(realpath 'my prog.c'):/program""" in up
    for target in ("client", "look"):
        words = make(*UNTOUCHED, f"{target}-fork-echo").split()
        assert words[:3] == ["docker", "run", "--rm"]
        assert "container:forklab-fork-echo" in words
    assert "SYS_PTRACE" in make(*UNTOUCHED, "look-fork-echo")
    assert make(*UNTOUCHED, "down-prefork", "DOCKER=podman").startswith("podman rm -f forklab-pre")


def test_make_alone_prints_every_lab_and_every_target() -> None:
    printed = make()
    for toml in HERE.glob("labs/*/lab.toml"):
        assert f"lab-{toml.parent.name.replace('_', '-')} " in printed
    for target in targets():
        assert re.search(rf"^  {target.replace('%', 'LAB')} +\S", printed, re.MULTILINE), target
    assert max(len(line) for line in printed.splitlines() if "  lab-" not in line) <= 80


def test_make_lab_says_the_plain_command() -> None:
    printed = make("-n", "-o", ".venv/.made-from-pyproject", "lab-fork-echo", "PORT=8083")
    assert printed.split() == [".venv/bin/forklab", "check", "fork_echo", "--port", "'8083'"]


@pytest.mark.parametrize("command", ["hint", "why"])
def test_make_hint_and_why_say_the_plain_command(command: str) -> None:
    printed = make("-n", "-o", ".venv/.made-from-pyproject", f"{command}-fork-echo")
    assert printed.split() == [".venv/bin/forklab", command, "fork_echo"]
    assert f"  {command}-LAB" in make()


def test_make_passes_words_on_as_they_were_written() -> None:
    printed = make(
        "-n",
        "-o",
        ".venv/.made-from-pyproject",
        "lab-prefork",
        "PROGRAM=my prog.c",
        "RUN=./it's 4 $PORT",
    )
    shown = subprocess.run(
        ["sh", "-c", f"printf '%s|' {printed}"], capture_output=True, text=True, check=True
    )
    assert shown.stdout == ".venv/bin/forklab|check|prefork|my prog.c|--run|./it's 4 $PORT|"


def test_every_tox_environment_says_what_it_is_for() -> None:
    config = ConfigParser(interpolation=None)
    config.read(HERE / "tox.ini")
    for name in config.sections():
        if name != "tox":
            assert config[name]["description"], name
    everything = config["testenv:all"]["commands"]
    for name in ("lint", "type", "unit", "engine", "scenarios"):
        assert f"{{[testenv:{name}]commands}}" in everything


def test_ci_runs_the_test_command() -> None:
    script = HERE / ".ci/run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text()
