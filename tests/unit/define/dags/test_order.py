"""Arrows, groups, setups and teardowns: what each step waits for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from weft.define.bodies import BuiltDefinitions
from weft.define.dags.declaration import DAG
from weft.define.dags.decorators import setup, task_group, teardown
from weft.define.dags.edges import chain, chain_linear, cross_downstream
from weft.define.dags.groups import TaskGroup
from weft.define.tasks import task
from weft.model.diagnostics import Diagnostic
from weft.model.errors import UsageError

Built = Callable[..., BuiltDefinitions]
Problems = Callable[..., list[Diagnostic]]


@task
def work() -> int:
    return 1


def named(name: str) -> Any:
    return work.with_options(name=name)()


def arrows(built: BuiltDefinitions, name: str = "d") -> set[str]:
    pipeline = built.graph.pipelines[name]
    return {f"{each.step.partition(':')[2]}>{step.task}" for step in pipeline.steps.values() for each in step.after}


def test_arrows_go_both_ways_and_over_lists(build_of: Built) -> None:
    with DAG("d") as d:
        a, b, c, e = (named(each) for each in "abce")
        a >> [b, c] >> e
        e << a
        f = named("f")
        f.set_upstream([e])
    assert arrows(build_of(d)) == {"a>b", "a>c", "b>e", "c>e", "a>e", "e>f"}


def test_chain_joins_lists_one_to_one_and_chain_linear_each_to_each(build_of: Built) -> None:
    with DAG("d") as d:
        a, b, c, e, f = (named(each) for each in "abcef")
        chain(a, [b, c], [e, f])
    assert arrows(build_of(d)) == {"a>b", "a>c", "b>e", "c>f"}
    with DAG("d") as d:
        a, b, c, e, f = (named(each) for each in "abcef")
        chain_linear(a, [b, c], [e, f])
        cross_downstream([e], [named("g")])
    assert arrows(build_of(d)) == {"a>b", "a>c", "b>e", "b>f", "c>e", "c>f", "e>g"}


def test_chain_refuses_lists_of_different_length() -> None:
    with DAG("d"), pytest.raises(UsageError, match=r"chain\(\) was given lists of 2 and 1 steps beside each other"):
        chain([named("a"), named("b")], [named("c")])


def test_a_cycle_is_told_with_the_steps_along_it(problems_of: Problems) -> None:
    with DAG("d") as d:
        a, b, c = (named(each) for each in "abc")
        a >> b >> c >> a
    (found,) = problems_of(d)
    assert found.code == "cycle"
    path = found.message.removeprefix("Steps of the DAG 'd' wait for each other: ").removesuffix(".").split(" >> ")
    assert path[0] == path[-1]
    assert "".join(path[:-1]) in ("abc", "bca", "cab")


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: named("a") >> work, "An arrow was drawn to or from the task 'work', which was not called. "),
        (lambda: named("a") >> 3, "An arrow was drawn to or from 3, which is no step of a DAG."),
    ],
)
def test_arrows_to_what_is_no_step_are_refused(draw: Callable[[], object], message: str) -> None:
    with DAG("d"), pytest.raises(UsageError, match=message):
        draw()


def test_arrows_between_dags_are_refused() -> None:
    with DAG("one"):
        a = named("a")
    with DAG("two"), pytest.raises(UsageError, match="Arrows join steps of one DAG"):
        a >> named("b")


def test_arrows_of_groups_go_to_first_and_from_last_steps_even_when_drawn_before_these(build_of: Built) -> None:
    with DAG("d") as d:
        begin, end = named("begin"), named("end")
        with TaskGroup("outer") as outer:
            begin >> outer >> end
            with TaskGroup("inner") as inner:
                named("a") >> named("b")
            inner >> named("c")
    assert arrows(build_of(d)) == {
        "begin>outer.inner.a",
        "outer.inner.a>outer.inner.b",
        "outer.inner.b>outer.c",
        "outer.c>end",
    }


def test_a_group_of_a_function_gives_what_it_returns_or_else_the_group(build_of: Built) -> None:
    @task_group
    def returning(x: int) -> Any:
        return take(x)

    @task_group(group_id="plain", prefix_group_id=False)
    def silent() -> None:
        named("a")

    @task
    def take(x: int) -> int:
        return x

    with DAG("d") as d:
        take(returning(1))
        silent() >> named("z")
        returning(2)
    assert arrows(build_of(d)) == {"returning.take>take", "a>z"}
    assert "d:returning__1.take" in build_of(d).graph.pipelines["d"].steps


def test_two_groups_of_one_name_are_refused() -> None:
    with DAG("d"):
        TaskGroup("g")
        with pytest.raises(UsageError, match="The DAG 'd' has two task groups 'g'"):
            TaskGroup("g")


@setup
def create() -> None:
    return None


@teardown
def delete() -> None:
    return None


def test_work_within_a_teardown_lies_between_its_setup_and_it(build_of: Built) -> None:
    with DAG("d") as d:
        cleaning = delete().as_teardown(setups=create())
        with cleaning:
            named("a") >> named("b")
    built = build_of(d)
    assert arrows(built) == {"create>a", "a>b", "b>delete", "create>delete"}
    step = built.graph.pipelines["d"].steps["d:delete"]
    assert (step.role, step.rule, step.setups) == ("teardown", "all_done_setup_success", ("d:create",))


def test_a_setup_right_above_a_teardown_is_its_setup_and_groups_end_before_teardowns(build_of: Built) -> None:
    with DAG("d") as d:
        with TaskGroup("g") as g:
            create() >> named("a") >> delete()
            with create():
                named("b")
        g >> named("after")
    built = build_of(d)
    assert arrows(built) == {
        "g.create>g.a",
        "g.a>g.delete",
        "g.create__1>g.b",
        "g.a>after",
        "g.b>after",
    }


def test_a_plain_step_opens_no_scope() -> None:
    with DAG("d"), pytest.raises(UsageError, match="neither a setup nor a teardown"), named("a"):
        pass
