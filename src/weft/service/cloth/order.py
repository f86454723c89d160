"""The order of the threads: producers before what is made of them, each group in one piece."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from weft.model import graph as graphs
from weft.model import keys


def ordered(graph: graphs.Graph, chosen: Iterable[keys.AssetKey]) -> list[keys.AssetKey]:
    """Assets and pipelines (stand-ins) of a planned graph in the order in which they stand below each other.

    Groups come by the mean place of what is in them, so that those that feed others stand above them; within a group
    each comes after what it is made from. What nothing makes stands where it is read first; what belongs to no group
    comes last.
    """
    places = {each: _place(graph, each) for each in chosen}
    sums: dict[str, tuple[float, int]] = {}
    groups = {each: group_of(graph, each) for each in places}
    for each, place in places.items():
        total, count = sums.get(groups[each], (0.0, 0))
        sums[groups[each]] = total + place, count + 1
    mean: Mapping[str, float] = {group: total / count for group, (total, count) in sums.items()}
    return sorted(places, key=lambda each: (not groups[each], mean[groups[each]], groups[each], places[each], each))


def group_of(graph: graphs.Graph, name: keys.AssetKey) -> str:
    """The group of an asset; of a pipeline that of what it makes, or reads, where there is any."""
    asset = graph.assets[name]
    pipeline = graph.pipelines.get(name)
    if asset.group or pipeline is None:
        return asset.group
    near = (graph.assets[each].group for each in (*pipeline.outlets, *pipeline.inlets) if each in graph.assets)
    return next((group for group in near if group), "")


def _place(graph: graphs.Graph, name: keys.AssetKey) -> float:
    step = graph.assets[name].step
    if step is not None:
        return float(graph.rank[step])
    readers = [graph.rank[each] for each in graph.readers.get(name, ())]
    return min(readers) - 0.5 if readers else float(len(graph.order))
