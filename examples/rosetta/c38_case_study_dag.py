"""Case Study: Migrating from Airflow to Dagster > Original Airflow DAG."""

import json
import os
from datetime import datetime
from typing import Any

import fsspec
from market import fetch_from_api, insert_to_db, lookup_symbol

from weft import DAG
from weft.operators import PythonOperator


def write_to_lake(path: str, rows: list[dict[str, Any]]) -> None:
    with fsspec.open(f"{os.environ['LAKE']}/{path}", "wt", auto_mkdir=True) as file:
        json.dump(rows, file)


def read_from_lake(path: str) -> list[dict[str, Any]]:
    with fsspec.open(f"{os.environ['LAKE']}/{path}", "rt") as file:
        return json.load(file)


def extract_trades(**context):
    date = context["ds"]
    trades = fetch_from_api(date)
    # Written to the lake (passed via file, not by value)
    write_to_lake(f"raw/trades/{date}/data.json", trades)


def transform_trades(**context):
    date = context["ds"]
    trades = read_from_lake(f"raw/trades/{date}/data.json")
    processed = [{**trade, "symbol_name": lookup_symbol(trade["symbol"])} for trade in trades]
    write_to_lake(f"processed/trades/{date}/data.json", processed)


def compute_metrics(**context):
    date = context["ds"]
    trades = read_from_lake(f"processed/trades/{date}/data.json")
    quantity = sum(trade["quantity"] for trade in trades)
    insert_to_db("case_study", {"date": date, "quantity": quantity, "trades": len(trades)})


with DAG(
    dag_id="trading_pipeline",
    start_date=datetime(2024, 1, 1),
    schedule="@daily",
) as dag:
    extract = PythonOperator(task_id="extract", python_callable=extract_trades)
    transform = PythonOperator(task_id="transform", python_callable=transform_trades)
    metrics = PythonOperator(task_id="metrics", python_callable=compute_metrics)

    extract >> transform >> metrics
