"""Grade one submission at Classroom 50 with forklab; writes result.json into the current folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LAB = "fork_echo"
FORKLAB = "forklab @ git+https://github.com/OWNER/forklab@v0.1.0"
SECONDS = 600
JUDGED = (0, 1)  # all pass, something failed; anything else: it could not look

HERE = Path(__file__).resolve().parent
RESULT = Path("result.json")


def main() -> int:
    """Return 0 if there is a grade, good or bad."""
    # -P: a forklab.py of a student in this folder is not ours
    python = [sys.executable, "-P", "-m"]
    subprocess.run([*python, "pip", "install", "--quiet", FORKLAB], check=True)
    words = [*python, "forklab", "grade", LAB, ".", "--write", f"classroom50={RESULT}"]
    if (HERE / "rubric.toml").exists():
        words += ["--rubric", str(HERE / "rubric.toml")]
    status = subprocess.run(words, timeout=SECONDS, check=False).returncode
    if status not in JUDGED:
        RESULT.unlink(missing_ok=True)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
