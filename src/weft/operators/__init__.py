"""Operators: tasks that are there already. Each may be called in a DAG, in a flow, in a body, or by itself.

    from weft import DAG
    from weft.operators import shell, transfer

    with DAG("nightly"):
        copied = transfer(task_id="copy", source="s3://raw/trades/", destination="s3://staging/trades/")
        shell(task_id="tell", command="echo {{ ds }} is here", retries=2) << copied

Besides its own arguments a call takes the options of a task: `task_id`, `retries`, `pool`, `trigger_rule` …
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weft.operators.callables import PythonOperator as PythonOperator
    from weft.operators.callables import python as python
    from weft.operators.containers import docker_run as docker_run
    from weft.operators.dbt import dbt_assets as dbt_assets
    from weft.operators.dbt import dbt_run as dbt_run
    from weft.operators.mail import email as email
    from weft.operators.requests import http as http
    from weft.operators.shelling import shell as shell
    from weft.operators.spark import spark_submit as spark_submit
    from weft.operators.statements import sql as sql
    from weft.operators.transfers import transfer as transfer
    from weft.operators.venvs import python_venv as python_venv
    from weft.operators.waiting import wait_for_asset as wait_for_asset
    from weft.operators.waiting import wait_for_delta as wait_for_delta
    from weft.operators.waiting import wait_for_file as wait_for_file
    from weft.operators.waiting import wait_for_http as wait_for_http
    from weft.operators.waiting import wait_for_pipeline as wait_for_pipeline
    from weft.operators.waiting import wait_for_sql as wait_for_sql
    from weft.operators.waiting import wait_until as wait_until

_NAMES = {
    "PythonOperator": "callables",
    "dbt_assets": "dbt",
    "dbt_run": "dbt",
    "docker_run": "containers",
    "email": "mail",
    "http": "requests",
    "python": "callables",
    "python_venv": "venvs",
    "shell": "shelling",
    "spark_submit": "spark",
    "sql": "statements",
    "transfer": "transfers",
    "wait_for_asset": "waiting",
    "wait_for_delta": "waiting",
    "wait_for_file": "waiting",
    "wait_for_http": "waiting",
    "wait_for_pipeline": "waiting",
    "wait_for_sql": "waiting",
    "wait_until": "waiting",
}

__all__ = [
    "PythonOperator",
    "dbt_assets",
    "dbt_run",
    "docker_run",
    "email",
    "http",
    "python",
    "python_venv",
    "shell",
    "spark_submit",
    "sql",
    "transfer",
    "wait_for_asset",
    "wait_for_delta",
    "wait_for_file",
    "wait_for_http",
    "wait_for_pipeline",
    "wait_for_sql",
    "wait_until",
]


def __getattr__(name: str) -> Any:
    """Import an operator when it is asked for."""
    module = _NAMES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{module}"), name)
