"""The elements of a stored list, tuple or mapping, taken apart without decoding them, are those that it holds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.runtime import fanning
from weft.storage import json_values

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary() | st.dates()
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


def apart(value: object) -> list[object] | None:
    found = fanning.sliced(json_values.encode(value)[0])
    return None if found is None else [json_values.decode(each) for each in found]


@given(st.lists(VALUES) | st.lists(VALUES).map(tuple))
def test_the_elements_of_lists_and_tuples(value: list[object] | tuple[object, ...]) -> None:
    assert apart(value) == list(value)


@given(st.dictionaries(st.text() | st.integers(), VALUES))
def test_the_pairs_of_mappings_come_in_the_order_in_which_they_are_read_back(value: dict[object, object]) -> None:
    found = apart(value)
    read = json_values.decode(json_values.encode(value)[0])
    assert isinstance(read, dict)
    assert found is None or found == [list(pair) for pair in read.items()]


@pytest.mark.parametrize("value", ["abc", 7, None, datetime(2024, 1, 1, tzinfo=UTC), {1, 2}, b"ab"])
def test_what_has_no_elements_is_not_taken_apart(value: object) -> None:
    assert apart(value) is None
