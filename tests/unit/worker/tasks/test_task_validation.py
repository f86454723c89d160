import dataclasses
import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from task_world import World, message

from weft.define import references
from weft.model import errors
from weft.ports import executor
from weft.worker.tasks import validation


def work(a: int, b: str = "x", *, c: list[int] | None = None) -> None: ...


def test_arguments_are_bound_by_name_with_defaults():
    bound = validation.bind(work, (1,), {"c": [2]}, task="work")
    assert bound.arguments == {"a": 1, "b": "x", "c": [2]}
    assert work(*bound.args, **bound.kwargs) is None


@pytest.mark.parametrize(
    ("args", "kwargs", "told"),
    [
        ((), {}, "The task 'work' was called without 'a'. It takes (a, b=…, c=…)."),
        ((1,), {"d": 1}, "The task 'work' takes (a, b=…, c=…); 'd' is no parameter of it."),
        ((1, "x", 3), {}, "The task 'work' takes (a, b=…, c=…), and was called with 3 arguments by place."),
        ((1,), {"a": 1}, "The task 'work' was given 'a' twice"),
    ],
)
def test_wrong_arguments_are_told_with_what_the_task_takes(args, kwargs, told):
    with pytest.raises(errors.UsageError) as raised:
        validation.bind(work, args, kwargs, task="work")
    assert told in str(raised.value)


def test_what_fits_passes_as_the_very_object():
    items = [1, 2]
    assert validation.validated(work, (1,), {"c": items}, task="work").arguments["c"] is items


def test_what_pydantic_can_convert_is_converted():
    def body(day: datetime.date, n: float, parts: list[int]) -> None: ...

    bound = validation.validated(body, ("2024-01-05", 1), {"parts": ["3"]}, task="body")
    assert bound.arguments == {"day": datetime.date(2024, 1, 5), "n": 1.0, "parts": [3]}


def test_a_wrong_value_names_task_parameter_value_and_type():
    with pytest.raises(errors.TypeMismatchError) as raised:
        validation.validated(work, ("many",), {}, task="work")
    assert "The parameter 'a' of the task 'work' is 'many' (str), not int: input should be a valid integer" in str(
        raised.value
    )


def test_a_wrong_value_inside_of_a_list_tells_its_place():
    with pytest.raises(errors.TypeMismatchError, match=r"\[1\]: input should be a valid integer"):
        validation.validated(work, (1,), {"c": [1, "x"]}, task="work")


def test_star_and_positional_only_parameters_are_bound():
    def body(a, /, b, *rest, c=3, **more):
        return (a, b, rest, c, more)

    bound = validation.validated(body, (1, 2, 3, 4), {"c": 5, "d": 6}, task="body")
    assert body(*bound.args, **bound.kwargs) == (1, 2, (3, 4), 5, {"d": 6})
    bound = validation.validated(body, (1,), {"b": 2}, task="body")
    assert body(*bound.args, **bound.kwargs) == (1, 2, (), 3, {})


def test_a_record_is_made_of_a_mapping():
    @dataclasses.dataclass
    class Order:
        n: int

    def body(order: Order) -> None: ...

    body.__annotations__["order"] = Order
    assert validation.validated(body, ({"n": "1"},), {}, task="body").arguments["order"] == Order(1)


def test_the_context_is_no_argument_of_a_call():
    def body(context, a: int) -> None: ...

    assert validation.validated(body, (1,), {}, task="body").arguments == {"a": 1}


def test_a_default_is_taken_as_it_is():
    def body(a: int = None) -> None: ...  # type: ignore[assignment]  # noqa: RUF013 - as users write it

    assert validation.validated(body, (), {}, task="body").arguments == {"a": None}


def test_a_wrong_value_fails_the_attempt_before_the_body_and_is_not_retried(tmp_path):
    def body(a: int) -> None:
        raise AssertionError("it ran")

    report = World(tmp_path, body, arguments={"a": "many"}, retry_if=lambda error: True).run()
    assert "The parameter 'a' of the task 'made' is 'many'" in message(report)
    assert not report.retryable


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)
ANNOTATIONS = [
    int,
    str,
    float,
    bool,
    list,
    dict,
    list[int],
    dict[str, int],
    int | None,
    list[str | int],
    tuple[int, ...],
]


@given(value=values, annotation=st.sampled_from(ANNOTATIONS))
def test_what_fits_for_certain_is_what_pydantic_accepts_strictly(value, annotation):
    import pydantic

    if validation.fits(value, annotation):
        assert pydantic.TypeAdapter(annotation).validate_python(value, strict=True) == value


def test_none_of_a_step_that_was_skipped_passes_any_annotation_and_none_that_was_returned_does_not(tmp_path):
    def body(a: int, b: int = 1):
        return a

    world = World(tmp_path, body, arguments={"a": references.Result("p:extract")}, above=("extract",))
    skipped = executor.ResultBinding(step="p:extract", item="", value=None)
    assert world.value(world.run(results=(skipped,))) is None
    assert "is None (NoneType), not int" in message(world.run(results=(world.result("extract", None),)))
