"""Apache Airflow > TaskFlow API Patterns > Conditional execution (Airflow 3)."""

from datetime import datetime

from weft import DAG, task


@task.skip_if(lambda context: context["params"].get("skip_export"))
def export_data():
    """Only runs if skip_export param is not set."""
    return "exported"


@task.run_if(lambda context: context["dag_run"].run_type == "backfill")
def validate_backfill():
    """Only runs during backfills."""
    return "validated"


with DAG("conditional", start_date=datetime(2024, 1, 1), schedule="@daily", params={"skip_export": False}):
    export_data()
    validate_backfill()
