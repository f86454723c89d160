"""Apache Airflow > Core Concepts > DAG."""

from datetime import datetime

from weft import DAG

with DAG(
    dag_id="daily_trading_etl",
    start_date=datetime(2024, 1, 1),
    schedule="@daily",
    catchup=False,
) as dag:
    # Tasks defined here
    pass
