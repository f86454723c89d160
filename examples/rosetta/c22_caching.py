"""Prefect > Advanced Patterns > Caching."""

from datetime import timedelta

from weft import Cache, Inputs, flow, task


@task(cache=Cache(Inputs(), expires=timedelta(hours=24)))
def expensive_computation(data: dict) -> dict:
    """Result cached for 24 hours based on input hash."""
    print("computing")
    return {"total": sum(data.values())}


@flow
def cached() -> dict:
    return expensive_computation({"a": 1, "b": 2})


if __name__ == "__main__":
    print(cached())
