"""What the pipelines of this folder talk to: a trade API, a warehouse and an object store.

Each is real and small: an HTTP server (`TRADES_API`), a SQLite file (`WAREHOUSE`), and any URL that fsspec reads
(`LAKE`: a folder, or s3://…). The chapter's own examples leave these helpers out.
"""

from __future__ import annotations

import json
import os
import sqlite3
import urllib.request
from typing import Any

SYMBOLS = {"BTC": "Bitcoin", "ETH": "Ether", "SOL": "Solana"}


def fetch_from_api(date: str) -> list[dict[str, Any]]:
    """The trades of a day, from the trade API."""
    url = f"{os.environ['TRADES_API']}/trades?date={date}"
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - the URL is this machine's own
        trades: list[dict[str, Any]] = json.load(answer)
    return trades


def lookup_symbol(symbol: str) -> str:
    """The name behind a symbol."""
    return SYMBOLS.get(symbol, symbol)


def insert_to_db(table: str, row: dict[str, Any]) -> None:
    """Insert or replace one row, by its date, in a table of the warehouse; the table is made where there is none."""
    columns = ", ".join(row)
    with sqlite3.connect(os.environ["WAREHOUSE"]) as warehouse:
        warehouse.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns}, PRIMARY KEY (date))")
        marks = ", ".join("?" * len(row))
        insert = f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - names, not values
        warehouse.execute(insert, tuple(row.values()))
    warehouse.close()
