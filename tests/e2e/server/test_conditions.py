"""Conditions and webhooks on a server: what reads something that was made again follows by itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from dev_server import dev, project, weft

from weft.service.automation import webhooks

SOURCE = """
from weft import AutomationCondition, EnvVar, asset, dag, task, webhook

@asset
def raw() -> float:
    import time
    return time.time()

@asset(automation=AutomationCondition.eager())
def clean(raw: float) -> float:
    return raw

@asset(automation=AutomationCondition.eager())
def report(clean: float) -> float:
    return clean

@task
def ship(order: int) -> int:
    return order

@dag(params={"order": 0})
def shipping():
    ship("{{ params.order }}")

orders = webhook("orders", target=shipping, secret=EnvVar("ORDERS"), params={"order": "$.n"}, dedupe="$.id")
"""


@pytest.mark.slow
def test_what_is_below_follows_what_is_made_and_a_delivery_starts_one_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS", "shh-4711")
    folder = project(tmp_path, SOURCE)
    with dev(folder) as server:
        server.wait_for(lambda event: event["type"] == "AutomationActivated", 2)
        weft(folder, "materialize", "raw")
        server.wait_for(lambda event: event["type"] == "ExecutionFinished")
        assert {each["status"] for each in server.get("/assets")["items"]} == {"fresh"}
        weft(folder, "materialize", "raw")
        server.wait_for(lambda event: event["type"] == "ExecutionFinished", 2)
        assert {each["status"] for each in server.get("/assets")["items"]} == {"fresh"}
        told = server.get("/automations/condition:report/explain")
        assert told["asks"] == ""
        assert told["automation"]["decision"] == "started"

        body = json.dumps({"id": "o-7", "n": 7}).encode()
        address = f"{server.url}/api/v1/webhooks/orders/deliveries"
        headers = {**webhooks.sign("shh-4711", body, datetime.now(UTC)), "Content-Type": "application/json"}
        first, again = (httpx.post(address, content=body, headers=headers) for _ in range(2))
        assert first.status_code == again.status_code == 200, first.text
        assert first.json()["runs"] == again.json()["runs"]
        assert again.json()["repeated"]
        assert httpx.post(address, content=body + b" ", headers=headers).status_code == 401
        server.wait_for(lambda event: event["type"] == "RunFinished" and event["run"] == first.json()["runs"][0])
