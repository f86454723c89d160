"""Apache Airflow > Core Concepts > Operators."""

from weft import DAG
from weft.operators import spark_submit, transfer

with DAG("operators"):
    # Copy S3 objects
    copy_task = transfer(
        task_id="copy_raw_data",
        source="s3://trading/raw/trades/",
        destination="s3://trading/staging/trades/",
        connection="lake",
    )

    # Submit Spark job
    spark_task = spark_submit(
        task_id="run_aggregation",
        application="s3://code/aggregate_trades.py",
        conf={"spark.executor.memory": "4g"},
        connection="lake",
    )

    copy_task >> spark_task
