"""Four assets, each of a coarser grain than the last.

raw_trades ──▶ processed_trades ──▶ daily_metrics ──▶ monthly_report
session and symbol                  session           month
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import polars as pl

from trading import charts
from trading.partitions import months, sessions, since_yesterday, trades
from trading.vendor import PROJECT, Row, Vendor
from weft import Context, Definitions, Dep, asset, job
from weft.storage import DuckDBStorage

SESSIONS_A_YEAR = 252


@dataclass(frozen=True)
class Trade:
    """A symbol's trading on one session, with prices adjusted for later splits and dividends."""

    session: date
    symbol: str
    open: float
    high: float
    low: float
    close: float
    volume: int


@asset(partitions=trades, group="prices", owners=["team:trading"], kinds=["json"], tags=["vendor"])
def raw_trades(context: Context, vendor: Vendor) -> list[Row]:
    """What the vendor delivered, as text: one row, or none on sessions before the symbol was listed."""
    session, symbol = context.partition_key.split("|")
    return vendor.rows(session, symbol)


@asset(partitions=trades, group="prices", owners=["team:trading"], kinds=["json"])
def processed_trades(raw_trades: list[Row]) -> list[Trade]:
    """Typed and adjusted: a share of 2000 and one of 2013 can be compared, whatever was split in between."""
    return [parse(row) for row in raw_trades]


def parse(row: Row) -> Trade:
    """Turn a row of text into a trade."""
    adjustment = float(row["adj_close"]) / float(row["close"])
    return Trade(
        session=date.fromisoformat(row["date"]),
        symbol=row["symbol"],
        open=float(row["open"]) * adjustment,
        high=float(row["high"]) * adjustment,
        low=float(row["low"]) * adjustment,
        close=float(row["adj_close"]),
        volume=int(row["volume"]),
    )


DAILY_COLUMNS = {
    "session": pl.Date,
    "symbol": pl.String,
    "high": pl.Float64,
    "low": pl.Float64,
    "close": pl.Float64,
    "volume": pl.Int64,
    "daily_return": pl.Float64,
}


@asset(
    partitions=sessions,
    ins={"processed_trades": Dep("processed_trades", since_yesterday)},
    group="research",
    owners=["team:research"],
    kinds=["parquet"],
)
def daily_metrics(context: Context, processed_trades: dict[str, list[Trade]]) -> pl.DataFrame:
    """Each symbol's session: close, return on the session before, range, volume. One row for each listed symbol."""
    read = [trade for trades in processed_trades.values() for trade in trades]
    return metrics_of(context.partition_key, read)


def metrics_of(session: str, trades: Iterable[Trade]) -> pl.DataFrame:
    """The metrics of a session, from its trades and those of the session before."""
    day, read = date.fromisoformat(session), list(trades)
    before = {trade.symbol: trade.close for trade in read if trade.session < day}
    rows = [
        {
            "session": trade.session,
            "symbol": trade.symbol,
            "high": trade.high,
            "low": trade.low,
            "close": trade.close,
            "volume": trade.volume,
            "daily_return": trade.close / before[trade.symbol] - 1 if trade.symbol in before else None,
        }
        for trade in read
        if trade.session == day
    ]
    return pl.DataFrame(rows, schema=DAILY_COLUMNS)


@asset(partitions=months, io="warehouse", group="research", owners=["team:research"], kinds=["duckdb"], tags=["report"])
def monthly_report(context: Context, daily_metrics: pl.DataFrame) -> pl.DataFrame:
    """Each symbol's month, with a chart. That a month reads its sessions is the default, and needs no mapping."""
    context.add_metadata({"chart": charts.growth(daily_metrics, month=context.partition_key)})
    return report_of(daily_metrics)


def report_of(daily_metrics: pl.DataFrame) -> pl.DataFrame:
    """One row for each symbol, from the metrics of a month's sessions."""
    return (
        daily_metrics.sort("session")
        .group_by("symbol")
        .agg(
            pl.len().cast(pl.Int64).alias("sessions"),
            pl.col("high").max(),
            pl.col("low").min(),
            pl.col("close").last(),
            pl.col("volume").sum(),
            ((pl.col("daily_return").fill_null(0) + 1).product() - 1).alias("monthly_return"),
            (pl.col("daily_return").std() * SESSIONS_A_YEAR**0.5).alias("volatility"),
        )
        .sort("symbol")
    )


everything = job("everything", "+monthly_report", description="From the vendor's rows to the report.")

definitions = Definitions(
    resources={"vendor": Vendor()},
    io_managers={"warehouse": DuckDBStorage(PROJECT / ".weft" / "warehouse.duckdb")},
)
