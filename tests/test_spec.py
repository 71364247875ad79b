"""How a program is started: the contract, and what a person says instead."""

from __future__ import annotations

import pytest

from forklab.errors import LabUnsupported, UsageError
from forklab.program.spec import Spec

ECHO = Spec(("{port}",))
POOL = Spec(("{workers}", "{port}"), workers=4)
C = ("./prefork",)


def test_the_contract_is_program_and_arguments() -> None:
    assert ECHO.argv(("python3", "server.py"), 7001, 0) == ["python3", "server.py", "7001"]
    assert POOL.argv(C, 7001, 4) == ["./prefork", "4", "7001"]
    assert POOL.argv(C, "seven", -1) == ["./prefork", "-1", "seven"]
    assert POOL.without_arguments(C) == ["./prefork"]
    assert (ECHO.takes_port, ECHO.takes_workers) == (True, False)
    assert (POOL.takes_port, POOL.takes_workers) == (True, True)


def test_nothing_said_changes_nothing() -> None:
    assert POOL.changed(None, None) == POOL


def test_a_port_that_is_said_is_the_only_one() -> None:
    assert ECHO.changed(None, 8083).fixed_port == 8083


def test_run_replaces_the_command_line() -> None:
    spec = POOL.changed("{program} -n {workers} --listen=0.0.0.0:{port} 'two words'", None)

    assert spec.argv(("python3", "x.py"), 7001, 4) == [
        "python3", "x.py", "-n", "4", "--listen=0.0.0.0:7001", "two words",
    ]  # fmt: skip
    with pytest.raises(LabUnsupported, match="not the contract's"):
        spec.without_arguments(C)


def test_a_program_that_takes_no_port_says_which_it_has() -> None:
    spec = POOL.changed("./prefork {workers}", 8083)

    assert (spec.takes_port, spec.fixed_port) == (False, 8083)
    assert spec.argv(C, 1, 4) == ["./prefork", "4"]


def test_what_is_declared_is_kept() -> None:
    assert POOL.declaring(frozenset({"replaces_killed_worker"})).declared


def test_a_pool_whose_size_is_fixed_says_which_it_is() -> None:
    spec = POOL.changed("./prefork {port}", None, 7)

    assert (spec.workers, spec.takes_workers) == (7, False)
    assert POOL.changed(None, None, 2).argv(C, 7001, 2) == ["./prefork", "2", "7001"]


def test_a_size_that_is_none_is_refused_in_one_sentence() -> None:
    for spec, size in ((POOL, 0), (POOL, -1), (ECHO, 4)):
        with pytest.raises(UsageError, match="WORKERS") as told:
            spec.changed(None, None, size)
        assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("run", "port", "words"),
    [
        (None, 0, "PORT=0 is no TCP port; give 1 to 65535"),
        (None, 65536, "PORT=65536 is no TCP port"),
        (None, -1, "PORT=-1 is no TCP port"),
        ("./server", None, 'RUN="./server" does not say where the port goes'),
        ("./server {port", None, "does not say where the port goes"),
        ("", None, "RUN is empty"),
        ("   ", 8083, "RUN is empty"),
        ("./server 'x {port}", None, "cannot be read as a command line: No closing quotation"),
        (
            "./server {prot}",
            None,
            "unknown place in '{prot}'; known: {host}, {port}, {workers}, {program}",
        ),
        ("./{program} {port}", None, "{program} in RUN must be a word of its own"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    run: str | None, port: int | None, words: str
) -> None:
    with pytest.raises(UsageError) as told:
        POOL.changed(run, port)

    assert words in str(told.value)
    assert "\n" not in str(told.value)
