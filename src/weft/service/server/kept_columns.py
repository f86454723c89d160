"""The columns of assets, kept in memory by a process that is asked over and over.

What is kept is brought up to date by what was committed since, whoever looks first; everyone else reads it at once.
Kept columns are never changed: those that something happened to are copied first, so that whoever still reads the old
ones sees one state of affairs. A million partitions take about 32 MB, and 8 MB more for each asset that they read.
Beyond a limit, those that were not used for longest are dropped, and read again when they are asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, overload

from weft.model import columns as columns_model
from weft.model import graph as graphs
from weft.model import keys
from weft.service import world as worlds
from weft.service.server import recorded_code

_Default = TypeVar("_Default")

MOST_BYTES = 256 * 2**20
_FEW_EVENTS = 2_000
"""Of more events than this it is cheaper to ask each asset whether it changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is known of some assets at `position`, and which of them `changed` since the mark that was given.

    `mark` is to be given the next time; None of `changed` where all may have.

    `columns` are read from the ledger as they are asked for, where they are not in memory: by the thread that asked,
    and only while it has its world.
    """

    position: int
    columns: Mapping[keys.AssetKey, columns_model.Columns]
    changed: Collection[keys.AssetKey] | None
    mark: int
    manifests: Mapping[str, Mapping[str, str]]


@dataclass(slots=True, kw_only=True)
class _OfGraph:
    """What depends on the definitions."""

    graph: graphs.Graph
    code: recorded_code.Known = field(default_factory=recorded_code.Known)


class KeptColumns:
    """The columns that one process keeps; used by any thread."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Keep at most about so many bytes."""
        self._most = most_bytes
        self._lock = threading.RLock()
        self._of: _OfGraph | None = None
        self._position = 0
        self._columns: dict[keys.AssetKey, columns_model.Columns] = {}
        """In order of use, the last used at the end."""
        self._marks: dict[keys.AssetKey, int] = {}
        """When each asset changed last, counted in changes; in this order. Also of those that were dropped."""
        self._mark = 0
        self._bytes = 0

    @property
    def bytes(self) -> int:
        """About how much memory is in use."""
        return self._bytes

    def look(self, world: worlds.World, scope: frozenset[keys.AssetKey], since: int | None = None) -> Kept:
        """What is known of these assets now, and what changed since the mark of another look."""
        with self._lock:
            of = self._definitions(world)
            self._catch_up(world, of)
            for asset in scope - self._marks.keys():
                self._note(asset)
            missing = scope - self._columns.keys()
            plain = [each for each in missing if of.graph.assets[each].partitions is None]
            held = dict(self._load(world, of, plain)) if plain else {}
            if 2 * len(scope) > len(self._columns):  # far quicker than one by one
                held.update(self._columns)
            else:
                held.update((asset, self._columns[asset]) for asset in scope if asset in self._columns)
            if self._bytes > self._most // 2:  # else nothing is dropped soon
                for asset in scope & self._columns.keys():
                    self._columns[asset] = self._columns.pop(asset)
            return Kept(
                position=self._position,
                columns=_Lazy(self, world, of, scope, held),
                changed=None if since is None else [each for each in self._since(since) if each in scope],
                mark=self._mark,
                manifests=recorded_code.Manifests(world, of.code),
            )

    def _note(self, asset: keys.AssetKey) -> None:
        """Note that something of an asset is not as it was."""
        self._mark += 1
        self._marks.pop(asset, None)
        self._marks[asset] = self._mark

    def _since(self, mark: int) -> Iterator[keys.AssetKey]:
        for asset in reversed(self._marks):
            if self._marks[asset] <= mark:
                return
            yield asset

    def load(self, world: worlds.World, of: _OfGraph, asset: keys.AssetKey) -> columns_model.Columns:
        """The columns of one asset, kept if they are of the definitions in force."""
        with self._lock:
            if of is not self._of:
                return self._read(world, of, [asset])[asset]
            known = self._columns.get(asset)
            if known is None:
                known = self._load(world, of, [asset])[asset]
            return known

    def _definitions(self, world: worlds.World) -> _OfGraph:
        """What is kept for the definitions of a world; drops what was of other ones."""
        of, graph = self._of, world.planned
        if of is not None and of.graph is graph:
            return of
        made = _OfGraph(graph=graph)
        if of is None:
            self._position = world.ledger.position()
        manifests = recorded_code.Manifests(world, made.code)
        for asset in list(self._marks):
            known = self._columns.get(asset)
            if of is None or _kind(of.graph, asset) != _kind(graph, asset):
                self._drop(asset)
                del self._marks[asset]
            elif known is not None and manifests.take(_code(graph, asset), known, only_look=True):
                self._drop(asset)
                self._note(asset)
        self._of = made
        return made

    def _catch_up(self, world: worlds.World, of: _OfGraph) -> None:
        """Take over what was committed since somebody looked last."""
        ledger, before = world.ledger, self._position
        position = ledger.position()
        if position <= before:
            return
        changed: Collection[keys.AssetKey] = self._marks
        if position - before <= _FEW_EVENTS:
            news = ledger.changed_assets(before, most=2 * _FEW_EVENTS)
            if news.assets is not None:
                changed, position = [each for each in news.assets if each in self._marks], news.position
        rows: dict[keys.AssetKey, list[columns_model.PartitionRow]] = {}
        for asset, row in ledger.changed_rows([each for each in changed if each in self._columns], before):
            rows.setdefault(asset, []).append(row)
        for asset in [each for each in changed if each in rows or each not in self._columns]:
            self._note(asset)
        manifests = recorded_code.Manifests(world, of.code)
        for asset, several in rows.items():
            known = self._columns[asset]
            self._bytes -= known.weight
            known = self._columns[asset] = _with(known, of.graph.assets[asset], several)
            manifests.take(_code(of.graph, asset), known)
            self._bytes += known.weight
        self._position = position

    def _load(
        self, world: worlds.World, of: _OfGraph, assets: Sequence[keys.AssetKey]
    ) -> Mapping[keys.AssetKey, columns_model.Columns]:
        found = self._read(world, of, assets)
        for asset, known in found.items():
            self._drop(asset)
            self._columns[asset] = known
            self._bytes += known.weight
        for asset in list(self._columns) if self._bytes > self._most else ():
            if self._bytes <= self._most:
                break
            self._drop(asset)
        return found

    def _read(
        self, world: worlds.World, of: _OfGraph, assets: Sequence[keys.AssetKey]
    ) -> Mapping[keys.AssetKey, columns_model.Columns]:
        graph = of.graph
        external = frozenset(asset for asset in assets if graph.assets[asset].step is None)
        found = world.ledger.columns({asset: graph.assets[asset].partitions for asset in assets}, external=external)
        manifests = recorded_code.Manifests(world, of.code)
        for asset, known in found.items():
            manifests.take(_code(graph, asset), known)
        return found

    def _drop(self, asset: keys.AssetKey) -> None:
        known = self._columns.pop(asset, None)
        if known is not None:
            self._bytes -= known.weight


class _Lazy(Mapping[keys.AssetKey, columns_model.Columns]):
    """The columns of some assets; those that are not in memory are read when they are asked for, and then held."""

    def __init__(
        self,
        kept: KeptColumns,
        world: worlds.World,
        of: _OfGraph,
        scope: frozenset[keys.AssetKey],
        held: dict[keys.AssetKey, columns_model.Columns],
    ) -> None:
        self._kept = kept
        self._world = world
        self._of = of
        self._scope = scope
        self._held = held

    def __getitem__(self, asset: keys.AssetKey) -> columns_model.Columns:
        found = self._held.get(asset)
        if asset not in self._scope:
            raise KeyError(asset)
        if found is None:
            found = self._held[asset] = self._kept.load(self._world, self._of, asset)
        return found

    @overload
    def get(self, asset: keys.AssetKey, default: None = None, /) -> columns_model.Columns | None: ...
    @overload
    def get(self, asset: keys.AssetKey, default: _Default, /) -> columns_model.Columns | _Default: ...
    def get(self, asset: keys.AssetKey, default: object = None, /) -> object:
        """The columns of an asset, `default` where it is not in the scope; asked for by the ten thousand."""
        return self[asset] if asset in self._scope else default

    def __contains__(self, asset: object) -> bool:
        return asset in self._scope

    def __iter__(self) -> Iterator[keys.AssetKey]:
        return iter(self._scope)

    def __len__(self) -> int:
        return len(self._scope)


def _kind(graph: graphs.Graph, asset: keys.AssetKey) -> object:
    """What the columns of an asset depend on beside what happened; None where it is not defined."""
    defined = graph.assets.get(asset)
    return None if defined is None else (defined.partitions, defined.step is None, _code(graph, asset))


def _code(graph: graphs.Graph, asset: keys.AssetKey) -> str:
    step = graph.assets[asset].step
    return graph.steps[step].code if step is not None else ""


def _with(
    known: columns_model.Columns, asset: graphs.Asset, rows: Sequence[columns_model.PartitionRow]
) -> columns_model.Columns:
    """A copy that has these rows."""
    divided, external = asset.partitions, asset.step is None
    copy = known.copy()
    if divided is None:
        ordinals: Sequence[int | None] = [None if row.key else 0 for row in rows]
    else:
        ordinals = divided.ordinals([row.key for row in rows])
    orphaned = set(copy.orphaned)
    copy.grow(1 + max((each for each in ordinals if each is not None), default=-1))
    for ordinal, row in zip(ordinals, rows, strict=True):
        if ordinal is not None:
            copy.put(ordinal, row, external=external)
        elif divided is not None:
            (orphaned.add if row.version else orphaned.discard)(row.key)
    copy.orphaned = sorted(orphaned)
    return copy
