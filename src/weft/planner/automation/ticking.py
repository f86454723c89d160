"""All conditions of a graph, evaluated again only where something they look at has changed.

Theory of operation. A condition looks at its own asset, at what its step reads, at time (it says when that may matter),
and at what is asked for above it in the same moment. So a turn evaluates those whose asset or inputs changed, those
whose time has come, and, going down in topological order, those below an asset of which something else is asked for
than before. All others stand as they are. What comes out is what evaluating everything would give (a property test
holds that), and the cost follows the changes.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping
from datetime import datetime

from weft.model import automations, keys
from weft.model import graph as graphs
from weft.planner.automation import operands


class Ticking:
    """The conditions of one graph, with what each came to last."""

    def __init__(self, graph: graphs.Graph) -> None:
        """Know the conditions of `graph`; nothing is evaluated yet."""
        self._graph = graph
        self.conditions: Mapping[keys.AssetKey, automations.AssetAutomation] = {
            each.asset: each
            for each in graph.automations.values()
            if isinstance(each, automations.AssetAutomation) and each.asset in graph.assets
        }
        self.results: dict[keys.AssetKey, operands.Result] = {}
        self.asking: dict[keys.AssetKey, None] = {}
        """The assets of which something is asked for."""
        self._rank = {
            asset: (graph.rank[graph.assets[asset].step or ""], place) for place, asset in enumerate(self.conditions)
        }
        self._by_rank = {rank: asset for asset, rank in self._rank.items()}
        self._wakes: list[tuple[datetime, keys.AssetKey]] = []
        self.evaluated = 0
        """How many conditions the last turn evaluated."""

    @property
    def relevant(self) -> frozenset[keys.AssetKey]:
        """The assets that conditions look at."""
        found = set(self.conditions)
        for asset in self.conditions:
            found.update(self._graph.upstream(asset))
        return frozenset(found)

    def next_wake(self) -> datetime | None:
        """When the next condition may come out otherwise by time alone."""
        return self._wakes[0][0] if self._wakes else None

    def turn(self, known: operands.Known, changed: Collection[keys.AssetKey] | None, now: datetime) -> None:
        """Evaluate what the assets that `changed` (None: all) and the time ask for; `results` and `asking` say more."""
        waiting: list[tuple[int, int]] = []
        noted: set[keys.AssetKey] = set()

        def note(asset: keys.AssetKey) -> None:
            if asset in self._rank and asset not in noted:
                noted.add(asset)
                heapq.heappush(waiting, self._rank[asset])

        while self._wakes and self._wakes[0][0] <= now:
            note(heapq.heappop(self._wakes)[1])
        for asset in self.conditions if changed is None else changed:
            note(asset)
            for below in self._below(asset) if changed is not None else ():
                note(below)
        above = {asset: self.results[asset].passed_on for asset in self.asking}
        self.evaluated = len(noted)
        while waiting:
            asset = self._by_rank[heapq.heappop(waiting)]
            before = self.results.get(asset)
            found = operands.evaluate(known, self.conditions[asset], now, above)
            self.results[asset] = found
            if found.asks:
                self.asking[asset] = None
                above[asset] = found.passed_on
            else:
                self.asking.pop(asset, None)
                above.pop(asset, None)
            if found.wakes is not None and (before is None or before.wakes != found.wakes or before.wakes <= now):
                heapq.heappush(self._wakes, (found.wakes, asset))
            if found.passed_on != (before.passed_on if before is not None else operands.EMPTY):
                for below in self._below(asset):
                    if below not in noted:
                        self.evaluated += 1
                    note(below)

    def _below(self, asset: keys.AssetKey) -> list[keys.AssetKey]:
        return (
            [below for below in self._graph.downstream(asset) if below in self._rank]
            if asset in self._graph.assets
            else []
        )
