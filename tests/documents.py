"""The Markdown files of the project, cut into what can be held against the code."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
MADE = {".venv", ".tox", ".cache", "runs", "build", "dist"}


def documents() -> list[Path]:
    """Every Markdown file of the checkout, but of folders that are made and hidden ones."""
    found = (path for path in HERE.rglob("*.md") if not _made(path))
    return sorted(found)


def _made(path: Path) -> bool:
    folders = path.relative_to(HERE).parts[:-1]
    return any(name in MADE or name.startswith(".") for name in folders)


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, and the line on which it begins."""

    language: str
    text: str
    line: int


def blocks(document: str) -> list[Block]:
    """Return the fenced blocks of *document*."""
    found, opened, language, lines = [], 0, "", list[str]()
    for number, line in enumerate(document.splitlines(), 1):
        if not line.startswith("```"):
            lines.append(line)
            continue
        if opened:
            found.append(Block(language, "".join(f"{text}\n" for text in lines), opened))
        opened, language, lines = (0 if opened else number), line[3:].strip(), []
    return found


def prose(document: str) -> str:
    """Return *document* without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", document, flags=re.MULTILINE | re.DOTALL)


def inline(document: str) -> list[str]:
    """Return what stands between single backticks, line ends as spaces."""
    return [" ".join(text.split()) for text in re.findall(r"`([^`]+)`", prose(document))]


def links(document: str) -> list[str]:
    """Return the targets of links and pictures."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(document))


def anchors(document: str) -> set[str]:
    """Return the names by which the headings of *document* can be linked to."""
    titles = re.findall(r"^#+ (.*)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def tables(document: str) -> list[list[list[str]]]:
    """Return each table as rows of cells, the heading first, the rule below it left out."""
    found: list[list[list[str]]] = []
    inside = False
    for line in prose(document).splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        if not inside:
            found.append([])
        inside = True
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if set("".join(cells)) - set("-: "):
            found[-1].append(cells)
    return found


def table(document: str, heading: str) -> list[list[str]]:
    """Return the rows below the heading row of the table whose first column is *heading*.

    Raises:
        LookupError: there is no such table.
    """
    for rows in tables(document):
        if rows[0][0] == heading:
            return rows[1:]
    raise LookupError(f"no table begins with the column {heading!r}")


def commands(document: str) -> Iterator[list[str]]:
    """Yield the words of every make, forklab and tox command that *document* shows.

    Commands stand in `sh` and `console` blocks (there after `$ `) or between backticks.
    """
    for line in _shown_lines(document):
        words = _words(line)
        if words and words[0].rpartition("/")[2] in ("make", "forklab", "tox"):
            yield [words[0].rpartition("/")[2], *words[1:]]


def _shown_lines(document: str) -> Iterator[str]:
    for block in blocks(document):
        text = block.text.replace("\\\n", " ")
        if block.language == "sh":
            yield from text.splitlines()
        if block.language == "console":
            yield from (line[2:] for line in text.splitlines() if line.startswith("$ "))
    yield from (text for text in inline(document) if " " in text)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError:  # prose between backticks
        return []


# What a document shows and tests/engine/test_documents.py does not run: why, by how it begins.
RUN_ELSEWHERE = {
    "make test": "CI runs it (.ci/run), and with it lint, types, unit, engine and scenarios",
    "make check": "a part of make test",
    "make fix": "it changes files; its commands are those of make check",
    "make scenarios": "a part of make test",
    "make browser": "tests/browser, in an environment of its own",
    "make mutants": "minutes; tests/test_mutants.py, and one mutant in test_documents.py",
    "forklab mutants": "the same",
    "make flaky": "minutes; tests/test_flaky.py",
    "make site": "tests/test_site.py, and the gallery in tests/engine/test_site_gallery.py",
    "make bench": "tests/test_bench.py",
    "make clean": "it would end other people's runs; tests/engine/test_lab_image.py has its parts",
    "make watch": "tests/engine/test_watch.py",
    "forklab watch": "the same",
    "make demo": "tests/engine/test_demos.py",
    "forklab demo": "the same",
    "make rehearse": "the same",
    "forklab rehearse": "the same",
    "make replay": "tests/test_demos_command.py",
    "make labs": "a minute; tests/engine/test_watch.py, and make scenarios",
    "make shell": "tests/engine/test_shell.py",
    "forklab shell": "the same",
    "make up": "tests/engine/test_by_hand.py",
    "make client": "the same",
    "make look": "the same",
    "make down": "the same",
    "make grade ": "tests/engine/test_grade.py",
    "forklab grade ": "the same",
    "forklab inspect handed-in": "tests/test_submissions_page.py",
    "make gradescope": "tests/test_gradescope_zip.py",
    "forklab gradescope": "the same",
    "forklab events": "tests/test_showing.py",
    "tox run": "a part of make test",
}


def runs_elsewhere(words: list[str]) -> bool:
    """Whether the command *words* is run by something else than tests/engine/test_documents.py."""
    return any(" ".join(words).startswith(start) for start in RUN_ELSEWHERE)
