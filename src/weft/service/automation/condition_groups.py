"""What conditions ask for in one turn, in groups that are one execution each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from weft.model import columns as columns_model
from weft.model import graph as graphs
from weft.model import keys, partition_set
from weft.planner import found as findings
from weft.planner import scope as scopes
from weft.planner.automation import operands
from weft.ports import clock as clocks

PartitionSet = partition_set.PartitionSet
MOST_GROUPS = 20
"""More groups than this in one turn are asked for together: one plan takes less than many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Assets that are asked for together, with what is asked for of each."""

    asks: Mapping[keys.AssetKey, PartitionSet]
    forced: bool = False


def grouped(graph: graphs.Graph, results: Iterable[operands.Result]) -> list[Group]:
    """Group what is asked for: assets that read each other together, what is forced by itself; or all in one plan."""
    asks: dict[keys.AssetKey, PartitionSet] = {}
    groups: list[Group] = []
    for result in results:
        if result.forced:
            groups.append(Group(asks={result.asset: result.forced}, forced=True))
        if result.passed_on:
            asks[result.asset] = result.passed_on
    root = {asset: asset for asset in asks}

    def root_of(asset: keys.AssetKey) -> keys.AssetKey:
        while root[asset] != asset:
            root[asset] = root[root[asset]]
            asset = root[asset]
        return asset

    for asset in asks:
        for above in graph.upstream(asset):
            if above in asks:
                root[root_of(asset)] = root_of(above)
    together: dict[keys.AssetKey, dict[keys.AssetKey, PartitionSet]] = {}
    for asset, ordinals in asks.items():
        together.setdefault(root_of(asset), {})[asset] = ordinals
    groups += [Group(asks=each) for each in together.values()]
    if len(groups) <= MOST_GROUPS:
        return groups
    return [
        Group(asks={asset: ordinals for each in some for asset, ordinals in each.asks.items()}, forced=forced)
        for forced in (True, False)
        if (some := [each for each in groups if each.forced is forced])
    ]


def with_above(
    graph: graphs.Graph, asks: Mapping[keys.AssetKey, PartitionSet], now: datetime
) -> Mapping[keys.AssetKey, PartitionSet]:
    """What is asked for, with every partition that it is made from."""
    nothing = columns_model.Observed(columns={}, manifests={}, seconds={}, reserved={})
    evaluation = findings.Evaluation(graph=graph, observed=nothing, now=now, selected=frozenset(asks), standings={})
    found: dict[keys.AssetKey, PartitionSet] = {}
    for step, (outputs, ordinals) in scopes.find(evaluation, asks, {}, exact=False).items():
        for asset in outputs if graph.steps[step].subsettable else graph.steps[step].outputs:
            found[asset] = ordinals
    return found


def only(result: operands.Result, ordinals: PartitionSet) -> operands.Result:
    """A result that asks for these partitions alone."""
    return replace(
        result,
        asks=ordinals,
        forced=result.forced & ordinals,
        signatures={each: signed for each, signed in result.signatures.items() if each in ordinals},
    )


def mark(graph: graphs.Graph, asset: keys.AssetKey) -> str:
    """The fingerprint of an asset's partitions, "" where it has none."""
    divided = graph.assets[asset].partitions
    return divided.fingerprint if divided is not None else ""


def tick(result: operands.Result, moment: int) -> str:
    """The tick of a decision: the moment, and what was asked for under which signatures."""
    hashed = hashlib.blake2b(digest_size=6)
    for ordinal, signed in sorted(result.signatures.items()):
        hashed.update(ordinal.to_bytes(8, "little") + signed.to_bytes(8, "little"))
    return f"{clocks.moment(moment).isoformat()} {hashed.hexdigest()}"
