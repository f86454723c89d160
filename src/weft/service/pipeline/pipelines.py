"""Runs of pipelines: created with all that they need (`create`), then driven by this process or another (`drive_run`).

What a run is about is fixed when it is created and stands in the ledger: its parameters, its interval, the run that it
repeats and how much of that it keeps. So whoever drives it, now or after a crash, needs nothing but its id.
"""

from __future__ import annotations

import contextlib
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from weft.model import errors, events, pipelines, spelling
from weft.ports import clock as clocks
from weft.ports import executor as executors
from weft.ports import ledger as ledgers
from weft.runtime import owners
from weft.service import views
from weft.service import world as worlds
from weft.service.pipeline import deployed, flow_runs, intervals, parameters, pipeline_driving
from weft.service.queue import claiming
from weft.service.run import driving


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A run of a pipeline that is asked for.

    `partition` None is the latest interval that has ended, for a pipeline that has intervals. `keep` says what of the
    run `rerun_of` is kept, in the words of `weft rerun`: ("--from-failed",), ("--from", "load"), ("--only", "load+").
    """

    pipeline: str
    params: Mapping[str, object] | None = None
    partition: str | None = None
    trigger: events.Trigger = "manual"
    rerun_of: str = ""
    keep: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    """More words of the request, for whoever looks for the run again."""
    execution: str = ""
    pool: str = ""
    """The work pool in which it waits to be picked up; "" to be driven at once, on a server for the default one."""
    location: str = ""
    """The code location that runs it, "" for the one that defines the pipeline."""
    priority: int | None = None
    """The highest goes first; None for what the project's configuration says of the pipeline."""
    automation: str = ""
    """What asked for it by itself, such as "schedule:trading"."""
    by: str = ""
    """Who asked for it, "" for the user of the world."""


def find(world: worlds.World, name: str) -> pipelines.Pipeline:
    """The pipeline of a name.

    Raises:
        UsageError: there is none.
    """
    found = world.graph.pipelines.get(name)
    if found is not None:
        return found
    others = [*world.graph.pipelines, *world.graph.jobs, *world.graph.assets]
    if name in world.graph.jobs:
        remedy: str | None = f"It is a job, which selects assets: `weft run {name}`, `weft apply job:{name}`."
    elif name in world.graph.assets:
        remedy = f"There is an asset of that name: `weft materialize {name}`."
    else:
        remedy = spelling.did_you_mean(name, others)
    known = ", ".join(list(world.graph.pipelines)[:10])
    raise errors.UsageError(
        f"There is no pipeline {name!r}.",
        remedy=remedy
        or (f"There are: {known}." if known else "None is defined: decorate a function with @dag or @flow."),
    )


def run(
    world: worlds.World, wanted: Wanted, how: driving.How, *, executor: executors.Executor | None = None
) -> views.ApplyView:
    """Run a pipeline to its end, on an executor that has been started, or on one of its own.

    Raises:
        UsageError: it does not exist, or its parameters or interval are wrong.
        ReservationError: too many of its runs are under way, or another makes the same, and `how.wait` is off.
    """
    pipeline, partition, params = resolved(world, wanted)
    if pipeline.kind == "flow":
        return flow_runs.run(world, pipeline, wanted, partition, params)
    if not how.wait:  # so that what is refused leaves no run behind
        with world.ledger.transaction() as transaction:
            claiming.check_free(world, transaction, pipeline, partition)
    return drive_run(world, create(world, wanted), how, executor=executor)


def run_or_go_on(world: worlds.World, wanted: Wanted, how: driving.How) -> views.ApplyView:
    """Run a pipeline to its end, or go on with a run of the same interval and parameters that was cut short.

    One whose owner died goes on itself; of an interval's that was cancelled, a new run keeps what succeeded.

    Raises:
        UsageError, ReservationError: as `run`.
    """
    from weft.service.run import recovering

    pipeline, partition, params = resolved(world, wanted)
    same = flow_runs.recorded(world, pipeline, partition, params) if pipeline.kind == "flow" else params
    dead = recovering.going_on(world, pipeline.name, partition, same)
    if dead is not None:
        if how.note is not None:
            how.note(f"Run {dead.row.id[:8]} was interrupted; it goes on.")
        return drive_run(world, dead.row.id, how)
    rows = world.ledger.runs(pipeline=pipeline.name, partition=partition, limit=1) if partition is not None else []
    cut = rows[0] if rows and rows[0].outcome == "cancelled" and rows[0].definitions == pipeline.code else None
    if cut is not None and pipeline.kind != "flow" and cut.succeeded and params_of(cut) == params:
        if how.note is not None:
            how.note(f"Run {cut.id[:8]} of {partition} was cancelled; what succeeded in it is kept.")
        wanted = replace(wanted, rerun_of=cut.id, keep=("--from-failed",))
    return run(world, wanted, how)


def resolved(world: worlds.World, wanted: Wanted) -> tuple[pipelines.Pipeline, str | None, dict[str, Any]]:
    """The pipeline, the interval and the parameters that are meant.

    Raises:
        UsageError: there is no such pipeline, or its parameters or interval are wrong.
    """
    pipeline = find(world, wanted.pipeline)
    given = dict(wanted.params or {})
    partition = wanted.partition
    schema = parameters.schema_of(pipeline)
    for name in intervals.DATES:
        if pipeline.partitions is not None and partition is None and name in given and name not in schema:
            partition = str(given.pop(name))
    body = world.definitions.pipelines.get(pipeline.name)
    try:
        partition = intervals.resolve(pipeline, partition, world.clock.now())
    except errors.UsageError as error:
        raise _with_what_else_is_wrong(error, pipeline, body, schema, given) from error
    if pipeline.kind == "flow" and body is not None:  # it fills in and checks its parameters itself
        return pipeline, partition, given
    interval = intervals.bounds(pipeline, partition)
    filled = deployed.defaults(pipeline, schema, interval, clocks.microseconds(world.clock.now()))
    return pipeline, partition, parameters.validated(pipeline, body, {**filled, **given})


def _with_what_else_is_wrong(
    error: errors.UsageError, pipeline: pipelines.Pipeline, body: Any, schema: Mapping[str, Any], given: dict[str, Any]
) -> errors.UsageError:
    """An error about the interval, together with what is wrong with the parameters, so that both are mended at once."""
    if pipeline.kind == "flow" and body is not None:
        return error
    try:
        # a default that is a template needs the interval
        known = {name: value["default"] for name, value in schema.items() if deployed.is_template(value.get("default"))}
        parameters.validated(pipeline, body, {**known, **given})
    except errors.UsageError as other:
        both = errors.UsageError(f"{error.message} {other.message}", remedy=other.remedy or error.remedy)
        both.__notes__ = [*getattr(error, "__notes__", ()), *getattr(other, "__notes__", ())]
        return both
    return error


def create(world: worlds.World, wanted: Wanted) -> str:
    """Write down a run that is to be driven; returns its id. Nothing runs yet.

    Raises:
        UsageError: the pipeline or the work pool does not exist, or its parameters or interval are wrong.
    """
    from weft.service.queue import queueing

    with world.ledger.transaction() as transaction:
        event = queueing.created(world, transaction, wanted, at_once=True)
        transaction.append([event])
    return event.run


def drive_run(
    world: worlds.World, run_id: str, how: driving.How, *, executor: executors.Executor | None = None
) -> views.ApplyView:
    """Drive a created run, or go on with one whose owner died, to its end.

    Raises:
        UsageError: there is no such run, it has ended, or its pipeline is not defined any more.
        ReservationError: something that it needs is held by another run, and `how.wait` is off.
        FencedError: another process took it over.
    """
    begun = time.monotonic()
    row = claiming.row_of(world, run_id)
    if row.phase == "finished":
        raise errors.UsageError(
            f"Run {run_id} has ended ({row.outcome}); a finished run never reopens.",
            remedy=f"Run it again as a new one: `weft rerun {run_id[:8]}`.",
        )
    pipeline = find(world, row.pipeline or "")
    if pipeline.kind == "flow":
        return flow_runs.drive(world, pipeline, row, how)
    with owners.driving(run_id), contextlib.ExitStack() as stack:
        lease = claiming.claimed(world, pipeline, row, how)
        if executor is None:
            executor = pipeline_driving.executor_for(world, how, pipeline)
            stack.callback(executor.close)
            executor.start()
        history = [event for _, _, event in world.ledger.events(run_id)] if lease.epoch > 1 else []
        row = claiming.row_of(world, run_id)
        return pipeline_driving.drive(world, pipeline, row, lease, executor, how, begun, history=history)


def kept_words(row: ledgers.RunRow) -> list[str]:
    """What of the run before a rerun keeps, in the words of `weft rerun`; [] for nothing."""
    words = shlex.split(row.request)
    size = {"--from-failed": 1, "--from": 2, "--only": 2}.get(words[0], 0) if words else 0
    return words[:size]


def params_of(row: ledgers.RunRow) -> dict[str, Any]:
    """The parameters of a run."""
    found: dict[str, Any] = msgspec.json.decode(row.params) if row.params else {}
    return found
