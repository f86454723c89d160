import collections.abc
import copy
import dataclasses
import datetime
import decimal
import enum
import inspect
import typing
from typing import Annotated, Any, Generic, Literal, NamedTuple, Optional, Protocol, TypedDict, TypeVar

import msgspec
import pandas
import pandera.pandas
import pandera.polars
import pandera.typing
import pandera.typing.polars
import polars
import pyarrow
import pydantic
import pytest

from weft.model import errors
from weft.storage import check_value

T = TypeVar("T")


class Model(pydantic.BaseModel):
    a: int


@dataclasses.dataclass
class Order:
    id: int


class Fields(TypedDict):
    a: int


class Point(NamedTuple):
    x: int


class Colour(enum.Enum):
    RED = 1


class Box(Generic[T]):
    pass


class Silent(Protocol):
    def close(self) -> None: ...


class Prices(pandera.polars.DataFrameModel):
    symbol: str
    price: float = pandera.polars.Field(ge=0)


class PandasPrices(pandera.pandas.DataFrameModel):
    symbol: str
    price: float = pandera.pandas.Field(ge=0)


GOOD = polars.DataFrame({"symbol": ["A"], "price": [1.0]})
BAD = polars.DataFrame({"symbol": ["A", "B"], "price": [1.0, -2.0]})

FITTING = [
    (1, int),
    (1, float),
    (1.5, float),
    (True, bool),
    ("a", str),
    (None, None),
    (None, type(None)),
    (object(), Any),
    (object(), object),
    (object(), inspect.Parameter.empty),
    (object(), T),
    (object(), "SomethingUnknown"),
    ([1], list),
    ([1, 2], list[int]),
    ({"a": [1.5]}, dict[str, list[float]]),
    ((1, "a"), tuple[int, str]),
    ((1, 2, 3), tuple[int, ...]),
    ({1}, set[int]),
    ([1], collections.abc.Sequence[int]),
    ({"a": 1}, collections.abc.Mapping[str, int]),
    (None, int | None),
    (1, Optional[int]),  # noqa: UP045
    ("a", int | str),
    (["a"], int | list[str]),
    ("x", Literal["x", "y"]),
    (5, Annotated[int, pydantic.Field(gt=0)]),
    (5, Annotated[int, "a note"]),
    (Model(a=1), Model),
    ([Model(a=1)], list[Model]),
    (Order(1), Order),
    ([Order(1)], list[Order]),
    ({"a": 1}, Fields),
    (Point(1), Point),
    (Colour.RED, Colour),
    (Box(), Box[int]),
    (print, collections.abc.Callable[[int], None]),
    (object(), Silent),
    (datetime.date(2024, 1, 5), datetime.date),
    ([decimal.Decimal(1)], list[decimal.Decimal]),
    (int, type[int]),
    (GOOD, polars.DataFrame),
    ([GOOD], list[polars.DataFrame]),
    ({"a": pyarrow.table({"a": [1]})}, dict[str, pyarrow.Table]),
    (GOOD.lazy(), polars.LazyFrame),
    (GOOD, polars.DataFrame | None),
    (GOOD, pandera.typing.polars.DataFrame[Prices]),
    (GOOD, Prices),
    (GOOD, Prices.to_schema()),
    (GOOD, Annotated[polars.DataFrame, Prices]),
    (GOOD, pandera.typing.polars.DataFrame[Prices] | None),
    (GOOD.to_pandas(), pandera.typing.DataFrame[PandasPrices]),
    (GOOD.to_pandas(), PandasPrices.to_schema()),
]


@pytest.mark.parametrize(("value", "annotation"), FITTING)
def test_a_value_of_the_type_is_accepted(value: object, annotation: object) -> None:
    check_value(value, annotation)


@pytest.mark.parametrize(
    ("value", "annotation", "said"),
    [
        ("1", int, "'1' (str), not int"),
        (True, int, "True (bool), not int"),
        (True, float, "not float"),
        (1.0, int, "not int"),
        (1, None, "not None"),
        (None, int, "is None, not int"),
        ((1,), list, "not list"),
        ([1, "2"], list[int], "value[1] is '2' (str)"),
        ((1,), list[int], "list[int]"),
        ({"a": [1.5, "x"]}, dict[str, list[float]], "value['a'][1] is 'x' (str)"),
        ((1, 2), tuple[int, str], "value[1] is 2 (int)"),
        ("a", int | None, "none of int | None"),
        ([1, "x"], list[int] | None, "value[1] is 'x'"),
        ("z", Literal["x", "y"], "'x' or 'y'"),
        (0, Annotated[int, pydantic.Field(gt=0)], "greater than 0"),
        (-1, Annotated[int, pydantic.Field(gt=0)] | None, "greater than 0"),
        ({"a": 1}, Model, "not "),
        ([{"a": 1}], list[Model], "At value[0]: the value is {'a': 1} (dict), not "),
        (
            {"a": [{"a": 1}, {"a": "1"}]},
            dict[str, list[Fields]],
            "At value['a'][1]['a']: the value is '1' (str), not int",
        ),
        ({}, Fields, "lacks ['a']"),
        ({"a": 1, "b": 2}, Fields, "has ['b'] too much"),
        ([(Model(a=1),)], list[tuple[Model, int]], "which has 2 items"),
        ({1: GOOD}, dict[str, polars.DataFrame], "key 1: the value is 1 (int), not str"),
        ({"x": BAD}, dict[str, pandera.typing.polars.DataFrame[Prices]], "At value['x']: the table does not fit"),
        ([1], collections.abc.Iterator[int], "not "),
        (1, Box[int], "not "),
        (GOOD, pandas.DataFrame, "a polars.DataFrame, not pandas.DataFrame"),
        (GOOD.lazy(), polars.DataFrame, "a polars.LazyFrame, not polars.DataFrame"),
        ([1], list[polars.DataFrame], "value[0]"),
        (BAD, pandera.typing.polars.DataFrame[Prices], "column 'price': greater_than_or_equal_to(0) fails for"),
        (
            BAD.to_pandas(),
            pandera.typing.DataFrame[PandasPrices],
            "column 'price': greater_than_or_equal_to(0) fails for -2.0 (row 1)",
        ),
        (BAD, Annotated[polars.DataFrame, Prices], "schema Prices"),
        (BAD, pandera.typing.polars.DataFrame[Prices] | None, "schema Prices"),
        (BAD, Prices, "schema Prices"),
        (GOOD.drop("symbol"), Prices.to_schema(), "the column 'symbol' is missing"),
        (GOOD.to_pandas(), pandera.typing.polars.DataFrame[Prices], "a pandas.DataFrame, not polars.DataFrame"),
        (5, Prices, "5 (int)"),
    ],
)
def test_a_value_of_another_type_is_refused_with_its_place(value: object, annotation: object, said: str) -> None:
    with pytest.raises(errors.TypeMismatchError) as caught:
        check_value(value, annotation)
    assert said in str(caught.value)


def test_a_check_changes_nothing_and_uses_nothing_up() -> None:
    value = {"a": [1, 2], "b": []}
    before = copy.deepcopy(value)
    check_value(value, dict[str, list[float]])
    assert repr(value) == repr(before)
    iterator = iter([1, 2])
    check_value(iterator, collections.abc.Iterator[str])
    assert list(iterator) == [1, 2]
    frame = pandas.DataFrame({"symbol": ["A"], "price": [1]})
    schema = pandera.pandas.DataFrameSchema({"price": pandera.pandas.Column(float, coerce=True)})
    check_value(frame, schema)
    assert str(frame["price"].dtype) == "int64"


def test_a_schema_that_cannot_look_at_the_value_says_so() -> None:
    with pytest.raises(errors.TypeMismatchError, match="cannot validate"):
        check_value({"a": 1}, PandasPrices.to_schema())


def test_many_problems_are_counted_and_not_all_listed() -> None:
    with pytest.raises(errors.TypeMismatchError, match="and 95 more"):
        check_value(["x"] * 100, list[int])
    with pytest.raises(errors.TypeMismatchError) as caught:
        check_value("x" * 10_000, int)
    assert len(str(caught.value)) < 300


def test_a_generator_function_is_checked_by_its_outer_type() -> None:
    check_value((n for n in [1]), typing.Generator[int, None, None])
    with pytest.raises(errors.TypeMismatchError):
        check_value([1], collections.abc.Generator[int, None, None])


class Struct(msgspec.Struct):
    x: int


@dataclasses.dataclass
class Line:
    order: Order
    tags: list[str] = dataclasses.field(default_factory=list)
    note: str = None  # type: ignore[assignment]
    parent: Optional["Line"] = None


@pydantic.dataclasses.dataclass
class Mail:
    # What pydantic makes of these is of another class than the annotation.
    address: pydantic.IPvAnyAddress
    when: pydantic.PastDate


class Loose(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(use_enum_values=True)
    colour: Colour
    ratio: float
    inner: Model | None = None
    note: str = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Order("nope"), "value.id: the value is 'nope' (str), not int"),
        (Struct("nope"), "value.x: the value is 'nope' (str), not int"),
        (Point("nope"), "value.x: the value is 'nope' (str), not int"),
        (Line(Order("nope")), "value.order.id: the value is 'nope' (str)"),
        (Line(Order(1), tags=["a", 2]), "value.tags"),
        (Line(Order(1), note=3), "value.note: the value is 3"),
        (Model.model_construct(a="nope"), "expected `int` [field_name='a', input_value='nope'"),
        (Model.model_construct(), "wrong fields: a is missing"),
        (Loose.model_construct(colour=1, ratio=1.0, inner=Model.model_construct(a="x")), "field_name='a'"),
    ],
    ids=repr,
)
def test_a_record_whose_fields_are_of_other_types_does_not_fit(value, told):
    with pytest.raises(errors.TypeMismatchError) as failure:
        check_value(value, type(value))
    assert told in failure.value.message
    with pytest.raises(errors.TypeMismatchError):
        check_value([value], list[type(value)])


@pytest.mark.parametrize(
    "value",
    [
        Line(Order(1), parent=Line(Order(2))),
        Struct(1),
        Mail("127.0.0.1", "2024-01-05"),
        Loose(colour=Colour.RED, ratio=1),
        Loose.model_construct(colour=1, ratio=1),
    ],
    ids=repr,
)
def test_a_record_fits_whose_fields_do_or_are_left_at_their_defaults(value):
    check_value(value, type(value))


def test_a_record_that_holds_itself_is_looked_at_once():
    line = Line(Order(1))
    line.parent = line
    check_value(line, Line)
    line.order = Order("nope")
    with pytest.raises(errors.TypeMismatchError):
        check_value(line, Line)


def test_a_record_whose_annotations_cannot_be_resolved_is_accepted():
    @dataclasses.dataclass
    class Unresolved:
        x: "OnlyForTypeCheckers"  # noqa: F821

    check_value(Unresolved(1), Unresolved)
