"""What is shown of schedules."""

from __future__ import annotations

from weft.service import views


class TickView(views.View, frozen=True, kw_only=True):
    """One decision of a schedule. `count` ticks that were missed are one; `position` is where pages go on."""

    schedule: str
    tick: str
    due: str
    at: str
    decision: str
    """started, skipped, failed or missed."""
    reason: str
    runs: list[str]
    executions: list[str]
    count: int
    position: int


class NextTickView(views.View, frozen=True, kw_only=True):
    """A tick to come: when it is due and when it acts, and what it would start as things stand.

    `decision` would be started, skipped or missed (`count` of them), `reason` says why. `partitions` are those of its
    runs; None for one run of none. `params` are those of a run, None where it has a plan or where `problem` says what
    is wrong with them.
    """

    schedule: str
    kind: str
    tick: str
    due: str
    at: str
    decision: str
    reason: str
    partitions: list[str] | None
    params: dict[str, object] | None
    problem: str = ""
    count: int = 1


class ScheduleView(views.View, frozen=True, kw_only=True):
    """A schedule: what it says, whether it is paused, what it decided last and when it acts next.

    `next_at` is None for one that is due by assets alone, goes on continuously, is paused, or is over.
    """

    name: str
    id: str
    kind: str
    """pipeline, or job (of assets)."""
    location: str
    schedule: str
    timezone: str
    catchup: str
    """none, all, latest, "last 5", or "within 48 h"."""
    offset_seconds: float
    jitter_seconds: float
    blackout: list[str]
    blackout_policy: str
    assets: list[str]
    paused: bool
    paused_by: str
    paused_at: str | None
    paused_why: str
    activated: str | None
    """When a scheduler saw it first; None where none has."""
    next_due: str | None
    next_at: str | None
    last: TickView | None
    problem: str = ""
    """What stands in the way of its ticks."""
