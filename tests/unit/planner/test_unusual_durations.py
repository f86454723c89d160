from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from weft.planner import durations

seconds = st.floats(0, 1e6, allow_nan=False)


def test_a_short_history_tells_nothing():
    assert durations.threshold([60.0] * 4) is None
    assert durations.threshold([60.0] * 5) is not None


def test_a_steady_minute_is_unusual_from_half_as_much_again():
    assert durations.threshold([60.0] * 30) == 90.0


def test_one_wild_duration_moves_nothing():
    assert durations.threshold([60.0] * 29 + [86_400.0]) == 90.0


def test_only_the_last_thirty_count():
    assert durations.threshold([10.0] * 30 + [1e6] * 100) == 15.0


def test_what_spreads_widely_by_itself_has_a_wide_bound():
    assert durations.threshold([60.0 + 30 * (number % 3) for number in range(30)]) > 250


@given(st.lists(seconds, min_size=5, max_size=30))
def test_the_bound_is_always_well_above_the_median(history):
    bound = durations.threshold(history)
    median = sorted(history)[len(history) // 2] if len(history) % 2 else None
    assert math.isfinite(bound)
    if median is not None:
        assert bound >= median + max(5.0, median / 2) - 1e-6


@given(st.lists(seconds, min_size=5, max_size=30), st.floats(1.0, 100.0))
def test_the_bound_grows_with_the_durations(history, factor):
    assert durations.threshold([each * factor for each in history]) >= durations.threshold(history) - 1e-6
