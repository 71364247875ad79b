"""What `--trace` does once the verdicts stand: what failed, once more, under strace.

The same check methods run on the same sandbox; what comes of it is thrown away, but for the log.
"""

from __future__ import annotations

from forklab.plugin import Wanted
from forklab.program.lab import Lab
from forklab.program.traced import TracedJournal, TracedLab
from forklab.results.record import Result, Run, Verdict
from forklab.sandbox.choose import Sandbox


def wanted(base: Wanted, run: Run, judged: Lab) -> Wanted:
    """Return *base* as what is to be run once more; its `only` is empty if nothing is.

    Args:
        base: which program, and where.
        run: what was found out: what failed is traced, and where nothing did, what passed.
        judged: the lab of that run, whose log goes on.
    """
    ids = _of(run, Verdict.FAIL) or _of(run, Verdict.PASS)

    def on_lab(lab: Lab, sandbox: Sandbox) -> None:
        lab.journal = TracedJournal(judged.journal)

    def on_result(result: Result, lab: Lab | None, raw: dict[str, object] | None) -> None:
        if result.verdict in (Verdict.SKIPPED, Verdict.BROKEN):
            base.say(f"{result.check.id} was not traced: {result.reason}")

    base.only, base.make_lab = ids, TracedLab
    base.on_lab, base.on_result = on_lab, on_result
    if ids:
        what = next(iter(ids)) if len(ids) == 1 else f"{len(ids)} checks"
        base.say(f"once more under strace, and not judged: {what}")
    return base


def _of(run: Run, verdict: Verdict) -> frozenset[str]:
    return frozenset(result.check.id for result in run.results if result.verdict is verdict)
