"""What the planner is told of the world.

Columns of the assets in scope, code manifests, forecasts, what live runs are making.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from weft.codehost import recorded
from weft.model import code, keys, partition_set
from weft.model import columns as columns_model
from weft.model import graph as graphs
from weft.ports import clock as clocks
from weft.runtime import owners
from weft.service import world as worlds

_RECENT_RUNS = 20


class CodeDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A code manifest as the ledger keeps it, with the sources that it was taken from."""

    manifest: code.CodeManifest
    sources: dict[str, str]


def observe(world: worlds.World, assets: Iterable[keys.AssetKey]) -> columns_model.Observed:
    """Read what is known of these assets and of everything above them."""
    graph = world.planned
    scope = above(graph, assets)
    external = frozenset(asset for asset in scope if graph.assets[asset].step is None)
    position = world.ledger.position()
    columns = world.ledger.columns({asset: graph.assets[asset].partitions for asset in scope}, external=external)
    return columns_model.Observed(
        position=position,
        columns=columns,
        manifests=_manifests(world, columns),
        seconds=_seconds(world, scope),
        reserved=_reserved(world, scope),
        activated=_activated(world, scope),
    )


def _activated(world: worlds.World, scope: Iterable[keys.AssetKey]) -> dict[str, int]:
    """When a scheduler saw the schedules first of the pipelines among these."""
    if not any(asset in world.graph.pipelines for asset in scope):
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


class _Manifests:
    """Hashes by function name of code, as far as it is known: today's, and what the ledger keeps, each read once."""

    def __init__(self, world: worlds.World) -> None:
        self._world = world
        self._today = world.definitions.manifests
        self._kept: dict[str, CodeDocument | None] = {}
        self.entries: dict[str, Mapping[str, str]] = {
            digest: manifest.entries for digest, manifest in self._today.items()
        }

    def is_same(self, digest: str, today: str) -> bool:
        """Tell whether only another algorithm or Python gave recorded code another digest than today's."""
        document, manifest = self._document(digest), self._today.get(today)
        if document is None or manifest is None:
            return False
        if code.comparable(document.manifest, manifest) and document.manifest.python == manifest.python:
            return False
        # Kept in today's terms, so that a plan names only what is other code.
        self.entries[digest] = recorded.recomputed(
            document.manifest, document.sources, manifest, self._world.sources_of(manifest)
        )
        return self.entries[digest] == manifest.entries

    def add(self, digest: str) -> None:
        """Take in recorded code."""
        if digest and digest not in self.entries:
            document = self._document(digest)
            self.entries[digest] = document.manifest.entries if document is not None else {}

    def _document(self, digest: str) -> CodeDocument | None:
        if digest not in self._kept:
            body = self._world.ledger.code_document(digest)
            self._kept[digest] = msgspec.json.decode(body, type=CodeDocument) if body else None
        return self._kept[digest]


def _manifests(
    world: worlds.World, columns: Mapping[keys.AssetKey, columns_model.Columns]
) -> Mapping[str, Mapping[str, str]]:
    """Hashes by function name of today's code and of all code that made something in scope.

    Code that only another algorithm or Python hashed otherwise is given the digest that it has today, in the columns.
    """
    manifests = _Manifests(world)
    same: dict[tuple[str, str], bool] = {}
    for asset, each in columns.items():
        step = world.planned.assets[asset].step
        today = world.planned.steps[step].code if step is not None else ""
        for digest in {*each.code_names, *(rejection.code for rejection in each.rejected.values())} - {"", today}:
            if (digest, today) not in same:
                same[digest, today] = manifests.is_same(digest, today)
            if same[digest, today]:
                each.rename_code(digest, today)
            else:
                manifests.add(digest)
    return manifests.entries


def with_todays_code(world: worlds.World, columns: Mapping[keys.AssetKey, columns_model.Columns]) -> None:
    """Give code that only another algorithm or Python hashed otherwise the digest of today, in these columns."""
    _manifests(world, columns)


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
    world: worlds.World, scope: Iterable[keys.AssetKey]
) -> Mapping[str, list[tuple[str, partition_set.PartitionSet]]]:
    busy = set(world.ledger.reserved_assets())
    held = {asset: world.ledger.reservations(asset) for asset in scope if asset in busy}
    dead = _dead_runs(world, {run for rows in held.values() for run, _, _ in rows}) if held else frozenset()
    found: dict[str, list[tuple[str, partition_set.PartitionSet]]] = {}
    for asset, rows in held.items():
        definition = world.planned.assets[asset].partitions
        mark = definition.fingerprint if definition is not None else ""
        found[asset] = [
            (run, ordinals) for run, fingerprint, ordinals in rows if fingerprint == mark and run not in dead
        ]
    return found
