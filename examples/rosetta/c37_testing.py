"""Dagster > Testing in Dagster."""

import pandas as pd
from c39_case_study_assets import daily_metrics

from weft import materialize


def test_daily_metrics():
    # Create test data
    test_trades = pd.DataFrame(
        {
            "trade_id": [1, 2, 3],
            "symbol": ["BTC", "BTC", "ETH"],
            "price": [50000, 51000, 3000],
            "quantity": [1, 2, 10],
            "value": [50000, 102000, 30000],
        }
    )

    # Materialize with test input
    result = materialize(
        [daily_metrics],
        input_values={"processed_trades": test_trades},
        partition_key="2024-01-15",
    )

    # Assert on output
    output_df = result.value("daily_metrics").set_index("symbol")
    assert len(output_df) == 2  # BTC and ETH
    assert output_df.loc["BTC", "quantity"] == 3
