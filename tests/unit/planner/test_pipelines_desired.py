"""Pipelines are planned as assets of their names, with a partition for each interval that should have run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from weft.model import columns as columns_model
from weft.model import errors, graph, partition_set, partitions, pipelines, plan
from weft.planner import pipelines as planned
from weft.planner import planning

NOW = datetime(2024, 1, 6, 12, tzinfo=UTC)
DAYS = partitions.DailyPartitions(start_date="2024-01-01")
DAILY = pipelines.Schedule(kind="cron", text="@daily", cron="0 0 * * *")


def pipeline(**given):
    said = {"name": "etl", "kind": "dag", "schedule": DAILY, "partitions": DAYS, "catchup": True, "code": "c1"}
    return pipelines.Pipeline(**{**said, **given})


def world(one, *, assets=(), steps=()):
    return planned.included(
        graph.Graph(
            assets={each.key: each for each in assets},
            steps={each.key: each for each in steps},
            pipelines={one.name: one},
        )
    )


def made(*ordinals, code="c1", inputs=None):
    found = columns_model.Columns(0)
    for each in ordinals:
        found.published(each, token=each + 1, version=each + 1, code=code, inputs=inputs or {}, at=1, run="r")
    return found


def failed(columns, ordinal):
    row = columns_model.PartitionRow(
        key="", inputs={}, failure=columns_model.Failure(outcome="failed", run="r9", at=1, attempts=1, error="boom")
    )
    columns.put(ordinal, row)
    return columns


def observed(**columns):
    return columns_model.Observed(columns=columns, manifests={}, seconds={"etl": 2.0}, reserved={})


def keys_of(made_plan):
    return {line.status: DAYS.keys(line.ordinals) for line in made_plan.steps}


def plan_of(one, columns, **request):
    asked = plan.Request(assets=("etl",), selection="etl", **request)
    return planning.make(world(one), observed(etl=columns), NOW, asked)


def test_with_catchup_every_interval_that_has_ended_is_desired():
    found = plan_of(pipeline(), made(0, 1))
    assert keys_of(found) == {"missing": ["2024-01-03", "2024-01-04", "2024-01-05"]}
    assert found.fresh == 2
    assert found.estimate_seconds == 6.0


def test_without_catchup_the_latest_interval_alone_is_desired_before_any_run():
    assert keys_of(plan_of(pipeline(catchup=False), made())) == {"missing": ["2024-01-05"]}


def test_without_catchup_an_old_interval_that_was_run_is_looked_at_and_those_between_are_not():
    assert keys_of(plan_of(pipeline(catchup=False), made(0))) == {"missing": ["2024-01-05"]}
    assert keys_of(plan_of(pipeline(catchup=False), failed(columns_model.Columns(0), 1))) == {
        "failed": ["2024-01-02"],
        "missing": ["2024-01-05"],
    }


def test_a_failed_interval_is_planned_with_the_run_that_failed():
    found = plan_of(pipeline(), failed(made(0, 1, 2, 3), 4))
    (line,) = found.steps
    assert (line.status, line.causes[0].run, line.causes[0].detail) == ("failed", "r9", "boom")


def test_a_pipeline_without_a_schedule_desires_nothing_and_runs_once_when_it_is_forced():
    one = pipeline(schedule=None, partitions=None)
    assert plan_of(one, columns_model.Columns(0)).steps == ()
    (line,) = plan_of(one, columns_model.Columns(0), exact=True).steps
    assert line.ordinals == partition_set.PartitionSet.range(0, 1)


def test_a_pipeline_that_assets_trigger_desires_nothing():
    one = pipeline(schedule=pipelines.Schedule(kind="assets", text="a"), partitions=DAYS)
    assert plan_of(one, columns_model.Columns(0)).steps == ()


def test_intervals_that_are_named_are_planned_whether_they_are_desired_or_not():
    found = plan_of(pipeline(catchup=False), made(), partitions="2024-01-02")
    assert keys_of(found) == {"missing": ["2024-01-02"]}


def test_changed_code_leaves_intervals_that_ran_as_they_are():
    assert plan_of(pipeline(code="c2"), made(0, 1, 2, 3, 4)).steps == ()


def inlet(**given):
    return graph.Asset(key="raw", step=None, partitions=DAYS, **given)


def test_an_interval_is_stale_when_the_partition_of_an_inlet_that_it_consumed_changed():
    one = pipeline(inlets=("raw",))
    above = made(0, 1, 2, 3, 4)
    own = columns_model.Columns(0)
    for each in range(5):
        own.published(each, token=9, version=9, code="c1", inputs={"raw": above.token_of(each)}, at=2, run="r")
    above.published(2, token=77, version=20, code="", inputs={}, at=3, run="r7")
    asked = plan.Request(assets=("etl",), selection="etl")
    found = planning.make(world(one, assets=[inlet()]), observed(etl=own, raw=above), NOW, asked)
    assert keys_of(found) == {"stale": ["2024-01-03"]}
    (cause,) = found.steps[0].causes
    assert (cause.kind, cause.subject, cause.run) == ("data_changed", "raw", "r7")


def test_an_interval_that_ran_before_another_pipeline_made_its_inlet_is_stale():
    one = pipeline(inlets=("raw",))
    above = made(1)
    asked = plan.Request(assets=("etl",), selection="etl")
    assets = [inlet(made_by="other")]
    found = planning.make(world(one, assets=assets), observed(etl=made(0, 1, 2, 3, 4), raw=above), NOW, asked)
    assert keys_of(found) == {"stale": ["2024-01-02"]}


def test_an_inlet_without_partitions_concerns_every_interval():
    one = pipeline(inlets=("raw",))
    (dependency,) = world(one, assets=[replace(inlet(), partitions=None)]).steps["etl"].dependencies
    assert isinstance(dependency.mapping, partitions.AllMapping)


def test_what_a_pipeline_makes_itself_never_makes_it_stale():
    one = pipeline(inlets=("raw",), outlets=("raw",))
    assert world(one, assets=[inlet()]).steps["etl"].dependencies == ()


def test_an_asset_above_that_is_due_is_planned_before_the_interval_that_reads_it():
    step = graph.Step(key="raw", outputs=("raw",), partitions=DAYS, code="c1")
    asset = graph.Asset(key="raw", step="raw", partitions=DAYS)
    one = pipeline(inlets=("raw",))
    asked = plan.Request(assets=("etl",), selection="etl", partitions="2024-01-02")
    found = planning.make(world(one, assets=[asset], steps=[step]), observed(), NOW, asked)
    assert [line.step for line in found.steps] == ["raw", "etl"]


def test_where_nothing_has_intervals_partitions_are_wrong_usage():
    with pytest.raises(errors.UsageError, match="None of the selected assets has partitions"):
        plan_of(pipeline(schedule=None, partitions=None), columns_model.Columns(0), partitions="2024-01-02")


def test_a_time_that_has_not_come_is_not_desired():
    times = ("2024-01-02T06:00:00+00:00", "2024-01-04T06:00:00+00:00", "2030-02-15T06:00:00+00:00")
    schedule = pipelines.Schedule(kind="events", text="at 3 times", times=times)
    one = pipeline(schedule=schedule, partitions=partitions.StaticPartitions(times))
    assert planned.ended_by(one, NOW) == partition_set.PartitionSet.range(0, 2)
    assert planned.desired(one, None, NOW) == partition_set.PartitionSet.range(0, 2)


@pytest.mark.parametrize(
    ("said", "activated", "expected"),
    [
        ({}, None, [4]),
        ({}, "2024-01-05T12:00", [4]),
        ({}, "2024-01-06T06:00", []),
        ({"catchup_last": 3}, "2024-01-06T06:00", [2, 3, 4]),
        ({"catchup_within": 2 * 86400.0}, "2024-01-06T06:00", [3, 4]),
    ],
)
def test_without_catchup_the_latest_interval_is_wanted_unless_a_scheduler_came_after_it(said, activated, expected):
    schedule = pipelines.Schedule(kind="cron", text="@daily", cron="0 0 * * *", **said)
    seen = None if activated is None else int(datetime.fromisoformat(activated + "+00:00").timestamp() * 1e6)
    found = planned.desired(pipeline(schedule=schedule, catchup=False), None, NOW, activated=seen)
    assert list(found) == expected
