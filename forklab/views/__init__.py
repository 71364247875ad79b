"""Views of the events of a run: pure functions from events to text."""
