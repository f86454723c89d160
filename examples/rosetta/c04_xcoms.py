"""Apache Airflow > Core Concepts > XComs."""

from weft import dag, task


@task
def extract():
    return {"count": 100}  # Kept in the ledger as the task's value


@task
def process(data):  # Read from there
    print(f"Processing {data['count']} records")


@dag
def xcoms():
    # Data flows through function arguments
    data = extract()
    process(data)
