"""Grade one submission: from plain data (files, lab, settings) to plain data (a record)."""
