"""Apache Airflow > Core Concepts > Tasks."""

from weft import dag, task


@task
def extract():
    # Extract data from source
    return {"records": 1000}


@task
def transform(data):
    # Transform data
    return {"records": data["records"], "transformed": True}


@task
def load(data):
    # Load to destination
    print(f"Loaded {data['records']} records")


@dag
def tasks():
    load(transform(extract()))
