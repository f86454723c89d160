import datetime
import decimal
import itertools

import pandas
import polars
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.model import errors
from weft.storage import table_hashing, tables


def version(value: object) -> str:
    kind = tables.kind_of(type(value))
    assert kind is not None
    return table_hashing.version(tables.to_arrow(value, kind))


TYPES = {
    pyarrow.int64(): st.integers(-(2**63), 2**63 - 1),
    pyarrow.int8(): st.integers(-128, 127),
    pyarrow.float64(): st.floats(),
    pyarrow.float32(): st.floats(width=32),
    pyarrow.bool_(): st.booleans(),
    pyarrow.string(): st.text(st.characters(codec="utf-8"), max_size=5),
    pyarrow.binary(): st.binary(max_size=5),
    pyarrow.date32(): st.dates(),
    pyarrow.timestamp("us", "UTC"): st.datetimes(timezones=st.just(datetime.UTC)),
    pyarrow.decimal128(20, 2): st.decimals(-(10**15), 10**15, places=2),
    pyarrow.list_(pyarrow.int32()): st.lists(st.none() | st.integers(-5, 5), max_size=3),
    pyarrow.list_(pyarrow.string()): st.lists(st.none() | st.text("ab", max_size=2), max_size=3),
    pyarrow.list_(pyarrow.float64(), 2): st.lists(st.integers(0, 3).map(float), min_size=2, max_size=2),
    pyarrow.struct([("a", pyarrow.int64()), ("b", pyarrow.string())]): st.fixed_dictionaries(
        {"a": st.none() | st.integers(0, 3), "b": st.none() | st.text("ab", max_size=2)}
    ),
    pyarrow.map_(pyarrow.string(), pyarrow.int64()): st.lists(
        st.tuples(st.text("ab", max_size=2), st.integers(0, 2)), max_size=2
    ),
    pyarrow.binary(3): st.binary(min_size=3, max_size=3),
    pyarrow.duration("us"): st.timedeltas(datetime.timedelta(-10000), datetime.timedelta(10000)),
    pyarrow.time64("us"): st.times(),
    pyarrow.null(): st.none(),
}
columns = st.sampled_from(list(TYPES)).flatmap(
    lambda kind: st.tuples(st.just(kind), st.lists(st.none() | TYPES[kind], max_size=12))
)


@settings(max_examples=150)
@given(columns, st.lists(st.integers(0, 12), max_size=3), st.booleans())
def test_chunks_and_what_lies_before_a_slice_do_not_count(column, cuts, dirty) -> None:  # type: ignore[no-untyped-def]
    kind, values = column
    whole = pyarrow.array(values, kind)
    bounds = [0, *sorted(min(cut, len(values)) for cut in cuts), len(values)]
    # Each chunk is cut out of a longer array, so that offsets and validity bits begin in the middle of buffers.
    padded = pyarrow.array([*values[:1], None, *values, *values[-1:]], kind)
    start = len(values[:1]) + 1
    chunks = [
        padded.slice(start + low, high - low) if dirty else whole.slice(low, high - low)
        for low, high in itertools.pairwise(bounds)
    ]
    assert version(pyarrow.table({"c": pyarrow.chunked_array(chunks, kind)})) == version(pyarrow.table({"c": whole}))


@settings(max_examples=150)
@given(columns, columns)
def test_columns_have_equal_versions_exactly_if_their_types_and_values_are_equal(one, two) -> None:  # type: ignore[no-untyped-def]
    def content(column):  # type: ignore[no-untyped-def]
        kind, values = column
        return (str(kind), repr(pyarrow.array(values, kind).to_pylist()))

    left, right = (pyarrow.table({"c": pyarrow.array(values, kind)}) for kind, values in (one, two))
    assert (version(left) == version(right)) == (content(one) == content(two))


@given(columns, st.data())
def test_changing_one_value_changes_the_version(column, data) -> None:  # type: ignore[no-untyped-def]
    kind, values = column
    if not values or pyarrow.types.is_null(kind):
        return
    place = data.draw(st.integers(0, len(values) - 1))
    other = [*values]
    other[place] = None if values[place] is not None else data.draw(TYPES[kind])
    assert version(pyarrow.table({"c": pyarrow.array(values, kind)})) != version(
        pyarrow.table({"c": pyarrow.array(other, kind)})
    )


@given(
    st.lists(st.integers(-(2**40), 2**40), max_size=9),
    st.lists(
        st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=4), min_size=9, max_size=9
    ),
)
def test_polars_pandas_and_arrow_agree(numbers: list[int], names: list[str | None]) -> None:
    names = names[: len(numbers)]
    arrow = pyarrow.table({"n": pyarrow.array(numbers, pyarrow.int64()), "s": pyarrow.array(names, pyarrow.string())})
    in_polars = polars.DataFrame({"n": numbers, "s": names}, schema={"n": polars.Int64, "s": polars.String})
    in_pandas = pandas.DataFrame({"n": pandas.Series(numbers, dtype="int64"), "s": pandas.Series(names, dtype="str")})
    assert version(arrow) == version(in_polars) == version(in_pandas)


def test_the_memory_layout_does_not_count() -> None:
    values = ["a", None, "b", "a"]
    plain = version(pyarrow.table({"c": pyarrow.array(values, pyarrow.string())}))
    for kind in (pyarrow.large_string(), pyarrow.string_view(), pyarrow.dictionary(pyarrow.int8(), pyarrow.string())):
        assert version(pyarrow.table({"c": pyarrow.array(values, pyarrow.string()).cast(kind)})) == plain
    assert version(polars.DataFrame({"c": polars.Series(values, dtype=polars.Categorical)})) == plain
    assert version(polars.DataFrame({"c": polars.Series(values, dtype=polars.Enum(["b", "a"]))})) == plain
    assert version(pandas.DataFrame({"c": pandas.Series(values, dtype="category")})) == plain
    runs = pyarrow.RunEndEncodedArray.from_arrays([1, 2, 3, 4], pyarrow.array(values))
    assert version(pyarrow.table({"c": runs})) == plain


def test_what_lies_under_a_null_does_not_count() -> None:
    mask = pyarrow.array([0b01], pyarrow.uint8()).buffers()[1]
    for one, two, kind in (([1, 2], [1, 9], pyarrow.int64()), ([1.0, 2.0], [1.0, float("nan")], pyarrow.float64())):
        left, right = (
            pyarrow.Array.from_buffers(kind, 2, [mask, pyarrow.array(values, kind).buffers()[1]])
            for values in (one, two)
        )
        assert version(pyarrow.table({"c": left})) == version(pyarrow.table({"c": right}))
    texts = [
        pyarrow.StringArray.from_buffers(2, array.buffers()[1], array.buffers()[2], mask)
        for array in (pyarrow.array(["a", "hidden"]), pyarrow.array(["a", "x"]))
    ]
    assert version(pyarrow.table({"c": texts[0]})) == version(pyarrow.table({"c": texts[1]}))


def test_not_a_number_is_not_null_but_a_pandas_nan_is() -> None:
    nan, null = polars.DataFrame({"x": [float("nan")]}), polars.DataFrame({"x": [None]}, schema={"x": polars.Float64})
    assert version(nan) != version(null)
    assert version(pandas.DataFrame({"x": [float("nan")]})) == version(null)


@pytest.mark.parametrize(
    "other",
    [
        polars.DataFrame({"a": [1, 2], "c": ["x", "y"]}),
        polars.DataFrame({"b": ["x", "y"], "a": [1, 2]}),
        polars.DataFrame({"a": [2, 1], "b": ["y", "x"]}),
        polars.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}),
        polars.DataFrame({"a": [1, 2], "b": ["xy", ""]}),
        polars.DataFrame({"a": [1], "b": ["x"]}),
        polars.DataFrame({"a": [1, 2]}),
    ],
)
def test_names_types_order_and_rows_count(other: polars.DataFrame) -> None:
    assert version(polars.DataFrame({"a": [1, 2], "b": ["x", "y"]})) != version(other)


def test_a_pandas_index_counts_unless_it_only_counts_the_rows() -> None:
    frame = pandas.DataFrame({"a": [1, 2, 3]})
    assert version(frame.set_index(pandas.Index([0, 1, 2]))) == version(frame)
    assert version(frame.set_index(pandas.Index([2, 1, 0]))) != version(frame)
    assert version(frame.set_index(pandas.Index(["x", "y", "z"], name="k"))) != version(frame)
    assert version(frame.set_index(pandas.RangeIndex(2001, 2004, name="year"))) != version(frame)
    assert version(frame[frame.a > 0]) == version(frame)
    assert version(frame[:0]) == version(frame[frame.a > 9])


def test_rows_beyond_one_block_count_and_blocks_ignore_chunks() -> None:
    rows = table_hashing.BLOCK_ROWS + 10
    values = list(range(rows))
    whole = pyarrow.table({"c": pyarrow.array(values)})
    halves = pyarrow.concat_tables([whole.slice(0, 1000), whole.slice(1000)])
    values[-1] = 0
    assert version(whole) == version(halves)
    assert version(whole) != version(pyarrow.table({"c": pyarrow.array(values)}))


def test_decimals_of_other_widths_are_one_type() -> None:
    values = [decimal.Decimal("1.50"), None]
    narrow, wide = (pyarrow.array(values, kind) for kind in (pyarrow.decimal128(10, 2), pyarrow.decimal256(10, 2)))
    assert version(pyarrow.table({"c": narrow})) == version(pyarrow.table({"c": wide}))


def test_a_type_without_canonical_form_is_refused() -> None:
    union = pyarrow.UnionArray.from_sparse(
        pyarrow.array([0, 1], pyarrow.int8()), [pyarrow.array([1, 2]), pyarrow.array(["a", "b"])]
    )
    with pytest.raises(errors.StorageError, match="cannot be hashed"):
        version(pyarrow.table({"c": union}))


def test_a_column_of_python_objects_is_refused_with_its_name() -> None:
    with pytest.raises(errors.StorageError, match="mixed"):
        version(pandas.DataFrame({"mixed": [1, "x"]}))
    with pytest.raises(errors.StorageError, match="objects"):
        version(polars.DataFrame({"objects": [object()]}))
