"""How what is wrong is shown: its root, its first error, what it hits, and what would mend it."""

from __future__ import annotations

from weft.service import views


class RootView(views.View, frozen=True, kw_only=True):
    """Where a trouble began.

    `partitions` are written as `--partitions` takes them, cut short where they are very many; None where there are none
    to tell. `system` is the code location, or the orchestrator, that it belongs to.
    """

    kind: str
    """asset, pipeline, function or location."""
    key: str
    partitions: str | None
    count: int
    group: str
    system: str | None
    owners: list[str]


class ErrorView(views.View, frozen=True, kw_only=True):
    """Why an attempt failed, and the line of the project's own code in which it did."""

    type: str
    message: str
    file: str | None
    line: int | None
    function: str | None
    step: str
    partition: str | None
    item: str
    attempt: int
    check: str | None = None
    """The blocking check that did not pass, where that is what happened."""


class HitView(views.View, frozen=True, kw_only=True):
    """An asset or pipeline that is not right because of a trouble: `count` partitions of it, each with `states`.

    `due` is by when its freshness policy or schedule wants it; `late` that this has passed.
    """

    kind: str
    key: str
    partitions: str | None
    count: int
    states: dict[str, int]
    due: str | None
    late: bool
    owners: list[str]
    system: str | None


class RepairView(views.View, frozen=True, kw_only=True):
    """What mends a trouble.

    As `repair` of `POST /plans` or `POST /executions` the trouble's id is planned anew at that moment. `select` and
    `partitions` are the same in words, None where they are too long. `rerun` is the run that is to be repeated instead.
    `steps` and `seconds` are forecasts: what must be made above the root comes on top.
    """

    select: str | None
    partitions: str | None
    assets: int
    steps: int
    seconds: float | None
    rerun: str | None = None


class TroubleView(views.View, frozen=True, kw_only=True):
    """One root cause, however much it hits.

    `kind` is failed, rejected (a blocking check), late, stale, run_failed or location_failed. `why` says of what is
    stale whether data, code or a dependency changed (data_changed, code_changed, dependency_changed), and "schedule" of
    what a schedule asked for and is late. `log` is the id of the log of the attempt in `run` to look at. `error` is the
    first one of so many different `errors`.
    `repairing` are partitions that a live run is making just now. `repair` is None where no plan would mend it.
    """

    id: str
    kind: str
    why: str
    root: RootView
    since: str | None
    detail: str
    run: str | None
    by: str | None
    log: str | None
    line: int | None
    """The line of that log, from 1, at which the error begins."""
    attempts: int
    errors: int
    error: ErrorView | None
    hits: list[HitView]
    """The nearest of them."""
    hit_assets: int
    hit_pipelines: int
    hit_partitions: int
    hit_owners: list[str]
    due: str | None
    """When the first of what it hits is due."""
    repairing: int
    repair: RepairView | None
    remedy: str
    """What a person can do, where no plan mends it."""
    incident: str | None
    acknowledged_by: str | None


class NowCounts(views.View, frozen=True, kw_only=True):
    """The headline. `broken` and the others count troubles; `hit` what is not right because of them.

    `never_made` are partitions that nobody has made or asked for yet.
    """

    broken: int
    late: int
    stale: int
    hit_assets: int
    hit_partitions: int
    due_soon: int
    fresh: int
    running: int
    never_made: int
    assets: dict[str, int]
    pipelines: dict[str, int]


class GoingView(views.View, frozen=True, kw_only=True):
    """A run or an execution under way, `done` of `total`; `system` is where it runs."""

    kind: str
    """execution, backfill, automation or run."""
    id: str
    title: str
    pipeline: str | None
    partition: str | None
    phase: str
    done: int
    failed: int
    total: int
    seconds_left: float | None
    started_at: str | None
    by: str
    automation: str | None
    system: str | None
    waits_for: list[str]


class WaitingView(views.View, frozen=True, kw_only=True):
    """A run that waits, where, and why, in words; `holders` are the runs that hold what it needs."""

    run: str
    title: str
    pipeline: str | None
    partition: str | None
    pool: str
    position: int
    since: str
    why: str
    reasons: list[str]
    holders: list[str]
    remedy: str


class NextView(views.View, frozen=True, kw_only=True):
    """What a schedule will start, when, and what will hold it back; `troubles` are those that hit what it reads."""

    schedule: str
    kind: str
    due: str
    at: str
    partitions: list[str]
    decision: str
    held: str
    troubles: list[str]
    system: str | None


class PersonView(views.View, frozen=True, kw_only=True):
    """What only a person can do: answer a run (input), look at an incident (incident)."""

    kind: str
    id: str
    run: str | None
    title: str
    since: str | None
    until: str | None
    severity: str | None = None


class HealthView(views.View, frozen=True, kw_only=True):
    """Whether anything would run: how many schedulers and workers are alive, and what people have stopped."""

    schedulers: int
    workers: int
    paused: list[str]
    paused_count: int
    pools_paused: list[str]
    locations_failed: list[str]


class NowView(views.View, frozen=True, kw_only=True):
    """Everything that matters at `position`. Lists have the first of what `totals` counts."""

    at: str | None
    position: int
    counts: NowCounts
    troubles: list[TroubleView]
    running: list[GoingView]
    waiting: list[WaitingView]
    next: list[NextView]
    people: list[PersonView]
    health: HealthView
    totals: dict[str, int]
