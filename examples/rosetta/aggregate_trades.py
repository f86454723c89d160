"""What `spark_submit` submits in c03 and c12: it sums the staged trades by symbol and prints them as one line of JSON.

The test puts it where a team would have it: in the bucket `code`. It asks for the rows with `fsspec`, since Spark's own
access to S3 needs jars that this machine may not have.
"""

import json

import pandas as pd
from pyspark.sql import SparkSession, functions

spark = SparkSession.builder.config("spark.ui.enabled", "false").getOrCreate()
trades = spark.createDataFrame(pd.read_csv("s3://trading/staging/trades/2024-01-15.csv"))
volumes = trades.groupBy("symbol").agg(functions.sum("quantity").alias("quantity")).orderBy("symbol")
print(json.dumps({row["symbol"]: row["quantity"] for row in volumes.collect()}))
spark.stop()
