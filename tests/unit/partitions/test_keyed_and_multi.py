"""Static, dynamic and multi-dimensional partitions."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.model import partitions as p
from weft.model.errors import UsageError

NOW = datetime(2024, 1, 4, tzinfo=UTC)
SYMBOLS = p.StaticPartitions(["AAPL", "FB", "IBM"])
KEYS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=5)


@given(st.lists(KEYS, min_size=1, max_size=20, unique=True))
def test_static_keys_go_round(keys):
    static = p.StaticPartitions(keys)
    assert static.keys(static.universe(NOW)) == keys
    assert static.ordinals([*keys, "no such key"]) == [*range(len(keys)), None]
    assert p.from_snapshot(static.snapshot()) == static


def test_static_fingerprints_follow_keys_and_order():
    prints = {p.StaticPartitions(each).fingerprint for each in (["a", "b"], ["b", "a"], ["a", "b", "c"], ["ab"])}
    assert len(prints) == 4
    assert p.StaticPartitions(["a", "b"]).fingerprint == p.StaticPartitions(("a", "b")).fingerprint


@pytest.mark.parametrize("keys", [[], ["a", "a"], [""], [" a"], ["a\n"], [1], "abc", ["*"]])
def test_keys_that_cannot_be_are_refused(keys):
    with pytest.raises(p.PartitionsError):
        p.StaticPartitions(keys)


def test_a_mistyped_key_gets_a_close_one():
    with pytest.raises(p.UnknownPartitionError, match="Did you mean 'AAPL'") as caught:
        SYMBOLS.ordinal("APPL")
    assert caught.value.close == ("AAPL",)


def test_dynamic_partitions_are_useless_before_they_are_resolved():
    customers = p.DynamicPartitions("customers")
    for use in (lambda: customers.universe(NOW), lambda: customers.key(0), lambda: customers.ordinal("acme")):
        with pytest.raises(p.UnresolvedPartitionsError, match="'customers'"):
            use()


def test_a_removed_key_leaves_a_hole():
    customers = p.DynamicPartitions("customers").with_keys(["acme", "beta", "corp"], removed=["beta"])
    assert list(customers.universe(NOW)) == [0, 2]
    assert customers.ordinals(["acme", "beta", "corp", "dora"]) == [0, None, 2, None]
    assert customers.key(1) == "beta"
    with pytest.raises(p.UnknownPartitionError, match="removed"):
        customers.ordinal("beta")
    assert customers.fingerprint == p.DynamicPartitions("customers").fingerprint


def test_resolving_by_name_gives_keys_in_any_definition():
    dynamic = {"customers": p.DynamicKeys(("acme", "beta"), frozenset({"acme"}))}
    daily = p.DailyPartitions("2024-01-01", "2024-01-03")
    multi = p.MultiPartitions({"date": daily, "customer": p.DynamicPartitions("customers")})
    assert multi.dynamic_names() == {"customers"}
    resolved = multi.resolve(dynamic)
    assert resolved.keys(resolved.universe(NOW)) == ["2024-01-01|beta", "2024-01-02|beta"]
    assert daily.resolve(dynamic) is daily
    assert not p.DynamicPartitions("other").resolve(dynamic).universe(NOW)
    with pytest.raises(p.PartitionsError, match="separates"):
        multi.resolve({"customers": p.DynamicKeys(("a|b",))})


def test_growth_shifts_no_ordinal():
    daily = p.DailyPartitions("2024-01-01")
    multi = p.MultiPartitions({"symbol": SYMBOLS, "date": daily})
    before = {key: multi.ordinal(key) for key in multi.keys(multi.universe(NOW))}
    later = datetime(2024, 1, 9, tzinfo=UTC)
    assert {key: multi.ordinal(key) for key in before} == before
    assert multi.universe(NOW) <= multi.universe(later)
    assert multi.universe(NOW) == p.PartitionSet.range(0, 9)
    assert multi.keys(p.PartitionSet.range(2, 5)) == ["IBM|2024-01-01", "AAPL|2024-01-02", "FB|2024-01-02"]
    customers = p.DynamicPartitions("c")
    few = p.MultiPartitions({"date": p.DailyPartitions("2024-01-01", "2024-01-03"), "c": customers.with_keys(["x"])})
    more = p.MultiPartitions(
        {"date": p.DailyPartitions("2024-01-01", "2024-01-03"), "c": customers.with_keys(["x", "y"])}
    )
    assert few.fingerprint == more.fingerprint
    assert [more.ordinal(key) for key in few.keys(few.universe(NOW))] == list(few.universe(NOW))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=3), st.booleans(), st.data())
def test_keys_and_ordinals_of_several_dimensions_go_round(sizes, first, data):
    dimensions = [
        (f"d{place}", p.StaticPartitions([f"{place}{each}" for each in range(size)]))
        for place, size in enumerate(sizes)
    ]
    dimensions.insert(0 if first else len(dimensions), ("date", p.DailyPartitions("2023-12-01")))
    multi = p.MultiPartitions(dict(dimensions))
    universe = multi.universe(NOW)
    keys = multi.keys(universe)
    assert len(set(keys)) == len(universe) == 34 * len(universe) // 34
    assert multi.ordinals(keys) == list(universe)
    assert [multi.ordinal(key) for key in keys] == list(universe)
    assert [multi.key(each) for each in universe] == keys
    chosen = p.PartitionSet.of(data.draw(st.sets(st.integers(0, len(universe) - 1))))
    assert multi.keys(chosen) == [multi.key(each) for each in chosen]
    again = p.PartitionSet.empty()
    for rectangle in multi.rectangles(chosen):
        part = multi.product(rectangle)
        assert part.isdisjoint(again)
        again |= part
    assert again == chosen
    assert p.from_snapshot(multi.snapshot()) == multi


def test_a_time_dimension_that_has_not_reached_its_end_limits_the_combinations():
    weeks = p.WeeklyPartitions("2024-01-01", "2024-02-05")
    days = p.DailyPartitions("2024-01-01")
    multi = p.MultiPartitions({"week": weeks, "day": days})
    now = datetime(2024, 1, 16, tzinfo=UTC)
    keys = multi.keys(multi.universe(now))
    assert len(keys) == 2 * 15
    assert (keys[0], keys[-1]) == ("2024-01-01|2024-01-01", "2024-01-08|2024-01-15")
    assert multi.window(0) is None
    assert p.MultiPartitions({"day": days, "s": SYMBOLS}).window(3) == days.window(1)


@pytest.mark.parametrize(
    ("dimensions", "says"),
    [
        ({"a": SYMBOLS}, "1 of them"),
        ({"a": p.DailyPartitions("2024-01-01"), "b": p.DynamicPartitions("c")}, "a and b both grow"),
        ({"a": SYMBOLS, "b c": SYMBOLS}, "'b c'"),
        ({"a": SYMBOLS, "b": p.StaticPartitions(["x|y"])}, "'x|y'"),
        ({"a": SYMBOLS, "b": p.MultiPartitions({"c": SYMBOLS, "d": SYMBOLS})}, "MultiPartitions"),
        ({"a": SYMBOLS, "b": ["x"]}, "list"),
    ],
)
def test_dimensions_that_do_not_fit_are_named(dimensions, says):
    with pytest.raises(p.PartitionsError) as caught:
        p.MultiPartitions(dimensions)
    assert says in str(caught.value)


MULTI = p.MultiPartitions({"date": p.DailyPartitions("2024-01-01"), "symbol": SYMBOLS})


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("2024-01-01", "A key has 2 parts, joined by '|': date|symbol"),
        ("2024-01-01|APPL", "because of its symbol"),
        ("2023-01-01|AAPL", "the first one is '2024-01-01'"),
    ],
)
def test_the_wrong_part_of_a_key_is_named(key, says):
    with pytest.raises(p.UnknownPartitionError) as caught:
        MULTI.ordinal(key)
    assert says in str(caught.value)


DAILY = p.DailyPartitions("2024-01-01", "2024-02-01")
LATER = datetime(2024, 1, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("definition", "text", "keys"),
    [
        (DAILY, "2024-01-05", ["2024-01-05"]),
        (DAILY, " 2024-01-05 , 2024-01-02", ["2024-01-02", "2024-01-05"]),
        (DAILY, "2024-01-04..2024-01-06", ["2024-01-04", "2024-01-05", "2024-01-06"]),
        (DAILY, "2024-01-09..", ["2024-01-09", "2024-01-10"]),
        (DAILY, "..2024-01-02", ["2024-01-01", "2024-01-02"]),
        (DAILY, "..2024-01-01,2024-01-10", ["2024-01-01", "2024-01-10"]),
        (SYMBOLS, "*", ["AAPL", "FB", "IBM"]),
        (SYMBOLS, "FB..IBM", ["FB", "IBM"]),
        (p.StaticPartitions(["a,b", "a..b", "a"]), "a,b", ["a,b"]),
        (p.StaticPartitions(["a,b", "a..b", "a"]), "a..b", ["a..b"]),
        (MULTI, "2024-01-02|*", ["2024-01-02|AAPL", "2024-01-02|FB", "2024-01-02|IBM"]),
        (MULTI, "2024-01-09..|IBM", ["2024-01-09|IBM", "2024-01-10|IBM"]),
        (MULTI, "2024-01-02|IBM..2024-01-03|AAPL", ["2024-01-02|IBM", "2024-01-03|AAPL"]),
        (MULTI, "2024-01-02|IBM,2024-01-04|FB", ["2024-01-02|IBM", "2024-01-04|FB"]),
    ],
)
def test_what_is_typed_selects(definition, text, keys):
    assert definition.keys(p.parse_selection(text, definition, LATER)) == keys


@pytest.mark.parametrize(
    ("definition", "text", "says"),
    [
        (DAILY, "2024-01-11", "does not exist yet: its window ends at 2024-01-12 00:00"),
        (DAILY, "2024-01-05..2024-01-20", "'2024-01-01' to '2024-01-10'"),
        (DAILY, "2023-12-31", "the first one is '2024-01-01'"),
        (DAILY, "2024-02-01", "the last one is '2024-01-31'"),
        (DAILY, "2024-01-05,nonsense", "'nonsense'"),
        (DAILY, "x..2024-01-05", "'x'"),
        (SYMBOLS, "APPL", "Did you mean 'AAPL'"),
        (MULTI, "2024-01-05|APPL", "because of its symbol"),
        (MULTI, "2024-01-20|AAPL", "does not exist yet"),
        (MULTI, "2024-01-20|*", "does not exist yet"),
        (p.DailyPartitions("2025-01-01"), "2025-01-01", "exists yet"),
        (p.DailyPartitions("2025-01-01"), "..2025-01-01", "exists yet"),
    ],
)
def test_what_selects_nothing_is_explained(definition, text, says):
    with pytest.raises(p.UnknownPartitionError) as caught:
        p.parse_selection(text, definition, LATER)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("definition", "text", "says"),
    [
        (DAILY, "2024-01-06..2024-01-04", "is reversed"),
        (DAILY, "2024-01-06,,2024-01-04", "empty part"),
        (DAILY, "", "empty part"),
        (None, "2024-01-06", "Leave --partitions out"),
    ],
)
def test_a_selection_that_makes_no_sense_is_refused(definition, text, says):
    with pytest.raises(UsageError) as caught:
        p.parse_selection(text, definition, LATER)
    assert says in str(caught.value)


def test_an_unknown_kind_of_snapshot_is_refused():
    with pytest.raises(p.PartitionsError, match="'lunar'"):
        p.from_snapshot({"kind": "lunar"})
    with pytest.raises(p.PartitionsError, match="'lunar'"):
        p.mapping_from_snapshot({"kind": "lunar"})
