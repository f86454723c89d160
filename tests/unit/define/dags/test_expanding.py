"""Expanding tasks and groups: what the fan is over, and what its steps read."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from weft.define import references
from weft.define.bodies import BuiltDefinitions
from weft.define.dags.declaration import DAG
from weft.define.dags.decorators import task_group
from weft.define.references import Element, Result
from weft.define.tasks import task
from weft.model.diagnostics import Diagnostic
from weft.model.errors import UsageError
from weft.model.pipelines import Edge, Fan

Built = Callable[..., BuiltDefinitions]
Problems = Callable[..., list[Diagnostic]]


@task
def many() -> list[int]:
    return [1, 2]


@task
def one(x: int, y: int = 0) -> int:
    return x + y


@task
def total(values: list[int]) -> int:
    return sum(values)


def test_mapping_over_a_value_reads_it_by_the_element(build_of: Built) -> None:
    with DAG("d") as d:
        total(one.partial(y=3).expand(x=many()))
    built = build_of(d)
    step = built.graph.pipelines["d"].steps["d:one"]
    assert step.fan == Fan(sources=(("x", "d:many"),))
    assert step.after == (Edge(step="d:many"),)
    assert built.tasks["d:one"].arguments == {"y": 3, "x": Element("x", Result("d:many"))}
    assert built.graph.pipelines["d"].steps["d:total"].after == (Edge(step="d:one", value=True),)


def test_a_value_that_is_also_read_as_a_whole_is_said_to_be(build_of: Built) -> None:
    @task
    def both(x: int, values: list[int]) -> int:
        return x

    with DAG("d") as d:
        values = many()
        both.partial(values=values).expand(x=values)
    assert build_of(d).graph.pipelines["d"].steps["d:both"].after == (Edge(step="d:many", value=True),)


def test_several_arguments_make_every_combination_and_lists_have_known_lengths(build_of: Built) -> None:
    with DAG("d") as d:
        one.expand(x=[1, 2, 3], y=many())
    built = build_of(d)
    assert built.graph.pipelines["d"].steps["d:one"].fan == Fan(sources=(("x", 3), ("y", "d:many")))
    assert built.tasks["d:one"].arguments["x"] == Element("x", [1, 2, 3])


def test_a_zip_is_a_fan_over_lists_side_by_side(build_of: Built) -> None:
    with DAG("d") as d:
        total.expand(values=many().zip([1, 2]))
    built = build_of(d)
    step = built.graph.pipelines["d"].steps["d:total"]
    assert step.fan == Fan(sources=(("values.0", "d:many"), ("values.1", 2)), zipped=True)
    assert built.tasks["d:total"].arguments["values"] == (
        Element("values.0", Result("d:many")),
        Element("values.1", [1, 2]),
    )


def test_what_no_fan_says_is_made_by_a_step_of_its_own(build_of: Built) -> None:
    with DAG("d", params={"list": [1]}) as d:
        values = many()
        one.expand(x=values["part"])
        one.expand(x=d.param("list"))
        one.expand(x=values.concat([3]))
        one.expand(x=values.zip([1], fillvalue=0), y=[1])
        total(values.map(lambda each: each + 1))
    steps = build_of(d).graph.pipelines["d"].steps
    sources = {each.task: [source for _, source in each.fan.sources] for each in steps.values() if each.fan}
    assert sources == {"one": ["d:pick"], "one__1": ["d:pick__1"], "one__2": ["d:concat"], "one__3": ["d:zip", 1]}
    assert steps["d:total"].after == (Edge(step="d:map", value=True),)


def test_functions_go_before_the_elements(build_of: Built) -> None:
    def double(value: int) -> int:
        return 2 * value

    with DAG("d") as d:
        one.expand(x=many().map(double))
    element = build_of(d).tasks["d:one"].arguments["x"]
    assert element == Element("x", Result("d:many"), transforms=(double,))


def test_a_task_is_no_function_for_the_elements() -> None:
    with DAG("d"), pytest.raises(UsageError, match=r"\.map\(\) was given the task 'one', but takes a plain function"):
        many().map(one)


def test_mappings_of_arguments_are_elements_of_all_arguments(build_of: Built) -> None:
    with DAG("d") as d:
        one.expand_kwargs([{"x": 1}, {"x": 2, "y": 3}])
        one.partial(y=1).expand_kwargs(many())
    built = build_of(d)
    assert built.graph.pipelines["d"].steps["d:one"].fan == Fan(sources=(("**", 2),))
    assert built.tasks["d:one__1"].arguments == {"y": 1, "**": Element("**", Result("d:many"))}


def test_wrong_mappings_of_arguments_are_told(problems_of: Problems) -> None:
    with DAG("d") as d:
        one.expand_kwargs([{"x": 1}, {"z": 2}])
    (found,) = problems_of(d)
    assert found.message == "The task 'one' was called with 'z', which is no parameter of it."


def test_elements_of_the_wrong_type_are_told(problems_of: Problems) -> None:
    with DAG("d") as d:
        one.expand(x=[1, "many"])
    (found,) = problems_of(d)
    assert found.message.startswith("The task 'one' was called with x=element 1 is 'many': input should be a valid int")


@pytest.mark.parametrize(
    ("expand", "message"),
    [
        (lambda: one.expand(x=5), r"one.expand\(x=…\) was given 5, which is int and no list"),
        (lambda: one.expand(x="abc"), r"one.expand\(x=…\) was given 'abc', which is text and no list"),
        (lambda: one.expand(x={1, 2}), r"one.expand\(x=…\) was given the set {1, 2}, which has no order"),
        (lambda: one.expand(), r"one.expand\(\) was given nothing to map over"),
        (
            lambda: one.expand(x=range(1_000_000)),
            r"one.expand\(\) makes 1,000,000 step runs, and 100,000 are allowed. .*DAG\(max_map_length=…\)",
        ),
        (
            lambda: one.expand(x=range(1000), y=range(1000)),
            r"one.expand\(\) makes 1,000,000 step runs, and 100,000 are allowed",
        ),
        (lambda: one.expand_kwargs({"x": 1}), r"one.expand_kwargs\(…\) was given {'x': 1}, which is no list"),
        (lambda: one.expand_kwargs([1]), r"a list whose element 0 is 1, which is no mapping"),
    ],
)
def test_expanding_over_what_is_no_list_or_too_long_is_refused_at_once(
    expand: Callable[[], object], message: str
) -> None:
    with DAG("d"), pytest.raises(UsageError, match=message):
        expand()


def test_an_argument_is_fixed_or_expanded_but_not_both(problems_of: Problems) -> None:
    with DAG("d") as d:
        one.partial(x=1).expand(x=[1])
    (found,) = problems_of(d)
    assert found.message == "The task 'one' has 'x' both in partial() and in expand()."


def test_steps_of_a_mapped_group_go_item_by_item_and_are_read_as_a_list_outside(build_of: Built) -> None:
    @task_group
    def pair(x: int, y: int) -> Any:
        return one(one(x, y=y))

    with DAG("d") as d:
        total(pair.partial(y=2).expand(x=many()))
    built = build_of(d)
    steps = built.graph.pipelines["d"].steps
    fan = Fan(sources=(("x", "d:many"),))
    assert {each.task: (each.group, each.fan) for each in steps.values() if each.group} == {
        "pair.one": ("pair", fan),
        "pair.one__1": ("pair", fan),
    }
    assert set(steps["d:pair.one__1"].after) == {
        Edge(step="d:pair.one", value=True, aligned=True),
        Edge(step="d:many"),
    }
    assert built.tasks["d:pair.one__1"].arguments == {"x": Result("d:pair.one", aligned=True)}
    assert built.tasks["d:pair.one"].arguments == {"x": Element("x", Result("d:many")), "y": 2}
    assert steps["d:total"].after == (Edge(step="d:pair.one__1", value=True),)


def test_a_group_over_mappings_gets_their_parts(build_of: Built) -> None:
    @task_group
    def pair(x: int, y: int) -> Any:
        return one(x, y=y)

    with DAG("d") as d:
        pair.expand_kwargs([{"x": 1, "y": 2}])
    arguments = build_of(d).tasks["d:pair.one"].arguments
    assert arguments["y"] == references.Element("**", [{"x": 1, "y": 2}], path=("y",))


def test_expanding_within_what_is_expanded_is_refused() -> None:
    @task_group
    def outer(x: Any) -> Any:
        return one.expand(x=x)

    with DAG("d"), pytest.raises(UsageError, match="within a group that is expanded itself"):
        outer.expand(x=many())


def test_a_group_is_expanded_over_its_own_parameters() -> None:
    @task_group
    def outer(symbol: Any) -> Any:
        return one(symbol)

    with (
        DAG("d"),
        pytest.raises(UsageError, match=r"over 'symbl', which is no parameter of it\. Did you mean 'symbol'"),
    ):
        outer.expand(symbl=[1])


def test_a_large_dag_and_a_large_fan_are_built_in_well_under_a_second(build_of: Built) -> None:
    began = time.process_time()
    with DAG("d") as d:
        last: Any = 0
        for _ in range(1000):
            last = one(last)
        one.expand(x=list(range(10_000)))
    build_of(d)
    assert time.process_time() - began < 5.0  # 0.2 s or so; what costs a square takes minutes
