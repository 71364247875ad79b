"""What course platforms make of the files that were handed in, taken apart again.

Canvas gives one folder of files whose names begin with the student (`ContentZipper` of canvas-lms:
`get_filename`, `add_upload_submission`). Moodle gives a folder for each student and kind of
submission, or names that begin so (`mod_assign\\downloader`). Gradescope gives a folder for each
submission and `submission_metadata.yml`, which says whose it is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from forklab.submissions.items import Item, Refused

# who, whether it was late, the id of the user, or of one whose name is hidden; then the id of the
# file and its name, or what was typed
CANVAS = re.compile(
    r"(?P<who>\w+?)_(?P<late>LATE_)?(?P<id>\d+)_(?:\d+_(?P<rest>.+)|(?:text|link)\.html)"
    r"|(?P<anon_late>LATE_)?(?P<anon>anon_\w+?)_(?:\d+_(?P<anon_rest>.+)|(?:text|link)\.html)"
)
# a name, the id that it has in this assignment (none for those in no group), and what kind it is
MOODLE = re.compile(
    r"(?P<who>.+?(?:_\d+)?)_assignsubmission_(?P<kind>file|onlinetext|[a-z]+)(?:_(?P<rest>.*))?"
)
GRADESCOPE = re.compile(r"submission_\d+")
METADATA = "submission_metadata.yml"
MOST_METADATA = 8 << 20
AGAIN = re.compile(r"-\d+(?=\.[^.]+$|$)")  # Canvas counts what is handed in again


@dataclass(frozen=True)
class Group:
    """What belongs to one submission.

    Attributes:
        name: whose it is, as it was found.
        items: its files, their paths relative to its folder.
        notes: what the platform says of it.
        refused: why it cannot be graded, if that is known already.
        where: the path that it has in what it came with; "" if that is its name.
    """

    name: str
    items: tuple[Item, ...]
    notes: tuple[str, ...] = ()
    refused: str = ""
    where: str = ""


def groups(items: Sequence[Item]) -> list[Group]:
    """Return the submissions in an export of a platform, none if it is no export."""
    for platform in (gradescope, moodle, canvas):
        found = platform(items)
        if found:
            return found
    return []


def gradescope(items: Sequence[Item]) -> list[Group]:
    """Return the submissions in an export of Gradescope."""
    folders = sorted({item.top for item in items if "/" in item.path})
    about = [item for item in items if item.path == METADATA and not item.left_out]
    if not folders or not all(GRADESCOPE.fullmatch(folder) for folder in folders):
        if not about:
            return []
        folders = [folder for folder in folders if folder.startswith("submission_")]
    whose = _submitters(about[0]) if about else {}
    names = sorted({*folders, *whose})
    return [_gradescope(name, items, whose.get(name, "")) for name in names]


def _gradescope(name: str, items: Sequence[Item], whose: str) -> Group:
    inside = tuple(item.below(name) for item in items if item.path.startswith(f"{name}/"))
    notes = (f"Gradescope: handed in by {whose}",) if whose else ()
    refused = "" if inside else f"the export of Gradescope has no files of {name}"
    return Group(name, inside, notes, refused)


def _submitters(item: Item) -> dict[str, str]:
    """Return who handed in each submission; {} if it does not say so.

    It is YAML, written by one program in one form: a folder's name at the beginning of a line, and
    below it `:name:` and `:sid:` of each submitter.
    """
    try:
        text = item.read(MOST_METADATA).decode("utf-8", "replace")
    except Refused:
        return {}
    found: dict[str, list[str]] = {}
    people: list[str] = []
    for line in text.splitlines():
        opened = re.fullmatch(r"['\"]?(submission_\w+)['\"]?:\s*", line)
        said = re.fullmatch(r"\s+(?:- )?:(name|sid):\s*(.*?)\s*", line)
        if opened:
            people = found.setdefault(opened[1], [])
        elif said and said[1] == "name":
            people.append(said[2].strip("'\""))
        elif said and people and said[2].strip("'\""):
            people[-1] += f" ({said[2].strip(chr(39) + chr(34))})"
    return {name: ", ".join(people) for name, people in found.items()}


def _most_match(items: Sequence[Item], matches: Callable[[str], object]) -> bool:
    """Whether most of what lies outermost is named as a platform names it."""
    tops = {item.top for item in items}
    named = sum(1 for top in tops if matches(top))
    return named > 0 and named * 2 > len(tops)


def moodle(items: Sequence[Item]) -> list[Group]:
    """Return the submissions in an export of Moodle, in folders or in one."""
    if not _most_match(items, MOODLE.fullmatch):
        return []
    whose: dict[str, list[Item]] = defaultdict(list)
    typed: set[str] = set()
    for item in items:
        found = MOODLE.fullmatch(item.top)
        if found is None:
            whose[item.top].append(item.below(item.top) if "/" in item.path else item)
        elif found["kind"] != "file":  # typed into a form: no file
            typed.add(found["who"])
            whose[found["who"]] += []
        elif "/" in item.path:
            whose[found["who"]].append(item.below(item.top))
        else:
            whose[found["who"]].append(_renamed(item, found["rest"] or ""))
    return [_typed(name, whose[name], "Moodle", name in typed) for name in sorted(whose)]


def _renamed(item: Item, name: str) -> Item:
    """Return *item* under the name that its student gave it, if a file can have that."""
    return replace(item, path=item.path if name in ("", ".", "..") else name)


def _typed(name: str, items: Sequence[Item], platform: str, was_typed: bool) -> Group:
    """Return a group; text that was typed into the platform's form is no program."""
    words = f"a text was typed into {platform}"
    if was_typed and not items:
        return Group(name, (), refused=f"{words}, and no file was handed in")
    return Group(name, tuple(items), (f"{words}, and it is not looked at",) if was_typed else ())


def canvas(items: Sequence[Item]) -> list[Group]:
    """Return the submissions in an export of Canvas: files of one student belong together."""
    if any("/" in item.path for item in items) or not _most_match(items, CANVAS.fullmatch):
        return []
    whose: dict[str, list[Item]] = defaultdict(list)
    late: set[str] = set()
    typed: set[str] = set()
    for item in items:
        found = CANVAS.fullmatch(item.path)
        if found is None:
            whose[item.path].append(item)
            continue
        name = found["anon"] or f"{found['who']}_{found['id']}"
        rest = found["rest"] or found["anon_rest"]
        whose[name] += [_renamed(item, rest)] if rest else []
        typed |= set() if rest else {name}
        late |= {name} if found["late"] or found["anon_late"] else set()
    return [_canvas(name, whose[name], name in late, name in typed) for name in sorted(whose)]


def _canvas(name: str, items: list[Item], is_late: bool, was_typed: bool) -> Group:
    taken = {item.path for item in items}
    found, notes = [], []
    for item in items:
        path = AGAIN.sub("", item.path)
        if path != item.path and path not in taken:
            notes.append(f"Canvas called {path} {item.path}, since it was handed in again")
            taken.add(path)
            item = replace(item, path=path)
        found.append(item)
    group = _typed(name, found, "Canvas", was_typed)
    late = ("Canvas marks it late",) if is_late else ()
    return replace(group, notes=(*group.notes, *late, *notes))
