"""The verbs `plan`, `status` and `ls`: what is selected, where it stands, what would run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from weft.model import errors, keys, plan, selection
from weft.planner import pipelines as planned
from weft.planner import planning
from weft.ports import garbage
from weft.service import world as worlds
from weft.service.asset import observing
from weft.service.pipeline import explaining


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a user asks to be planned, in their own words.

    `exact` makes exactly what is selected, whatever its state (`materialize`, `--force`). `keep_going` None leaves it
    to the project.
    """

    selection: str | None = None
    partitions: str | None = None
    exact: bool = False
    only_failed: bool = False
    keep_going: bool | None = None
    rebuild_undecided: bool = False


def make_plan(world: worlds.World, ask: Ask, *, now: datetime | None = None) -> plan.Plan:
    """Plan what brings the selection to fresh: assets, and pipelines that it names.

    Raises:
        UsageError: a wrong selection or partition.
    """
    if not world.graph.assets and (ask.selection is None or not world.graph.pipelines):
        names = list(world.graph.pipelines)
        raise errors.UsageError(
            "The project defines no assets, so there is nothing to plan.",
            remedy=f"Pipelines are planned by name: `weft plan {names[0]}`."
            if names
            else "Decorate a function with @asset in its definitions, or give other definitions with -f or -m.",
        )
    with garbage.held():
        request = request_of(world, ask, pipelines=True)
        if world.kept is not None and now is None and _is_plain(request):
            made = world.kept.plan(world, request, world.clock.now())
        else:
            observed = observing.observe(world, request.assets)
            made = planning.make(world.planned, observed, now or world.clock.now(), request)
    return explaining.explained(world, made)


def _is_plain(request: plan.Request) -> bool:
    """Whether a request is about all partitions of what is selected, and about what is not fresh only."""
    return request.partitions is None and not request.exact and not request.rebuild_undecided


def request_of(world: worlds.World, ask: Ask, *, pipelines: bool = False) -> plan.Request:
    """Resolve the words of a request: the selection to assets, what was left open to the project's settings."""
    keep_going = ask.keep_going if ask.keep_going is not None else world.settings.on_failure == "keep_going"
    assets = select(world, ask.selection, pipelines=pipelines)
    if ask.selection is None:
        assets = [asset for asset in assets if world.graph.assets[asset].step is not None]
    elif not assets and not selection.needs_status(ask.selection, world.graph):
        # a status may well hold for nothing today; a name, tag or group that selects nothing is a mistake
        raise errors.UsageError(
            f"The selection {ask.selection!r} selects nothing.",
            remedy="`weft ls` shows names, groups, kinds and owners.",
        )
    return plan.Request(
        assets=tuple(assets),
        selection=ask.selection,
        partitions=ask.partitions,
        exact=ask.exact,
        only_failed=ask.only_failed,
        keep_going=keep_going,
        rebuild_undecided=ask.rebuild_undecided,
    )


def select(world: worlds.World, expression: str | None, *, pipelines: bool = False) -> Sequence[keys.AssetKey]:
    """The assets that an expression selects, in graph order; all of them for None.

    With `pipelines`, also the pipelines that it names (in full, or all of them by `kind:pipeline`), under their names.

    Raises:
        UsageError: the expression is wrong, or names an asset that is not there.
    """
    if expression is None:
        return list(world.graph.assets)
    parsed = selection.parse(expression)
    for leaf in selection.leaves(parsed):
        if isinstance(leaf, selection.Named) and leaf.name in world.graph.jobs and leaf.name not in world.graph.assets:
            raise errors.UsageError(
                f"{leaf.name!r} is a job, not an asset.",
                remedy=f"Select what it selects: job:{leaf.name}; or run it: `weft run {leaf.name}`.",
            )
    graph = planned.included(world.graph, _pipelines_named(world, parsed)) if pipelines else world.graph
    words: Mapping[keys.AssetKey, frozenset[str]] = {}
    if selection.needs_status(parsed):
        words = {asset: each.words for asset, each in statuses(world, list(graph.assets), causes=False).items()}
    return selection.select(parsed, graph, lambda asset: words.get(asset, frozenset()))


def _pipelines_named(world: worlds.World, parsed: selection.Selection) -> set[str]:
    found: set[str] = set()
    for leaf in selection.leaves(parsed):
        names = (leaf.name,) if isinstance(leaf, selection.Named) else leaf.values if leaf.field == "key" else ()
        found.update(each for each in names if each in world.graph.pipelines)
        if isinstance(leaf, selection.Where) and leaf.field == "kind" and planned.KIND in leaf.values:
            return set(world.graph.pipelines)
    return found


def statuses(
    world: worlds.World, assets: Sequence[keys.AssetKey], *, now: datetime | None = None, causes: bool = True
) -> Mapping[keys.AssetKey, plan.AssetStatus]:
    """Where each of these assets (or pipelines) stands; a process that keeps them need not tell `causes`."""
    if world.kept is not None:
        return world.kept.several(world, assets, now or world.clock.now(), causes=causes)
    observed = observing.observe(world, assets)
    return planning.status(world.planned, observed, now or world.clock.now(), assets)
