"""Saved plans over HTTP: applied once however many ask at once, and of one that has drifted what still holds."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.http import servers

from weft import wiring
from weft.service.execution import executions
from weft.service.plan import planning
from weft.service.queue import queued, queueing
from weft.service.run import driving
from weft.service.server import locations

DEFINITIONS = """
from weft import DailyPartitions, asset

days = DailyPartitions(start_date="2024-01-01", end_date="2024-01-08")

@asset(partitions=days)
def raw(context) -> str:
    return context.partition_key

@asset(partitions=days)
def clean(raw: str) -> str:
    return raw.upper()
"""
ASK = {"select": "raw or clean", "partitions": "2024-01-01..2024-01-03"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[servers.Server]:
    world = wiring.open_world(servers.project(tmp_path, definitions=DEFINITIONS))
    locations.record_loaded(world, "main", source="shop.py", root=tmp_path)
    world.ledger.close()
    with servers.running(tmp_path) as running:
        yield running


def posted(client: httpx.Client, path: str, body: Any, status: int = 201) -> Any:
    answer = client.post(f"/api/v1{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def made_elsewhere(folder: Path, partitions: str) -> None:
    """Have some of raw made by another execution, from its beginning to its end."""
    world = wiring.open_world(wiring.Place(start=folder))
    ask = planning.Ask(selection="raw", partitions=partitions, exact=True)
    execution = executions.create(world, executions.Wanted(ask=ask)).id
    for row in queueing.take(world, room=10):
        queued.drive(world, row.id, driving.How(executor="inline", wait=False))
    executions.advance(world, world.clock.now())
    assert executions.get(world, execution).outcome == "succeeded"
    world.ledger.close()


def test_of_clients_that_apply_a_plan_at_once_one_does_and_the_others_are_told_which(server: servers.Server) -> None:
    with server.client() as client:
        plan = posted(client, "/plans", ASK)["id"]

    def apply(_: int) -> httpx.Response:
        with server.client() as own:
            return own.post(f"/api/v1/plans/{plan}/apply", json={})

    with futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(apply, range(6)))
    (made,) = [each.json()["id"] for each in answers if each.status_code == 201]
    refused = [each.json() for each in answers if each.status_code == 409]
    assert len(refused) == 5
    assert all(each["code"] == "conflict" and made in each["detail"] for each in refused)
    with server.client() as client:
        assert [each["id"] for each in client.get("/api/v1/executions").json()["items"]] == [made]


def test_who_repeats_a_request_under_its_key_gets_the_first_answer(server: servers.Server) -> None:
    with server.client(headers={"idempotency-key": "one"}) as client:
        plan = posted(client, "/plans", ASK)["id"]
    with server.client(headers={"idempotency-key": "two"}) as client:
        first = posted(client, f"/plans/{plan}/apply", {})
        again = client.post(f"/api/v1/plans/{plan}/apply", json={})
    assert (again.status_code, again.json()) == (201, first)
    assert again.headers["idempotency-replayed"] == "true"


def test_what_still_holds_is_shown_and_applied_and_the_rest_told_with_why(server: servers.Server) -> None:
    with server.client() as client:
        plan = posted(client, "/plans", ASK)["id"]
        whole = client.get(f"/api/v1/plans/{plan}/holding").json()
        assert (whole["outline"]["count"], whole["left_out"]) == (6, [])
        made_elsewhere(server.home.parent, "2024-01-02")
        assert posted(client, f"/plans/{plan}/apply", {}, 409)["code"] == "drift"
        found = client.get(f"/api/v1/plans/{plan}/holding").json()
        assert found["outline"]["count"] == 4
        left = [(each["name"], each["partitions"], each["count"]) for each in found["left_out"]]
        assert left == [("raw", "2024-01-02", 1), ("clean", "2024-01-02", 1)]
        made = posted(client, f"/plans/{plan}/apply", {"what_holds": True})
        assert made["total"] == 4
        told = made["options"]["not_holding"]
        assert [each.split(": ")[0] for each in told] == ["raw 2024-01-02", "clean 2024-01-02"]
        lines = client.get(f"/api/v1/executions/{made['id']}/partitions").json()["rows"]
        assert {each["name"]: each["counts"] for each in lines} == {"raw": {"left": 2}, "clean": {"left": 2}}


def test_a_plan_of_which_nothing_holds_is_refused(server: servers.Server) -> None:
    with server.client() as client:
        plan = posted(client, "/plans", {"select": "raw", "partitions": "2024-01-02"})["id"]
        made_elsewhere(server.home.parent, "2024-01-02")
        refused = posted(client, f"/plans/{plan}/apply", {"what_holds": True}, 409)
        assert refused["code"] == "drift"
        assert "Nothing of the plan holds any more" in refused["detail"]
        assert len(client.get("/api/v1/executions").json()["items"]) == 1
