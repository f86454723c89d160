"""What flows print, log and raise: kept with the run, shown by `weft logs`, and free of weft's own frames."""

from __future__ import annotations

import asyncio
import logging
import traceback
from typing import Any

import pytest

from weft import flow, task
from weft.model import events
from weft.service.pipeline import flows as service
from weft.service.run import run_details, run_logs


def logs_of(home: Any) -> dict[str, str]:
    """The output of the newest run, by step; that of the flow's own function under the flow's name."""
    run, folder = home.last(), home.place.logs
    found = {each.step: each.text for _, each in run_logs.attempts(home.ledger, folder, run.id)}
    own = run_logs.of_flow(home.ledger, folder, run.id)
    return found if own is None else {**found, own.step: own.text}


def test_what_a_direct_call_and_the_flow_itself_print_and_log_is_kept_and_shown(weft_flows, capsys) -> None:
    @task
    def speak(word: str, context: Any) -> None:
        print("says", word)
        context.log.info("logged %s", word)

    @flow
    def speaking() -> None:
        print("it begins")
        logging.getLogger("mine").warning("look out")
        speak("yes")
        print("it ends")

    speaking()
    told = logs_of(weft_flows)
    assert told["speaking:speak"].startswith("says yes\n")
    assert "INFO speaking:speak: logged yes" in told["speaking:speak"]
    assert told["speaking"].startswith("it begins\n")
    assert "WARNING mine: look out\n" in told["speaking"]
    assert told["speaking"].endswith("it ends\n")
    assert "says" not in told["speaking"]
    assert capsys.readouterr().out == "it begins\nsays yes\nit ends\n"


def test_what_an_async_flow_and_its_calls_print_is_kept(weft_flows) -> None:
    @task
    async def speak(word: str) -> None:
        await asyncio.sleep(0)
        print("says", word)

    @flow
    async def speaking() -> None:
        print("it begins")
        await asyncio.gather(speak("a"), speak("b"))

    asyncio.run(speaking())
    told = logs_of(weft_flows)
    assert (told["speaking"], told["speaking:speak"]) == ("it begins\n", "says b\n")


def test_a_subflow_keeps_its_own_output(weft_flows) -> None:
    @flow
    def inner() -> None:
        print("inside")

    @flow
    def outer() -> None:
        print("outside")
        inner()

    outer()
    assert logs_of(weft_flows)["outer"] == "outside\n"
    child = next(row for row in weft_flows.runs() if row.parent)
    own = run_logs.of_flow(weft_flows.ledger, weft_flows.place.logs, child.id)
    assert own is not None
    assert own.text == "inside\n"


def test_an_async_flow_that_was_started_without_an_event_loop_ends_well(weft_flows) -> None:
    @task
    async def square(number: int) -> int:
        await asyncio.sleep(0)
        return number * number

    @flow
    async def squaring() -> list[int]:
        return list(await asyncio.gather(*(square(number) for number in range(3))))

    for _ in range(2):
        state = service.run_flow(weft_flows.place, squaring, {})
        assert (state.outcome, state.value) == ("succeeded", [0, 1, 4])


def test_the_log_of_a_flow_has_the_traceback_of_its_own_function(weft_flows) -> None:
    @flow
    def failing() -> None:
        print("before")
        raise KeyError("mine")

    with pytest.raises(KeyError):
        failing()
    own = run_logs.of_flow(weft_flows.ledger, weft_flows.place.logs, weft_flows.last().id)
    assert own is not None
    assert (own.step, own.outcome, own.text, own.error) == ("failing", "failed", "before\n", "KeyError: 'mine'")
    assert 'raise KeyError("mine")' in own.traceback


def test_the_traceback_of_a_failed_call_has_no_frames_of_weft(weft_flows) -> None:
    @task
    def fail() -> None:
        raise ValueError("wrong")

    @flow
    def inner() -> None:
        fail()

    @flow
    def outer() -> None:
        inner()

    with pytest.raises(ValueError, match="wrong") as caught:
        outer()
    ended = [each for each in weft_flows.events() if isinstance(each, events.RunFinished)]
    assert ended[0].error is not None
    assert "/weft/runtime/" not in ended[0].error.traceback
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names[-3:] == ["outer", "inner", "fail"]
    ours = [frame for frame in traceback.extract_tb(caught.value.__traceback__) if "/weft/" in frame.filename]
    assert len(ours) <= 4  # the call of the flow itself


def test_a_failure_of_a_mapped_call_has_no_frames_of_weft(weft_flows) -> None:
    @task
    def fail(number: int) -> None:
        raise ValueError(f"wrong {number}")

    @flow
    def mapping() -> None:
        fail.map([1, 2]).result()

    with pytest.raises(ValueError, match="wrong 1") as caught:
        mapping()
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names[-2:] == ["mapping", "fail"]


@pytest.mark.parametrize(
    ("returned", "shown"),
    [
        ({1, 2}, [1, 2]),
        ((1, {2: "three"}), [1, {"2": "three"}]),
        (None, None),
        (lambda: 1, "(a value that can't be stored)"),
    ],
)
def test_what_a_flow_returned_is_shown_without_marks_of_its_storage(
    weft_flows, returned: object, shown: object
) -> None:
    @flow
    def returning() -> Any:
        return returned

    returning()
    assert run_details.run_detail(weft_flows.ledger, weft_flows.last()).result == shown
