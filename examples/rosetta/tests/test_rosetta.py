"""Every block of the chapter, in weft: each example is run as a user would, and looked at afterwards."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rosetta_project import ROSETTA, Example
from tests.services import ObjectStore, dbt_program, needs_java
from trade_api import trades_of

DAY = "2024-01-15"
VOLUMES = {"BTC": 16, "ETH": 10}


def quantity(day: str) -> int:
    return sum(trade["quantity"] for trade in trades_of(day))


def test_every_block_has_a_counterpart_a_test_and_a_row_in_the_docs() -> None:
    drawings = {5, 20, 24, 25, 30, 35}
    files = {int(path.name[1:3]): path for path in sorted(ROSETTA.glob("c[0-9][0-9]_*"))}
    assert files.keys() == set(range(1, 40)) - drawings
    assert len(files) == 33
    page = (ROSETTA.parents[1] / "docs" / "coming-from.md").read_text()
    assert [path.name for path in files.values() if f"examples/rosetta/{path.name}" not in page] == []
    tests = [int(name[6:8]) for name in globals() if re.match(r"test_c\d\d_", name)]
    assert sorted(tests) == sorted(files)


def test_c01_a_dag_without_tasks_has_a_schedule_and_runs(example: Example) -> None:
    example.define("c01_dag.py")
    found = example.pipeline("daily_trading_etl")
    assert (found["schedule"], found["catchup"], found["steps"]) == ("@daily", False, 0)
    example.weft("run", "daily_trading_etl", "--partition", DAY)
    (run,) = example.json("runs")
    assert (run["partition"], run["outcome"]) == (DAY, "succeeded")


def test_c02_tasks_hand_values_on(example: Example) -> None:
    example.of("c02_tasks.py").weft("run", "tasks")
    assert "Loaded 1000 records" in example.weft("logs", "last")


@pytest.mark.slow
def test_c03_objects_are_copied_and_spark_adds_them_up(example: Example, lake: ObjectStore) -> None:
    needs_java()
    example.of("c03_operators.py").weft("run", "operators")
    files = lake.files()
    assert files.cat(f"trading/staging/trades/{DAY}.csv") == files.cat(f"trading/raw/trades/{DAY}.csv")
    assert json.dumps(VOLUMES) in example.weft("logs", "last", "run_aggregation")


def test_c04_what_a_task_returns_is_pulled_by_the_next(example: Example) -> None:
    example.of("c04_xcoms.py").weft("run", "xcoms")
    assert "Processing 100 records" in example.weft("logs", "last")


@pytest.mark.slow
def test_c06_a_task_computes_on_spark(example: Example) -> None:
    needs_java()
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    folder = Path(example.environment["LAKE"]) / "trades" / f"date={DAY}"
    folder.mkdir(parents=True)
    parquet.write_table(pyarrow.Table.from_pylist(trades_of(DAY)), folder / "part.parquet")
    example.of("c06_task_sdk.py").weft("run", "task_sdk")
    assert example.returned("compute_metrics") == {"records": 2}
    example.weft("run", "task_sdk", "--param", "date=1999-01-01", code=1)
    assert "PATH_NOT_FOUND" in example.weft("runs", "last")


def test_c07_an_outlet_gets_a_version_and_a_dag_is_scheduled_on_an_asset(example: Example) -> None:
    example.of("c07_assets.py").weft("run", "upstream_processing")
    (version,) = example.json("versions", "data/processed/trades")
    assert version["run"] == example.json("runs")[0]["id"]
    (made,) = example.events("Materialized")
    assert made["output"]["inputs"].keys() == {"data/raw/trades"}, "its lineage"
    assert example.pipeline("downstream_analysis")["schedule"] == "data/raw/trades"


def test_c08_versions_of_a_dag_are_kept_and_compared(example: Example) -> None:
    example.define("c10_taskflow.py")
    told = example.bash("c08_versions.sh")
    assert "len(trades) + 0" in told
    versions = example.json("pipelines", "trading_analytics", "--versions")
    assert len(versions) == 2


def test_c09_a_backfill_runs_a_month_once(example: Example) -> None:
    example.define("c10_taskflow.py")
    example.bash("c09_backfill.sh")
    rows = example.rows("daily_metrics")
    assert [row["date"] for row in rows] == [f"2024-01-{day:02}" for day in range(1, 32)]
    asked = len(example.api.asked)
    example.bash("c09_backfill.sh")
    assert len(example.api.asked) == asked, "what has succeeded does not run again"


def test_c10_taskflow_stores_the_metrics_of_its_interval(example: Example) -> None:
    example.of("c10_taskflow.py").weft("run", "trading_analytics", "--partition", DAY)
    assert example.rows("daily_metrics") == [
        {"total_volume": quantity(DAY), "trade_count": 3, "unique_symbols": 2, "date": DAY}
    ]


def test_c11_conditions_look_at_parameters_and_at_what_started_the_run(example: Example) -> None:
    example.define("c11_conditional.py")
    run = ("run", "conditional", "--partition", DAY)
    example.weft(*run)
    assert example.outcomes() == {"export_data": "succeeded", "validate_backfill": "skipped"}
    example.weft(*run, "--param", "skip_export=true")
    assert example.outcomes() == {"export_data": "skipped", "validate_backfill": "skipped"}
    example.weft("backfill", "conditional", "2024-01-20..2024-01-20")
    assert example.outcomes() == {"export_data": "succeeded", "validate_backfill": "succeeded"}


@pytest.mark.slow
def test_c12_what_provider_packages_do_are_four_operators(example: Example, lake: ObjectStore) -> None:
    needs_java()
    duckdb = pytest.importorskip("duckdb")
    warehouse = example.folder / "warehouse.duckdb"
    example.environment |= {"DBT_EXECUTABLE": dbt_program(), "WEFT_CONN_WAREHOUSE": f"duckdb:///{warehouse}"}
    example.of("c12_providers.py").weft("run", "providers")
    assert example.outcomes() == dict.fromkeys(("stage", "fetch", "load", "aggregate", "model"), "succeeded")
    assert lake.files().exists(f"trading/staging/trades/{DAY}.csv")
    assert json.dumps(VOLUMES) in example.weft("logs", "last", "aggregate")
    with duckdb.connect(str(warehouse), read_only=True) as opened:
        assert opened.execute("SELECT count(*) FROM trades").fetchone() == (3,)
        assert opened.execute("SELECT quantity FROM daily_volume").fetchone() == (quantity(DAY),)


def test_c13_a_task_has_an_executor_of_its_own(example: Example) -> None:
    example.of("c13_executors.py").weft("run", "executors")
    assert example.outcomes() == {"heavy_computation": "succeeded", "light_computation": "succeeded"}
    heavy, light = re.findall(r"(?:heavy|light) in (\d+)", "\n".join(sorted(example.weft("logs", "last").splitlines())))
    assert heavy != light, "one has a process of its own"


def test_c14_a_flow_runs_by_being_called(example: Example) -> None:
    told = example.of("c14_flow.py").python("c14_flow.py")
    assert told.splitlines()[-1] == str({"status": "success", "date": DAY})
    assert example.rows("flow_metrics") == [{"trade_count": 3, "total_volume": quantity(DAY), "date": DAY}]
    (run,) = example.json("runs")
    assert (run["pipeline"], run["outcome"]) == ("daily-trading-etl", "succeeded")


def test_c15_a_task_retries_and_caches(example: Example) -> None:
    example.define("c15_task.py")
    example.api.failures = 2
    assert example.python("c15_task.py").splitlines()[-1] == "3"
    assert len(example.api.asked) == 3, "two failures, and a success"
    example.python("c15_task.py")
    assert example.outcomes() == {
        "extract_trades": "succeeded",
        "transform_trades": "reused",
        "load_trades": "succeeded",
    }


def test_c16_subflows_are_runs_of_their_own(example: Example) -> None:
    assert example.of("c16_subflows.py").python("c16_subflows.py").splitlines()[-1] == "3"
    runs = example.json("runs")
    (outer,) = [run for run in runs if not run["parent"]]
    assert outer["pipeline"] == "daily_etl"
    children = sorted(run["pipeline"] for run in runs if run["parent"] == outer["id"])
    assert children == ["extract_flow", "load_flow", "transform_flow"]


def test_c17_a_run_waits_in_a_work_pool(example: Example) -> None:
    example.define("c14_flow.py")
    example.bash("c17_work_pools.sh")
    (run,) = example.json("runs")
    assert (run["pipeline"], run["phase"], run["pool"]) == ("daily-trading-etl", "created", "trading-pool")
    assert not (example.folder / "warehouse.db").exists()


def test_c18_a_worker_takes_runs_from_its_pool(example: Example) -> None:
    example.define("c14_flow.py")
    example.bash("c18_worker.sh")
    assert [row["date"] for row in example.rows("flow_metrics")] == [DAY]
    (run,) = example.json("runs")
    assert run["outcome"] == "succeeded"


def test_c19_a_deployment_is_a_pipeline_with_a_schedule_and_parameters(example: Example) -> None:
    found = example.of("c19_deployments.py").pipeline("daily-trading-etl")
    assert found["schedule"] == "0 6 * * *"
    example.weft("run", "daily-trading-etl")
    (row,) = example.rows("deployed")
    assert row["date"] == datetime.now(UTC).date().isoformat()


def test_c21_a_flow_maps_over_what_it_finds(example: Example) -> None:
    assert example.python("c21_dynamic.py").splitlines()[-1] == str(quantity(DAY))


def test_c22_a_cached_result_serves_the_next_run(example: Example) -> None:
    example.define("c22_caching.py")
    assert example.python("c22_caching.py").splitlines() == ["computing", "{'total': 3}"]
    assert example.python("c22_caching.py").splitlines() == ["{'total': 3}"]
    assert example.outcomes() == {"expensive_computation": "reused"}


def test_c23_an_artifact_is_kept_under_its_key(example: Example) -> None:
    example.of("c23_artifacts.py").python("c23_artifacts.py")
    shown = example.weft("artifacts", "daily-report")
    assert "| Total Volume | 12,500 |" in shown
    (artifact,) = example.json("artifacts")
    assert (artifact["kind"], artifact["description"]) == ("markdown", "Daily trading summary")
    assert artifact["run"] == example.json("runs")[0]["id"]


def test_c26_assets_depend_by_the_names_of_parameters(example: Example) -> None:
    example.of("c26_assets.py").weft("apply", "--yes")
    assert {each["key"]: each["upstream"] for each in example.json("ls")} == {
        "raw_trades": [],
        "processed_trades": ["raw_trades"],
        "daily_metrics": ["processed_trades"],
    }
    assert {each["status"] for each in example.json("status")} == {"fresh"}
    assert "Extracting trades..." in example.weft("logs", "raw_trades")
    made = example.table("daily_metrics")
    value = sum(trade["price"] * trade["quantity"] for trade in trades_of(DAY))
    assert made == [{"date": DAY, "value": value, "quantity": quantity(DAY), "trade_count": 3}]


def test_c27_ops_make_a_job(example: Example) -> None:
    example.of("c27_ops.py").weft("run", "etl_job")
    assert example.outcomes() == {"extract_op": "succeeded", "transform_op": "succeeded"}
    assert "transform_op: 3 trades" in example.weft("logs", "last")
    assert example.returned("transform_op") == 15 + 10 + 1


def test_c28_a_resource_is_handed_to_the_asset_that_asks_for_it(example: Example, lake: ObjectStore) -> None:
    pandas = pytest.importorskip("pandas")
    files = lake.files()
    files.pipe("trading-data/trades/latest/1.parquet", pandas.DataFrame(trades_of(DAY)).to_parquet())
    files.pipe("trading-data/trades/latest/2.parquet", pandas.DataFrame(trades_of("2024-01-16")).to_parquet())
    example.of("c28_resources.py").weft("apply", "--yes")
    assert example.table("trades_data") == trades_of(DAY) + trades_of("2024-01-16")


def test_c29_definitions_hold_assets_resources_and_a_scheduled_job(example: Example) -> None:
    example.define("c29_definitions.py")
    assert {each["key"] for each in example.json("ls")} == {"raw_trades", "processed_trades", "daily_metrics"}
    job = example.pipeline("daily_refresh")
    assert (job["kind"], job["schedule"]) == ("job", "0 6 * * *")
    example.weft("run", "daily_refresh")
    assert [each["status"] for each in example.json("status")] == ["fresh"] * 3


def test_c31_materializing_one_all_above_and_all(example: Example) -> None:
    example.define("c26_assets.py")
    example.bash("c31_materialize.sh")
    runs = example.json("runs")
    assert [run["succeeded"] for run in runs] == [2, 1], "the last one has nothing to do"


def test_c32_a_freshness_policy_makes_it_overdue(example: Example) -> None:
    example.of("c32_freshness.py").weft("apply", "--yes")
    assert example.json("plan", code=0)["steps"] == []
    with sqlite3.connect(example.folder / ".weft" / "ledger.db") as ledger:  # two hours pass
        ledger.execute("UPDATE partition SET made_at = made_at - 7200000000, confirmed_at = confirmed_at - 7200000000")
    ledger.close()
    assert "overdue" in example.weft("plan")


def test_c33_a_day_reads_the_same_day(example: Example) -> None:
    example.of("c33_partitions.py").weft("apply", "daily_metrics", "--partitions", DAY, "--yes")
    assert example.api.asked == [f"/trades?date={DAY}"], "the other days are not made"
    assert example.table("daily_metrics") == [{"symbol": "BTC", "quantity": 16}, {"symbol": "ETH", "quantity": 10}]


def test_c34_a_range_of_partitions_is_backfilled_and_shown(example: Example) -> None:
    example.define("c33_partitions.py")
    told = example.bash("c34_backfill_partitions.sh")
    days = [f"2024-01-{day:02}" for day in range(1, 32)]
    assert sorted(example.api.asked) == [f"/trades?date={day}" for day in days]
    assert "31 fresh" in told
    shown = example.json("partitions", "daily_metrics")["partitions"]
    assert [(each["key"], each["status"]) for each in shown] == [(day, "fresh") for day in days]


@pytest.mark.slow
def test_c36_the_models_of_dbt_are_assets(example: Example) -> None:
    duckdb = pytest.importorskip("duckdb")
    dbt = dbt_program()
    example.environment["DBT_EXECUTABLE"] = dbt
    warehouse = str(example.folder / "warehouse.duckdb")
    rows = pytest.importorskip("pandas").DataFrame(trades_of(DAY))
    with duckdb.connect(warehouse) as opened:
        opened.register("rows", rows)
        opened.execute("CREATE TABLE trades AS SELECT * FROM rows")
    project = str(example.folder / "dbt_project")
    example.run(dbt, "parse", "--project-dir", project, "--profiles-dir", project)
    example.define("c36_dbt.py")
    upstream = {each["key"]: each["upstream"] for each in example.json("ls")}
    assert upstream["trades_with_value"] == ["warehouse/trades"]
    assert upstream["daily_volume"] == ["trades_with_value"]
    example.weft("apply", "+daily_volume", "--yes")
    assert example.json("runs")[0]["succeeded"] == 2
    with duckdb.connect(warehouse, read_only=True) as opened:
        assert opened.execute("SELECT quantity FROM daily_volume").fetchone() == (quantity(DAY),)
    example.weft("plan", "+daily_volume", "--check")


def test_c37_an_asset_is_tested_in_memory(example: Example) -> None:
    done = example.run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "c37_testing.py")
    assert "1 passed" in done


def test_c38_the_dag_of_the_case_study(example: Example, lake: ObjectStore) -> None:
    example.of("c38_case_study_dag.py").weft("run", "trading_pipeline", "--partition", DAY)
    assert example.outcomes() == dict.fromkeys(("extract", "transform", "metrics"), "succeeded")
    assert example.rows("daily_metrics") == [{"date": DAY, "quantity": quantity(DAY), "trades": 3}]
    files = lake.files()
    assert files.exists(f"raw/trades/{DAY}/data.parquet")
    assert files.exists(f"processed/trades/{DAY}/data.parquet")


def test_c39_the_assets_of_the_case_study(example: Example) -> None:
    example.of("c39_case_study_assets.py").weft("apply", "daily_metrics", "--partitions", DAY, "--yes")
    assert "Computed metrics for 2 symbols" in example.weft("logs", "daily_metrics")
    volumes = {row["symbol"]: row["quantity"] for row in example.table("daily_metrics")}
    assert volumes == VOLUMES
    assert example.json("partitions", "daily_metrics")["counts"]["fresh"] == 1
