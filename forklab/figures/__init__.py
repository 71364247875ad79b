"""Figures of a run, laid out: who is where in them and how they are joined, in whole pixels.

Pure functions from events and evidence to plain data; `forklab/pages/templates/figures.html.j2`
draws that, and says everything in words.
"""
