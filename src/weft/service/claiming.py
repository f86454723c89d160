"""Becoming the owner of a run: one process alone, and none while other runs stand in its way.

That is one transaction: the pipeline's bound on runs, the work pool's slots and the reservations of what the run makes
are looked at in it, and it ends with the lease. So of two processes that want the same, one is told which run to wait
for.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from weft.model import columns as columns_model
from weft.model import errors, events, keys, partition_set, pipelines, spelling
from weft.planner import pipelines as planned
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.runtime import owners
from weft.service import driving, intervals
from weft.service import world as worlds

PartitionSet = partition_set.PartitionSet
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
    told = ""
    while True:
        try:
            return claim(world, pipeline, row)
        except errors.ReservationError as error:
            if not how.wait:
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
            if row.pool:
                _check_pool(world, transaction, row.pool)
            check_free(world, transaction, pipeline, row.partition, row.id)
            for asset, fingerprint, ordinals in _writes(world, pipeline, row.partition):
                transaction.reserve(row.id, asset, fingerprint, ordinals)
        transaction.set_lease(driving.lease_row(world, lease))
        transaction.append([events.RunStarted(run=row.id, epoch=lease.epoch, owner=str(owners.myself()))])
    return lease


def check_free(
    world: worlds.World,
    transaction: ledgers.Transaction,
    pipeline: pipelines.Pipeline,
    partition: str | None,
    run: str = "",
) -> None:
    """Refuse where other runs stand in the way of a run of an interval.

    Raises:
        ReservationError: too many are under way, or one makes the same.
    """
    live = world.ledger.runs(live=True, pipeline=pipeline.name)
    under_way = [each for each in live if each.id != run and transaction.lease(each.id) is not None]
    if len(under_way) >= pipeline.max_active_runs:
        raise _in_the_way(
            f"{pipeline.name} has {len(under_way)} of at most {pipeline.max_active_runs} runs under way "
            f"(max_active_runs): {', '.join(each.id[:8] for each in under_way[:3])}.",
            under_way[0].id,
        )
    for asset, fingerprint, ordinals in _writes(world, pipeline, partition):
        for holder, theirs, held in transaction.reservations(asset):
            if holder != run and (theirs != fingerprint or not held.isdisjoint(ordinals)):
                raise _in_the_way(f"Run {holder[:8]} is making {asset}, which this run makes too.", holder)


def _check_pool(world: worlds.World, transaction: ledgers.Transaction, name: str) -> None:
    """Refuse where a work pool is missing, paused or full.

    Raises:
        UsageError: there is none of that name, or it is paused.
        ReservationError: it is full.
    """
    pool = pool_named(world.ledger, name)
    if pool.paused:
        raise errors.UsageError(
            f"The work pool {name} is paused.", remedy=f"`weft work-pool resume {name}` lets it go on."
        )
    limit = pool.slots
    busy = [each.id for each in world.ledger.runs(live=True, pool=name) if transaction.lease(each.id) is not None]
    if limit is not None and len(busy) >= limit:
        raise _in_the_way(f"The work pool {name} has {len(busy)} of at most {limit} runs under way.", busy[0])


def pool_named(ledger: ledgers.Reader, name: str) -> ledgers.WorkPoolRow:
    """The work pool of a name.

    Raises:
        UsageError: there is none.
    """
    known = {each.name: each for each in ledger.work_pools()}
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


def _writes(
    world: worlds.World, pipeline: pipelines.Pipeline, partition: str | None
) -> Sequence[tuple[keys.AssetKey, str, PartitionSet]]:
    """What a run makes: its interval, and of each outlet the partition of that key, or the whole."""
    found: list[tuple[keys.AssetKey, str, PartitionSet]] = []
    if pipeline.partitions is not None and partition is not None:
        ordinal = pipeline.partitions.ordinal(partition)
        found.append((pipeline.name, pipeline.partitions.fingerprint, PartitionSet.range(ordinal, ordinal + 1)))
    elif planned.is_by_assets(pipeline):
        found.append((pipeline.name, "", PartitionSet.range(0, 1)))
    for outlet in pipeline.outlets:
        asset = world.graph.assets.get(outlet)
        if asset is None:
            continue
        if asset.partitions is None:
            found.append((outlet, "", PartitionSet.range(0, 1)))
            continue
        place = asset.partitions.find(partition) if partition is not None else None
        if place is not None:
            found.append((outlet, asset.partitions.fingerprint, PartitionSet.range(place, place + 1)))
    return found


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
    from weft.service import recovering

    recovering.recover(world, run=error.__notes__[0])


def _give_up(world: worlds.World, row: ledgers.RunRow, reason: str) -> None:
    """End a run that was created but may not begin."""
    world.ledger.append([events.RunFinished(run=row.id, outcome="cancelled", reason=reason)])
