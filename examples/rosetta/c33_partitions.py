"""Dagster > Partitioned Assets."""

import pandas as pd
from market import fetch_from_api

from weft import Context, DailyPartitions, asset

daily_partitions = DailyPartitions(start_date="2024-01-01", end_date="2024-02-01")


@asset(partitions=daily_partitions)
def daily_trades(context: Context) -> pd.DataFrame:
    """Partitioned by day."""
    partition_date = context.partition_key  # "2024-01-15"
    return pd.DataFrame(fetch_from_api(partition_date))


@asset(partitions=daily_partitions)
def daily_metrics(context: Context, daily_trades: pd.DataFrame) -> pd.DataFrame:
    """Aggregates the same day's trades."""
    return daily_trades.groupby("symbol").agg({"quantity": "sum"}).reset_index()
