"""DAGs as people who know Airflow write them, run by `dag.test()`: the real graph, engine and worker."""

from __future__ import annotations

import re
from datetime import date, datetime

import pytest

from weft import DAG, Skip, TaskGroup, dag, job, op, task
from weft.model import errors

START = datetime(2024, 1, 1)  # noqa: DTZ001 - as Airflow's own examples write it


@task
def given(value=None):
    return value


def named(name, **options):
    return given.override(task_id=name, **options)


class Multiplier:
    """Whose methods are tasks."""

    def __init__(self, factor):
        self.factor = factor

    @task
    def times(self, number: int, ds=None):
        return self.factor * number, ds

    @task
    async def plain(self, number: int):
        return self.factor * number


def test_a_method_is_a_task_of_its_instance():
    three = Multiplier(3)
    with DAG("methods", schedule="@daily", start_date=START) as methods:
        three.times(2)
        Multiplier(4).times(number=2)
        three.plain.expand(number=[1, 2])
    result = methods.test(partition="2024-01-05")
    assert result.value("times") == (6, "2024-01-05")
    assert result.value("times__1") == (8, "2024-01-05")
    assert result.value("plain") == [3, 6]
    assert Multiplier(5).times(2) == (10, None)


@dag(schedule="@daily", start_date=START, timezone="Europe/Vienna")
def templated(day: date = "{{ ds }}", before: str = "{{ macros.ds_add(ds, -1) }}", count: int = 3):
    given({"day": day, "count": count})
    named("text")(f"{before} to {day}")


def test_a_template_as_the_default_of_a_parameter_is_filled_in_when_a_run_begins():
    result = templated.test(partition="2024-01-05")
    assert result.value("given") == {"day": "2024-01-05", "count": 3}
    assert result.value("text") == "2024-01-04 to 2024-01-05"


def test_a_parameter_that_is_given_goes_before_a_template():
    result = templated.test(partition="2024-01-05", params={"day": "2020-02-29"})
    assert result.value("given")["day"] == "2020-02-29"


def test_a_wrong_template_as_a_default_is_told_before_anything_runs():
    @dag
    def wrong(day: str = "{{ dss }}"):
        given(day)

    with pytest.raises(errors.UsageError, match=r"'day' of the DAG 'wrong' is the template '{{ dss }}'.*mean 'ds'"):
        wrong.test()


def test_items_have_labels_made_of_their_arguments():
    @task(label="{{ symbol }} of {{ ds }}")
    def price(symbol):
        return symbol

    with DAG("labelled", schedule="@daily", start_date=START) as labelled:
        price.expand(symbol=["AAPL", "IBM"])
    result = labelled.test(partition="2024-01-05")
    assert result.rendered["price"] == {"label": "IBM of 2024-01-05"}


def test_a_label_with_an_unknown_name_says_which():
    @task(label="{{ symbl }}")
    def price(symbol):
        return symbol

    with DAG("labelled") as labelled:
        price.expand(symbol=["AAPL"])
    with pytest.raises(errors.WeftError, match=r"option 'label' of 'price' has an unknown name 'symbl'.*'symbol'"):
        labelled.test()


@pytest.mark.parametrize(("wanted", "chosen"), [("one", "one"), ("inner", "inner"), ("outer.inner", "inner")])
def test_a_branch_within_a_group_names_tasks_and_groups_beside_it_by_their_short_names(wanted, chosen):
    @task.branch
    def choose():
        return wanted

    with DAG("branching") as branching, TaskGroup("outer"):
        choice = choose()
        with TaskGroup("inner") as inner:
            named("first")() >> named("second")()
        choice >> [inner, named("one")()]
    outcomes = branching.test().outcomes
    ran = {"one": ["outer.one"], "inner": ["outer.inner.first", "outer.inner.second"]}[chosen]
    assert [name for name in outcomes if outcomes[name] == "succeeded"] == ["outer.choose", *ran]


@pytest.mark.parametrize(
    ("option", "remedy"),
    [
        ("execution_timeout", "Write timeout="),
        ("retry_exponential_backoff", "Write retries=Retry"),
        ("multiple_outputs", r"result\[\"key\"\]"),
        ("map_index_template", "Write label="),
        ("email_on_failure", "weft.operators.email"),
    ],
)
def test_an_option_of_airflow_that_is_spelt_otherwise_here_is_named(option, remedy):
    with pytest.raises(errors.UsageError, match=f"no argument '{option}'.*{remedy}"):
        task(**{option: 1})(lambda: None)
    with pytest.raises(errors.WeftError, match=f"default_args has '{option}'.*{remedy}"):
        DAG("d", default_args={option: 1}).test()


def test_what_is_expanded_over_is_given_by_name():
    with (
        DAG("d"),
        pytest.raises(errors.UsageError, match=r"given an argument without its name. Write expand\(value=…\)"),
    ):
        given.expand([1, 2])


def test_callbacks_are_told_the_run_and_its_dag():
    told = []
    with DAG("called", on_failure=lambda context: told.append(context)) as called:

        @task
        def broken():
            raise ValueError("no")

        broken()
    called.test(raise_on_error=False)
    (context,) = told
    assert context["dag"].dag_id == context.dag_run.dag_id == "called"
    assert context["dag_run"].run_id == context.run_id
    assert "ValueError: no" in context["reason"]


def test_arguments_beyond_those_with_names_come_after_them():
    @task
    def collect(first, second=2, *others, last, **more):
        return first, second, others, last

    with DAG("collecting") as collecting:
        collect(1, 2, given(3), 4, last=5)
    assert collecting.test().value("collect") == (1, 2, (3, 4), 5)


def test_a_mapped_task_whose_items_were_all_skipped_was_skipped():
    @task
    def odd(number):
        if number % 2 == 0:
            raise Skip("even")

    with DAG("odds") as odds:
        odd.expand(number=[2, 4])
        odd.override(name="some").expand(number=[1, 2])
    outcomes = odds.test().outcomes
    assert (outcomes["odd"], outcomes["some"]) == ("skipped", "succeeded")


def test_an_op_gives_what_its_annotation_says():
    @op
    def number() -> int:
        return "one"  # type: ignore[return-value]

    @op
    def maybe() -> int | None:
        return None

    @job
    def wrong():
        number()

    @job
    def right():
        maybe()

    with pytest.raises(errors.WeftError, match=r"op 'number', output 'result': The value is 'one' \(str\), not int"):
        wrong.test()
    assert right.test().success


@pytest.mark.parametrize(
    ("value", "told"), [(None, "nothing (None)"), ("abc", "a str"), (5, "an int"), (1.5, "a float")]
)
def test_what_can_not_be_mapped_over_is_named(value, told):
    with DAG("mapping") as mapping:
        given.expand(value=named("source")(value))
    with pytest.raises(errors.WeftError, match=re.escape(f"what mapping:source returned is {told}.")):
        mapping.test()


def test_a_truth_that_is_none_is_refused():
    with pytest.raises(errors.UsageError, match=r"depends_on_past is 'yes'. Write True or False"):
        task(depends_on_past="yes")(lambda: None)


def test_a_branch_names_a_group_that_puts_no_prefix_before_its_tasks():
    @task.branch
    def choose():
        return "plain"

    with DAG("branching") as branching:
        with TaskGroup("plain", prefix_group_id=False) as plain:
            named("first")()
        choose() >> [plain, named("other")()]
    outcomes = branching.test().outcomes
    assert (outcomes["first"], outcomes["other"]) == ("succeeded", "skipped")


def test_what_is_zipped_comes_as_tuples_also_where_it_is_filled_up():
    with DAG("zipping") as zipping:
        few, more = named("few")([1]), named("more")([2, 3])
        named("short").expand(value=few.zip(more))
        named("long").expand(value=few.zip(more, fillvalue="-"))
    result = zipping.test()
    assert result.value("short") == [(1, 2)]
    assert result.value("long") == [(1, 2), ("-", 3)]
