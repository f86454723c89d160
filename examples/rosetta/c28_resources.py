"""Dagster > Core Concepts > Resources."""

import io

import boto3
import pandas as pd

from weft import Resource, asset


class S3Resource(Resource):
    bucket: str
    region: str = "us-east-1"

    def get_client(self):
        return boto3.client("s3", region_name=self.region)

    def read_parquet(self, key: str) -> pd.DataFrame:
        client = self.get_client()
        found = client.list_objects_v2(Bucket=self.bucket, Prefix=key)["Contents"]
        bodies = [client.get_object(Bucket=self.bucket, Key=each["Key"])["Body"].read() for each in found]
        return pd.concat([pd.read_parquet(io.BytesIO(body)) for body in bodies], ignore_index=True)


@asset
def trades_data(s3: S3Resource) -> pd.DataFrame:
    """Read trades from S3."""
    return s3.read_parquet("trades/latest/")


s3 = S3Resource(bucket="trading-data")  # a resource counts under the name that it has in the module
