"""What forklab costs, measured beside the usual ways; `python -m bench` prints it."""
