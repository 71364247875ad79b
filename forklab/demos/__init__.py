"""Narrated demos: a script for a class, done live, rehearsed, recorded and replayed."""
