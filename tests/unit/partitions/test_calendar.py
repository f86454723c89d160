"""Sessions of an exchange."""

from datetime import UTC, datetime, timedelta

import pytest

from weft.model import partitions as p

pytest.importorskip("exchange_calendars")
NOW = datetime(2025, 6, 1, tzinfo=UTC)
XNYS = p.CalendarPartitions("XNYS", "2000-01-01", "2014-01-01")

HOLIDAYS = [
    "2001-09-11",  # closed by the attacks, and the three days after
    "2001-09-14",
    "2004-06-11",  # mourning for President Reagan
    "2007-01-02",  # mourning for President Ford
    "2012-10-29",  # hurricane Sandy
    "2012-10-30",
    "2013-03-29",  # Good Friday
    "2010-12-24",  # Christmas observed
    "2013-11-28",  # Thanksgiving
    "2013-07-06",  # a Saturday
]


def test_sessions_of_the_data_that_the_example_uses():
    keys = XNYS.keys(XNYS.universe(NOW))
    assert len(keys) == XNYS.size() == 3521
    assert (keys[0], keys[-1]) == ("2000-01-03", "2013-12-31")
    assert XNYS.ordinals(keys) == list(range(3521))


@pytest.mark.parametrize("day", HOLIDAYS)
def test_a_holiday_has_no_session_and_names_those_next_to_it(day):
    with pytest.raises(p.UnknownPartitionError, match="no session") as caught:
        XNYS.ordinal(day)
    before, after = caught.value.close
    assert before < day < after


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        ("2013-11-29", "14:30", "18:00"),  # the day after Thanksgiving ends at one
        ("2013-07-03", "13:30", "17:00"),
        ("2012-12-24", "14:30", "18:00"),
        ("2013-03-08", "14:30", "21:00"),  # before clocks change
        ("2013-03-11", "13:30", "20:00"),  # after
    ],
)
def test_a_session_lasts_from_opening_to_close(day, opens, closes):
    window = XNYS.window(XNYS.ordinal(day))
    assert [each.astimezone(UTC).strftime("%H:%M") for each in (window.start, window.end)] == [opens, closes]
    running = XNYS.universe(window.end - timedelta(seconds=1))
    assert XNYS.ordinal(day) not in running
    assert XNYS.ordinal(day) in XNYS.universe(window.end)


def test_sessions_go_on_without_an_end_and_keep_their_ordinals():
    ongoing = p.CalendarPartitions("XNYS", "2000-01-01")
    assert ongoing.fingerprint == XNYS.fingerprint
    assert ongoing.ordinal("2013-12-31") == 3520
    assert ongoing.key(ongoing.universe(NOW).last) == "2025-05-30"
    assert ongoing.universe(NOW + timedelta(days=1)).last + 1 == ongoing.ordinal("2025-06-02")


def test_a_month_reads_its_sessions_in_whatever_time_zone():
    sydney = p.CalendarPartitions("XASX", "2013-01-01", "2014-01-01")  # opens at 23:00 UTC of the day before
    monthly = p.MonthlyPartitions("2013-01-01")
    read = p.default_mapping(monthly, sydney).upstream_of(1, monthly, sydney, NOW)
    keys = sydney.keys(read)
    assert (keys[0], keys[-1], len(keys)) == ("2013-02-01", "2013-02-28", 20)


def test_the_session_before_a_holiday_is_yesterday():
    yesterday = p.TimeWindowMapping(start_offset=-1, end_offset=-1)
    read = yesterday.upstream_of(XNYS.ordinal("2013-12-02"), XNYS, XNYS, NOW)
    assert XNYS.keys(read) == ["2013-11-29"]
    daily = p.DailyPartitions("2013-01-01", "2014-01-01")
    read = yesterday.upstream_of(daily.ordinal("2013-12-02"), daily, XNYS, NOW)
    assert XNYS.keys(read) == ["2013-11-29"]
    assert not p.TimeWindowMapping().upstream_of(daily.ordinal("2013-12-01"), daily, XNYS, NOW)


def test_the_ends_of_a_range_need_not_be_sessions():
    found = p.parse_selection("2013-12-21..2013-12-25", XNYS, NOW)
    assert XNYS.keys(found) == ["2013-12-23", "2013-12-24"]
    with pytest.raises(p.UnknownPartitionError, match="No partition lies"):
        p.parse_selection("2013-12-21..2013-12-22", XNYS, NOW)


def test_an_unknown_calendar_is_named_with_close_ones():
    with pytest.raises(p.PartitionsError, match=r"XNYZ.*XNYS"):
        p.CalendarPartitions("XNYZ", "2000-01-01").universe(NOW)


def test_an_alias_is_a_calendar():
    assert p.CalendarPartitions("NYSE", "2000-01-01", "2014-01-01").universe(NOW) == XNYS.universe(NOW)


def test_a_calendar_survives_its_snapshot():
    assert p.from_snapshot(XNYS.snapshot()) == XNYS


def test_an_end_may_leave_one_session_or_none():
    friday = p.CalendarPartitions("XNYS", "2024-01-05", "2024-01-06")
    assert friday.keys(friday.universe(NOW)) == ["2024-01-05"]
    weekend = p.CalendarPartitions("XNYS", "2024-01-06", "2024-01-08")
    assert not weekend.universe(NOW)
    with pytest.raises(p.UnknownPartitionError, match="has none before its end_date"):
        weekend.ordinal("2024-01-06")
