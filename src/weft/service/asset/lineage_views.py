"""What is made from what, as nodes and edges: assets, and the pipelines that read or make them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from weft.model import keys, plan
from weft.service import views
from weft.service import world as worlds
from weft.service.asset import asset_views, mini_strips
from weft.service.plan import planning
from weft.service.server import standings

MOST_NODES = 20_000


class NodeView(views.View, frozen=True, kw_only=True):
    """An asset or a pipeline. `rank` is its place in an order in which each comes after what it is made from."""

    id: str
    """`asset:KEY` or `pipeline:NAME`."""
    name: str
    kind: str
    status: str
    counts: dict[str, int]
    group: str
    owners: list[str]
    kinds: list[str]
    location: str | None
    late: int
    last_success: str | None
    strip: list[tuple[str, int]]
    """The states along its partitions, each over so many of at most 32 columns; none without partitions."""
    rank: int
    has_more: bool
    """Whether it has neighbours that are not shown."""


class EdgeView(views.View, frozen=True, kw_only=True):
    """`to` is made from `from_`, by the mapping of partitions `mapping`."""

    from_: str = msgspec.field(name="from")
    to: str
    mapping: str


class LineageView(views.View, frozen=True, kw_only=True):
    """A part of the graph. `cut`: how many more nodes there would be."""

    nodes: list[NodeView]
    edges: list[EdgeView]
    cut: int


def lineage(
    world: worlds.World,
    known: standings.Standings,
    expression: str | None,
    *,
    up: int = 0,
    down: int = 0,
    most: int = 2000,
    now: datetime,
) -> LineageView:
    """What an expression selects (everything for None), and so many hops above and below it.

    Raises:
        UsageError: the expression is wrong.
    """
    graph = world.graph
    chosen = dict.fromkeys(planning.select(world, expression, pipelines=True))
    if expression is None:
        chosen.update(dict.fromkeys(graph.pipelines))
    above, below = _neighbours(world)
    _grow(chosen, above, up)
    _grow(chosen, below, down)
    shown = list(chosen)[: min(most, MOST_NODES)]
    kept = set(shown)
    statuses = known.all(world, now)
    nodes = [
        _node(world, name, statuses.get(name), rank, has_more=not kept.issuperset((*above[name], *below[name])))
        for rank, name in enumerate(_ordered(shown, above, kept))
    ]
    edges = [
        EdgeView(from_=_id(world, each), to=_id(world, name), mapping=_mapping(world, each, name))
        for name in shown
        for each in above[name]
        if each in kept
    ]
    return LineageView(nodes=nodes, edges=edges, cut=len(chosen) - len(shown))


_Neighbours = Mapping[str, list[str]]


def _neighbours(world: worlds.World) -> tuple[_Neighbours, _Neighbours]:
    """What each asset and pipeline is made from, and what is made from it."""
    graph = world.graph
    above: dict[str, list[str]] = {name: [] for name in (*graph.assets, *graph.pipelines)}
    for key, asset in graph.assets.items():
        above[key] += dict.fromkeys(graph.upstream(key))
        if asset.made_by is not None and asset.made_by in graph.pipelines:
            above[key].append(asset.made_by)
    for name, pipeline in graph.pipelines.items():
        above[name] += [key for key in dict.fromkeys(pipeline.inlets) if key in graph.assets and key not in above[name]]
    below: dict[str, list[str]] = {name: [] for name in above}
    for name, several in above.items():
        for each in several:
            below[each].append(name)
    return above, below


def _grow(chosen: dict[keys.AssetKey, None], neighbours: _Neighbours, hops: int) -> None:
    edge = list(chosen)
    for _ in range(hops):
        edge = [each for name in edge for each in neighbours[name] if each not in chosen]
        if not edge:
            return
        chosen.update(dict.fromkeys(edge))


def _ordered(names: Iterable[str], above: _Neighbours, kept: set[str]) -> list[str]:
    """Each after what it is made from; what lies on a cycle (a pipeline that reads what it makes) as it comes."""
    ordered: dict[str, None] = {}
    for start in names:
        stack = [(start, iter(above[start]))]
        seen = {start}
        while stack:
            name, rest = stack[-1]
            following = next((each for each in rest if each in kept and each not in ordered and each not in seen), None)
            if following is None:
                ordered.setdefault(name)
                stack.pop()
            else:
                seen.add(following)
                stack.append((following, iter(above[following])))
    return list(ordered)


def _id(world: worlds.World, name: str) -> str:
    return f"asset:{name}" if name in world.graph.assets else f"pipeline:{name}"


def _node(world: worlds.World, name: str, status: plan.AssetStatus | None, rank: int, *, has_more: bool) -> NodeView:
    asset = world.graph.assets.get(name)
    pipeline = world.graph.pipelines.get(name)
    identifier = _id(world, name)
    if asset is not None:
        kind, group, owners = asset_views.kind_of(asset), asset.group, asset.owners
    elif pipeline is not None:
        kind, group, owners = pipeline.kind, "", pipeline.owners
    else:
        kind, group, owners = "", "", ()
    return NodeView(
        id=identifier,
        name=name,
        kind=kind,
        status=status.status if status is not None else "",
        counts={word: len(ordinals) for word, ordinals in status.by_status.items()} if status is not None else {},
        group=group,
        owners=list(owners),
        kinds=list(asset.kinds) if asset is not None else [],
        location=world.locations.get(identifier),
        late=len(status.late) if status is not None else 0,
        last_success=views.time_of(status.last_success) if status is not None else None,
        strip=mini_strips.mini(status) if status is not None else [],
        rank=rank,
        has_more=has_more,
    )


def _mapping(world: worlds.World, above: str, name: str) -> str:
    asset = world.graph.assets.get(name)
    step = world.graph.steps.get(asset.step) if asset is not None and asset.step is not None else None
    if step is None:
        return ""
    return next((type(each.mapping).__name__ for each in step.dependencies if each.asset == above), "")
