"""Plans that have intervals of pipelines among assets, and executions whose definitions or runs are lost meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from executing_project import DEFINITIONS, Project, project

from weft.model import events
from weft.service.execution import executions
from weft.service.plan import planning

BOTH = """
from datetime import datetime
from pathlib import Path
from weft import AssetSpec, DailyPartitions, asset, dag, task

HERE = Path(__file__).parent
days = DailyPartitions(start_date="2024-01-01", end_date="2024-01-04")

def note(what):
    with open(HERE / "journal", "a") as journal:
        journal.write(what + "\\n")
    if (HERE / f"fail {what}").exists():
        raise ValueError(what)

@asset(partitions=days)
def raw(context) -> int:
    note(f"raw {context.partition_key}")
    return 1

@task(inlets=["raw"], outlets=["loaded"])
def load(day):
    note(f"load {day}")
    return 2

@dag(schedule="@daily", start_date=datetime(2024, 1, 1), end_date=datetime(2024, 1, 4), catchup=True)
def etl():
    load("{{ ds }}")

loaded = AssetSpec("loaded", partitions=days)

@asset(partitions=days)
def report(context, loaded: int) -> int:
    note(f"report {context.partition_key}")
    return 3
"""


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Project]:
    with project(tmp_path, BOTH) as found:
        yield found


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Project]:
    with project(tmp_path) as found:
        yield found


ALL = executions.Wanted(ask=planning.Ask(selection="raw or etl or report"))
DAYS = ["2024-01-01", "2024-01-02", "2024-01-03"]


def test_assets_come_before_the_pipeline_that_reads_them_and_after_the_one_that_makes_what_they_read(
    both: Project,
) -> None:
    view = both.carry_out(executions.create(both.world, ALL).id)
    assert (view.outcome, view.total) == ("succeeded", 9)
    assert [line.split()[0] for line in both.journal()] == ["raw"] * 3 + ["load"] * 3 + ["report"] * 3
    assert (view.succeeded, view.failed) == (9, 0)


def test_an_interval_that_failed_leaves_out_what_is_made_from_what_it_would_have_made(both: Project) -> None:
    both.failing("load 2024-01-02")
    view = both.carry_out(executions.create(both.world, ALL).id)
    assert (view.outcome, view.succeeded, view.failed, view.left_out) == ("failed", 7, 1, 1)
    assert both.journal().count("load 2024-01-02") == 1
    assert "report 2024-01-02" not in both.journal()
    assert "etl [2024-01-02]" in view.reason


def test_fail_fast_ends_before_what_comes_next(both: Project) -> None:
    both.failing("raw 2024-01-02")
    view = both.carry_out(executions.create(both.world, replace(ALL, keep_going=False)).id)
    assert (view.outcome, view.failed) == ("failed", 1)
    assert not [line for line in both.journal() if line.startswith("load")]


def test_what_failed_in_a_plan_is_tried_once_more_with_what_is_below(both: Project) -> None:
    both.failing("load 2024-01-02")
    view = executions.create(both.world, ALL)
    for _ in range(2):
        executions.advance(both.world, both.now)
        both.drive()
    executions.pause(both.world, view.id)
    assert executions.get(both.world, view.id).failed == 1
    both.failing("load 2024-01-02", False)
    executions.resume(both.world, view.id, retry_failed=True)
    view = both.carry_out(view.id)
    assert (view.outcome, view.succeeded, view.failed, view.left_out) == ("succeeded", 9, 0, 0)
    assert both.journal().count("load 2024-01-02") == 2
    assert both.journal().count("load 2024-01-01") == 1


def test_definitions_that_are_gone_end_the_execution_and_no_other(made: Project) -> None:
    gone = executions.create(made.world, executions.Wanted(ask=planning.Ask(selection="raw"), slices=10, concurrency=1))
    other = executions.create(
        made.world,
        executions.Wanted(kind="backfill", intervals=executions.Intervals(pipeline="yearly", chosen="2024-01-01")),
    )
    made.drive()
    graph = made.world.graph
    made.world.graph = replace(graph, assets={}, steps={})
    made.world._planned = None
    view = made.carry_out(other.id)
    assert (view.outcome, view.succeeded) == ("succeeded", 1)
    view = executions.get(made.world, gone.id)
    assert (view.phase, view.outcome) == ("finished", "failed")
    assert view.reason == "There is no asset 'raw'."


def test_a_plan_that_was_agreed_to_does_not_run_other_code_but_a_backfill_does(tmp_path: Path) -> None:
    ids = {}
    with project(tmp_path) as made:
        for kind, chosen in (("apply", "2024-01-01"), ("backfill", "2024-01-02")):
            wanted = executions.Wanted(ask=planning.Ask(selection="raw", partitions=chosen), kind=kind)  # type: ignore[arg-type]
            ids[kind] = executions.create(made.world, wanted).id
    changed = DEFINITIONS.replace("return context.partition_key", "return context.partition_key + '!'")
    assert changed != DEFINITIONS
    with project(tmp_path, changed) as made:
        for _ in range(8):
            made.drive()
            executions.advance(made.world, made.now)
        refused, done = (executions.get(made.world, ids[kind]) for kind in ("apply", "backfill"))
        assert (refused.outcome, refused.succeeded) == ("failed", 0)
        assert refused.reason == "the code of raw has changed since the plan was made"
        assert (done.outcome, done.succeeded) == ("succeeded", 1)
        assert made.journal() == ["raw 2024-01-02"]


def test_runs_that_are_lost_again_and_again_end_the_execution(made: Project) -> None:
    view = executions.create(made.world, executions.Wanted(ask=planning.Ask(selection="raw", partitions="2024-01-01")))
    for _ in range(8):
        for row in made.waiting():
            with made.world.ledger.transaction() as transaction:
                transaction.append([events.RunFinished(run=row.id, outcome="crashed", reason="its process died")])
                transaction.release(row.id)
        executions.advance(made.world, made.now)
    view = executions.get(made.world, view.id)
    assert (view.phase, view.outcome, view.reason) == ("finished", "failed", "Its runs were lost 4 times.")
    assert len(made.log(events.RunCreated)) == 4


def test_one_interval_that_somebody_cancels_is_not_tried_again(made: Project) -> None:
    from weft.service.run import cancelling

    intervals = executions.Intervals(pipeline="yearly", chosen="2024-01-01..2024-01-03")
    view = executions.create(made.world, executions.Wanted(kind="backfill", intervals=intervals))
    (row,) = (row for row in made.waiting() if row.partition == "2024-01-02")
    cancelling.cancel(made.world, row.id, by="ann")
    view = made.carry_out(view.id)
    assert (view.outcome, view.succeeded, view.cancelled) == ("cancelled", 2, 1)
    assert view.reason == "1 of 3 were cancelled"


def test_what_lies_below_something_that_others_are_making_waits_for_it(made: Project) -> None:
    made.world.locations = {"asset:raw": "east", "asset:clean": "west"}
    days = "2024-01-01..2024-01-03"
    mine = executions.create(
        made.world, executions.Wanted(ask=planning.Ask(selection="+clean", partitions=days), concurrency=1)
    )
    executions.pause(made.world, mine.id)
    other = executions.create(made.world, executions.Wanted(ask=planning.Ask(selection="raw", partitions="2024-01-02")))
    resumed = executions.resume(made.world, mine.id)
    assert resumed.waiting == 2
    first = made.waiting()
    assert sorted(row.steps for row in first) == [1, 2]
    made.drive([row for row in first if row.execution == mine.id])
    executions.advance(made.world, made.now)
    assert {(row.location, row.steps) for row in made.waiting() if row.execution == mine.id} == {("west", 2)}
    assert made.carry_out(other.id).outcome == "succeeded"
    view = made.carry_out(mine.id)
    assert (view.outcome, view.left_out) == ("succeeded", 0)
    assert made.journal().count("raw 2024-01-02") == 1
    assert made.journal().count("clean 2024-01-02") == 1
