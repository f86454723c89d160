"""Calls of tasks in the body of another task, or of an asset."""

import asyncio
import threading

import pytest
from task_world import World, message

from weft.define import futures, signals, tasks
from weft.model import errors


def run(tmp_path, body):
    world = World(tmp_path, body)
    return world.value(world.run())


@tasks.task
def double(n: int) -> int:
    return 2 * n


def test_a_call_runs_there_and_then_with_its_arguments_validated(tmp_path):
    assert run(tmp_path, lambda: double("4")) == 8
    assert "The parameter 'n' of the task 'double' is 'x'" in message(World(tmp_path, lambda: double("x")).run())


def test_a_call_is_tried_again_as_its_policy_says(tmp_path):
    tried = []

    @tasks.task(retries=2)
    def flaky():
        tried.append(1)
        if len(tried) < 3:
            raise ValueError("luck")
        return len(tried)

    assert run(tmp_path, flaky) == 3


def test_a_call_that_says_fail_or_whose_predicate_says_no_is_not_tried_again(tmp_path):
    tried = []

    @tasks.task(retries=2)
    def failing():
        tried.append(1)
        raise signals.Fail("no use")

    @tasks.task(retries=2, retry_if=lambda error: False)
    def refused():
        tried.append(2)
        raise ValueError("no")

    assert message(World(tmp_path, failing).run()) == "no use"
    assert message(World(tmp_path, refused).run()) == "no"
    assert tried == [1, 2]


def test_a_call_with_a_timeout_is_left_to_itself_after_it(tmp_path):
    ended = threading.Event()

    @tasks.task(timeout=0.05)
    def slow():
        ended.wait()

    told = message(World(tmp_path, slow).run())
    ended.set()
    assert "The call of 'slow' ran longer than its timeout of 0.05 s" in told


def test_futures_and_maps_run_beside_the_body(tmp_path):
    def body():
        first = double.submit(1)
        second = double.submit(first)
        return [second.result(), *double.map([5, 6]).result()]

    assert run(tmp_path, body) == [4, 10, 12]


def test_a_state_is_given_where_it_is_asked_for(tmp_path):
    @tasks.task
    def failing():
        raise ValueError("no luck")

    def body():
        state = failing.run(return_state=True)
        return [state.is_failed(), str(state.error), double.run(2, return_state=True).value]

    assert run(tmp_path, body) == [True, "no luck", 4]


def test_lists_of_a_map_must_have_one_length_and_there_must_be_one(tmp_path):
    @tasks.task
    def add(a, b):
        return a + b

    assert run(tmp_path, lambda: add.map([1, 2], futures.unmapped(10)).result()) == [11, 12]
    assert run(tmp_path, lambda: add.map([1, 2], b=10).result()) == [11, 12]
    assert "differ in length: '0' has 2, '1' has 1" in message(World(tmp_path, lambda: add.map([1, 2], [3])).run())
    assert "add.map() was given no list" in message(World(tmp_path, lambda: add.map(1, 2)).run())


def test_an_async_call_is_awaited_in_an_async_body(tmp_path):
    @tasks.task(retries=1)
    async def fetch(n: int) -> int:
        await asyncio.sleep(0)
        return n

    async def body():
        return list(await asyncio.gather(fetch(1), fetch("2")))

    assert run(tmp_path, body) == [1, 2]
    assert run(tmp_path, lambda: fetch(3)) == 3


def test_outside_of_a_run_a_task_is_the_plain_function():
    assert double("4") == "44"


def test_asking_a_person_within_a_task_is_an_error():
    from weft.worker.tasks import nested

    with pytest.raises(errors.UsageError, match="which only a flow can do"):
        nested.NestedCaller(_assignment()).ask(None, key=None, timeout=None, message="", suspended=False)


def _assignment():
    from weft.ports import executor

    return executor.Assignment(
        id=1, run="r", step="p:made", partition=None, attempt=1, tag="t", code="", outputs=(), inputs=()
    )
