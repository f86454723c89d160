"""Driving a run that waits in the queue, whatever it is of: a pipeline's interval, or lines of a plan of assets.

What a run of assets was planned from is looked at once more in the transaction that takes its lease: if it changed
while the run waited, or the code did, the run ends as moved before anything ran, and its execution plans what is left
anew. Its outputs have been reserved since it was created.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace

import msgspec

from weft.model import errors, events, plan
from weft.ports import clock as clocks
from weft.ports import executor as executors
from weft.ports import ledger as ledgers
from weft.runtime import owners
from weft.service import documents, views
from weft.service import world as worlds
from weft.service.execution import documents as kept
from weft.service.execution import runs as execution_runs
from weft.service.pipeline import pipelines
from weft.service.queue import claiming
from weft.service.run import cancelling, driving, recovering


def drive(
    world: worlds.World, run_id: str, how: driving.How, *, executor: executors.Executor | None = None
) -> views.ApplyView:
    """Drive a run that waits, or go on with one whose owner died, to its end.

    `executor` has been started and can run the steps of the run; without one it gets its own.

    Raises:
        UsageError: there is no such run, it has ended, or what it is of is not defined here.
        ReservationError: a limit, or another run, stands in its way, and `how.wait` is off; it waits on.
        FencedError: another process took it over.
    """
    row = claiming.row_of(world, run_id)
    if row.pipeline is not None or not row.plan:
        return pipelines.drive_run(world, run_id, how, executor=executor)
    begun = time.monotonic()
    document = document_of(world, row)
    with owners.driving(run_id), contextlib.ExitStack() as stack:
        lease = claiming.once_free(world, row, how, lambda: _claim(world, row, document))
        if lease is None:
            return _told(claiming.row_of(world, run_id), begun)
        history = [event for _, _, event in world.ledger.events(run_id)] if lease.epoch > 1 else []
        made = _plan(document, resumed=bool(history))
        if executor is None:
            executor = driving.executor_for(world, how, made.steps)
            stack.callback(executor.close)
            executor.start()
        how = cancelling.heeding(world, lease, how, stack)
        return driving.drive(world, made, lease, executor, how, begun, history=history)


def document_of(world: worlds.World, row: ledgers.RunRow) -> documents.PlanDocument:
    """The plan of a run of assets.

    Raises:
        UsageError: it is gone.
    """
    body = world.ledger.document(row.plan)
    if body is None:
        raise errors.UsageError(f"The plan of run {row.id} is gone.", remedy="Plan again.")
    return msgspec.json.decode(body, type=documents.PlanDocument)


def _plan(document: documents.PlanDocument, *, resumed: bool) -> plan.Plan:
    steps = documents.steps_of(document)
    if not resumed:  # what stands now is what stood when it was planned
        steps = tuple(
            replace(step, baseline="standing" if line.baseline == "standing" else "recorded")
            for step, line in zip(steps, document.lines, strict=True)
        )
    request = plan.Request(
        assets=document.assets,
        selection=document.selection,
        partitions=document.partitions,
        exact=document.exact,
        only_failed=document.only_failed,
        keep_going=document.keep_going,
        rebuild_undecided=document.rebuild_undecided,
    )
    return plan.Plan(request=request, now=document.now, position=document.position, steps=steps)


def _claim(world: worlds.World, row: ledgers.RunRow, document: documents.PlanDocument) -> ledgers.Lease | None:
    """Become the owner of a run; None where it ended instead, because what it was planned from has changed.

    Raises:
        ReservationError: a limit keeps it from beginning, or its execution is paused.
        UsageError: it has ended, or another process drives it.
    """
    now = clocks.microseconds(world.clock.now())
    with world.ledger.transaction() as transaction:
        current = transaction.lease(row.id)
        phase = claiming.row_of(world, row.id).phase
        if phase == "finished":
            raise errors.ConflictError(
                f"Run {row.id[:8]} has ended; a finished run never reopens.",
                remedy=f"`weft runs {row.id[:8]}` shows how it went.",
            )
        if current is not None and not owners.is_dead(
            owners.decode(current.owner), run=row.id, expires=current.expires, now=now
        ):
            raise errors.ConflictError(
                f"Run {row.id[:8]} is driven by {owners.decode(current.owner)} already.",
                remedy=f"`weft runs {row.id[:8]}` shows how far it is.",
            )
        lease = ledgers.Lease(run=row.id, epoch=(current.epoch if current is not None else 0) + 1)
        why = _other_code(world, document)
        if current is None:
            _check_may_begin(world, row)
            changed = (
                execution_runs.moved(world, transaction, document.lines, document.position, document.now)
                if not why
                else []
            )
            why = why or (f"{', '.join(changed[:3])} changed while it waited" if changed else "")
        if why:
            reason = f"{kept.MOVED}: {why}"
            transaction.append([events.RunFinished(run=row.id, outcome="cancelled", reason=reason)])
            transaction.release(row.id)
            return None
        if phase == "cancelling":
            ended = True
        else:
            ended = False
            transaction.set_lease(driving.lease_row(world, lease))
            transaction.append([events.RunStarted(run=row.id, epoch=lease.epoch, owner=str(owners.myself()))])
    if ended:  # it was asked to end, and its owner died before it could
        recovering.recover(world, run=row.id)
        return None
    return lease


def _check_may_begin(world: worlds.World, row: ledgers.RunRow) -> None:
    claiming.check_limits(world, row.id, None, row.pool)
    if world.ledger.execution_phase(row.execution) in ("suspended", "cancelling"):
        error = errors.ReservationError(
            f"The execution {row.execution} of run {row.id[:8]} is paused.",
            remedy=f"`weft executions resume {row.execution}` lets it go on.",
        )
        error.add_note(row.id)
        raise error


def _other_code(world: worlds.World, document: documents.PlanDocument) -> str:
    """What is not as it was planned: a step's code, or the definition of its partitions."""
    for line in document.lines:
        step = world.graph.steps.get(line.step)
        if step is None:
            return f"{line.step} is not defined any more"
        if step.code != line.code:
            return f"the code of {line.step} changed"
        if (step.partitions.fingerprint if step.partitions is not None else "") != line.fingerprint:
            return f"the partitions of {line.step} are defined in another way"
    return ""


def _told(row: ledgers.RunRow, begun: float) -> views.ApplyView:
    return views.ApplyView(
        run=row.id, outcome=row.outcome, succeeded=row.succeeded, reused=row.reused, failed=row.failed, held=row.held,
        failures=[], seconds=time.monotonic() - begun,
    )  # fmt: skip
