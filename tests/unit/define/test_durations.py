"""Durations and policies as users write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.define import durations, policies
from weft.model import errors
from weft.model import policies as model


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (90, 90.0),
        (0.5, 0.5),
        ("90", 90.0),
        ("90s", 90.0),
        ("5m", 300.0),
        ("2h", 7200.0),
        ("1d", 86400.0),
        ("1w", 604800.0),
        ("1h30m", 5400.0),
        (" 1h 30m ", 5400.0),
        ("1.5h", 5400.0),
        ("250ms", 0.25),
        ("1m250ms", 60.25),
        ("5 minutes", 300.0),
        ("1 hour 30 min", 5400.0),
        ("2 days", 172800.0),
        (timedelta(minutes=2), 120.0),
    ],
)
def test_a_duration_is_read(written: object, expected: float) -> None:
    assert durations.seconds(written, what="timeout") == expected


@pytest.mark.parametrize(
    "written",
    ["", "s", "5 fortnights", "5 minutess", "5x", "-5s", "1h30", "m5", None, True, [], -1, float("nan"), float("inf")],
)
def test_what_is_no_duration_is_refused_with_its_name_and_value(written: object) -> None:
    with pytest.raises(errors.UsageError) as caught:
        durations.seconds(written, what="timeout")
    assert "timeout" in str(caught.value)
    assert repr(written) in str(caught.value)


@settings(deadline=None)
@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
def test_a_duration_is_the_sum_of_its_pieces(hours: int, minutes: int, seconds: int) -> None:
    assert durations.seconds(f"{hours}h{minutes}m{seconds}s", what="x") == hours * 3600 + minutes * 60 + seconds


def test_a_retry_becomes_the_models() -> None:
    assert policies.retry(3, "60s") == model.Retry(retries=3, delay=60.0)
    given = policies.Retry(3, delay="10s", backoff="exponential", max_delay="1m", jitter=0.5)
    assert policies.retry(given) == model.Retry(retries=3, delay=10.0, factor=2.0, max_delay=60.0, jitter=0.5)
    assert policies.retry(policies.Retry(1, backoff=1.5)).factor == 1.5


@pytest.mark.parametrize(
    ("given", "delay", "field"),
    [
        (-1, None, "retries"),
        (True, None, "retries"),
        ("3", None, "retries"),
        (3, "soon", "retry_delay"),
        (policies.Retry(3), "5s", "twice"),
        (policies.Retry(-1), None, "Retry.retries"),
        (policies.Retry(1, delay=-1), None, "Retry.delay"),
        (policies.Retry(1, backoff=0.5), None, "Retry.backoff"),
        (policies.Retry(1, backoff="linear"), None, "Retry.backoff"),  # type: ignore[arg-type]
        (policies.Retry(1, delay=10, max_delay=5), None, "Retry.max_delay"),
        (policies.Retry(1, jitter=1.5), None, "Retry.jitter"),
    ],
)
def test_a_retry_out_of_range_is_refused(given: object, delay: str | None, field: str) -> None:
    with pytest.raises(errors.UsageError, match=field):
        policies.retry(given, delay)


@pytest.mark.parametrize("lag", [0, "0s", -5, "never"])
def test_a_freshness_policy_needs_a_lag_of_more_than_nothing(lag: object) -> None:
    with pytest.raises(errors.UsageError, match="max_lag"):
        policies.freshness(policies.FreshnessPolicy(max_lag=lag))  # type: ignore[arg-type]
