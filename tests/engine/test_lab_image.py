"""The lab image in a container that is locked down as the labs are."""

from collections.abc import Callable, Iterator

import pytest
from docker import DockerClient

from forklab.sandbox import engine, image

pytestmark = pytest.mark.engine

CAPABILITIES = ["SYS_PTRACE", "DAC_READ_SEARCH", "KILL", "SETUID", "SETGID", "CHOWN"]


@pytest.fixture(scope="module")
def client() -> Iterator[DockerClient]:
    """Give a client of the engine, closed at the end."""
    client = engine.find_engine()
    yield client
    client.close()


@pytest.fixture(scope="module")
def in_container(client: DockerClient) -> Callable[[str], str]:
    """Run a shell command in a container of the lab image; give its output."""
    found = image.ensure_image(client)

    def run(command: str) -> str:
        output = client.containers.run(
            found,
            ["sh", "-euc", command],
            read_only=True,
            network_mode="none",
            tmpfs={
                "/lab": "rw,exec,nosuid,nodev,size=64m,mode=755",
                "/tmp": "rw,exec,nosuid,nodev,size=32m",
                "/small": "rw,nosuid,nodev,size=1m,mode=755",
            },
            cap_drop=["ALL"],
            cap_add=CAPABILITIES,
            security_opt=["no-new-privileges"],
            mem_limit="512m",
            labels={"forklab.owner": "forklab"},
            remove=True,
        )
        return output.decode()

    return run


def test_the_image_is_found_again_and_not_built_again(client: DockerClient) -> None:
    found = image.ensure_image(client)
    said: list[str] = []
    assert image.ensure_image(client, say=said.append) == image.find_image(client) == found
    assert said == []


def test_c_and_cpp_are_built_and_run_on_the_work_tmpfs(in_container: Callable[[str], str]) -> None:
    text = 'extern "C" int puts(const char *); int main() { puts("runs"); }'
    assert (
        in_container(
            f"cd /lab; printf '%s' '{text}' > a.cpp; g++ a.cpp -o a; ./a;"
            "printf 'int puts(char *); int main() { puts(\"runs\"); }' > b.c; gcc b.c -o b; ./b"
        )
        == "runs\nruns\n"
    )


def test_the_root_is_read_only_and_the_mount_points_are_there(
    in_container: Callable[[str], str],
) -> None:
    assert (
        in_container(
            "touch /x 2>/dev/null && echo writable;"
            "stat -c '%n %a %U' /lab /small; touch /lab/x /small/x"
        )
        == "/lab 755 root\n/small 755 root\n"
    )


def test_what_shows_the_evidence_is_in_the_image(in_container: Callable[[str], str]) -> None:
    printed = in_container("for i in ps ss strace nc make less python3; do command -v $i; done")
    assert len(printed.split()) == 7


def test_python_starts_from_compiled_files(in_container: Callable[[str], str]) -> None:
    assert (
        in_container(
            "python3 -c 'import os, selectors; print(os.path.exists(selectors.__cached__))'"
        )
        == "True\n"
    )


def test_labelled_containers_are_removed(client: DockerClient) -> None:
    found = image.ensure_image(client)
    created = client.api.create_container(
        found, ["true"], labels={"forklab.owner": "forklab-test"}, network_disabled=True
    )
    assert engine.remove_containers(client, "forklab.owner=forklab-test") == 1
    assert client.api.containers(all=True, filters={"id": created["Id"]}) == []
