"""When an asset is late, about to be late, and when that may change without anything being made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from weft import DailyPartitions, MultiPartitions, StaticPartitions
from weft.model import columns, graph, policies
from weft.model import partitions as partitioning
from weft.planner import freshness

NOON = datetime(2024, 1, 15, 12, tzinfo=UTC)  # a Monday


def asset(policy: policies.FreshnessPolicy, divided: partitioning.Partitions | None = None) -> graph.Asset:
    return graph.Asset(key="a", step="a", freshness=policy, partitions=divided)


def made(at: datetime | None, *ordinals: int) -> columns.Columns:
    found = columns.Columns(0)
    for each in ordinals or ((0,) if at is not None else ()):
        assert at is not None
        found.published(each, token=1, version=1, code="", inputs={}, at=int(at.timestamp() * 1e6), run="r")
    return found


def test_a_lag_is_counted_from_the_last_success() -> None:
    one = asset(policies.FreshnessPolicy(max_lag=3600.0, warn=600.0))
    known = made(NOON)
    expected = {0: "fresh", 50: "fresh", 51: "due_soon", 60: "due_soon", 61: "late"}
    found = {each: freshness.outlook_of(one, known, NOON + timedelta(minutes=each)) for each in expected}
    assert {each: outlook.state for each, outlook in found.items()} == expected
    assert found[61].since == NOON + timedelta(hours=1)
    assert found[0].next_change == NOON + timedelta(minutes=50, microseconds=1)


def test_what_was_never_made_is_unknown_and_without_a_policy_there_is_nothing_to_say() -> None:
    assert freshness.outlook_of(asset(policies.FreshnessPolicy(max_lag=1.0)), made(None), NOON).state == "unknown"
    assert freshness.outlook_of(graph.Asset(key="a", step="a"), made(NOON), NOON).state == "none"


def test_a_deadline_by_cron_counts_what_succeeded_since_the_one_before() -> None:
    one = asset(policies.FreshnessPolicy(cron="0 9 * * 1-5", warn=1800.0))
    friday = datetime(2024, 1, 12, 8, 30, tzinfo=UTC)
    late_since = datetime(2024, 1, 15, 9, tzinfo=UTC)
    assert freshness.outlook_of(one, made(friday), datetime(2024, 1, 14, tzinfo=UTC)).state == "fresh"
    assert freshness.outlook_of(one, made(friday), datetime(2024, 1, 15, 8, 40, tzinfo=UTC)).state == "due_soon"
    found = freshness.outlook_of(one, made(friday), NOON)
    assert (found.state, found.since) == ("late", late_since)
    assert freshness.outlook_of(one, made(friday + timedelta(hours=1)), NOON).state == "fresh"


def test_a_lower_bound_says_from_when_on_a_success_counts() -> None:
    one = asset(policies.FreshnessPolicy(cron="0 9 * * *", lower_bound=3600.0))
    assert freshness.outlook_of(one, made(datetime(2024, 1, 15, 7, tzinfo=UTC)), NOON).state == "late"
    assert freshness.outlook_of(one, made(datetime(2024, 1, 15, 8, 30, tzinfo=UTC)), NOON).state == "fresh"


def test_a_deadline_is_of_its_zone() -> None:
    one = asset(policies.FreshnessPolicy(cron="0 9 * * *", timezone="America/New_York"))
    found = freshness.outlook_of(one, made(NOON), NOON)
    assert found.deadline == datetime(2024, 1, 16, 14, tzinfo=UTC)


def test_partitions_are_late_by_themselves() -> None:
    days = DailyPartitions("2024-01-01")
    one = asset(policies.FreshnessPolicy(max_lag=3600.0 * 6), days)
    found = freshness.outlook_of(one, made(NOON, *(each for each in range(14) if each not in (3, 13))), NOON)
    assert (found.state, list(found.late)) == ("late", [3, 13])
    assert found.since == datetime(2024, 1, 5, 6, tzinfo=UTC)
    at_five = datetime(2024, 1, 15, 5, tzinfo=UTC)
    found = freshness.outlook_of(one, made(NOON, *range(13)), at_five)
    assert (found.state, found.deadline) == ("fresh", datetime(2024, 1, 15, 6, tzinfo=UTC))
    assert found.next_change == datetime(2024, 1, 15, 6, tzinfo=UTC) + timedelta(microseconds=1)


@settings(max_examples=120, deadline=None)
@given(
    ordinals=st.sets(st.integers(0, 20)),
    policy=st.sampled_from(
        [
            policies.FreshnessPolicy(max_lag=3600.0 * 30, warn=3600.0 * 3),
            policies.FreshnessPolicy(max_lag=60.0),
            policies.FreshnessPolicy(cron="0 9 * * 1-5", warn=3600.0, timezone="Europe/Vienna"),
            policies.FreshnessPolicy(cron="*/50 7-9 * * *", lower_bound=7200.0, warn=60.0),
        ]
    ),
    divided=st.sampled_from(
        [None, DailyPartitions("2024-01-08", timezone="Europe/Vienna"),
         MultiPartitions({"day": DailyPartitions("2024-01-08"), "place": StaticPartitions(["eu", "us"])})]
    ),
    hours=st.integers(-100, 300),
)  # fmt: skip
def test_nothing_changes_before_the_next_change_and_late_agrees_with_overdue(
    ordinals: set[int],
    policy: policies.FreshnessPolicy,
    divided: partitioning.Partitions | None,
    hours: int,
) -> None:
    one, now = asset(policy, divided), NOON + timedelta(hours=hours)
    known = made(NOON - timedelta(days=3), *({0} if divided is None else ordinals)) if ordinals else made(None)
    found = freshness.outlook_of(one, known, now)
    assert found.late == freshness.overdue(one, known, now)
    assert (found.state == "late") == bool(found.late)
    if divided is not None:
        slowly = [
            each
            for each in divided.universe(now) - known.materialized()
            if (window := divided.window(each)) is not None
            and (not policy.cron and window.end + timedelta(seconds=policy.max_lag) < now)
        ]
        assert policy.cron or list(found.late) == slowly
    until = found.next_change or now + timedelta(days=9)
    assert until > now
    for share in (0.001, 0.5, 0.999):
        between = min(now + (until - now) * share, until - timedelta(microseconds=1))
        again = freshness.outlook_of(one, known, between)
        assert (again.state, again.late, again.due_soon) == (found.state, found.late, found.due_soon)
