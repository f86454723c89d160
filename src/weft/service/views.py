"""What verbs answer, as plain values: the fields that `--json` prints and that Python callers get.

Stable and documented.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import cast

import msgspec

from weft.model import graph as graphs
from weft.model import keys, partition_set, plan


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A value that is printed as JSON."""


class CauseView(View, frozen=True, kw_only=True):
    """One reason. `root` is where a chain of causes through upstream assets begins.

    A failure of an asset that is looked at has `step`, `log` (the id of its log in `run`) and the `line` of that at
    which its error begins, counted from 1.
    """

    kind: str
    subject: str
    partition: str | None = None
    run: str | None = None
    at: str | None = None
    detail: str = ""
    root: CauseView | None = None
    step: str | msgspec.UnsetType = msgspec.UNSET
    log: str | msgspec.UnsetType | None = msgspec.UNSET
    line: int | msgspec.UnsetType | None = msgspec.UNSET


class StepView(View, frozen=True, kw_only=True):
    """One line of a plan; `asset` where the step makes one asset, else `step` and `assets`."""

    partitions: list[str] | None
    status: str
    causes: list[CauseView]
    estimate_seconds: float
    run_if: str
    asset: str | msgspec.UnsetType = msgspec.UNSET
    step: str | msgspec.UnsetType = msgspec.UNSET
    assets: list[str] | msgspec.UnsetType = msgspec.UNSET
    left_out: int | msgspec.UnsetType = msgspec.UNSET
    """How many more partitions it has than are listed, where very many are shown in part."""

    @property
    def keys(self) -> list[str]:
        """The assets that the line makes."""
        return [self.asset] if isinstance(self.asset, str) else list(self.assets or ())

    @property
    def count(self) -> int:
        """How many step runs the line stands for."""
        return len(self.partitions) + (self.left_out or 0) if self.partitions is not None else 1


class HeldView(View, frozen=True, kw_only=True):
    """Partitions of an asset that are left alone, and why."""

    asset: str
    partitions: list[str] | None
    status: str
    causes: list[CauseView]
    left_out: int | msgspec.UnsetType = msgspec.UNSET
    """As that of a step."""


class PlanView(View, frozen=True, kw_only=True):
    """A plan as it is shown."""

    steps: list[StepView]
    blocked: list[HeldView]
    rejected: list[HeldView]
    undecided: list[HeldView]
    running: list[HeldView]
    fresh: int
    estimate_seconds: float

    @property
    def count(self) -> int:
        """How many step runs it has."""
        return sum(step.count for step in self.steps)


class StatusView(View, frozen=True, kw_only=True):
    """Where an asset stands: its partitions counted by status (an asset without partitions counts as one)."""

    asset: str
    status: str
    counts: dict[str, int]
    causes: list[CauseView]
    partitioned: bool
    external: bool
    orphaned: list[str]
    last_success: str | None
    kind: str = "asset"
    """Or "pipeline", whose partitions are the intervals that should have run by now."""
    last_run: str | None = None
    """Of a pipeline: its latest run, and how that ended or stands."""
    last_outcome: str | None = None
    freshness: str = "none"
    """How it stands to its freshness policy: late, due_soon, fresh, unknown (never made), or none without one."""
    deadline: str | None = None
    """When it is late if nothing happens, or since when it is."""


class VersionView(View, frozen=True, kw_only=True):
    """One version of a partition of an asset."""

    version: str
    partition: str | None
    data_version: str
    code_version: str
    run: str | None
    at: str
    current: bool
    state: str


class RunView(View, frozen=True, kw_only=True):
    """One run."""

    id: str
    pipeline: str | None
    phase: str
    outcome: str | None
    reason: str
    started_at: str | None
    finished_at: str | None
    created_at: str
    selection: str | None
    by: str
    steps: int
    succeeded: int
    reused: int
    failed: int
    held: int
    partition: str | None = None
    """The interval of a pipeline's run."""
    params: dict[str, object] | None = None
    trigger: str = "manual"
    parent: str | None = None
    """The run that called it, for a subflow."""
    rerun_of: str | None = None
    pool: str | None = None
    execution: str | None = None
    """The execution that it belongs to, where that is more than itself."""
    location: str | None = None
    priority: int = 0
    automation: str | None = None
    """What asked for it by itself, such as `schedule:trading`."""


class FailureView(View, frozen=True, kw_only=True):
    """A step run that did not succeed."""

    step: str
    partition: str | None
    outcome: str
    error: str
    attempts: int
    item: str = ""
    """Which one, of a mapped step of a pipeline."""


class QuestionView(View, frozen=True, kw_only=True):
    """A question to a person: `form` is the JSON schema of the answer, None where a go-ahead is enough."""

    run: str
    key: str
    message: str
    form: object
    asked_at: str | None
    until: str | None
    answered_at: str | None
    answer: object
    by: str


class ApplyView(View, frozen=True, kw_only=True):
    """How an apply ended: `outcome` is None where there was nothing to do."""

    run: str | None
    outcome: str | None
    succeeded: int
    reused: int
    failed: int
    held: int
    failures: list[FailureView]
    seconds: float
    resumed: bool = False
    plan: PlanView | None = None
    skipped: int = 0
    """Step runs of a pipeline that were not to run: a branch that was not taken, a condition."""
    pipeline: str | None = None
    partition: str | None = None
    runs: list[ApplyView] = []
    """The runs of pipelines, where there were some beside or instead of one of assets."""
    result: object = None
    """What a flow returned, where that is small and plain."""
    question: QuestionView | None = None
    """What a flow that is suspended asks."""


def time_of(moment: datetime | None) -> str | None:
    """A time as JSON has it: ISO 8601 in UTC, with microseconds."""
    if moment is None:
        return None
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def time_of_us(microseconds: int | None) -> str | None:
    """A time in microseconds since the epoch, as JSON has it."""
    return time_of(datetime.fromtimestamp(microseconds / 1e6, UTC)) if microseconds else None


def version_name(version: int) -> str:
    """A version as users see and type it."""
    return f"v{version}"


def cause_view(cause: plan.Cause) -> CauseView:
    """A cause as it is shown."""
    return CauseView(
        kind=cause.kind,
        subject=cause.subject,
        partition=cause.partition,
        run=cause.run,
        at=time_of(cause.at),
        detail=cause.detail,
        root=cause_view(cause.root) if cause.root is not None else None,
    )


def cause_of(view: CauseView) -> plan.Cause:
    """The cause that a view shows."""
    return plan.Cause(
        kind=cast("plan.CauseKind", view.kind),
        subject=view.subject,
        partition=view.partition,
        run=view.run,
        at=datetime.fromisoformat(view.at) if view.at is not None else None,
        detail=view.detail,
        root=cause_of(view.root) if view.root is not None else None,
    )


class _Listing:
    """Keys of partitions, at most so many in all; how many are left out of each list."""

    def __init__(self, graph: graphs.Graph, most: int | None) -> None:
        self._graph, self._room = graph, most

    def keys(
        self, asset: keys.AssetKey, ordinals: partition_set.PartitionSet
    ) -> tuple[list[str] | None, int | msgspec.UnsetType]:
        definition = self._graph.assets[asset].partitions
        if definition is None:
            return None, msgspec.UNSET
        if self._room is None or len(ordinals) <= self._room:
            self._room = self._room and self._room - len(ordinals)
            return definition.keys(ordinals), msgspec.UNSET
        shown = list(ordinals.take(self._room)) if self._room else []
        self._room = 0
        return definition.keys(shown), len(ordinals) - len(shown)


def _causes(causes: Iterable[plan.Cause]) -> list[CauseView]:
    return [cause_view(cause) for cause in causes]


def _held(listing: _Listing, held: Sequence[plan.Held]) -> list[HeldView]:
    found = []
    for each in held:
        partitions, left_out = listing.keys(each.asset, each.ordinals)
        found.append(
            HeldView(
                asset=each.asset,
                partitions=partitions,
                status=each.status,
                causes=_causes(each.causes),
                left_out=left_out,
            )
        )
    return found


def plan_view(graph: graphs.Graph, made: plan.Plan, *, most: int | None = None) -> PlanView:
    """A plan as it is shown; `most`: how many keys of partitions are listed at most, the others being counted."""
    listing = _Listing(graph, most)
    steps = []
    for line in made.steps:
        partitions, left_out = listing.keys(line.outputs[0], line.ordinals)
        alone = len(line.outputs) == 1
        steps.append(
            StepView(
                asset=line.outputs[0] if alone else msgspec.UNSET,
                step=msgspec.UNSET if alone else line.step,
                assets=msgspec.UNSET if alone else list(line.outputs),
                partitions=partitions,
                left_out=left_out,
                status=line.status,
                run_if=line.run_if,
                causes=_causes(line.causes),
                estimate_seconds=round(line.estimate_seconds, 6),
            )
        )
    return PlanView(
        steps=steps,
        blocked=_held(listing, made.blocked),
        rejected=_held(listing, made.rejected),
        undecided=_held(listing, made.undecided),
        running=_held(listing, made.running),
        fresh=made.fresh,
        estimate_seconds=round(made.estimate_seconds, 6),
    )


def status_view(graph: graphs.Graph, status: plan.AssetStatus) -> StatusView:
    """Where an asset stands, as it is shown."""
    return StatusView(
        asset=status.asset,
        status=status.status,
        counts={word: len(ordinals) for word, ordinals in status.by_status.items()},
        causes=_causes(status.causes),
        partitioned=status.partitioned,
        external=graph.assets[status.asset].step is None,
        orphaned=list(status.orphaned),
        last_success=time_of(status.last_success),
        freshness=status.freshness,
        deadline=None if status.deadline is None else time_of(status.deadline),
    )
