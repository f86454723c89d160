"""What a trading desk reads every morning, made from the daily metrics and the monthly report.

daily_metrics ──▶ volatility (month and symbol) · correlations (month) · drawdowns (month) · weekly_moves (week)
monthly_report (of 2012) ──▶ league_table ──▶ morning_brief
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import polars as pl

from trading.assets import SESSIONS_A_YEAR
from trading.partitions import SYMBOLS, months, months_and_symbols, months_of, weeks
from weft import CheckResult, Context, Dep, FreshnessPolicy, artifacts, asset, asset_check, job, timetables
from weft.partitions import SpecificMapping

YEAR = "2012"
DEEP_FALL = -0.25
"""A fall within one month that somebody should look at."""


@asset(partitions=months_and_symbols, group="desk", owners=["team:desk"], kinds=["json"])
def volatility(context: Context, daily_metrics: pl.DataFrame) -> float | None:
    """How much a symbol's daily returns spread in a month, for a year; none before it was listed."""
    _, symbol = context.partition_key.split("|")
    returns = daily_metrics.filter(pl.col("symbol") == symbol)["daily_return"].drop_nulls()
    spread = returns.std() if len(returns) > 1 else None
    found = float(spread) * math.sqrt(SESSIONS_A_YEAR) if isinstance(spread, float) else None
    context.add_metadata({"sessions": len(returns), **({} if found is None else {"volatility": round(found, 4)})})
    return found


@asset(partitions=months, group="desk", owners=["team:desk"], kinds=["parquet"])
def correlations(context: Context, daily_metrics: pl.DataFrame) -> pl.DataFrame:
    """How alike the symbols' daily returns were in a month: one row for each pair."""
    returns = daily_metrics.pivot("symbol", index="session", values="daily_return").drop_nulls()
    listed = [symbol for symbol in SYMBOLS if symbol in returns.columns]
    pairs = [
        {"one": one, "other": other, "correlation": returns.select(pl.corr(one, other)).item()}
        for place, one in enumerate(listed)
        for other in listed[place + 1 :]
    ]
    found = pl.DataFrame(pairs, schema={"one": pl.String, "other": pl.String, "correlation": pl.Float64})
    mean = found["correlation"].mean()
    context.add_metadata(
        {
            "sessions": returns.height,
            "mean correlation": round(mean, 4) if isinstance(mean, float) else None,
            "pairs": found.sort("correlation", descending=True).with_columns(pl.col("correlation").round(3)).to_dicts(),
        }
    )
    return found


@asset(partitions=months, group="desk", owners=["team:desk"], kinds=["json"], tags=["risk"])
def drawdowns(context: Context, daily_metrics: pl.DataFrame) -> dict[str, float]:
    """The deepest fall of each symbol from its highest close of the month before that day."""
    closes = daily_metrics.sort("session").with_columns(
        (pl.col("close") / pl.col("close").cum_max().over("symbol") - 1).alias("fall")
    )
    found = {str(symbol): float(fall) for symbol, fall in closes.group_by("symbol").agg(pl.col("fall").min()).rows()}
    context.add_metadata({symbol: round(fall, 4) for symbol, fall in sorted(found.items())})
    return found


@asset_check(asset="drawdowns", severity="warn")
def no_deep_fall(found: dict[str, float]) -> CheckResult:
    """No symbol fell by a quarter within one month."""
    deep = {symbol: round(fall, 4) for symbol, fall in found.items() if fall < DEEP_FALL}
    return CheckResult(
        passed=not deep,
        description=", ".join(f"{symbol} fell by {-fall:.0%}" for symbol, fall in sorted(deep.items())),
        metadata={"deepest": round(min(found.values(), default=0.0), 4)},
    )


@asset(partitions=weeks, group="desk", owners=["team:desk"], kinds=["json"])
def weekly_moves(context: Context, daily_metrics: pl.DataFrame) -> dict[str, float]:
    """What each symbol gained or lost in a week."""
    moves = daily_metrics.group_by("symbol").agg(
        ((pl.col("daily_return").fill_null(0) + 1).product() - 1).alias("move")
    )
    found = {str(symbol): float(move) for symbol, move in moves.rows()}
    context.add_metadata({symbol: round(move, 4) for symbol, move in sorted(found.items())})
    return found


@asset(
    ins={"monthly_report": Dep("monthly_report", SpecificMapping(months_of(YEAR)))},
    group="desk",
    owners=["team:desk"],
    kinds=["parquet"],
    tags=["report"],
    freshness=FreshnessPolicy(max_lag="7d", warn="1d"),
)
def league_table(context: Context, monthly_report: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """The symbols of 2012, best first: return, mean volatility and volume over the months in which they were listed."""
    found = league_of(monthly_report)
    context.add_metadata({"symbols": found.height, "best": found["symbol"][0], "table": found.to_dicts()})
    return found


def league_of(reports: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Put the months of each symbol together, in the order of what it returned."""
    return (
        pl.concat([reports[month] for month in sorted(reports)])
        .group_by("symbol")
        .agg(
            ((pl.col("monthly_return") + 1).product() - 1).round(4).alias("return"),
            pl.col("volatility").mean().round(4),
            pl.col("volume").sum(),
            pl.len().cast(pl.Int64).alias("months"),
        )
        .sort("return", descending=True)
    )


@asset_check(asset=league_table, blocking=True)
def every_symbol_is_ranked(table: pl.DataFrame) -> CheckResult:
    """Each of the symbols stands in the table once."""
    missing = sorted(set(SYMBOLS) - set(table["symbol"]))
    return CheckResult(
        passed=not missing and table.height == len(SYMBOLS), metadata={"symbols": table.height, "missing": missing}
    )


@asset(group="desk", owners=["team:desk"], kinds=["markdown"], tags=["report"])
def morning_brief(league_table: pl.DataFrame) -> str:
    """The league table as a page that people read; kept as an artifact too."""
    lines = [
        f"| {row['symbol']} | {row['return']:+.1%} | {row['volatility']:.1%} | {row['volume'] / 1e9:.2f} bn |"
        for row in league_table.to_dicts()
    ]
    best, worst = league_table.row(0, named=True), league_table.row(-1, named=True)
    text = "\n".join(
        [
            f"# The stocks of {YEAR}",
            "",
            f"**{best['symbol']}** returned {best['return']:+.1%}, **{worst['symbol']}** {worst['return']:+.1%}.",
            "",
            "| symbol | return | volatility | shares traded |",
            "| --- | ---: | ---: | ---: |",
            *lines,
        ]
    )
    artifacts.markdown(text, key="morning-brief", description=f"The stocks of {YEAR}, best first")
    artifacts.table(league_table.to_dicts(), key="league-table", description="Return, volatility and volume")
    return text


after_the_close = job(
    "after_the_close",
    "morning_brief or league_table",
    description="What the desk reads, half an hour after the exchange has closed.",
    schedule="30 16 * * 1-5",
    timezone="America/New_York",
    blackout=[timetables.Blackout(calendar="XNYS")],
)
