"""Runs that grow, and whose bodies are called by somebody in a thread of their own, between the turns of the driver."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from tests.unit.runtime.pipeline_world import ScriptedExecutor, report_of
from weft.engine import network as networks
from weft.engine import run as engine
from weft.model import events, policies
from weft.ports import executor as executors
from weft.ports import ledger as ledgers
from weft.runtime import driver as drivers
from weft.runtime import work as works
from weft.stores import sqlite
from weft.testing import simulator


class Calls(works.Plain):
    """The least work that there can be."""

    def __init__(self, network: networks.Network) -> None:
        self.network = network

    def claim(self, node: int, attempt: int) -> works.Answer:
        line = self.network.line_of(node)
        return works.Claimed(line=line, partition=None, item=self.network.item_of(node), attempt=attempt)

    def named(self, line: networks.Line, nodes: Sequence[int]) -> dict[str, Any]:
        return {"items": tuple(line.items[node - line.base] for node in nodes)}

    def waited(self, line: networks.Line, nodes: Sequence[int]) -> Sequence[str]:
        return ("f:before#0",)

    def assignments(self, claimed: Mapping[int, works.Claimed]) -> list[executors.Assignment]:
        return [
            executors.Assignment(
                id=node, run="r", step=each.line.step, partition=None, attempt=each.attempt, tag="", code="",
                outputs=(), inputs=(),
            )
            for node, each in claimed.items()
        ]  # fmt: skip

    def succeeded(self, report: executors.AttemptReport, claimed: works.Claimed) -> works.Ended | works.Failure:
        event = events.StepSucceeded(run="r", step=claimed.line.step, item=claimed.item, attempt=report.attempt)
        return works.Ended(events=(event,), moves=(engine.Succeeded(report.id),))

    def finished(self, outcome: events.Outcome, reason: str) -> events.RunFinished:
        return events.RunFinished(run="r", outcome=outcome, reason=reason)


class World:
    """An open run, as that of a flow."""

    def __init__(self, ledger: sqlite.SqliteLedger, clock: simulator.FakeClock, pools: Mapping[str, int]) -> None:
        self.ledger = ledger
        self.executor = ScriptedExecutor(report_of, clock)
        with ledger.transaction() as transaction:
            transaction.append([events.RunCreated(run="r", execution="r"), events.RunStarted(run="r")])
            transaction.set_lease(ledgers.LeaseRow(run="r", epoch=1, owner="{}", expires=0))
        network = networks.Network()
        run = engine.begin(network, keep_going=True, open=True, pools=pools)
        self.driver = drivers.Driver(
            ledger=ledger, executor=self.executor, run=run, work=Calls(network),
            lease=ledgers.Lease(run="r", epoch=1), clock=clock,
        )  # fmt: skip

    def line(self, item: str = "0", **rules: Any) -> networks.Line:
        return networks.line("f:t", policies=policies.Policies(**rules), items=(item,))

    def told(self) -> list[str]:
        return [type(event).__name__ for _, _, event in self.ledger.events("r")][2:]


@pytest.fixture
def world() -> Iterator[World]:
    clock = simulator.FakeClock()
    ledger = sqlite.SqliteLedger(None, clock=clock)
    yield World(ledger, clock, {"one": 1})
    ledger.close()


def success(node: int, attempt: int = 1) -> executors.AttemptReport:
    return executors.AttemptReport(id=node, attempt=attempt, outcome="succeeded")


def test_a_call_is_claimed_before_its_body_and_committed_before_its_value_is_used(world: World) -> None:
    node = world.driver.add(world.line())
    assert world.told() == []
    claimed = world.driver.claim(node)
    assert claimed is not None
    assert world.told() == ["AttemptsStarted"]
    assert world.driver.settle(success(node)) is None
    assert world.told() == ["AttemptsStarted", "StepSucceeded"]
    assert world.driver.outcome is None
    assert world.driver.close() == "succeeded"
    assert world.told()[-1] == "RunFinished"
    (started,) = [event for _, _, event in world.ledger.events("r") if isinstance(event, events.AttemptsStarted)]
    assert started.after == ("f:before#0",)


def test_a_call_that_is_to_be_tried_again_stays_with_its_caller(world: World) -> None:
    node = world.driver.add(world.line(retry=policies.Retry(retries=1, delay=30.0)))
    first = world.driver.claim(node)
    assert first is not None
    failed = executors.AttemptReport(id=node, attempt=1, outcome="failed")
    assert world.driver.settle(failed) == 30.0
    world.driver.turn(())
    assert not world.executor.seen
    second = world.driver.claim(node)
    assert second is not None
    assert second.attempt == 2
    assert world.driver.settle(success(node, 2)) is None


def test_what_is_submitted_goes_to_the_executor_and_a_call_may_wait_for_it(world: World) -> None:
    above = world.driver.add(world.line("0"))
    below = world.driver.add(world.line("1"), (above,))
    claimed: list[works.Claimed | None] = []
    caller = threading.Thread(target=lambda: claimed.append(world.driver.claim(below)), daemon=True)
    caller.start()
    until = time.monotonic() + 60
    while below not in world.driver._own:  # else the turn below hands it to the executor
        assert time.monotonic() < until
        time.sleep(0.001)
    world.driver.turn(())
    assert [each.id for each in world.executor.seen] == [above]
    world.driver.turn(world.executor.poll(None))
    caller.join(60)
    assert claimed[0] is not None
    assert [each.id for each in world.executor.seen] == [above]


def test_a_call_waits_for_a_slot_of_its_pool(world: World) -> None:
    holding = world.driver.add(world.line("0", pools=("one",)))
    world.driver.claim(holding)
    waiting = world.driver.add(world.line("1", pools=("one",)))
    claimed: list[works.Claimed | None] = []
    caller = threading.Thread(target=lambda: claimed.append(world.driver.claim(waiting)), daemon=True)
    caller.start()
    world.driver.turn(())
    assert not claimed
    world.driver.settle(success(holding))
    caller.join(60)
    assert claimed[0] is not None
    assert not world.executor.seen


def test_a_call_that_waits_ends_when_the_run_is_cancelled(world: World) -> None:
    holding = world.driver.add(world.line("0", pools=("one",)))
    world.driver.claim(holding)
    waiting = world.driver.add(world.line("1", pools=("one",)))
    claimed: list[works.Claimed | None] = []
    caller = threading.Thread(target=lambda: claimed.append(world.driver.claim(waiting)), daemon=True)
    caller.start()
    world.driver.cancel("enough")
    world.driver.turn(())
    caller.join(60)
    assert claimed == [None]
    world.driver.settle(success(holding))
    assert world.driver.close() == "cancelled"
