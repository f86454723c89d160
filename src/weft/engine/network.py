"""The network of a run: its step runs as numbers, and which wait for which.

Every step run is a *node*: a (step, partition) of a plan, a (step, item) of a pipeline. Nodes of one line are numbered
consecutively. Some nodes have no body and are done by the engine itself:

- Where many nodes wait for the same many, as in "all partitions", a *barrier* stands between them, so that edges add
  up instead of multiplying.
- Behind the items of a mapped step stands a *join*, before it is known how many there are.
- A *gate* holds a node back besides its trigger rule: it opens when what is above the gate went well.

A network grows while its run goes on: by the items of a mapped step, by the calls of a flow.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from weft.engine import rules
from weft.model import graph as graphs
from weft.model import keys, partition_set, pipelines, plan, policies

PartitionSet = partition_set.PartitionSet

BODILESS, GATE, SETUP = 1, 2, 4
"""Marks of a node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Step runs of one step within the network: nodes `base` to before `base + count`.

    They are the partitions `ordinals` of a step that makes assets, or the `items` of a task. A line of kind "fan" is
    one node that finds out how many items there are; of a mapped group it stands for all its steps.
    """

    step: keys.StepKey
    outputs: tuple[keys.AssetKey, ...] = ()
    base: int = 0
    ordinals: Sequence[int]
    conditional: bool = False
    recorded: bool = False
    code: str = ""
    policies: policies.Policies
    partitioned: bool = False
    items: Sequence[str] = ()
    rule: pipelines.TriggerRule = "all_success"
    kind: Literal["step", "fan"] = "step"
    pools: tuple[tuple[str, int], ...] = ()
    """The pools that each of them takes slots of, and how many."""
    group: str = ""
    role: str = ""

    @property
    def count(self) -> int:
        """How many nodes it has."""
        return len(self.ordinals)


@dataclass(kw_only=True)
class Network:
    """All nodes of a run. `downstream[n]` are the nodes that wait for node n; `waits` says for how many each one waits.

    One that grows belongs to one run.
    """

    lines: list[Line] = field(default_factory=list)
    downstream: list[list[int] | None] = field(default_factory=list)
    waits: array[int] = field(default_factory=lambda: array("i"))
    rules: bytearray = field(default_factory=bytearray)
    marks: bytearray = field(default_factory=bytearray)
    gated: dict[int, int] = field(default_factory=dict)
    """How many gates hold a node back."""
    by_step: dict[keys.StepKey, dict[int, int]] = field(default_factory=dict)
    """The nodes of a step that makes assets, by ordinal."""
    bodies: int = 0
    """How many nodes are step runs."""
    ruled: bool = False
    """Whether there is anything else than nodes that wait for the success of all above them."""
    kinds: set[bool] = field(default_factory=set)
    """Whether step runs that it has, or may get, need a worker of their own (see `is_exclusive`)."""
    pipeline: pipelines.Pipeline | None = None
    capacities: dict[str, int] = field(default_factory=dict)
    """Slots of the pools that the pipeline itself makes: of the whole run, and of tags."""
    first: dict[keys.StepKey, int] = field(default_factory=dict)
    """The node of each step of the pipeline: its only one, or the one that fans out."""
    joins: dict[keys.StepKey, int] = field(default_factory=dict)
    spans: dict[keys.StepKey, tuple[int, int]] = field(default_factory=dict)
    """The first item and their number, of each mapped step that is expanded."""
    below: Mapping[keys.StepKey, Mapping[keys.StepKey, bool]] = field(default_factory=dict)
    """The steps directly below each step of the pipeline, and whether they are so item by item."""
    indirect_setups: Mapping[keys.StepKey, tuple[keys.StepKey, ...]] = field(default_factory=dict)
    _bases: list[int] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many nodes there are, with and without a body."""
        return len(self.downstream)

    def bodiless(self, node: int) -> bool:
        """Whether a node is no step run."""
        return bool(self.marks[node] & BODILESS)

    def line_of(self, node: int) -> Line:
        """The line that a node belongs to."""
        return self.lines[bisect_right(self._bases, node) - 1]

    def ordinal_of(self, node: int) -> int:
        """The ordinal of a node's partition, 0 for a step without partitions."""
        line = self.line_of(node)
        return line.ordinals[node - line.base]

    def item_of(self, node: int) -> str:
        """The item of a task's node, "" for one that has none."""
        line = self.line_of(node)
        return line.items[node - line.base] if line.items else ""

    def node(self, step: keys.StepKey, ordinal: int) -> int | None:
        """The node of a step's partition, None where the run has none."""
        return self.by_step.get(step, {}).get(ordinal)

    def node_at(self, step: keys.StepKey, item: str) -> int | None:
        """The node of an item of a pipeline's step, None where the run has none (yet).

        Item "" is the step itself: the only node of a plain one, the fan node of a mapped one.
        """
        if not item:
            return self.first.get(step)
        base, count = self.spans.get(step, (0, 0))
        place = int(item) if item.isdecimal() else count
        return base + place if place < count else None

    def append(self, line: Line) -> int:
        """Add the nodes of a line; returns the first."""
        base = len(self.downstream)
        self.lines.append(line if line.base == base else replace(line, base=base))
        self._bases.append(base)
        code = rules.CODES[line.rule]
        self._grow(line.count, code, SETUP if line.role == "setup" else 0)
        self.bodies += line.count
        self.ruled = self.ruled or code != rules.ALL_SUCCESS
        self.kinds.add(is_exclusive(line.policies))
        return base

    def append_bodiless(self, code: int, marks: int = 0) -> int:
        """Add a node that the engine does by itself."""
        self._grow(1, code, BODILESS | marks)
        self.ruled = self.ruled or code != rules.ALL_SUCCESS or bool(marks)
        return len(self.downstream) - 1

    def edge(self, above: int, below: int) -> None:
        """Let a node wait for another."""
        found = self.downstream[above]
        if found is None:
            self.downstream[above] = [below]
        else:
            found.append(below)
        self.waits[below] += 1

    def gate(self, code: int, below: int) -> int:
        """Add a gate before a node."""
        found = self.append_bodiless(code, GATE)
        self.downstream[found] = [below]
        self.gated[below] = self.gated.get(below, 0) + 1
        return found

    def _grow(self, count: int, code: int, marks: int) -> None:
        self.downstream.extend([None] * count)
        self.waits.frombytes(bytes(self.waits.itemsize * count))
        self.rules.extend(bytes((code,)) * count)
        self.marks.extend(bytes((marks,)) * count)


def is_exclusive(rules_of: policies.Policies) -> bool:
    """Whether a step run needs a worker of its own."""
    return rules_of.timeout is not None or rules_of.at_most_once


def pools_of(rules_of: policies.Policies) -> tuple[tuple[str, int], ...]:
    """The pools that a step's policies name, with the slots that it takes of each."""
    return tuple((pool, rules_of.slots) for pool in dict.fromkeys(rules_of.pools))


def line(
    step: keys.StepKey,
    *,
    policies: policies.Policies,
    items: Sequence[str] = ("",),
    code: str = "",
    outputs: tuple[keys.AssetKey, ...] = (),
    rule: pipelines.TriggerRule = "all_success",
    role: str = "",
    group: str = "",
    kind: Literal["step", "fan"] = "step",
    pools: tuple[tuple[str, int], ...] | None = None,
) -> Line:
    """A line of tasks, one step run for each of `items`; `append` gives it its place.

    Without `pools` they are those of the policies.
    """
    return Line(
        step=step,
        outputs=outputs,
        ordinals=range(len(items)),
        code=code,
        policies=policies,
        items=items,
        rule=rule,
        role=role,
        group=group,
        kind=kind,
        pools=pools_of(policies) if pools is None else pools,
    )


def build(steps: Iterable[plan.PlanStep], graph: graphs.Graph, now: datetime) -> Network:
    """Number the step runs of a plan and find which wait for which."""
    network = Network()
    for each in steps:
        step = graph.steps[each.step]
        ordinals = list(each.ordinals)
        base = network.append(
            Line(
                step=each.step,
                outputs=each.outputs,
                base=network.size,
                ordinals=ordinals,
                conditional=each.run_if == "inputs_changed",
                recorded=each.baseline == "recorded",
                code=each.code,
                policies=step.policies,
                partitioned=each.partitioned,
                pools=pools_of(step.policies),
            )
        )
        network.by_step.setdefault(each.step, {}).update(zip(ordinals, range(base, base + len(ordinals)), strict=True))
    for step_key in network.by_step:
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
                    network.edge(node, nodes[ordinal])
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
                        network.edge(source, node)
            else:
                barrier = network.append_bodiless(rules.ALL_SUCCESS)
                for source in sources:
                    network.edge(source, barrier)
                for node in waiting:
                    network.edge(barrier, node)
