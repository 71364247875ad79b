"""How the benchmark counts and prints; what it measures is no test's business."""

from bench.timing import Timing, heading, rows
from bench.whole import WholeRun


def test_a_row_has_the_median_the_least_how_often_and_the_ratio_to_the_first() -> None:
    timings = [Timing("ours", [0.002, 0.001, 0.004]), Timing("theirs", [0.2, 0.1])]
    assert rows(timings) == [
        "  ours                                                2.00      1.00     3      1.0",
        "  theirs                                            150.00    100.00     2     75.0",
    ]


def test_rows_stand_below_their_heading() -> None:
    (row,) = rows([Timing("ours", [0.002])])
    assert len(row) == len(heading("one look"))


def test_the_rest_of_a_run_is_all_that_its_checks_do_not_demand() -> None:
    assert WholeRun(wall=4.0, waited=3.0, ready=0.5, checks=27).rest == 1.0
