"""Time partitions: keys, windows and known cases of the calendar and the clock."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.model import partitions as p
from weft.model.errors import UsageError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = [
    "UTC",
    "Europe/Vienna",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Tokyo",
]


@st.composite
def time_definitions(draw):
    start = draw(st.dates(date(2015, 1, 1), date(2024, 6, 1)))
    zone = draw(st.sampled_from(ZONES))
    minute = draw(st.sampled_from([0, 30]))
    hour = draw(st.sampled_from([0, 2, 23]))
    match draw(st.sampled_from(["hourly", "daily", "weekly", "monthly", "interval", "cron"])):
        case "hourly":
            return p.HourlyPartitions(start, timezone=zone, minute_offset=minute)
        case "daily":
            return p.DailyPartitions(start, timezone=zone, hour_offset=hour, minute_offset=minute)
        case "weekly":
            day = draw(st.sampled_from(["monday", "sunday", "thursday"]))
            return p.WeeklyPartitions(start, timezone=zone, hour_offset=hour, week_start=day)
        case "monthly":
            day = draw(st.integers(1, 28))
            return p.MonthlyPartitions(start, timezone=zone, hour_offset=hour, day_of_month=day)
        case "interval":
            length = draw(st.sampled_from([timedelta(hours=5), timedelta(minutes=7), timedelta(days=3), 3601]))
            return p.IntervalPartitions(datetime(start.year, start.month, start.day, hour), timezone=zone, every=length)  # noqa: DTZ001
        case _:
            cron = draw(st.sampled_from(["0 */6 * * *", "30 2 * * *", "15 9 * * 1-5", "0 0 1 * *"]))
            return p.CronPartitions(cron, start, timezone=zone)


@settings(max_examples=150, deadline=None)
@given(time_definitions(), st.lists(st.integers(0, 2500), min_size=1, max_size=20))
def test_keys_and_ordinals_go_round(definition, ordinals):
    keys = [definition.key(each) for each in ordinals]
    assert [definition.ordinal(key) for key in keys] == ordinals
    assert definition.ordinals(keys) == ordinals
    assert definition.keys(ordinals) == keys
    whole = p.PartitionSet.range(min(ordinals), min(ordinals) + 400)
    assert definition.keys(whole) == [definition.key(each) for each in whole]
    assert len(set(definition.keys(whole))) == 400


@settings(max_examples=100, deadline=None)
@given(time_definitions(), st.integers(0, 2000))
def test_windows_follow_each_other_and_exist_once_ended(definition, ordinal):
    window, following = definition.window(ordinal), definition.window(ordinal + 1)
    assert window.start.astimezone(UTC) < window.end.astimezone(UTC)
    assert window.end == following.start
    before = definition.universe(window.end.astimezone(UTC) - timedelta(seconds=1))
    assert (ordinal in before, ordinal in definition.universe(window.end)) == (False, True)
    assert definition.universe(window.end) == p.PartitionSet.range(0, ordinal + 1)


@settings(max_examples=50, deadline=None)
@given(time_definitions(), st.integers(1, 60))
def test_an_end_hides_partitions_but_shifts_no_ordinal(definition, count):
    end = definition.window(count).start
    ended = p.from_snapshot({**definition.snapshot(), "end_date": end.replace(tzinfo=None).isoformat()})
    assert ended.fingerprint == definition.fingerprint
    # An end in a repeated hour reads as its first occurrence, so it may fall one short there, never beyond.
    kept = len(ended.universe(definition.window(count + 2).end))
    assert kept == count or (kept < count and end.fold)
    assert ended.ordinals([definition.key(count + 1)]) == [None]


@settings(max_examples=50, deadline=None)
@given(time_definitions())
def test_a_definition_survives_its_snapshot(definition):
    again = p.from_snapshot(definition.snapshot())
    assert again == definition
    assert hash(again) == hash(definition)
    assert again.fingerprint == definition.fingerprint


HOURS_OF_DAY = [
    # zone, day, hours, keys of the hours that begin from 00:00 to 03:00
    ("Europe/Vienna", "2024-03-31", 23, ["00:00", "01:00", "03:00", "04:00"]),
    ("Europe/Vienna", "2024-10-27", 25, ["00:00", "01:00", "02:00+02:00", "02:00+01:00"]),
    ("Europe/Vienna", "2025-03-30", 23, ["00:00", "01:00", "03:00", "04:00"]),
    ("Europe/Vienna", "2025-10-26", 25, ["00:00", "01:00", "02:00+02:00", "02:00+01:00"]),
    ("America/New_York", "2024-03-10", 23, ["00:00", "01:00", "03:00", "04:00"]),
    ("America/New_York", "2024-11-03", 25, ["00:00", "01:00-04:00", "01:00-05:00", "02:00"]),
    ("America/New_York", "2025-03-09", 23, ["00:00", "01:00", "03:00", "04:00"]),
    ("America/New_York", "2025-11-02", 25, ["00:00", "01:00-04:00", "01:00-05:00", "02:00"]),
    ("Asia/Tokyo", "2024-03-31", 24, ["00:00", "01:00", "02:00", "03:00"]),
]


@pytest.mark.parametrize(("zone", "day", "hours", "first"), HOURS_OF_DAY)
def test_a_day_has_the_hours_that_pass_in_it(zone, day, hours, first):
    hourly = p.HourlyPartitions(day, timezone=zone)
    daily = p.DailyPartitions(day, timezone=zone)
    window = daily.window(0)
    assert (window.end.astimezone(UTC) - window.start.astimezone(UTC)) == timedelta(hours=hours)
    read = p.TimeWindowMapping().upstream_of(0, daily, hourly, NOW)
    assert read == p.PartitionSet.range(0, hours)
    keys = hourly.keys(read)
    assert keys[:4] == [f"{day}T{each}" for each in first]
    assert keys[-1] == f"{day}T23:00"
    assert hourly.keys(p.PartitionSet.range(0, 500)) == [hourly.key(each) for each in range(500)]


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("2024-03-31T02:00", "clocks skip that hour. The next one is '2024-03-31T03:00'"),
        ("2024-10-27T02:00", "occurs twice. Say which: '2024-10-27T02:00+02:00' or '2024-10-27T02:00+01:00'"),
        ("2024-10-27T01:00+02:00", "Its keys look like"),
        ("2024-01-01T13:30", "Its keys look like"),
        ("2024-01-01 13:00", "Its keys look like"),
        ("tomorrow", "Its keys look like"),
        ("2023-12-31T23:00", "the first one is '2024-01-01T00:00'"),
    ],
)
def test_an_hour_that_is_none_is_explained(key, says):
    hourly = p.HourlyPartitions("2024-01-01", timezone="Europe/Vienna")
    with pytest.raises(p.UnknownPartitionError, match="2024") as caught:
        hourly.ordinal(key)
    assert says in str(caught.value)
    assert caught.value.key == key


@pytest.mark.parametrize(
    ("cron", "zone", "day", "starts"),
    [
        # fixed times fire once: a skipped one at the change, a repeated one at its first occurrence
        ("30 2 * * *", "Europe/Vienna", "2024-03-30", ["03-30T01:30", "03-31T01:00", "04-01T00:30"]),
        ("30 2 * * *", "Europe/Vienna", "2024-10-26", ["10-26T00:30", "10-27T00:30", "10-28T01:30"]),
        ("30 2 * * *", "America/New_York", "2025-03-08", ["03-08T07:30", "03-09T07:00", "03-10T06:30"]),
        ("30 1 * * *", "America/New_York", "2025-11-01", ["11-01T05:30", "11-02T05:30", "11-03T06:30"]),
        # a star in the hour follows real time
        ("0 * * * *", "Europe/Vienna", "2024-10-27T01:00", ["10-26T23:00", "10-27T00:00", "10-27T01:00"]),
    ],
)
def test_cron_follows_the_once_policy_where_clocks_change(cron, zone, day, starts):
    definition = p.CronPartitions(cron, day, timezone=zone)
    found = [definition.window(each).start.astimezone(UTC).strftime("%m-%dT%H:%M") for each in range(3)]
    assert found == starts
    if cron.startswith("30"):
        hour, minute = (int(each) for each in reversed(cron.split()[:2]))
        daily = p.DailyPartitions(day[:10], timezone=zone, hour_offset=hour, minute_offset=minute)
        assert [daily.window(each) for each in range(3)] == [definition.window(each) for each in range(3)]


def test_a_skipped_midnight_begins_its_day_at_the_change():
    daily = p.DailyPartitions("2018-11-03", timezone="America/Sao_Paulo")
    window = daily.window(1)
    assert window.start.isoformat() == "2018-11-04T01:00:00-02:00"
    assert window.end - window.start == timedelta(hours=23) or window.end.astimezone(UTC) - window.start.astimezone(
        UTC
    ) == timedelta(hours=23)


@pytest.mark.parametrize(
    ("definition", "first", "second", "last", "count"),
    [
        (p.DailyPartitions("2024-02-28", "2024-03-02"), "2024-02-28", "2024-02-29", "2024-03-01", 3),
        (p.DailyPartitions("2023-02-28", "2023-03-02"), "2023-02-28", "2023-03-01", "2023-03-01", 2),
        (p.DailyPartitions("2023-12-31", "2024-01-02"), "2023-12-31", "2024-01-01", "2024-01-01", 2),
        (p.DailyPartitions("2024-01-01", "2024-02-01", hour_offset=6), "2024-01-01", "2024-01-02", "2024-01-31", 31),
        (p.MonthlyPartitions("2023-12-01", "2024-03-01"), "2023-12", "2024-01", "2024-02", 3),
        (p.MonthlyPartitions("2024-01-15", "2024-05-15"), "2024-02", "2024-03", "2024-04", 3),
        (p.MonthlyPartitions("2024-01-15", "2024-05-15", day_of_month=15), "2024-01", "2024-02", "2024-04", 4),
        (p.WeeklyPartitions("2024-01-01", "2024-02-01"), "2024-01-01", "2024-01-08", "2024-01-22", 4),
        (p.WeeklyPartitions("2024-01-02", "2024-01-29"), "2024-01-08", "2024-01-15", "2024-01-22", 3),
        (
            p.WeeklyPartitions("2024-01-01", "2024-01-28", week_start="Sunday"),
            "2024-01-07",
            "2024-01-14",
            "2024-01-21",
            3,
        ),
        (p.WeeklyPartitions("2024-12-28", "2025-01-13"), "2024-12-30", "2025-01-06", "2025-01-06", 2),
        (
            p.HourlyPartitions("2024-12-31T22:30", "2025-01-01T02:00"),
            "2024-12-31T23:00",
            "2025-01-01T00:00",
            "2025-01-01T01:00",
            3,
        ),
        (
            p.IntervalPartitions("2024-01-01", "2024-01-02T02:00", every=timedelta(hours=5)),
            "2024-01-01T00:00",
            "2024-01-01T05:00",
            "2024-01-01T20:00",
            5,
        ),
        (
            p.CronPartitions("0 9 * * 1-5", "2024-01-05", "2024-01-10T09:00"),
            "2024-01-05T09:00",
            "2024-01-08T09:00",
            "2024-01-09T09:00",
            3,
        ),
    ],
)
def test_start_is_inclusive_and_end_exclusive(definition, first, second, last, count):
    keys = definition.keys(definition.universe(NOW))
    assert (keys[0], keys[1], keys[-1], len(keys)) == (first, second, last, count)
    assert definition.size() == count


def test_dates_may_be_text_dates_and_datetimes():
    made = {
        p.DailyPartitions("2024-01-01", timezone="Europe/Vienna"),
        p.DailyPartitions(date(2024, 1, 1), timezone="Europe/Vienna"),
        p.DailyPartitions(datetime(2024, 1, 1), timezone="Europe/Vienna"),  # noqa: DTZ001
        p.DailyPartitions(datetime(2023, 12, 31, 23, tzinfo=UTC), timezone="Europe/Vienna"),
        p.DailyPartitions(datetime(2024, 1, 1, tzinfo=ZoneInfo("Europe/Vienna")), timezone="Europe/Vienna"),
    }
    assert len(made) == 1


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: p.DailyPartitions("yesterday"), "start_date='yesterday'"),
        (lambda: p.DailyPartitions("2024-02-30"), "start_date='2024-02-30'"),
        (lambda: p.DailyPartitions(20240101), "start_date=20240101"),
        (lambda: p.DailyPartitions("2024-01-02", "2024-01-02"), "end_date=2024-01-02"),
        (lambda: p.DailyPartitions("2024-01-01", timezone="Vienna"), "timezone='Vienna'"),
        (lambda: p.DailyPartitions("2024-01-01", hour_offset=24), "hour_offset=24"),
        (lambda: p.HourlyPartitions("2024-01-01", minute_offset="5"), "minute_offset='5'"),
        (lambda: p.WeeklyPartitions("2024-01-01", week_start="Montag"), "week_start='Montag'"),
        (lambda: p.MonthlyPartitions("2024-01-01", day_of_month=31), "day_of_month=31"),
        (lambda: p.IntervalPartitions("2024-01-01", every=0), "every=0"),
        (lambda: p.IntervalPartitions("2024-01-01", every=1.5), "every=1.5"),
        (lambda: p.CronPartitions("every day", "2024-01-01"), "cron='every day'"),
        (lambda: p.CronPartitions("0 0 30 2 *", "2024-01-01"), "cron='0 0 30 2 *'"),
        (lambda: p.CronPartitions("0 0 * * *", "2024-01-01", key_format="x"), "key_format='x'"),
    ],
)
def test_a_wrong_argument_is_named_with_its_value(make, says):
    with pytest.raises(UsageError) as caught:
        make()
    assert says in str(caught.value)


def test_now_must_be_aware():
    with pytest.raises(p.PartitionsError, match="no time zone"):
        p.DailyPartitions("2024-01-01").universe(datetime(2024, 1, 5))  # noqa: DTZ001


def test_a_key_format_must_tell_ticks_apart():
    by_day = p.CronPartitions("0 6 * * *", "2024-01-01", key_format="%Y%m%d")
    assert by_day.key(4) == "20240105"
    assert by_day.ordinal("20240105") == 4
    assert by_day.ordinals(["2024-01-05", "20231231"]) == [None, None]
    by_month = p.CronPartitions("0 6 * * *", "2024-01-01", key_format="%Y-%m")
    with pytest.raises(p.PartitionsError, match="two partitions"):
        by_month.ordinal("2024-01")


def test_a_date_inside_a_week_names_the_week():
    weekly = p.WeeklyPartitions("2024-01-01")
    with pytest.raises(p.UnknownPartitionError) as caught:
        weekly.ordinal("2024-01-10")
    assert caught.value.close == ("2024-01-08",)


@pytest.mark.parametrize("key", ["20240105", "2024-W01-5", "2024-1-5", "2024-01-05T00:00", "", "٢٠٢٤-01-05"])
def test_only_the_canonical_spelling_is_a_key(key):
    daily = p.DailyPartitions("2024-01-01")
    assert daily.find(key) is None
    assert daily.ordinals([key, "2024-01-02"]) == [None, 1]


def test_universe_counts_in_any_time_zone_of_now():
    daily = p.DailyPartitions("2024-01-01", timezone="America/New_York")
    midnight = datetime(2024, 1, 3, 5, tzinfo=UTC)
    assert len(daily.universe(midnight.astimezone(timezone(timedelta(hours=9))))) == 2
    assert len(daily.universe(midnight - timedelta(seconds=1))) == 1


@pytest.mark.parametrize("zone", ZONES)
def test_many_hours_are_found_as_single_ones_are(zone):
    definition = p.HourlyPartitions("2024-01-01", "2025-06-01", timezone=zone, minute_offset=30)
    keys = definition.keys(p.PartitionSet.range(0, 9000))
    keys += [
        "2023-12-31T23:30",
        "2025-06-01T00:30",
        "2024-01-05T13:00",
        "2024-02-30T00:30",
        "2024-03-31T02:30",
        "x" * 16,
    ]
    assert definition.ordinals(keys) == [definition.find(key) for key in keys]
    assert definition.ordinals(keys)[:9000] == list(range(9000))
