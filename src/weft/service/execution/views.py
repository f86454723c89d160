"""Executions as they are shown: where each stands, how far it is, how long it will take, and on what it waits."""

from __future__ import annotations

from weft.model import errors, partition_set
from weft.ports import clock as clocks
from weft.ports import executing
from weft.ports import ledger as ledgers
from weft.runtime import owners
from weft.service import views
from weft.service import world as worlds
from weft.service.execution import documents as kept
from weft.service.execution import runs, tallies

PartitionSet = partition_set.PartitionSet
_SEEN_US = 20_000_000
"""A scheduler that was seen longer ago counts as gone."""


class ExecutionView(views.View, frozen=True, kw_only=True):
    """One application of a plan.

    The counts are of step runs of assets and of intervals of pipelines: `succeeded`, `failed`, `left_out` (what they
    need failed), `cancelled`, `passed` (others made them meanwhile, or they turned out to need nothing), `running`
    (being tried now), `waiting` (in the queue) and what is `left`. Together they are `total`. `seconds_left` is an
    estimate, None where nothing is known.
    """

    id: str
    kind: str
    phase: str
    outcome: str | None
    reason: str
    request: str
    by: str
    priority: int
    concurrency: int | None
    pool: str
    plan: str | None
    automation: str | None
    options: dict[str, object]
    created: str | None
    finished: str | None
    total: int
    succeeded: int
    failed: int
    left_out: int
    cancelled: int
    passed: int
    running: int
    waiting: int
    left: int
    seconds_left: float | None
    waits_for: list[str]
    """What it waits for, in words; empty where it goes on."""

    @property
    def done(self) -> int:
        """How many have ended, one way or another."""
        return self.succeeded + self.failed + self.left_out + self.cancelled + self.passed


def get(world: worlds.World, execution: str) -> ExecutionView:
    """An execution by its id, or the beginning of it.

    Raises:
        NotFoundError: there is none.
    """
    return view_of(world, row_of(world, execution))


def ls(
    world: worlds.World, *, live: bool = False, limit: int | None = 50, before: tuple[int, str] | None = None
) -> list[ExecutionView]:
    """Executions, newest first; with `live`, those that have not ended."""
    return [view_of(world, row) for row in world.ledger.executions(live=live, limit=limit, before=before)]


def runs_of(world: worlds.World, execution: str, *, limit: int | None = 50) -> list[ledgers.RunRow]:
    """The runs of an execution, newest first.

    Raises:
        NotFoundError: there is no such execution.
    """
    return world.ledger.runs_of_execution(row_of(world, execution).id, limit=limit)


def row_of(world: worlds.World, execution: str) -> executing.ExecutionRow:
    """The row of an execution.

    Raises:
        NotFoundError: there is none.
    """
    found = world.ledger.executions_with_prefix(execution) if execution else []
    exact = [row for row in found if row.id == execution]
    if not exact and len(found) != 1:
        raise errors.NotFoundError(
            f"There is no execution {execution!r}."
            if not found
            else f"{execution!r} begins the ids of {len(found)} executions.",
            remedy="`weft executions` lists them; name one by more of its id.",
        )
    return (exact or found)[0]


def view_of(world: worlds.World, row: executing.ExecutionRow) -> ExecutionView:
    """An execution as it is shown."""
    state = kept.state_of(world.ledger.execution_states([row.id]).get(row.id))
    found = tallies.tally(world, row, state)
    ended = row.phase == "finished"
    left = max(0, row.total - found.done - found.running - found.waiting)
    # what had no run when it ended needed none, was cancelled with it, or was left out
    ended_as = row.outcome if row.outcome in ("succeeded", "cancelled") else "failed"
    never = {ended_as: left} if ended else {}
    return ExecutionView(
        id=row.id, kind=row.kind, phase=row.phase, outcome=row.outcome, reason=row.reason, request=row.request,
        by=row.by, priority=row.priority, concurrency=row.concurrency, pool=row.pool, plan=row.plan or None,
        automation=row.automation or None, options=tallies.options_of(row),
        created=views.time_of_us(row.created), finished=views.time_of_us(row.finished),
        total=found.done + found.running + found.waiting + left,
        succeeded=found.succeeded, failed=found.failed,
        left_out=found.held + never.get("failed", 0),
        cancelled=found.cancelled + never.get("cancelled", 0),
        passed=found.passed + never.get("succeeded", 0),
        running=found.running, waiting=found.waiting, left=0 if ended else left,
        seconds_left=_seconds_left(world, row, found, left + found.running + found.waiting),
        waits_for=[] if ended else _waits(world, row, state, under_way=found.under_way),
    )  # fmt: skip


def _seconds_left(world: worlds.World, row: executing.ExecutionRow, found: tallies.Tally, left: int) -> float | None:
    """Of intervals by the mean of those that have ended; else by what the plan was thought to take."""
    if row.phase == "finished" or not left:
        return None
    if found.seconds is not None:
        side_by_side = max(1, min(left, row.concurrency or max(1, found.running)))
        return round(found.seconds * left / side_by_side, 3)
    try:
        estimate = kept.document_of(world, row).estimate_seconds
    except errors.UsageError:  # its document is gone: it is shown all the same
        return None
    # of assets what runs is counted in steps, many of which are in one run
    open_runs = len(world.ledger.open_runs([row.id]).get(row.id, []))
    side_by_side = max(1, min(left, row.concurrency or open_runs, open_runs))
    return round(estimate * left / max(row.total, 1) / side_by_side, 3) if estimate else None


def _waits(world: worlds.World, row: executing.ExecutionRow, state: kept.State, *, under_way: bool) -> list[str]:
    if row.phase == "suspended":
        return ["it is paused"]
    missing = [] if _has_scheduler(world) else ["no scheduler is there: `weft dev` or `weft scheduler` goes on with it"]
    holders = list(state.waits_for)
    if state.queue and not under_way:
        own = state.queue[0]
        pipeline = world.graph.pipelines.get(own.pipeline)
        definition = pipeline.partitions if pipeline is not None else None
        if definition is not None and definition.fingerprint == own.fingerprint and not own.anew:
            ordinals = PartitionSet.decode(own.ordinals)
            first = definition.key(ordinals.last if own.newest_first else ordinals.first)
            holders += runs.makers(world, own.pipeline, first)
    making = [f"run {run[:8]} is making what it makes next" for run in holders]
    return [*missing, *making, *state.left_out.values()]


def _has_scheduler(world: worlds.World) -> bool:
    """Whether a scheduler was seen just now; one of this machine that has died counts as gone at once."""
    now = clocks.microseconds(world.clock.now())
    return any(
        row.kind == "scheduler"
        and row.seen >= now - _SEEN_US
        and not owners.is_dead(owners.decode(row.owner), expires=row.seen + _SEEN_US, now=now)
        for row in world.ledger.workers_seen()
    )
