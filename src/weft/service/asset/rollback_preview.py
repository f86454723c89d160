"""What a rollback would do: which versions the pointers move between, and how much below becomes stale by it."""

from __future__ import annotations

from collections.abc import Mapping

from weft.model import keys, partition_set
from weft.model.partitions import writing
from weft.planner import evaluation
from weft.planner import found as findings
from weft.planner import planning as planner
from weft.service import views
from weft.service import world as worlds
from weft.service.asset import asset_views, correcting, observing
from weft.service.plan import planning

PartitionSet = partition_set.PartitionSet
_EMPTY = PartitionSet.empty()
_MOST_TEXT = 500


class BecomesStale(views.View, frozen=True, kw_only=True):
    """An asset, or pipeline, below of which `count` partitions are stale only once the pointers have moved.

    `partitions` are written as `--partitions` takes them; None without partitions, or where they are too scattered.
    """

    asset: str
    partitions: str | None
    count: int


class RollbackPreview(views.View, frozen=True, kw_only=True):
    """What would move, and what becomes stale by that, near ones first. Nothing has changed."""

    items: list[correcting.Correction]
    stale: list[BecomesStale]


def preview(world: worlds.World, asset: keys.AssetKey, chosen: str | None, to: str) -> RollbackPreview:
    """Work a rollback out, and what follows from it, and write nothing.

    Raises:
        UsageError: there is no such version, or it cannot be pointed to.
    """
    worked = correcting.worked_rollback(world, asset, chosen, to, note="")
    graph, now = world.planned, world.clock.now()
    ask = planning.Ask(selection=f"{asset_views.selection_of(asset)}+")
    request = planning.request_of(world, ask, pipelines=True)
    observed = correcting.changeable(observing.observe(world, request.assets), [asset])
    wanted = planner.wanted_partitions(graph, now, request, observed)
    before = _due(evaluation.evaluate(graph, observed, now, wanted), wanted)
    correcting.point_as(world, observed, worked)
    after = _due(evaluation.evaluate(graph, observed, now, wanted), wanted)
    found = []
    for name in sorted(wanted, key=lambda each: (graph.rank.get(graph.assets[each].step or "", 0), each)):
        stale = after.get(name, _EMPTY) - before.get(name, _EMPTY)
        if name == asset or not stale:
            continue
        definition = graph.assets[name].partitions
        text = writing.write_selection(stale, definition) if definition is not None else None
        found.append(
            BecomesStale(
                asset=name,
                partitions=text if text is not None and len(text) <= _MOST_TEXT else None,
                count=len(stale),
            )
        )
    return RollbackPreview(items=worked.corrections, stale=found)


def _due(found: findings.Evaluation, wanted: Mapping[keys.AssetKey, PartitionSet]) -> dict[keys.AssetKey, PartitionSet]:
    due = {}
    for standing in found.standings.values():
        for name in standing.own:
            due[name] = (standing.due | standing.undecided) & wanted.get(name, _EMPTY)
    return due
