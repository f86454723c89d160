"""Where assets and pipelines stand, kept in memory for as long as it is true: for a server that is asked over and over.

What was worked out is good until something that it depends on changes: a partition of the asset or of one above it,
what live runs are making of them, the definitions; and for a while only, since time alone makes things late. Several
who ask at once wait for one answer.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from weft.model import graph as graphs
from weft.model import keys, plan
from weft.service import observing, planning
from weft.service import world as worlds

GOOD_FOR = timedelta(seconds=10)
_MOST_KEPT = 64


@dataclass(slots=True)
class _Kept:
    """What was worked out for one asset, or for all: upon what, when; `lock` is held by the one who works it out."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    graph: graphs.Graph | None = None
    mark: object = None
    at: datetime | None = None
    found: Mapping[keys.AssetKey, plan.AssetStatus] = field(default_factory=dict)

    def holds(self, graph: graphs.Graph, mark: object, now: datetime) -> bool:
        """Whether it is still true."""
        return self.graph is graph and self.mark == mark and self.at is not None and abs(now - self.at) < GOOD_FOR


class Standings:
    """What is known to stand where; one for a process, used by any thread."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def of(self, world: worlds.World, asset: keys.AssetKey, now: datetime) -> plan.AssetStatus:
        """Where one asset, or pipeline, stands.

        Raises:
            KeyError: it is not in the graph.
        """
        scope = observing.above(world.planned, [asset])
        return self._found(world, asset, [asset], mark_of(world, scope), now)[asset]

    def all(self, world: worlds.World, now: datetime) -> Mapping[keys.AssetKey, plan.AssetStatus]:
        """Where every asset and pipeline stands."""
        every = list(world.planned.assets)
        return self._found(world, "", every, world.ledger.position(), now)

    def _found(
        self, world: worlds.World, name: str, wanted: Sequence[keys.AssetKey], mark: object, now: datetime
    ) -> Mapping[keys.AssetKey, plan.AssetStatus]:
        with self._lock:
            kept = self._kept.pop(name, None) or _Kept()
            self._kept[name] = kept  # those that were asked for last are kept
            while len(self._kept) > _MOST_KEPT:
                self._kept.pop(next(iter(self._kept)))
        with kept.lock:
            if not kept.holds(world.graph, mark, now):
                kept.found = planning.statuses(world, wanted, now=now)
                kept.graph, kept.mark, kept.at = world.graph, mark, now
            return kept.found


def mark_of(world: worlds.World, scope: Sequence[keys.AssetKey]) -> object:
    """What changes whenever something of these assets does: a later change of a partition, or a live run."""
    busy = set(world.ledger.reserved_assets()) & set(scope)
    making = tuple(
        (asset, run, str(ordinals)) for asset in busy for run, _, ordinals in world.ledger.reservations(asset)
    )
    return world.ledger.last_change(scope), making
