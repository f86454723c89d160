"""What the planner is told of the world.

Columns of the assets in scope, code manifests, forecasts, what live runs are making.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from weft.model import code, keys, partition_set
from weft.model import columns as columns_model
from weft.model import graph as graphs
from weft.service import world as worlds


class CodeDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A code manifest as the ledger keeps it, with the sources that it was taken from."""

    manifest: code.CodeManifest
    sources: dict[str, str]


def observe(world: worlds.World, assets: Iterable[keys.AssetKey]) -> columns_model.Observed:
    """Read what is known of these assets and of everything above them."""
    graph = world.graph
    scope = above(graph, assets)
    external = frozenset(asset for asset in scope if graph.assets[asset].step is None)
    position = world.ledger.position()
    columns = world.ledger.columns({asset: graph.assets[asset].partitions for asset in scope}, external=external)
    return columns_model.Observed(
        position=position,
        columns=columns,
        manifests=_manifests(world, columns.values()),
        seconds=world.ledger.step_seconds(),
        reserved=_reserved(world, scope),
    )


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


def _manifests(world: worlds.World, columns: Iterable[columns_model.Columns]) -> Mapping[str, Mapping[str, str]]:
    """Hashes by function name of today's code and of all code that made something in scope."""
    found: dict[str, Mapping[str, str]] = {
        digest: manifest.entries for digest, manifest in world.definitions.manifests.items()
    }
    for each in columns:
        for digest in each.code_names:
            if digest and digest not in found:
                body = world.ledger.code_document(digest)
                found[digest] = msgspec.json.decode(body, type=CodeDocument).manifest.entries if body else {}
    return found


def _reserved(
    world: worlds.World, scope: Iterable[keys.AssetKey]
) -> Mapping[str, list[tuple[str, partition_set.PartitionSet]]]:
    busy = set(world.ledger.reserved_assets())
    found: dict[str, list[tuple[str, partition_set.PartitionSet]]] = {}
    for asset in scope:
        if asset in busy:
            definition = world.graph.assets[asset].partitions
            mark = definition.fingerprint if definition is not None else ""
            found[asset] = [
                (run, ordinals)
                for run, fingerprint, ordinals in world.ledger.reservations(asset)
                if fingerprint == mark
            ]
    return found
