"""What is written of a set of partitions is read back as the same set."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from weft.model import partitions
from weft.model.partition_set import PartitionSet

NOW = datetime(2024, 3, 1, tzinfo=UTC)
DAYS = partitions.DailyPartitions("2024-01-01")
SYMBOLS = partitions.StaticPartitions(["AAPL", "AMZN", "IBM", "MSFT"])
DEFINITIONS = [
    DAYS,
    SYMBOLS,
    partitions.MonthlyPartitions("2020-01-01"),
    partitions.MultiPartitions({"date": DAYS, "symbol": SYMBOLS}),
    partitions.MultiPartitions({"symbol": SYMBOLS, "date": DAYS}),
]


@given(st.sampled_from(DEFINITIONS), st.sets(st.integers(0, 160), min_size=1))
def test_a_set_is_read_back_from_its_text(definition: partitions.Partitions, drawn: set[int]) -> None:
    ordinals = PartitionSet.of(sorted(drawn)) & definition.universe(NOW)
    text = partitions.write_selection(ordinals, definition)
    assert (partitions.parse_selection(text, definition, NOW) if text else PartitionSet.empty()) == ordinals


def test_ranges_and_rectangles_are_short() -> None:
    week = DAYS.universe(NOW) & PartitionSet.range(0, 7)
    assert partitions.write_selection(week, DAYS) == "2024-01-01..2024-01-07"
    both = partitions.MultiPartitions({"date": DAYS, "symbol": SYMBOLS})
    block = partitions.parse_selection("2024-01-01..2024-01-07|AAPL", both, NOW)
    assert partitions.write_selection(block, both) == "2024-01-01..2024-01-07|AAPL"
