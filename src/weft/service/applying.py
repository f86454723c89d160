"""The verb `apply`: carry a plan out, once, by one owner; wait for others who make the same.

Go on where a dead one stopped.

Checking that nothing moved since the plan was made, reserving every output that it writes and creating its run are one
transaction, so two applies can't make one partition at once: the later one finds the reservation, waits for its
holder, and plans again.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from weft.engine import network as networks
from weft.engine import replay
from weft.engine import run as engine
from weft.model import errors, events, keys, plan
from weft.ports import clock as clocks
from weft.ports import executor as executors
from weft.ports import garbage
from weft.ports import ledger as ledgers
from weft.runtime import binding, heartbeat, owners
from weft.runtime import driver as drivers
from weft.service import documents, planning, publishing, views
from weft.service import world as worlds

Listener = Callable[[Sequence[events.Event]], None]
_WAIT_SECONDS = 0.1
_MOST_PLANS = 50


class PlanMovedError(errors.WeftError):
    """Something that a plan relies on changed before it could be carried out."""

    code = "moved"


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
    wait: bool = True


def apply(world: worlds.World, made: plan.Plan, how: How, *, ask: planning.Ask | None = None) -> views.ApplyView:
    """Carry a plan out.

    With `ask`, a plan that moved before it could begin (or that had to wait) is made again from it; without, that is
    an error.

    Raises:
        PlanMovedError: something moved and there is no `ask`.
        ReservationError: another run makes one of the outputs and `how.wait` is off.
        LedgerError: the ledger cannot be written.
    """
    begun = time.monotonic()
    for _ in range(_MOST_PLANS):
        if not made.steps:
            return _nothing(begun)
        try:
            return _carry_out(world, made, how, begun)
        except PlanMovedError:
            if ask is None:
                raise
        except errors.ReservationError as error:
            if not how.wait:
                raise
            _wait_for_holders(world, error, how)
            if ask is None:
                raise PlanMovedError(
                    "Another run was making what this plan makes; it has ended and the plan may not hold any more.",
                    remedy="Plan again.",
                ) from error
        made = planning.make_plan(world, ask)
    raise PlanMovedError(
        f"The plan moved {_MOST_PLANS} times before it could begin: other runs keep changing what it reads.",
        remedy="Wait for them (`weft runs`), or select less.",
    )


def _nothing(begun: float) -> views.ApplyView:
    return views.ApplyView(
        run=None, outcome=None, succeeded=0, reused=0, failed=0, held=0, failures=[], seconds=time.monotonic() - begun
    )


def _carry_out(world: worlds.World, made: plan.Plan, how: How, begun: float) -> views.ApplyView:
    executor = _executor(world, how, made.count)
    executor.start()
    run = secrets.token_hex(6)
    try:
        with owners.driving(run):
            lease = _create_run(world, made, run)
            return _drive(world, made, lease, executor, how, begun, history=())
    finally:
        executor.close()


def _executor(world: worlds.World, how: How, count: int) -> executors.Executor:
    """The executor that was asked for, with no more workers than there are step runs."""
    jobs = how.jobs or world.settings.jobs or len(os.sched_getaffinity(0))
    return world.make_executor(how.executor or world.settings.executor, max(1, min(jobs, count)))


def _create_run(world: worlds.World, made: plan.Plan, run: str) -> ledgers.Lease:
    graph = world.graph
    document = documents.document_of(made)
    digest, body = documents.pack(msgspec.json.encode(document))
    code_documents = documents.code_documents(world, dict.fromkeys(line.code for line in made.steps))
    outputs: dict[keys.AssetKey, tuple[str, plan.PartitionSet]] = {}
    touched: dict[keys.AssetKey, None] = {}
    for line in made.steps:
        for asset in line.outputs:
            before = outputs.get(asset)
            ordinals = line.ordinals if before is None else before[1] | line.ordinals
            outputs[asset] = (line.fingerprint, ordinals)
            touched[asset] = None
        touched.update(dict.fromkeys(each.asset for each in graph.steps[line.step].dependencies))
    lease = ledgers.Lease(run=run, epoch=1)
    with world.ledger.transaction() as transaction:
        if transaction.position() != made.position:
            moved = [asset for asset in touched if transaction.changed_since(asset, made.position)]
            if moved:
                raise PlanMovedError(f"{', '.join(moved[:5])} changed since the plan was made.", remedy="Plan again.")
        for asset, (fingerprint, ordinals) in outputs.items():
            for holder, theirs, held in transaction.reservations(asset):
                if theirs != fingerprint or not held.isdisjoint(ordinals):
                    raise _reserved(world, transaction, asset, holder)
        for event, name, content in code_documents:
            transaction.put_document(name, "code", content)
            transaction.append([event])
        transaction.put_document(digest, "plan", body)
        for asset, (fingerprint, ordinals) in outputs.items():
            transaction.reserve(run, asset, fingerprint, ordinals)
        transaction.set_lease(_lease_row(world, lease))
        transaction.append(
            [
                events.RunCreated(
                    run=run,
                    execution=run,
                    plan=digest,
                    request=made.request.selection or "",
                    steps=made.count,
                    by=world.user,
                ),
                events.RunStarted(run=run, epoch=1, owner=str(owners.myself())),
            ]
        )
    return lease


def _reserved(
    world: worlds.World, transaction: ledgers.Transaction, asset: keys.AssetKey, holder: str
) -> errors.ReservationError:
    row = transaction.lease(holder)
    who = f" ({owners.decode(row.owner)})" if row is not None else ""
    error = errors.ReservationError(
        f"Run {holder}{who} is making partitions of {asset} that this plan makes too.",
        remedy="Wait for it to end, or cancel it.",
    )
    error.add_note(holder)
    return error


def _lease_row(world: worlds.World, lease: ledgers.Lease) -> ledgers.LeaseRow:
    expires = clocks.microseconds(world.clock.now()) + int(heartbeat.LEASE_SECONDS * 1e6)
    return ledgers.LeaseRow(run=lease.run, epoch=lease.epoch, owner=owners.myself().encode(), expires=expires)


def _wait_for_holders(world: worlds.World, error: errors.ReservationError, how: How) -> None:
    """Wait until the run that holds the outputs has ended, or its owner has died."""
    holder = error.__notes__[0]
    if how.waiting is not None:
        how.waiting(error.message)
    while True:
        lease = world.ledger.lease(holder)
        if lease is None:
            return
        now = clocks.microseconds(world.clock.now())
        if owners.is_dead(owners.decode(lease.owner), run=holder, expires=lease.expires, now=now):
            recover(world)
            return
        time.sleep(_WAIT_SECONDS)


def _drive(
    world: worlds.World,
    made: plan.Plan,
    lease: ledgers.Lease,
    executor: executors.Executor,
    how: How,
    begun: float,
    *,
    history: Sequence[events.Event],
) -> views.ApplyView:
    graph = world.graph
    network = networks.build(made.steps, graph, made.now)
    run = engine.begin(network, keep_going=made.request.keep_going)
    counted = _Counter()
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

    driver = drivers.Driver(
        ledger=world.ledger, executor=executor, graph=graph, run=run, binder=binder, lease=lease, clock=world.clock,
        listener=listener,
    )  # fmt: skip
    driver.lost(lost)
    if how.started is not None:
        how.started(driver, lease.run, made.count)
    with _heartbeat(world, lease, driver), garbage.calmed():
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


def _touched(world: worlds.World, made: plan.Plan) -> list[keys.AssetKey]:
    """What the run makes and reads."""
    found: dict[keys.AssetKey, None] = {}
    for line in made.steps:
        found.update(dict.fromkeys(world.graph.steps[line.step].outputs))
        found.update(dict.fromkeys(each.asset for each in world.graph.steps[line.step].dependencies))
    return list(found)


def _node_finder(world: worlds.World, network: networks.Network) -> replay.NodeOf:
    def node_of(step: str, partition: str | None) -> int | None:
        definition = world.graph.steps[step].partitions if step in world.graph.steps else None
        ordinal = definition.find(partition) if definition is not None and partition is not None else 0
        return network.node(step, ordinal) if ordinal is not None else None

    return node_of


@contextmanager
def _heartbeat(world: worlds.World, lease: ledgers.Lease, driver: drivers.Driver) -> Iterator[None]:
    def renew() -> bool:
        return world.renew(lease, clocks.microseconds(world.clock.now()) + int(heartbeat.LEASE_SECONDS * 1e6))

    beating = heartbeat.Heartbeat(renew, lambda: driver.cancel("the run was taken over"))
    beating.start()
    try:
        yield
    finally:
        beating.stop()


class _Counter:
    """Counts how a run goes."""

    def __init__(self) -> None:
        self.succeeded = self.reused = self.held = 0
        self.failures: list[views.FailureView] = []

    def take(self, batch: Sequence[events.Event]) -> None:
        for event in batch:
            match event:
                case events.StepSucceeded():
                    self.succeeded += 1
                case events.AttemptFailed(retry_at=None):
                    told = f"{event.error.kind}: {event.error.message}" if event.error else ""
                    self._fail(event.step, event.partition, event.outcome, told, event.attempt)
                case events.StepsFinished(outcome="reused"):
                    self.reused += len(event.partitions)
                case events.StepsFinished(outcome="failed" | "crashed" | "timed_out"):
                    for partition in event.partitions:
                        self._fail(event.step, partition, event.outcome, event.reason, 0)
                case events.StepsFinished():
                    self.held += len(event.partitions)
                case _:
                    pass

    def _fail(self, step: str, partition: str | None, outcome: str, error: str, attempts: int) -> None:
        self.failures.append(
            views.FailureView(step=step, partition=partition, outcome=outcome, error=error, attempts=attempts)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """A run whose owner died, with what it had done."""

    row: ledgers.RunRow
    lease: ledgers.LeaseRow
    document: documents.PlanDocument | None


def interrupted(world: worlds.World) -> list[Interrupted]:
    """Runs that have not finished and whose owner is dead, oldest first."""
    found = []
    now = clocks.microseconds(world.clock.now())
    for row in reversed(world.ledger.runs(live=True)):
        lease = world.ledger.lease(row.id)
        if lease is None or not owners.is_dead(owners.decode(lease.owner), run=row.id, expires=lease.expires, now=now):
            continue
        body = world.ledger.document(row.plan)
        document = msgspec.json.decode(body, type=documents.PlanDocument) if body is not None else None
        found.append(Interrupted(row=row, lease=lease, document=document))
    return found


def resumable(world: worlds.World, each: Interrupted, ask: planning.Ask) -> bool:
    """Whether an interrupted run is one of this very request, on unchanged code, so that it can simply go on.

    A run that was asked to end does not go on.
    """
    document = each.document
    if document is None or each.row.phase == "cancelling":
        return False
    same = (document.selection, document.partitions, document.exact, document.only_failed) == (
        ask.selection, ask.partitions, ask.exact, ask.only_failed,
    )  # fmt: skip
    steps = world.graph.steps
    return same and all(
        line.step in steps
        and steps[line.step].code == line.code
        and (definition.fingerprint if (definition := steps[line.step].partitions) is not None else "")
        == line.fingerprint
        for line in document.lines
    )


def resume(world: worlds.World, each: Interrupted, how: How) -> views.ApplyView | None:
    """Take an interrupted run over and drive it to its end; None if somebody else was quicker."""
    begun = time.monotonic()
    document = each.document
    assert document is not None
    executor = _executor(world, how, each.row.steps)
    executor.start()
    request = plan.Request(
        assets=document.assets,
        selection=document.selection,
        partitions=document.partitions,
        exact=document.exact,
        only_failed=document.only_failed,
        keep_going=document.keep_going,
    )
    made = plan.Plan(request=request, now=document.now, position=document.position, steps=documents.steps_of(document))
    try:
        with owners.driving(each.row.id):
            lease = _take_over(world, each)
            if lease is None:
                return None
            history = [event for _, _, event in world.ledger.events(each.row.id)]
            return _drive(world, made, lease, executor, how, begun, history=history)
    finally:
        executor.close()


def recover(world: worlds.World) -> int:
    """End the runs whose owner died, so that what they held is free; returns how many. What they finished stays."""
    ended = 0
    for each in interrupted(world):
        with owners.driving(each.row.id):
            lease = _take_over(world, each)
            if lease is None:
                continue
            outcome: events.Outcome = "cancelled" if each.row.phase == "cancelling" else "crashed"
            with world.ledger.transaction() as transaction:
                transaction.check_lease(lease)
                transaction.append(
                    [events.RunFinished(run=each.row.id, outcome=outcome, reason=f"{_owner(each)} died")]
                )
                transaction.release(each.row.id)
        ended += 1
    return ended


def _owner(each: Interrupted) -> str:
    return str(owners.decode(each.lease.owner))


def _take_over(world: worlds.World, each: Interrupted) -> ledgers.Lease | None:
    """Become the owner of a run under the next epoch; None if its lease has changed hands meanwhile."""
    lease = ledgers.Lease(run=each.row.id, epoch=each.lease.epoch + 1)
    with world.ledger.transaction() as transaction:
        current = transaction.lease(each.row.id)
        if current != each.lease:
            return None  # it ended, it was taken over, or its owner has renewed it after all
        transaction.set_lease(_lease_row(world, lease))
        transaction.append([events.RunStarted(run=each.row.id, epoch=lease.epoch, owner=str(owners.myself()))])
    return lease
