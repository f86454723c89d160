"""`dag.test()`: the real graph, engine and worker in memory, for tests of a user's own DAGs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from weft import dag, task
from weft.model import errors


@task
def numbers(count: int) -> list[int]:
    return list(range(count))


@task
def double(number: int) -> int:
    return 2 * number


@task
def total(values: list[int]) -> int:
    return sum(values)


@dag
def adding(count: int = 3):
    total(double.expand(number=numbers(count)))


@task(retries=3, retry_delay=60)
def failing(day: str) -> str:
    raise LookupError(f"nothing for {day}")


@task(trigger_rule="all_done")
def tidy(last: str) -> str:
    return "tidy"


@dag(schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=UTC))
def daily():
    tidy(failing("{{ ds }}"))


def test_values_and_outcomes_are_found_by_task():
    result = adding.test(params={"count": 4})
    assert result.success
    assert result.value("total") == result["total"] == 12
    assert result.value("double") == [0, 2, 4, 6]
    assert result.value("double", 2) == 4
    assert result.outcomes["double[3]"] == "succeeded"


def test_what_a_task_raised_is_raised():
    with pytest.raises(LookupError, match="nothing for 2024-01-05"):
        daily.test(partition="2024-01-05")


def test_without_raising_the_result_has_what_failed_and_retries_do_not_wait():
    result = daily.test(partition="2024-01-05", raise_on_error=False)
    assert result.outcome == "failed"
    assert result.outcomes == {"failing": "failed", "tidy": "succeeded"}
    assert [each.attempts for each in result.failures] == [4]
    assert [str(each) for each in result.exceptions] == ["nothing for 2024-01-05"] * 4
    with pytest.raises(KeyError, match="it is failed"):
        result.value("failing")


def test_wrong_parameters_and_intervals_are_wrong_usage():
    with pytest.raises(errors.UsageError, match="there is no parameter 'cuont'"):
        adding.test(params={"cuont": 4})
    with pytest.raises(errors.UsageError, match="'count' is 'many'"):
        adding.test(params={"count": "many"})
    with pytest.raises(errors.UsageError, match="has no intervals"):
        adding.test(partition="2024-01-05")
    with pytest.raises(errors.UsageError, match=r"test\(\) has no argument 'parttion'"):
        daily.test(parttion="2024-01-05")


def test_what_is_no_pipeline_is_refused():
    from weft import api

    with pytest.raises(errors.UsageError, match="defines no pipeline"):
        api.test_pipeline(3)
