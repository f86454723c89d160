"""Pipelines beside assets: what one makes the other reads, in one plan, one apply, one ledger."""

from __future__ import annotations

import threading
import time

import pytest

from weft import wiring
from weft.model import events
from weft.runtime import owners
from weft.service.asset import cleaning
from weft.service.pipeline import pipelines as runs
from weft.service.queue import claiming
from weft.service.run import driving

BOTH = """
    from datetime import datetime

    HERE = Path(__file__).parent
    days = DailyPartitions(start_date="2024-01-01", end_date="2024-01-04")

    def note(text):
        with (HERE / "journal").open("a") as journal:
            journal.write(text + "\\n")

    def setting(name, default):
        path = HERE / name
        return path.read_text() if path.exists() else default

    @asset(partitions=days)
    def raw(context) -> int:
        note(f"raw:{context.partition_key}")
        return int(context.partition_key[-2:]) + int(setting("offset", "0"))

    @task(inlets=["raw"], outlets=["loaded"])
    def load(day: str) -> int:
        note(f"load:{day}")
        return int(day[-2:]) * 10 + int(setting("offset", "0"))

    @dag(schedule="@daily", start_date=datetime(2024, 1, 1), end_date=datetime(2024, 1, 4), catchup=True)
    def etl():
        load("{{ ds }}")

    loaded = AssetSpec("loaded", partitions=days)

    @asset(partitions=days)
    def report(loaded: int) -> int:
        note("report")
        return loaded + 1
"""


@pytest.fixture
def both(project):
    project.define(BOTH)
    return project


def journal(project):
    path = project.folder / "journal"
    found = path.read_text().split() if path.exists() else []
    path.unlink(missing_ok=True)
    return found


def test_assets_that_a_pipeline_reads_are_made_before_its_intervals_run(both):
    assert list(both.steps("etl")) == ["raw", "etl"]
    both.ok("apply", "etl", "--yes")
    found = journal(both)
    assert found == [*(f"raw:2024-01-0{day}" for day in (1, 2, 3)), *(f"load:2024-01-0{day}" for day in (1, 2, 3))]
    assert both.steps("etl") == {}


def test_a_selection_of_both_runs_the_assets_below_once_the_pipeline_has_made_what_they_read(both):
    done = both.ok("apply", "etl or report", "--yes", "--json").json
    found = journal(both)
    assert found[-3:] == ["report"] * 3
    assert len(found) == 9
    assert [each["pipeline"] for each in done["runs"]] == [None, "etl", "etl", "etl", None]
    assert both.steps("etl or report") == {}


def test_an_outlet_is_an_asset_with_versions_and_lineage_like_any_other(both):
    both.ok("run", "etl", "-p", "2024-01-02")
    (version,) = both.ok("versions", "loaded", "--json").json
    assert version["partition"] == "2024-01-02"
    both.ok("apply", "report", "-p", "2024-01-02", "--yes")
    assert both.steps("report", "-p", "2024-01-02") == {}
    (both.folder / "offset").write_text("5")
    both.ok("run", "etl", "-p", "2024-01-02")
    assert both.steps("report", "-p", "2024-01-02") == {"report": ["2024-01-02"]}


def test_an_interval_is_stale_once_an_inlet_that_it_read_has_changed(both):
    both.ok("apply", "etl", "--yes")
    journal(both)
    (both.folder / "offset").write_text("100")
    both.ok("materialize", "raw", "-p", "2024-01-02")
    told = both.ok("plan", "etl").out
    assert "raw[2024-01-02] changed" in told
    assert both.steps("etl") == {"etl": ["2024-01-02"]}
    journal(both)
    both.ok("apply", "etl", "--yes")
    assert journal(both) == ["load:2024-01-02"]


def test_a_saved_plan_of_a_pipeline_is_carried_out_once(both):
    both.ok("materialize", "raw")
    both.ok("plan", "etl", "-o", "plan.json")
    both.ok("apply", "plan.json", "--yes")
    assert both.weft("apply", "plan.json", "--yes").code == 3


def test_without_a_selection_only_assets_are_planned_and_status_shows_both(both):
    assert "etl" not in both.steps()
    assert {each["asset"] for each in both.ok("status", "--json").json} == {"raw", "loaded", "report", "etl"}
    assert list(both.steps("kind:pipeline")) == ["raw", "etl"]


PAST = """
    from datetime import datetime
    HERE = Path(__file__).parent

    @task
    def load(day: str) -> None:
        if (HERE / "broken").exists() and day == (HERE / "broken").read_text():
            raise ValueError("no data")
        with (HERE / "journal").open("a") as journal:
            journal.write(day + "\\n")

    @dag(schedule="@daily", start_date=datetime(2024, 1, 1), end_date=datetime(2024, 1, 5), OPTIONS)
    def etl():
        load("{{ ds }}")
"""


def test_intervals_after_one_that_failed_wait_where_the_pipeline_depends_on_its_past(project):
    project.define(PAST.replace("OPTIONS", "catchup=True, depends_on_past=True"))
    (project.folder / "broken").write_text("2024-01-02")
    result = project.weft("apply", "etl", "--yes")
    assert result.code == 1
    assert journal(project) == ["2024-01-01"]
    assert "2024-01-02, has not succeeded" in result.out
    (project.folder / "broken").unlink()
    project.ok("apply", "etl", "--yes")
    assert journal(project) == ["2024-01-02", "2024-01-03", "2024-01-04"]


def test_without_catchup_only_the_latest_interval_is_planned_and_what_ran_before(project):
    project.define(PAST.replace("OPTIONS", "catchup=False"))
    assert project.steps("etl") == {"etl": ["2024-01-04"]}
    project.ok("run", "etl", "-p", "2024-01-02")
    assert project.steps("etl") == {"etl": ["2024-01-04"]}


def test_backfill_runs_several_intervals_at_once_and_each_of_them_once(project):
    project.define(PAST.replace("OPTIONS", "catchup=True"))
    done = project.ok("backfill", "etl", "*", "--concurrency", "3", "--executor", "process", "--json").json
    assert sorted(each["partition"] for each in done["runs"]) == [f"2024-01-0{day}" for day in (1, 2, 3, 4)]
    assert sorted(journal(project)) == [f"2024-01-0{day}" for day in (1, 2, 3, 4)]
    assert "The ledger is sound" in project.ok("ledger", "verify").out


def world_of(project):
    return wiring.open_world(wiring.Place(start=project.folder))


def test_a_run_waits_while_as_many_as_may_be_are_under_way_and_says_for_which(project):
    project.define(PAST.replace("OPTIONS", "max_active_runs=1"))
    holder, waiter = world_of(project), world_of(project)
    first = runs.create(holder, runs.Wanted(pipeline="etl", partition="2024-01-01"))
    lease = claiming.claim(holder, runs.find(holder, "etl"), claiming.row_of(holder, first))
    told = []
    with owners.driving(first):
        refused = project.weft("run", "etl", "-p", "2024-01-02", "--no-wait")
        assert refused.code == 1
        assert "1 of at most 1 runs under way (max_active_runs)" in refused.err
        assert first[:8] in refused.err
        wanted = runs.Wanted(pipeline="etl", partition="2024-01-02")
        done = []
        thread = threading.Thread(
            target=lambda: done.append(runs.run(waiter, wanted, driving.How(executor="inline", waiting=told.append)))
        )
        thread.start()
        while not told:
            time.sleep(0.005)
        assert not done
        with holder.ledger.transaction() as transaction:
            transaction.check_lease(lease)
            transaction.append([events.RunFinished(run=first, outcome="cancelled")])
            transaction.release(first)
        thread.join(60)
    assert [each.outcome for each in done] == ["succeeded"]
    holder.ledger.close()
    waiter.ledger.close()


LARGE = """
    @task
    def make(size: int) -> list[int]:
        return list(range(size))

    @task
    def count(numbers: list[int]) -> int:
        if (Path(__file__).parent / "broken").exists():
            raise ValueError("broken")
        return len(numbers)

    @dag
    def large(size: int = 60000):
        count(make(size))
"""


def test_gc_takes_the_values_of_old_runs_and_keeps_what_later_ones_refer_to(project):
    project.define(LARGE)
    (project.folder / "broken").touch()
    assert project.weft("run", "large").code == 1
    (project.folder / "broken").unlink()
    first = project.ok("runs", "--json").json[0]["id"]
    project.ok("rerun", "last", "--from-failed")
    world = world_of(project)
    assert cleaning.gc(world, keep_runs=1).runs == []
    project.ok("run", "large", "--param", "size=50000")
    found = project.ok("gc", "--keep-runs", "1", "--json").json
    assert first in found["runs"]
    assert found["bytes"] > 10_000
    assert project.ok("gc", "--keep-runs", "1", "--json").json["runs"] == []
    project.ok("rerun", "last", "--only", "count")
    assert "The ledger is sound" in project.ok("ledger", "verify").out
    world.ledger.close()


def test_a_job_of_assets_is_listed_with_pipelines_and_run_makes_what_it_selects(chain):
    path = chain.folder / "defs.py"
    path.write_text(path.read_text() + '\nnightly = job("nightly", selection="+total", schedule="0 6 * * *")\n')
    (listed,) = chain.ok("pipelines", "--json").json
    assert (listed["name"], listed["kind"], listed["schedule"]) == ("nightly", "job", "0 6 * * *")
    assert listed["outlets"] == ["raw", "double", "total"]
    assert chain.ok("run", "nightly", "--json").json["outcome"] == "succeeded"
    assert chain.steps() == {}
    assert chain.ok("pipelines", "nightly", "--json").json["pipeline"]["runs"][0]["outcome"] == "succeeded"
    assert "`weft run nightly`" in chain.weft("backfill", "nightly", "2024-01-01").err
