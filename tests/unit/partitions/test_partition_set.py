"""Sets of ordinals against Python's own sets."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.model.partition_set import PartitionSet


@st.composite
def ordinal_sets(draw):
    """Sets that are few ranges, scattered, or fragmented enough to be held as bits."""
    shape = draw(st.sampled_from(["scattered", "ranges", "fragmented", "mixed"]))
    if shape == "scattered":
        return draw(st.sets(st.integers(0, 200), max_size=30))
    if shape == "ranges":
        pairs = draw(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 400)), max_size=6))
        return {each for start, length in pairs for each in range(start, start + length)}
    step = draw(st.integers(2, 5))
    start = draw(st.integers(0, 50))
    fragmented = set(range(start, start + 1500 * step, step))
    if shape == "mixed":
        low = draw(st.integers(0, 4000))
        fragmented |= set(range(low, low + draw(st.integers(0, 3000))))
        fragmented -= set(range(draw(st.integers(0, 2000)), 2500))
    return fragmented


@settings(max_examples=150, deadline=None)
@given(ordinal_sets(), ordinal_sets(), st.booleans(), st.booleans())
def test_operations_agree_with_sets(one, two, one_as_bits, two_as_bits):
    mine, others = PartitionSet.of(one), PartitionSet.of(two)
    if one_as_bits:
        mine = PartitionSet.from_bits(mine.bits())
    if two_as_bits:
        others = PartitionSet.from_bits(others.bits())
    for made, expected in (
        (mine | others, one | two),
        (mine & others, one & two),
        (mine - others, one - two),
    ):
        assert list(made) == sorted(expected)
        assert len(made) == len(expected)
        assert made == PartitionSet.of(expected)
        assert hash(made) == hash(PartitionSet.of(expected))
        bounds = [bound for pair in made.ranges() for bound in pair]
        assert bounds == sorted(set(bounds)), "ranges are maximal and in order"
    assert (mine <= others) == (one <= two)
    assert (mine < others) == (one < two)
    assert (mine >= others) == (one >= two)
    assert mine.isdisjoint(others) == one.isdisjoint(two)
    assert (mine == others) == (one == two)


@settings(max_examples=100, deadline=None)
@given(ordinal_sets(), st.integers(-300, 300), st.integers(0, 400))
def test_views_of_a_set_agree_with_sets(ordinals, offset, limit):
    held = PartitionSet.of(ordinals)
    assert [each in held for each in range(260)] == [each in ordinals for each in range(260)]
    assert bool(held) == bool(ordinals)
    assert list(held.shift(offset)) == sorted(each + offset for each in ordinals if each + offset >= 0)
    assert list(held.take(limit)) == sorted(ordinals)[:limit]
    assert [each for start, stop in held.ranges() for each in range(start, stop)] == sorted(ordinals)
    assert held.is_range == (len(ordinals) == 0 or max(ordinals) - min(ordinals) + 1 == len(ordinals))
    if ordinals:
        assert (held.first, held.last) == (min(ordinals), max(ordinals))


@settings(max_examples=60, deadline=None)
@given(ordinal_sets())
def test_a_set_survives_json_and_bits(ordinals):
    held = PartitionSet.of(ordinals)
    assert PartitionSet.decode(json.loads(json.dumps(held.encode()))) == held
    assert PartitionSet.from_bits(held.bits()) == held
    assert PartitionSet.of(sorted(ordinals)) == held
    assert PartitionSet(sorted(ordinals, reverse=True)) == held


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=12))
def test_ranges_may_come_overlapping_and_in_any_order(pairs):
    ranges = [(start, start + length) for start, length in pairs]
    expected = {each for start, stop in ranges for each in range(start, stop)}
    assert list(PartitionSet.from_ranges(ranges)) == sorted(expected)


def test_an_empty_set_has_neither_first_nor_last():
    empty = PartitionSet.empty()
    assert not empty
    assert empty.encode() == []
    with pytest.raises(ValueError):
        _ = empty.first
    with pytest.raises(ValueError):
        _ = empty.last


@pytest.mark.parametrize(
    "make",
    [
        lambda: PartitionSet.of([-1]),
        lambda: PartitionSet.range(-1, 3),
        lambda: PartitionSet.from_ranges([(3, 1)]),
        lambda: PartitionSet.decode([[-2, 3]]),
        lambda: PartitionSet.from_bits(-1),
    ],
)
def test_negative_ordinals_and_reversed_ranges_are_refused(make):
    with pytest.raises(ValueError):
        make()


def test_a_far_ordinal_does_not_cost_its_distance():
    far = PartitionSet.of([5, 10**15])
    assert list(far | PartitionSet.of([7])) == [5, 7, 10**15]
    assert list(PartitionSet.from_bits(0b1000) | far) == [3, 5, 10**15]
    assert 10**15 in far


def test_representation_shows_ranges():
    assert repr(PartitionSet.of([0, 1, 2, 5])) == "PartitionSet(0..2, 5)"
