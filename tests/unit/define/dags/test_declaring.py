"""How DAGs are declared: calls make steps, values flow as references, and mistakes are told where they are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from weft.define import references
from weft.define.bodies import BuiltDefinitions
from weft.define.dags.declaration import DAG
from weft.define.dags.decorators import dag, task_group
from weft.define.dags.groups import TaskGroup
from weft.define.tasks import task
from weft.model.diagnostics import Diagnostic
from weft.model.errors import UsageError
from weft.model.pipelines import Edge, Pipeline

Built = Callable[..., BuiltDefinitions]
Problems = Callable[..., list[Diagnostic]]


@task
def extract(date: str = "") -> list[int]:
    return [1, 2]


@task
def transform(data: list[int], factor: int = 1) -> list[int]:
    return [each * factor for each in data]


@task
def load(data: Any) -> None:
    return None


def above(pipeline: Pipeline, name: str) -> dict[str, tuple[bool, bool]]:
    step = pipeline.step(name)
    assert step is not None
    return {each.step.partition(":")[2]: (each.value, each.aligned) for each in step.after}


def test_a_task_that_is_called_outside_of_a_dag_is_the_plain_function() -> None:
    assert transform(extract(), factor=3) == [3, 6]


def test_calls_make_steps_and_values_flow_as_references(build_of: Built) -> None:
    with DAG("etl", schedule="@daily", start_date="2024-01-01") as etl:
        load(transform(extract("{{ ds }}")))
    built = build_of(etl)
    pipeline = built.graph.pipelines["etl"]
    assert list(pipeline.steps) == ["etl:extract", "etl:transform", "etl:load"]
    assert above(pipeline, "load") == {"transform": (True, False)}
    assert built.tasks["etl:extract"].arguments == {"date": references.Template("{{ ds }}")}
    assert built.tasks["etl:transform"].arguments == {"data": references.Result("etl:extract")}


def test_a_dag_without_tasks_is_a_dag(build_of: Built) -> None:
    with DAG(dag_id="daily_trading_etl", start_date="2024-01-01", schedule="@daily", catchup=False) as empty:
        pass
    assert build_of(empty).graph.pipelines["daily_trading_etl"].steps == {}


def test_a_dag_function_is_registered_under_its_name_and_calling_it_registers_nothing_twice(build_of: Built) -> None:
    @dag(schedule="@daily", start_date="2024-01-01")
    def trading() -> None:
        """Trades by day."""
        load(extract())

    uncalled = build_of(trading=trading)
    declared = trading()
    called = build_of(trading=trading, dag=declared)
    assert list(called.graph.pipelines) == list(uncalled.graph.pipelines) == ["trading"]
    assert called.graph.pipelines["trading"] == uncalled.graph.pipelines["trading"]
    assert called.graph.pipelines["trading"].description == "Trades by day."


def test_a_dag_function_that_only_its_call_is_held_of_is_registered(build_of: Built) -> None:
    def made(region: str) -> DAG:
        @dag(f"load_{region}")
        def inner() -> None:
            load(extract())

        return inner()

    assert list(build_of(made("eu"), made("us")).graph.pipelines) == ["load_eu", "load_us"]


def test_different_dags_of_one_name_are_told_with_both_places(problems_of: Problems) -> None:
    first, second = DAG("same"), DAG("same")
    (found,) = problems_of(first, second)
    assert found.code == "duplicate-pipeline"
    assert str(first.location) in found.message
    assert str(second.location) in found.message


def test_a_dag_may_not_have_the_name_of_an_asset(problems_of: Problems) -> None:
    from weft.define.assets import asset

    @asset
    def trades() -> int:
        return 1

    (found,) = problems_of(trades, DAG("trades"))
    assert "The pipeline 'trades' has the name of the asset at " in found.message


def test_an_error_in_a_dag_function_is_told_at_the_line(problems_of: Problems) -> None:
    @dag
    def broken() -> None:
        load(extract())
        raise KeyError("price")

    (found,) = problems_of(broken)
    assert found.message == "The DAG 'broken' can't be declared: KeyError: 'price'."
    assert found.location is not None
    assert found.location.file == __file__
    assert found.location.line == broken.function.__code__.co_firstlineno + 3


def test_a_second_call_of_a_task_gets_a_number(build_of: Built) -> None:
    with DAG("many") as many:
        for _ in range(3):
            extract()
    assert [each.task for each in build_of(many).graph.pipelines["many"].steps.values()] == [
        "extract",
        "extract__1",
        "extract__2",
    ]


def test_two_steps_of_one_explicit_id_are_an_error(problems_of: Problems) -> None:
    with DAG("twice") as twice:
        extract.override(task_id="get")()
        extract.with_options(name="get")()
    (found,) = problems_of(twice)
    assert found.message.startswith("Two steps of the DAG 'twice' are called 'get': at ")


@pytest.mark.parametrize(
    ("call", "message", "remedy"),
    [
        (lambda: transform(), "The task 'transform' was called without 'data'.", "Pass it: transform(data=…)."),
        (
            lambda: transform([1], facto=2),
            "The task 'transform' was called with 'facto', which is no parameter of it.",
            "Did you mean 'factor'?",
        ),
        (
            lambda: load(1, 2),
            "The task 'load' was called with 2 arguments without names; it takes 'data'.",
            "Take the others out.",
        ),
        (lambda: load(1, data=2), "The task 'load' was called with 'data' twice.", "Give it once."),
        (
            lambda: transform([1], factor="many"),
            "The task 'transform' was called with factor='many': input should be a valid integer, "
            "unable to parse string as an integer.",
            "Its annotation is int.",
        ),
    ],
)
def test_wrong_arguments_are_told_at_the_line_of_the_call(
    problems_of: Problems, call: Callable[[], Any], message: str, remedy: str
) -> None:
    with DAG("wrong") as wrong:
        call()
    (found,) = problems_of(wrong)
    assert (found.message, found.remedy) == (message, remedy)
    assert found.location is not None
    assert (found.location.file, found.location.line) == (__file__, call.__code__.co_firstlineno)


def test_parameters_that_the_run_fills_are_not_missing(build_of: Built) -> None:
    @task
    def report(context: Any, data: int, ds: str, **more: Any) -> None:
        return None

    with DAG("filled") as filled:
        report(3)
    body = build_of(filled).tasks["filled:report"]
    assert body.parameters.context == "context"
    assert body.arguments == {"data": 3}


def test_a_resource_fills_a_parameter_of_its_name(build_of: Built) -> None:
    from weft.define.definitions import Definitions

    @task
    def save(warehouse: Any, data: int) -> None:
        return None

    with DAG("saving") as saving:
        save(data=1)
    built = build_of(saving, defs=Definitions(resources={"warehouse": object()}))
    assert built.tasks["saving:save"].parameters.resources == {"warehouse": "warehouse"}


@pytest.mark.parametrize(
    ("misuse", "message"),
    [
        (lambda value: list(value), "The result of 'extract' was iterated over while the DAG is declared"),
        (lambda value: bool(value), "The result of 'extract' was tested for its truth while the DAG is declared"),
        (lambda value: len(value), "The result of 'extract' was asked for its length while the DAG is declared"),
        (lambda value: 3 in value, "The result of 'extract' was searched while the DAG is declared"),
        (lambda value: f"{value}", "The result of 'extract' was put into a text while the DAG is declared"),
        (lambda value: value > 3, "The result of 'extract' was compared while the DAG is declared"),
        (lambda value: value + 1, "The result of 'extract' was calculated with while the DAG is declared"),
        (lambda value: value.count, "The result of 'extract' was asked for the attribute 'count' while the DAG is"),
        (lambda value: value.result(), "The result of 'extract' was asked for the attribute 'result' while the DAG is"),
    ],
)
def test_what_only_a_run_knows_is_refused_while_the_dag_is_declared(
    misuse: Callable[[Any], object], message: str
) -> None:
    with DAG("misused"), pytest.raises(UsageError, match=message):
        misuse(extract())


def test_a_body_that_uses_a_parameter_of_the_dag_is_told_to_take_it_as_an_argument(problems_of: Problems) -> None:
    @dag
    def closing(region: str = "eu") -> None:
        @task
        def name() -> str:
            return region

        name()

    (found,) = problems_of(closing)
    assert found.message == (
        "The body of the task 'name' uses 'region', the parameter 'region', which it only gets as an argument."
    )


def test_a_value_of_another_dag_is_refused(problems_of: Problems) -> None:
    with DAG("one") as one:
        value = extract()
    with DAG("two") as two:
        load(value)
    (found,) = problems_of(one, two)
    assert found.message == ("The task 'load' was called with the result of 'extract', which belongs to another DAG.")


def test_parts_of_values_lead_into_them(build_of: Built) -> None:
    with DAG("parts") as parts:
        value = extract()
        load({"first": value[0], "rest": [value["deep"]["er"]]})
    arguments = build_of(parts).tasks["parts:load"].arguments
    assert arguments["data"] == {
        "first": references.Result("parts:extract", path=(0,)),
        "rest": [references.Result("parts:extract", path=("deep", "er"))],
    }


def test_parameters_are_references_and_make_a_schema(build_of: Built) -> None:
    @dag
    def regional(region: str, factor: int = 2) -> None:
        load(region)
        transform([1], factor=factor)
        extract(f"{region}/x")

    built = build_of(regional)
    model = built.pipelines["regional"].params
    assert model.model_validate({"region": "eu"}).model_dump() == {"region": "eu", "factor": 2}
    assert '"required": ["region"]' in built.graph.pipelines["regional"].params
    assert built.tasks["regional:load"].arguments == {"data": references.ParamValue("region")}
    assert built.tasks["regional:extract"].arguments == {"date": references.Template("{{ params['region'] }}/x")}


def test_conditions_roles_rules_and_defaults_reach_the_steps(build_of: Built) -> None:
    @task.branch
    def choose() -> str:
        return "load"

    @task.short_circuit(ignore_downstream_trigger_rules=False)
    def go_on() -> bool:
        return True

    @task.skip_if(lambda context: True)
    @task(trigger_rule="none_failed")
    def join() -> None:
        return None

    with DAG("options", default_args={"retries": 2, "owner": "team:x"}) as options:
        choose() >> [load(1), transform([1])] >> go_on() >> join()
    built = build_of(options)
    pipeline = built.graph.pipelines["options"]
    assert pipeline.owners == ("team:x",)
    assert built.tasks["options:choose"].below == ("load", "transform")
    assert pipeline.steps["options:choose"].role == "branch"
    assert pipeline.steps["options:go_on"].respect_rules
    assert pipeline.steps["options:join"].rule == "none_failed"
    assert len(built.tasks["options:join"].conditions) == 1
    assert {each.policies.retry.retries for each in pipeline.steps.values()} == {2}


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: DAG("d", schedule_interval="@daily"), "DAG has no argument 'schedule_interval'. Write schedule=."),
        (lambda: DAG("d", catchups=True), "@DAG has no argument 'catchups'. Did you mean 'catchup'?"),
        (lambda: DAG("d", dag_id="e"), "DAG was given 'name' twice."),
        (
            lambda: DAG("d", render_template_as_native_obj=True),
            "DAG has no argument 'render_template_as_native_obj'. Templates give text here.",
        ),
        (lambda: DAG(), r"DAG\(\) has no name."),
        (lambda: TaskGroup("g"), "The task group 'g' was made outside of a DAG's declaration."),
        (lambda: task_group(lambda: None)(), "was called outside of a DAG's declaration."),
        (lambda: extract.expand(date=["a"]), r"extract.expand\(\) was called outside of a DAG's declaration."),
    ],
)
def test_wrong_declarations_are_refused_at_once(made: Callable[[], object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        made()


def test_wrong_options_of_a_dag_are_told_together(problems_of: Problems) -> None:
    with DAG("wrong", max_active_runs=0, tag_limits={"a": "b"}, default_args={"retrys": 1}, timeout="soon") as wrong:  # type: ignore[dict-item]
        extract.with_options(trigger_rule="all_sucess")()  # type: ignore[arg-type]
    assert [each.message for each in problems_of(wrong)] == [
        "The DAG 'wrong': default_args has 'retrys', which is no option of a task.",
        "The task 'extract': trigger_rule is 'all_sucess'.",
        "The DAG 'wrong': max_active_runs is 0.",
        "The DAG 'wrong': tag_limits is {'a': 'b'}.",
        "The DAG 'wrong': timeout is 'soon', which is not a duration.",
    ]


def test_a_task_that_may_pull_values_says_so(build_of: Built) -> None:
    @task
    def pulling(context: Any) -> Any:
        return context.pull("extract")

    with DAG("pulls") as pulls:
        extract() >> pulling()
        load("{{ ti.xcom_pull(task_ids='extract') }}")
    steps = build_of(pulls).graph.pipelines["pulls"].steps
    assert {each.task: each.pulls for each in steps.values()} == {"extract": False, "pulling": True, "load": True}


def test_dags_of_a_with_block_need_no_name_in_their_module(build_of: Built) -> None:
    module: dict[str, Any] = {"__name__": "a_module", "DAG": DAG, "extract": extract}
    exec("with DAG('nameless'):\n    extract()\n", module)
    assert list(build_of(**module).graph.pipelines) == ["nameless"]


def test_edges_have_values_and_labels(build_of: Built) -> None:
    from weft.define.dags.edges import Label

    with DAG("labels") as labels:
        value = extract()
        value >> Label("if any") >> load(value)
    (edge,) = build_of(labels).graph.pipelines["labels"].steps["labels:load"].after
    assert edge == Edge(step="labels:extract", value=True, label="if any")


def test_definitions_may_list_pipelines_and_nothing_else_there(build_of: Built, problems_of: Problems) -> None:
    from weft.define.definitions import Definitions

    assert list(build_of(Definitions(pipelines=[DAG("listed")])).graph.pipelines) == ["listed"]
    (found,) = problems_of(Definitions(pipelines=[3]))
    assert found.message == "Definitions(pipelines=[…]) has 3, which is not one of its kind."


def test_more_items_may_be_allowed(build_of: Built, problems_of: Problems) -> None:
    with DAG("wide", max_map_length=200_000) as wide:
        extract.expand(date=["x"] * 150_000)
    assert build_of(wide).graph.pipelines["wide"].most_items == 200_000
    (found,) = problems_of(DAG("none", max_map_length="many"))  # type: ignore[arg-type]
    assert found.message == "The DAG 'none': max_map_length is 'many'."


@pytest.mark.parametrize("text", [str, "%s".__mod__, lambda value: "of " + str(value), "{!s}".format])
def test_a_text_of_a_value_is_refused_where_a_task_gets_it(problems_of: Problems, text: Any) -> None:
    with DAG("d") as d:
        load({"nested": [text(extract())]})
    (found,) = problems_of(d)
    assert "the result of 'extract' was put into a text while the DAG is declared" in found.message
    assert found.remedy == "Pass it as an argument, and let the task make the text."


def test_values_can_be_printed_and_shown_while_a_dag_is_declared(
    build_of: Built, capsys: pytest.CaptureFixture[str]
) -> None:
    with DAG("d") as d:
        value = extract()
        print(value)
        assert repr(value) == "<the result of 'extract'>"
        assert not hasattr(value, "count")
        load(value)
    assert capsys.readouterr().out == "<the result of 'extract'>\n"
    assert list(build_of(d).graph.pipelines["d"].steps) == ["d:extract", "d:load"]


def test_a_task_that_was_not_called_is_no_argument(problems_of: Problems) -> None:
    with DAG("d") as d:
        load([extract])
        transform(extract.partial(date="2024-01-01"))
    assert [(each.message, each.remedy) for each in problems_of(d)] == [
        (
            "The task 'load' was called with data=<task 'extract'>, which was not called.",
            "Write extract() for its result.",
        ),
        (
            "The task 'transform' was called with data=<task 'extract'>, which was not called.",
            "Write extract() for its result.",
        ),
    ]
    with (
        DAG("e"),
        pytest.raises(UsageError, match="was called with data=<task 'extract'>, which was not called"),
    ):
        load.expand(data=[extract])


def test_an_arrow_between_lists_is_told_what_to_write(problems_of: Problems) -> None:
    @dag
    def lists() -> None:
        [extract()] >> [extract()]

    (found,) = problems_of(lists)
    assert found.remedy is not None
    assert "chain(first, second)" in found.remedy
