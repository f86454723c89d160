"""Runs whose owner died: which there are, going on with one, and ending the others so that what they held is free."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from weft.model import events, plan
from weft.planner import pipelines as planned
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.runtime import owners
from weft.service import documents, views
from weft.service import world as worlds
from weft.service.plan import planning
from weft.service.run import driving


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

    A run that was asked to end does not go on; one that a worker took from a queue goes on by itself.
    """
    document = each.document
    if document is None or each.row.phase == "cancelling" or each.row.pool:
        return False
    asked = (ask.selection, ask.partitions, ask.exact, ask.only_failed, ask.rebuild_undecided)
    same = asked == (
        document.selection,
        document.partitions,
        document.exact,
        document.only_failed,
        document.rebuild_undecided,
    )
    steps = world.graph.steps
    return same and all(
        line.step in steps
        and steps[line.step].code == line.code
        and (definition.fingerprint if (definition := steps[line.step].partitions) is not None else "")
        == line.fingerprint
        for line in document.lines
    )


def resume(world: worlds.World, each: Interrupted, how: driving.How) -> views.ApplyView | None:
    """Take an interrupted run over and drive it to its end; None if somebody else was quicker."""
    begun = time.monotonic()
    document = each.document
    assert document is not None
    executor = driving.executor_for(world, how, documents.steps_of(document))
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
            return driving.drive(world, made, lease, executor, how, begun, history=history)
    finally:
        executor.close()


def recover(world: worlds.World, *, run: str | None = None) -> int:
    """End the runs of assets whose owner died, so that what they held is free; returns how many.

    What they finished stays. Runs of pipelines are left to be gone on with (`going_on`, `weft resume`), and so are
    those that a worker took from a queue, where another one will; with `run`, that one alone is ended, whatever it is,
    because it stands in the way.
    """
    ended = 0
    for each in interrupted(world):
        if each.row.id != run if run is not None else each.row.pipeline is not None or each.row.pool:
            continue
        with owners.driving(each.row.id):
            lease = _take_over(world, each)
            if lease is None:
                continue
            outcome: events.Outcome = "cancelled" if each.row.phase == "cancelling" else "crashed"
            with world.ledger.transaction() as transaction:
                transaction.check_lease(lease)
                transaction.append([_finished(world, each, outcome)])
                transaction.release(each.row.id)
        ended += 1
    return ended


def _finished(world: worlds.World, each: Interrupted, outcome: events.Outcome) -> events.RunFinished:
    pipeline = world.graph.pipelines.get(each.row.pipeline or "")
    place = "" if pipeline is not None and planned.is_by_assets(pipeline) else each.row.partition
    of_interval = place is not None and pipeline is not None
    return events.RunFinished(
        run=each.row.id,
        outcome=outcome,
        reason=f"{_owner(each)} died",
        pipeline=each.row.pipeline if of_interval else None,
        partition=place,
        code=pipeline.code if of_interval and pipeline is not None else "",
    )


def going_on(
    world: worlds.World, pipeline: str, partition: str | None, params: Mapping[str, object] | None = None
) -> Interrupted | None:
    """The run of a pipeline's interval (and, where given, of these parameters) whose owner died and that can go on.

    One whose pipeline has changed since cannot (but a flow can: it finds out as it runs), nor one that was asked to
    end: it is ended, and a new one keeps what succeeded in it.
    """
    for each in interrupted(world):
        row = each.row
        if row.pipeline != pipeline or row.partition != partition or row.parent:
            continue
        if params is not None and (msgspec.json.decode(row.params) if row.params else {}) != params:
            continue
        unchanged = row.definitions == world.graph.pipelines[pipeline].code
        if row.phase != "cancelling" and (unchanged or row.request.startswith("flow ")):
            return each
        recover(world, run=row.id)
    return None


def _owner(each: Interrupted) -> str:
    return str(owners.decode(each.lease.owner))


def _take_over(world: worlds.World, each: Interrupted) -> ledgers.Lease | None:
    """Become the owner of a run under the next epoch; None if its lease has changed hands meanwhile."""
    lease = ledgers.Lease(run=each.row.id, epoch=each.lease.epoch + 1)
    with world.ledger.transaction() as transaction:
        current = transaction.lease(each.row.id)
        if current != each.lease:
            return None  # it ended, it was taken over, or its owner has renewed it after all
        transaction.set_lease(driving.lease_row(world, lease))
        transaction.append([events.RunStarted(run=each.row.id, epoch=lease.epoch, owner=str(owners.myself()))])
    return lease
