"""What the planner is told of the world.

Columns of the assets in scope, code manifests, forecasts, what live runs are making.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from weft.model import columns as columns_model
from weft.model import graph as graphs
from weft.model import keys, partition_set
from weft.ports import clock as clocks
from weft.runtime import owners
from weft.service import world as worlds
from weft.service.server import kept_columns, recorded_code

_RECENT_RUNS = 20


def observe(world: worlds.World, assets: Iterable[keys.AssetKey]) -> columns_model.Observed:
    """Read what is known of these assets and of everything above them."""
    scope = frozenset(above(world.planned, assets))
    return with_forecasts(world, observed_of(world, scope, look(world, scope)))


def with_forecasts(world: worlds.World, observed: columns_model.Observed) -> columns_model.Observed:
    """The same with how long steps take."""
    return replace(observed, seconds=_seconds(world, observed.columns))


def look(world: worlds.World, scope: frozenset[keys.AssetKey], since: int | None = None) -> kept_columns.Kept:
    """The columns of exactly these assets: those that the process keeps, else read now."""
    if world.kept is not None:
        return world.kept.columns.look(world, scope, since)
    graph, position = world.planned, world.ledger.position()
    external = frozenset(asset for asset in scope if graph.assets[asset].step is None)
    columns = world.ledger.columns({asset: graph.assets[asset].partitions for asset in scope}, external=external)
    manifests = with_todays_code(world, columns)
    return kept_columns.Kept(position=position, columns=columns, changed=None, mark=0, manifests=manifests)


def observed_of(
    world: worlds.World, scope: frozenset[keys.AssetKey], kept: kept_columns.Kept
) -> columns_model.Observed:
    """What the planner is told, without forecasts."""
    return columns_model.Observed(
        position=kept.position,
        columns=kept.columns,
        manifests=kept.manifests,
        seconds={},
        reserved=_reserved(world, scope),
        activated=_activated(world, scope),
    )


def _activated(world: worlds.World, scope: frozenset[keys.AssetKey]) -> dict[str, int]:
    """When a scheduler saw the schedules first of the pipelines among these."""
    if scope.isdisjoint(world.graph.pipelines):
        return {}
    prefix = "schedule:"
    rows = world.ledger.automations(prefix)
    return {name.removeprefix(prefix): row.activated for name, row in rows.items() if row.activated is not None}


def above(graph: graphs.Graph, assets: Iterable[keys.AssetKey]) -> list[keys.AssetKey]:
    """These assets, what their steps make beside them, and everything that they are made from."""
    found: dict[keys.AssetKey, None] = {}
    waiting = list(assets)
    while waiting:
        asset = waiting.pop()
        if asset in found:
            continue
        found[asset] = None
        step = graph.assets[asset].step
        if step is not None:
            waiting += graph.steps[step].outputs
            waiting += [dependency.asset for dependency in graph.steps[step].dependencies]
    return list(found)


def with_todays_code(
    world: worlds.World, columns: Mapping[keys.AssetKey, columns_model.Columns]
) -> recorded_code.Manifests:
    """Give code that only another algorithm or Python hashed otherwise the digest of today, in these columns.

    Returns hashes by function name of today's code, and of all code that made something.
    """
    manifests = recorded_code.Manifests(world)
    for asset, each in columns.items():
        step = world.planned.assets[asset].step
        manifests.take(world.planned.steps[step].code if step is not None else "", each)
    return manifests


def _seconds(world: worlds.World, scope: Iterable[keys.AssetKey]) -> Mapping[str, float]:
    """Forecasts of one attempt of each step; of a pipeline, the mean of its last runs that succeeded."""
    found = dict(world.ledger.step_seconds())
    for name in world.graph.pipelines.keys() & set(scope):
        taken = [
            row.finished - row.started
            for row in world.ledger.runs(pipeline=name, limit=_RECENT_RUNS)
            if row.outcome == "succeeded" and row.finished is not None and row.started is not None
        ]
        if taken:
            found[name] = sum(taken) / len(taken) / 1e6
    return found


def _dead_runs(world: worlds.World, runs: Iterable[str]) -> frozenset[str]:
    """Those of these runs whose owner is gone: what they hold, nobody makes; the next apply goes on or frees it."""
    now = clocks.microseconds(world.clock.now())
    leases = [world.ledger.lease(run) for run in runs]
    return frozenset(
        lease.run
        for lease in leases
        if lease is not None
        and owners.is_dead(owners.decode(lease.owner), run=lease.run, expires=lease.expires, now=now)
    )


def _reserved(
    world: worlds.World, scope: frozenset[keys.AssetKey]
) -> Mapping[str, list[tuple[str, partition_set.PartitionSet]]]:
    held = dict[str, list[tuple[str, str, partition_set.PartitionSet]]]()
    for run, asset, mark, ordinals in world.ledger.all_reservations():
        if asset in scope:
            held.setdefault(asset, []).append((run, mark, ordinals))
    dead = _dead_runs(world, {run for rows in held.values() for run, _, _ in rows}) if held else frozenset()
    found: dict[str, list[tuple[str, partition_set.PartitionSet]]] = {}
    for asset, rows in held.items():
        definition = world.planned.assets[asset].partitions
        mark = definition.fingerprint if definition is not None else ""
        found[asset] = [
            (run, ordinals) for run, fingerprint, ordinals in rows if fingerprint == mark and run not in dead
        ]
    return found
