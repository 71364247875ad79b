"""Views of a run: what a person reads in a terminal, and what machines read from files."""
