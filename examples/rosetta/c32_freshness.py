"""Dagster > Software-Defined Assets > Freshness policies."""

import pandas as pd
from c26_assets import processed_trades, raw_trades  # noqa: F401 - definitions count where a module holds them

from weft import FreshnessPolicy, asset


@asset(freshness=FreshnessPolicy(max_lag="60m"))
def daily_metrics(processed_trades: pd.DataFrame) -> pd.DataFrame:
    """Must be refreshed within 60 minutes."""
    return processed_trades.groupby("date").agg({"value": "sum"}).reset_index()
