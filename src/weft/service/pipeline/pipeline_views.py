"""Pipelines to look at: all of them with their last and next runs, one with its steps, its versions and their diff."""

from __future__ import annotations

import difflib
import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from weft.model import errors, pipelines, plan
from weft.model import graph as graphs
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.ports import paging
from weft.runtime import owners
from weft.service import views
from weft.service import world as worlds
from weft.service.pipeline import explaining
from weft.service.pipeline import pipelines as runs
from weft.service.plan import planning
from weft.service.server import recorded_code

_MOST_OF_JOB = 100
_LOOKED_AT = 20
"""Among so many of its latest runs the last success of a pipeline without intervals is looked for."""


class PipelineRunView(views.View, frozen=True, kw_only=True):
    """One run of a pipeline, in short."""

    id: str
    partition: str | None
    phase: str
    outcome: str | None
    trigger: str
    created_at: str | None
    seconds: float | None


class PipelineView(views.View, frozen=True, kw_only=True):
    """A pipeline, with its latest runs, newest first. `counts` are its intervals by status."""

    name: str
    kind: str
    schedule: str | None
    partitions: str | None
    catchup: bool
    steps: int
    counts: dict[str, int]
    next_interval_ends: str | None
    description: str
    tags: list[str]
    owners: list[str]
    inlets: list[str]
    outlets: list[str]
    location: str | None
    runs: list[PipelineRunView]


class TaskView(views.View, frozen=True, kw_only=True):
    """A step of a pipeline; `after` are the tasks directly above it."""

    task: str
    operator: str
    after: list[str]
    trigger_rule: str
    mapped: bool
    group: str
    role: str
    inlets: list[str]
    outlets: list[str]
    description: str


class PipelineDetail(views.View, frozen=True, kw_only=True):
    """A pipeline with its steps, each after those above it, and the JSON schema of its parameters.

    `definitions` are the schemas that those in `params` refer to as `#/$defs/…`.
    """

    pipeline: PipelineView
    steps: list[TaskView]
    params: dict[str, Any]
    required: list[str]
    definitions: dict[str, Any] = msgspec.field(default_factory=dict)


class CodeView(views.View, frozen=True, kw_only=True):
    """A version of a pipeline's code, with its first and last run."""

    code: str
    current: bool
    runs: int
    first_run: str | None
    first_at: str | None
    last_run: str | None
    last_at: str | None


def listed(world: worlds.World, *, recent: int = 1) -> list[PipelineView]:
    """All pipelines, and the jobs that select assets, each with so many of its latest runs."""
    now = world.clock.now()
    statuses = planning.statuses(world, list(world.graph.pipelines), now=now) if world.graph.pipelines else {}
    found = [_view(world, each, statuses.get(name), now, recent=recent) for name, each in world.graph.pipelines.items()]
    return found + [_job_view(world, each, recent=recent) for each in world.graph.jobs.values()]


def some(world: worlds.World, names: Sequence[str], *, recent: int = 1) -> list[PipelineView]:
    """These pipelines and jobs, each with so many of its latest runs."""
    now = world.clock.now()
    known = world.graph.pipelines
    pipelines_named = [name for name in names if name in known]
    statuses = planning.statuses(world, pipelines_named, now=now) if pipelines_named else {}
    return [
        _view(world, known[name], statuses.get(name), now, recent=recent)
        if name in known
        else _job_view(world, world.graph.jobs[name], recent=recent)
        for name in names
    ]


def detail(world: worlds.World, name: str, *, recent: int = 5) -> PipelineDetail:
    """One pipeline.

    Raises:
        UsageError: there is none of that name.
    """
    if name in world.graph.jobs and name not in world.graph.pipelines:
        return PipelineDetail(
            pipeline=_job_view(world, world.graph.jobs[name], recent=recent), steps=[], params={}, required=[]
        )
    pipeline = runs.find(world, name)
    now = world.clock.now()
    status = planning.statuses(world, [name], now=now)[name]
    schema: Mapping[str, Any] = json.loads(pipeline.params or "{}")
    return PipelineDetail(
        pipeline=_view(world, pipeline, status, now, recent=recent),
        steps=[_task(pipeline, each) for each in pipeline.steps.values()],
        params=dict(schema.get("properties", {})),
        required=list(schema.get("required", ())),
        definitions=dict(schema.get("$defs", {})),
    )


def status_of(world: worlds.World, status: plan.AssetStatus) -> views.StatusView:
    """Where a pipeline stands, as it is shown."""
    latest = world.ledger.runs(pipeline=status.asset, limit=_LOOKED_AT)
    found = views.status_view(world.planned, status)
    succeeded = next((row for row in latest if row.outcome == "succeeded"), None)
    return msgspec.structs.replace(
        found,
        kind="pipeline",
        causes=[views.cause_view(each) for each in explaining.causes(world, status.causes)],
        last_success=found.last_success or (views.time_of_us(succeeded.finished) if succeeded is not None else None),
        last_run=latest[0].id if latest else None,
        last_outcome=_standing(world, latest[0]) if latest else None,
    )


def _standing(world: worlds.World, row: ledgers.RunRow) -> str:
    """How a run ended, or where it stands."""
    if row.outcome is not None:
        return row.outcome
    lease = world.ledger.lease(row.id)
    now = clocks.microseconds(world.clock.now())
    if lease is not None and owners.is_dead(owners.decode(lease.owner), run=row.id, expires=lease.expires, now=now):
        return "interrupted"
    return row.phase


def _view(
    world: worlds.World,
    pipeline: pipelines.Pipeline,
    status: plan.AssetStatus | None,
    now: datetime,
    *,
    recent: int,
) -> PipelineView:
    rows = world.ledger.runs(pipeline=pipeline.name, limit=recent)
    return PipelineView(
        name=pipeline.name,
        kind=pipeline.kind,
        schedule=pipeline.schedule.text if pipeline.schedule is not None else None,
        partitions=pipeline.partitions.describe() if pipeline.partitions is not None else None,
        catchup=pipeline.catchup,
        steps=len(pipeline.steps),
        counts={word: len(ordinals) for word, ordinals in status.by_status.items()} if status is not None else {},
        next_interval_ends=views.time_of(_next_end(pipeline, now)),
        description=pipeline.description,
        tags=list(pipeline.tags),
        owners=list(pipeline.owners),
        inlets=list(pipeline.inlets),
        outlets=list(pipeline.outlets),
        location=str(pipeline.location) if pipeline.location is not None else None,
        runs=[_run(row) for row in rows],
    )


def _job_view(world: worlds.World, job: graphs.Job, *, recent: int) -> PipelineView:
    """A job that selects assets, which it makes as `apply` does."""
    assets = list(planning.select(world, f"job:{job.name}"))
    request = f"job:{job.name}"
    found = world.ledger.run_page(paging.RunFilter(text=request), limit=_MOST_OF_JOB).rows
    # also with partitions or another option after it, but not what only begins with the job: "job:a or b"
    of_job = (row for row in found if row.pipeline is None and f"{row.request} --".startswith(f"{request} --"))
    return PipelineView(
        name=job.name,
        kind="job",
        schedule=job.schedule.text if job.schedule is not None else None,
        partitions=None,
        catchup=False,
        steps=len(assets),
        counts={},
        next_interval_ends=None,
        description=job.description or f"Makes {job.selection}.",
        tags=list(job.tags),
        owners=[],
        inlets=[],
        outlets=assets,
        location=None,
        runs=[_run(row) for row in itertools.islice(of_job, recent)],
    )


def _run(row: ledgers.RunRow) -> PipelineRunView:
    took = (row.finished - row.started) / 1e6 if row.finished is not None and row.started is not None else None
    return PipelineRunView(
        id=row.id,
        partition=row.partition,
        phase=row.phase,
        outcome=row.outcome,
        trigger=row.trigger,
        created_at=views.time_of_us(row.created),
        seconds=took,
    )


def _next_end(pipeline: pipelines.Pipeline, now: datetime) -> datetime | None:
    """When the interval that goes on now ends, and its run is due; None where there is none to come."""
    definition = pipeline.partitions
    if definition is None or pipeline.schedule is None:
        return None
    universe = definition.universe(now)
    following = universe.last + 1 if universe else 0
    size = definition.size()
    if size is not None and following >= size:
        return None
    window = definition.window(following)
    return window.end if window is not None else None


def _task(pipeline: pipelines.Pipeline, step: pipelines.TaskStep) -> TaskView:
    return TaskView(
        task=step.task,
        operator=step.operator,
        after=[pipeline.steps[edge.step].task for edge in step.after if edge.step in pipeline.steps],
        trigger_rule=step.rule,
        mapped=step.fan is not None,
        group=step.group,
        role=step.role,
        inlets=list(step.inlets),
        outlets=list(step.outlets),
        description=step.doc,
    )


# --- versions ---------------------------------------------------------------------------------------------------------


def versions(world: worlds.World, name: str) -> list[CodeView]:
    """The versions of a pipeline's code that have run, and today's; newest first.

    Raises:
        UsageError: there is no pipeline of that name.
    """
    pipeline = runs.find(world, name)
    by_code: dict[str, list[ledgers.RunRow]] = {pipeline.code: []}
    for row in world.ledger.runs(pipeline=name):  # newest first
        if row.definitions:
            by_code.setdefault(row.definitions, []).append(row)
    return [
        CodeView(
            code=code,
            current=code == pipeline.code,
            runs=len(rows),
            first_run=rows[-1].id if rows else None,
            first_at=views.time_of_us(rows[-1].created) if rows else None,
            last_run=rows[0].id if rows else None,
            last_at=views.time_of_us(rows[0].created) if rows else None,
        )
        for code, rows in by_code.items()
    ]


def short(code: str) -> str:
    """A version as people see and type it: its digest without the algorithm."""
    return code.rpartition(":")[2][:8]


def last_two(world: worlds.World, name: str) -> tuple[str, str]:
    """The two latest versions of a pipeline's code, the older one first.

    Raises:
        UsageError: there is one only.
    """
    known = versions(world, name)
    if len(known) < 2:
        raise errors.UsageError(
            f"{name} has one version only, so there is nothing to compare.",
            remedy="Versions are kept from their first run on.",
        )
    return known[1].code, known[0].code


def difference(world: worlds.World, name: str, before: str, after: str) -> str:
    """What differs between two versions of a pipeline's code: a unified diff of the sources of what changed.

    A version is named by the beginning of its digest, or by a run of it.

    Raises:
        UsageError: there is no such pipeline or version, or its source is not kept.
    """
    old, new = (_sources(world, name, each) for each in (before, after))
    lines: list[str] = []
    for function in sorted({*old, *new}):
        lines += difflib.unified_diff(
            old.get(function, "").splitlines(),
            new.get(function, "").splitlines(),
            f"{function} ({short(before)})",
            f"{function} ({short(after)})",
            lineterm="",
        )
    return "\n".join(lines)


def sources(world: worlds.World, name: str, version: str | None = None) -> Mapping[str, str]:
    """The sources of the functions of one version of a pipeline (of today's by default), by the functions' names.

    Raises:
        UsageError: there is no such pipeline or version, or its source is not kept.
    """
    return _sources(world, name, version or runs.find(world, name).code)


def _sources(world: worlds.World, name: str, version: str) -> Mapping[str, str]:
    known = {each.code: each for each in versions(world, name)}
    found = [code for code in known if code.startswith(version) or short(code).startswith(version)]
    if not found:
        found = [row.definitions for row in world.ledger.runs_with_prefix(version) if row.pipeline == name]
    if len(found) != 1:
        raise errors.UsageError(
            f"{name} has {len(found) or 'no'} versions that {version!r} names.",
            remedy=f"`weft pipelines {name} --versions` lists them.",
        )
    manifest = world.definitions.manifests.get(found[0])
    if manifest is not None:
        return world.sources_of(manifest)
    body = world.ledger.code_document(found[0])
    if body is None:
        raise errors.UsageError(
            f"The source of version {found[0][:8]} of {name} is not kept.",
            remedy="Sources are kept from the first run of a version on.",
        )
    return msgspec.json.decode(body, type=recorded_code.CodeDocument).sources
