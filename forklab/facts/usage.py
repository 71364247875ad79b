"""Who used the CPU during a window, and the rule that tells a spinner."""

from __future__ import annotations

from typing import Any, NamedTuple

MS = 1_000_000
# a loop that prints waits for whoever reads, so its CPU says little; what it prints does
FLOOD_BYTES = 100_000


class ProcessUsage(NamedTuple):
    """CPU of one process over a window: ns on a CPU, ns waiting for one, voluntary switches."""

    pid: int
    cpu_ns: int
    waiting_ns: int
    switches: int

    def spins(self, seconds: float) -> bool:
        """Whether it used up the window without being asked for anything.

        A spinner wants the CPU all the time, whether it gets it or waits for it, and does not
        give it back: 1 ms or more of CPU for each voluntary switch. A loop with tiny naps gives it
        back and yet burns a fifth of a quiet CPU. Load on the machine changes neither.
        """
        window_ns = seconds * 1e9
        wanted = self.cpu_ns + self.waiting_ns
        greedy = wanted >= 0.8 * window_ns and self.cpu_ns >= MS * (self.switches + 1)
        return greedy or self.cpu_ns >= 0.2 * window_ns


class Usage(NamedTuple):
    """Usage of every process of the program over one window.

    Attributes:
        pids_used: process ids given out in the sandbox meanwhile.
        printed_bytes: what the program printed meanwhile, on both streams.
    """

    seconds: float
    pids_used: int
    printed_bytes: int
    rows: tuple[ProcessUsage, ...]

    @classmethod
    def parse(cls, value: dict[str, Any], pid_max: int) -> Usage:
        """Read what the agent answered."""
        first, last = value["last_pid"]
        rows = tuple(ProcessUsage(*row) for row in value["rows"])
        return cls(value["seconds"], (last - first) % pid_max, value["printed"], rows)

    @property
    def at_rest(self) -> bool:
        """Nobody wanted a CPU for more than a twentieth of the window, printed or was forked."""
        wanted = max((row.cpu_ns + row.waiting_ns for row in self.rows), default=0)
        quiet = not self.pids_used and not self.printed_bytes
        return quiet and wanted < 0.05 * self.seconds * 1e9

    @property
    def spinners(self) -> list[ProcessUsage]:
        """Processes that spin, the busiest first."""
        found = [row for row in self.rows if row.spins(self.seconds)]
        if not found and self.printed_bytes > FLOOD_BYTES:
            found = sorted(self.rows, key=lambda row: row.cpu_ns)[-1:]
        return sorted(found, key=lambda row: -row.cpu_ns)
