"""Driving a run that was created or taken over: its network, its binder, its driver and its heartbeat put together."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from weft.engine import network as networks
from weft.engine import replay
from weft.engine import run as engine
from weft.model import events, keys, plan
from weft.ports import clock as clocks
from weft.ports import executor as executors
from weft.ports import garbage
from weft.ports import ledger as ledgers
from weft.runtime import asset_work, binding, heartbeat, owners, pool_slots
from weft.runtime import driver as drivers
from weft.service import views
from weft.service import world as worlds
from weft.service.asset import publishing

Listener = Callable[[Sequence[events.Event]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How to carry a plan out.

    `listener` is told the events of the run as they are committed; `started` gets the driver (to cancel it) and the
    run's id and size; `waiting` is told once about a holder that has to be waited for.
    """

    executor: str | None = None
    jobs: int | None = None
    listener: Listener | None = None
    started: Callable[[drivers.Driver, str, int], None] | None = None
    waiting: Callable[[str], None] | None = None
    note: Callable[[str], None] | None = None
    """Told what else whoever asked for the run should know of it."""
    together: Callable[[int, int], None] | None = None
    """Told how many runs of how many steps are to be shown as one from here on; (0, 0) when they have ended."""
    wait: bool = True


def executor_for(world: worlds.World, how: How, steps: Sequence[plan.PlanStep]) -> executors.Executor:
    """The executor that was asked for, for these lines of a plan, with no more workers than there are step runs."""
    count = sum(line.count for line in steps)
    jobs = how.jobs or world.settings.jobs or len(os.sched_getaffinity(0))
    return world.make_executor(
        how.executor or world.settings.executor, max(1, min(jobs, count)), frozenset(line.step for line in steps)
    )


def lease_row(world: worlds.World, lease: ledgers.Lease) -> ledgers.LeaseRow:
    """A lease of a run for this process, as the ledger keeps it."""
    expires = clocks.microseconds(world.clock.now()) + int(heartbeat.LEASE_SECONDS * 1e6)
    return ledgers.LeaseRow(run=lease.run, epoch=lease.epoch, owner=owners.myself().encode(), expires=expires)


def drive(
    world: worlds.World,
    made: plan.Plan,
    lease: ledgers.Lease,
    executor: executors.Executor,
    how: How,
    begun: float,
    *,
    history: Sequence[events.Event],
) -> views.ApplyView:
    """Drive a run to its end, from where `history` says it was, and tell how it went.

    Raises:
        FencedError: another process took the run over.
        LedgerError: the ledger cannot be written.
    """
    graph = world.graph
    network = networks.build(made.steps, graph, made.now)
    run = engine.begin(network, keep_going=made.request.keep_going, pools=world.settings.pools)
    counted = Counter()
    lost: list[int] = []
    if history:
        counted.take(history)
        lost = replay.replay(run, history, _node_finder(world, network))
    touched = _touched(world, made)
    binder = binding.Binder(
        ledger=world.ledger,
        graph=graph,
        network=network,
        known=world.ledger.columns(
            {asset: graph.assets[asset].partitions for asset in touched},
            external=frozenset(asset for asset in touched if graph.assets[asset].step is None),
        ),
        now=made.now,
    )

    for line in network.lines:
        for asset in line.outputs:
            binder.known[asset].grow(line.ordinals[-1] + 1)

    def listener(batch: Sequence[events.Event]) -> None:
        counted.take(batch)
        if how.listener is not None:
            how.listener(batch)

    work = asset_work.AssetWork(graph=graph, network=network, binder=binder, lease=lease, clock=world.clock)
    driver = drivers.Driver(
        ledger=world.ledger, executor=executor, run=run, work=work, lease=lease, clock=world.clock, listener=listener,
        slots=shared_slots(world, lease.run, how),
    )  # fmt: skip
    driver.lost(lost)
    if how.started is not None:
        how.started(driver, lease.run, made.count)
    with beating(world, lease, driver), garbage.calmed():
        outcome = driver.drive()
    publishing.publish(world, {asset for line in made.steps for asset in line.outputs})
    world.ledger.save_columns({asset: graph.assets[asset].partitions for line in made.steps for asset in line.outputs})
    return views.ApplyView(
        run=lease.run,
        outcome=outcome,
        succeeded=counted.succeeded,
        reused=counted.reused,
        failed=len(counted.failures),
        held=counted.held,
        failures=counted.failures,
        seconds=time.monotonic() - begun,
        resumed=bool(history),
    )


def shared_slots(world: worlds.World, run: str, how: How) -> pool_slots.PoolSlots:
    """The slots of pools, which a run shares with all others of this ledger."""
    return pool_slots.PoolSlots(world.ledger, run, slots=world.settings.pools, clock=world.clock, waiting=how.waiting)


def _touched(world: worlds.World, made: plan.Plan) -> list[keys.AssetKey]:
    """What the run makes and reads."""
    found: dict[keys.AssetKey, None] = {}
    for line in made.steps:
        found.update(dict.fromkeys(world.graph.steps[line.step].outputs))
        found.update(dict.fromkeys(each.asset for each in world.graph.steps[line.step].dependencies))
    return list(found)


def _node_finder(world: worlds.World, network: networks.Network) -> replay.NodeOf:
    def node_of(step: str, partition: str | None, item: str) -> int | None:
        definition = world.graph.steps[step].partitions if step in world.graph.steps else None
        ordinal = definition.find(partition) if definition is not None and partition is not None else 0
        return network.node(step, ordinal) if ordinal is not None else None

    return node_of


@contextmanager
def beating(world: worlds.World, lease: ledgers.Lease, driver: drivers.Driver) -> Iterator[None]:
    """Keep the lease of a run within; the driver is told to end when it is lost."""

    def renew() -> bool:
        return world.renew(lease, clocks.microseconds(world.clock.now()) + int(heartbeat.LEASE_SECONDS * 1e6))

    thread = heartbeat.Heartbeat(renew, lambda: driver.cancel("the run was taken over"))
    thread.start()
    try:
        yield
    finally:
        thread.stop()


class Counter:
    """Counts how a run goes."""

    def __init__(self) -> None:
        """Count from nothing."""
        self.succeeded = self.reused = self.skipped = self.held = 0
        self.failures: list[views.FailureView] = []

    def take(self, batch: Sequence[events.Event]) -> None:
        """Take in what was committed."""
        for event in batch:
            match event:
                case events.StepSucceeded():
                    self.succeeded += 1
                case events.StepReused():
                    self.reused += 1
                case events.AttemptFailed(retry_at=None):
                    told = event.error.told if event.error else ""
                    self._fail(event.step, event.partition, event.outcome, told, event.attempt, event.item)
                case events.StepsFinished(outcome="reused"):
                    self.reused += count_of(event)
                case events.StepsFinished(outcome="skipped", items=items) if items:
                    self.skipped += len(items)
                case events.StepsFinished(outcome="failed" | "crashed" | "timed_out"):
                    for partition in event.partitions if not event.items else (None,):
                        for item in event.items or ("",):
                            self._fail(event.step, partition, event.outcome, event.reason, 0, item)
                case events.StepsFinished():
                    self.held += count_of(event)
                case _:
                    pass

    def _fail(self, step: str, partition: str | None, outcome: str, error: str, attempts: int, item: str) -> None:
        self.failures.append(
            views.FailureView(
                step=step, partition=partition, outcome=outcome, error=error, attempts=attempts, item=item
            )
        )


def count_of(event: events.StepsFinished | events.AttemptsStarted) -> int:
    """How many step runs an event is about."""
    return len(event.items) or len(event.partitions)
