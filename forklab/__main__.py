"""``python -m forklab`` is ``forklab``."""

from forklab.cli import main

main()
