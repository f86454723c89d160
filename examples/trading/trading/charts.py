"""Charts that are recorded with an asset, as metadata."""

import polars as pl
from matplotlib.figure import Figure


def growth(daily_metrics: pl.DataFrame, *, title: str) -> Figure:
    """Draw what 100 dollars became over the sessions, a line for each symbol."""
    figure = Figure(figsize=(6, 3), dpi=80, layout="constrained")
    axes = figure.subplots()
    for (symbol,), days in daily_metrics.sort("session").group_by("symbol", maintain_order=True):
        worth = 100 * (days["daily_return"].fill_null(0) + 1).cum_prod()
        axes.plot(days["session"].to_list(), worth.to_list(), label=str(symbol))
    axes.set_title(f"What 100 dollars became, {title}")
    axes.tick_params(axis="x", labelrotation=30)
    axes.legend(fontsize="small")
    return figure
