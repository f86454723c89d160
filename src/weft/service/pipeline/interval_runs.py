"""Runs of intervals of a pipeline, one after the other or several at a time, going on where earlier ones ended."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from weft.model import columns, events, plan
from weft.model import pipelines as model
from weft.ports import executor as executors
from weft.service import views
from weft.service import world as worlds
from weft.service.pipeline import intervals, parameters, pipeline_driving, pipelines
from weft.service.queue import claiming
from weft.service.run import driving, recovering, reruns

_JOIN_SECONDS = 0.1

Interval = tuple[str | None, bool]
"""The key of an interval, and whether its last run failed and what succeeded in it is to be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the runs have in common."""

    pipeline: str
    execution: str = ""
    trigger: events.Trigger = "manual"
    words: tuple[str, ...] = ()
    anew: bool = False
    """Whether all of each interval is to run, whatever succeeded in a run before."""
    concurrency: int = 1


def side_by_side(world: worlds.World, name: str, count: int, how: driving.How) -> tuple[int, driving.How]:
    """How many of so many intervals run at once unless anything else is said, and how: they share the workers.

    Inline it is one after the other, since there is but one process to run bodies in.
    """
    jobs = how.jobs or world.settings.jobs or len(os.sched_getaffinity(0))
    several = min(jobs, world.graph.pipelines[name].max_active_runs, count)
    if several < 2 or (how.executor or world.settings.executor) == "inline" or _alone(world, name):
        return 1, how
    return several, replace(how, jobs=max(1, jobs // several))


def _alone(world: worlds.World, name: str) -> bool:
    pipeline = world.graph.pipelines[name]
    past = pipeline.depends_on_past or any(step.depends_on_past for step in pipeline.steps.values())
    known = [world.graph.assets.get(each) for each in pipeline.outlets]
    shared = any(each is not None and each.partitions is None for each in known)  # all make it, one at a time
    return past or shared or pipeline.kind == "flow" or world.reopen is None


def run(
    world: worlds.World,
    asked: Asked,
    wanted: Iterable[Interval],
    how: driving.How,
    *,
    each: Callable[[views.ApplyView], None],
    ended: Callable[[], bool],
) -> None:
    """Run intervals in the order in which they are given; of those that failed before, what failed and what is below.

    An interval whose run was interrupted goes on in that run. `each` is told how each run ended; where `ended` says
    so, no more begin. With a `concurrency` so many are under way at once, at most as many as the pipeline allows: not
    for one that depends on its past, nor for a flow.
    """
    pipeline = world.graph.pipelines[asked.pipeline]
    listed = list(wanted)
    before = intervals.columns(world, pipeline)
    several = min(asked.concurrency, pipeline.max_active_runs, len(listed))
    if several > 1 and not _alone(world, asked.pipeline):
        _side_by_side(world, asked, listed, before, how, several, each=each, ended=ended)
        return
    executor: executors.Executor | None = None
    try:
        for interval in listed:
            if ended():
                return
            if executor is None and pipeline.kind != "flow":
                executor = pipeline_driving.executor_for(world, how, pipeline)
                executor.start()
            each(_one(world, asked, interval, before, how, executor))
    finally:
        if executor is not None:
            executor.close()


def _side_by_side(
    world: worlds.World,
    asked: Asked,
    wanted: list[Interval],
    before: columns.Columns,
    how: driving.How,
    several: int,
    *,
    each: Callable[[views.ApplyView], None],
    ended: Callable[[], bool],
) -> None:
    """Run intervals on several threads, each with a connection to the ledger and an executor of its own."""
    assert world.reopen is not None
    pipeline = world.graph.pipelines[asked.pipeline]
    waiting: queue.SimpleQueue[Interval] = queue.SimpleQueue()
    for interval in wanted:
        waiting.put(interval)
    lock, errors = threading.Lock(), list[BaseException]()
    started: list[executors.Executor] = []
    ledgers = []

    def work(own: worlds.World, executor: executors.Executor) -> None:
        while not errors and not ended():
            try:
                interval = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                result = _one(own, asked, interval, before, how, executor)
            except BaseException as error:  # it is raised in the thread that waits
                errors.append(error)
                return
            with lock:
                each(result)

    threads = []
    try:
        for number in range(several):  # all of them before the first thread: workers are forked from a single one
            executor = pipeline_driving.executor_for(world, how, pipeline)
            started.append(executor)
            executor.start()
            own = replace(world, ledger=world.reopen())
            ledgers.append(own.ledger)
            threads.append(threading.Thread(target=work, args=(own, executor), name=f"weft-run-{number}", daemon=True))
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(_JOIN_SECONDS)  # in turns, so that signals are heeded
    finally:
        for executor in reversed(started):  # workers of a later one were forked with the pipes of the earlier ones
            executor.close()
        for ledger in ledgers:
            ledger.close()
    if errors:
        raise errors[0]


def _one(
    world: worlds.World,
    asked: Asked,
    interval: Interval,
    before: columns.Columns,
    how: driving.How,
    executor: executors.Executor | None,
) -> views.ApplyView:
    name, (partition, keep) = asked.pipeline, interval
    pipeline = world.graph.pipelines[name]
    if pipeline.depends_on_past and (held := held_by_past(world, name, partition)) is not None:
        return held
    dead = recovering.going_on(world, name, partition)
    if dead is not None:
        return pipelines.drive_run(world, dead.row.id, how, executor=executor)
    if partition is not None and claiming.made_meanwhile(world, pipeline, partition, before, how) and not asked.anew:
        return _nothing(name, partition)
    last = _kept_from(world, asked, pipeline, partition, failed=keep)
    wanted = pipelines.Wanted(
        pipeline=name,
        partition=partition,
        params=params_of(world, last),
        trigger=asked.trigger,
        rerun_of=last or "",
        keep=reruns.FROM_FAILED if last is not None and pipeline.kind != "flow" else (),
        words=asked.words,
        execution=asked.execution,
    )
    return pipelines.run(world, wanted, how, executor=executor)


def _nothing(name: str, partition: str) -> views.ApplyView:
    """How an interval ends that another run has made meanwhile."""
    return views.ApplyView(
        run=None, outcome=None, succeeded=0, reused=0, failed=0, held=0, failures=[], seconds=0.0,
        pipeline=name, partition=partition,
    )  # fmt: skip


def _kept_from(
    world: worlds.World, asked: Asked, pipeline: model.Pipeline, partition: str | None, *, failed: bool
) -> str | None:
    """The run before of an interval, where what succeeded in it is kept: it failed, or it was cancelled underway."""
    if partition is None:
        return None
    rows = world.ledger.runs(pipeline=pipeline.name, partition=partition, limit=1)
    if not rows:
        return None
    cancelled = rows[0].outcome == "cancelled" and rows[0].definitions == pipeline.code
    same = not asked.anew or rows[0].execution == asked.execution
    return rows[0].id if failed or (cancelled and same) else None


def params_of(world: worlds.World, run: str | None) -> dict[str, object]:
    """The parameters of the run that is repeated, as far as the pipeline still has them."""
    if run is None:
        return {}
    row = claiming.row_of(world, run)
    known = parameters.schema_of(world.graph.pipelines[row.pipeline or ""])
    return {name: value for name, value in pipelines.params_of(row).items() if name in known}


def held_by_past(world: worlds.World, name: str, partition: str | None) -> views.ApplyView | None:
    """How an interval ends that waits for the one before it, which has not succeeded; None where it may run."""
    pipeline = world.graph.pipelines[name]
    earlier = intervals.before(pipeline, partition, world.clock.now())
    if earlier is None or pipeline.partitions is None or world.ledger.sound_keys(name, [earlier]):
        return None
    known = intervals.columns(world, pipeline)
    ordinal = pipeline.partitions.ordinal(earlier)
    tried = known.materialized() | plan.PartitionSet.of(sorted(known.failed))
    if not tried or ordinal < tried.first:
        return None  # the first one that ever runs has nothing to wait for
    failure = views.FailureView(
        step=name,
        partition=partition,
        outcome="upstream_failed",
        error=f"depends_on_past: the interval before it, {earlier}, has not succeeded",
        attempts=0,
    )
    return views.ApplyView(
        run=None, outcome="failed", succeeded=0, reused=0, failed=0, held=1, failures=[failure], seconds=0.0,
        pipeline=name, partition=partition,
    )  # fmt: skip
