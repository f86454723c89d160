"""Schedules that assets make due, and those that go on as soon as their last run has ended.

The condition of a schedule holds where its assets have versions that are newer than the pipeline's last run: so each
new set of versions makes one run. All is looked up in the transaction that creates the run, where no other scheduler
can come between. Of a pipeline with partitions each of them is looked at by itself, with what it reads;
an asset without partitions makes the latest one due.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from weft.model import control_events, events, partition_set, partitions
from weft.planner import blackouts, conditions
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.service import world as worlds
from weft.service.plan import applying
from weft.service.scheduling import deciding, entries

PAUSE = timedelta(seconds=1)
AFTER_FAILURE = timedelta(seconds=30)
"""How long a continuous pipeline rests after a run, and after one that failed."""
_MOST_AT_ONCE = 100
_MOST_PLANS = 5
_Tick = tuple[str, tuple[str | None, ...], str]


def look(world: worlds.World, entry: entries.Entry, position: int, now: datetime) -> None:
    """Decide a schedule by its assets, if there is news of them; `position` is that of the last event.

    Raises:
        LedgerError: the store fails; nothing was decided.
    """
    declared = entry.declared
    if declared.schedule.blackout:
        held = blackouts.held(declared.schedule.blackout, now)
        if held is not None:
            entry.resting = held.until or now + timedelta(days=1)
            return
    if declared.kind == "job":
        _look_at_job(world, entry, now)
    else:
        with world.ledger.transaction() as transaction:
            found, left = _due(world, transaction, entry)
            for tick, keys, reason in found:
                transaction.append(
                    deciding.runs_of(world, transaction, declared, tick, now, keys, reason, trigger="asset")
                )
        entry.left = left
        if left:
            entry.resting = now
    entry.seen = position


def _look_at_job(world: worlds.World, entry: entries.Entry, now: datetime) -> None:
    """As `look`; the plan is made before the transaction, and anew where something moved meanwhile."""
    for _ in range(_MOST_PLANS):
        with world.ledger.transaction() as transaction:
            if not _due(world, transaction, entry)[0]:
                return
        plan = deciding.prepare(world, entry.declared, "asset")
        try:
            with world.ledger.transaction() as transaction:
                for tick, _, reason in _due(world, transaction, entry)[0]:
                    transaction.append(
                        deciding.execution_of(world, transaction, entry.declared, plan, tick, now, reason)
                    )
            return
        except applying.PlanMovedError:
            continue


def go_on(world: worlds.World, entry: entries.Entry, now: datetime) -> None:
    """Start the next run of a continuous pipeline, if its last one has ended; says until when it rests.

    Raises:
        LedgerError: the store fails; nothing was decided.
    """
    declared = entry.declared
    with world.ledger.transaction() as transaction:
        if _is_paused(transaction, entry):
            return
        last = _last_run(world, transaction, declared)
        tick = "first" if last is None else f"after {last.id}"
        if last is not None:
            if last.phase != "finished":
                return
            pause = PAUSE if last.outcome in ("succeeded", "reused") else AFTER_FAILURE
            begins = entries.moment(last.finished or 0) + pause
            if begins > now and begins - now < pause * 2:  # else the clock was set back
                entry.resting = begins
                return
        reason = "the first run" if last is None else f"run {last.id[:8]} has ended"
        failed = bool(transaction.decided_ticks(declared.id, [tick]))
        if failed:  # what could not be created then may have been mended
            tick = f"{tick}, at {now.isoformat(timespec='milliseconds')}"
        made = deciding.runs_of(world, transaction, declared, tick, now, [None], reason)
        started = any(isinstance(each, events.RunCreated) for each in made)
        if started or not failed or not _is_told(world, declared, made[-1]):
            transaction.append(made)
        if not started:
            entry.resting = now + AFTER_FAILURE


def _last_run(
    world: worlds.World, transaction: ledgers.Transaction, declared: entries.Declared
) -> ledgers.RunRow | None:
    """The run after which the next one comes: the newest, or what came after it where the clock was set back."""
    newest = transaction.newest_run_of(declared.name)
    if newest is None:
        return None
    if transaction.decided_ticks(declared.id, [f"after {newest}"]):
        for tick in world.ledger.ticks(declared.id, limit=1, decision="started"):
            for row in world.ledger.runs_with_prefix(tick.runs[0]):
                return row
    return next(iter(world.ledger.runs_with_prefix(newest)), None)


def _is_told(world: worlds.World, declared: entries.Declared, decided: events.Event) -> bool:
    """Whether the last decision is this one, for the same reason."""
    last = world.ledger.ticks(declared.id, limit=1)
    known = [(each.decision, each.reason) for each in last]
    return isinstance(decided, control_events.TickDecided) and known == [(decided.decision, decided.reason)]


def _is_paused(transaction: ledgers.Transaction, entry: entries.Entry) -> bool:
    row = transaction.automation_rows([entry.declared.id]).get(entry.declared.id)
    return row is None or row.paused


def _due(world: worlds.World, transaction: ledgers.Transaction, entry: entries.Entry) -> tuple[list[_Tick], list[str]]:
    """Ticks with the partitions that they start, and why; and the keys that are still to be looked at."""
    declared = entry.declared
    if _is_paused(transaction, entry):
        return [], []
    pipeline = world.graph.pipelines.get(declared.name) if declared.kind == "pipeline" else None
    if pipeline is not None and pipeline.partitions is not None:
        return _due_partitions(world, transaction, entry, pipeline.partitions)
    since = max(_last_tick(transaction, declared), transaction.consumed_at(declared.name, None) if pipeline else 0)
    news = {each: transaction.newest_version(each, since) for each in declared.assets}
    if not conditions.holds(declared.schedule, lambda asset: news.get(asset) is not None):
        return [], []
    fresh = {asset: version for asset, version in news.items() if version is not None}
    return [(f"{entries.BY_ASSETS}{max(fresh.values())}", (None,), f"new versions of {', '.join(fresh)}")], []


def _last_tick(transaction: ledgers.Transaction, declared: entries.Declared) -> int:
    """The position of the last version that a tick of this schedule was about."""
    return transaction.last_numbered_tick(declared.id, entries.BY_ASSETS)


def _due_partitions(
    world: worlds.World, transaction: ledgers.Transaction, entry: entries.Entry, divided: partitions.Partitions
) -> tuple[list[_Tick], list[str]]:
    declared = entry.declared
    now = world.clock.now()
    since = entry.seen if entry.seen >= 0 else transaction.position_at(clocks.microseconds(entry.activated or now))
    mappings: dict[str, partitions.PartitionMapping] = {}
    candidates = partition_set.PartitionSet.of(
        sorted(each for each in divided.ordinals(entry.left) if each is not None)
    )
    for key in declared.assets:
        asset = world.graph.assets.get(key)
        moved = transaction.moved_partitions(key, since)
        if asset is None:
            continue
        mapping = partitions.default_mapping(divided, asset.partitions) or partitions.AllMapping()
        mappings[key] = mapping
        if not moved:
            continue
        if asset.partitions is None:  # which all of them read: news of it are for the latest
            exist = divided.universe(now)
            candidates |= partition_set.PartitionSet.of([exist.last] if exist else [])
            continue
        ordinals = [each for each in asset.partitions.ordinals(moved) if each is not None]
        candidates |= mapping.downstream(
            partition_set.PartitionSet.of(sorted(ordinals)), divided, asset.partitions, now
        )
    found: list[_Tick] = []
    looked_at = 0
    for ordinal in candidates:
        if len(found) == _MOST_AT_ONCE:
            break
        looked_at += 1
        made = _due_partition(world, transaction, declared, divided, ordinal, mappings, now)
        if made is not None:
            found.append(made)
    left = candidates - candidates.take(looked_at)
    return found, list(divided.keys(left))


def _due_partition(
    world: worlds.World,
    transaction: ledgers.Transaction,
    declared: entries.Declared,
    divided: partitions.Partitions,
    ordinal: int,
    mappings: dict[str, partitions.PartitionMapping],
    now: datetime,
) -> _Tick | None:
    key = divided.key(ordinal)
    consumed = transaction.consumed_at(declared.name, key)
    versions: dict[str, int] = {}
    for asset, mapping in mappings.items():
        definition = world.graph.assets[asset].partitions
        moved = transaction.moved_partitions(asset, consumed)
        if not moved:
            continue
        if definition is None:
            versions[asset] = max(moved.values())
            continue
        above = mapping.upstream_of(ordinal, divided, definition, now)
        names = zip(moved, definition.ordinals(moved), strict=True)
        read = [moved[name] for name, each in names if each is not None and each in above]
        if read:
            versions[asset] = max(read)
    if not conditions.holds(declared.schedule, lambda each: each in versions):
        return None
    tick = f"{entries.BY_ASSETS}{max(versions.values())}:{key}"
    if transaction.decided_ticks(declared.id, [tick]):
        return None
    return tick, (key,), f"new versions of {', '.join(versions)}"
