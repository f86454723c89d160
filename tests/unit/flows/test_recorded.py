"""What a resumed flow takes from its run's history, and where it stops taking."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.model import errors, events, stored
from weft.runtime.flows import recorded


def success(item: str, step: str = "f:a", inputs: str = "d1") -> list[events.Event]:
    value = stored.StoredValue(format="json", data_version="j1:1", inline=b"1")
    result = events.TaskResult(value=value, inputs=inputs)
    return [
        events.AttemptsStarted(run="r", step=step, items=(item,)),
        events.StepSucceeded(run="r", step=step, item=item, task=result),
    ]


def test_a_call_at_its_place_with_its_inputs_is_taken() -> None:
    record = recorded.Recorded()
    assert record.read(success("0")) == []
    assert record.take("0", "f:a", "d1") is not None


def test_attempts_that_had_begun_and_not_ended_are_told() -> None:
    record = recorded.Recorded()
    begun = events.AttemptsStarted(run="r", step="f:b", items=("1", "2"), attempt=2)
    lost = events.AttemptsLost(run="r", step="f:b", items=("2",), attempt=2)
    assert record.read([*success("0"), begun, lost]) == [("f:b", "1", 2)]
    assert record.take("1", "f:b", "d1") is None


def test_what_cannot_be_digested_runs_again() -> None:
    record = recorded.Recorded()
    record.read(success("0", inputs=""))
    assert record.take("0", "f:a", "") is None


@pytest.mark.parametrize(
    ("step", "inputs", "told"),
    [
        ("f:load", "d1", "call 0 was a(…) and is now load(…)"),
        ("f:a", "d2", "call 0 of a(…) has other inputs than before"),
    ],
)
def test_the_first_difference_is_told_and_ends_the_taking(step: str, inputs: str, told: str) -> None:
    heard: list[str] = []
    record = recorded.Recorded(tell=heard.append)
    record.read([*success("0"), *success("1"), *success("1.0")])
    assert record.take("0", step, inputs) is None
    assert record.take("1", "f:a", "d1") is None
    assert record.take("1.0", "f:a", "d1") is None
    assert len(heard) == 1
    assert told in heard[0]


def test_a_difference_within_a_call_leaves_the_others_alone() -> None:
    record = recorded.Recorded(tell=lambda told: None)
    record.read([*success("0.0"), *success("0.1"), *success("1")])
    assert record.take("0.0", "f:other", "d1") is None
    assert record.take("0.1", "f:a", "d1") is None
    assert record.take("1", "f:a", "d1") is not None


def test_a_strict_resumption_raises_at_the_first_difference() -> None:
    record = recorded.Recorded(strict=True)
    record.read(success("3", step="f:transform"))
    with pytest.raises(errors.UsageError, match=r"call 3 was transform\(…\) and is now load\(…\)"):
        record.take("3", "f:load", "d1")


def test_calls_that_were_rolled_back_run_again() -> None:
    record = recorded.Recorded()
    undone = events.StepsFinished(run="r", step="f:a", items=("0",), outcome="rolled_back")
    record.read([*success("0"), undone])
    assert record.take("0", "f:a", "d1") is None


def begun_in(life: int) -> events.RunStarted:
    return events.RunStarted(run="r", epoch=life, owner="")


def test_another_call_that_began_in_the_place_of_one_has_nothing_of_its_value() -> None:
    record = recorded.Recorded()
    other = events.AttemptsStarted(run="r", step="f:b", items=("1",))
    record.read([begun_in(1), *success("0"), *success("1"), begun_in(2), other])
    assert record.take("0", "f:a", "d1") is not None
    assert record.take("1", "f:b", "d1") is None


def test_what_lies_after_a_difference_of_an_earlier_resumption_is_not_taken() -> None:
    record = recorded.Recorded()
    before = [event for item in ("0", "1", "2", "2.0", "10") for event in success(item)]
    record.read([begun_in(1), *before, begun_in(2), *success("1", step="f:b")])
    assert record.take("0", "f:a", "d1") is not None
    assert record.take("1", "f:b", "d1") is not None
    assert [record.take(item, "f:a", "d1") for item in ("2", "2.0", "10")] == [None, None, None]


def test_what_ran_after_a_difference_is_taken_by_the_next_resumption() -> None:
    record = recorded.Recorded()
    before = [*success("0"), *success("1"), *success("2")]
    record.read([begun_in(1), *before, begun_in(2), *success("2", step="f:c"), *success("1", step="f:b")])
    assert record.take("1", "f:b", "d1") is not None
    assert record.take("2", "f:c", "d1") is not None


def test_a_call_that_can_never_be_taken_leaves_those_after_it_alone() -> None:
    record = recorded.Recorded()
    record.read([begun_in(1), *success("0", inputs=""), *success("1"), begun_in(2), *success("0", inputs="")])
    assert record.take("1", "f:a", "d1") is not None


@given(st.integers(0, 8), st.integers(0, 8))
def test_a_history_cut_anywhere_gives_a_beginning_of_the_calls(count: int, kept: int) -> None:
    history = [event for number in range(count) for event in success(str(number), inputs=f"d{number}")]
    record = recorded.Recorded()
    record.read(history[:kept])
    taken = [record.take(str(number), "f:a", f"d{number}") is not None for number in range(count)]
    assert taken == [2 * number + 2 <= kept for number in range(count)]
