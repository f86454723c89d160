"""Prefect > Core Concepts > Flow."""

from market import fetch_from_api, insert_to_db

from weft import flow, task


@task
def extract_trades(date: str) -> list[dict]:
    return fetch_from_api(date)


@task
def transform_trades(trades: list[dict]) -> dict:
    return {"trade_count": len(trades), "total_volume": sum(trade["quantity"] for trade in trades)}


@task
def load_trades(metrics: dict, date: str) -> None:
    insert_to_db("flow_metrics", {**metrics, "date": date})


@flow(name="daily-trading-etl")
def trading_etl(date: str):
    """Main ETL workflow for trading data."""
    raw = extract_trades(date)
    processed = transform_trades(raw)
    load_trades(processed, date)
    return {"status": "success", "date": date}


# Run locally: no orchestration required
if __name__ == "__main__":
    print(trading_etl("2024-01-15"))
