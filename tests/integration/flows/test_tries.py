"""Flows that are tried again, given up or left while calls are under way: nothing is left open. A real ledger."""

from __future__ import annotations

import asyncio
import threading

import pytest

from weft import Suspended, flow, suspend, task, transaction
from weft.model import errors


@task
def number(value: int) -> int:
    return value


def test_a_try_of_a_flow_begins_when_nothing_of_the_one_before_is_under_way(weft_flows) -> None:
    go_on = threading.Event()
    tries: list[int] = []

    @task
    def waiting() -> int:
        assert go_on.wait(60)
        return len(tries)

    @flow(retries=1)
    def tried() -> int:
        tries.append(1)
        future = waiting.submit()
        if len(tries) == 1:
            threading.Timer(0.05, go_on.set).start()
            raise ValueError("the first try fails")
        return future.result()

    assert tried() == 1  # the value of the call of the first try
    assert weft_flows.steps() == {"waiting#0": "succeeded"}


def test_a_failure_that_another_try_mended_does_not_fail_the_flow(weft_flows) -> None:
    tries: list[int] = []

    @task
    def flaky() -> None:
        if len(tries) == 1:
            raise ValueError("once")

    @flow(retries=1)
    def tried() -> int:
        tries.append(1)
        flaky.submit()
        return len(tries)

    assert tried() == 2
    assert weft_flows.last().outcome == "succeeded"


def test_a_flow_that_took_too_long_is_tried_again_and_its_first_try_counts_no_more(weft_flows) -> None:
    go_on, refused = threading.Event(), threading.Event()
    tries: list[int] = []

    @task
    def waiting() -> None:
        assert go_on.wait(60)

    @flow(retries=1, timeout=2)
    def tried() -> int:
        tries.append(1)
        if len(tries) == 1:
            try:
                waiting()
                number(0)
            except errors.WeftError:
                refused.set()
                raise
        return number(len(tries))

    assert tried() == 2
    go_on.set()
    assert refused.wait(60)
    assert weft_flows.steps() == {"waiting#0": "cancelled", "number#0": "succeeded"}


def test_an_async_call_that_the_flow_did_not_wait_for_ends_with_it(weft_flows) -> None:
    @task
    async def failing() -> None:
        raise ValueError("at once")

    @task
    async def endless() -> None:
        await asyncio.Event().wait()

    @flow
    async def both() -> None:
        await asyncio.gather(endless(), failing())

    with pytest.raises(ValueError, match="at once"):
        asyncio.run(both())
    assert weft_flows.last().outcome == "failed"
    assert weft_flows.steps() == {"endless#0": "cancelled", "failing#1": "failed"}
    assert weft_flows.ledger.verify().passed


def test_a_timeout_error_of_an_async_flows_own_is_raised_as_it_is(weft_flows) -> None:
    @flow(timeout=60)
    async def impatient() -> None:
        raise TimeoutError("the vendor is slow")

    with pytest.raises(TimeoutError, match="the vendor is slow"):
        asyncio.run(impatient())
    assert weft_flows.last().outcome == "failed"


def test_the_calls_in_the_body_of_a_direct_call_are_numbered_below_it(weft_flows) -> None:
    @task
    def outer(value: int) -> int:
        return number(value) + number(value)

    @task
    async def outer_async(value: int) -> int:
        return number(value) + number(value)

    @flow
    async def mixed() -> int:
        return outer(1) + await outer_async(2) + number(3)

    assert asyncio.run(mixed()) == 9
    assert set(weft_flows.steps()) == {
        "outer#0", "number#0.0", "number#0.1", "outer_async#1", "number#1.0", "number#1.1", "number#2",
    }  # fmt: skip


def test_flows_may_be_generators_methods_and_lambdas(weft_flows) -> None:
    class Shop:
        def __init__(self, factor: int) -> None:
            self.factor = factor

        @task
        def scaled(self, value: int) -> int:
            return self.factor * value

        @flow
        def selling(self, value: int) -> int:
            return self.scaled(value) + self.scaled.submit(value).result()

        @classmethod
        @flow
        def named(cls, value: int) -> str:
            return f"{cls.__name__} {number(value)}"

    @flow
    def several():
        yield number(1)
        yield number(2)

    @flow
    async def several_async():
        yield number(3)

    nameless = flow(lambda value: number(value))

    assert Shop(3).selling("4") == 24
    assert Shop.named(1) == "Shop 1"
    assert several() == [1, 2]
    assert asyncio.run(several_async()) == [3]
    assert nameless(5) == 5


def test_a_coroutine_that_nobody_awaited_is_no_result(weft_flows) -> None:
    @task
    async def fetch() -> int:
        return 1

    @flow
    def careless():
        return fetch()

    with pytest.raises(errors.UsageError, match=r"The flow 'careless' returned a coroutine.* not awaited"):
        careless()


def test_what_was_submitted_in_a_transaction_is_waited_for_and_undone_with_it(weft_flows) -> None:
    undone: list[str] = []

    @task
    def write(name: str) -> str:
        return name

    @write.on_rollback
    def remove(txn) -> None:
        undone.append("one")

    @task
    def check() -> None:
        raise ValueError("not good")

    @flow
    def publishing() -> None:
        with transaction():
            write.submit("a")
            write.map(["b", "c"])
            check.submit()

    with pytest.raises(ValueError, match="not good"):
        publishing()
    assert undone == ["one", "one", "one"]
    assert set(weft_flows.steps().values()) == {"rolled_back", "failed"}


def test_a_commit_whose_hook_fails_is_rolled_back(weft_flows) -> None:
    undone: list[int] = []

    @task
    def write() -> None:
        return None

    @write.on_commit
    def publish(txn) -> None:
        raise ValueError("the bucket is gone")

    @write.on_rollback
    def remove(txn) -> None:
        undone.append(1)

    @flow
    def publishing() -> None:
        with transaction():
            write()

    with pytest.raises(ValueError, match="the bucket is gone"):
        publishing()
    assert undone == [1]


def test_a_flow_that_suspends_itself_in_a_transaction_keeps_it_open_and_commits_it_once(weft_flows) -> None:
    told: list[str] = []

    @task
    def write() -> int:
        told.append("write")
        return 1

    @write.on_commit
    def publish(txn) -> None:
        told.append("commit")

    @write.on_rollback
    def remove(txn) -> None:
        told.append("undo")

    @flow
    def publishing() -> int:
        with transaction():
            found = write()
            suspend(key="inside")
        suspend(key="after")
        return found

    with pytest.raises(Suspended):
        publishing()
    weft_flows.answer()
    with pytest.raises(Suspended):
        weft_flows.resume(publishing)
    weft_flows.answer()
    assert weft_flows.resume(publishing) == 1
    assert told == ["write", "commit"]


def test_a_run_whose_parameters_no_longer_fit_the_flow_says_so(weft_flows) -> None:
    def started(day: str) -> None:
        suspend()

    def changed(date: str) -> None:
        suspend()

    with pytest.raises(Suspended):
        flow(started)("2024-01-01")
    weft_flows.answer()
    changed.__qualname__ = started.__qualname__
    run = weft_flows.last().id
    with pytest.raises(
        errors.UsageError, match=rf"The run {run} can't be resumed: its parameters no longer fit\. .*day"
    ):
        weft_flows.resume(flow(name="started")(changed))


def test_after_a_commit_that_failed_a_flow_can_not_go_on_in_its_process_and_is_resumed(weft_flows, monkeypatch) -> None:
    ledger = weft_flows.place.ledger
    whole = type(ledger).transaction

    def full(self):
        raise errors.LedgerError("The disk is full.")

    @task
    def breaking() -> int:
        if not refused:
            monkeypatch.setattr(type(ledger), "transaction", full)
        return 1

    refused: list[str] = []

    @flow
    def stubborn() -> int:
        found = number(1)
        for _ in range(2):
            try:
                return found + breaking()
            except errors.LedgerError as error:
                refused.append(str(error))
                monkeypatch.setattr(type(ledger), "transaction", whole)
        return found

    with pytest.raises(errors.LedgerError, match="The disk is full"):
        stubborn()
    assert len(refused) == 2
    assert weft_flows.last().phase != "finished"
    assert weft_flows.resume(stubborn) == 2
    assert weft_flows.steps() == {"number#0": "succeeded", "breaking#1": "succeeded"}
    assert weft_flows.ledger.verify().passed
