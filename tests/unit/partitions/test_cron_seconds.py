"""The quick way to the ticks of a cron expression finds those of the slow one."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from weft.model import cron
from weft.model.partitions import cron_seconds

ZONES = [
    "UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Beirut",
    "America/Scoresbysund", "Asia/Kathmandu", "Africa/Cairo",
]  # fmt: skip
EXPRESSIONS = [
    "*/5 * * * *", "0 * * * *", "30 0 * * *", "30 2 * * *", "0 0 * * *", "15 23 * * 1-5", "*/20 1-3 * * *", "0 6 L * *",
    "0 0 1 */3 *", "45 23 28 2 *", "7 */6 * * 0#2", "*/30 * * * * *", "59 59 23 * * *", "0 12 13 * 5",
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    expression=st.sampled_from(EXPRESSIONS),
    zone=st.sampled_from(ZONES),
    day=st.integers(0, 366 * 2),
    second=st.integers(0, 86_400),
    count=st.integers(1, 60),
)
@example(expression="*/20 1-3 * * *", zone="Europe/Vienna", day=88, second=0, count=60)
@example(expression="30 0 * * *", zone="America/Havana", day=68, second=0, count=5)
def test_the_quick_way_finds_what_the_slow_one_does(expression, zone, day, second, count):
    begin = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day, seconds=second)
    slow = cron.ticks_after(expression, begin.astimezone(ZoneInfo(zone)), ZoneInfo(zone))
    expected = [int(each.timestamp()) for each in itertools.islice(slow, count)]
    quick = cron_seconds.seconds_after(expression, int(begin.timestamp()), ZoneInfo(zone))
    assert list(itertools.islice(quick, count)) == expected
