"""Applying a plan that has intervals of pipelines: each is a run of its own, in order of time, among runs of assets.

What others in the plan are made from comes first, be it a pipeline or assets. What is to run is planned again before
each further part, because what ran before may have made it needless or due; a pipeline's interval runs once at most,
and never one that was not in the plan that was agreed to.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import replace

from weft.model import graph as graphs
from weft.model import keys, plan
from weft.service import views
from weft.service import world as worlds
from weft.service.pipeline import interval_runs, waits
from weft.service.plan import applying, planning
from weft.service.run import driving

_MOST_ROUNDS = 20


def apply(world: worlds.World, made: plan.Plan, how: driving.How, *, ask: planning.Ask | None) -> views.ApplyView:
    """Carry a plan out that has lines of pipelines; without `ask`, no more than is in it."""
    begun = time.monotonic()
    session = _Session(world, made, how, ask)
    rounds = 0
    while made.steps and rounds < _MOST_ROUNDS and not session.ended:
        rounds += 1
        pipelines, assets = session.parts(made)
        if pipelines:
            session.run_pipelines(pipelines)
        elif assets:
            session.run_assets(replace(made, steps=tuple(assets)))
        else:
            break
        made = session.planned_again()
    return summed_up(session.results, begun)


class _Session:
    """One apply: what was agreed to, what has run, how it ended."""

    def __init__(self, world: worlds.World, made: plan.Plan, how: driving.How, ask: planning.Ask | None) -> None:
        self._world = world
        self._how = how
        self._agreed = {line.step: plan.PartitionSet.empty() for line in made.steps} if ask is None else None
        for line in made.steps if self._agreed is not None else ():
            self._agreed[line.step] |= line.ordinals  # type: ignore[index]
        request = made.request
        self._ask = ask or planning.Ask(
            selection=request.selection, partitions=request.partitions, exact=request.exact,
            only_failed=request.only_failed, keep_going=request.keep_going, rebuild_undecided=request.rebuild_undecided,
        )  # fmt: skip
        self._keep_going = request.keep_going
        self._tried: dict[str, plan.PartitionSet] = {}
        self._assets_tried = 0
        self._assets_run: dict[str, plan.PartitionSet] = {}
        self._execution = secrets.token_hex(6)
        self.results: list[views.ApplyView] = []
        self.ended = False

    def parts(self, made: plan.Plan) -> tuple[list[plan.PlanStep], list[plan.PlanStep]]:
        """The lines of pipelines and those of assets that nothing else in the plan has to run for first."""
        pipelines: list[plan.PlanStep] = []
        assets: list[plan.PlanStep] = []
        for line in made.steps:
            ordinals = line.ordinals
            if self._agreed is not None:
                ordinals &= self._agreed.get(line.step, plan.PartitionSet.empty())
            if line.step in self._world.graph.pipelines:
                ordinals -= self._tried.get(line.step, plan.PartitionSet.empty())
                if ordinals:
                    pipelines.append(replace(line, ordinals=ordinals))
                continue
            rounds = 1 if self._ask.exact else 1 + len(self._tried)
            if line.status == "failed":  # once in an apply; but not where it failed before this one
                ordinals -= self._assets_run.get(line.step, plan.PartitionSet.empty())
            if ordinals and self._assets_tried < rounds:
                assets.append(replace(line, ordinals=ordinals))
        graph = self._world.planned
        planned = {line.step for line in pipelines}
        made_here = {output for line in assets for output in line.outputs}
        first = [line for line in assets if not any(above(graph, output) & planned for output in line.outputs)]
        if first and len(first) < len(assets):
            assets = first
        ready = [line for line in pipelines if not self._before(line.step) & (made_here | planned - {line.step})]
        return ready or ([] if first else pipelines), assets

    def _before(self, pipeline: str) -> set[keys.AssetKey]:
        """What is to have run before a pipeline does: what it is made from, and what its tasks say that they wait for.

        A run that began before what it waits for would keep the place that this needs.
        """
        found: set[keys.AssetKey] = set()
        waiting = [pipeline]
        while waiting:
            current = waiting.pop()
            more = {current, *above(self._world.planned, current)} - found
            found |= more
            for each in more & self._world.graph.pipelines.keys():
                waiting += waits.named(self._world, each) - found
        return found - {pipeline}

    def planned_again(self) -> plan.Plan:
        """What is still to do."""
        return planning.make_plan(self._world, self._ask)

    def run_assets(self, made: plan.Plan) -> None:
        """Run the lines of assets, as one run."""
        self._assets_tried += 1
        for line in made.steps:
            self._assets_run[line.step] = self._assets_run.get(line.step, plan.PartitionSet.empty()) | line.ordinals
        self._note(applying.apply(self._world, made, self._how, ask=None))

    def run_pipelines(self, lines: Sequence[plan.PlanStep]) -> None:
        """Run each interval of these lines, earliest first and as many at a time as may be, pipeline by pipeline."""
        names = dict.fromkeys(line.step for line in lines)
        for name in sorted(
            names, key=lambda each: waits.has_unnamed(self._world, each)
        ):  # they may wait for the others
            ordinals = plan.PartitionSet.empty()
            failed = plan.PartitionSet.empty()
            for line in lines:
                if line.step == name:
                    ordinals |= line.ordinals
                    if line.status == "failed" and not self._ask.exact:
                        failed |= line.ordinals
            self._tried[name] = self._tried.get(name, plan.PartitionSet.empty()) | ordinals
            definition = self._world.graph.pipelines[name].partitions
            found = [
                (definition.key(ordinal) if definition is not None else None, ordinal in failed) for ordinal in ordinals
            ]
            concurrency, how = interval_runs.side_by_side(self._world, name, len(found), self._how)
            asked = interval_runs.Asked(
                pipeline=name, execution=self._execution, anew=self._ask.exact, concurrency=concurrency
            )
            told = how.together if len(found) > 1 else None
            if told is not None:
                told(len(found), len(self._world.graph.pipelines[name].steps))
            try:
                interval_runs.run(self._world, asked, found, how, each=self._note, ended=lambda: self.ended)
            finally:
                if told is not None:
                    told(0, 0)
            if self.ended:
                return

    def _note(self, result: views.ApplyView) -> None:
        self.results.append(result)
        if result.outcome == "cancelled" or (result.outcome not in (None, "succeeded") and not self._keep_going):
            self.ended = True


def above(graph: graphs.Graph, asset: keys.AssetKey) -> set[keys.AssetKey]:
    """What an asset (or a pipeline's stand-in) is made from, also by way of what pipelines make."""
    found: set[keys.AssetKey] = set()
    waiting = [asset]
    while waiting:
        current = graph.assets.get(waiting.pop())
        if current is None:
            continue
        direct = list(graph.upstream(current.key))
        if current.step is None and current.made_by is not None and current.made_by in graph.assets:
            direct.append(current.made_by)
        for each in direct:
            if each not in found:
                found.add(each)
                waiting.append(each)
    return found


def summed_up(results: Sequence[views.ApplyView], begun: float) -> views.ApplyView:
    """Several runs as one answer."""
    outcomes = [each.outcome for each in results if each.outcome is not None]
    bad = [each for each in outcomes if each != "succeeded"]
    outcome = None if not outcomes else "cancelled" if "cancelled" in bad else bad[0] if bad else "succeeded"
    alone = results[0] if len(results) == 1 else None
    return views.ApplyView(
        run=alone.run if alone is not None else next((each.run for each in reversed(results) if each.run), None),
        outcome=outcome,
        succeeded=sum(each.succeeded for each in results),
        reused=sum(each.reused for each in results),
        skipped=sum(each.skipped for each in results),
        failed=sum(each.failed for each in results),
        held=sum(each.held for each in results),
        failures=[failure for each in results for failure in each.failures],
        seconds=time.monotonic() - begun,
        resumed=any(each.resumed for each in results),
        pipeline=alone.pipeline if alone is not None else None,
        partition=alone.partition if alone is not None else None,
        runs=list(results),
    )
