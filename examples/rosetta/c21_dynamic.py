"""Prefect > Advanced Patterns > Dynamic workflows."""

from market import fetch_from_api

from weft import flow, task


@task
def get_active_symbols(date: str) -> list[str]:
    return sorted({trade["symbol"] for trade in fetch_from_api(date)})


@task
def process_symbol(symbol: str, date: str) -> dict:
    trades = [trade for trade in fetch_from_api(date) if trade["symbol"] == symbol]
    return {"symbol": symbol, "volume": sum(trade["quantity"] for trade in trades)}


@task
def aggregate_metrics(results: list[dict]) -> int:
    return sum(result["volume"] for result in results)


@flow
def process_all_symbols(date: str):
    # Dynamically create tasks based on data
    symbols = get_active_symbols(date)  # Returns ["BTC", "ETH", ...]

    # Map over symbols: creates tasks dynamically
    results = process_symbol.map(symbols, date=[date] * len(symbols))

    # Aggregate results
    return aggregate_metrics(results)


if __name__ == "__main__":
    print(process_all_symbols("2024-01-15"))
