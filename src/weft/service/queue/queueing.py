"""The queue: runs that are asked for wait in a work pool of their location until a runner of it may begin them.

Theory of operation. A run is asked for by writing `RunCreated` (`request_run`, or `created` within a larger
transaction). Whoever drives runs of a location asks `take` which of them may begin now: one that may not, because of a
limit or of what another run makes, holds up none behind it. The answer is a look at what stands, and no right: that is
the lease, and the transaction that takes it looks at the limits once more (`claiming`). So two runners that took the
same run, or the last place twice, come to no harm: the second is refused, and the run waits on.
"""

from __future__ import annotations

import heapq
import secrets
import shlex
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from weakref import WeakKeyDictionary

import msgspec

from weft.model import control_events, errors, events
from weft.model import pipelines as pipelines_model
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.ports import queueing as ports
from weft.runtime import owners
from weft.service import documents
from weft.service import world as worlds
from weft.service.pipeline import flow_runs, pipelines
from weft.service.queue import claiming, queue_limits

DEFAULT_POOL = queue_limits.DEFAULT_POOL
_FEW_PIPELINES = 200
_known_codes: WeakKeyDictionary[ledgers.Ledger, set[str]] = WeakKeyDictionary()


# --- asking for runs ---


def request_run(world: worlds.World, wanted: pipelines.Wanted) -> ledgers.RunRow:
    """Write down a run that a runner of its location is to drive, and return it as it waits.

    Raises:
        UsageError: the pipeline or the work pool does not exist, or its parameters or interval are wrong.
    """
    with world.ledger.transaction() as transaction:
        event = requested(world, transaction, wanted)
    return claiming.row_of(world, event.run)


def requested(world: worlds.World, transaction: ledgers.Transaction, wanted: pipelines.Wanted) -> events.RunCreated:
    """Write down, within a transaction, a run that is asked for, with what it keeps of the one that it repeats.

    Raises:
        UsageError: as `created`.
    """
    event = created(world, transaction, wanted)
    transaction.append([event])
    if wanted.keep and wanted.rerun_of and world.graph.pipelines[wanted.pipeline].kind == "flow":
        from weft.runtime.flows import beginning

        transaction.append(beginning.kept(world.ledger, event.run, wanted.rerun_of))
    return event


def created(
    world: worlds.World, transaction: ledgers.Transaction, wanted: pipelines.Wanted, *, at_once: bool = False
) -> events.RunCreated:
    """The event that creates a run, checked; the caller appends it, with whatever belongs to it.

    The source of its code is kept by `transaction` where that is not known yet. No user code is needed. With `at_once`
    a run without a work pool is one that its creator drives itself.

    Raises:
        UsageError: the pipeline or the work pool does not exist, or its parameters or interval are wrong; nothing was
            written for this run.
    """
    pipeline, partition, params = pipelines.resolved(world, wanted)
    if pipeline.kind == "flow" and pipeline.name in world.definitions.pipelines:
        params = flow_runs.recorded(world, pipeline, partition, params)
    pool = wanted.pool or ("" if at_once else DEFAULT_POOL)
    if pool:
        claiming.pool_named(world.ledger, pool)
    _keep_code(world, transaction, pipeline)
    run_id = secrets.token_hex(6)
    priority = wanted.priority if wanted.priority is not None else queue_limits.priority_of(world, pipeline)
    queue_limits.check_priority(priority)
    return events.RunCreated(
        run=run_id,
        execution=wanted.execution or run_id,
        pipeline=pipeline.name,
        definitions="" if pipeline.kind == "flow" else pipeline.code,
        request=_request(world, pipeline, wanted),
        steps=len(pipeline.steps),
        by=wanted.by or world.user,
        partition=partition,
        params=msgspec.Raw(msgspec.json.encode(params)),
        trigger=wanted.trigger,
        rerun_of=wanted.rerun_of,
        pool=pool,
        location=wanted.location or world.locations.get(f"pipeline:{pipeline.name}", ""),
        priority=priority,
        automation=wanted.automation,
    )


def _request(world: worlds.World, pipeline: pipelines_model.Pipeline, wanted: pipelines.Wanted) -> str:
    if pipeline.kind == "flow":
        return flow_runs.request_of(world, pipeline)
    return shlex.join([*wanted.keep, *wanted.words])


def _keep_code(world: worlds.World, transaction: ledgers.Transaction, pipeline: pipelines_model.Pipeline) -> None:
    """Keep the source of a pipeline, once for each version; a look at the ledger only for what is new to it."""
    codes = dict.fromkeys([pipeline.code, *(step.code for step in pipeline.steps.values())])
    known = _known_codes.setdefault(world.ledger, set())
    fresh = {code: None for code in codes if code and code not in known and code in world.definitions.manifests}
    if not fresh:
        return
    known.update(
        world.ledger.known_codes()
    )  # what this transaction adds comes with the next look: it may come to nothing
    found = documents.code_documents(world, {code: None for code in fresh if code not in known})
    if recorded := documents.keep_code(transaction, found):
        transaction.append(recorded)


# --- beginning them ---


def take(
    world: worlds.World,
    *,
    location: str | None = None,
    pools: Collection[str] | None = None,
    room: int,
    refused: Collection[str] = (),
) -> list[ledgers.RunRow]:
    """The runs that may begin, or go on, now, the most urgent first; nothing is written.

    First come those whose owner died and those that a person has answered, then what waits, by priority and age. What
    may not begin is passed over. Drive each with `How(wait=False)`: what is refused after all waits on.

    Args:
        world: with the definitions of the location, and its ledger.
        location: whose runs; those of no location count as its own where it defines their pipeline. None for all.
        pools: the work pools to look into; None for all.
        room: how many at most.
        refused: ids of runs to leave out, such as those that were refused a moment ago.
    """
    left_out = set(refused)

    def is_ours(row: ledgers.RunRow) -> bool:
        known = row.pipeline is None or row.pipeline in world.graph.pipelines
        here = location is None or row.location == location or (row.location == "" and known)
        return here and row.id not in left_out and row.pool != "" and (pools is None or row.pool in pools)

    busy = queue_limits.Busy(world)
    found = [row for row in busy.rows if is_ours(row) and row.phase != "cancelling" and _is_orphan(world, row)]
    found += [row for row in world.ledger.answered_runs() if is_ours(row)]
    found = found[:room]
    for row in found:
        left_out.add(row.id)
    if len(found) >= room or busy.of_queue() is not None:
        return found
    lanes = [
        lane
        for lane in world.ledger.lanes()
        if (location is None or lane.location in (location, "")) and (pools is None or lane.pool in pools)
    ]
    reservations = queue_limits.Reservations(world.ledger)
    for row in _candidates(world, busy, lanes, room):
        if not is_ours(row) or not _may_begin(busy, row, reservations):
            continue
        busy.add(row)
        left_out.add(row.id)
        found.append(row)
        if len(found) >= room or busy.of_queue() is not None:
            break
    return found


def _may_begin(busy: queue_limits.Busy, row: ledgers.RunRow, reservations: queue_limits.Reservations) -> bool:
    if busy.of_pool(row.pool) is not None or next(busy.of_pipeline(row.pipeline), None) is not None:
        return False
    return busy.reserved(row.id, row.pipeline, row.partition, reservations) is None


def _candidates(
    world: worlds.World, busy: queue_limits.Busy, lanes: Sequence[ports.Lane], room: int
) -> Iterator[ledgers.RunRow]:
    """What waits, the most urgent first: the head of each lane, and where that may not begin, what is behind it.

    However long the queue is, a few hundred rows are read: of pipelines that may begin nothing none at all.
    """
    page = 4 * room + 64
    open_lanes = [lane for lane in lanes if busy.of_pool(lane.pool) is None]
    heads = {lane: world.ledger.waiting_runs(lane, limit=page) for lane in open_lanes}
    yield from _merged(heads.values())
    behind: list[list[ledgers.RunRow]] = []
    for lane, rows in heads.items():
        if len(rows) < page or busy.of_pool(lane.pool) is not None:
            continue
        names = world.ledger.waiting_pipelines(lane)
        blocked = busy.blocked_pipelines(names)
        free = [name for name in names if name not in set(blocked)]
        if len(free) <= _FEW_PIPELINES:
            behind += [world.ledger.waiting_runs(lane, limit=page, pipeline=name) for name in free]
        else:
            behind.append(world.ledger.waiting_runs(lane, limit=8 * page, without=blocked))
    yield from _merged(behind)


def _merged(lists: Iterable[list[ledgers.RunRow]]) -> Iterator[ledgers.RunRow]:
    return heapq.merge(*lists, key=order)


def order(row: ledgers.RunRow) -> tuple[int, int, str, str]:
    """By which runs are begun: the highest priority first, of the same the oldest; of one moment by interval."""
    return -row.priority, row.created, row.partition or "", row.id


def _is_orphan(world: worlds.World, row: ledgers.RunRow) -> bool:
    """Whether a run was begun by a process that is gone."""
    lease = world.ledger.lease(row.id)
    now = clocks.microseconds(world.clock.now())
    return lease is not None and owners.is_dead(owners.decode(lease.owner), run=row.id, expires=lease.expires, now=now)


# --- changing the order ---


def set_priority(world: worlds.World, run: str, priority: int, *, by: str = "") -> ledgers.RunRow:
    """Move a waiting run up or down in the queue; the highest priority goes first.

    Raises:
        UsageError: there is no such run, it does not wait any more, or the priority is none.
    """
    queue_limits.check_priority(priority)
    with world.ledger.transaction() as transaction:
        row = claiming.row_of(world, run)
        if row.phase != "created":
            told = f"has ended ({row.outcome})" if row.phase == "finished" else "has begun"
            raise errors.ConflictError(
                f"Run {run[:8]} {told}: it waits no more.", remedy="A priority orders what waits: `weft queue`."
            )
        transaction.append([control_events.RunPriorityChanged(run=row.id, priority=priority, by=by or world.user)])
    return replace(row, priority=priority)
