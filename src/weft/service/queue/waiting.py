"""Why runs wait, in words and fields: those of the queue, and those under way whose steps wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.service import views
from weft.service import world as worlds
from weft.service.queue import queue_limits, queueing, step_pools, workers_there
from weft.service.run import history

Reason = queue_limits.Reason
_MOST_AHEAD = 1_000


class QueuedView(views.View, frozen=True, kw_only=True):
    """A run that waits to begin, at its place from 1 within its work pool and location."""

    position: int
    run: str
    pipeline: str | None
    partition: str | None
    pool: str
    location: str
    priority: int
    since: str
    by: str
    reasons: tuple[Reason, ...] = ()


class WhyView(views.View, frozen=True, kw_only=True):
    """Why a run stands where it stands; `reasons` are of one that waits, with the runs that hold what it needs."""

    run: views.RunView
    position: int | None
    """Its place in the queue, of one that waits there."""
    reasons: tuple[Reason, ...]


def why(world: worlds.World, row: ledgers.RunRow) -> WhyView:
    """Why a run stands where it stands, as it is shown."""
    return WhyView(
        run=history.run_view(world.ledger, row),
        position=positions(world, [row]).get(row.id),
        reasons=why_waiting(world, row) if row.phase != "finished" else (),
    )


def why_waiting(world: worlds.World, row: ledgers.RunRow) -> tuple[Reason, ...]:
    """What a run, or a step of it, waits for; nothing for one that goes on or has ended."""
    if row.phase == "created":
        busy = queue_limits.Busy(world, besides=row.id)
        return tuple(_of_waiting(world, row, busy, ahead=None))
    if row.phase in ("running", "cancelling"):
        return tuple(_of_steps(world, row))
    return ()


def queue(world: worlds.World, *, limit: int = 100) -> list[QueuedView]:
    """The runs that wait in work pools, in the order in which they may begin, each with why it waits."""
    busy = queue_limits.Busy(world)
    found: list[QueuedView] = []
    for lane in world.ledger.lanes():
        for place, row in enumerate(world.ledger.waiting_runs(lane, limit=limit), 1):
            found.append(
                QueuedView(
                    position=place,
                    run=row.id,
                    pipeline=row.pipeline,
                    partition=row.partition,
                    pool=row.pool,
                    location=row.location,
                    priority=row.priority,
                    since=views.time_of_us(row.created) or "",
                    by=row.automation or row.by,
                    reasons=tuple(_of_waiting(world, row, busy, ahead=place - 1)),
                )
            )
    found.sort(key=lambda each: (-each.priority, each.since, each.run))
    return found[:limit]


def positions(world: worlds.World, rows: Sequence[ledgers.RunRow]) -> dict[str, int]:
    """The place from 1 of each of these runs that waits, within its work pool and location, counted up to 1,000."""
    waiting = (row for row in rows if row.phase == "created" and row.pool)
    return {row.id: world.ledger.runs_ahead(row, most=_MOST_AHEAD) + 1 for row in waiting}


def _of_waiting(
    world: worlds.World, row: ledgers.RunRow, busy: queue_limits.Busy, *, ahead: int | None
) -> Iterator[Reason]:
    held = False
    for reason in busy.reasons(row):
        held = True
        yield reason
    if not row.pool:
        return
    missing = _no_worker(world, row)
    if missing is not None:
        yield missing
    elif not held:
        ahead = world.ledger.runs_ahead(row, most=_MOST_AHEAD) if ahead is None else ahead
        told = f"{ahead} runs are" if ahead != 1 else "1 run is"
        yield Reason(
            kind="priority",
            text=f"{told} before it in the work pool {row.pool} (priority {row.priority})."
            if ahead
            else "It is the next: a runner takes it at once.",
            name=row.pool,
            used=ahead,
        )


def _no_worker(world: worlds.World, row: ledgers.RunRow) -> Reason | None:
    """Whether no worker is there that could take a run."""
    if workers_there.is_there(world.ledger, row, clocks.microseconds(world.clock.now())):
        return None
    where = f" of the location {row.location}" if row.location else ""
    remedy = "Start one: `weft dev`" + ("." if row.pool == queueing.DEFAULT_POOL else "")
    if row.pool != queueing.DEFAULT_POOL:
        remedy += f", or `weft worker start --pool {row.pool}`."
    return Reason(
        kind="no_worker",
        text=f"No worker{where} is there that takes runs of the work pool {row.pool}.",
        name=row.pool,
        remedy=remedy,
    )


def _of_steps(world: worlds.World, row: ledgers.RunRow) -> Iterator[Reason]:
    waits = [each for each in world.ledger.pool_waits() if each.run == row.id]
    if waits:
        pools = {each.name: each for each in step_pools.ls(world)}
        for each in waits:
            pool = pools[each.pool]
            holders = tuple(one.run for one in pool.holders)
            by = f" by {', '.join(one[:8] for one in holders[:3])}" if holders else ""
            taken = f"of which {pool.used} of {pool.slots} slots are taken{by}" if pool.slots else "which is paused"
            yield Reason(
                kind="step_pool",
                text=f"{each.steps} waits for {each.slots} of the pool {each.pool}, {taken}.",
                name=each.pool,
                holders=holders,
                used=pool.used,
                limit=pool.slots,
                step=each.steps,
                remedy="" if pool.slots else f"`weft pools set {each.pool} 1` gives it a slot.",
            )
    for step in world.ledger.step_runs(row.id) if row.partition is not None else ():
        if step.phase == "waiting" and "depends on its past" in step.reason:
            yield Reason(kind="depends_on_past", text=f"{step.step} {step.reason}.", step=step.step)
