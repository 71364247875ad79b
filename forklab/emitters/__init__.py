"""Emitters: grades in the formats of terminals, spreadsheets, CI servers and course platforms."""
