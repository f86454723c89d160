"""Charts that are recorded with an asset, as metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def growth(daily_metrics: pl.DataFrame, *, month: str) -> Figure:
    """Draw what 100 dollars became over the sessions of a month, a line for each symbol."""
    from matplotlib.figure import Figure  # here, so that planning needn't wait for it

    figure = Figure(figsize=(6, 3), dpi=80)
    axes = figure.add_axes((0.1, 0.16, 0.88, 0.73))
    for (symbol,), days in daily_metrics.sort("session").group_by("symbol", maintain_order=True):
        worth = 100 * (days["daily_return"].fill_null(0) + 1).cum_prod()
        axes.plot(days["session"].dt.day().to_list(), worth.to_list(), label=str(symbol))
    axes.set_title(f"What 100 dollars became in {month}")
    axes.set_xlabel("day")
    axes.legend(loc="upper left", fontsize="small")
    return figure
