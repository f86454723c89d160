"""One action on every run that matches: counted first, carried out one by one, and never on what came later."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.http import servers

from weft import wiring
from weft.model import events
from weft.service.server import locations

DEFINITIONS = """
from datetime import datetime
from weft import dag, task

@task
def load(day: str) -> str:
    return day

@dag(schedule="@daily", start_date=datetime(2024, 1, 1), end_date=datetime(2024, 3, 1))
def nightly():
    load("{{ ds }}")
"""
COUNT = 60


@pytest.fixture
def server(tmp_path: Path) -> Iterator[servers.Server]:
    where = servers.project(tmp_path, definitions=DEFINITIONS)
    world = wiring.open_world(where)
    locations.record_loaded(world, "main", source="shop.py", root=tmp_path)
    made: list[events.Event] = []
    for number in range(COUNT):
        made.append(events.RunCreated(run=f"waits{number:03d}", execution="", pipeline="nightly", pool="default"))
    made.append(events.RunCreated(run="child", execution="", pipeline="nightly", parent="waits000"))
    for number in range(5):
        run = f"ended{number}"
        made.append(events.RunCreated(run=run, execution="", pipeline="nightly", partition=f"2024-01-0{number + 1}"))
        made.append(events.RunStarted(run=run))
        outcome = "failed" if number < 3 else "succeeded"
        made.append(
            events.RunFinished(run=run, outcome=outcome, pipeline="nightly", partition=f"2024-01-0{number + 1}")
        )  # type: ignore[arg-type]
    made.append(events.RunCreated(run="assets", execution=""))
    made.append(events.RunFinished(run="assets", outcome="failed"))
    world.ledger.append(made)
    world.ledger.close()
    with servers.running(tmp_path) as running:
        yield running


class Api:
    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def post(self, path: str, body: Any, status: int) -> Any:
        answer = self.client.post(f"/api/v1{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def ended(self, operation: str) -> Any:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            told = self.client.get(f"/api/v1/operations/{operation}", params={"wait": 5}).json()
            if told["state"] == "finished":
                return told
        raise AssertionError("it does not end")

    def runs(self, **query: Any) -> list[Any]:
        found: list[Any] = self.client.get("/api/v1/runs", params={"limit": 500, **query}).json()["items"]
        return found


@pytest.fixture
def api(server: servers.Server) -> Iterator[Api]:
    with server.client() as client:
        yield Api(client)


def test_all_runs_that_match_are_counted_and_then_cancelled(api: Api) -> None:
    asked: dict[str, Any] = {"action": "cancel", "filters": {"pipeline": "nightly"}}
    preview = api.post("/runs/bulk/preview", asked, 200)
    assert (preview["count"], preview["exact"], len(preview["sample"])) == (COUNT, True, 5)
    assert preview["refused"] == [{"reason": "was called by another run, which is to be cancelled", "count": 1}]
    assert len(api.runs(live=True)) == COUNT + 1  # nothing happened yet
    begun = api.post("/runs/bulk", {**asked, "most": COUNT}, 202)
    told = api.ended(begun["operation"])
    assert (told["kind"], told["outcome"], told["by"]) == ("bulk", "succeeded", "me")
    assert told["answer"] == {"total": COUNT, "done": COUNT, "failed": [], "runs": []}
    assert [each["id"] for each in api.runs(live=True)] == ["child"]
    cancelled = api.runs(outcome="cancelled")
    assert len(cancelled) == COUNT
    audit = api.client.get("/api/v1/audit").json()["items"]
    assert any(each["target"] == f"operation:{begun['operation']}" for each in audit)


def test_failed_runs_are_repeated_and_what_can_not_be_is_told_with_the_reason(api: Api) -> None:
    asked: dict[str, Any] = {"action": "rerun", "filters": {"outcome": "failed"}}
    preview = api.post("/runs/bulk/preview", asked, 200)
    assert preview["count"] == 3
    assert preview["refused"] == [{"reason": "made assets: these are planned anew", "count": 1}]
    told = api.ended(api.post("/runs/bulk", asked, 202)["operation"])
    new = told["answer"]["runs"]
    assert len(new) == 3
    again = {each["id"]: each for each in api.runs(trigger="rerun")}
    assert {again[each]["rerun_of"] for each in new} == {"ended0", "ended1", "ended2"}
    assert {again[each]["by"] for each in new} == {"me"}


def test_what_moved_since_it_was_counted_is_not_acted_upon(server: servers.Server, api: Api) -> None:
    asked: dict[str, Any] = {"action": "cancel", "filters": {"pipeline": "nightly"}, "most": COUNT}
    with server.serving.ledger() as ledger:
        ledger.append([events.RunCreated(run="late", execution="", pipeline="nightly", pool="default")])
    refused = api.post("/runs/bulk", asked, 409)
    assert refused["detail"] == f"{COUNT + 1} runs match now, and {COUNT} were agreed to."
    assert len(api.runs(live=True)) == COUNT + 2


def test_an_action_on_nothing_is_refused(api: Api) -> None:
    asked = {"action": "cancel", "filters": {"pipeline": "nothing"}}
    assert api.post("/runs/bulk/preview", asked, 200)["count"] == 0
    api.post("/runs/bulk", asked, 409)
    api.post("/runs/bulk", {"action": "delete", "filters": {}}, 422)
