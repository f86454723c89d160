"""What is written of a set of partitions is read back as the same set."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from weft.model import chosen, partitions
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


ODD = ["a,b", "x..y", "]; z[", 'say "hi"', '"', "[", "a|b", "plain", '"quoted"', "..", 'a",b', "é 名"]
ODD_KEYS = partitions.StaticPartitions(ODD)
ODD_DIMENSIONS = partitions.MultiPartitions(
    {"date": DAYS, "name": partitions.StaticPartitions([each for each in ODD if "|" not in each])}
)


@given(st.sampled_from([ODD_KEYS, ODD_DIMENSIONS]), st.sets(st.integers(0, 60), min_size=1))
def test_keys_with_commas_dots_and_quotes_are_read_back(definition: partitions.Partitions, drawn: set[int]) -> None:
    ordinals = PartitionSet.of(sorted(drawn)) & definition.universe(NOW)
    text = partitions.write_selection(ordinals, definition)
    assert (partitions.parse_selection(text, definition, NOW) if text else PartitionSet.empty()) == ordinals


def test_such_keys_are_read_back_where_each_asset_has_its_own() -> None:
    texts = {
        key: partitions.write_selection(PartitionSet.of([at]), ODD_KEYS) for at, key in enumerate(["one", "two", "x/y"])
    }
    assert chosen.read(chosen.write(texts), texts) == texts


def test_a_key_in_quotes_is_named_by_hand() -> None:
    assert partitions.parse_selection('"a,b", plain', ODD_KEYS, NOW) == PartitionSet.of([0, 7])
    assert partitions.parse_selection("a,b", ODD_KEYS, NOW) == PartitionSet.of([0])
