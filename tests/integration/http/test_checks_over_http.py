"""All checks in one list, artifacts by kind, and the log from its newest event on, over HTTP."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.integration.http import servers

from weft import wiring
from weft.service.server import locations

DEFINITIONS = """
from weft import *

days = DailyPartitions(start_date="2024-01-01", end_date="2024-01-06")

@asset(partitions=days, group="prices")
def prices(context) -> list:
    artifacts.markdown("# Prices", key="price-report", description="Prices of a day")
    artifacts.table([{"price": 1}], key="price-table")
    return [1, -2] if context.partition_key == "2024-01-03" else [1]

@asset_check(asset=prices, blocking=True)
def above_zero(prices: list) -> bool:
    return min(prices) > 0

@asset_check(asset=prices, severity="warn")
def more_than_one(prices: list) -> bool:
    return len(prices) > 1

@asset_check(asset=prices)
def not_empty(prices: list) -> bool:
    return len(prices) > 0

@asset
def lonely() -> int:
    return 1

@asset_check(asset=lonely)
def is_one(lonely: int) -> bool:
    return lonely == 1
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("checks")
    where = servers.project(folder, definitions=DEFINITIONS)
    subprocess.run(
        [sys.executable, "-m", "weft", "apply", "prices", "--yes"], cwd=folder, check=False, capture_output=True
    )
    world = wiring.open_world(where)
    locations.record_loaded(world, "main", source="shop.py", root=folder)
    world.ledger.close()
    with servers.running(folder) as server, server.client() as made:
        yield made


def _get(client: httpx.Client, path: str, **query: Any) -> Any:
    answer = client.get(f"/api/v1{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_fails_comes_first_and_says_on_how_many_partitions(client: httpx.Client) -> None:
    page = _get(client, "/checks")
    rows = [(each["check"], each["state"], each["failed"], each["results"]) for each in page["items"]]
    assert rows == [
        ("above_zero", "failed", 1, 5),
        ("more_than_one", "warned", 4, 5),
        ("is_one", "never", 0, 0),
        ("not_empty", "passed", 0, 5),
    ]
    assert page["counts"] == {"checks": 4, "failed": 1, "warned": 1}
    assert page["items"][2]["last"] is None
    assert page["items"][0]["last"]["run"]


def test_checks_are_filtered_by_state_severity_and_words(client: httpx.Client) -> None:
    def names(**query: Any) -> list[str]:
        return [each["check"] for each in _get(client, "/checks", **query)["items"]]

    assert names(state="failed") == ["above_zero"]
    assert names(state="warned") == names(severity="warn") == ["more_than_one"]
    assert names(state="well") == ["is_one", "not_empty"]
    assert names(blocking=True) == ["above_zero"]
    assert names(q="LONELY one") == ["is_one"]


def test_pages_of_checks_make_the_whole_list(client: httpx.Client) -> None:
    first = _get(client, "/checks", limit=3)
    second = _get(client, "/checks", limit=3, cursor=first["next"])
    assert [each["check"] for each in first["items"] + second["items"]] == [
        "above_zero", "more_than_one", "is_one", "not_empty",
    ]  # fmt: skip
    assert second["next"] is None


def test_results_of_one_check_alone_can_be_asked_for(client: httpx.Client) -> None:
    items = _get(client, "/assets/prices/checks", check="more_than_one", failed=True)["items"]
    assert {each["check"] for each in items} == {"more_than_one"}
    assert "2024-01-03" not in {each["partition"] for each in items}
    assert len(items) == 4


def test_the_log_is_read_from_its_newest_event_on_without_gaps(client: httpx.Client) -> None:
    every = [each["position"] for each in _get(client, "/ledger/events", limit=500)["items"]]
    found: list[int] = []
    cursor: dict[str, Any] = {}
    while True:
        page = _get(client, "/ledger/events", order="newest", limit=7, **cursor)
        found += [each["position"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert found == list(reversed(every))


def test_events_are_found_by_their_text_and_type(client: httpx.Client) -> None:
    found = _get(client, "/ledger/events", order="newest", q="ABOVE_zero")["items"]
    assert found
    assert all("above_zero" in str(each["body"]) for each in found)
    created = _get(client, "/ledger/events", order="newest", types="RunCreated")["items"]
    assert {each["type"] for each in created} == {"RunCreated"}


def test_artifacts_are_found_by_kind_and_by_words_of_their_key_or_description(client: httpx.Client) -> None:
    def keys(**query: Any) -> list[str]:
        return sorted(each["key"] for each in _get(client, "/artifacts", **query)["items"])

    assert keys() == ["price-report", "price-table"]
    assert keys(kind="table") == ["price-table"]
    assert keys(q="OF A DAY") == ["price-report"]
    assert keys(q="price-", kind="markdown") == ["price-report"]
    assert keys(q="nothing") == []


def test_text_is_refused_where_the_oldest_come_first(client: httpx.Client) -> None:
    answer = client.get("/api/v1/ledger/events", params={"q": "x"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "query.q"


def test_each_type_of_event_says_what_it_is(client: httpx.Client) -> None:
    items = {each["type"]: each["says"] for each in _get(client, "/ledger/event-types")["items"]}
    assert items["IncidentOpened"] == "Something is wrong that people should know of."
    assert all(items.values())
