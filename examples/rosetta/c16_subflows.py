"""Prefect > Core Concepts > Subflows."""

from market import fetch_from_api, insert_to_db

from weft import flow, task


@task
def extract_trades(date: str) -> list[dict]:
    return fetch_from_api(date)


@task
def extract_prices(date: str) -> dict[str, float]:
    return {trade["symbol"]: trade["price"] for trade in fetch_from_api(date)}


@task
def enrich_with_prices(trades: list[dict], prices: dict[str, float]) -> list[dict]:
    return [{**trade, "last": prices[trade["symbol"]]} for trade in trades]


@flow
def extract_flow(date: str) -> dict:
    trades = extract_trades(date)
    prices = extract_prices(date)
    return {"trades": trades, "prices": prices}


@flow
def transform_flow(data: dict) -> dict:
    enriched_trades = enrich_with_prices(data["trades"], data["prices"])
    return {"trades": enriched_trades}


@flow
def load_flow(data: dict, date: str) -> int:
    insert_to_db("subflow_trades", {"date": date, "count": len(data["trades"])})
    return len(data["trades"])


@flow
def daily_etl(date: str):
    raw_data = extract_flow(date)
    transformed = transform_flow(raw_data)
    return load_flow(transformed, date)


if __name__ == "__main__":
    print(daily_etl("2024-01-15"))
