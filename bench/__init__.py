"""What forklab costs, measured beside the usual ways; `python -m bench` prints it.

On their own: `bench.grading` how many submissions a minute, `bench.pictures` what events and
reports cost, `bench.sixty` sixty programs of a class.
"""
