"""The edges of a network against every pair of its nodes looked at one by one."""

from __future__ import annotations

from drawn_networks import NOW, Drawn, draw
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.engine import network
from weft.model import graph, partition_set, partitions, plan


def above(built: network.Network) -> dict[int, set[int]]:
    """The nodes that each node waits for, barriers resolved to what stands before them."""
    into: dict[int, set[int]] = {node: set() for node in range(built.size)}
    for node, below in enumerate(built.downstream):
        for each in below or ():
            into[each].add(node)

    def resolved(node: int) -> set[int]:
        found: set[int] = set()
        for each in into[node]:
            found |= resolved(each) if built.bodiless(each) else {each}
        return found

    return {node: resolved(node) for node in range(built.size) if not built.bodiless(node)}


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 2**32))
def test_a_node_waits_for_exactly_the_partitions_that_it_reads(seed: int) -> None:
    drawn: Drawn = draw(seed, plain=True)
    assert above(drawn.network) == drawn.upstream


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_waits_count_the_edges_that_come_in(seed: int) -> None:
    built = draw(seed, plain=True).network
    incoming = [0] * len(built.downstream)
    for below in built.downstream:
        for each in below or ():
            incoming[each] += 1
    assert list(built.waits) == incoming


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_each_node_is_found_by_its_step_and_ordinal(seed: int) -> None:
    drawn = draw(seed, plain=True)
    assert drawn.network.bodies == len(drawn.names)
    for (step, key), node in drawn.names.items():
        definition = drawn.graph.steps[step].partitions
        ordinal = 0 if key is None else definition.ordinal(key)
        assert drawn.network.node(step, ordinal) == node
        assert (drawn.network.line_of(node).step, drawn.network.ordinal_of(node)) == (step, ordinal)
    assert drawn.network.node("s0", 10_000) is None
    assert drawn.network.node("no such step", 0) is None


def test_where_many_wait_for_the_same_many_a_barrier_saves_the_edges() -> None:
    many = partitions.StaticPartitions([f"k{number}" for number in range(300)])
    made = graph.Graph(
        assets={key: graph.Asset(key=key, step=key, partitions=many) for key in ("up", "down")},
        steps={
            "up": graph.Step(key="up", outputs=("up",), partitions=many),
            "down": graph.Step(
                key="down",
                outputs=("down",),
                partitions=many,
                dependencies=(graph.Dependency(asset="up", mapping=partitions.AllMapping()),),
            ),
        },
    )
    lines = [
        plan.PlanStep(
            step=key,
            outputs=(key,),
            ordinals=partition_set.PartitionSet.range(0, 300),
            fingerprint="",
            partitioned=True,
            status="stale",
            run_if="always",
            causes=(),
            estimate_seconds=0.0,
            code="",
        )
        for key in ("up", "down")
    ]
    built = network.build(lines, made, NOW)
    assert sum(len(below or ()) for below in built.downstream) == 600
    assert built.size == built.bodies + 1
    assert above(built)[built.node("down", 7)] == set(range(300))
