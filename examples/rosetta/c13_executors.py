"""Apache Airflow > Executors."""

import os

from weft import dag, task


# Task-specific executor override
@task(
    executor="process",
    resources={
        "memory": "2Gi",
        "cpu": 1,
        "image": "custom-image:latest",
    },
)
def heavy_computation():
    print(f"heavy in {os.getpid()}")


@task(executor="inline")
def light_computation():
    print(f"light in {os.getpid()}")


@dag
def executors():
    heavy_computation()
    light_computation()
