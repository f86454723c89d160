"""What is wrong as it is shown: the planner's troubles with their first error, and those that no asset tells of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from weft.model import columns as columns_model
from weft.model import keys, plan
from weft.planner import following, troubles
from weft.ports import clock as clocks
from weft.ports import incidents as incident_ports
from weft.ports import ledger as ledgers
from weft.ports import paging
from weft.service import views
from weft.service import world as worlds
from weft.service.now import attempts, memory, repairs, words

MOST_SHOWN = 50
_MOST_HITS = 12
_MOST_OWNERS = 20
_MOST_INCIDENTS = 500
_MOST_FAILED_RUNS = 200
_FAILED_SINCE = timedelta(days=7)
"""A run that failed longer ago, and was never repeated, is history."""
_FAILURES = ("failed", "timed_out", "crashed")


@dataclass(slots=True, kw_only=True)
class Telling:
    """What is needed to tell of troubles."""

    world: worlds.World
    statuses: Mapping[keys.AssetKey, plan.AssetStatus]
    memory: memory.Memory
    now: datetime
    seconds: dict[str, float]
    next_at: Mapping[str, str]
    """When each pipeline is due next."""
    incidents: Mapping[str, incident_ports.IncidentRow]

    @staticmethod
    def incidents_of(ledger: ledgers.Ledger) -> dict[str, incident_ports.IncidentRow]:
        """The open incidents by the asset, pipeline or location in which they began."""
        rows = ledger.incidents(phases=("open", "acknowledged"), limit=_MOST_INCIDENTS)
        return {row.root: row for row in reversed(rows)}


def told(telling: Telling, found: troubles.Trouble) -> words.TroubleView:
    """One trouble of assets or pipelines."""
    world, ledger = telling.world, telling.world.ledger
    first, failed = _first(telling, found)
    cause = found.causes[0] if found.causes else None
    run = first[1].run if first is not None else (cause.run or "") if cause is not None else ""
    row = ledger.run(run) if run else None
    repair = repairs.view(world, found, telling.seconds)
    nearest = sorted(found.hits or (), key=lambda each: -len(each.mended))[:_MOST_HITS] if found.hits else []
    order = {id(each): place for place, each in enumerate(found.hits or ())}
    hits = [_hit(telling, each) for each in sorted(nearest, key=lambda each: order[id(each)])]
    root = _root(telling, found)
    incident = telling.incidents.get(f"{root.kind}:{root.key}")
    return words.TroubleView(
        id=found.id,
        kind=found.kind,
        why=found.why,
        root=root,
        since=_since(telling, found),
        detail=cause.detail if cause is not None else "",
        run=run or None,
        by=(row.automation or row.by or None) if row is not None else None,
        log=failed.log if failed is not None else None,
        line=failed.line if failed is not None else None,
        attempts=first[1].attempts if first is not None else 0,
        errors=len({each.error for each in found.failures.values()}),
        error=failed.error if failed is not None else _short(first),
        hits=hits,
        hit_assets=len(assets := {each.asset for each in found.hits or () if each.asset in world.graph.assets}),
        hit_pipelines=len({each.asset for each in found.hits or ()} - assets),
        hit_partitions=sum(len(each.ordinals) for each in found.hits or ()),
        hit_owners=_owners(world, [each.asset for each in found.hits or ()]),
        due=min((each.due for each in hits if each.due is not None), default=None),
        repairing=found.running,
        repair=repair,
        remedy="" if repair is not None else _remedy(found),
        incident=incident.id if incident is not None else None,
        acknowledged_by=(incident.acknowledged_by or None) if incident is not None else None,
    )


def _root(telling: Telling, found: troubles.Trouble) -> words.RootView:
    world = telling.world
    if found.is_function:
        return words.RootView(
            kind="function", key=found.root, partitions=None, count=found.count, group="", system=None, owners=[]
        )
    kind = "asset" if found.root in world.graph.assets else "pipeline"
    asset = world.planned.assets.get(found.root)
    return words.RootView(
        kind=kind,
        key=found.root,
        partitions=repairs.written(world, found.root, found.ordinals),
        count=len(found.ordinals),
        group=asset.group if asset is not None else "",
        system=world.locations.get(f"{kind}:{found.root}"),
        owners=list(asset.owners) if asset is not None else [],
    )


def _first(
    telling: Telling, found: troubles.Trouble
) -> tuple[tuple[int, columns_model.Failure] | None, attempts.Failed | None]:
    """What failed first, with the attempt that did, as far as its run tells."""
    if not found.failures:
        return None, None
    world = telling.world
    ordinal, failure = min(found.failures.items(), key=lambda each: (each[1].at, each[0]))
    definition = world.planned.assets[found.root].partitions
    partition = definition.key(ordinal) if definition is not None else None
    is_asset = found.root in world.graph.assets
    failed = telling.memory.of(
        ("attempt", failure.run, found.root, partition),
        None,
        lambda: (
            attempts.of_asset(world, failure.run, found.root, partition)
            if is_asset
            else attempts.of_run(world, failure.run)
        ),
    )
    return (ordinal, failure), failed


def _short(first: tuple[int, columns_model.Failure] | None) -> words.ErrorView | None:
    """What is known of a failure whose run tells no more."""
    if first is None:
        return None
    kind, _, message = first[1].error.partition(": ")
    return words.ErrorView(
        type=kind, message=message, file=None, line=None, function=None, step="", partition=None, item="",
        attempt=first[1].attempts,
    )  # fmt: skip


def _since(telling: Telling, found: troubles.Trouble) -> str | None:
    if found.failures:
        return views.time_of_us(min(each.at for each in found.failures.values()))
    if found.kind == "late" and not found.why:
        status = telling.statuses.get(found.root)
        return views.time_of(status.deadline) if status is not None else None
    if found.why == "code_changed":
        assets = [each for step in found.begun for each in telling.world.planned.steps[step].outputs]
        versions = [telling.world.ledger.definition_versions(f"asset:{each}")[:1] for each in assets[:5]]
        loaded = [rows[0].at for rows in versions if rows]
        return views.time_of_us(max(loaded)) if loaded else None
    if found.why == "schedule":
        definition = telling.world.planned.assets[found.root].partitions
        window = definition.window(found.ordinals.first) if definition is not None and found.ordinals else None
        return views.time_of(window.end) if window is not None else None
    times = [each.at for each in found.causes if each.at is not None]
    return views.time_of(min(times)) if times else None


def _hit(telling: Telling, hit: following.Hit) -> words.HitView:
    world = telling.world
    kind = "asset" if hit.asset in world.graph.assets else "pipeline"
    status = telling.statuses.get(hit.asset)
    asset = world.planned.assets[hit.asset]
    states: dict[str, int] = {
        word: count
        for word, ordinals in (status.by_status.items() if status is not None else ())
        if (count := len(ordinals & hit.ordinals))
    }
    late = status is not None and status.freshness == "late"
    due = views.time_of(status.deadline) if status is not None and status.freshness in ("due_soon", "fresh") else None
    if kind == "pipeline":
        due = telling.next_at.get(hit.asset)
    return words.HitView(
        kind=kind,
        key=hit.asset,
        partitions=repairs.written(world, hit.asset, hit.ordinals),
        count=len(hit.ordinals),
        states=states,
        due=due,
        late=late,
        owners=list(asset.owners),
        system=world.locations.get(f"{kind}:{hit.asset}"),
    )


def _owners(world: worlds.World, hit: Iterable[keys.AssetKey]) -> list[str]:
    found = dict.fromkeys(owner for each in hit for owner in world.planned.assets[each].owners)
    return list(found)[:_MOST_OWNERS]


def _remedy(found: troubles.Trouble) -> str:
    if found.kind == "rejected":
        return "Correct the data or the code that makes it, or accept the version as it is."
    if found.kind == "late":
        return "Nothing here makes it: look at the system that does."
    return "Decide whether what the old code made is to be made again, or is fine as it is."


# --- what no asset tells of ---


def of_locations(telling: Telling) -> list[words.TroubleView]:
    """The code locations whose definitions could not be loaded; those before them stay in force."""
    world = telling.world
    found = []
    for row in world.ledger.locations():
        if not row.problems or row.removed:
            continue
        problem = row.problems[0]
        incident = telling.incidents.get(f"location:{row.name}")
        error = words.ErrorView(
            type=problem.code or "definitions", message=problem.message, file=problem.file or None,
            line=problem.line or None, function=None, step="", partition=None, item="", attempt=0,
        )  # fmt: skip
        found.append(
            _plain(
                kind="location_failed",
                root=words.RootView(
                    kind="location", key=row.name, partitions=None, count=len(row.problems), group="",
                    system=row.name, owners=[],
                ),
                since=row.failed,
                error=error,
                remedy=problem.remedy or "Correct the file; it is loaded anew as soon as it is saved.",
                detail=f"{len(row.problems)} problems; the definitions that were loaded before stay in force."
                if row.snapshot
                else "Its definitions were never loaded.",
                incident=incident,
            )
        )  # fmt: skip
    return found


def of_runs(telling: Telling, failed_already: Mapping[str, frozenset[str]]) -> list[words.TroubleView]:
    """The pipelines and flows whose last run failed, but for the intervals that are told of as such."""
    ledger = telling.world.ledger
    since = clocks.microseconds(telling.now - _FAILED_SINCE)
    rows = telling.memory.of("failed runs", ledger.position(), lambda: _failed_runs(ledger, since))
    found: dict[str, list[ledgers.RunRow]] = {}
    for row in rows:
        if row.pipeline is not None and (row.partition or "") not in failed_already.get(row.pipeline, frozenset()):
            found.setdefault(row.pipeline, []).append(row)
    return [_of_run(telling, name, several) for name, several in found.items()]


def _failed_runs(ledger: ledgers.Ledger, since: int) -> list[ledgers.RunRow]:
    """The last run of each pipeline and partition that ended badly since a time, newest first."""
    rows = [
        row
        for outcome in _FAILURES
        for row in ledger.run_page(
            paging.RunFilter(outcome=outcome, since=since, parent=""), limit=_MOST_FAILED_RUNS
        ).rows
        if row.pipeline is not None
    ]
    newest: dict[tuple[str | None, str | None], ledgers.RunRow] = {}
    for row in sorted(rows, key=lambda each: -each.created):
        newest.setdefault((row.pipeline, row.partition), row)
    kept = []
    for (pipeline, partition), row in newest.items():
        last = ledger.runs(pipeline=pipeline, partition=partition, limit=1)
        if last and last[0].id == row.id:
            kept.append(row)
    return kept


def _of_run(telling: Telling, name: str, rows: list[ledgers.RunRow]) -> words.TroubleView:
    world, row = telling.world, rows[0]
    failed = telling.memory.of(("run", row.id), None, lambda: attempts.of_run(world, row.id))
    pipeline = world.graph.pipelines.get(name)
    took = world.ledger.pipeline_durations(name, limit=5)
    return _plain(
        kind="run_failed",
        root=words.RootView(
            kind="pipeline",
            key=name,
            partitions=",".join(each.partition for each in rows[:_MOST_HITS] if each.partition) or None,
            count=len(rows),
            group="",
            system=world.locations.get(f"pipeline:{name}") or row.location or None,
            owners=list(pipeline.owners) if pipeline is not None else [],
        ),
        since=rows[-1].finished or rows[-1].created,
        error=failed.error if failed is not None else None,
        remedy="",
        detail=row.reason,
        incident=telling.incidents.get(f"pipeline:{name}"),
        run=row,
        failed=failed,
        repair=words.RepairView(
            select=None, partitions=None, assets=0, steps=1, rerun=row.id,
            seconds=round(sum(took) / len(took), 3) if took else None,
        ),
    )  # fmt: skip


def _plain(
    *,
    kind: str,
    root: words.RootView,
    since: int | None,
    error: words.ErrorView | None,
    remedy: str,
    detail: str,
    incident: incident_ports.IncidentRow | None,
    run: ledgers.RunRow | None = None,
    failed: attempts.Failed | None = None,
    repair: words.RepairView | None = None,
) -> words.TroubleView:
    """A trouble that hits nothing that is known of."""
    return words.TroubleView(
        id=f"{kind}:{root.key}", kind=kind, why="", root=root, since=views.time_of_us(since), detail=detail,
        run=run.id if run is not None else None, by=(run.automation or run.by or None) if run is not None else None,
        log=failed.log if failed is not None else None, line=failed.line if failed is not None else None,
        attempts=error.attempt if error is not None else 0, errors=1 if error is not None else 0, error=error,
        hits=[], hit_assets=0, hit_pipelines=0, hit_partitions=0, hit_owners=[], due=None, repairing=0, repair=repair,
        remedy=remedy, incident=incident.id if incident is not None else None,
        acknowledged_by=(incident.acknowledged_by or None) if incident is not None else None,
    )  # fmt: skip
