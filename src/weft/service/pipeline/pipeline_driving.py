"""Driving the run of a DAG or a graph of ops: its network, its work, its executors and its callbacks put together."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from types import SimpleNamespace
from typing import Any

from weft.engine import run as engine
from weft.engine import tasks as task_networks
from weft.model import events, keys, pipelines
from weft.ports import executor as executors
from weft.ports import garbage
from weft.ports import ledger as ledgers
from weft.runtime import driver as drivers
from weft.runtime import routing, task_work
from weft.service import views
from weft.service import world as worlds
from weft.service.asset import publishing
from weft.service.pipeline import intervals
from weft.service.run import cancelling, driving, reruns


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext(Mapping[str, Any]):
    """What the callbacks of a DAG are told: as attributes, or by name as a mapping."""

    run_id: str
    pipeline: str
    outcome: str
    partition_key: str | None
    params: Mapping[str, Any]
    failures: tuple[views.FailureView, ...]
    reason: str = ""

    @property
    def dag(self) -> SimpleNamespace:
        """The pipeline, as templates see it."""
        return SimpleNamespace(dag_id=self.pipeline, name=self.pipeline)

    @property
    def dag_run(self) -> SimpleNamespace:
        """The run, as templates see it."""
        return SimpleNamespace(
            run_id=self.run_id,
            dag_id=self.pipeline,
            conf=self.params,
            state=self.outcome,
            partition_key=self.partition_key,
        )

    run = dag_run

    def __getitem__(self, name: str) -> Any:
        try:
            return getattr(self, name)
        except AttributeError as error:
            raise KeyError(name) from error

    def __iter__(self) -> Iterator[str]:
        return (each.name for each in fields(self))

    def __len__(self) -> int:
        return len(fields(self))


def executor_for(world: worlds.World, how: driving.How, pipeline: pipelines.Pipeline) -> executors.Executor:
    """The executor that was asked for, and beside it those that single steps name."""
    jobs = how.jobs or world.settings.jobs or len(os.sched_getaffinity(0))
    default = how.executor or world.settings.executor
    mapped = any(step.fan is not None for step in pipeline.steps.values())
    jobs = max(1, jobs if mapped else min(jobs, len(pipeline.steps)))
    steps = frozenset(pipeline.steps)

    def make(name: str) -> executors.Executor:
        return world.make_executor(name, jobs, steps)

    named: dict[keys.StepKey, str] = {
        key: step.policies.executor
        for key, step in pipeline.steps.items()
        if step.policies.executor is not None and step.policies.executor != default
    }
    if how.executor == "inline" or not named:  # to debug a run, all of it is to be in one process
        return make(default)
    return routing.Routed(make(default), make, named)


def drive(
    world: worlds.World,
    pipeline: pipelines.Pipeline,
    row: ledgers.RunRow,
    lease: ledgers.Lease,
    executor: executors.Executor,
    how: driving.How,
    begun: float,
    *,
    history: Sequence[events.Event],
) -> views.ApplyView:
    """Drive a run to its end, from where `history` says it was, and tell how it went.

    Raises:
        FencedError: another process took the run over.
        LedgerError: the ledger cannot be written.
    """
    facts = task_work.RunFacts(
        run=row.id,
        partition=row.partition,
        interval=intervals.bounds(pipeline, row.partition),
        params=row.params or b"{}",
        trigger=row.trigger,
        created=row.created,
        previous=intervals.last_success(world, pipeline, row.partition),
        rerun_of=row.rerun_of,
        before=intervals.before(pipeline, row.partition, world.clock.now()),
    )
    network = task_networks.build(pipeline)
    kept = reruns.kept(world, pipeline, row)
    keeps_failures = any(each.outcome not in ("succeeded", "skipped") for each in kept.values())
    fail_fast = pipeline.fail_fast and not keeps_failures  # which are to stop nothing
    run = engine.begin(network, keep_going=not fail_fast, pools=world.settings.pools)
    work = task_work.TaskWork(
        pipeline=pipeline, facts=facts, graph=world.graph, run=run, ledger=world.ledger, lease=lease, clock=world.clock,
        kept=kept,
    )  # fmt: skip
    counted = driving.Counter()
    lost: Sequence[int] = ()
    if history:
        counted.take(history)
        lost = work.replay(history)

    def listener(batch: Sequence[events.Event]) -> None:
        counted.take(batch)
        if how.listener is not None:
            how.listener(batch)

    driver = drivers.Driver(
        ledger=world.ledger, executor=executor, run=run, work=work, lease=lease, clock=world.clock, listener=listener,
        abrupt=fail_fast, slots=driving.shared_slots(world, row.id, how),
    )  # fmt: skip
    driver.lost(list(lost))
    if how.started is not None:
        how.started(driver, row.id, len(pipeline.steps))
    with driving.beating(world, lease, driver), cancelling.heeded(world, lease, driver), garbage.calmed():
        outcome = driver.drive()
    _published(world, pipeline)
    _call_back(world, pipeline, row, outcome, counted)
    return views.ApplyView(
        run=row.id,
        outcome=outcome,
        succeeded=counted.succeeded,
        reused=counted.reused,
        skipped=counted.skipped,
        failed=len(counted.failures),
        held=counted.held,
        failures=counted.failures,
        seconds=time.monotonic() - begun,
        resumed=bool(history),
        pipeline=pipeline.name,
        partition=row.partition,
    )


def _published(world: worlds.World, pipeline: pipelines.Pipeline) -> None:
    outlets = [each for each in pipeline.outlets if each in world.graph.assets]
    publishing.publish(world, outlets)
    world.ledger.save_columns({each: world.graph.assets[each].partitions for each in outlets})


def _ended_by(pipeline: pipelines.Pipeline, outcome: events.Outcome) -> str:
    return f"the run took longer than its timeout of {pipeline.timeout:g} s" if outcome == "timed_out" else ""


def _call_back(
    world: worlds.World,
    pipeline: pipelines.Pipeline,
    row: ledgers.RunRow,
    outcome: events.Outcome,
    counted: driving.Counter,
) -> None:
    """Call what the pipeline wants called at its end; what that raises is told and changes nothing."""
    body = world.definitions.pipelines.get(pipeline.name)
    if body is None or outcome == "cancelled":
        return
    callbacks = body.on_success if outcome == "succeeded" else body.on_failure
    if not callbacks:
        return
    import msgspec

    context = RunContext(
        run_id=row.id,
        pipeline=pipeline.name,
        outcome=outcome,
        partition_key=row.partition,
        params=msgspec.json.decode(row.params) if row.params else {},
        failures=tuple(counted.failures),
        reason="; ".join(f"{each.step}: {each.error}" for each in counted.failures[:3]) or _ended_by(pipeline, outcome),
    )
    for each in callbacks:
        try:
            each(context)
        except Exception:
            name = getattr(each, "__name__", repr(each))
            sys.stderr.write(f"weft: the callback {name} of {pipeline.name} failed:\n{traceback.format_exc()}")
