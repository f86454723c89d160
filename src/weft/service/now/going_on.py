"""What runs and waits, what comes next and what will hold it, what only a person can do, and who would run it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.ports import paging
from weft.service import views
from weft.service import world as worlds
from weft.service.execution import views as execution_views
from weft.service.now import memory, words
from weft.service.queue import waiting as queue_waiting
from weft.service.queue import workers_there
from weft.service.scheduling import viewing
from weft.service.scheduling import views as schedule_views

MOST_SHOWN = 50
_MOST_EXECUTIONS = 20
_MOST_NEXT = 30
AHEAD = timedelta(hours=24)
_GOOD_FOR = 10.0
_MOST_NEWS = 2_000


def running(world: worlds.World, now: datetime) -> list[words.GoingView]:
    """The executions under way, and the runs that belong to none of these; those that began last come first."""
    found = [_execution(each) for each in execution_views.ls(world, live=True, limit=_MOST_EXECUTIONS)]
    known = {each.id for each in found}
    page = world.ledger.run_page(paging.RunFilter(live=True, parent=""), limit=4 * MOST_SHOWN)
    rows = [row for row in page.rows if row.phase != "created" and row.execution not in known]
    moment = clocks.microseconds(now)
    return found + [_run(world.ledger, row, moment) for row in rows[: MOST_SHOWN - len(found)]]


def _execution(view: execution_views.ExecutionView) -> words.GoingView:
    return words.GoingView(
        kind="execution" if view.kind == "apply" else view.kind, id=view.id, title=view.request or "everything",
        pipeline=None, partition=None, phase=view.phase, done=view.done, failed=view.failed, total=view.total,
        seconds_left=view.seconds_left, started_at=view.created, by=view.by, automation=view.automation, system=None,
        waits_for=view.waits_for,
    )  # fmt: skip


def _run(ledger: ledgers.Ledger, row: ledgers.RunRow, now: int) -> words.GoingView:
    done = row.succeeded + row.reused + row.failed + row.held
    return words.GoingView(
        kind="run", id=row.id, title=row.pipeline or row.request or "everything", pipeline=row.pipeline,
        partition=row.partition, phase=row.phase, done=done, failed=row.failed, total=max(row.steps, done),
        seconds_left=_seconds_left(ledger, row, done, now), started_at=views.time_of_us(row.started), by=row.by,
        automation=row.automation or None, system=row.location or None, waits_for=[],
    )  # fmt: skip


def _seconds_left(ledger: ledgers.Ledger, row: ledgers.RunRow, done: int, now: int) -> float | None:
    """By how long a pipeline took lately, else by how far the run has come."""
    if row.started is None:
        return None
    elapsed = max(0, now - row.started) / 1e6
    took = sorted(ledger.pipeline_durations(row.pipeline, limit=9)) if row.pipeline is not None else []
    if took:
        return round(max(0.0, took[len(took) // 2] - elapsed), 1)
    return round(elapsed / done * (row.steps - done), 1) if 0 < done <= row.steps else None


def waiting(world: worlds.World) -> list[words.WaitingView]:
    """The runs that wait to begin, those that are next first, each with why."""
    return [
        words.WaitingView(
            run=each.run,
            title=each.pipeline or "assets",
            pipeline=each.pipeline,
            partition=each.partition,
            pool=each.pool,
            position=each.position,
            since=each.since,
            why=each.reasons[0].text if each.reasons else "",
            reasons=[reason.text for reason in each.reasons],
            holders=list(dict.fromkeys(run for reason in each.reasons for run in reason.holders)),
            remedy=next((reason.remedy for reason in each.reasons if reason.remedy), ""),
        )
        for each in queue_waiting.queue(world, limit=MOST_SHOWN)
    ]


def upcoming(world: worlds.World, known: memory.Memory, now: datetime) -> list[schedule_views.NextTickView]:
    """The next ticks of schedules that are not paused; looked at anew once something happened to automations."""
    seen: list[int] = known.of("automations seen", None, lambda: [world.ledger.position(), 0])
    news = world.ledger.changed_assets(seen[0], most=_MOST_NEWS)
    seen[0] = news.position
    if news.automations or news.assets is None:
        seen[1] += 1
    mark = (seen[1], world.ledger.locations_mark(), int(now.timestamp() / _GOOD_FOR))
    return known.of("upcoming", mark, lambda: _upcoming(world, now))


def _upcoming(world: worlds.World, now: datetime) -> list[schedule_views.NextTickView]:
    found = viewing.upcoming(world, count=4 * _MOST_NEXT, until=now + AHEAD)
    return [each for each in found if not each.reason.startswith("once it is resumed")]


def next_ones(
    world: worlds.World,
    ticks: list[schedule_views.NextTickView],
    troubled: Mapping[str, list[str]],
    schedulers: int,
) -> list[words.NextView]:
    """The first tick of each schedule to come, with what will hold it back.

    Args:
        world: the definitions.
        ticks: the next ticks, in order.
        troubled: the troubles by asset and pipeline that they began in, or hit.
        schedulers: how many are there to act.
    """
    shown: dict[str, words.NextView] = {}
    for each in ticks:
        if each.schedule in shown:
            continue
        read = _read_by(world, each.schedule)
        troubles = list(dict.fromkeys(one for name in (each.schedule, *read) for one in troubled.get(name, ())))
        held = each.problem or (each.reason if each.decision != "started" else "")
        if not held and troubles:
            named = next(name for name in (*read, each.schedule) if troubled.get(name))
            held = f"{named} is not right: {troubled[named][0].partition(':')[0].replace('_', ' ')}"
        if not schedulers:
            held = "no scheduler is there"
        system = world.locations.get(f"{each.kind}:{each.schedule}")
        shown[each.schedule] = words.NextView(
            schedule=each.schedule, kind=each.kind, due=each.due, at=each.at,
            partitions=list(each.partitions or ())[:5],
            decision=each.decision, held=held, troubles=troubles[:5], system=system,
        )  # fmt: skip
        if len(shown) == _MOST_NEXT:
            break
    return list(shown.values())


def _read_by(world: worlds.World, name: str) -> list[str]:
    """The assets that a scheduled pipeline reads; of a job those that it makes."""
    if name in world.planned.steps:
        return [each.asset for each in world.planned.steps[name].dependencies]
    if name in world.graph.jobs:
        from weft.service.plan import planning

        return list(planning.select(world, f"job:{name}"))
    return []


def people(ledger: ledgers.Ledger) -> list[words.PersonView]:
    """The questions that wait for an answer, and the incidents that nobody takes care of."""
    asked = [
        words.PersonView(
            kind="input", id=row.key, run=row.run, title=row.message or row.key, since=views.time_of_us(row.asked),
            until=views.time_of_us(row.until),
        )
        for row in ledger.input_requests(open_only=True)[:MOST_SHOWN]
    ]  # fmt: skip
    return asked + [
        words.PersonView(
            kind="incident", id=row.id, run=row.run or None, title=row.title, since=views.time_of_us(row.opened),
            until=None, severity=row.severity,
        )
        for row in ledger.incidents(phases=("open",), limit=MOST_SHOWN)
    ]  # fmt: skip


def health(world: worlds.World, now: datetime) -> words.HealthView:
    """Whether anything would run."""
    ledger = world.ledger
    alive = workers_there.alive(ledger, clocks.microseconds(now))
    kinds = [row.kind for row in ledger.workers_seen() if row.id in alive]
    paused = sorted(name for name, row in ledger.automations_seen().items() if row.paused)
    return words.HealthView(
        schedulers=kinds.count("scheduler"),
        workers=kinds.count("worker"),
        paused=paused[:MOST_SHOWN],
        paused_count=len(paused),
        pools_paused=[row.name for row in ledger.work_pools() if row.paused],
        locations_failed=[row.name for row in ledger.locations() if row.problems and not row.removed],
    )


def next_at(ticks: list[schedule_views.NextTickView]) -> dict[str, str]:
    """When each schedule acts next."""
    found: dict[str, str] = {}
    for each in ticks:
        found.setdefault(each.schedule, each.at)
    return found
