"""What the options of tasks come to."""

from __future__ import annotations

import pytest

from weft import Retry, task
from weft.model import errors


def body() -> None: ...


def test_a_list_of_delays_says_how_many_retries_there_are_unless_that_is_said() -> None:
    assert task(retry_delay=["1s", "10s"])(body).policies.retry.retries == 2
    assert task(retry_delay=["1s", "10s"], retries=5)(body).policies.retry.retries == 5
    assert task(retry_delay=["1s", "10s"])(body).with_options(retries=0).policies.retry.retries == 0


def test_the_delays_of_a_list_come_one_by_one_and_the_last_one_holds_on() -> None:
    retry = task(retry_delay=[1, "10s"], retries=4)(body).policies.retry
    assert [retry.delay_before(each, 0.0) for each in (1, 2, 3, 4)] == [1.0, 10.0, 10.0, 10.0]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"retry_delay": []}, "retry_delay is an empty list"),
        ({"retries": -1}, "retries is -1"),
        ({"slots": 0}, "slots is 0"),
        ({"pool": 3}, "pool is 3"),
        ({"on_failure": "mail"}, "on_failure is 'mail', which is not callable"),
        ({"retries": Retry(2), "retry_delay": [1]}, "given twice"),
    ],
)
def test_a_wrong_option_is_told_with_the_name_of_the_task(given: dict[str, object], told: str) -> None:
    with pytest.raises(errors.UsageError, match=told) as caught:
        task(**given)(body)  # type: ignore[call-overload]
    assert "'body'" in caught.value.message
