"""What must hold of the data. A blocking check holds a bad version back, and what is made from it with it."""

from datetime import date

import polars as pl

from trading.assets import Trade
from trading.partitions import SYMBOLS, is_listed, sessions_of
from trading.vendor import Row
from weft import CheckResult, Context, asset_check


@asset_check(asset="raw_trades", blocking=True)
def no_missing_session(context: Context, rows: list[Row]) -> CheckResult:
    """The vendor has one row for each session on which the symbol was listed, and none before."""
    session, symbol = context.partition_key.split("|")
    expected = 1 if is_listed(symbol, date.fromisoformat(session)) else 0
    return CheckResult(passed=len(rows) == expected, description=f"{len(rows)} rows, {expected} expected")


@asset_check(asset="processed_trades", blocking=True)
def no_negative_price(trades: list[Trade]) -> bool:
    """Every price is above zero."""
    return all(price > 0 for trade in trades for price in (trade.open, trade.high, trade.low, trade.close))


@asset_check(asset="processed_trades", blocking=True)
def high_is_at_least_low(trades: list[Trade]) -> bool:
    """The highest price of a session is not below the lowest."""
    return all(trade.high >= trade.low for trade in trades)


@asset_check(asset="monthly_report")
def every_session_counts(context: Context, report: pl.DataFrame) -> CheckResult:
    """The report covers every session of the month on which a symbol was listed."""
    days = sessions_of(context.partition_key)
    expected = {symbol: sum(is_listed(symbol, day) for day in days) for symbol in SYMBOLS}
    counted = dict(report.select("symbol", "sessions").iter_rows())
    wrong = {symbol: number for symbol, number in expected.items() if counted.get(symbol, 0) != number}
    return CheckResult(passed=not wrong, metadata={"sessions": len(days), "expected where wrong": wrong})
