"""The work of a pipeline's run: tasks that pass each other values, mapped ones, branches, what the cache already has.

What a step run left behind is kept here until the run ends: those below read it from here and never from the ledger,
unless the run was picked up, and then it is read back from the run's own events (`replay`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from weft.engine import network as networks
from weft.engine import replay as replaying
from weft.engine import run as engine
from weft.engine import tasks as engine_tasks
from weft.model import events, keys, pipelines
from weft.model import graph as graphs
from weft.planner import pipelines as planned
from weft.ports import clock as clocks
from weft.ports import executor as executors
from weft.ports import ledger as ledgers
from weft.runtime import asset_work, conditions, fanning, lineage, parking, past, results, work
from weft.runtime.run_facts import Kept as Kept
from weft.runtime.run_facts import RunFacts as RunFacts


class _Claim(msgspec.Struct, kw_only=True):
    """What is kept of a step run that is with the executor."""

    cached: bool = False
    """Whether the cache has been asked, in vain."""
    inputs: dict[str, events.InputRecord] = {}


class TaskWork(work.Plain):
    """The step runs of one run of a DAG, or of a graph of ops."""

    def __init__(
        self,
        *,
        pipeline: pipelines.Pipeline,
        facts: RunFacts,
        graph: graphs.Graph,
        run: engine.Run,
        ledger: ledgers.Reader,
        lease: ledgers.Lease,
        clock: clocks.Clock,
        kept: Mapping[tuple[keys.StepKey, str], Kept] | None = None,
    ) -> None:
        """Work on `run`, made of `pipeline`; `graph` has the assets that it reads and makes.

        `kept` are the results of an earlier run that serve in place of running step runs, as their turn comes.
        """
        self._pipeline = pipeline
        self._facts = facts
        self._graph = graph
        self._run = run
        self._network = run.network
        self._ledger = ledger
        self._lease = lease
        self._clock = clock
        self._kept = kept or {}
        self._results = results.Results(pipeline)
        self._fans = fanning.Fans(pipeline, self._results)
        self._lineage = lineage.Lineage(
            graph=graph, pipeline=pipeline, ledger=ledger, run=facts.run, partition=facts.partition, now=clock.now()
        )
        self._place = "" if planned.is_by_assets(pipeline) else facts.partition
        self._inputs = self._lineage.of_run() if self._place is not None else {}
        self._past = past.Past(pipeline, facts, ledger)
        self._held: set[int] = set()
        self._parked: dict[int, parking.Parking] = {}
        self._made: dict[str, tuple[events.TaskResult, int | None]] = {}
        self._physical = 0
        self._hooks = 0
        self._deadline = self._deadline_of(pipeline.timeout)

    def replay(self, history: Sequence[events.Event]) -> list[int]:
        """Go to where the log says that the run was; returns the nodes whose attempts were under way."""
        steps = self._pipeline.steps
        for event in history:
            match event:
                case events.StepMapped() if event.step in steps:
                    self._results.mapped(event.step, event.count)
                case events.StepSucceeded() | events.StepReused() if event.step in steps:
                    self._results.put(event.step, event.item, event.task or events.TaskResult())
                case _:
                    pass
        lost = replaying.replay(self._run, history, replaying.tasks_node_of(self._network))
        begun: set[tuple[keys.StepKey, str]] = set()
        for event in history:
            if isinstance(event, events.AttemptsStarted):
                begun.update((event.step, item) for item in event.items or ("",))
            elif isinstance(event, events.StepParked) and (event.step, event.item) in begun:
                node = self._network.node_at(event.step, event.item)
                if node is not None and event.attempt == self._run.attempt_of(node):
                    self._park(node, event.until, reason=event.reason)
        return lost

    # --- before the body ---

    def claim(self, node: int, attempt: int) -> work.Answer:
        """Find out how many step runs a mapped step has; use what is kept; else hand the step run out."""
        line = self._network.line_of(node)
        step = self._pipeline.steps[line.step]
        if line.kind == "fan":
            return self._expand(node, step)
        item = line.items[node - line.base]
        kept = self._kept.get((step.key, item)) or self._kept.get((step.key, ""))
        if kept is not None:
            return self._reuse_kept(node, step.key, item, kept)
        if attempt == 1 and node not in self._parked and (held := self._hold(node, step, item)) is not None:
            return held
        looks = node in self._parked and not line.policies.at_most_once
        return work.Claimed(line=line, partition=None, item=item, attempt=attempt, bound=_Claim(), looks=looks)

    def _hold(self, node: int, step: pipelines.TaskStep, item: str) -> work.Settled | None:
        """What keeps a step run that depends on its past from running; while that is under way it is parked."""
        now = clocks.microseconds(self._clock.now())
        held = self._past.hold(step, now)
        if held is None:
            return None
        if not held.passing:
            move = engine.Failed(node, "upstream_failed", retryable=False, reason=held.reason)
            refused = self._finished_event(step.key, item, "upstream_failed", held.reason)
            return work.Settled(moves=(move,), events=(refused,))
        known = node in self._held
        self._held.add(node)
        parked = events.StepParked(run=self._facts.run, step=step.key, item=item, until=now, reason=held.reason)
        return work.Settled(moves=(engine.Parked(node, past.AGAIN_SECONDS),), events=() if known else (parked,))

    def _expand(self, node: int, step: pipelines.TaskStep) -> work.Answer:
        steps = engine_tasks.steps_of(self._network, node)
        try:
            count = self._fans.count(step)
        except fanning.CannotExpand as error:
            others = [
                self._finished_event(each, "", "upstream_failed", f"{step.key} could not be expanded", step.key)
                for each in steps
                if each != step.key
            ]
            return work.Failure(error=events.Error(kind="CannotExpand", message=str(error)), events=others)
        for each in steps:
            self._results.mapped(each, count)
        return work.Settled(
            moves=(engine.Expanded(node, count),),
            events=[events.StepMapped(run=self._facts.run, step=each, count=count) for each in steps],
        )

    def _reuse_kept(self, node: int, step: keys.StepKey, item: str, kept: Kept) -> work.Settled:
        if kept.outcome != "succeeded":
            move: engine.RunEvent = engine.Failed(node, kept.outcome, retryable=False, reason=kept.told)
            if kept.outcome == "skipped":
                move = engine.Skipped(node, kept.told)
            return work.Settled(moves=(move,), events=(self._finished_event(step, item, kept.outcome, kept.told),))
        ended = self._reused(node, step, item, kept.result or events.TaskResult(), kept.source_run, "kept")
        return work.Settled(moves=ended.moves, events=ended.events)

    def named(self, line: networks.Line, nodes: Sequence[int]) -> dict[str, Any]:
        """Step runs of tasks are named by item."""
        return {"items": tuple([line.items[node - line.base] for node in nodes])}

    def steps_of(self, line: networks.Line) -> Sequence[keys.StepKey]:
        """All steps of a mapped group for what they share."""
        return engine_tasks.steps_of(self._network, line.base)

    def assignments(self, claimed: Mapping[int, work.Claimed]) -> list[executors.Assignment]:
        """What the executor is given: each with the values above it that it reads."""
        return [self._assignment(node, each) for node, each in claimed.items()]

    def _assignment(self, node: int, claimed: work.Claimed) -> executors.Assignment:
        line, facts, item = claimed.line, self._facts, claimed.item
        step = self._pipeline.steps[line.step]
        rules = line.policies
        bound: _Claim = claimed.bound
        if step.inlets and step.outlets and not bound.inputs:
            bound.inputs = self._lineage.of_step(step)  # now, since what the steps above made is committed
        element, found = self._fans.elements(step, item)
        parked = self._parked.get(node)
        return executors.Assignment(
            id=node,
            run=facts.run,
            step=line.step,
            partition=None,
            attempt=claimed.attempt,
            tag=self._tag(),
            code=line.code,
            outputs=(),
            inputs=(),
            timeout=rules.timeout,
            exclusive=engine.is_exclusive(rules),
            task=executors.TaskFacts(
                pipeline=self._pipeline.name,
                item=item,
                partition=facts.partition,
                interval=facts.interval,
                params=facts.params,
                trigger=facts.trigger,
                created=facts.created,
                results=(*self._results.bindings(step, item), *found),
                element=element,
                last=rules.at_most_once or claimed.attempt > rules.retry.retries,
                poked=parked.times if parked is not None else 0,
                first=parked.first if parked is not None else 0,
                cached=bound.cached,
                met=parked is not None and self._is_met(parked),
                previous=facts.previous,
                rerun_of=facts.rerun_of,
            ),
        )

    def _is_met(self, parked: parking.Parking) -> bool:
        return bool(parked.condition) and conditions.is_met(parked.condition, self._graph, self._ledger)

    def _tag(self) -> str:
        self._physical += 1
        return f"{self._facts.run}.{self._lease.epoch}.{self._physical}"

    # --- after the body ---

    def succeeded(self, report: executors.AttemptReport, claimed: work.Claimed) -> work.Ended | work.Failure:
        """Keep what it left behind; write down the assets that it made, and move on with what a branch chose."""
        run, step, item = self._facts.run, claimed.line.step, claimed.item
        shown = self._shown(report, claimed)
        unexpected = {output.asset for output in report.outputs} - set(claimed.line.outputs)
        if unexpected:
            told = ", ".join(sorted(unexpected))
            error = events.Error(kind="OutputUnexpected", message=f"no outlet of {step} is {told}")
            return work.Failure(error=error, events=shown)
        try:
            made = self._lineage.made(report.outputs, code=claimed.line.code, inputs=claimed.bound.inputs)
        except lineage.NoSuchPartition as error:
            return work.Failure(error=events.Error(kind="NoSuchPartition", message=str(error)), events=shown)
        result = report.task.result if report.task is not None else None
        result = result or events.TaskResult(code=claimed.line.code)
        if any(each.output.rejected for each in made):
            failed = asset_work.check_failure(each.output for each in made)
            return work.Failure(error=failed, rendered=result.rendered, events=[*made, *shown])
        self._parked.pop(report.id, None)
        self._results.put(step, item, result)
        if result.cache:
            self._made[result.cache] = result, result.expires
        succeeded = events.StepSucceeded(
            run=run,
            step=step,
            item=item,
            attempt=report.attempt,
            started=report.started,
            duration=report.duration,
            log=report.log,
            task=result,
        )
        return work.Ended(events=(succeeded, *made, *shown), moves=(self._move(report.id, result),))

    def failed(self, report: executors.AttemptReport, claimed: work.Claimed) -> work.Failure:
        """A failure is what the report says; the templates as far as they came, and what was shown, are kept."""
        self._parked.pop(report.id, None)
        result = report.task.result if report.task is not None else None
        return work.Failure(
            error=report.error,
            retryable=report.retryable,
            rendered=result.rendered if result is not None else {},
            events=self._shown(report, claimed),
        )

    def other(self, report: executors.AttemptReport, claimed: work.Claimed) -> work.Ended | work.Claimed | work.Failure:
        """Skipped, parked, or on the way to the cache."""
        step, item = claimed.line.step, claimed.item
        told = report.task or executors.TaskReport()
        shown = self._shown(report, claimed)
        match report.outcome:
            case "skipped":
                self._parked.pop(report.id, None)
                finished = self._finished_event(step, item, "skipped", told.reason)
                finished = msgspec.structs.replace(finished, log=report.log)
                return work.Ended(events=(finished, *shown), moves=(engine.Skipped(report.id, told.reason),))
            case "parked":
                now, seconds = clocks.microseconds(self._clock.now()), told.again or 0.0
                again = (
                    claimed.looks and self._parked[report.id].reason == told.reason and parking.is_silent(report.log)
                )
                self._park(report.id, now, told.condition, told.reason)
                if again:  # that it waits is written down; a look that found nothing new is no event
                    return work.Ended(events=shown, moves=(engine.Parked(report.id, seconds),))
                parked = events.StepParked(
                    run=self._facts.run,
                    step=step,
                    item=item,
                    attempt=report.attempt,
                    until=now + int(seconds * 1e6),
                    reason=told.reason,
                    log=report.log,
                )
                return work.Ended(events=(parked, *shown), moves=(engine.Parked(report.id, seconds),))
            case "looked_up":
                return self._look_up(report, claimed)
            case _:
                return super().other(report, claimed)

    def _look_up(self, report: executors.AttemptReport, claimed: work.Claimed) -> work.Ended | work.Claimed:
        found = report.task.result if report.task is not None else None
        key = found.cache if found is not None else ""
        if key and not claimed.bound.cached:
            now = clocks.microseconds(self._clock.now())
            result, expires = self._made.get(key, (None, None))
            source = self._facts.run
            if result is None or (expires is not None and expires <= now):
                kept = self._ledger.cached(key, now=now)
                result, source = (kept.result, kept.run) if kept is not None else (None, "")
            if result is not None:
                rendered = found.rendered if found is not None else {}
                result = msgspec.structs.replace(result, rendered=rendered)
                return self._reused(report.id, claimed.line.step, claimed.item, result, source, "cached")
        return msgspec.structs.replace(claimed, bound=msgspec.structs.replace(claimed.bound, cached=True))

    def after_failure(
        self, node: int, report: executors.AttemptReport, claimed: work.Claimed, *, again: bool
    ) -> list[executors.Assignment]:
        """The hooks of an attempt whose own process could not run them any more."""
        if report.outcome not in ("timed_out", "crashed"):
            return []
        self._hooks += 1
        hook = msgspec.structs.replace(
            self._assignment(node, claimed),
            id=-self._hooks,
            timeout=None,
            exclusive=False,
            hook="retry" if again else "failure",
            hook_error=report.error,
        )
        return [hook]

    # --- the run as a whole ---

    def deadline(self) -> tuple[float, str] | None:
        """When the run has taken as long as its pipeline allows."""
        return self._deadline

    def _deadline_of(self, timeout: float | None) -> tuple[float, str] | None:
        if timeout is None:
            return None
        rows = self._ledger.runs_with_prefix(self._facts.run)  # a run may have waited long before it was started
        begun = (rows[0].started if rows else None) or clocks.microseconds(self._clock.now())
        elapsed = (clocks.microseconds(self._clock.now()) - begun) / 1e6
        return self._clock.monotonic() + timeout - elapsed, f"the run took longer than its timeout of {timeout:g} s"

    def finished(self, outcome: events.Outcome, reason: str) -> events.RunFinished:
        """The event with which the run ends: an attempt at its interval, where it has one."""
        if self._deadline is not None and reason == self._deadline[1]:
            outcome = "timed_out"
        if self._place is None:
            return events.RunFinished(run=self._facts.run, outcome=outcome, reason=reason)
        return events.RunFinished(
            run=self._facts.run,
            outcome=outcome,
            reason=reason,
            pipeline=self._pipeline.name,
            partition=self._place,
            code=self._pipeline.code,
            inputs=self._inputs,
        )

    # --- what both have ---

    def _move(self, node: int, result: events.TaskResult, *, reused: bool = False) -> engine.RunEvent:
        return engine_tasks.settled(self._network, node, follow=result.follow, proceed=result.proceed, reused=reused)

    def _reused(
        self, node: int, step: keys.StepKey, item: str, result: events.TaskResult, source: str, reason: Any
    ) -> work.Ended:
        # under its key the cache goes on to name the run that made it
        result = msgspec.structs.replace(result, cache="", expires=None)
        self._results.put(step, item, result)
        reused = events.StepReused(
            run=self._facts.run, step=step, item=item, source_run=source, reason=reason, task=result
        )
        return work.Ended(events=(reused,), moves=(self._move(node, result, reused=True),))

    def _finished_event(
        self, step: keys.StepKey, item: str, outcome: events.Outcome, reason: str, subject: str = ""
    ) -> events.StepsFinished:
        return events.StepsFinished(
            run=self._facts.run, step=step, items=(item,), outcome=outcome, reason=reason, subject=subject
        )

    def _shown(self, report: executors.AttemptReport, claimed: work.Claimed) -> Sequence[events.Event]:
        return asset_work.artifacts_of(self._facts.run, report, claimed, partition=self._facts.partition)

    def _park(self, node: int, now: int, condition: tuple[str, ...] = (), reason: str = "") -> None:
        before = self._parked.get(node)
        if before is None:
            self._parked[node] = parking.Parking(times=1, first=now, condition=condition, reason=reason)
        else:
            before.times += 1
            before.condition = condition
            before.reason = reason
