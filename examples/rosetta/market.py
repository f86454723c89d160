"""What the pipelines of this folder talk to; the chapter leaves it to the reader.

Each is real and small: the trade API is an HTTP server (`trade_api.py`; elsewhere: `TRADES_API`), the warehouse a
SQLite file (`warehouse.db`; elsewhere: `WAREHOUSE`).
"""

from __future__ import annotations

import json
import os
import sqlite3
import urllib.request
from typing import Any

TRADES_API = os.environ.get("TRADES_API", "http://127.0.0.1:8017")
WAREHOUSE = os.environ.get("WAREHOUSE", "warehouse.db")
SYMBOLS = {"BTC": "Bitcoin", "ETH": "Ether", "SOL": "Solana"}


def fetch_from_api(date: str) -> list[dict[str, Any]]:
    """The trades of a day, from the trade API."""
    url = f"{TRADES_API}/trades?date={date}"
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - the URL is this machine's own
        trades: list[dict[str, Any]] = json.load(answer)
    return trades


def lookup_symbol(symbol: str) -> str:
    """The name behind a symbol."""
    return SYMBOLS.get(symbol, symbol)


def insert_to_db(table: str, row: dict[str, Any]) -> None:
    """Insert or replace one row, by its date, in a table of the warehouse; the table is made where there is none."""
    columns = ", ".join(row)
    with sqlite3.connect(WAREHOUSE) as warehouse:
        warehouse.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns}, PRIMARY KEY (date))")
        marks = ", ".join("?" * len(row))
        insert = f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - names, not values
        warehouse.execute(insert, tuple(row.values()))
    warehouse.close()
