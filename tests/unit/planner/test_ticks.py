"""Ticks of schedules: when they are due and what they start, against the plainest way to find out."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.define import timetables
from weft.define.dags import schedules
from weft.model import partitions, pipelines
from weft.planner import ticks

ZONES = ("UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
CHANGES = (
    datetime(2024, 3, 31, tzinfo=UTC),
    datetime(2024, 10, 27, tzinfo=UTC),
    datetime(2024, 3, 10, tzinfo=UTC),
    datetime(2024, 11, 3, tzinfo=UTC),
    datetime(2024, 2, 28, tzinfo=UTC),
    datetime(2024, 4, 6, tzinfo=UTC),
)


def timed(schedule, name="etl", **said):
    found = schedules.read(schedules.Timing(schedule=schedule, **said), lambda each: str(each))
    return ticks.Timed(
        name=name,
        schedule=found.schedule,
        partitions=said.get("partitions") or found.partitions,
        catchup=said.get("catchup") is True,
    )


def first(made, since, count=3, **given):
    return list(itertools.islice(ticks.upcoming(made, since, **given), count))


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def dues(found):
    return [each.due.isoformat()[:16] for each in found]


def keys(found):
    return [each.keys for each in found]


# --- the plainest way: each second or minute is looked at ---


def by_looking(minute, hour, zone, since, hours):
    """The instants at which a clock on the wall shows a time first, minute by minute; skipped ones at the change."""
    found, seen = [], set()
    moment = since.replace(second=0, microsecond=0)
    while moment < since + timedelta(hours=hours):
        moment += timedelta(minutes=1)
        wall = moment.astimezone(zone)
        before = (moment - timedelta(minutes=1)).astimezone(zone)
        day = wall.date()
        jumped = wall.utcoffset() > before.utcoffset()
        times = [(wall.hour, wall.minute)]
        if jumped:  # the wall skipped these
            step = before.replace(tzinfo=None) + timedelta(minutes=1)
            while step < wall.replace(tzinfo=None):
                times.append((step.hour, step.minute))
                step += timedelta(minutes=1)
        if (hour, minute) in times and day not in seen:
            repeated = wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset() and wall.fold
            if not repeated:
                seen.add(day)
                found.append(moment)
    return [each for each in found if each > since]


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    start=st.sampled_from(CHANGES),
    minute=st.sampled_from([0, 15, 30, 59]),
    hour=st.integers(0, 23),
    shift=st.integers(0, 24),
)
def test_a_daily_schedule_is_due_once_each_day_at_its_time_whatever_clocks_do(zone, start, minute, hour, shift):
    since = start - timedelta(hours=shift)
    made = timed(f"{minute} {hour} * * *", timezone=zone)
    expected = by_looking(minute, hour, ZoneInfo(zone), since, 72)
    found = [each.due for each in first(made, since, len(expected))]
    assert found == expected


@settings(max_examples=40, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    start=st.sampled_from(CHANGES),
    cut=st.lists(st.integers(0, 4 * 24 * 60), min_size=1, max_size=5),
    schedule=st.sampled_from(["*/15 * * * *", "0 * * * *", "30 2 * * *", "0 6 * * 1-5", "every 45m", "@daily"]),
    offset=st.sampled_from([None, "30m", "5h"]),
    divided=st.sampled_from(["none", "own", "days", "grid", "static"]),
)
def test_ticks_asked_for_in_pieces_are_those_asked_for_at_once(zone, start, cut, schedule, offset, divided):
    begin = start - timedelta(days=1)
    said = {"timezone": zone, "offset": offset}
    if divided == "own":
        said["start_date"] = "2024-02-20"
    elif divided == "days":
        said["partitions"] = partitions.DailyPartitions("2024-02-20", timezone=zone)
    elif divided == "grid":
        said["partitions"] = partitions.MultiPartitions(
            {
                "day": partitions.DailyPartitions("2024-02-20", timezone=zone),
                "desk": partitions.StaticPartitions(["a", "b"]),
            }
        )
    elif divided == "static":
        said["partitions"] = partitions.StaticPartitions(["a", "b"])
    made = timed(schedule, **said)
    until = begin + timedelta(days=4)
    whole = list(itertools.takewhile(lambda each: each.due <= until, ticks.upcoming(made, begin)))
    assert all(one.due < other.due for one, other in itertools.pairwise(whole))
    pieces = []
    stops = sorted({begin + timedelta(minutes=each) for each in cut} | {until})
    since = begin
    for stop in stops:
        pieces += itertools.takewhile(lambda each, stop=stop: each.due <= stop, ticks.upcoming(made, since))
        since = stop
    assert pieces == whole
    if divided in ("own", "days", "grid"):
        started = [key for each in whole for key in each.keys]
        assert len(started) == len(set(started))
        for each in whole:
            for key in each.keys:
                window = made.partitions.window(made.partitions.ordinal(key))
                assert window.end <= each.due


# --- what ticks start ---


def test_an_interval_is_started_when_it_has_ended():
    made = timed("0 6 * * *", start_date="2024-01-01", timezone="Europe/Vienna")
    found = first(made, at("2024-01-02T12:00"))
    assert dues(found) == ["2024-01-03T05:00", "2024-01-04T05:00", "2024-01-05T05:00"]
    assert keys(found)[0] == ("2024-01-02",)
    assert found[0].id == "2024-01-03T05:00:00Z"


def test_nothing_is_due_before_the_first_interval_has_ended_nor_after_the_last_one():
    made = timed("@daily", start_date="2024-01-01", end_date="2024-01-04")
    assert keys(first(made, ticks.BEGINNING, 10)) == [("2024-01-01",), ("2024-01-02",), ("2024-01-03",)]


def test_partitions_are_started_by_the_first_tick_at_or_after_their_end():
    days = partitions.DailyPartitions("2024-01-01")
    made = timed("0 6 * * 1", partitions=days)  # Mondays: 2024-01-08 is one
    found = first(made, ticks.BEGINNING, 2)
    assert found[0].keys == tuple(f"2024-01-0{each}" for each in range(1, 8))
    assert found[1].keys == tuple(f"2024-01-{each:02}" for each in range(8, 15))


def test_ticks_in_which_no_partition_ended_are_none():
    made = timed("0 * * * *", partitions=partitions.DailyPartitions("2024-01-01"))
    assert dues(first(made, at("2024-01-01T12:00"), 2)) == ["2024-01-02T00:00", "2024-01-03T00:00"]


def test_partitions_as_a_schedule_are_due_at_their_end_and_the_offset():
    made = timed(partitions.HourlyPartitions("2024-01-01"), offset="10m")
    found = first(made, at("2024-01-01T02:30"), 1)
    assert dues(found) == ["2024-01-01T03:10"]
    assert keys(found) == [("2024-01-01T02:00",)]


def test_of_several_dimensions_all_keys_of_the_others_are_started():
    grid = partitions.MultiPartitions(
        {"day": partitions.DailyPartitions("2024-01-01"), "desk": partitions.StaticPartitions(["fx", "eq"])}
    )
    (found,) = first(timed("@daily", partitions=grid), at("2024-01-04T12:00"), 1)
    assert sorted(found.keys) == ["2024-01-04|eq", "2024-01-04|fx"]


def test_partitions_that_are_not_about_time_are_all_started_by_each_tick():
    made = timed("@hourly", partitions=partitions.StaticPartitions(["a", "b"]))
    assert keys(first(made, at("2024-01-01T00:30"), 2)) == [("a", "b"), ("a", "b")]


def test_sessions_are_due_after_the_close_on_short_days_too():
    made = timed(timetables.Sessions("XNYS", offset="30m"), start_date="2024-01-01")
    found = first(made, at("2024-07-02T21:00"), 2)
    assert dues(found) == ["2024-07-03T17:30", "2024-07-05T20:30"]  # closes at one on the day before the fourth
    assert keys(found) == [("2024-07-03",), ("2024-07-05",)]


def test_a_rule_is_due_at_its_occurrences_and_has_the_intervals_between_them():
    made = timed(timetables.RRule("FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=18"), start_date="2024-01-01", timezone="UTC")
    found = first(made, at("2024-02-01"), 2)
    assert dues(found) == ["2024-02-23T18:00", "2024-03-29T18:00"]
    assert keys(found) == [("2024-01-26T18:00",), ("2024-02-23T18:00",)]
    text = timed("RRULE:FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=18", start_date="2024-01-01", timezone="UTC")
    assert text.schedule.cron == made.schedule.cron


@settings(max_examples=60, deadline=None)
@given(
    frequency=st.sampled_from(["MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY"]),
    interval=st.integers(1, 9),
    ahead=st.integers(0, 900),
)
def test_a_rule_that_is_looked_into_late_ticks_as_one_that_was_followed(frequency, interval, ahead):
    from dateutil import rrule

    start = datetime(2023, 5, 17, 7, 20)  # noqa: DTZ001
    given_rule = timetables.RRule(f"FREQ={frequency};INTERVAL={interval}", start=start)
    since = datetime(2023, 5, 17, tzinfo=UTC) + timedelta(days=ahead / 10)
    found = [each.due.replace(tzinfo=None) for each in first(timed(given_rule, timezone="UTC"), since, 3)]
    rule = rrule.rrule(getattr(rrule, frequency), dtstart=start, interval=interval)
    assert found == list(itertools.islice(rule.xafter(since.replace(tzinfo=None)), 3))


def test_equal_times_are_counted_from_the_epoch_or_the_start_and_no_error_grows():
    assert dues(first(timed("every 45m"), at("2024-01-01T00:01"), 2)) == ["2024-01-01T00:45", "2024-01-01T01:30"]
    made = ticks.Timed(
        name="x", schedule=pipelines.Schedule(kind="every", text="", every=0.1, start="2024-01-01T00:00:00")
    )
    (found,) = first(made, at("2024-02-01T00:00"), 1)
    assert found.due == at("2024-02-01T00:00") + timedelta(seconds=0.1)


def test_given_times_are_due_each_with_its_own_key():
    made = timed(timetables.EventsTimetable(["2024-01-05T06:00", "2024-01-02T06:00+02:00"]))
    found = first(made, ticks.BEGINNING, 5)
    assert dues(found) == ["2024-01-02T04:00", "2024-01-05T06:00"]
    assert keys(found) == [("2024-01-02T06:00:00+02:00",), ("2024-01-05T06:00:00",)]


def test_once_is_when_a_scheduler_saw_it_first_or_at_its_start():
    seen = at("2024-01-05T03:00")
    assert [each.due for each in first(timed("@once"), ticks.BEGINNING, activated=seen)] == [seen]
    made = timed("@once", start_date="2024-02-01")
    assert dues(first(made, ticks.BEGINNING, activated=seen)) == ["2024-02-01T00:00"]


def test_assets_alone_and_continuous_have_no_ticks():
    for schedule in (["a", "b"], "@continuous"):
        found = schedules.read(schedules.Timing(schedule=schedule), lambda each: str(each))
        pipeline = pipelines.Pipeline(name="x", kind="dag", schedule=found.schedule)
        assert ticks.of_pipeline(pipeline) is None


# --- when they act ---


def test_jitter_is_the_same_for_a_tick_always_and_spread_over_its_time():
    made = [timed("@hourly", name=f"p{number}", jitter="10m") for number in range(200)]
    late = [(first(each, at("2024-01-01T00:30"), 1)[0]) for each in made]
    again = [(first(each, at("2024-01-01T00:59"), 1)[0]) for each in made]
    assert late == again
    waits = sorted((each.at - each.due).total_seconds() for each in late)
    assert 0 <= waits[0] < 60
    assert 540 < waits[-1] < 600
    assert {each.due for each in late} == {at("2024-01-01T01:00")}


BLACKOUTS = [
    (timetables.Blackout("2024-01-02", "2024-01-03"), "2024-01-02T05:00", "2024-01-03T00:00"),
    (timetables.Blackout(cron="0 4 * * 2", duration="3h"), "2024-01-02T05:00", "2024-01-02T07:00"),
    (timetables.Blackout(calendar="XNYS"), "2024-01-06T05:00", "2024-01-08T00:00"),
    (("2024-01-02T04:30", "2024-01-02T05:30"), "2024-01-02T05:00", "2024-01-02T05:30"),
]


@pytest.mark.parametrize(("blackout", "due", "end"), BLACKOUTS)
def test_a_tick_in_a_blackout_is_left_out_or_put_off_to_its_end(blackout, due, end):
    skipped = timed("0 5 * * *", blackout=[blackout])
    (found,) = first(skipped, at(due) - timedelta(hours=1), 1)
    assert (found.due, bool(found.held), found.deferred) == (at(due), True, "")
    (found,) = first(timed("0 5 * * *", blackout=[blackout], blackout_policy="defer"), at(due) - timedelta(hours=1), 1)
    assert (found.due, found.at, found.held) == (at(due), at(end), "")
    assert found.deferred


def test_a_blackout_is_read_in_its_zone_and_joined_ones_end_together():
    blackout = [
        timetables.Blackout("2024-07-01", "2024-07-02", timezone="America/New_York"),
        ("2024-07-02", "2024-07-03"),
    ]
    made = timed("0 5 * * *", blackout=blackout, blackout_policy="defer")
    found = first(made, at("2024-07-01T00:00"), 2)
    assert found[0].at == at("2024-07-03T00:00") == found[1].at  # five in New York is nine in UTC


def test_a_blackout_without_an_end_leaves_out_also_where_it_is_to_put_off():
    made = timed("0 5 * * *", blackout=[("2024-01-02", None)], blackout_policy="defer")
    assert first(made, at("2024-01-02T00:00"), 1)[0].held


def test_counts_are_those_of_the_ticks():
    for made in (timed("*/7 * * * *"), timed("every 7m"), timed(partitions.DailyPartitions("2024-01-01"), offset=60)):
        since, until = at("2024-01-03T00:00"), at("2024-01-09T12:00")
        number = len(list(itertools.takewhile(lambda each, until=until: each <= until, ticks.moments(made, since))))
        assert ticks.count(made, since, until, most=10**6) == number
