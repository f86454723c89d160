"""The runs of an execution: made within a transaction that reserves what they write, so that each begins but once."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from weft.model import events, keys, partition_set, plan
from weft.ports import ledger as ledgers
from weft.service import documents
from weft.service import world as worlds
from weft.service.execution import documents as kept
from weft.service.execution import rounds
from weft.service.pipeline import interval_runs, pipelines
from weft.service.queue import queueing
from weft.service.run import reruns

PartitionSet = partition_set.PartitionSet
_MOST_RUNS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the runs of an execution have in common."""

    execution: str
    by: str
    priority: int
    pool: str
    automation: str
    trigger: events.Trigger
    words: str


def moved(
    world: worlds.World,
    transaction: ledgers.Transaction,
    lines: Iterable[plan.PlanStep | documents.PlanLine],
    position: int,
    now: datetime,
) -> list[keys.AssetKey]:
    """Which assets have changed after a position of the ledger in partitions that these lines make or read."""
    if transaction.position() == position:
        return []
    graph = world.planned
    needed: dict[keys.AssetKey, PartitionSet] = {}
    for line in lines:
        step = graph.steps[line.step]
        own = line.ordinals if isinstance(line.ordinals, PartitionSet) else PartitionSet.decode(line.ordinals)
        for asset in line.outputs:
            needed[asset] = needed.get(asset, kept.EMPTY) | own
        for each in step.dependencies:
            read = each.mapping.upstream(own, step.partitions, graph.assets[each.asset].partitions, now)
            needed[each.asset] = needed.get(each.asset, kept.EMPTY) | read
    return [
        asset
        for asset, ordinals in needed.items()
        if transaction.changed_since(asset, position) and not ordinals.isdisjoint(_changed(world, asset, position))
    ]


def _changed(world: worlds.World, asset: keys.AssetKey, position: int) -> PartitionSet:
    names = world.ledger.changed_keys(asset, after=position)
    definition = world.planned.assets[asset].partitions
    if definition is None:
        return PartitionSet.range(0, 1) if names else kept.EMPTY
    places = definition.ordinals([each for each in names if each])
    return PartitionSet.of(sorted(each for each in places if each is not None))


def recorded(
    world: worlds.World, transaction: ledgers.Transaction, lines: Iterable[plan.PlanStep]
) -> list[events.Event]:
    """Keep the code of steps that the ledger has not seen yet; the events that say so."""
    return documents.keep_code(transaction, documents.code_documents(world, dict.fromkeys(line.code for line in lines)))


def begun(
    world: worlds.World,
    transaction: ledgers.Transaction,
    facts: Facts,
    state: kept.State,
    made: plan.Plan,
    found: rounds.Round,
    *,
    concurrency: int | None,
    under_way: int,
) -> list[events.Event]:
    """Take up a round as far as there is room: intervals go into the queue, each part of assets becomes a run."""
    state.left_out.update(found.left_out)
    state.waits_for = list(found.waits_for)
    state.look = False
    for line in found.intervals:
        _enqueue(state, made, line)
    room = limit_of(world, concurrency, state) - under_way
    events_made: list[events.Event] = []
    for part in found.assets:
        if len(events_made) < room:
            events_made += of_assets(transaction, facts, state, made, part)
    return events_made + of_intervals(world, transaction, facts, state, room - len(events_made))


def _enqueue(state: kept.State, made: plan.Plan, line: plan.PlanStep) -> None:
    again = line.ordinals if line.status == "failed" and not made.request.exact else kept.EMPTY
    before = next((place for place, each in enumerate(state.queue) if each.pipeline == line.step), None)
    ordinals = line.ordinals
    if before is not None:
        ordinals |= PartitionSet.decode(state.queue[before].ordinals)
        again |= PartitionSet.decode(state.queue[before].again)
    own = kept.Intervals(
        pipeline=line.step,
        fingerprint=line.fingerprint,
        ordinals=ordinals.encode(),
        again=again.encode(),
        anew=made.request.exact,
        position=made.position,
    )
    if before is None:
        state.queue.append(own)
        state.busy.append(line.step)
    else:
        state.queue[before] = own


def of_assets(
    transaction: ledgers.Transaction,
    facts: Facts,
    state: kept.State,
    made: plan.Plan,
    part: rounds.AssetPart,
) -> list[events.Event]:
    """Make the run of lines of assets, and note it in the state; [] where another run makes one of its outputs."""
    outputs: dict[keys.AssetKey, tuple[str, PartitionSet]] = {}
    for line in part.lines:
        for asset in line.outputs:
            before = outputs[asset][1] if asset in outputs else kept.EMPTY
            outputs[asset] = (line.fingerprint, before | line.ordinals)
    holders = [
        holder
        for asset, (fingerprint, ordinals) in outputs.items()
        for holder, theirs, held in transaction.reservations(asset)
        if theirs != fingerprint or not held.isdisjoint(ordinals)
    ]
    if holders:
        state.waits_for += [each for each in dict.fromkeys(holders) if each not in state.waits_for]
        return []
    run = secrets.token_hex(6)
    document = documents.document_of(replace(made, steps=part.lines))
    digest, body = documents.pack(msgspec.json.encode(document))
    transaction.put_document(digest, "plan", body)
    for asset, (fingerprint, ordinals) in outputs.items():
        transaction.reserve(run, asset, fingerprint, ordinals)
    by_step = kept.lines_by_step(part.lines)
    for step, ordinals in by_step.items():
        state.add_tried(step, ordinals)
    state.flights[run] = kept.Flight(
        group=part.group, lines={step: ordinals.encode() for step, ordinals in by_step.items()}
    )
    return [
        events.RunCreated(
            run=run,
            execution=facts.execution,
            plan=digest,
            request=facts.words,
            steps=sum(line.count for line in part.lines),
            by=facts.by,
            trigger=facts.trigger,
            pool=facts.pool,
            location=part.location,
            priority=facts.priority,
            automation=facts.automation,
        )
    ]


def of_intervals(
    world: worlds.World,
    transaction: ledgers.Transaction,
    facts: Facts,
    state: kept.State,
    room: int,
) -> list[events.Event]:
    """Make the runs of the next intervals in the queue, so many at most, and take them out of it."""
    made: list[events.Event] = []
    while len(made) < room and state.queue:
        own = state.queue[0]
        left = PartitionSet.decode(own.ordinals)
        pipeline = world.graph.pipelines.get(own.pipeline)
        mark = pipeline.partitions.fingerprint if pipeline is not None and pipeline.partitions is not None else ""
        if pipeline is None or mark != own.fingerprint:
            _leave_out(state, own, len(left), "is not defined any more" if pipeline is None else "has other intervals")
            continue
        # looked at in batches, so that a long row of intervals that others made is passed in one turn
        ordinals = _next(left, min(len(left), max(room - len(made), 1)), newest_first=own.newest_first)
        definition = pipeline.partitions
        names = definition.keys(ordinals) if definition is not None else [None]
        marks = world.ledger.interval_marks(own.pipeline, [each or "" for each in names]) if not own.anew else {}
        again = PartitionSet.decode(own.again)
        taken = []
        for ordinal, name in zip(ordinals, names, strict=True):
            if not own.anew and makers(world, own.pipeline, name):
                continue  # another run is at it: it is looked at again when that has ended
            taken.append(ordinal)
            version, outcome = marks.get(name or "", (0, ""))
            if version > own.position and outcome not in kept.FAILURES and ordinal not in again:
                state.passed += 1
                continue
            if pipeline.depends_on_past and interval_runs.held_by_past(world, own.pipeline, name) is not None:
                state.held += 1
                if len(state.failures) < 3:
                    state.failures.append(f"{own.pipeline} [{name}]: the interval before it has not succeeded")
                continue
            made.append(_interval(world, transaction, facts, own, name, keep=ordinal in again))
        done = PartitionSet.of(sorted(taken))
        state.add_tried(own.pipeline, done)
        if left - done:
            state.queue[0] = msgspec.structs.replace(own, ordinals=(left - done).encode())
        else:
            state.queue.pop(0)
        if not taken:
            break
    return made


def makers(world: worlds.World, pipeline: str, partition: str | None) -> list[str]:
    """The runs of an interval that have not ended."""
    if partition is None:
        return []
    return [row.id for row in world.ledger.runs(live=True, pipeline=pipeline, partition=partition)]


def _leave_out(state: kept.State, own: kept.Intervals, count: int, why: str) -> None:
    state.held += count
    state.left_out[own.pipeline] = f"{own.pipeline} {why}"
    state.queue.pop(0)


def _next(left: PartitionSet, count: int, *, newest_first: bool) -> Sequence[int]:
    if not newest_first:
        return list(left.take(count))
    return list(left - left.take(len(left) - count))[::-1]


def _interval(
    world: worlds.World,
    transaction: ledgers.Transaction,
    facts: Facts,
    own: kept.Intervals,
    partition: str | None,
    *,
    keep: bool,
) -> events.Event:
    """The run of one interval; of one that failed before, what succeeded in it is kept where there is a run to keep."""
    pipeline = world.graph.pipelines[own.pipeline]
    last = None
    if keep and partition is not None:
        rows = world.ledger.runs(pipeline=own.pipeline, partition=partition, limit=1)
        last = rows[0] if rows else None
    params: dict[str, object] = {name: msgspec.json.decode(value) for name, value in (own.params or {}).items()}
    if last is not None and own.params is None:
        params = interval_runs.params_of(world, last.id)
    wanted = pipelines.Wanted(
        pipeline=own.pipeline,
        partition=partition,
        params=params,
        trigger=facts.trigger,
        rerun_of=last.id if last is not None else "",
        keep=reruns.FROM_FAILED if last is not None and pipeline.kind != "flow" else (),
        execution=facts.execution,
        pool=facts.pool,
        priority=facts.priority or None,  # without one of its own, what is configured for the pipeline
        automation=facts.automation,
        by=facts.by,
    )
    return queueing.created(world, transaction, wanted)


def limit_of(world: worlds.World, concurrency: int | None, state: kept.State) -> int:
    """How many runs of an execution may be unfinished at once.

    Without a bound of its own, as many as the pipeline whose intervals are next allows: more would only wait.
    """
    if not state.queue:
        return concurrency if concurrency is not None else _MOST_RUNS
    pipeline = world.graph.pipelines.get(state.queue[0].pipeline)
    if pipeline is None:
        return concurrency if concurrency is not None else 1
    past = pipeline.depends_on_past or any(step.depends_on_past for step in pipeline.steps.values())
    most = 1 if past else pipeline.max_active_runs
    return most if concurrency is None else min(concurrency, most)
