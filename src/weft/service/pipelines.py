"""Runs of pipelines: created with all that they need (`create`), then driven by this process or another (`drive_run`).

What a run is about is fixed when it is created and stands in the ledger: its parameters, its interval, the run that it
repeats and how much of that it keeps. So whoever drives it, now or after a crash, needs nothing but its id.
"""

from __future__ import annotations

import contextlib
import secrets
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from weft.model import columns as columns_model
from weft.model import errors, events, keys, partition_set, pipelines, spelling
from weft.planner import pipelines as planned
from weft.ports import clock as clocks
from weft.ports import executor as executors
from weft.ports import ledger as ledgers
from weft.runtime import owners
from weft.service import deployed, documents, driving, flow_runs, intervals, parameters, pipeline_driving, views
from weft.service import world as worlds

PartitionSet = partition_set.PartitionSet
_WAIT_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A run of a pipeline that is asked for.

    `partition` None is the latest interval that has ended, for a pipeline that has intervals. `keep` says what of the
    run `rerun_of` is kept, in the words of `weft rerun`: ("--from-failed",), ("--from", "load"), ("--only", "load+").
    """

    pipeline: str
    params: Mapping[str, object] | None = None
    partition: str | None = None
    trigger: events.Trigger = "manual"
    rerun_of: str = ""
    keep: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    """More words of the request, for whoever looks for the run again."""
    execution: str = ""
    pool: str = ""
    """The work pool in which it waits to be picked up; "" to be driven at once."""


def find(world: worlds.World, name: str) -> pipelines.Pipeline:
    """The pipeline of a name.

    Raises:
        UsageError: there is none.
    """
    found = world.graph.pipelines.get(name)
    if found is not None:
        return found
    others = [*world.graph.pipelines, *world.graph.jobs, *world.graph.assets]
    if name in world.graph.jobs:
        remedy: str | None = f"It is a job, which selects assets: `weft run {name}`, `weft apply job:{name}`."
    elif name in world.graph.assets:
        remedy = f"There is an asset of that name: `weft materialize {name}`."
    else:
        remedy = spelling.did_you_mean(name, others)
    known = ", ".join(list(world.graph.pipelines)[:10])
    raise errors.UsageError(
        f"There is no pipeline {name!r}.",
        remedy=remedy
        or (f"There are: {known}." if known else "None is defined: decorate a function with @dag or @flow."),
    )


def run(
    world: worlds.World, wanted: Wanted, how: driving.How, *, executor: executors.Executor | None = None
) -> views.ApplyView:
    """Run a pipeline to its end, on an executor that has been started, or on one of its own.

    Raises:
        UsageError: it does not exist, or its parameters or interval are wrong.
        ReservationError: too many of its runs are under way, or another makes the same, and `how.wait` is off.
    """
    pipeline, partition, params = resolved(world, wanted)
    if pipeline.kind == "flow":
        return flow_runs.run(world, pipeline, wanted, partition, params)
    if not how.wait:  # so that what is refused leaves no run behind
        with world.ledger.transaction() as transaction:
            _check_free(world, transaction, pipeline, partition)
    return drive_run(world, create(world, wanted), how, executor=executor)


def run_or_go_on(world: worlds.World, wanted: Wanted, how: driving.How) -> views.ApplyView:
    """Run a pipeline to its end, or go on with a run of the same interval and parameters that was cut short.

    One whose owner died goes on itself; of an interval's that was cancelled, a new run keeps what succeeded.

    Raises:
        UsageError, ReservationError: as `run`.
    """
    from weft.service import recovering

    pipeline, partition, params = resolved(world, wanted)
    same = flow_runs.recorded(world, pipeline, partition, params) if pipeline.kind == "flow" else params
    dead = recovering.going_on(world, pipeline.name, partition, same)
    if dead is not None:
        if how.note is not None:
            how.note(f"Run {dead.row.id[:8]} was interrupted; it goes on.")
        return drive_run(world, dead.row.id, how)
    rows = world.ledger.runs(pipeline=pipeline.name, partition=partition, limit=1) if partition is not None else []
    cut = rows[0] if rows and rows[0].outcome == "cancelled" and rows[0].definitions == pipeline.code else None
    if cut is not None and pipeline.kind != "flow" and cut.succeeded and params_of(cut) == params:
        if how.note is not None:
            how.note(f"Run {cut.id[:8]} of {partition} was cancelled; what succeeded in it is kept.")
        wanted = replace(wanted, rerun_of=cut.id, keep=("--from-failed",))
    return run(world, wanted, how)


def resolved(world: worlds.World, wanted: Wanted) -> tuple[pipelines.Pipeline, str | None, dict[str, Any]]:
    """The pipeline, the interval and the parameters that are meant.

    Raises:
        UsageError: there is no such pipeline, or its parameters or interval are wrong.
    """
    pipeline = find(world, wanted.pipeline)
    given = dict(wanted.params or {})
    partition = wanted.partition
    schema = parameters.schema_of(pipeline)
    for name in intervals.DATES:
        if pipeline.partitions is not None and partition is None and name in given and name not in schema:
            partition = str(given.pop(name))
    partition = intervals.resolve(pipeline, partition, world.clock.now())
    if pipeline.kind == "flow":  # it fills in and checks its parameters itself, also where it is just called
        return pipeline, partition, given
    interval, body = intervals.bounds(pipeline, partition), world.definitions.pipelines.get(pipeline.name)
    filled = deployed.defaults(pipeline, schema, interval, clocks.microseconds(world.clock.now()))
    return pipeline, partition, parameters.validated(pipeline, body, {**filled, **given})


def create(world: worlds.World, wanted: Wanted) -> str:
    """Write down a run that is to be driven; returns its id. Nothing runs yet.

    Raises:
        UsageError: the pipeline or the work pool does not exist, or its parameters or interval are wrong.
    """
    pipeline, partition, params = resolved(world, wanted)
    if wanted.pool:
        pool_named(world.ledger, wanted.pool)
    if pipeline.kind == "flow":
        return flow_runs.create(world, pipeline, wanted, partition, params)
    codes = dict.fromkeys([pipeline.code, *(step.code for step in pipeline.steps.values())])
    recorded = documents.code_documents(world, {code: None for code in codes if code})
    run_id = secrets.token_hex(6)
    words = [*wanted.keep, *wanted.words]
    with world.ledger.transaction() as transaction:
        for event, name, content in recorded:
            transaction.put_document(name, "code", content)
            transaction.append([event])
        transaction.append(
            [
                events.RunCreated(
                    run=run_id,
                    execution=wanted.execution or run_id,
                    pipeline=pipeline.name,
                    definitions=pipeline.code,
                    request=shlex.join(words),
                    steps=len(pipeline.steps),
                    by=world.user,
                    partition=partition,
                    params=msgspec.Raw(msgspec.json.encode(params)),
                    trigger=wanted.trigger,
                    rerun_of=wanted.rerun_of,
                    pool=wanted.pool,
                )
            ]
        )
    return run_id


def drive_run(
    world: worlds.World, run_id: str, how: driving.How, *, executor: executors.Executor | None = None
) -> views.ApplyView:
    """Drive a created run, or go on with one whose owner died, to its end.

    Raises:
        UsageError: there is no such run, it has ended, or its pipeline is not defined any more.
        ReservationError: something that it needs is held by another run, and `how.wait` is off.
        FencedError: another process took it over.
    """
    begun = time.monotonic()
    row = row_of(world, run_id)
    if row.phase == "finished":
        raise errors.UsageError(
            f"Run {run_id} has ended ({row.outcome}); a finished run never reopens.",
            remedy=f"Run it again as a new one: `weft rerun {run_id[:8]}`.",
        )
    pipeline = find(world, row.pipeline or "")
    if pipeline.kind == "flow":
        return flow_runs.drive(world, pipeline, row)
    with owners.driving(run_id), contextlib.ExitStack() as stack:
        lease = _claimed(world, pipeline, row, how)
        if executor is None:
            executor = pipeline_driving.executor_for(world, how, pipeline)
            stack.callback(executor.close)
            executor.start()
        history = [event for _, _, event in world.ledger.events(run_id)] if lease.epoch > 1 else []
        row = row_of(world, run_id)
        return pipeline_driving.drive(world, pipeline, row, lease, executor, how, begun, history=history)


def row_of(world: worlds.World, run_id: str) -> ledgers.RunRow:
    """A run by its id.

    Raises:
        UsageError: there is none.
    """
    found = [row for row in world.ledger.runs_with_prefix(run_id) if row.id == run_id]
    if not found:
        raise errors.UsageError(f"There is no run {run_id!r}.", remedy="`weft runs` lists them.")
    return found[0]


# --- claiming ---------------------------------------------------------------------------------------------------------


def _claimed(world: worlds.World, pipeline: pipelines.Pipeline, row: ledgers.RunRow, how: driving.How) -> ledgers.Lease:
    """Become the owner of a run, once no other run stands in its way.

    Raises:
        ReservationError: one does, and `how.wait` is off.
        UsageError: another process drives it.
    """
    told = ""
    while True:
        try:
            return _claim(world, pipeline, row)
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


def _claim(world: worlds.World, pipeline: pipelines.Pipeline, row: ledgers.RunRow) -> ledgers.Lease:
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
            _check_free(world, transaction, pipeline, row.partition, row.id)
            for asset, fingerprint, ordinals in _writes(world, pipeline, row.partition):
                transaction.reserve(row.id, asset, fingerprint, ordinals)
        transaction.set_lease(driving.lease_row(world, lease))
        transaction.append([events.RunStarted(run=row.id, epoch=lease.epoch, owner=str(owners.myself()))])
    return lease


def _check_free(
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


def kept_words(row: ledgers.RunRow) -> list[str]:
    """What of the run before a rerun keeps, in the words of `weft rerun`; [] for nothing."""
    words = shlex.split(row.request)
    size = {"--from-failed": 1, "--from": 2, "--only": 2}.get(words[0], 0) if words else 0
    return words[:size]


def params_of(row: ledgers.RunRow) -> dict[str, Any]:
    """The parameters of a run."""
    found: dict[str, Any] = msgspec.json.decode(row.params) if row.params else {}
    return found
