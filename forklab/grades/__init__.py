"""Grades: what a record of a run is worth by a rubric. Plain data to plain data."""
