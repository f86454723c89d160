"""Dagster > Core Concepts > Ops and Jobs (legacy/advanced)."""

from market import fetch_from_api

from weft import job, op


@op
def extract_op(context):
    return fetch_from_api("2024-01-15")


@op
def transform_op(context, data):
    context.log.info(f"{len(data)} trades")
    return sum(trade["quantity"] for trade in data)


@job
def etl_job():
    transform_op(extract_op())
