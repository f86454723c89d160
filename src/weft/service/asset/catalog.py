"""The catalog: assets filtered by what they are and where they stand, in several orders, and counted by each filter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

from weft.model import graph as graphs
from weft.model import keys, plan
from weft.service import views
from weft.service import world as worlds

Order = Literal["key", "group", "status", "made"]
MOST_VALUES = 200
"""So many values of a facet are told; the rest is counted only."""


class Filters(views.View, frozen=True, kw_only=True):
    """Which values an asset may have, one of each list that is not empty. `tag` is `name=value`, or `name` without one.

    A `status` is that of some partition, as `status:` in a selection.
    """

    status: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    location: tuple[str, ...] = ()


class FacetValue(views.View, frozen=True, kw_only=True):
    """How many assets have a value."""

    value: str
    count: int


class FacetsView(views.View, frozen=True, kw_only=True):
    """How many assets match, and how many would with one value of a filter in place of those that are set for it."""

    total: int
    status: list[FacetValue]
    group: list[FacetValue]
    owner: list[FacetValue]
    kind: list[FacetValue]
    tag: list[FacetValue]
    location: list[FacetValue]
    cut: list[str]
    """The facets with more values than are told."""


_Statuses = Mapping[keys.AssetKey, plan.AssetStatus]


def matching(
    world: worlds.World, statuses: _Statuses, chosen: Iterable[keys.AssetKey], filters: Filters
) -> list[keys.AssetKey]:
    """Those of the assets that match."""
    wanted = _wanted(filters)
    if not wanted:
        return list(chosen)
    return [
        key
        for key in chosen
        if all(not accepted.isdisjoint(_VALUES[name](world, key, statuses)) for name, accepted in wanted.items())
    ]


def facets(world: worlds.World, statuses: _Statuses, chosen: Iterable[keys.AssetKey], filters: Filters) -> FacetsView:
    """Count the assets by each filter's values; in each count the other filters hold."""
    wanted = _wanted(filters)
    counted: dict[str, Counter[str]] = {name: Counter() for name in _VALUES}
    total = 0
    for key in chosen:
        values = {name: read(world, key, statuses) for name, read in _VALUES.items()}
        against = [name for name, accepted in wanted.items() if accepted.isdisjoint(values[name])]
        total += not against
        if len(against) > 1:
            continue
        for name in against or _VALUES:
            counted[name].update(values[name])
    return FacetsView(
        total=total,
        cut=[name for name, counts in counted.items() if len(counts) > MOST_VALUES],
        **{name: _told(name, counts, wanted.get(name, frozenset())) for name, counts in counted.items()},
    )


def place_of(world: worlds.World, statuses: _Statuses, order: Order) -> Callable[[keys.AssetKey], str]:
    """What to sort assets by: texts that differ for all assets. `status`: the most urgent first; `made`: the latest."""
    match order:
        case "key":
            return lambda key: key
        case "group":
            return lambda key: f"{world.graph.assets[key].group}\0{key}"
        case "status":
            ranks = {word: f"{rank:02}" for rank, word in enumerate(plan.STATUSES)}
            return lambda key: f"{ranks[statuses[key].status]}\0{key}"
        case "made":
            return lambda key: f"{_age(statuses[key].last_success):020}\0{key}"


def _age(made: datetime | None) -> int:
    return 10**19 if made is None else 10**18 - int((made - _EPOCH).total_seconds() * 1e6)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _wanted(filters: Filters) -> dict[str, frozenset[str]]:
    given: dict[str, Sequence[str]] = {name: getattr(filters, name) for name in _VALUES}
    return {name: frozenset(accepted) for name, accepted in given.items() if accepted}


def _told(name: str, counts: Counter[str], wanted: frozenset[str]) -> list[FacetValue]:
    if name == "status":
        ranked: list[str] = [each for each in plan.STATUSES if counts[each] or each in wanted]
        return [FacetValue(value=each, count=counts[each]) for each in ranked]
    kept = [value for value, _ in counts.most_common(MOST_VALUES)]
    kept += [value for value in sorted(wanted) if value not in counts or value not in kept]
    return [FacetValue(value=value, count=counts[value]) for value in kept]


def _tags(asset: graphs.Asset) -> list[str]:
    return [f"{name}={value}" if value else name for name, value in asset.tags.items()]


_Read = Callable[[worlds.World, keys.AssetKey, _Statuses], Iterable[str]]
_VALUES: dict[str, _Read] = {
    "status": lambda world, key, statuses: statuses[key].words,
    "group": lambda world, key, statuses: (world.graph.assets[key].group,),
    "owner": lambda world, key, statuses: world.graph.assets[key].owners,
    "kind": lambda world, key, statuses: world.graph.assets[key].kinds,
    "tag": lambda world, key, statuses: _tags(world.graph.assets[key]),
    "location": lambda world, key, statuses: tuple(filter(None, (world.locations.get(f"asset:{key}"),))),
}
