"""How many partitions, assets and pipelines stand in which way, counted on by what stands otherwise than before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from weft.model import graph as graphs
from weft.model import keys, plan
from weft.service import world as worlds
from weft.service.asset import asset_views
from weft.service.now import memory

_Statuses = Mapping[keys.AssetKey, plan.AssetStatus]


@dataclass(slots=True, kw_only=True)
class Counts:
    """Partitions by status; assets and pipelines by the one word for each. What is not made here is not counted."""

    graph: graphs.Graph
    statuses: _Statuses = field(default_factory=dict)
    """What was counted."""
    partitions: Counter[str] = field(default_factory=Counter)
    assets: Counter[str] = field(default_factory=Counter)
    pipelines: Counter[str] = field(default_factory=Counter)
    due_soon: int = 0

    @property
    def of_assets(self) -> dict[str, int]:
        """How many assets there are of each word."""
        return {word: count for word, count in self.assets.items() if count}

    @property
    def of_pipelines(self) -> dict[str, int]:
        """How many pipelines there are of each word."""
        return {word: count for word, count in self.pipelines.items() if count}

    def add(self, name: keys.AssetKey, status: plan.AssetStatus, sign: int) -> None:
        """Count an asset or pipeline, or with a `sign` of -1 count it no more."""
        asset = self.graph.assets.get(name)
        if asset is not None and asset_views.kind_of(asset) == "external":
            return
        (self.pipelines if asset is None else self.assets)[status.status] += sign
        for word, ordinals in status.by_status.items():
            self.partitions[word] += sign * len(ordinals)
        self.due_soon += sign * (status.freshness == "due_soon")


def counted(remembered: memory.Memory, world: worlds.World, statuses: _Statuses) -> Counts:
    """Count all; only what stands otherwise than the last time costs more than a look."""
    last: list[Counts] = remembered.of("counts", None, list)
    before = last[0] if last else None
    if before is not None and before.statuses is statuses:
        return before
    if before is None or before.graph is not world.graph or before.statuses.keys() != statuses.keys():
        before = Counts(graph=world.graph)
    made = Counts(
        graph=world.graph,
        statuses=statuses,
        partitions=before.partitions.copy(),
        assets=before.assets.copy(),
        pipelines=before.pipelines.copy(),
        due_soon=before.due_soon,
    )
    known = before.statuses
    for name, status in statuses.items():
        old = known.get(name)
        if old is status:
            continue
        if old is not None:
            made.add(name, old, -1)
        made.add(name, status, 1)
    last[:] = [made]
    return made
