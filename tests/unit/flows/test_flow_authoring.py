"""What may be said of a flow, and what is wrong with it, told as it is defined."""

from __future__ import annotations

import pytest

import weft
from weft import flow, task
from weft.model import errors


def test_the_plain_function_is_at_hand() -> None:
    @flow(name="named", retries=2, retry_delay="1s", timeout="1m", tags="x")
    def typed(count: int) -> int:
        """Count."""
        return count + 1

    assert typed.fn(1) == 2
    assert (typed.name, typed.description, typed.timeout) == ("named", "Count.", 60.0)
    assert typed.with_options(name="other").name == "other"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"retrys": 1}, "@flow has no argument 'retrys'. Did you mean 'retries'"),
        ({"executor": "dask"}, "there is no executor 'dask' for the calls of flows"),
        ({"max_workers": 0}, "max_workers is 0"),
        ({"on_failure": "mail"}, "on_failure is 'mail', which is not callable"),
        ({"timeout": "soon"}, "The flow 'wrong': "),
    ],
)
def test_a_wrong_option_is_told_at_once(given: dict[str, object], told: str) -> None:
    with pytest.raises(errors.UsageError) as caught:

        @flow(**given)
        def wrong() -> None: ...

    assert told in str(caught.value)


def test_a_deployment_has_a_schedule_and_parameters_of_its_own() -> None:
    @flow(tags="base")
    def etl(date: str, full: bool = False) -> None: ...

    declared = etl.deploy(
        name="nightly", schedule="@daily", parameters={"date": "{{ ds }}"}, work_pool="big"
    ).declared()
    assert (declared.name, declared.schedule, declared.work_pool) == ("nightly", "@daily", "big")
    assert declared.parameters == {"date": "{{ ds }}"}
    with pytest.raises(errors.UsageError, match=r"gives 'dat', which is no parameter of 'etl'\. Did you mean 'date'"):
        etl.deploy(parameters={"dat": 1})
    with pytest.raises(errors.UsageError, match="has no argument 'shedule'"):
        etl.deploy(shedule="@daily")


@pytest.mark.parametrize("call", [weft.pause, weft.suspend])
def test_a_question_outside_of_a_flow_is_an_error(call) -> None:
    with pytest.raises(errors.UsageError, match="was called outside of a flow's run"):
        call()


def test_submitting_outside_of_a_flow_is_an_error() -> None:
    @task
    def one() -> int:
        return 1

    with pytest.raises(errors.UsageError, match=r"one\.submit\(\) was called outside of a flow's run"):
        one.submit()
    with pytest.raises(errors.UsageError, match=r"one\.map\(\) was called outside of a flow's run"):
        one.map([1])
