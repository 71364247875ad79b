"""Make the lab image's files with mmdebstrap from the host's own apt sources."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from forklab import tree
from forklab.errors import SandboxError
from forklab.sandbox import host

PARTS = ("", "-updates", "-security")
PASSED_ON = ("Acquire::http", "Acquire::ftp", "Acquire::Check-", "Acquire::Retries")


def write_root(codename: str, files: Path) -> None:
    """Write the lab image's files to the tar *files*; takes most of a minute.

    Raises:
        SandboxError: no sources of that release, or mmdebstrap failed (its log is named).
    """
    sources = write_sources(files.parent, codename)
    log = host.cache_folder() / "mmdebstrap.log"
    script = tree.root() / "docker" / "mmdebstrap.sh"
    command = ["sh", str(script), codename, str(sources), str(files)]
    command += apt_options()
    status = _run_to_log(command, log)
    if status != 0:
        raise SandboxError(f"mmdebstrap failed ({host.last_line(log, 'E:')}; all of it: {log}).")


def _run_to_log(command: list[str], log: Path) -> int:
    """Run *command*; on Ctrl-C let it end by itself, since a kill would leave its mounts."""
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        ) as process,
    ):
        try:
            return process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise


def write_sources(folder: Path, codename: str) -> Path:
    """Write the host's sources of *codename* to a file in *folder*, and name it.

    Raises:
        SandboxError: the host has no source of that release.
    """
    etc = Path("/etc/apt")
    lists = [etc / "sources.list", *sorted(etc.glob("sources.list.d/*.list"))]
    lists = [path for path in lists if path.is_file()]
    lines = [line for path in lists for line in one_line(path.read_text(), codename)]
    blocks = [
        block
        for path in sorted(etc.glob("sources.list.d/*.sources"))
        for block in deb822(path.read_text(), codename)
    ]
    blocks += [as_block(line) for line in lines]
    if not blocks:
        raise SandboxError(f"this host's apt sources do not name {codename}.")
    written = folder / "lab.sources"
    written.write_text("\n\n".join(blocks) + "\n")
    return written


def one_line(text: str, codename: str) -> list[str]:
    """Give the lines of a sources.list(5) that bring *codename* itself."""
    return [
        line.strip()
        for line in text.splitlines()
        if (match := _LINE.match(line.strip()))
        and _wanted(["deb"], [match["suite"]], match["components"].split(), codename)
    ]


def deb822(text: str, codename: str) -> list[str]:
    """Give the blocks of a .sources file that bring *codename* itself, comments removed."""
    text = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    blocks = [block.strip() for block in re.split(r"\n\s*\n", text) if block.strip()]
    return [block for block in blocks if _block_wanted(block, codename)]


def apt_options() -> list[str]:
    """Give the host's apt.conf lines that decide whether its sources can be reached."""
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False)
    return [line for line in dump.stdout.splitlines() if line.startswith(PASSED_ON)]


_LINE = re.compile(
    r"deb\s+(?P<options>\[[^\]]*\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>.+)"
)


def as_block(line: str) -> str:
    """Write a line of `one_line` as a block of a .sources file."""
    match = _LINE.match(line)
    assert match is not None
    options = (match["options"] or "").strip().strip("[]").split()
    names = {"signed-by": "Signed-By", "trusted": "Trusted", "arch": "Architectures"}
    fields = [
        f"{names[name]}: {value.replace(',', ' ')}"
        for name, _, value in (option.partition("=") for option in options)
        if name in names
    ]
    components = match["components"].partition("#")[0]
    head = ["Types: deb", f"URIs: {match['uri']}", f"Suites: {match['suite']}"]
    return "\n".join([*head, f"Components: {components.strip()}", *fields])


def _block_wanted(block: str, codename: str) -> bool:
    def words(field: str) -> list[str]:
        found = re.search(rf"^{field}:(.*(?:\n[ \t].*)*)", block, re.MULTILINE | re.IGNORECASE)
        return found[1].split() if found else []

    if words("Enabled")[:1] == ["no"]:
        return False
    return _wanted(words("Types"), words("Suites"), words("Components"), codename)


def _wanted(types: list[str], suites: list[str], components: list[str], codename: str) -> bool:
    ours = {codename + part for part in PARTS}
    return "deb" in types and bool(ours & set(suites)) and "main" in components
