"""Verbs on schedules: what there is, what comes next, what was decided; pause and resume."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from weft.model import control_events, errors, pipelines, spelling
from weft.planner import catching_up, ticks
from weft.ports import automating as ports
from weft.ports import clock as clocks
from weft.service import views as shown
from weft.service import world as worlds
from weft.service.pipeline import pipelines as runs
from weft.service.scheduling import entries, views

MOST_TICKS = 1000


def ls(world: worlds.World) -> list[views.ScheduleView]:
    """All schedules, by name."""
    known = _Known.of(world)
    declared = sorted(entries.declared_by(world.graph), key=lambda each: each.name)
    return [_view(world, each, known) for each in declared]


def get(world: worlds.World, name: str) -> views.ScheduleView:
    """A schedule by the name of what it starts.

    Raises:
        NotFoundError: there is none.
    """
    return _view(world, find(world, name), _Known.of(world))


def find(world: worlds.World, name: str) -> entries.Declared:
    """The schedule of a pipeline or job.

    Raises:
        NotFoundError: there is none.
    """
    name = name.removeprefix(entries.PREFIX)
    pipeline, job = world.graph.pipelines.get(name), world.graph.jobs.get(name)
    found = entries.of_pipeline(pipeline) if pipeline is not None else entries.of_job(job) if job is not None else None
    if found is not None:
        return found
    if pipeline is not None or job is not None:
        raise errors.NotFoundError(f"{name} has no schedule.", remedy="Give it schedule=…, such as schedule='@daily'.")
    known = [each.name for each in entries.declared_by(world.graph)]
    raise errors.NotFoundError(
        f"There is no schedule {name!r}.",
        remedy=spelling.did_you_mean(name, known)
        or (f"There are: {', '.join(known[:10])}." if known else "Nothing has a schedule: give a DAG schedule=…."),
    )


def upcoming(
    world: worlds.World,
    name: str | None = None,
    *,
    count: int = 10,
    each: int | None = None,
    until: datetime | None = None,
) -> list[views.NextTickView]:
    """What the next ticks of a schedule (of all) would start, as things stand; nothing is written.

    `each` bounds how many are told of one schedule, so that those that are due often leave room for the others. First
    what a scheduler would decide at this moment, then what is to come, in the order in which it acts. A paused
    schedule is shown as if it were resumed now.

    Raises:
        NotFoundError: there is no such schedule.
    """
    known, now = _Known.of(world), world.clock.now()
    declared = [find(world, name)] if name is not None else list(entries.declared_by(world.graph))
    several = [itertools.islice(_decisions(world, one, known, now), each) for one in declared if one.timed is not None]
    found: list[views.NextTickView] = []
    for _, one, decision in heapq.merge(*several, key=lambda item: item[0]):
        if len(found) >= min(count, MOST_TICKS) or (until is not None and decision.tick.at > until):
            break
        told = _next(world, one, decision)
        row = known.rows.get(one.id)
        if row is not None and row.paused:
            told = msgspec.structs.replace(told, reason="once it is resumed: it is paused")
        found.append(told)
    return found


def history(
    world: worlds.World,
    name: str | None = None,
    *,
    limit: int = 50,
    before: int | None = None,
    decision: str | None = None,
) -> list[views.TickView]:
    """What a schedule (all of them) decided, newest first; also of one that is not defined any more.

    Raises:
        NotFoundError: there is no such schedule, and it decided nothing ever.
    """
    automation = None if name is None else f"{entries.PREFIX}{name.removeprefix(entries.PREFIX)}"
    rows = world.ledger.ticks(automation, limit=limit, before=before, decision=decision)
    if not rows and name is not None and before is None and decision is None:
        find(world, name)
    return [_tick(row) for row in rows]


def pause(world: worlds.World, name: str, *, by: str = "", reason: str = "") -> views.ScheduleView:
    """Have a schedule decide nothing until it is resumed; nothing changes where it is paused already.

    Raises:
        NotFoundError: there is none.
    """
    declared = find(world, name)
    with world.ledger.transaction() as transaction:
        row = transaction.automation_rows([declared.id]).get(declared.id)
        if row is None or not row.paused:
            event = control_events.AutomationPaused(automation=declared.id, by=by or world.user, reason=reason)
            transaction.append([event])
    return get(world, name)


def resume(world: worlds.World, name: str, *, by: str = "") -> views.ScheduleView:
    """Let a schedule go on from now; ticks that passed meanwhile count only as far as it catches up.

    Raises:
        NotFoundError: there is none.
    """
    declared = find(world, name)
    with world.ledger.transaction() as transaction:
        row = transaction.automation_rows([declared.id]).get(declared.id)
        if row is not None and row.paused:
            transaction.append([control_events.AutomationResumed(automation=declared.id, by=by or world.user)])
    return get(world, name)


# --- how they are made ---


@dataclass(frozen=True, slots=True)
class _Known:
    """What the ledger knows of all schedules."""

    rows: Mapping[str, ports.AutomationRow]
    looks: Mapping[str, ports.LookRow]

    @staticmethod
    def of(world: worlds.World) -> _Known:
        return _Known(world.ledger.automations(entries.PREFIX), world.ledger.looks(entries.PREFIX))


def _placed(world: worlds.World, declared: entries.Declared, known: _Known, now: datetime) -> entries.Entry:
    """Where a schedule stands; one that no scheduler has seen as if one saw it now."""
    entry = entries.Entry(declared=declared)
    row = known.rows.get(declared.id) or ports.AutomationRow(id=declared.id)
    if row.activated is None:
        row = ports.AutomationRow(
            id=declared.id, activated=clocks.microseconds(now), paused=row.paused, paused_at=row.paused_at
        )
    entries.place(entry, row, entries.note_of(known.looks.get(declared.id)), world.ledger, now)
    if row.paused and declared.timed is not None and not catching_up.catches_up(declared.timed):
        entry.since = max(entry.since, now)
    return entry


def _decisions(
    world: worlds.World, declared: entries.Declared, known: _Known, now: datetime
) -> Iterator[tuple[datetime, entries.Declared, catching_up.Decision]]:
    timed = declared.timed
    assert timed is not None
    entry = _placed(world, declared, known, now)
    since = entry.since
    decided = catching_up.decide(timed, since, now, grace=timedelta(minutes=1), activated=entry.activated)
    for decision in decided.decisions:
        since = decision.tick.due
        yield max(now, decision.tick.at), declared, decision
    for tick in ticks.upcoming(timed, since, activated=entry.activated):
        yield max(now, tick.at), declared, catching_up.of_tick(tick)


def _next(world: worlds.World, declared: entries.Declared, decision: catching_up.Decision) -> views.NextTickView:
    tick, params, problem = decision.tick, None, ""
    keys = [key for key in tick.keys if key is not None]
    if declared.kind == "pipeline" and decision.decision == "started":
        try:
            wanted = runs.Wanted(pipeline=declared.name, partition=tick.keys[0] if tick.keys else None)
            params = dict(runs.resolved(world, wanted)[2])
        except errors.WeftError as error:
            problem = str(error)
    return views.NextTickView(
        schedule=declared.name,
        kind=declared.kind,
        tick=tick.id,
        due=shown.time_of(tick.due) or "",
        at=shown.time_of(tick.at) or "",
        decision=decision.decision,
        reason=decision.reason,
        partitions=keys or None,
        params=params,
        problem=problem,
        count=decision.count,
    )


def _tick(row: ports.TickRow) -> views.TickView:
    return views.TickView(
        schedule=row.automation.removeprefix(entries.PREFIX),
        tick=row.tick,
        due=shown.time_of_us(row.due) or "",
        at=shown.time_of_us(row.at) or "",
        decision=row.decision,
        reason=row.reason,
        runs=list(row.runs),
        executions=list(row.executions),
        count=row.count,
        position=row.position,
    )


def _view(world: worlds.World, declared: entries.Declared, known: _Known) -> views.ScheduleView:
    now, schedule = world.clock.now(), declared.schedule
    row = known.rows.get(declared.id) or ports.AutomationRow(id=declared.id)
    first, problem = None, ""
    if declared.timed is not None and not row.paused:
        try:
            entry = _placed(world, declared, known, now)
            first = next(ticks.upcoming(declared.timed, max(entry.since, now), activated=entry.activated), None)
        except errors.WeftError as error:
            problem = str(error)
    last = world.ledger.ticks(declared.id, limit=1) if row.last_tick else []
    return views.ScheduleView(
        name=declared.name,
        id=declared.id,
        kind=declared.kind,
        location=world.locations.get(f"{declared.kind}:{declared.name}", row.location),
        schedule=schedule.text,
        timezone=schedule.timezone,
        catchup=_catchup(declared, world),
        offset_seconds=schedule.offset,
        jitter_seconds=schedule.jitter,
        blackout=[each.text for each in schedule.blackout],
        blackout_policy="defer" if schedule.defer else "skip",
        assets=list(declared.assets),
        paused=row.paused,
        paused_by=row.paused_by if row.paused else "",
        paused_at=shown.time_of_us(row.paused_at) if row.paused else None,
        paused_why=row.reason if row.paused else "",
        activated=shown.time_of_us(row.activated),
        next_due=shown.time_of(first.due) if first is not None else None,
        next_at=shown.time_of(first.at) if first is not None else None,
        last=_tick(last[0]) if last else None,
        problem=problem,
    )


def _catchup(declared: entries.Declared, world: worlds.World) -> str:
    schedule: pipelines.Schedule = declared.schedule
    pipeline = world.graph.pipelines.get(declared.name) if declared.kind == "pipeline" else None
    if schedule.catchup or (pipeline is not None and pipeline.catchup):
        return "all"
    if schedule.catchup_last is not None:
        return "latest" if schedule.catchup_last == 1 else f"last {schedule.catchup_last}"
    if schedule.catchup_within is not None:
        return f"within {schedule.catchup_within / 3600:g} h"
    return "none"
