"""The states of an asset's partitions in a few columns."""

from __future__ import annotations

from weft.model import partition_set, plan
from weft.service.asset import mini_strips

span = partition_set.PartitionSet.range


def status(**sets: partition_set.PartitionSet) -> plan.AssetStatus:
    return plan.AssetStatus(asset="a", partitioned=True, by_status=sets, causes=())  # type: ignore[arg-type]


def test_one_state_is_one_column() -> None:
    assert mini_strips.mini(status(fresh=span(0, 5000))) == [("fresh", 1)]


def test_the_most_urgent_state_of_a_column_is_seen() -> None:
    strip = mini_strips.mini(status(missing=span(0, 300), fresh=span(300, 640), failed=span(639, 640)))
    assert strip == [("missing", 15), ("fresh", 16), ("failed", 1)]


def test_few_partitions_have_a_column_each() -> None:
    strip = mini_strips.mini(status(fresh=span(3, 5), stale=span(5, 6)))
    assert strip == [("fresh", 2), ("stale", 1)]


def test_a_gap_has_no_state() -> None:
    strip = mini_strips.mini(status(fresh=span(0, 1), stale=span(3, 4)))
    assert strip == [("fresh", 1), ("", 2), ("stale", 1)]


def test_fragments_cost_no_more_than_columns() -> None:
    odd = partition_set.PartitionSet.of(range(1, 20_001, 2))
    even = partition_set.PartitionSet.of(range(0, 20_000, 2))
    assert mini_strips.mini(status(failed=odd, fresh=even)) == [("failed", 32)]


def test_an_asset_without_partitions_has_no_strip() -> None:
    whole = plan.AssetStatus(asset="a", partitioned=False, by_status={"fresh": span(0, 1)}, causes=())
    assert mini_strips.mini(whole) == []
