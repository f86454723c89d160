"""The scope of a request: from what is wanted, along the mappings, to every partition that it is made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from weft.model import graph as graphs
from weft.model import keys
from weft.planner import found as findings
from weft.planner import standing as standings

PartitionSet = standings.PartitionSet
Scope = dict[keys.StepKey, tuple[set[keys.AssetKey], PartitionSet]]
"""The outputs and partitions of each step that matter."""


def find(
    evaluation: findings.Evaluation,
    wanted: Mapping[keys.AssetKey, PartitionSet],
    settled: Mapping[keys.AssetKey, PartitionSet],
    *,
    exact: bool,
) -> Scope:
    """Find the scope of what is wanted; with `exact` nothing above it, and nothing above what is settled."""
    graph = evaluation.graph
    scope: Scope = {}

    def want(asset: keys.AssetKey, ordinals: PartitionSet) -> None:
        step = graph.assets[asset].step
        if step is None or not ordinals:
            return
        outputs, before = scope.get(step, (set(), standings.EMPTY))
        outputs.add(asset)
        scope[step] = (outputs, before | ordinals)

    for asset, ordinals in wanted.items():
        want(asset, ordinals)
    if exact:
        return scope
    above = steps_above(graph, scope)
    for step_key in sorted(above, key=graph.rank.__getitem__, reverse=True):
        if step_key not in scope:
            continue
        step = graph.steps[step_key]
        outputs, ordinals = scope[step_key]
        made = outputs if step.subsettable else set(step.outputs)
        if settled and all(asset in settled for asset in made):
            fine = ordinals
            for asset in made:
                fine &= settled[asset]
            ordinals = ordinals - fine
        for dependency in step.dependencies:
            want(dependency.asset, evaluation.reads(step, dependency, ordinals))
    return scope


def steps_above(graph: graphs.Graph, start: Iterable[keys.StepKey]) -> set[keys.StepKey]:
    """These steps and all that make what they read."""
    found = set(start)
    waiting = list(found)
    while waiting:
        for producer in graph.producers_of(waiting.pop()):
            if producer not in found:
                found.add(producer)
                waiting.append(producer)
    return found
