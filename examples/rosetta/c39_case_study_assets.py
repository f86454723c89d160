"""Case Study: Migrating from Airflow to Dagster > Migrated Dagster Assets."""

import pandas as pd
from market import SYMBOLS, fetch_from_api

from weft import Context, DailyPartitions, asset

daily_partitions = DailyPartitions(start_date="2024-01-01", end_date="2024-02-01")


@asset(partitions=daily_partitions)
def raw_trades(context: Context) -> pd.DataFrame:
    """Extract raw trading data from API."""
    date = context.partition_key
    context.log.info(f"Extracting trades for {date}")
    return pd.DataFrame(fetch_from_api(date))


@asset(partitions=daily_partitions)
def processed_trades(context: Context, raw_trades: pd.DataFrame) -> pd.DataFrame:
    """Clean and enrich trading data."""
    context.log.info(f"Processing {len(raw_trades)} trades")
    df = raw_trades.copy()
    df["symbol_name"] = df["symbol"].map(SYMBOLS)
    df["value"] = df["price"] * df["quantity"]
    return df


@asset(partitions=daily_partitions)
def daily_metrics(context: Context, processed_trades: pd.DataFrame) -> pd.DataFrame:
    """Compute daily aggregated metrics."""
    metrics = (
        processed_trades.groupby("symbol").agg({"value": "sum", "quantity": "sum", "trade_id": "count"}).reset_index()
    )
    context.log.info(f"Computed metrics for {len(metrics)} symbols")
    return metrics
