"""The gallery: each lab's reference program and one wrong program, examined now, with the reports.

    python -m docs.site.gallery [LAB ...]

Reports are some 100 KB each and change with the harness, so none is in the repository.
"""

from __future__ import annotations

import ast
import contextlib
import html
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from forklab import labs, tree
from forklab.reports.folder import FILES, LOG, TEXT
from forklab.reports.folder import PAGE as REPORT
from forklab.reports.last import RESULTS

MADE = Path("build/gallery")
PAGE = "docs/gallery"
FOLDER = "gallery"
KEPT = (REPORT, LOG, *FILES)  # the report, and what it links to
LINKED = {REPORT: "report", TEXT: "as text"}  # it links to the others
# by lab: a mutant that one can see at a glance
WRONG = {
    "fork_echo": "reaps_once_per_signal.py",
    "split_client": "leaves_the_writer_behind.py",
    "pipe_conversation": "keeps_its_copies.py",
    "echo_store": "writer_keeps_the_listener.py",
    "prefork": "dispatcher_keeps_the_workers_ends.py",
    "exec_worker": "keeps_the_channels_number.py",
}
NONE = "\nThere is no report here: this site was made without a sandbox. `make site` makes them.\n"


class Shown(NamedTuple):
    """One run of the gallery.

    Attributes:
        name: of its folder, such as `prefork-wrong`.
        lab: name of the lab.
        program: None for the reference program.
    """

    name: str
    lab: str
    program: Path | None


def shown() -> Iterator[Shown]:
    """Yield the runs of the gallery: of each lab a right one and a wrong one, in their order."""
    infos = sorted((labs.read(name) for name in labs.names()), key=lambda info: info.order)
    for info in infos:
        yield Shown(f"{info.name}-right", info.name, None)
        if info.name in WRONG:
            mutant = info.folder / "mutants" / WRONG[info.name]
            yield Shown(f"{info.name}-wrong", info.name, mutant.relative_to(tree.root()))


def make(wanted: set[str], folder: Path) -> Iterator[str]:
    """Examine each program that is *wanted* (empty: all), and yield a sentence of each.

    A run that could not look, for want of a sandbox, ends it: the next would say the same.
    """
    for one in shown():
        if wanted and one.lab not in wanted:
            continue
        runs = folder / "runs"
        command = [sys.executable, "-m", "forklab", "check", one.lab, "--runs", str(runs)]
        command += [str(one.program)] if one.program else []
        done = subprocess.run(command, cwd=tree.root(), capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            said = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["nothing was said"]
            yield f"{one.name}: no report: {said[0]}"
            return
        keep(runs / one.lab / "latest", folder / one.name)
        yield f"{one.name}: {done.stdout.split(chr(10) * 2)[-1].splitlines()[0]}"
        shutil.rmtree(runs)


def keep(run: Path, place: Path) -> None:
    """Copy what the gallery shows of the folder of a run to *place*."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for name in KEPT:
        with contextlib.suppress(FileNotFoundError):
            shutil.copy(run / name, place / name)


def listing(folder: Path) -> str:
    """Return what was made in *folder* as the rest of the page, in Markdown: a heading a lab."""
    made = [one for one in shown() if (folder / one.name / RESULTS).is_file()]
    if not made:
        return NONE
    lines = []
    for lab, of_it in groupby(made, key=lambda one: one.lab):
        lines += ["", f"## {lab}", ""]
        lines += [_item(one, folder / one.name) for one in of_it]
    return "\n".join([*lines, ""])


def _item(one: Shown, place: Path) -> str:
    found = json.loads((place / RESULTS).read_text(encoding="utf-8"))
    links = [
        f'<a href="../{FOLDER}/{one.name}/{name}">{one.name}, {words}</a>'
        for name, words in LINKED.items()
        if (place / name).is_file()
    ]
    if not (place / REPORT).is_file():
        links.append(f"this run has no `{REPORT}`")
    what = f"`{one.program.name}`, {mistake(one.program)}" if one.program else "Reference program"
    return f"- {what}: {_verdict(found)}.<br>{'; '.join(links)}"


def mistake(program: Path) -> str:
    """Return what is wrong with a mutant, a clause, as its head says."""
    said = ast.get_docstring(ast.parse((tree.root() / program).read_text(encoding="utf-8"))) or ""
    clause = said.partition("\n\n")[0].partition(": ")[2]
    return html.escape(" ".join(clause.split()).rstrip("."))


def _verdict(found: dict[str, Any]) -> str:
    """Return how many checks had each verdict, or the checks that failed, where those are few."""
    failed = [check["id"] for check in found["checks"] if check["verdict"] == "FAIL"]
    if not failed:
        return "all pass"
    shown_ids = ", ".join(f"`{html.escape(name)}`" for name in failed[:3])
    return f"FAIL in {shown_ids}" + (f" and {len(failed) - 3} more" if len(failed) > 3 else "")


def remove(site: Path) -> None:
    """Remove from *site* what the last build copied there."""
    shutil.rmtree(site / FOLDER, ignore_errors=True)


def copy(folder: Path, site: Path) -> None:
    """Copy what was made in *folder* into *site*, where nothing of it is yet."""
    for one in shown():
        if (folder / one.name).is_dir():
            shutil.copytree(folder / one.name, site / FOLDER / one.name)


def main() -> None:
    """Make the gallery; say what became of each run."""
    unknown = set(sys.argv[1:]) - set(labs.names())
    if unknown:
        sys.exit(f"no lab {', '.join(sorted(unknown))}; the labs are: {', '.join(labs.names())}")
    for sentence in make(set(sys.argv[1:]), tree.root() / MADE):
        print(sentence, flush=True)


if __name__ == "__main__":
    main()
