"""Calls of tasks in flows: direct, submitted, mapped; their values, failures, retries and limits."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from weft import Cache, Inputs, Skip, artifacts, by_key, flow, task, unmapped
from weft.model import errors
from weft.runtime.flows import calls as flow_calls


@task
def add(left: int, right: int = 1) -> int:
    return left + right


@task
def fail(text: str) -> None:
    raise ValueError(text)


def test_a_flow_returns_its_value_and_records_each_call_before_the_next(weft_flows) -> None:
    seen = []

    @flow
    def counting(start: int) -> int:
        for _ in range(3):
            start = add(start)
            seen.append(weft_flows.steps()[f"add#{len(seen)}"])
        return start

    assert counting(1) == 4
    assert seen == ["succeeded"] * 3
    run = weft_flows.last()
    assert (run.pipeline, run.outcome, run.params) == ("counting", "succeeded", b'{"start":1}')


def test_a_task_outside_of_a_flow_is_a_plain_function(weft_flows) -> None:
    assert add(1, 2) == 3
    assert weft_flows.runs() == []


def test_the_claim_of_a_call_is_committed_before_its_body_runs(weft_flows) -> None:
    @task
    def look() -> str:
        return weft_flows.steps()["look#0"]

    @flow
    def looking() -> str:
        return look()

    assert looking() == "running"


def test_futures_stand_for_values_also_within_lists_and_mappings(weft_flows) -> None:
    @task
    def total(numbers: list[int], more: dict[str, int]) -> int:
        return sum(numbers) + sum(more.values())

    @flow
    def futures() -> int:
        one, two = add.submit(0), add.submit(1)
        return total([one, 10], {"two": two})

    assert futures() == 13


def test_a_call_waits_for_what_wait_for_names(weft_flows) -> None:
    order = []

    @task
    def slow() -> None:
        time.sleep(0.05)
        order.append("slow")

    @task
    def quick() -> None:
        order.append("quick")

    @flow
    def waiting() -> None:
        first = slow.submit()
        quick.submit(wait_for=[first]).result()

    waiting()
    assert order == ["slow", "quick"]


def test_map_gives_values_in_order_with_others_the_same_for_all(weft_flows) -> None:
    @task
    def join(number: int, letters: list[str]) -> str:
        return "".join(letters) + str(number)

    @flow
    def mapping() -> list[str]:
        return join.map([1, 2, 3], unmapped(["a", "b"])).result()

    assert mapping() == ["ab1", "ab2", "ab3"]
    assert set(weft_flows.steps()) == {"join#0.0", "join#0.1", "join#0.2"}


def test_a_map_over_the_futures_of_a_map_waits_element_by_element(weft_flows) -> None:
    @flow
    def twice() -> list[int]:
        return add.map(add.map([1, 2])).result()

    assert twice() == [3, 4]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (([1, 2], [1]), "lists of different lengths: argument 1 has 2, argument 2 has 1"),
        ((1, 2), "no list to map over: int, int"),
        ((range(100_001),), "100,001 elements; the limit is 100,000"),
    ],
)
def test_a_wrong_map_says_so_before_anything_runs(weft_flows, arguments, told: str) -> None:
    @flow
    def wrong() -> None:
        add.map(*arguments)

    with pytest.raises(errors.UsageError, match=told):
        wrong()
    assert weft_flows.steps() == {}


def test_a_wrong_argument_is_told_before_anything_runs(weft_flows) -> None:
    @flow
    def wrong(what: str) -> None:
        if what == "missing":
            add()
        if what == "unknown":
            add(1, rihgt=2)
        add("many")

    with pytest.raises(errors.UsageError, match="'add' was called without 'left'"):
        wrong("missing")
    with pytest.raises(errors.UsageError, match=r"'rihgt' is no parameter of it. Did you mean 'right'"):
        wrong("unknown")
    with pytest.raises(errors.TypeMismatchError, match="'left' of the task 'add' is 'many'"):
        wrong("type")
    assert weft_flows.steps() == {}


def test_parameters_of_a_flow_are_checked_and_converted_before_a_run_is_made(weft_flows) -> None:
    @flow
    def typed(count: int) -> int:
        return count

    assert typed("3") == 3
    with pytest.raises(errors.TypeMismatchError, match="'count' of the flow 'typed' is 'x'"):
        typed("x")
    assert len(weft_flows.runs()) == 1


def test_what_a_task_raises_reaches_the_flow_as_it_is_and_may_be_caught_there(weft_flows) -> None:
    @flow
    def catching() -> str:
        try:
            fail("boom")
        except ValueError as error:
            return str(error)
        return ""

    assert catching() == "boom"
    assert weft_flows.last().outcome == "succeeded"
    assert weft_flows.steps() == {"fail#0": "failed"}


def test_an_exception_of_the_flow_propagates_after_the_failure_is_committed(weft_flows) -> None:
    @flow
    def failing() -> None:
        add(1)
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        failing()
    finished = weft_flows.events()[-1]
    assert (finished.outcome, finished.error.kind) == ("failed", "KeyError")


def test_a_failed_call_that_nobody_asked_for_fails_the_flow(weft_flows) -> None:
    @flow
    def unobserved() -> int:
        fail.submit("unseen")
        return 1

    with pytest.raises(ValueError, match="unseen"):
        unobserved()
    assert weft_flows.last().outcome == "failed"


def test_what_waits_for_a_failed_call_does_not_run(weft_flows) -> None:
    @flow
    def broken() -> str:
        above = fail.submit("above")
        below = add.submit(above)
        below.wait()
        with pytest.raises(flow_calls.CallFailedError, match="upstream failed"):
            below.result()
        return below.state.outcome

    assert broken() == "upstream_failed"


def test_states_are_returned_on_request(weft_flows) -> None:
    @flow
    def states() -> tuple[bool, bool, str]:
        good, bad = add(1, return_state=True), fail("x", return_state=True)
        assert good.result() == 2
        return good.is_completed(), bad.is_failed(), str(bad.result(raise_on_failure=False))

    state = states(return_state=True)
    assert state.is_success()
    assert state.result() == (True, True, "x")

    @flow
    def bad() -> None:
        fail("y")

    assert bad(return_state=True).is_failed()


def test_a_task_is_tried_again_and_only_as_often_as_said(weft_flows) -> None:
    tries = []

    @task(retries=2, retry_delay=[0.01, 0.02])
    def flaky(needed: int) -> int:
        tries.append(needed)
        if len(tries) < needed:
            raise ConnectionError("no")
        return len(tries)

    @flow
    def trying(needed: int) -> int:
        return flaky(needed)

    assert trying(3) == 3
    tries.clear()
    with pytest.raises(ConnectionError):
        trying(9)
    assert len(tries) == 3


def test_a_body_that_takes_too_long_is_fenced_off(weft_flows) -> None:
    ended = threading.Event()

    @task(timeout=0.05)
    def stuck() -> None:
        ended.wait(60)

    @flow
    def waiting() -> None:
        stuck()

    with pytest.raises(Exception, match=r"0\.05"):
        waiting()
    ended.set()
    assert weft_flows.steps() == {"stuck#0": "timed_out"}


def test_a_flow_that_takes_too_long_times_out_and_its_function_can_call_no_more(weft_flows) -> None:
    go, outcome = threading.Event(), []

    @flow(timeout=0.05)
    def slow() -> None:
        go.wait(60)
        try:
            add(1)
        except errors.UsageError as error:
            outcome.append(str(error))
        go.clear()

    with pytest.raises(TimeoutError, match=r"'slow' took longer than 0.05 s"):
        slow()
    assert weft_flows.last().outcome == "timed_out"
    go.set()
    while go.is_set():
        time.sleep(0.001)
    assert "which has ended" in outcome[0]


def test_a_flow_that_is_tried_again_keeps_what_succeeded(weft_flows) -> None:
    made = []

    @task
    def make(number: int) -> list[int]:
        made.append(number)
        return [number]

    tries = []

    @flow(retries=2)
    def again() -> list[list[int]]:
        found = [make(1), *make.map([2, 3]).result()]
        tries.append(1)
        if len(tries) < 3:
            raise RuntimeError("once more")
        return found

    assert again() == [[1], [2], [3]]
    assert sorted(made) == [1, 2, 3]


def test_a_cached_result_serves_other_runs_and_names_the_run_that_made_it(weft_flows) -> None:
    ran = []

    @task(cache=Inputs())
    def slow(number: int) -> dict[str, int]:
        ran.append(number)
        return {"number": number}

    @flow
    def first() -> dict[str, int]:
        return slow(1)

    @flow
    def second() -> str:
        assert slow.submit(1).result() == {"number": 1}
        state = slow.run(1, return_state=True)
        assert (state.outcome, state.result()) == ("reused", {"number": 1})
        return state.source_run

    assert first() == {"number": 1}
    made = weft_flows.last().id
    assert second() == made
    assert ran == [1]


def test_a_cache_key_function_that_raises_fails_the_call_by_name(weft_flows) -> None:
    def key(context, params) -> str:
        raise LookupError("no key")

    @task(cache=Cache(by_key(key)))
    def cached() -> int:
        return 1

    @flow
    def keyed() -> int:
        return cached()

    with pytest.raises(errors.WeftError, match=r"cache key function .*key.* of the task 'cached' raised LookupError"):
        keyed()


def test_a_skipped_call_is_skipped_and_gives_none(weft_flows) -> None:
    @task
    def nothing() -> int:
        raise Skip("nothing new")

    @flow
    def skipping() -> int | None:
        return nothing()

    assert skipping() is None
    assert weft_flows.steps() == {"nothing#0": "skipped"}


def test_a_generator_gives_a_list(weft_flows) -> None:
    @task
    def count(to: int):
        yield from range(to)

    @flow
    def counting() -> list[int]:
        return count(3)

    assert counting() == [0, 1, 2]


def test_tasks_that_call_tasks_are_numbered_below_their_call_and_never_wait_for_each_other_in_vain(weft_flows) -> None:
    @task
    def outer(start: int) -> int:
        return sum(each.result() for each in add.map(list(range(start, start + 20)))) + add(1)

    @flow(max_workers=2)
    def nested() -> list[int]:
        return outer.map([0] * 6).result()

    assert nested() == [212] * 6
    steps = weft_flows.steps()
    assert steps["outer#0.5"] == "succeeded"
    assert steps["add#0.5.0.19"] == "succeeded"
    assert steps["add#0.5.1"] == "succeeded"


def test_a_subflow_is_a_run_of_its_own_and_a_step_of_the_one_that_called_it(weft_flows) -> None:
    @flow
    def inner(number: int) -> int:
        return add(number)

    @flow
    def outer() -> int:
        return inner("1") + inner(2, return_state=True).result()

    assert outer() == 5
    first, second, parent = (
        reversed(weft_flows.runs()) if False else sorted(weft_flows.runs(), key=lambda row: row.parent == "")
    )
    assert {first.parent, second.parent} == {parent.id}
    assert {first.parent_item, second.parent_item} == {"0", "1"}
    assert first.trigger == "subflow"
    assert weft_flows.steps(parent.id) == {"inner#0": "succeeded", "inner#1": "succeeded"}


def test_a_failed_subflow_fails_its_step_and_raises_what_it_raised(weft_flows) -> None:
    @flow
    def inner() -> None:
        fail("deep")

    @flow
    def outer() -> None:
        inner()

    with pytest.raises(ValueError, match="deep"):
        outer()
    assert weft_flows.steps() == {"inner#0": "failed"}


def test_async_flows_await_tasks_together(weft_flows) -> None:
    started = []

    @task
    async def wait(number: int) -> int:
        started.append(number)
        while len(started) < 3:
            await asyncio.sleep(0.001)
        return number

    @flow
    async def inner(number: int) -> int:
        return await wait(number)

    @flow
    async def together() -> list[int]:
        found = await asyncio.gather(wait(1), wait(2), wait(3))
        future = add.submit(found[0])
        return [*found, await inner(4), add(4), await future, wait.submit(9).result()]

    assert asyncio.run(together()) == [1, 2, 3, 4, 5, 2, 9]
    assert weft_flows.last().outcome == "succeeded"


def test_an_async_task_times_out_and_is_tried_again(weft_flows) -> None:
    tries = []

    @task(timeout=0.03, retries=1)
    async def slow() -> int:
        tries.append(1)
        if len(tries) == 1:
            await asyncio.sleep(5)
        return len(tries)

    @flow
    async def waiting() -> int:
        return await slow()

    assert asyncio.run(waiting()) == 2


def test_hooks_of_flows_and_tasks_are_called_and_their_errors_change_nothing(weft_flows) -> None:
    told = []

    def broken(flow, run, state) -> None:
        raise RuntimeError("hook")

    @task(on_success=lambda context, value: told.append(("task", value)))
    def one() -> int:
        return 1

    @flow(on_completion=[broken, lambda flow, run, state: told.append((flow.name, run.id, state.outcome))])
    def good() -> int:
        return one()

    @flow(on_failure=lambda flow, run, state: told.append(str(state.error)))
    def bad() -> None:
        fail("hooked")

    good()
    run = weft_flows.last().id
    with pytest.raises(ValueError, match="hooked"):
        bad()
    assert told == [("task", 1), ("good", run, "succeeded"), "hooked"]


def test_a_value_that_cannot_be_stored_lives_in_memory(weft_flows) -> None:
    @task
    def lock() -> threading.Lock:
        return threading.Lock()

    @task
    def use(found) -> bool:
        return found.acquire()

    @flow
    def locking() -> bool:
        return use(lock())

    assert locking() is True


def test_an_outlet_of_a_task_is_materialized(weft_flows) -> None:
    @task(outlets="shop/orders")
    def load() -> list[int]:
        return [1, 2]

    @flow
    def loading() -> None:
        load()

    loading()
    (version,) = weft_flows.ledger.versions("shop/orders")
    assert version.run == weft_flows.last().id
    assert version.current


def test_artifacts_of_the_flow_itself_and_of_its_tasks_are_recorded(weft_flows) -> None:
    @task
    def told() -> None:
        artifacts.markdown("# in a task", key="of-task")

    @flow
    def showing() -> None:
        artifacts.markdown("# in a flow", key="of-flow")
        told()

    showing()
    found = {row.key: row.step for row in weft_flows.ledger.artifacts()}
    assert found == {"of-flow": "", "of-task": "showing:told"}


def test_the_ledger_of_flows_is_what_its_events_say(weft_flows) -> None:
    @task(retries=1)
    def odd(number: int) -> int:
        if number % 2:
            raise ValueError(number)
        return number

    @flow
    def mixed() -> int:
        futures = odd.map(list(range(10)))
        futures.wait()
        return sum(each.result() for each in futures if each.state.is_success())

    assert mixed() == 20
    assert weft_flows.ledger.verify().passed


@pytest.mark.parametrize("limit", ["pool", "tag"])
def test_calls_of_a_pool_or_a_limited_tag_run_one_at_a_time(weft_flows, limit: str) -> None:
    running, most = [], []

    def body(number: int) -> int:
        running.append(number)
        most.append(len(running))
        time.sleep(0.005)
        running.remove(number)
        return number

    limited = task(pool="one")(body) if limit == "pool" else task(tags="one")(body)

    @flow(tag_limits={"one": 1}, max_workers=4)
    def bounded() -> list[int]:
        first = limited.map([1, 2, 3])
        return [limited(9), *first.result()]

    assert bounded() == [9, 1, 2, 3]
    assert max(most) == 1
