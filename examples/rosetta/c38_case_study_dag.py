"""Case Study: Migrating from Airflow to Dagster > Original Airflow DAG."""

from datetime import datetime

import pandas as pd
from market import SYMBOLS, fetch_from_api, insert_to_db

from weft import DAG
from weft.operators import PythonOperator


def extract_trades(**context):
    date = context["ds"]
    trades = pd.DataFrame(fetch_from_api(date))
    # Write to S3 (passed via file, not by value)
    trades.to_parquet(f"s3://raw/trades/{date}/data.parquet")


def transform_trades(**context):
    date = context["ds"]
    # Read from S3
    trades = pd.read_parquet(f"s3://raw/trades/{date}/data.parquet")
    processed = trades.assign(symbol_name=trades["symbol"].map(SYMBOLS))
    processed.to_parquet(f"s3://processed/trades/{date}/data.parquet")


def compute_metrics(**context):
    date = context["ds"]
    trades = pd.read_parquet(f"s3://processed/trades/{date}/data.parquet")
    metrics = {"date": date, "quantity": int(trades["quantity"].sum()), "trades": len(trades)}
    insert_to_db("daily_metrics", metrics)


with DAG(
    dag_id="trading_pipeline",
    start_date=datetime(2024, 1, 1),
    schedule="@daily",
) as dag:
    extract = PythonOperator(task_id="extract", python_callable=extract_trades)
    transform = PythonOperator(task_id="transform", python_callable=transform_trades)
    metrics = PythonOperator(task_id="metrics", python_callable=compute_metrics)

    extract >> transform >> metrics
