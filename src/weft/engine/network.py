"""The network of a run: its step runs as numbers, and which wait for which.

Every (step, partition) of a plan is a *node*. Where many nodes wait for the same many, as in "all partitions", a
*barrier* stands between them: it is a node without a body, so that edges add up instead of multiplying. Nodes of one
line of the plan are numbered consecutively.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from weft.model import graph as graphs
from weft.model import keys, partition_set, plan, policies

PartitionSet = partition_set.PartitionSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the plan within the network: nodes `base` to before `base + count`, in order of `ordinals`."""

    step: keys.StepKey
    outputs: tuple[keys.AssetKey, ...]
    base: int
    ordinals: Sequence[int]
    conditional: bool
    recorded: bool
    code: str
    policies: policies.Policies
    partitioned: bool

    @property
    def count(self) -> int:
        """How many nodes it has."""
        return len(self.ordinals)


@dataclass(kw_only=True)
class Network:
    """All nodes of a run. `downstream[n]` are the nodes that wait for node n; `waits` says for how many each one waits.

    Nodes from `size` on are barriers.
    """

    lines: tuple[Line, ...]
    size: int
    downstream: list[list[int] | None]
    waits: array[int]
    by_step: Mapping[keys.StepKey, Mapping[int, int]]
    _bases: list[int] = field(default_factory=list)

    def line_of(self, node: int) -> Line:
        """The line that a node belongs to."""
        return self.lines[bisect_right(self._bases, node) - 1]

    def ordinal_of(self, node: int) -> int:
        """The ordinal of a node's partition, 0 for a step without partitions."""
        line = self.line_of(node)
        return line.ordinals[node - line.base]

    def node(self, step: keys.StepKey, ordinal: int) -> int | None:
        """The node of a step's partition, None where the run has none."""
        return self.by_step.get(step, {}).get(ordinal)


def build(steps: Iterable[plan.PlanStep], graph: graphs.Graph, now: datetime) -> Network:
    """Number the step runs of a plan and find which wait for which."""
    lines: list[Line] = []
    by_step: dict[keys.StepKey, dict[int, int]] = {}
    base = 0
    for each in steps:
        step = graph.steps[each.step]
        ordinals = list(each.ordinals)
        lines.append(
            Line(
                step=each.step,
                outputs=each.outputs,
                base=base,
                ordinals=ordinals,
                conditional=each.run_if == "inputs_changed",
                recorded=each.baseline == "recorded",
                code=each.code,
                policies=step.policies,
                partitioned=each.partitioned,
            )
        )
        by_step.setdefault(each.step, {}).update(zip(ordinals, range(base, base + len(ordinals)), strict=True))
        base += len(ordinals)
    network = Network(
        lines=tuple(lines),
        size=base,
        downstream=[None] * base,
        waits=array("i", bytes(4 * base)),
        by_step=by_step,
        _bases=[line.base for line in lines],
    )
    for step_key in by_step:
        _connect(network, graph, graph.steps[step_key], now)
    return network


def _connect(network: Network, graph: graphs.Graph, step: graphs.Step, now: datetime) -> None:
    nodes = network.by_step[step.key]
    for dependency in step.dependencies:
        asset = graph.assets[dependency.asset]
        above = network.by_step.get(asset.step) if asset.step is not None else None
        if not above:
            continue
        if (step.partitions is None and asset.partitions is None) or dependency.mapping.is_identity(
            step.partitions, asset.partitions
        ):
            for ordinal in nodes.keys() & above.keys() if len(above) < len(nodes) else nodes:
                node = above.get(ordinal)
                if node is not None:
                    _edge(network, node, nodes[ordinal])
            continue
        present = PartitionSet.of(sorted(above))
        readers: dict[PartitionSet, list[int]] = {}
        for ordinal, node in nodes.items():
            read = dependency.mapping.upstream_of(ordinal, step.partitions, asset.partitions, now) & present
            if read:
                readers.setdefault(read, []).append(node)
        for read, waiting in readers.items():
            sources = [above[each] for each in read]
            if len(sources) * len(waiting) <= len(sources) + len(waiting) + 1:
                for source in sources:
                    for node in waiting:
                        _edge(network, source, node)
            else:
                barrier = _barrier(network)
                for source in sources:
                    _edge(network, source, barrier)
                for node in waiting:
                    _edge(network, barrier, node)


def _barrier(network: Network) -> int:
    network.downstream.append(None)
    network.waits.append(0)
    return len(network.downstream) - 1


def _edge(network: Network, above: int, below: int) -> None:
    found = network.downstream[above]
    if found is None:
        network.downstream[above] = [below]
    else:
        found.append(below)
    network.waits[below] += 1
