"""What is wrong without an event that says so: lateness, staleness, what runs too long, what nobody works on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from weft.model import alerting
from weft.planner import durations, freshness
from weft.ports import clock as clocks
from weft.service import world as worlds
from weft.service.alerting import signals
from weft.service.plan import planning

SEEN_WITHIN = 30 * 1_000_000
"""Who was not seen for so long (microseconds) is not there."""
WORKER_PATIENCE = 60 * 1_000_000
"""How long runs wait without a worker before that is a problem (microseconds)."""
SCHEDULER_PATIENCE = 60 * 1_000_000

Standing = dict[alerting.Kind, list[alerting.Problem]]


def lateness(world: worlds.World, now: datetime) -> tuple[Standing, int | None]:
    """What is late or about to be, and when that may read otherwise by time alone (microseconds)."""
    graph = world.graph
    assets = {key: asset.partitions for key, asset in graph.assets.items() if asset.freshness is not None}
    found: Standing = {"late": [], "due_soon": []}
    if not assets:
        return found, None
    changes: list[int] = []
    columns = world.ledger.columns(assets)
    for key, each in freshness.outlook(graph, columns, now, assets).items():
        if each.next_change is not None:
            changes.append(clocks.microseconds(each.next_change))
        if each.state not in ("late", "due_soon") or each.deadline is None:
            continue
        deadline = f"{each.deadline:%Y-%m-%d %H:%M} UTC"
        partitioned = graph.assets[key].partitions is not None
        count = len(each.late if each.state == "late" else each.due_soon)
        which = f"{count:,} partitions, the first" if partitioned and count > 1 else "it"
        late = each.state == "late"
        found[each.state].append(
            alerting.Problem(
                kind=each.state,
                subject=signals.asset_subject(key),
                since=clocks.microseconds(each.deadline if late else now),
                at=clocks.microseconds(now),
                detail=f"{which} should have been there by {deadline}"
                if late
                else f"{which} must be there by {deadline}",
                severity="error" if late else "warning",
            )
        )
    return found, min(changes, default=None)


def staleness(
    world: worlds.World, rules: Sequence[alerting.Rule], chosen: Callable[[str], Iterable[str]], now: datetime
) -> Standing:
    """What is stale of all that rules on staleness select; `chosen` evaluates a selection."""
    graph = world.graph
    wanted: dict[str, None] = {}
    for rule in rules:
        if "stale" in rule.on:
            found = graph.assets if rule.select is None else chosen(rule.select)
            wanted.update({key: None for key in found if key in graph.assets and graph.assets[key].step is not None})
    at = clocks.microseconds(now)
    statuses = planning.statuses(world, list(wanted), now=now) if wanted else {}
    return {
        "stale": [
            alerting.Problem(
                kind="stale", subject=signals.asset_subject(key), since=at, at=at, severity="warning",
                detail=f"`weft status {key}` says why",
            )
            for key, each in statuses.items()
            if "stale" in each.words
        ]
    }  # fmt: skip


def locations(world: worlds.World, now: datetime) -> Standing:
    """Code locations whose definitions do not load."""
    found = []
    for each in world.ledger.locations():
        if each.problems and not each.removed:
            first, more = each.problems[0], len(each.problems) - 1
            place = f"{first.file}:{first.line}: " if first.file else ""
            found.append(
                alerting.Problem(
                    kind="location",
                    subject=f"location:{each.name}",
                    since=each.failed or clocks.microseconds(now),
                    at=clocks.microseconds(now),
                    detail=f"{place}{first.message}" + (f" (and {more} more)" if more else ""),
                )
            )
    return {"location": found}


def work(world: worlds.World, now: datetime, *, began: int) -> Standing:
    """Pools in which runs wait though no worker is there that would take them.

    What was so before alerting `began` (microseconds) counts from then: after a start everyone gets time to appear.
    """
    at = clocks.microseconds(now)
    waiting = [each for each in world.ledger.waiting_for_workers() if max(each.since, began) + WORKER_PATIENCE < at]
    if not waiting:
        return {"worker": []}
    paused = {row.name for row in world.ledger.work_pools() if row.paused}
    workers = [
        json.loads(row.body)
        for row in world.ledger.workers_seen()
        if row.kind == "worker" and row.seen + SEEN_WITHIN > at
    ]
    return {
        "worker": [
            alerting.Problem(
                kind="worker", subject=f"pool:{row.pool}", partition=row.location, since=row.since, at=at,
                severity="error",
                detail=f"No worker is there for the location {row.location or 'of these runs'}.",
            )
            for row in waiting
            if row.pool not in paused and not any(_takes(worker, row.pool, row.location) for worker in workers)
        ]
    }  # fmt: skip


def _takes(worker: Mapping[str, object], pool: str, location: str) -> bool:
    """Whether a worker, by what it says of itself, takes runs of a pool and location."""
    pools = worker.get("pools")
    return (
        worker.get("takes_runs", True) is True
        and (not location or worker.get("location", location) == location)
        and (not isinstance(pools, list) or not pools or pool in pools)
    )


def scheduler(world: worlds.World, now: datetime, *, began: int) -> Standing:
    """Whether a scheduler vanished, rather than ended, and none has come since; `began` as for `work`."""
    at = clocks.microseconds(now)
    seen = [row.seen for row in world.ledger.workers_seen() if row.kind == "scheduler"]
    if not seen or max(*seen, began) + SCHEDULER_PATIENCE > at:
        return {"scheduler": []}
    return {
        "scheduler": [
            alerting.Problem(
                kind="scheduler", subject="scheduler", since=max(seen), at=at, severity="critical",
                detail="It was seen last at this time; nothing is started by itself meanwhile.",
            )
        ]
    }  # fmt: skip


def running(
    world: worlds.World,
    attempts: Sequence[signals.Attempt],
    before: Sequence[alerting.Problem],
    now: datetime,
) -> list[alerting.Problem | alerting.Cleared]:
    """What runs for longer than is ordinary for it, now that it runs still."""
    at = clocks.microseconds(now)
    told = {(each.subject, each.partition, each.run) for each in before if each.kind == "duration"}
    found: list[alerting.Problem | alerting.Cleared] = []
    known: dict[str, float | None] = {}

    def over(subject: str, partition: str, run: str, began: int, most: float | None) -> None:
        if most is not None and (at - began) / 1e6 > most and (subject, partition, run) not in told:
            found.append(
                alerting.Problem(
                    kind="duration", subject=subject, partition=partition, since=at, at=at, run=run, severity="warning",
                    detail=f"It runs still, after more than {most:,.0f} s, from which on it is out of the ordinary.",
                )
            )  # fmt: skip

    for row in world.ledger.runs(live=True):
        if row.pipeline is None or row.started is None or row.phase == "suspended":
            continue
        if row.pipeline not in known:
            history = world.ledger.pipeline_durations(row.pipeline, limit=durations.MOST_HISTORY)
            known[row.pipeline] = durations.threshold(history)
        subject = signals.pipeline_subject(row.pipeline)
        over(subject, row.partition or "", row.id, row.started, known[row.pipeline])
    for attempt in attempts:
        step = world.graph.steps.get(attempt.step)
        if step is None or not step.outputs:
            continue
        asset = step.outputs[0]
        if f"asset:{asset}" not in known:
            known[f"asset:{asset}"] = signals.asset_threshold(world.ledger, asset)
        over(f"asset:{asset}", attempt.partition, attempt.run, attempt.at, known[f"asset:{asset}"])
    return found
