"""Becoming the owner of a run: one process alone, and none while other runs stand in its way.

That is one transaction: the pipeline's bound on runs, the work pool's slots and the reservations of what the run makes
are looked at in it, and it ends with the lease. So of two processes that want the same, one is told which run to wait
for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from weft.model import columns as columns_model
from weft.model import errors, events, pipelines, spelling
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.runtime import owners
from weft.service import world as worlds
from weft.service.pipeline import intervals
from weft.service.queue import queue_limits
from weft.service.run import driving

Claimed = TypeVar("Claimed")
_WAIT_SECONDS = 0.1


def row_of(world: worlds.World, run_id: str) -> ledgers.RunRow:
    """A run by its id.

    Raises:
        UsageError: there is none.
    """
    found = [row for row in world.ledger.runs_with_prefix(run_id) if row.id == run_id]
    if not found:
        raise errors.UsageError(f"There is no run {run_id!r}.", remedy="`weft runs` lists them.")
    return found[0]


def claimed(world: worlds.World, pipeline: pipelines.Pipeline, row: ledgers.RunRow, how: driving.How) -> ledgers.Lease:
    """Become the owner of a run, once no other run stands in its way.

    Raises:
        ReservationError: one does, and `how.wait` is off.
        UsageError: another process drives it.
    """
    return once_free(world, row, how, lambda: claim(world, pipeline, row))


def once_free(world: worlds.World, row: ledgers.RunRow, how: driving.How, attempt: Callable[[], Claimed]) -> Claimed:
    """What `attempt` returns, tried again while another run stands in its way.

    Raises:
        ReservationError: one does, and `how.wait` is off.
    """
    told = ""
    while True:
        try:
            return attempt()
        except errors.ReservationError as error:
            if not how.wait:
                if not row.pool:  # there it waits on
                    _give_up(world, row, error.message)
                raise
            if how.waiting is not None and told != error.message:
                told = error.message
                how.waiting(told)
            try:
                _end_the_dead(world, error)
                time.sleep(_WAIT_SECONDS)
            except KeyboardInterrupt:
                if not row.pool:  # there it stays for another worker
                    _give_up(world, row, "interrupted while it waited")
                raise


def claim(world: worlds.World, pipeline: pipelines.Pipeline, row: ledgers.RunRow) -> ledgers.Lease:
    """Become the owner of a run, or say at once what stands in its way.

    Raises:
        ReservationError: another run does, or the work pool is full.
        UsageError: it has ended, another process drives it, or its work pool is missing or paused.
    """
    now = clocks.microseconds(world.clock.now())
    with world.ledger.transaction() as transaction:
        current = transaction.lease(row.id)
        if row_of(world, row.id).phase == "finished":  # while this process waited, or was on its way here
            raise errors.UsageError(
                f"Run {row.id[:8]} has been driven to its end by another process.",
                remedy=f"`weft runs {row.id[:8]}` shows how it went.",
            )
        if current is not None and not owners.is_dead(
            owners.decode(current.owner), run=row.id, expires=current.expires, now=now
        ):
            raise errors.UsageError(
                f"Run {row.id[:8]} is driven by {owners.decode(current.owner)} already.",
                remedy=f"`weft runs {row.id[:8]}` shows how far it is.",
            )
        lease = ledgers.Lease(run=row.id, epoch=(current.epoch if current is not None else 0) + 1)
        if current is None:
            check_execution(world, row)
            check_free(world, transaction, pipeline, row.partition, row.id, row.pool)
            for asset, fingerprint, ordinals in queue_limits.writes_of(world, pipeline, row.partition):
                transaction.reserve(row.id, asset, fingerprint, ordinals)
        transaction.set_lease(driving.lease_row(world, lease))
        transaction.append([events.RunStarted(run=row.id, epoch=lease.epoch, owner=str(owners.myself()))])
    return lease


def check_execution(world: worlds.World, row: ledgers.RunRow) -> None:
    """Refuse a run whose execution is paused or being cancelled; to be called in the claim's transaction.

    Raises:
        ReservationError: it is.
    """
    if row.execution in ("", row.id):
        return
    if world.ledger.execution_phase(row.execution) in ("suspended", "cancelling"):
        raise _in_the_way(f"The execution {row.execution[:8]} of this run is paused or being cancelled.", row.id)


def check_free(
    world: worlds.World,
    transaction: ledgers.Transaction,
    pipeline: pipelines.Pipeline,
    partition: str | None,
    run: str = "",
    pool: str = "",
) -> None:
    """Refuse where a limit or another run stands in the way of a run.

    Raises:
        ReservationError: too many are under way, or one makes the same.
        UsageError: its work pool is missing or paused.
    """
    busy = check_limits(world, run, pipeline.name, pool)
    held = busy.reserved(run, pipeline.name, partition, queue_limits.Reservations(world.ledger))
    if held is not None:
        raise _in_the_way(held.text, held.holders[0])


def check_limits(
    world: worlds.World, run: str, pipeline: str | None, pool: str = "", *, ledger: ledgers.Ledger | None = None
) -> queue_limits.Busy:
    """Refuse a run that a limit of the queue, its work pool or its pipeline keeps from beginning; what is under way.

    To be called in the transaction that takes the lease of the run, of `ledger` where that is not the world's.

    Raises:
        ReservationError: too many runs are under way.
        UsageError: its work pool is missing or paused.
    """
    busy = queue_limits.Busy(world, besides=run, ledger=ledger)
    if pool:
        pool_named(world.ledger, pool)
    for reason in (busy.of_pool(pool), *busy.of_pipeline(pipeline), busy.of_queue()):
        if reason is None:
            continue
        if reason.kind == "pool_paused":
            raise errors.UsageError(reason.text, remedy=reason.remedy)
        raise _in_the_way(reason.text, reason.holders[0])
    return busy


def pool_named(ledger: ledgers.Reader, name: str) -> ledgers.WorkPoolRow:
    """The work pool of a name.

    Raises:
        UsageError: there is none.
    """
    known = {each.name: each for each in ledger.work_pools()}
    if name == queue_limits.DEFAULT_POOL and name not in known:  # which is there without being made
        return ledgers.WorkPoolRow(name=name, type="process", config="{}", slots=None, paused=False, created=0)
    if name not in known:
        raise errors.UsageError(
            f"There is no work pool {name!r}.",
            remedy=spelling.did_you_mean(name, known) or f"Make it: `weft work-pool create {name}`.",
        )
    return known[name]


def _in_the_way(message: str, holder: str) -> errors.ReservationError:
    error = errors.ReservationError(
        message,
        remedy=f"Wait for it to end (`weft runs {holder[:8]}` shows how far it is), or `weft cancel {holder[:8]}`.",
    )
    error.add_note(holder)
    return error


def made_meanwhile(
    world: worlds.World,
    pipeline: pipelines.Pipeline,
    partition: str,
    before: columns_model.Columns,
    how: driving.How,
) -> bool:
    """Wait for another run of an interval to end, if there is one; whether it succeeded after it was as in `before`."""
    definition = pipeline.partitions
    if definition is None:
        return False
    ordinal = definition.ordinal(partition)
    told = False
    while how.wait:
        reserved = world.ledger.reservations(pipeline.name)
        holder = next((run for run, mark, held in reserved if mark == definition.fingerprint and ordinal in held), None)
        if holder is None:
            break
        if how.waiting is not None and not told:
            told = True
            how.waiting(f"Run {holder[:8]} is running {partition} of {pipeline.name}.")
        _end_the_dead(world, _in_the_way("", holder))
        time.sleep(_WAIT_SECONDS)
    known = intervals.columns(world, pipeline)
    then = before.versions[ordinal] if ordinal < before.size else 0
    now = known.versions[ordinal] if ordinal < known.size else 0
    return now != then and ordinal not in known.failed


def _end_the_dead(world: worlds.World, error: errors.ReservationError) -> None:
    from weft.service.run import recovering

    recovering.recover(world, run=error.__notes__[0])


def _give_up(world: worlds.World, row: ledgers.RunRow, reason: str) -> None:
    """End a run that was created but may not begin."""
    world.ledger.append([events.RunFinished(run=row.id, outcome="cancelled", reason=reason)])
