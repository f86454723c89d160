"""The trading example is written as assets, as a DAG and as a flow: from the same rows come the same figures."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

duckdb = pytest.importorskip("duckdb")
polars = pytest.importorskip("polars")
pytest.importorskip("exchange_calendars")
pytest.importorskip("bokeh_sampledata")

EXAMPLE = Path(__file__).parents[2] / "examples" / "trading"
MONTH = "2012-10"  # a hurricane closed the exchange for two days, and the first return is counted from September
CALLED = f"from trading import as_flow; as_flow.monthly_report_flow({MONTH!r}).write_parquet('called.parquet')"
HEADER = "symbol,date,open,high,low,close,volume,adj_close"
CORRECTION = "IBM,2012-10-26,191.49,193.87,191.47,193.28,4006500,165.51"


class Project:
    """A copy of the example, in which each way is run as a user would."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, *arguments: str) -> str:
        command = [sys.executable, *arguments]
        ended = subprocess.run(command, cwd=self.root, capture_output=True, text=True, timeout=300, check=False)
        assert ended.returncode == 0, f"{arguments}: {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout

    def weft(self, *arguments: str) -> str:
        return self.run("-m", "weft", *arguments)

    def by_assets(self) -> polars.DataFrame:
        self.weft("apply", "+monthly_report", "--partitions", MONTH, "--yes")
        with duckdb.connect(str(self.root / ".weft" / "warehouse.duckdb"), read_only=True) as opened:
            rows = opened.sql(f"SELECT * EXCLUDE (partition) FROM monthly_report WHERE partition = '{MONTH}'")
            return polars.from_arrow(rows.to_arrow_table()).sort("symbol")

    def by_dag(self) -> polars.DataFrame:
        self.weft("run", "monthly_report_dag", "--partition", MONTH)
        return self.reported()

    def by_flow(self) -> polars.DataFrame:
        self.weft("run", "monthly_report_flow", "--param", f"month={MONTH}")
        return self.reported()

    def by_calling(self) -> polars.DataFrame:
        """The flow, called by a script: neither a command of weft nor a server is in it."""
        self.run("-c", CALLED)
        return polars.read_parquet(self.root / "called.parquet")

    def reported(self) -> polars.DataFrame:
        """What the task `report` returned in the last run."""
        last = json.loads(self.weft("runs", "--json"))[0]["id"]
        (file,) = (self.root / ".weft" / "data" / "runs" / last / "report").rglob("*.parquet")
        return polars.read_parquet(file)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "trading"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns(".weft", "__pycache__", "corrections"))
    return Project(root)


def test_assets_dag_and_flow_give_the_same_figures_and_are_in_one_ledger(project: Project) -> None:
    from polars.testing import assert_frame_equal

    wanted = project.by_assets()
    assert wanted["symbol"].to_list() == ["AAPL", "FB", "GOOG", "IBM", "MSFT"]
    assert wanted["sessions"].to_list() == [21] * 5
    for found in (project.by_dag(), project.by_flow(), project.by_calling()):
        assert_frame_equal(found, wanted, check_exact=True)
    runs = json.loads(project.weft("runs", "--json"))
    flow, dag = "monthly_report_flow", "monthly_report_dag"
    assert [run["pipeline"] for run in runs] == [flow, flow, dag, None]
    assert {run["outcome"] for run in runs} == {"succeeded"}


def test_a_correction_of_the_vendor_changes_all_three_alike(project: Project) -> None:
    from polars.testing import assert_frame_equal

    before = project.by_flow()
    (project.root / "corrections").mkdir()
    (project.root / "corrections" / "2012-10-26.csv").write_text(f"{HEADER}\n{CORRECTION}\n")
    wanted = project.by_assets()
    assert not wanted.equals(before)
    assert_frame_equal(project.by_dag(), wanted, check_exact=True)
    assert_frame_equal(project.by_flow(), wanted, check_exact=True)
