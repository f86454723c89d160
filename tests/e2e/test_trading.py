"""The example on real prices, from the command line: its figures, and the stories of breaking and mending it."""

from __future__ import annotations

import gzip
import importlib.resources
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

duckdb = pytest.importorskip("duckdb")
pandas = pytest.importorskip("pandas")
pytest.importorskip("polars")
pytest.importorskip("exchange_calendars")
pytest.importorskip("bokeh_sampledata")

EXAMPLE = Path(__file__).parents[2] / "examples" / "trading"
# GOOG is listed in the first of these months, AAPL splits 2:1 in the second, FB is listed in the third.
MONTHS = "2004-08,2005-02,2012-05,2012-10..2012-11"
REPORT = ("monthly_report", "--partitions", MONTHS)
SESSION, NEXT_SESSION = "2012-10-26", "2012-10-31"  # the exchange was closed on the 29th and 30th
TRADE = f"{SESSION}|IBM"
DOWNSTREAM = {
    "processed_trades": [TRADE],
    "daily_metrics": [SESSION, NEXT_SESSION],
    "monthly_report": ["2012-10"],
}
GOOD = f"IBM,{SESSION},191.49,193.87,191.47,193.28,4006500,165.51"


class Project:
    """A project that `weft` is called in."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def weft(self, *arguments: str, expected: int = 0) -> str:
        command = [sys.executable, "-m", "weft", *arguments]
        ended = subprocess.run(command, cwd=self.root, capture_output=True, text=True, timeout=300, check=False)
        assert ended.returncode == expected, f"{arguments}: {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout

    def apply(self, *arguments: str, expected: int = 0) -> None:
        self.weft("apply", *arguments, "--yes", "--executor", "inline", expected=expected)

    def planned(self, *arguments: str) -> dict[str, list[str]]:
        """What a plan would run: partitions by asset."""
        plan = json.loads(self.weft("plan", *arguments, "--json"))
        found: dict[str, list[str]] = {}
        for step in plan["steps"]:
            found.setdefault(step["asset"], []).extend(step["partitions"])
        return {asset: sorted(partitions) for asset, partitions in found.items()}

    def causes(self, asset: str, partition: str) -> list[dict[str, str]]:
        steps = json.loads(self.weft("plan", *REPORT, "--json"))["steps"]
        return [
            cause
            for step in steps
            if step["asset"] == asset and partition in step["partitions"]
            for cause in step["causes"]
        ]

    def runs(self) -> list[dict[str, int]]:
        return json.loads(self.weft("runs", "--json"))

    def redeliver(self, row: str | None = None) -> None:
        """Read a row from the vendor again; with `row`, a corrected one."""
        if row is not None:
            folder = self.root / "corrections"
            folder.mkdir(exist_ok=True)
            header = "symbol,date,open,high,low,close,volume,adj_close"
            (folder / f"{SESSION}.csv").write_text(f"{header}\n{row}\n")
        self.weft("materialize", "raw_trades", "--partitions", TRADE, "--executor", "inline")

    def edit(self, old: str, new: str) -> None:
        file = self.root / "trading" / "assets.py"
        text = file.read_text()
        assert text.count(old) == 1
        file.write_text(text.replace(old, new))

    def query(self, sql: str) -> pandas.DataFrame:
        with duckdb.connect(str(self.root / ".weft" / "warehouse.duckdb"), read_only=True) as connection:
            return connection.sql(sql).df()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The example with some months of it made. Tests that change it take a copy."""
    root = tmp_path_factory.mktemp("made") / "trading"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns(".weft", "__pycache__", "corrections"))
    project = Project(root)
    project.apply(*REPORT)
    return project


@pytest.fixture
def project(made: Project, tmp_path: Path) -> Project:
    return Project(Path(shutil.copytree(made.root, tmp_path / "trading")))


@pytest.fixture(scope="module")
def prices() -> pandas.DataFrame:
    """The vendor's rows as pandas reads them, with each symbol's daily return."""
    file = importlib.resources.files("bokeh_sampledata") / "_data" / "stocks.csv.gz"
    with file.open("rb") as packed, gzip.open(packed) as rows:
        frame = pandas.read_csv(rows, parse_dates=["Date"])
    frame["return"] = frame.groupby("Ticker")["Adj Close"].pct_change()
    frame["adjusted_high"] = frame["High"] * frame["Adj Close"] / frame["Close"]
    frame["adjusted_low"] = frame["Low"] * frame["Adj Close"] / frame["Close"]
    return frame


class TestFigures:
    @pytest.mark.parametrize(
        ("month", "symbols"),
        [
            ("2004-08", ["AAPL", "GOOG", "IBM", "MSFT"]),
            ("2005-02", ["AAPL", "GOOG", "IBM", "MSFT"]),
            ("2012-05", ["AAPL", "FB", "GOOG", "IBM", "MSFT"]),
            ("2012-10", ["AAPL", "FB", "GOOG", "IBM", "MSFT"]),
            ("2012-11", ["AAPL", "FB", "GOOG", "IBM", "MSFT"]),
        ],
    )
    def test_the_monthly_report_says_what_pandas_says(
        self, made: Project, prices: pandas.DataFrame, month: str, symbols: list[str]
    ) -> None:
        report = made.query(f"SELECT * FROM monthly_report WHERE partition = '{month}'").set_index("symbol")
        assert sorted(report.index) == symbols
        for symbol in symbols:
            history = prices[prices["Ticker"] == symbol]
            inside = history["Date"].dt.strftime("%Y-%m") == month
            days, before = history[inside], history[history["Date"] < f"{month}-01"]
            base = before["Adj Close"].iloc[-1] if len(before) else days["Adj Close"].iloc[0]
            row = report.loc[symbol]
            assert row["sessions"] == len(days)
            assert row["volume"] == days["Volume"].sum()
            assert row["high"] == pytest.approx(days["adjusted_high"].max())
            assert row["low"] == pytest.approx(days["adjusted_low"].min())
            assert row["close"] == pytest.approx(days["Adj Close"].iloc[-1])
            assert row["monthly_return"] == pytest.approx(days["Adj Close"].iloc[-1] / base - 1)
            assert row["volatility"] == pytest.approx(days["return"].std() * 252**0.5)

    def test_daily_returns_are_those_of_pandas_also_across_months_splits_and_closed_days(
        self, made: Project, prices: pandas.DataFrame
    ) -> None:
        import polars

        daily = polars.concat(
            polars.read_parquet(file) for file in (made.root / ".weft" / "data" / "daily_metrics").rglob("*.parquet")
        )
        found = {(str(row["session"]), row["symbol"]): row["daily_return"] for row in daily.to_dicts()}
        wanted = {
            (f"{day:%Y-%m-%d}", symbol): None if pandas.isna(change) else change
            for symbol, day, change in zip(prices["Ticker"], prices["Date"], prices["return"], strict=True)
            if f"{day:%Y-%m}" in {"2004-08", "2005-02", "2012-05", "2012-10", "2012-11"}
        }
        assert len(wanted) == 75 + 76 + 97 + 105 + 105
        assert found.keys() == wanted.keys()
        for key, change in wanted.items():
            assert found[key] is None if change is None else found[key] == pytest.approx(change), key

    def test_each_month_has_a_chart(self, made: Project) -> None:
        import sqlite3

        with sqlite3.connect(made.root / ".weft" / "ledger.db") as ledger:
            logged = ledger.execute("SELECT body FROM event WHERE body LIKE '%image/png%'").fetchall()
        assert len(logged) == 5


class TestStories:
    def test_what_was_made_is_fresh(self, made: Project) -> None:
        made.weft("plan", *REPORT, "--check")

    @pytest.mark.slow
    def test_a_row_delivered_again_with_equal_content_makes_nothing_stale(self, project: Project) -> None:
        project.redeliver()
        project.weft("plan", *REPORT, "--check")

    def test_a_correction_makes_exactly_its_downstream_stale(self, project: Project) -> None:
        project.redeliver(GOOD)
        assert project.planned(*REPORT) == DOWNSTREAM

    @pytest.mark.slow
    def test_a_broken_row_is_told_and_its_repair_runs_only_what_hangs_on_it(self, project: Project) -> None:
        before = project.query("SELECT * FROM monthly_report WHERE partition = '2012-10' ORDER BY symbol")
        project.redeliver(GOOD.replace("193.28", "n/a"))
        project.apply(*REPORT, expected=1)
        assert project.planned(*REPORT) == DOWNSTREAM
        assert any(
            cause["kind"] == "failed" and "could not convert string to float" in cause["detail"]
            for cause in project.causes("processed_trades", TRADE)
        )
        kept = project.query("SELECT * FROM monthly_report WHERE partition = '2012-10' ORDER BY symbol")
        assert kept.equals(before), "what was made from good data stays until better data is there"
        project.redeliver(GOOD)
        assert project.planned(*REPORT) == DOWNSTREAM
        project.apply(*REPORT)
        project.weft("plan", *REPORT, "--check")
        counts = project.runs()[0]
        assert (counts["succeeded"], counts["failed"]) == (4, 0)

    @pytest.mark.slow
    def test_a_negative_price_is_held_back_with_its_downstream_until_it_is_mended(self, project: Project) -> None:
        project.redeliver(GOOD.replace("193.28", "-193.28"))
        project.apply(*REPORT, expected=1)
        plan = json.loads(project.weft("plan", *REPORT, "--json"))
        assert plan["steps"] == [], "the same code and rows would fail the check again"
        assert [each["partitions"] for each in plan["rejected"]] == [[TRADE]]
        assert {each["asset"]: each["partitions"] for each in plan["blocked"]} == {
            "daily_metrics": [SESSION, NEXT_SESSION],
            "monthly_report": ["2012-10"],
        }
        assert "no_negative_price" in plan["rejected"][0]["causes"][0]["detail"]
        project.redeliver(GOOD)
        assert project.planned(*REPORT) == DOWNSTREAM
        project.apply(*REPORT)

    @pytest.mark.slow
    def test_code_that_broke_one_session_is_mended_and_only_that_session_runs_again(self, project: Project) -> None:
        line = "    return [parse(row) for row in raw_trades]\n"
        project.edit(line, f'    if raw_trades and raw_trades[0]["date"] == "{SESSION}":\n        1 / 0\n{line}')
        project.weft(
            "materialize", "processed_trades", "--partitions", f"{SESSION}|*", "--executor", "inline", expected=1
        )
        project.edit(f'    if raw_trades and raw_trades[0]["date"] == "{SESSION}":\n        1 / 0\n{line}', line)
        symbols = ("AAPL", "FB", "GOOG", "IBM", "MSFT")
        assert project.planned(*REPORT)["processed_trades"] == [f"{SESSION}|{symbol}" for symbol in symbols]
        project.apply(*REPORT)
        last = project.runs()[0]
        assert (last["succeeded"], last["failed"]) == (5, 0), "what comes out the same isn't carried on"
        project.weft("plan", *REPORT, "--check")

    @pytest.mark.slow
    def test_a_comment_changes_nothing_and_a_helper_makes_what_uses_it_stale(self, project: Project) -> None:
        line = '    adjustment = float(row["adj_close"]) / float(row["close"])\n'
        project.edit(line, f"    # dividends and splits\n{line}")
        project.weft("plan", *REPORT, "--check")
        project.edit(line, line.replace("/ float", "/  1.0 / float"))
        planned = project.planned(*REPORT)
        assert "raw_trades" not in planned
        assert TRADE in planned["processed_trades"]
        assert any("trading.assets.parse" in str(cause) for cause in project.causes("processed_trades", TRADE))
