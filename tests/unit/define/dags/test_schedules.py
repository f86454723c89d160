"""Every form that a schedule may have, the intervals that it makes, and what is wrong with others."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from weft.define import timetables
from weft.define.asset_conditions import Asset
from weft.define.assets import asset
from weft.define.bodies import BuiltDefinitions
from weft.define.dags.declaration import DAG
from weft.define.jobs import job
from weft.define.specs import AssetSpec
from weft.model.diagnostics import Diagnostic
from weft.model.partitions import (
    CalendarPartitions,
    CronPartitions,
    DailyPartitions,
    HourlyPartitions,
    IntervalPartitions,
    MonthlyPartitions,
    WeeklyPartitions,
)
from weft.model.pipelines import Pipeline

Built = Callable[..., BuiltDefinitions]
Problems = Callable[..., list[Diagnostic]]
START = datetime(2024, 1, 1)  # noqa: DTZ001 - as people write it


@pytest.fixture
def pipeline_of(build_of: Built) -> Callable[..., Pipeline]:
    def built(schedule: Any, *others: object, start_date: Any = START, **given: Any) -> Pipeline:
        return build_of(DAG("d", schedule=schedule, start_date=start_date, **given), *others).graph.pipelines["d"]

    return built


@pytest.mark.parametrize(
    ("schedule", "partitions"),
    [
        ("@daily", DailyPartitions(START)),
        ("0 6 * * *", DailyPartitions(START, hour_offset=6)),
        (timetables.CronTrigger("30 6 * * *"), DailyPartitions(START, hour_offset=6, minute_offset=30)),
        (timedelta(days=1), DailyPartitions(START)),
        ("@hourly", HourlyPartitions(START)),
        ("every 1h", HourlyPartitions(START)),
        ("@weekly", WeeklyPartitions(START, week_start="sunday")),
        (timetables.DeltaTrigger("7d"), WeeklyPartitions(START, week_start="monday")),
        ("@monthly", MonthlyPartitions(START)),
        ("*/15 * * * *", CronPartitions("*/15 * * * *", START)),
        ("every 30m", CronPartitions("*/30 * * * *", START)),
        (timedelta(hours=6), CronPartitions("0 */6 * * *", START)),
        ("0 6 * * 1-5", CronPartitions("0 6 * * 1-5", START)),
        (timedelta(hours=5), IntervalPartitions(START, every=timedelta(hours=5))),
        ("every 7 minutes", IntervalPartitions(START, every=timedelta(minutes=7))),
    ],
)
def test_schedules_by_time_have_intervals(pipeline_of: Any, schedule: Any, partitions: Any) -> None:
    assert pipeline_of(schedule).partitions == partitions


def test_a_schedule_is_shown_as_it_was_written(pipeline_of: Any) -> None:
    assert pipeline_of("@daily").schedule.text == "@daily"
    assert pipeline_of("@daily").schedule.cron == "0 0 * * *"
    assert pipeline_of(timedelta(minutes=90)).schedule.text == "every 90 min"
    assert pipeline_of(timedelta(minutes=90)).schedule.every == 5400


def test_the_zone_of_the_start_date_is_that_of_the_schedule(pipeline_of: Any) -> None:
    zoned = pipeline_of("0 6 * * *", start_date=datetime(2024, 1, 1, tzinfo=ZoneInfo("Europe/Vienna")))
    assert zoned.schedule.timezone == zoned.partitions.timezone == "Europe/Vienna"
    assert pipeline_of("0 6 * * *", timezone="Asia/Tokyo").schedule.timezone == "Asia/Tokyo"


@pytest.mark.parametrize(
    "schedule", ["@daily", timedelta(hours=5), timetables.AssetOrTime("@daily", Asset("s3://data/raw/"))]
)
def test_a_schedule_by_time_without_a_start_date_is_refused(problems_of: Problems, schedule: Any) -> None:
    (found,) = problems_of(DAG("d", schedule=schedule))
    assert found.code == "wrong-schedule"
    assert found.message.endswith("no start_date, so that nothing would ever be due.")
    assert 'start_date="2024-01-01"' in str(found.remedy)


def test_without_a_start_date_partitions_may_be_given(pipeline_of: Any) -> None:
    days = DailyPartitions("2024-02-01")
    assert pipeline_of("@daily", start_date=None, partitions=days).partitions is days


def test_schedules_that_are_no_time(pipeline_of: Any) -> None:
    assert pipeline_of(None).schedule is None
    assert pipeline_of("@once").schedule.kind == "once"
    continuous = pipeline_of("@continuous")
    assert (continuous.schedule.kind, continuous.max_active_runs) == ("continuous", 1)


def test_partitions_are_a_schedule_and_go_before_its_intervals(pipeline_of: Any) -> None:
    days = DailyPartitions("2024-02-01")
    assert pipeline_of(days).partitions is days
    assert pipeline_of(days).schedule.kind == "calendar"
    assert pipeline_of("0 6 * * *", partitions=days).partitions is days


def test_sessions_of_an_exchange_are_intervals(pipeline_of: Any) -> None:
    found = pipeline_of(timetables.Sessions("XNYS", offset="30m"))
    assert found.partitions == CalendarPartitions("XNYS", START)
    assert (found.schedule.kind, found.schedule.text, found.schedule.offset) == (
        "calendar",
        "XNYS sessions + 30 min",
        1800,
    )


def test_events_are_intervals_of_their_own(pipeline_of: Any) -> None:
    found = pipeline_of(timetables.EventsTimetable(["2024-03-01T06:00", datetime(2024, 1, 2, tzinfo=UTC)]))
    assert found.schedule.times == ("2024-01-02T00:00:00+00:00", "2024-03-01T06:00:00")


def test_conditions_over_assets(pipeline_of: Any) -> None:
    a, b, c = AssetSpec("a"), Asset("s3://bucket/b/"), AssetSpec("c")
    found = pipeline_of(a & (b | c))
    assert found.schedule.text == "a & (bucket/b | c)"
    assert json.loads(found.schedule.assets) == ["all", "a", ["any", "bucket/b", "c"]]
    assert json.loads(pipeline_of([a, c]).schedule.assets) == ["all", "a", "c"]
    assert json.loads(pipeline_of(a).schedule.assets) == "a"


def test_an_asset_with_a_body_may_stand_in_a_condition(pipeline_of: Any) -> None:
    @asset
    def trades() -> int:
        return 1

    found = pipeline_of(trades | AssetSpec("other"), trades)
    assert json.loads(found.schedule.assets) == ["any", "trades", "other"]


def test_assets_or_time(pipeline_of: Any) -> None:
    found = pipeline_of(timetables.AssetOrTime("@daily", AssetSpec("a")))
    assert (found.schedule.kind, found.schedule.cron, found.schedule.text) == (
        "assets_or_time",
        "0 0 * * *",
        "@daily, or a",
    )
    assert found.partitions == DailyPartitions(START)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"schedule": "@dayly"}, "The DAG 'd': schedule is '@dayly', which is no preset."),
        ({"schedule": "61 * * * *"}, "The DAG 'd': schedule='61 * * * *' is not a cron expression"),
        ({"schedule": 5}, "The DAG 'd': schedule is 5."),
        ({"schedule": "every blue moon"}, "The DAG 'd': schedule is 'blue moon', which is not a duration."),
        (
            {"schedule": "@daily", "timezone": "Mars"},
            "The DAG 'd': schedule: timezone='Mars' is not a known time zone.",
        ),
        ({"schedule": "@daily", "start_date": "soon"}, "The DAG 'd': start_date is 'soon', which is no date."),
        ({"schedule": "@daily", "catchup": True}, "The DAG 'd': catchup is True, but there is nothing to catch up"),
        ({"schedule": ["nowhere"]}, "The schedule of 'd' names the asset 'nowhere', which is not defined."),
        ({"schedule": [3]}, "The DAG 'd': schedule has 3, which is no asset."),
        ({"partitions": "daily"}, "The DAG 'd': partitions is 'daily', which are no partitions."),
        (
            {"schedule": timetables.Sessions("XNYS")},
            "The DAG 'd': The schedule by sessions of 'XNYS' has no start_date.",
        ),
        ({"schedule": timetables.AssetOrTime("@once", AssetSpec("a"))}, "The DAG 'd': AssetOrTime has the timetable"),
    ],
)
def test_wrong_schedules_are_told(problems_of: Problems, given: dict[str, Any], message: str) -> None:
    (found,) = problems_of(DAG("d", **given))
    assert found.message.startswith(message)
    assert found.remedy


def test_a_job_has_a_schedule_as_well(build_of: Built, problems_of: Problems) -> None:
    spec = AssetSpec("a")
    found = build_of(spec, job("refresh", "a", schedule="0 6 * * *")).graph.jobs["refresh"].schedule
    assert found is not None
    assert found.cron == "0 6 * * *"
    (wrong,) = problems_of(spec, job("refresh", "a", schedule="@dayly"))
    assert wrong.message == "The job 'refresh': schedule is '@dayly', which is no preset."
