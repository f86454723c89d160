"""What a server tells of very many partitions comes in parts, and says so."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.http import servers

from weft import wiring
from weft.service import views
from weft.service import world as worlds
from weft.service.asset import partition_keys
from weft.service.plan import planning

DEFINITIONS = """
from weft import StaticPartitions, asset

letters = StaticPartitions([*"abcdefg"])

@asset(partitions=letters)
def first(context) -> str:
    return context.partition_key

@asset(partitions=letters)
def second(first: str) -> str:
    return first

@asset
def alone() -> int:
    return 1
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[worlds.World]:
    opened = wiring.open_world(servers.project(tmp_path, definitions=DEFINITIONS))
    with contextlib.closing(opened.ledger):
        yield opened


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_pages_of_partitions_make_up_all_of_them(world: worlds.World, size: int) -> None:
    whole = partition_keys.partitions_of(world, "first")
    found: list[partition_keys.PartitionView] = []
    after: int | None = -1
    while after is not None:
        page, after = partition_keys.page_of(world, "first", None, after=after, limit=size)
        assert page.counts == whole.counts == {"missing": 7}
        assert 0 < len(page.partitions) <= size
        found += page.partitions
    assert found == whole.partitions


@pytest.mark.parametrize(("most", "listed"), [(0, [0, 0]), (3, [3, 0]), (9, [7, 2]), (14, [7, 7]), (None, [7, 7])])
def test_a_plan_lists_so_many_keys_and_counts_the_others(
    world: worlds.World, most: int | None, listed: list[int]
) -> None:
    made = planning.make_plan(world, planning.Ask())
    view = views.plan_view(world.planned, made, most=most)
    assert [len(each.partitions) for each in view.steps if each.partitions is not None] == listed
    assert view.count == 15
    assert sum(each.left_out or 0 for each in view.steps) == 14 - sum(listed)


def test_a_stream_refuses_to_go_on_after_what_is_no_event(tmp_path: Path) -> None:
    with servers.running(tmp_path) as running, running.client() as client:
        for wrong in ("abc", "-1", "9" * 20):
            answer = client.get("/api/v1/events", headers={"last-event-id": wrong, "accept": "text/event-stream"})
            assert (answer.status_code, answer.json()["code"]) == (400, "usage")
            assert "no position in the log" in answer.json()["detail"]
