"""Dagster > Core Concepts > Assets."""

import pandas as pd
from market import SYMBOLS, fetch_from_api

from weft import Context, asset


@asset
def raw_trades(context: Context) -> pd.DataFrame:
    """Extract raw trading data from source."""
    context.log.info("Extracting trades...")
    df = pd.DataFrame(fetch_from_api("2024-01-15"))
    return df


@asset
def processed_trades(raw_trades: pd.DataFrame) -> pd.DataFrame:
    """Clean and enrich trading data."""
    # Dependency on raw_trades is explicit in function signature
    df = raw_trades.copy()
    df["symbol_name"] = df["symbol"].map(SYMBOLS)
    df["value"] = df["price"] * df["quantity"]
    return df


@asset
def daily_metrics(processed_trades: pd.DataFrame) -> pd.DataFrame:
    """Compute daily aggregated metrics."""
    return (
        processed_trades.groupby("date")
        .agg({"value": "sum", "quantity": "sum", "trade_id": "count"})
        .rename(columns={"trade_id": "trade_count"})
        .reset_index()
    )
