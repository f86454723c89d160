"""What is started of the ticks that have come, and what is left out: the catch-up rules."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.define.dags import schedules
from weft.planner import catching_up, ticks

GRACE = timedelta(minutes=1)


def timed(schedule="0 * * * *", **said):
    timing = schedules.Timing(schedule=schedule, divided="start_date" in said, **said)
    found = schedules.read(timing, lambda each: str(each))
    return ticks.Timed(
        name="etl", schedule=found.schedule, partitions=found.partitions, catchup=said.get("catchup") is True
    )


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def decide(made, since, now, **said):
    return catching_up.decide(made, since, now, grace=GRACE, **said)


def summary(decided):
    return [(each.decision, each.tick.due.strftime("%d %H:%M"), each.count) for each in decided.decisions]


STOPPED, BACK = at("2024-01-05T00:30"), at("2024-01-05T06:10")

TABLE = [
    (False, [("missed", "05 05:00", 5), ("started", "05 06:00", 1)]),
    ("latest", [("missed", "05 05:00", 5), ("started", "05 06:00", 1)]),
    (3, [("missed", "05 03:00", 3), *(("started", f"05 0{hour}:00", 1) for hour in (4, 5, 6))]),
    ("2h", [("missed", "05 04:00", 4), ("started", "05 05:00", 1), ("started", "05 06:00", 1)]),
    (True, [("started", f"05 0{hour}:00", 1) for hour in range(1, 7)]),
]


@pytest.mark.parametrize(("catchup", "expected"), TABLE)
@pytest.mark.parametrize("divided", [False, True])
def test_after_a_stop_of_hours_it_catches_up_as_declared_and_the_rest_is_one_decision(catchup, expected, divided):
    made = timed(catchup=catchup, **({"start_date": "2024-01-01"} if divided else {}))
    found = decide(made, STOPPED, BACK)
    assert summary(found) == expected
    assert not found.more
    assert found.next_at == at("2024-01-05T07:00")


def test_a_duration_in_which_nothing_was_due_leaves_all_of_it_out():
    made = timed("0 0 * * *", catchup="2h")
    assert summary(decide(made, at("2024-01-01T12:00"), at("2024-01-05T12:00"))) == [("missed", "05 00:00", 4)]


def test_ticks_before_the_first_interval_were_not_missed():
    made = timed("0 6 * * *", start_date="2024-01-01", catchup="latest")
    found = decide(made, catching_up.beginning(made, BACK), BACK)
    assert summary(found) == [("missed", "04 06:00", 3), ("started", "05 06:00", 1)]


BEGINNINGS = [(False, "2024-01-05T06:10"), ("latest", None), (4, None), (True, None), ("7d", "2023-12-29T06:10")]


@pytest.mark.parametrize(("catchup", "since"), BEGINNINGS)
def test_before_a_schedule_was_first_seen_only_counts_what_it_catches_up_with(catchup, since):
    made = timed(catchup=catchup)
    assert catching_up.beginning(made, BACK) == (ticks.BEGINNING if since is None else at(since))


def test_what_is_late_by_less_than_the_grace_is_not_missed():
    made = timed("every 10s")
    found = decide(made, at("2024-01-05T06:00"), at("2024-01-05T06:00:45"))
    assert [each.decision for each in found.decisions] == ["started"] * 4


def test_many_ticks_to_catch_up_with_are_decided_some_at_a_time():
    made = timed(catchup=True)
    found = decide(made, at("2024-01-01T00:30"), at("2024-02-01T00:00"), most=100)
    assert len(found.decisions) == 100
    assert found.more
    following = decide(made, found.decisions[-1].tick.due, at("2024-02-01T00:00"), most=1000)
    assert len(following.decisions) == 744 - 100
    assert not following.more


def test_an_outage_of_years_of_a_schedule_by_the_second_is_decided_quickly():
    made = timed("* * * * * *")
    found = decide(made, at("2014-01-01T00:00"), at("2024-01-01T00:00"))
    assert [each.decision for each in found.decisions] == ["missed"] + ["started"] * 61
    assert "or more" in found.decisions[0].reason


def test_ticks_of_a_blackout_are_skipped_with_the_reason():
    made = timed(blackout=[("2024-01-05T02:00", "2024-01-05T04:00")], catchup=True)
    found = decide(made, STOPPED, BACK)
    assert [each.decision for each in found.decisions] == ["started", "skipped", "skipped", *["started"] * 3]
    assert "blackout: from 2024-01-05T02:00" in found.decisions[1].reason


def test_what_was_put_off_to_the_end_of_a_blackout_starts_once_unless_all_is_wanted():
    said = {"blackout": [("2024-01-05T01:00", "2024-01-05T06:05")], "blackout_policy": "defer"}
    found = decide(timed(**said), STOPPED, at("2024-01-05T06:00"))
    assert not found.decisions
    assert found.next_at == at("2024-01-05T06:05")
    assert summary(decide(timed(**said), STOPPED, at("2024-01-05T06:05"))) == [
        ("missed", "05 05:00", 5),
        ("started", "05 06:00", 1),
    ]
    found = decide(timed(catchup=True, **said), STOPPED, at("2024-01-05T06:05"))
    assert [each.decision for each in found.decisions] == ["started"] * 6


@settings(max_examples=150, deadline=None)
@given(
    schedule=st.sampled_from(["0 * * * *", "*/7 * * * *", "30 4 * * *", "every 50m"]),
    catchup=st.sampled_from([False, "latest", 3, "3h", True]),
    jitter=st.sampled_from([None, 600, 7200]),
    turns=st.lists(st.integers(1, 3000), min_size=1, max_size=25),
    divided=st.booleans(),
)
def test_however_turns_fall_each_tick_is_decided_once_and_in_order(schedule, catchup, jitter, turns, divided):
    said = {"start_date": "2024-01-01"} if divided else {}
    made = timed(schedule, catchup=catchup, jitter=jitter, **said)
    begin = at("2024-01-05T00:00")
    since, now, accounted, started = begin, begin, 0, []
    for minutes in turns:
        now += timedelta(minutes=minutes)
        while True:
            found = decide(made, since, now, most=7)
            for each in found.decisions:
                assert each.tick.due > since
                assert each.tick.at <= now
                since = each.tick.due
                accounted += each.count
                if each.decision == "started":
                    started += each.tick.keys
            if not found.more:
                break
        assert found.next_at > now
    expected = list(itertools.takewhile(lambda each: each.due <= since, ticks.upcoming(made, begin)))
    assert accounted == len(expected)
    if catchup is True:
        assert started == [key for each in expected for key in each.keys]
    if divided:
        assert len(set(started)) == len(started)


@settings(max_examples=100, deadline=None)
@given(
    schedule=st.sampled_from(["0 * * * *", "*/7 * * * *", "every 50m", "*/20 * * * * *"]),
    catchup=st.sampled_from([False, "latest", 3, "3h", True]),
    jitter=st.sampled_from([None, 600, 7200]),
    blackout=st.sampled_from([None, [("2024-01-05T02:00", "2024-01-05T04:00")]]),
    late=st.integers(0, 50),
)
def test_of_a_schedule_that_is_followed_nothing_is_missed(schedule, catchup, jitter, blackout, late):
    made = timed(schedule, catchup=catchup, jitter=jitter, blackout=blackout)
    since = now = at("2024-01-05T00:00")
    seen = []
    for _ in range(60):
        found = decide(made, since, now, most=1000)
        seen += found.decisions
        since = found.decisions[-1].tick.due if found.decisions else since
        now = found.next_at + timedelta(seconds=late)
    assert {each.decision for each in seen} <= {"started", "skipped"}
    assert [each.tick.due for each in seen] == list(
        itertools.islice(ticks.moments(made, at("2024-01-05T00:00")), len(seen))
    )


@settings(max_examples=60, deadline=None)
@given(
    schedule=st.sampled_from(["0 * * * *", "*/7 * * * *"]),
    catchup=st.sampled_from([False, "latest", 3, "3h"]),
    jitter=st.sampled_from([None, 600, 7200]),
    minutes=st.integers(1, 700),
)
def test_what_waits_for_the_end_of_a_blackout_is_not_given_up_before(schedule, catchup, jitter, minutes):
    said = {"blackout": [("2024-01-05T02:00", "2024-01-05T09:00")], "blackout_policy": "defer"}
    made = timed(schedule, catchup=catchup, jitter=jitter, **said)
    begin = at("2024-01-05T00:00")
    now = begin + timedelta(minutes=minutes)
    found = decide(made, begin, now)
    waiting = next(each for each in ticks.upcoming(made, begin) if each.at > now)
    assert all(each.tick.due < waiting.due for each in found.decisions)
