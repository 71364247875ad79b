"""Programs that do their worst: each is judged, none harms the sandbox or the next program."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from forklab import labs
from forklab.agent.turn import NICEST, STARVED
from forklab.errors import CheckFailure, NotReady, Overrun
from forklab.facts import Process, Snapshot
from forklab.program import clients
from forklab.program.lab import Lab
from forklab.program.program import HELLO, Program
from tests.hostile import FOLDER, leftovers
from tests.start_state import PROGRAMS, lab_on

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def reference(sandbox: Lab) -> Lab:
    """Give a lab with a well-behaved program, in the same container."""
    return lab_on(sandbox.link, labs.read("fork_echo").program)


@pytest.fixture
def start(sandbox: Lab, reference: Lab) -> Iterator[Callable[..., Program]]:
    """Start a program; afterwards all of it must be gone, and the next one must run."""
    started: list[Lab] = []

    def start(name: str, **more: Any) -> Program:
        path = FOLDER / name
        started.append(lab_on(sandbox.link, path if path.exists() else PROGRAMS / name))
        return started[0].start(**more)

    yield start
    for lab in started:
        lab.reset()
        assert leftovers(lab.link) == ""
    serves(reference)


def serves(lab: Lab) -> None:
    """Demand that a well-behaved program is well."""
    lab._built = None  # the folder of programs has held another one meanwhile
    with_client = lab.start()
    assert with_client.connect().exchange(HELLO) == HELLO
    assert len(with_client.stable().live) == 2
    lab.reset()
    assert leftovers(lab.link) == ""


def has_stopped(snapshot: Snapshot) -> None:
    """Demand that there is one process, and that it is stopped."""
    states = [process.state for process in snapshot.live]
    if states != ["T"]:
        raise CheckFailure("one process, stopped", f"states {states}")


def has_live(snapshot: Snapshot, count: int) -> None:
    """Demand *count* live processes."""
    if len(snapshot.live) != count:
        raise CheckFailure(f"{count} live processes", f"{len(snapshot.live)} were seen")


def has_zombies(snapshot: Snapshot, count: int) -> None:
    """Demand *count* zombies."""
    if len(snapshot.zombies) != count:
        raise CheckFailure(f"{count} zombies", f"{len(snapshot.zombies)} were seen")


def has_ended(snapshot: Snapshot) -> None:
    """Demand that nothing is left."""
    has_live(snapshot, 0)
    has_zombies(snapshot, 0)


def in_lines(output: str, count: int) -> list[str]:
    """Demand *count* lines of output, and return them."""
    lines = output.splitlines()
    if len(lines) != count:
        raise CheckFailure(f"{count} lines of output", f"there are {len(lines)}")
    return lines


def test_a_fork_bomb_is_killed_first_and_told_in_one_sentence(
    start: Callable[..., Program],
) -> None:
    with pytest.raises(Overrun) as caught:
        start("forks_without_end.py").eventually(has_live, 10_000)
    assert caught.value.seen.endswith("it forks without end (all were killed)")


def test_a_flood_is_drained_and_its_head_and_tail_are_kept(
    start: Callable[..., Program],
) -> None:
    program = start("floods.py")
    program.usage(0.3)
    assert program.eventually(lambda snapshot: snapshot.live)
    outputs = program.outputs()
    assert all("bytes left out" in text for text in outputs.values())
    assert all(len(text) < 150_000 for text in outputs.values())


def test_a_full_disk_and_full_system_v_memory_are_freed(start: Callable[..., Program]) -> None:
    start("fills_its_disk.py")


def test_folders_of_any_depth_and_mode_are_removed(start: Callable[..., Program]) -> None:
    program = start("hides_its_files.py")
    program.eventually(lambda snapshot: _waits_in(snapshot, "pause"))


def _waits_in(snapshot: Snapshot, call: str) -> None:
    seen = [process.waits_in() for process in snapshot.live]
    if seen != [call]:
        raise CheckFailure(f"it waits in {call}", f"it is in {seen}")


@pytest.mark.parametrize("name", ["grows.py", "eats_in_small_bites.c", "fills_kernel_buffers.c"])
def test_memory_without_end_kills_the_program_and_not_the_agent(
    start: Callable[..., Program], name: str
) -> None:
    with pytest.raises(Overrun, match=r"it took \d+ MiB of memory"):
        start(name).eventually(has_live, 10_000, within_s=30.0)


def test_a_program_that_kills_everybody_kills_only_itself(start: Callable[..., Program]) -> None:
    with contextlib.suppress(NotReady):  # it may be too quick to be seen listening
        start("kills_everybody.py").eventually(has_ended)


def test_a_program_that_stops_itself_is_looked_at_and_ended(
    start: Callable[..., Program],
) -> None:
    start("stops_itself.py").eventually(has_stopped)


def test_a_process_that_the_program_traces_itself_is_not_held_and_not_excused(
    start: Callable[..., Program],
) -> None:
    program = start("stops_its_family.py")
    traced = program.eventually(_traced)
    with pytest.raises(CheckFailure, match="trace one another"), program.frozen(traced):
        pass


def test_a_process_that_cannot_be_stopped_does_not_hold_us(start: Callable[..., Program]) -> None:
    program = start("sleeps_in_vfork.c")
    program.eventually(has_live, 2)
    [parent] = [process for process in program.snapshot().live if process.pid == program.pid]
    with pytest.raises(CheckFailure, match="no stop reaches it"), program.frozen(parent):
        pass


def _traced(snapshot: Snapshot) -> Process:
    found = [process for process in snapshot.live if process.state == "t"]
    if not found:
        raise CheckFailure("a process is traced", "none is")
    return found[0]


def test_a_crowd_that_spins_gives_way_to_the_agent(start: Callable[..., Program]) -> None:
    """Whether it has to depends on the machine: one with many CPUs has a turn for everybody."""
    program = start("spins_everywhere.c")
    turn = Turn(program)
    program.eventually(lambda snapshot: turn.comes_or_was_made(), within_s=30.0)


def test_a_program_is_started_as_nice_as_anybody(start: Callable[..., Program]) -> None:
    assert nice_of(start("stops_itself.py")) == 0


def nice_of(program: Program) -> int:
    stat = program.link.call("read", path=f"/proc/{program.pid}/stat").blob.rpartition(b")")[2]
    return int(stat.split()[16])


class Turn:
    """How much of the last window the agent waited for a CPU, by proc(5) schedstat."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._began = time.monotonic()
        self._waited_s = self._waited()

    def comes_or_was_made(self) -> None:
        """Demand that the agent waits for less than it bears, or that the crowd is nicer."""
        elapsed_s = time.monotonic() - self._began
        waited_s = self._waited() - self._waited_s
        nice = nice_of(self._program)
        if nice != NICEST and (elapsed_s < 1.0 or waited_s > STARVED * elapsed_s):
            seen = f"it waited {waited_s:.2f} of {elapsed_s:.2f} s, and the crowd's is {nice}"
            raise CheckFailure(f"the agent is not starved, or a nice value is {NICEST}", seen)

    def _waited(self) -> float:
        said = self._program.link.call("read", path="/proc/self/schedstat").blob
        return int(said.split()[1]) / 1e9


def test_clients_come_no_more_when_each_is_kept_waiting(
    start: Callable[..., Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = start("drips.c")
    monkeypatch.setenv("FORKLAB_TIMEOUT_SCALE", "0.05")
    monkeypatch.setattr(clients, "VISITS_S", 1.0)
    assert 5 <= len(list(program.visits(100, at_once=5))) <= 10


def test_daemons_belong_to_the_program(start: Callable[..., Program]) -> None:
    start("runs_away.py").eventually(has_live, 21)


def test_a_process_whose_first_thread_has_ended_is_alive(start: Callable[..., Program]) -> None:
    program = start("main_thread_ends.c")
    client = program.connect()
    assert client.exchange(HELLO) == HELLO
    snapshot = program.stable()
    [process] = snapshot.live
    assert process.holds(client.look().inode)
    assert process.threads == 2
    assert program.ended() is None


def test_names_and_arguments_may_be_any_bytes(start: Callable[..., Program]) -> None:
    program = start("has_strange_names.py")
    program.eventually(has_live, 3)
    snapshot = program.stable()
    assert {") S 1 1\n(", "� \x1b[2J"} <= {process.comm for process in snapshot.live}
    assert snapshot.live[0].args[3:] == ("��", "", "a\nb", "\x1b[31mred", "한글 이름", ") Z 1 (")
    assert snapshot.listeners(program.port)


def test_three_hundred_zombies_are_seen(start: Callable[..., Program]) -> None:
    start("never_reaps.py", processes=500).eventually(has_zombies, 300)


@pytest.mark.parametrize("name", ["deletes_its_folder.py", "closes_everything.py"])
def test_it_listens_nevertheless(start: Callable[..., Program], name: str) -> None:
    assert start(name).connect().state.connected


def test_the_sandbox_has_stayed_the_same_all_the_time(sandbox: Lab, tmp_path: Path) -> None:
    assert sandbox.link.is_open
    assert leftovers(sandbox.link) == ""
