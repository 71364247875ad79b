"""Whether a program spins, for the scenarios of every lab."""

from __future__ import annotations

from forklab.checks import processes
from forklab.program.program import Program
from forklab.program.started import at_rest

GLANCE_S = 0.05
REST_S = 0.3


def does_not_spin(program: Program) -> None:
    """Demand that nobody spins: not in two windows in a row.

    A short look is enough where nobody wants a CPU, and nobody stands in line for one. Who is just
    starting, in a worker's place say, has something to do.
    """
    program.settle(at_rest, within_s=REST_S)
    if program.usage(GLANCE_S).at_rest and all(p.sleeps for p in program.snapshot().live):
        return
    for last in (False, True):
        usage = program.usage()
        keys = {p.pid: p.key for p in (program.last or program.snapshot()).processes}
        failure = processes.spinners(usage, program.names, keys)
        if failure is None:
            return
        if last:
            failure.snapshot = program.snapshot()
            raise failure
