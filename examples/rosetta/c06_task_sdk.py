"""Apache Airflow > Airflow 3.0 Architecture > Task SDK."""

import os

from pyspark.sql import SparkSession
from pyspark.sql.functions import sum as total

from weft import dag, task


# Clean, typed task definitions
@task
def compute_metrics(date: str) -> dict:
    """Process trading data for a given date."""
    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    df = spark.read.parquet(f"{os.environ['LAKE']}/trades/date={date}/")
    metrics = df.groupBy("symbol").agg(total("quantity"))
    return {"records": metrics.count()}


@dag
def task_sdk(date: str = "2024-01-15"):
    compute_metrics(date)
