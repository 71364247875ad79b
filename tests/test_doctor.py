"""How the doctor judges what it sees."""

from pathlib import Path

import pytest

from forklab import doctor
from forklab.doctor import Finding


@pytest.mark.parametrize(
    ("release", "word", "text"),
    [
        ("6.18.44", "ok", "reaped"),
        ("6.9.0-rc1", "ok", "reaped"),
        ("6.8.12", "limited", "looks often"),
        ("5.3", "limited", "not the reaping"),
        ("4.18.0-553.el8", "limited", "no pidfd"),
        ("", "limited", "unknown"),
    ],
)
def test_a_kernel_before_6_9_is_limited(release: str, word: str, text: str) -> None:
    finding = doctor.kernel(release)
    assert finding.word == word
    assert text in finding.text


def test_an_engine_that_can_be_set_up_does_not_stop_the_labs() -> None:
    assert doctor.labs_can_run([doctor.no_engine("Install one.", "starts dockerd")])
    assert not doctor.labs_can_run([doctor.no_engine("Install one.", "")])


def test_what_to_do_is_said_when_the_engine_is_missing() -> None:
    assert "Install one." in doctor.no_engine("Install one.", "").text


def test_bubblewrap_in_the_place_of_an_engine_lets_the_labs_run() -> None:
    missing = doctor.no_engine("Install one.", "", instead=True)
    assert doctor.labs_can_run([missing])
    assert missing.text.endswith("Install one. Until then the sandbox is bubblewrap.")


def test_whether_bubblewrap_can_be_the_sandbox_is_said_and_stops_nothing() -> None:
    reason = doctor.without_engine("it is not installed", has_root=True)
    assert (reason.word, reason.stops) == ("limited", False)
    assert "it is not installed" in reason.text
    assert doctor.without_engine("", has_root=True).word == "ok"
    assert "forklab images --sandbox bubblewrap" in doctor.without_engine("", has_root=False).text


def test_an_image_that_is_missing_is_built_later() -> None:
    assert doctor.lab_image("forklab/lab:1", "sha256:1").word == "ok"
    missing = doctor.lab_image("forklab/lab:1", None)
    assert missing.word == "missing"
    assert not missing.stops


def test_windows_containers_stop_the_labs() -> None:
    assert doctor.containers_kind({"OSType": "windows"}).stops
    assert not doctor.containers_kind({"OSType": "linux"}).stops


def test_limits_that_the_engine_lacks_are_named() -> None:
    full = {"CgroupVersion": "2", "MemoryLimit": True, "PidsLimit": True}
    assert doctor.control_groups(full) == Finding(
        "ok", "cgroup 2: memory and processes can be limited"
    )
    finding = doctor.control_groups({**full, "PidsLimit": False})
    assert finding.word == "limited"
    assert "no limit on processes," in finding.text


def test_seccomp_is_read_from_the_engines_options() -> None:
    assert doctor.seccomp(["name=apparmor", "name=seccomp,profile=builtin"]).word == "ok"
    assert doctor.seccomp([]).word == "limited"


def test_names_of_one_architecture_are_equal() -> None:
    assert doctor.architecture("x86_64", "AMD64").word == "ok"
    assert doctor.architecture("aarch64", "arm64").word == "ok"
    assert doctor.architecture("x86_64", "arm64").word == "limited"


def test_both_products_are_named() -> None:
    assert doctor.product({"Version": "20.10", "Components": [{"Name": "Engine"}]}) == (
        "Docker 20.10"
    )
    podman = {"Version": "4.3.1", "Components": [{"Name": "Podman Engine", "Version": "4.3.1"}]}
    assert doctor.product(podman) == "Podman 4.3.1"


def test_sys_resource_is_read_and_not_tried() -> None:
    assert doctor.resource_capability("CapEff:\t000001ffffffffff\n").word == "ok"
    assert doctor.resource_capability("CapEff:\t000001fffeffffff\n").word == "limited"


@pytest.mark.parametrize(
    ("sysctls", "word"),
    [
        ({"user/max_user_namespaces": 100}, "ok"),
        ({"user/max_user_namespaces": 0}, "limited"),
        ({"user/max_user_namespaces": 9, "kernel/unprivileged_userns_clone": 0}, "limited"),
        (
            {"user/max_user_namespaces": 9, "kernel/apparmor_restrict_unprivileged_userns": 1},
            "limited",
        ),
        ({}, "limited"),
    ],
)
def test_closed_user_namespaces_are_seen(
    tmp_path: Path, sysctls: dict[str, int], word: str
) -> None:
    for name, value in sysctls.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{value}\n")
    assert doctor.user_namespaces(tmp_path).word == word


def test_a_finding_has_its_word_first_and_80_columns() -> None:
    lines = str(Finding("limited", "word " * 40)).splitlines()
    assert lines[0].startswith("limited  word")
    assert all(line.startswith("         word") for line in lines[1:])
    assert max(map(len, lines)) <= 80


def test_examine_ends_on_this_machine_whatever_it_has() -> None:
    findings = doctor.examine()
    assert findings
    assert {finding.word for finding in findings} <= {"ok", "missing", "limited"}
