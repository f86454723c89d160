"""Dagster > Testing in Dagster."""

import pandas as pd
from c26_assets import daily_metrics

from weft import materialize


def test_daily_metrics():
    # Create test data
    test_trades = pd.DataFrame(
        {
            "date": ["2024-01-15", "2024-01-15", "2024-01-16"],
            "symbol": ["BTC", "BTC", "ETH"],
            "price": [50000, 51000, 3000],
            "quantity": [1, 2, 10],
            "value": [50000, 102000, 30000],
            "trade_id": [1, 2, 3],
        }
    )

    # Materialize with test input
    result = materialize(
        [daily_metrics],
        input_values={"processed_trades": test_trades},
    )

    # Assert on output
    output_df = result.value("daily_metrics").set_index("date")
    assert len(output_df) == 2  # two days
    assert output_df.loc["2024-01-15", "quantity"] == 3
