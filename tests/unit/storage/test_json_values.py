import dataclasses
import datetime
import decimal
import enum
import uuid
import zoneinfo
from typing import NamedTuple

import msgspec
import numpy
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.storage import hashing, json_values

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)
rich = st.recursive(
    plain
    | st.decimals(allow_nan=False)
    | st.datetimes()
    | st.datetimes(
        timezones=st.sampled_from([datetime.UTC, zoneinfo.ZoneInfo("America/New_York")]), allow_imaginary=False
    )
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.uuids()
    | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.integers() | st.sampled_from(["$tuple", "$dict", "$x", "plain"]), inner, max_size=3)
        | st.frozensets(st.integers() | st.text(st.characters(codec="utf-8")), max_size=3)
    ),
    max_leaves=8,
)


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass(frozen=True)
class Order:
    id: int
    at: datetime.datetime
    price: decimal.Decimal


class Point(NamedTuple):
    x: int
    y: float


class Struct(msgspec.Struct):
    a: int
    inner: Order | None = None


class Model(pydantic.BaseModel):
    when: datetime.date
    amount: float = pydantic.Field(alias="the-amount")


def version(value: object) -> str:
    return hashing.version("j1", json_values.encode(value)[1])


def back(value: object) -> object:
    return json_values.decode(json_values.encode(value)[0])


def shape(value: object) -> object:
    """What must survive: the types all the way down, and the values."""
    if isinstance(value, dict):
        return ("dict", {repr(shape(key)): shape(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return (type(value), [shape(item) for item in value])
    return (type(value), value)


@given(rich)
def test_what_is_written_reads_back_with_its_types(value: object) -> None:
    assert shape(back(value)) == shape(value)


@given(plain, plain)
def test_plain_values_have_equal_versions_exactly_if_they_are_equal(left: object, right: object) -> None:
    def canonical(value: object) -> object:
        if isinstance(value, dict):
            return ("dict", sorted((key, canonical(item)) for key, item in value.items()))
        if isinstance(value, list):
            return ("list", tuple(canonical(item) for item in value))
        return (type(value).__name__, repr(value))

    assert (version(left) == version(right)) == (repr(canonical(left)) == repr(canonical(right)))


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), st.integers(), max_size=6), st.randoms())
def test_the_order_of_keys_does_not_count(value: dict[str, int], random: object) -> None:
    items = list(value.items())
    random.shuffle(items)  # type: ignore[attr-defined]
    assert version(dict(items)) == version(value)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, 1.0),
        (1, True),
        (1, "1"),
        (0.0, -0.0),
        (None, float("nan")),
        ([], {}),
        (datetime.date(2024, 1, 5), "2024-01-05"),
        (datetime.date(2024, 1, 5), {"$date": "2024-01-05"}),
        (decimal.Decimal("1.5"), "1.5"),
        ({1: "a"}, {"1": "a"}),
        ([1, 2], {1, 2}),
        (float("inf"), float("-inf")),
    ],
)
def test_values_that_differ_have_other_versions(left: object, right: object) -> None:
    assert version(left) != version(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([1, [2]], (1, (2,))),
        ({1, 2, 3}, frozenset({3, 2, 1})),
        (Point(1, 2.0), {"y": 2.0, "x": 1}),
        (Struct(1), {"a": 1, "inner": None}),
        (Colour.RED, "red"),
        (numpy.float32(1.5), 1.5),
        ({"a": numpy.int64(3)}, {"a": 3}),
    ],
)
def test_equal_content_in_other_clothes_has_the_same_version(left: object, right: object) -> None:
    assert version(left) == version(right)


@pytest.mark.parametrize(
    "value",
    [
        Colour.RED,
        Point(1, 2.0),
        Order(1, datetime.datetime(2024, 1, 5, tzinfo=zoneinfo.ZoneInfo("Europe/Paris")), decimal.Decimal("1.10")),
        Struct(1, Order(2, datetime.datetime(2024, 1, 5, tzinfo=datetime.UTC), decimal.Decimal(1))),
        [Model.model_validate({"when": "2024-01-05", "the-amount": 2.5})],
        {"nested": (Point(1, 1.0), {Colour.RED})},
        2**80,
        {"id": uuid.UUID(int=5)},
        numpy.float32(0.1),
        numpy.datetime64("2024-01-05T10"),
        [numpy.bool_(True)],
        complex(1, -2),
    ],
)
def test_records_and_scalars_read_back_as_what_they_were(value: object) -> None:
    assert shape(back(value)) == shape(value)


def test_not_a_number_and_the_infinities_survive() -> None:
    found = back({"a": [float("nan"), float("inf"), float("-inf")]})
    assert repr(found) == "{'a': [nan, inf, -inf]}"


def test_a_pandas_timestamp_keeps_its_nanoseconds_and_its_zone() -> None:
    import pandas

    value = pandas.Timestamp("2024-01-05T10:00:00.123456789", tz="Europe/Paris")
    assert str(back(value)) == str(value)
    assert str(back(value).tz) == "Europe/Paris"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (object(), "value"),
        ({"a": [1, object()]}, "value['a'][1]"),
        ({"a": print}, "value['a']"),
        (Struct(object()), "value.a"),  # type: ignore[arg-type]
    ],
)
def test_what_has_no_form_is_named_with_its_place(value: object, path: str) -> None:
    with pytest.raises(json_values.Unencodable) as caught:
        json_values.encode(value)
    assert caught.value.path == path


def test_a_text_never_makes_an_object_of_a_class_that_is_no_record() -> None:
    from weft.model import errors

    with pytest.raises(errors.StorageError, match="does not fit"):
        json_values.decode(b'{"$record":["subprocess:Popen",{"args":"true"}]}')


def test_values_of_subclasses_read_back_as_values_of_the_plain_class() -> None:
    class Name(str):
        __slots__ = ()

    class Day(datetime.date):
        pass

    class Moment(datetime.datetime):
        pass

    found = back((Name("a"), Day(2024, 1, 5), Moment(2024, 1, 5, 10, 30, 0, 7, tzinfo=datetime.UTC)))
    moment = datetime.datetime(2024, 1, 5, 10, 30, 0, 7, tzinfo=datetime.UTC)
    assert shape(found) == shape(("a", datetime.date(2024, 1, 5), moment))


def test_a_damaged_text_says_so() -> None:
    from weft.model import errors

    with pytest.raises(errors.StorageError, match="damaged"):
        json_values.decode(b'{"a":')


def test_a_secret_is_not_written() -> None:
    class Secretive(pydantic.BaseModel):
        token: pydantic.SecretStr

    with pytest.raises(json_values.Unencodable):
        json_values.encode(Secretive(token=pydantic.SecretStr("hidden")))


def test_the_order_of_a_mapping_is_kept_and_does_not_count() -> None:
    one, other = {"z": 1, "a": {"y": 1, "b": 2}}, {"a": {"b": 2, "y": 1}, "z": 1}
    text, canonical = json_values.encode(one)
    assert list(json_values.decode(text)) == ["z", "a"]  # type: ignore[call-overload]
    assert json_values.encode(other)[1] == canonical
    mixed = {3: "x", (1, 2): "y", "a": "z"}
    assert list(json_values.decode(json_values.encode(mixed)[0])) == [3, (1, 2), "a"]  # type: ignore[call-overload]
