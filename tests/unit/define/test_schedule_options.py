"""What may be said of a schedule besides when it is due, and what is wrong in it."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

import weft
from weft import timetables
from weft.define import pipeline_snapshot
from weft.define.dags import schedules
from weft.model import errors, pipelines


def read(**said):
    return schedules.read(schedules.Timing(**{"schedule": "@daily", **said}), lambda each: str(each)).schedule


@pytest.mark.parametrize(
    ("catchup", "expected"),
    [
        (False, (None, None)),
        ("latest", (1, None)),
        (5, (5, None)),
        ("7d", (None, 7 * 86400.0)),
        (timedelta(hours=6), (None, 6 * 3600.0)),
    ],
)
def test_catchup_may_be_a_number_a_time_or_the_latest(catchup, expected):
    found = read(catchup=catchup)
    assert (found.catchup_last, found.catchup_within) == expected


def test_offset_jitter_and_blackouts_are_kept_with_the_schedule():
    found = read(
        offset="30m",
        jitter=90,
        blackout=[
            timetables.Blackout("2024-12-24", "2024-12-27"),
            timetables.Blackout(cron=timetables.RRule("FREQ=MONTHLY;BYMONTHDAY=-1"), duration="8h"),
            timetables.Blackout(calendar="XNYS"),
        ],
        blackout_policy="defer",
        timezone="Europe/Vienna",
    )
    assert (found.offset, found.jitter, found.defer) == (1800.0, 90.0, True)
    assert found.blackout[0].text == "from 2024-12-24 to before 2024-12-27"
    assert {each.timezone for each in found.blackout} == {"Europe/Vienna"}
    assert found.blackout[1].cron.startswith("DTSTART:")


def test_a_schedule_with_all_of_it_survives_its_snapshot():
    found = read(offset=1, jitter=2, blackout=[("2024-01-01", None)], catchup=3)
    again = pipeline_snapshot.schedule_read(
        msgspec.json.decode(msgspec.json.encode(pipeline_snapshot.schedule_written(found)))
    )
    assert again == found
    assert "blackout" not in pipeline_snapshot.schedule_written(read())


WRONG = [
    ({"catchup": 0}, "catchup is 0"),
    ({"catchup": "soon"}, "catchup is 'soon'"),
    ({"catchup": "5"}, "catchup is '5'"),
    ({"jitter": -1}, "jitter is -1"),
    ({"offset": "x"}, "offset is 'x'"),
    ({"schedule": ["a"], "jitter": 5}, "jitter is given, but the schedule 'a' has no ticks"),
    ({"schedule": None, "blackout": []}, "blackout is given, but there is no schedule"),
    ({"blackout": "2024-01-01"}, "blackout is '2024-01-01'"),
    ({"blackout": [3]}, "blackout has 3"),
    ({"blackout": [timetables.Blackout()]}, "says no one thing"),
    ({"blackout": [timetables.Blackout(cron="0 0 * * *")]}, "without a duration"),
    ({"blackout": [timetables.Blackout(cron="nope", duration=1)]}, "Blackout.cron='nope' is not a cron expression"),
    ({"blackout": [("2024-02-01", "2024-01-01")]}, "ends before it starts"),
    ({"blackout": [("2024-02-01", "x")]}, "Blackout.end='x' is not a date"),
    ({"blackout": [timetables.Blackout(calendar="NOPE")]}, "calendar='NOPE'"),
    ({"blackout": [timetables.Blackout("2024-01-01", timezone="Mars/Base")]}, "timezone='Mars/Base'"),
    ({"blackout": [], "blackout_policy": "wait"}, "blackout_policy is 'wait'"),
    ({"schedule": timetables.RRule("FREQ=NEVER")}, "schedule='FREQ=NEVER' is not a recurrence rule"),
    ({"schedule": "RRULE:FREQ=DAILY;UNTIL=20000101T000000"}, "never occurs"),
    ({"schedule": "DTSTART:20240101T000000Z RRULE:FREQ=DAILY"}, "has a time zone in it"),
]


@pytest.mark.parametrize(("said", "told"), WRONG, ids=[told for _, told in WRONG])
def test_what_is_wrong_is_named_with_a_remedy(said, told):
    with pytest.raises(errors.UsageError) as caught:
        read(**said)
    assert told in caught.value.message
    assert caught.value.remedy


def test_dags_deployments_and_jobs_take_the_same_options(build_of):
    said = {"schedule": "0 6 * * *", "jitter": "5m", "catchup": 2, "blackout": [("2024-01-01", "2024-01-02")]}

    @weft.dag(start_date="2024-01-01", **said)
    def trading():
        pass

    @weft.flow
    def report():
        pass

    @weft.asset
    def prices():
        return 1

    built = build_of(
        trading=trading,
        nightly=report.deploy("nightly", **said),
        prices=prices,
        fresh=weft.job("fresh", "prices", **said),
    )
    graph = built.graph
    found = [graph.pipelines["trading"].schedule, graph.pipelines["nightly"].schedule, graph.jobs["fresh"].schedule]
    for schedule in found:
        assert (schedule.jitter, schedule.catchup_last, len(schedule.blackout)) == (300.0, 2, 1)
    assert not graph.pipelines["trading"].catchup


def test_a_job_of_assets_may_catch_up_with_all_ticks(build_of):
    @weft.asset
    def prices():
        return 1

    built = build_of(prices=prices, fresh=weft.job("fresh", "prices", schedule="@daily", catchup=True))
    assert built.graph.jobs["fresh"].schedule == pipelines.Schedule(
        kind="cron", text="@daily", cron="0 0 * * *", catchup=True
    )
