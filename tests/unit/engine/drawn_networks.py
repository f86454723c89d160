"""Random networks, with the edges that they should have: every pair looked at, no barriers."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from weft.engine import network
from weft.model import graph, partition_set, plan
from weft.testing import simulator

NOW = simulator.START


@dataclass(kw_only=True)
class Drawn:
    """A network, and what it should say."""

    graph: graph.Graph
    steps: tuple[plan.PlanStep, ...]
    network: network.Network
    upstream: dict[int, set[int]]
    """The nodes that each node waits for, computed pair by pair."""
    names: dict[tuple[str, str | None], int] = field(default_factory=dict)


def draw(seed: int, *, plain: bool = False, most: int = 6) -> Drawn:
    """A network of up to `most` steps, of which the plan leaves some partitions out."""
    dice = random.Random(seed)
    made = simulator.draw_graph(dice, plain=plain, most=most)
    steps = made.steps
    lines: list[plan.PlanStep] = []
    for step in made.order:
        definition = steps[step].partitions
        universe = [0] if definition is None else list(definition.universe(NOW))
        chosen = [each for each in universe if dice.random() < 0.85]
        cut = dice.randint(0, len(chosen)) if dice.random() < 0.3 else 0
        for part, run_if in ((chosen[:cut], "always"), (chosen[cut:], dice.choice(("always", "inputs_changed")))):
            if part:
                lines.append(_line(steps[step], part, run_if))
    built = network.build(lines, made, NOW)
    found = Drawn(graph=made, steps=tuple(lines), network=built, upstream={})
    _name(found)
    _connect(found)
    return found


def _line(step: graph.Step, ordinals: list[int], run_if: str) -> plan.PlanStep:
    return plan.PlanStep(
        step=step.key,
        outputs=step.outputs,
        ordinals=partition_set.PartitionSet.of(ordinals),
        fingerprint=step.partitions.fingerprint if step.partitions is not None else "",
        partitioned=step.partitions is not None,
        status="stale",
        run_if=run_if,  # type: ignore[arg-type]
        causes=(),
        estimate_seconds=0.0,
        code="c",
    )


def _name(drawn: Drawn) -> None:
    node = 0
    for line in drawn.steps:
        definition = drawn.graph.steps[line.step].partitions
        for ordinal in line.ordinals:
            drawn.names[line.step, None if definition is None else definition.key(ordinal)] = node
            node += 1


def _connect(drawn: Drawn) -> None:
    for (step_key, key), node in drawn.names.items():
        step = drawn.graph.steps[step_key]
        ordinal = 0 if key is None else step.partitions.ordinal(key)
        drawn.upstream[node] = set()
        for dependency in step.dependencies:
            definition = drawn.graph.assets[dependency.asset].partitions
            for read in dependency.mapping.upstream_of(ordinal, step.partitions, definition, NOW):
                above = (
                    drawn.graph.assets[dependency.asset].step,
                    None if definition is None else definition.key(read),
                )
                if above in drawn.names:
                    drawn.upstream[node].add(drawn.names[above])
