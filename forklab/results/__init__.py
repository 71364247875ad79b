"""Verdicts and evidence of a run: plain data, that every report is a view of."""
