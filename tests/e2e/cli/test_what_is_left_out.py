"""What a plan says of pipelines that it leaves out, and how runs of intervals are shown as one."""

from __future__ import annotations

import pytest

MIXED = """
    from datetime import datetime

    stock = Asset("s3://shop/stock/")

    @task(outlets=[stock])
    def fetch():
        return 1

    @dag
    def stock_import():
        fetch()

    @asset(ins={"found": stock})
    def stock_value(found):
        return 1

    @asset
    def plain():
        return 1

    @task
    def look(day):
        if (Path(__file__).parent / "broken").exists():
            raise ValueError(day)

    @dag(schedule="@daily", start_date=datetime(2024, 1, 1), end_date=datetime(2024, 1, 5), catchup=True)
    def daily():
        look("{{ ds }}")

    @flow
    def answer():
        return {"forty": 2}
"""


@pytest.fixture
def mixed(project):
    """Assets beside a DAG with four intervals, one that makes an asset, and a flow."""
    project.define(MIXED)
    return project


def test_a_plan_of_all_assets_says_which_pipelines_have_intervals_to_run(mixed):
    mixed.ok("materialize", "plain")
    told = "The pipeline daily has 4 intervals to run: `weft plan daily` shows them."
    assert told in mixed.ok("plan").out
    mixed.ok("run", "stock_import")
    mixed.ok("apply", "--yes")
    for command in (["plan"], ["apply", "--yes"], []):
        out = mixed.ok(*command).out
        assert "all assets are fresh" in out
        assert told in out
    mixed.ok("apply", "daily", "--yes")
    assert "Nothing to do: all is fresh." in mixed.ok("plan").out


def test_a_plan_of_what_is_never_due_says_so_and_how_it_is_run(mixed):
    out = mixed.ok("plan", "answer").out
    assert "answer has no schedule, so it is never due: `weft run answer` runs it." in out
    assert "all is fresh" not in out


def test_a_plan_says_which_pipeline_has_to_make_what_an_asset_reads(mixed):
    told = "shop/stock is made by the pipeline stock_import, which has not made it yet: `weft run stock_import`."
    assert told in mixed.ok("plan", "stock_value").out
    mixed.ok("run", "stock_import")
    assert told not in mixed.ok("plan", "stock_value").out


def test_intervals_are_counted_as_runs_and_not_as_steps(mixed):
    assert "4 runs. `weft apply daily` runs them." in mixed.ok("plan", "daily").out
    assert "2 steps and 4 runs of pipelines." in mixed.ok("plan", "stock_value or plain or daily").out


def test_failures_of_several_intervals_are_told_with_their_interval(mixed):
    (mixed.folder / "broken").write_text("")
    result = mixed.weft("apply", "daily", "--yes")
    assert result.code == 1
    for day in ("2024-01-01", "2024-01-04"):
        assert f"daily:look of {day} failed: ValueError: {day}" in result.out


def test_applied_intervals_run_side_by_side_each_once_as_one(mixed):
    mixed.define("""
        import time
        from datetime import datetime

        HERE = Path(__file__).parent

        @task
        def meet(day):
            (HERE / f"here-{day}").write_text("")
            while len(list(HERE.glob("here-*"))) < 2:  # ends only where two intervals are under way at once
                time.sleep(0.01)
            with (HERE / "journal").open("a") as journal:
                journal.write(day + "\\n")

        @dag(schedule="@daily", start_date=datetime(2024, 1, 1), end_date=datetime(2024, 1, 5), catchup=True)
        def daily():
            meet("{{ ds }}")
    """)
    process = mixed.start("apply", "daily", "--yes", "--executor", "process", "--jobs", "2")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, (out, err)
    assert sorted(mixed.lines("journal")) == [f"2024-01-0{day}" for day in range(1, 5)]
    assert "Done: 4 succeeded" in out
    assert "(4 runs)" in out


def test_a_flow_that_was_run_by_name_tells_what_it_returned(mixed):
    out = mixed.ok("run", "answer").out
    assert 'returned {"forty": 2}' in out
    assert "0 succeeded" not in out
    assert mixed.ok("run", "answer", "--json").json["result"] == {"forty": 2}
    (row,) = [each for each in mixed.ok("status", "answer", "--json").json if each["asset"] == "answer"]
    assert row["last_success"] is not None


def test_a_queued_run_says_that_it_is_queued_and_what_picks_it_up(mixed):
    mixed.ok("work-pool", "create", "nightly")
    mixed.ok("run", "daily", "-p", "2024-01-01", "--pool", "nightly")
    out = mixed.ok("runs", "last").out
    assert "queued, 0/1 steps" in out
    assert "waits in the pool nightly for a worker: `weft worker start --pool nightly`" in out
    assert "queued" in mixed.ok("pipelines").out


def test_pipelines_without_a_description_take_one_line_each_in_a_narrow_window(mixed, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert [line for line in mixed.ok("pipelines").out.splitlines() if not line.strip()] == []


def test_an_asset_that_failed_before_is_made_after_the_pipeline_that_makes_what_it_reads(mixed):
    assert mixed.weft("materialize", "stock_value").code == 1  # nothing to read yet
    mixed.define("""
        from datetime import datetime

        days = DailyPartitions(start_date="2024-01-01", end_date="2024-01-04")
        scored = Asset("scored")

        @asset(partitions=days)
        def clean(context) -> int:
            return 7

        @task(inlets=[clean], outlets=[scored])
        def score(day):
            return {"d": day}

        @dag(schedule="@daily", start_date=datetime(2024, 1, 1), end_date=datetime(2024, 1, 4), catchup=True)
        def scoring():
            score("{{ ds }}")

        @asset(ins={"s": scored})
        def final(s):
            return [s]
    """)
    assert mixed.weft("apply", "final", "--yes").code == 1
    mixed.ok("apply", "scoring or final", "--yes")
    assert mixed.steps("scoring or final") == {}
    assert mixed.ok("status", "final", "--json").json[0]["status"] == "fresh"


def test_intervals_of_a_pipeline_one_of_whose_tasks_depends_on_its_past_run_one_after_the_other(mixed):
    mixed.define("""
        from datetime import datetime

        @task(depends_on_past=True)
        def x(day):
            return day

        @dag(schedule="@daily", start_date=datetime(2024, 1, 1), end_date=datetime(2024, 1, 6), catchup=True)
        def dp():
            x("{{ ds }}")
    """)
    done = mixed.ok("backfill", "dp", "*", "--concurrency", "4", "--executor", "process", "--json").json
    assert [each["outcome"] for each in done["runs"]] == ["succeeded"] * 5
