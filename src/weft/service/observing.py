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
    kept = _Documents(world)
    _rename_same_code(world, columns, kept)
    return columns_model.Observed(
        position=position,
        columns=columns,
        manifests=_manifests(world, columns.values(), kept),
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


class _Documents:
    """Code documents of the ledger, each read once."""

    def __init__(self, world: worlds.World) -> None:
        self._world = world
        self._known: dict[str, CodeDocument | None] = {}

    def get(self, digest: str) -> CodeDocument | None:
        """The document behind a code digest, None where the ledger keeps none."""
        if digest not in self._known:
            body = self._world.ledger.code_document(digest)
            self._known[digest] = msgspec.json.decode(body, type=CodeDocument) if body else None
        return self._known[digest]


def _rename_same_code(
    world: worlds.World, columns: Mapping[keys.AssetKey, columns_model.Columns], kept: _Documents
) -> None:
    """Give code that only another algorithm or Python hashed otherwise the digest that it has today."""
    same: dict[tuple[str, str], bool] = {}
    for asset, each in columns.items():
        key = world.graph.assets[asset].step
        today = world.graph.steps[key].code if key is not None else ""
        manifest = world.definitions.manifests.get(today)
        if manifest is None:
            continue
        digests = {*each.code_names, *(rejection.code for rejection in each.rejected.values())} - {"", today}
        for digest in sorted(digests):
            if (digest, today) not in same:
                same[digest, today] = _is_same(world, kept.get(digest), manifest)
            if same[digest, today]:
                each.rename_code(digest, today)


def _is_same(world: worlds.World, document: CodeDocument | None, manifest: code.CodeManifest) -> bool:
    if document is None or document.manifest.entries.keys() != manifest.entries.keys():
        return False
    if code.comparable(document.manifest, manifest) and document.manifest.python == manifest.python:
        return False
    return recorded.is_same_code(document.manifest, document.sources, manifest, world.sources_of(manifest))


def _manifests(
    world: worlds.World, columns: Iterable[columns_model.Columns], kept: _Documents
) -> Mapping[str, Mapping[str, str]]:
    """Hashes by function name of today's code and of all code that made something in scope."""
    found: dict[str, Mapping[str, str]] = {
        digest: manifest.entries for digest, manifest in world.definitions.manifests.items()
    }
    for each in columns:
        for digest in each.code_names:
            if digest and digest not in found:
                document = kept.get(digest)
                found[digest] = document.manifest.entries if document is not None else {}
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
