"""How the agent gets into a sandbox: its source goes first over the stream, then it speaks.

So the image holds no code of ours, and an agent is always the one of the harness that runs it.
"""

from __future__ import annotations

import io
import marshal
import zipfile
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path

AGENT = Path(__file__).parent.parent / "agent"
UNCHECKED_HASH = 1  # flags of a .pyc, PEP 552

# Large blocks go back to the kernel as soon as they are free: a fork copies the tables of what is
# still there (mallopt(3)).
ENVIRONMENT = {"LANG": "C.UTF-8", "MALLOC_MMAP_THRESHOLD_": str(1 << 20)}

# 4 bytes of length, then a zip that is imported from memory: the root of a container is read-only
LOADER = """
import os, runpy, sys
def take(size):
    data = b""
    while len(data) < size:
        part = os.read(0, size - len(data))
        if not part:
            sys.exit(0)
        data += part
    return data
source = os.memfd_create("agent")
os.write(source, take(int.from_bytes(take(4), "big")))
sys.path.insert(0, f"/proc/self/fd/{source}")
runpy.run_module("agent", run_name="__main__")
"""


def command(python: str, folder: str, uid: int | None) -> list[str]:
    """Return the command line that loads the agent from its standard input."""
    return [python, "-I", "-c", LOADER, folder, str(-1 if uid is None else uid)]


@cache
def source() -> bytes:
    """Return what is sent first: the length, and a zip with source and compiled code.

    The compiled code saves 50 ms where the interpreters are alike, and is passed over elsewhere.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(AGENT.glob("*.py")):
            archive.writestr(f"agent/{path.name}", path.read_bytes())
            archive.writestr(f"agent/{path.stem}.pyc", _compiled(path))
    data = buffer.getvalue()
    return len(data).to_bytes(4, "big") + data


def _compiled(path: Path) -> bytes:
    """Return *path* as a .pyc that is used whatever time its source has; compiled once a change."""
    name = f"forklab.agent.{path.stem}"
    code = SourceFileLoader(name, str(path)).get_code(name)
    kind = UNCHECKED_HASH.to_bytes(4, "little")
    return MAGIC_NUMBER + kind + source_hash(path.read_bytes()) + marshal.dumps(code)
