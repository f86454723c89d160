"""Recurrence rules that make no sense are told at once, and none is looked into for ever."""

from __future__ import annotations

import pytest

from weft.model import recurrences

NEVER = "FREQ={};BYMONTH=2;BYMONTHDAY=30"


@pytest.mark.parametrize(
    "rule",
    [
        *(NEVER.format(each) for each in ("SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")),
        NEVER.format("SECONDLY") + ";COUNT=3",
        "FREQ=DAILY;COUNT=0",
        f"RRULE:{NEVER.format('SECONDLY')} RRULE:{NEVER.format('MINUTELY')}",
    ],
)
def test_a_rule_that_never_occurs_is_refused(rule):
    with pytest.raises(recurrences.RecurrenceError, match="never occurs"):
        recurrences.written(rule, None)


def test_a_rule_without_a_step_is_refused():
    with pytest.raises(recurrences.RecurrenceError, match="INTERVAL is 0, and has to be 1 or more"):
        recurrences.written("FREQ=DAILY;INTERVAL=0", None)


@pytest.mark.parametrize("rule", ["FREQ=DAILY;UNTIL=20240105T000000Z", "DTSTART:20240101T000000Z RRULE:FREQ=DAILY"])
def test_a_rule_with_a_zone_in_it_says_where_the_zone_belongs(rule):
    with pytest.raises(recurrences.RecurrenceError, match="has a time zone in it") as caught:
        recurrences.written(rule, None)
    assert "timezone=" in str(caught.value.remedy)


@pytest.mark.parametrize("rule", ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "FREQ=DAILY;COUNT=3"])
def test_a_rule_that_occurs_seldom_is_one(rule):
    assert recurrences.written(rule, None).endswith(f"RRULE:{rule}")
