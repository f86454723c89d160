"""What a plan leaves out that whoever asked for it may not expect: pipelines that are due, or never are."""

from __future__ import annotations

from collections.abc import Mapping

from weft.model import keys, plan
from weft.service import world as worlds
from weft.service.pipeline import pipeline_applying
from weft.service.plan import planning

_DUE = frozenset({"missing", "failed", "stale"})


def hints(world: worlds.World, made: plan.Plan) -> list[str]:
    """Sentences to tell below a plan; none where it leaves nothing out."""
    if not world.graph.pipelines:
        return []
    if made.request.selection is None:
        return _of_all(world)
    planned = {line.step for line in made.steps}
    selected = [name for name in made.request.assets if name in world.graph.pipelines]
    found = [_never_due(world, name) for name in selected if name not in planned]
    return [each for each in found if each] + _above(world, made, planned.union(selected))


def _of_all(world: worlds.World) -> list[str]:
    statuses = planning.statuses(world, list(world.graph.pipelines))
    due = {name: _count(each) for name, each in statuses.items() if _count(each)}
    if not due:
        return []
    count = sum(due.values())
    intervals = "1 interval" if count == 1 else f"{count:,} intervals"
    if len(due) == 1:
        name = next(iter(due))
        return [f"The pipeline {name} has {intervals} to run: `weft plan {name}` shows them."]
    return [f"{len(due)} pipelines have {intervals} to run: `weft plan kind:pipeline` shows them."]


def _never_due(world: worlds.World, name: str) -> str:
    pipeline = world.graph.pipelines[name]
    if pipeline.partitions is not None or (pipeline.schedule is not None and pipeline.schedule.assets):
        return ""
    why = "no start_date" if pipeline.schedule is not None else "no schedule"
    return f"{name} has {why}, so it is never due: `weft run {name}` runs it."


def _above(world: worlds.World, made: plan.Plan, known: set[str]) -> list[str]:
    """Pipelines that are not in the plan, but make what is above the selection and are due themselves."""
    makers: dict[str, keys.AssetKey] = {}
    for asset in made.request.assets:
        for above in sorted(pipeline_applying.above(world.planned, asset)):
            found = world.graph.assets.get(above)
            if found is not None and found.made_by in world.graph.pipelines and found.made_by not in known:
                makers.setdefault(str(found.made_by), above)
    if not makers:
        return []
    statuses = planning.statuses(world, [*makers, *makers.values()])
    return [told for name, asset in makers.items() if (told := _due_above(world, name, asset, statuses))]


def _due_above(
    world: worlds.World, name: str, asset: keys.AssetKey, statuses: Mapping[keys.AssetKey, plan.AssetStatus]
) -> str:
    if world.graph.pipelines[name].partitions is None:
        if statuses[asset].last_success is not None:
            return ""
        return f"{asset} is made by the pipeline {name}, which has not made it yet: `weft run {name}`."
    count = _count(statuses[name])
    if not count:
        return ""
    intervals = "1 interval" if count == 1 else f"{count:,} intervals"
    return f"{asset} is made by the pipeline {name}, which has {intervals} to run: `weft plan {name}`."


def _count(status: plan.AssetStatus) -> int:
    """How many intervals of a pipeline are to run."""
    if not status.partitioned:
        return 0
    return sum(len(ordinals) for word, ordinals in status.by_status.items() if word in _DUE)
