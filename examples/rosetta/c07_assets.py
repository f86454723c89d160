"""Apache Airflow > Airflow 3.0 Architecture > Asset-Based Scheduling."""

from weft import Asset, dag, task

# Define assets
trades_raw = Asset("s3://data/raw/trades/")
trades_processed = Asset("s3://data/processed/trades/")


@task(inlets=[trades_raw], outlets=[trades_processed])
def process_trades():
    """Transform raw trades to processed."""
    # The task declares its data dependencies: what it returns is a version of its outlet
    return {"trades": 2}


@dag
def upstream_processing():
    process_trades()


# The DAG is due when the asset is updated
@dag(schedule=[trades_raw])
def downstream_analysis():
    """Runs when trades_raw is updated."""

    @task(inlets=[trades_raw])
    def analyse():
        return "analysed"

    analyse()
