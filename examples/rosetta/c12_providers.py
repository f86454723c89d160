"""Apache Airflow > Operators and Providers.

Four provider packages and five operators become four operators: what differs between clouds and databases is a URL and
a connection, of which the code knows only the name.
"""

from weft import DAG
from weft.operators import dbt_run, spark_submit, sql, transfer

with DAG("providers"):
    # AWS Provider: S3CopyObjectOperator
    staged = transfer(
        task_id="stage",
        source="s3://trading/raw/trades/",
        destination="s3://trading/staging/trades/",
        connection="lake",
    )

    # S3ToRedshiftOperator, and of the GCP Provider GCSToBigQueryOperator: files come near, the warehouse reads them
    fetched = transfer(
        task_id="fetch",
        source="s3://trading/staging/trades/*.csv",
        destination="landing/",
        connection="lake",
    )
    # GCP Provider: BigQueryInsertJobOperator
    loaded = sql(
        task_id="load",
        statement="CREATE OR REPLACE TABLE trades AS SELECT * FROM read_csv('landing/*.csv')",
        connection="warehouse",
        result="none",
    )

    # Spark Provider: SparkSubmitOperator
    aggregated = spark_submit(
        task_id="aggregate",
        application="s3://code/aggregate_trades.py",
        connection="lake",
    )

    # dbt Provider: DbtCloudRunJobOperator
    modelled = dbt_run(task_id="model", project_dir="dbt_project", command="build")

    staged >> [fetched, aggregated]
    fetched >> loaded >> modelled
