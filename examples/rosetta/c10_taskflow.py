"""Apache Airflow > TaskFlow API Patterns."""

from datetime import datetime

from market import fetch_from_api, insert_to_db, lookup_symbol

from weft import dag, task


@dag(
    dag_id="trading_analytics",
    start_date=datetime(2024, 1, 1),
    schedule="@daily",
    catchup=False,
)
def trading_analytics():

    @task
    def extract_trades(date: str) -> list[dict]:
        """Extract trades from source system."""
        trades = fetch_from_api(date)
        return trades

    @task
    def enrich_trades(trades: list[dict]) -> list[dict]:
        """Add reference data to trades."""
        enriched = []
        for trade in trades:
            trade["symbol_name"] = lookup_symbol(trade["symbol"])
            enriched.append(trade)
        return enriched

    @task
    def compute_metrics(trades: list[dict]) -> dict:
        """Compute daily trading metrics."""
        return {
            "total_volume": sum(t["quantity"] for t in trades),
            "trade_count": len(trades),
            "unique_symbols": len(set(t["symbol"] for t in trades)),
        }

    @task
    def store_metrics(metrics: dict, date: str):
        """Store metrics to warehouse."""
        insert_to_db("daily_metrics", {**metrics, "date": date})

    # Define flow
    date = "{{ ds }}"  # Jinja template for the interval's date
    raw_trades = extract_trades(date)
    enriched = enrich_trades(raw_trades)
    metrics = compute_metrics(enriched)
    store_metrics(metrics, date)


# Instantiate the DAG: allowed, and registers nothing twice
dag = trading_analytics()
