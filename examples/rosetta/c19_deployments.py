"""Prefect > Deployment and Infrastructure > Deployments."""

from market import fetch_from_api, insert_to_db

from weft import flow, task


@task
def count_trades(date: str) -> int:
    return len(fetch_from_api(date))


@flow
def trading_etl(date: str):
    count = count_trades(date)
    insert_to_db("deployed", {"date": date, "count": count})
    return count


# A deployment is a definition like any other: it counts because this module holds it
deployment = trading_etl.deploy(
    name="daily-trading-etl",
    work_pool="trading-pool",
    schedule="0 6 * * *",  # 6 AM daily
    parameters={"date": "{{ now | strftime('%Y-%m-%d') }}"},
)
