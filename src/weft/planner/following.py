"""Where a trouble leads: from where it began down through everything that is due or held, and what its repair mends.

A hit is *mended* if all that it waits for lies within the trouble: then the repair makes it fresh, and else it would
drag along what has nothing to do with it, such as years that were never made.

A large graph is walked dozens of times for one answer. So what a step's neighbours are is looked up once for a graph
(`Ways`), and what of a step stands badly once for all the walks.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from weft.model import graph as graphs
from weft.model import keys, partition_set
from weft.planner import found as findings
from weft.planner import standing as standings

PartitionSet = partition_set.PartitionSet
EMPTY = PartitionSet.empty()
_Sets = dict[keys.StepKey, PartitionSet]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Partitions of an asset that are not right because of a trouble; its repair makes those `mended` fresh."""

    asset: keys.AssetKey
    ordinals: PartitionSet
    mended: PartitionSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """From a step to one that reads of it; where `is_plain`, neither has partitions, and all of one is all of both."""

    producer: keys.StepKey
    reader: graphs.Step
    dependency: graphs.Dependency
    is_plain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is next to a step, and its place in the graph's order."""

    rank: int
    below: tuple[Way, ...]
    above: tuple[Way, ...]


Ways = dict[keys.StepKey, Around]


class Following:
    """Follows troubles through what an evaluation found; for as long as that stands."""

    def __init__(self, found: findings.Evaluation, ways: Ways) -> None:
        """Follow through `found`; `ways` is what another one of the same graph came to know."""
        self.found = found
        self.ways = ways
        self._bad: _Sets = {}
        self._open: _Sets = {}

    def reached(self, begun: Mapping[keys.StepKey, PartitionSet], *, is_stale: bool) -> tuple[_Sets, Collection[str]]:
        """What is due or held from where a trouble began downwards, in graph order; and the steps that were looked at.

        What was never made did not become stale.
        """
        order, standing_of = self.found.graph.order, self.found.standings
        reached: _Sets = {}
        done: _Sets = {}
        noted = {each for each in begun if each in standing_of}
        waiting = [self._around(each).rank for each in noted]
        heapq.heapify(waiting)
        while waiting:
            step = order[heapq.heappop(waiting)]
            own = begun.get(step)
            ours = reached.get(step, EMPTY) & self._stands_badly(step)
            if own is not None:
                ours |= own
            if is_stale:
                missing = standing_of[step].missing
                if missing:
                    ours -= missing if own is None else missing - own
            if not ours:
                continue
            done[step] = ours
            for way in self._around(step).below:
                reader = way.reader.key
                if reader not in standing_of:
                    continue
                down = ours if way.is_plain else self.found.read_by(way.reader, way.dependency, ours)
                before = reached.get(reader)
                reached[reader] = down if before is None else before | down
                if reader not in noted:
                    noted.add(reader)
                    heapq.heappush(waiting, self._around(reader).rank)
        return done, noted

    def mended(self, reached: Mapping[keys.StepKey, PartitionSet], begun: Mapping[keys.StepKey, PartitionSet]) -> _Sets:
        """What of the steps that a trouble reached a plan makes fresh without anything that lies outside of it."""
        standing_of = self.found.standings
        mends: _Sets = {}
        for step, ours in reached.items():
            standing = standing_of[step]
            outside = standing.rejected
            if standing.undecided:
                outside |= standing.undecided - standing.due
            for way in self._around(step).above:
                others = self._is_open(way.producer)
                if others:
                    others -= mends.get(way.producer, EMPTY)
                if others:
                    down = others if way.is_plain else self.found.read_by(way.reader, way.dependency, others)
                    outside |= down - begun.get(step, EMPTY)
            mends[step] = ours - outside if outside else ours
        return mends

    def _stands_badly(self, step: keys.StepKey) -> PartitionSet:
        """What of a step is due, held, or waits for a decision."""
        bad = self._bad.get(step)
        if bad is None:
            bad = self._bad[step] = self._is_open(step) | self.found.standings[step].undecided
        return bad

    def _is_open(self, step: keys.StepKey) -> PartitionSet:
        """What of a step is due or held; nothing of one that is not in the scope."""
        known = self._open.get(step)
        if known is None:
            standing: standings.Standing | None = self.found.standings.get(step)
            known = self._open[step] = standing.due | standing.held if standing is not None else EMPTY
        return known

    def _around(self, step: keys.StepKey) -> Around:
        known = self.ways.get(step)
        if known is None:
            graph = self.found.graph
            made = graph.steps[step]
            below = [
                self._way(step, graph.steps[reader], dependency)
                for output in made.outputs
                for reader in graph.readers.get(output, ())
                for dependency in graph.steps[reader].dependencies
                if dependency.asset == output
            ]
            above = [
                self._way(producer, made, dependency)
                for dependency in made.dependencies
                if (producer := graph.assets[dependency.asset].step) is not None
            ]
            known = self.ways[step] = Around(rank=graph.rank[step], below=tuple(below), above=tuple(above))
        return known

    def _way(self, producer: keys.StepKey, reader: graphs.Step, dependency: graphs.Dependency) -> Way:
        is_plain = reader.partitions is None and self.found.graph.assets[dependency.asset].partitions is None
        return Way(producer=producer, reader=reader, dependency=dependency, is_plain=is_plain)
