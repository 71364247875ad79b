"""Pages for an instructor: a whole class on one, a submission and its evidence on each other.

`tally` counts, `words` holds what is said in both languages, `environment` makes every text safe,
and `class_page` and `evidence_page` fill the templates. A page is one file: it makes no request
and runs no script.
"""
