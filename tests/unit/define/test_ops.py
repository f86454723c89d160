"""Ops, jobs and graphs: typed inputs and outputs, several outputs, and outputs whose number a run finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pydantic
import pytest

from weft.define.bodies import BuiltDefinitions
from weft.define.jobs import job
from weft.define.ops import DynamicOut, DynamicOutput, In, Nothing, Out, graph, op
from weft.define.outputs import Output
from weft.define.references import Element, Result
from weft.define.signals import Fail
from weft.model.errors import UsageError
from weft.model.pipelines import Edge, Fan

Built = Callable[..., BuiltDefinitions]


@op
def extract_op(context: Any) -> int:
    return 1


@op
def transform_op(context: Any, data: int) -> int:
    return data + 1


def test_a_job_is_a_graph_of_ops_and_the_context_is_no_argument(build_of: Built) -> None:
    @job
    def etl_job() -> None:
        """Loads."""
        transform_op(extract_op())

    built = build_of(etl_job)
    pipeline = built.graph.pipelines["etl_job"]
    assert (pipeline.kind, pipeline.description) == ("job", "Loads.")
    assert built.tasks["etl_job:transform_op"].arguments == {"data": Result("etl_job:extract_op")}
    assert built.tasks["etl_job:transform_op"].parameters.context == "context"


def test_a_job_may_be_named_and_scheduled(build_of: Built) -> None:
    @job(name="nightly", schedule="@daily", tags=["a"])
    def some() -> None:
        extract_op()

    pipeline = build_of(some).graph.pipelines["nightly"]
    assert pipeline.tags == ("a",)
    assert pipeline.schedule is not None


@op(out={"low": Out(int), "high": Out(int, is_required=False)})
def split(data: int) -> tuple[int, int]:
    return data, data + 1


def test_several_outputs_are_named_values(build_of: Built) -> None:
    @job
    def splitting() -> None:
        low, high = split(extract_op())
        transform_op(low)
        transform_op(high)

    tasks = build_of(splitting).tasks
    assert tasks["splitting:transform_op"].arguments == {"data": Result("splitting:split", "low")}
    assert tasks["splitting:transform_op__1"].arguments == {"data": Result("splitting:split", "high")}


@op(out=DynamicOut(int))
def pieces() -> Iterator[DynamicOutput]:
    for each in range(3):
        yield DynamicOutput(each, mapping_key=f"piece_{each}")


@op
def gather(values: list[int]) -> int:
    return sum(values)


def test_a_dynamic_output_is_mapped_over_and_collected(build_of: Built) -> None:
    @job
    def dynamic() -> None:
        results = pieces().map(transform_op)
        gather(results.collect())
        gather(pieces().map(lambda piece: transform_op(transform_op(piece))).collect())

    built = build_of(dynamic)
    steps = built.graph.pipelines["dynamic"].steps
    assert steps["dynamic:transform_op"].fan == Fan(sources=(("data", "dynamic:pieces"),))
    assert built.tasks["dynamic:transform_op"].arguments == {"data": Element("data", Result("dynamic:pieces"))}
    assert steps["dynamic:gather"].after == (Edge(step="dynamic:transform_op", value=True),)
    assert steps["dynamic:map.transform_op__1"].group == "map"
    assert steps["dynamic:gather__1"].after == (Edge(step="dynamic:map.transform_op__1", value=True),)
    assert built.tasks["dynamic:pieces"].function() == [0, 1, 2]


def test_graphs_are_used_as_ops_and_made_jobs(build_of: Built) -> None:
    @graph
    def twice(data: int) -> Any:
        return transform_op(transform_op(data))

    @graph
    def whole() -> Any:
        return twice(extract_op())

    steps = build_of(whole.to_job(name="both")).graph.pipelines["both"].steps
    assert list(steps) == ["both:extract_op", "both:twice.transform_op", "both:twice.transform_op__1"]


def test_an_input_may_be_waited_for_alone(build_of: Built) -> None:
    @op(ins={"start": In(Nothing)})
    def later() -> int:
        return 1

    @job
    def ordered() -> None:
        later(start=extract_op())

    assert build_of(ordered).graph.pipelines["ordered"].steps["ordered:later"].after == (
        Edge(step="ordered:extract_op"),
    )


class Settings(pydantic.BaseModel):
    size: int = 1


def test_config_is_checked_and_given(build_of: Built) -> None:
    @op(config={"size": 3})
    def sized(config: Settings, data: int) -> int:
        return config.size * data

    assert sized(2) == 6
    assert sized.configured({"size": 5})(2) == 10

    @job
    def configured() -> None:
        sized(2)

    assert build_of(configured).tasks["configured:sized"].arguments == {"data": 2}
    with pytest.raises(UsageError, match="The op 'sized': its config is wrong at 'size'"):
        sized.configured({"size": "x"})


def test_types_are_checked_as_values_pass() -> None:
    @op(ins={"data": In(int)}, out=Out(str))
    def shown(data: int) -> Any:
        return data if data else "none"

    assert shown(0) == "none"
    with pytest.raises(Fail, match="The op 'shown', output 'result'"):
        shown(1)
    with pytest.raises(Fail, match="The op 'shown', input 'data'"):
        shown("x")


def test_outputs_are_told_apart_by_name_place_or_yield() -> None:
    def outcome(body: Callable[[], Any]) -> Any:
        return op(out={"a": Out(), "b": Out()})(body)()

    def yielding() -> Iterator[Any]:
        yield Output(1, asset="a")
        yield Output(2, asset="b")

    assert outcome(lambda: (1, 2)) == outcome(lambda: {"a": 1, "b": 2}) == outcome(yielding) == {"a": 1, "b": 2}
    with pytest.raises(Fail, match="gave no output 'b'"):
        outcome(lambda: {"a": 1})
    with pytest.raises(Fail, match="gave 'c'; its outputs are a, b"):
        outcome(lambda: {"a": 1, "b": 2, "c": 3})
    with pytest.raises(Fail, match="return a tuple in their order"):
        outcome(lambda: 3)


def test_two_elements_of_one_key_are_refused() -> None:
    @op(out=DynamicOut())
    def doubled() -> Iterator[DynamicOutput]:
        yield DynamicOutput(1, "a")
        yield DynamicOutput(2, "a")

    with pytest.raises(Fail, match="two elements the key 'a'"):
        doubled()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: op(ins={"dta": In()})(lambda data: data), "has ins= for 'dta', which is no parameter of its function"),
        (lambda: op(ins={"data": int})(lambda data: data), "ins has <class 'int'> for 'data', which is no In"),
        (lambda: op(out={"a": int})(lambda: 1), "out has <class 'int'> under the name 'a'"),
        (lambda: op(config={})(lambda: 1), "was given config=, but has no parameter `config`"),
        (lambda: op(outputs=Out()), "@op has no argument 'outputs'"),
    ],
)
def test_wrong_ops_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()
