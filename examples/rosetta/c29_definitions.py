"""Dagster > Core Concepts > Definitions."""

from c26_assets import daily_metrics, processed_trades, raw_trades
from c28_resources import S3Resource

from weft import Definitions, EnvVar, Resource, job


class WarehouseResource(Resource):
    path: str


defs = Definitions(
    assets=[raw_trades, processed_trades, daily_metrics],
    resources={
        "s3": S3Resource(bucket="trading-data"),
        "warehouse": WarehouseResource(path=EnvVar("WAREHOUSE", default="warehouse.db")),
    },
    jobs=[
        job("daily_refresh", selection="*", schedule="0 6 * * *"),
    ],
)
