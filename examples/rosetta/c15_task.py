"""Prefect > Core Concepts > Task."""

import httpx
from market import TRADES_API, insert_to_db, lookup_symbol

from weft import flow, task


@task(retries=3, retry_delay=0.01)  # 60 s in the chapter, for which a test need not wait
def extract_trades(date: str) -> list[dict]:
    """Fetch trades from API with automatic retry."""
    response = httpx.get(f"{TRADES_API}/trades?date={date}")
    response.raise_for_status()
    return response.json()


@task(cache=lambda context, params: f"transform-{params['date']}")
def transform_trades(trades: list[dict], date: str) -> list[dict]:
    """Transform trades, cached by date."""
    return [{**trade, "symbol_name": lookup_symbol(trade["symbol"])} for trade in trades]


@task(timeout=300)
def load_trades(trades: list[dict], date: str):
    """Load trades with timeout."""
    insert_to_db("trades", {"date": date, "count": len(trades)})


@flow
def load_a_day(date: str) -> int:
    trades = transform_trades(extract_trades(date), date)
    load_trades(trades, date)
    return len(trades)


if __name__ == "__main__":
    print(load_a_day("2024-01-15"))
