"""Where assets and pipelines stand, kept in memory: for a server that is asked over and over.

What was worked out is brought up to date by what happened since, and by time (`planner.tracking`); it costs as much as
changed. Several who ask the same at once wait for one answer.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from weft.model import graph as graphs
from weft.model import keys, plan
from weft.planner import tracking
from weft.ports import garbage
from weft.service import kept_columns, observing
from weft.service import world as worlds

GOOD_FOR = timedelta(seconds=10)
_MOST_KEPT = 64
_MOST_STEPS = 60_000
"""So many steps and statuses are held in all; about 2 kB each."""


@dataclass(slots=True)
class _Kept:
    """What was worked out for some assets: upon what, when; `lock` is held by the one who works it out."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    graph: graphs.Graph | None = None
    tracking: tracking.Tracking | None = None
    scope: Sequence[keys.AssetKey] = ()
    mark: object = None
    at: datetime | None = None
    found: Mapping[keys.AssetKey, plan.AssetStatus] = field(default_factory=dict)


class Standings:
    """What is known to stand where; one for a process, used by any thread."""

    def __init__(self, columns: kept_columns.KeptColumns | None = None) -> None:
        """Know nothing yet."""
        self.columns = columns or kept_columns.KeptColumns()
        self._lock = threading.Lock()
        self._kept: dict[object, _Kept] = {}

    def of(self, world: worlds.World, asset: keys.AssetKey, now: datetime) -> plan.AssetStatus:
        """Where one asset, or pipeline, stands; as far as time alone is concerned it may be some seconds old.

        Raises:
            KeyError: it is not in the graph.
        """
        return self._found(world, asset, [asset], now, GOOD_FOR)[asset]

    def all(self, world: worlds.World, now: datetime) -> Mapping[keys.AssetKey, plan.AssetStatus]:
        """Where every asset and pipeline stands; as far as time alone is concerned it may be some seconds old."""
        return self._found(world, "", list(world.planned.assets), now, GOOD_FOR)

    def several(
        self, world: worlds.World, assets: Sequence[keys.AssetKey], now: datetime
    ) -> Mapping[keys.AssetKey, plan.AssetStatus]:
        """Where these assets and pipelines stand at exactly this time."""
        name = "" if list(assets) == list(world.planned.assets) else tuple(assets)
        return self._found(world, name, assets, now, timedelta())

    def _found(
        self,
        world: worlds.World,
        name: object,
        wanted: Sequence[keys.AssetKey],
        now: datetime,
        good_for: timedelta,
    ) -> Mapping[keys.AssetKey, plan.AssetStatus]:
        graph = world.planned
        with self._lock:
            kept = self._kept.pop(name, None) or _Kept()
            self._kept[name] = kept  # those that were asked for last are kept
            self._forget()
        with kept.lock, garbage.held():
            if kept.tracking is None or kept.graph is not graph:
                kept.graph, kept.tracking, kept.mark = graph, tracking.Tracking(graph, wanted), None
                kept.scope = observing.above(graph, wanted)
            if kept.at is not None and now < kept.at < now + GOOD_FOR:
                now = kept.at  # another thread, which began a little later, was here before
            mark = world.ledger.position(), world.ledger.reserved_mark()
            if kept.at is None or mark != kept.mark or abs(now - kept.at) >= good_for:
                observed, marks = observing.looked(world, kept.scope)
                kept.found = kept.tracking.turn(observed, marks, now)
                kept.mark, kept.at = mark, now
            return kept.found

    def _forget(self) -> None:
        """Let go of what was not asked for for longest."""
        held = {name: each.tracking.weight if each.tracking is not None else 0 for name, each in self._kept.items()}
        total = sum(held.values())
        for name in list(held)[:-1]:
            if len(self._kept) <= _MOST_KEPT and total <= _MOST_STEPS:
                return
            total -= held[name]
            del self._kept[name]
