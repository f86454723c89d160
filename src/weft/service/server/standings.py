"""Where assets and pipelines stand, kept in memory: for a server that is asked over and over.

What was worked out is brought up to date by what happened since, and by time (`planner.tracking`); it costs as much as
changed. Several who ask the same at once wait for one answer.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from weft.model import columns as columns_model
from weft.model import graph as graphs
from weft.model import keys, plan
from weft.planner import planning, tracking
from weft.planner import troubles as troubling
from weft.ports import garbage
from weft.service import world as worlds
from weft.service.asset import observing
from weft.service.server import kept_columns

GOOD_FOR = timedelta(seconds=10)
_MOST_KEPT = 64
_MOST_STEPS = 60_000
"""So many steps and statuses are held in all; about 2 kB each."""

_NOTHING = columns_model.Observed(columns={}, manifests={}, seconds={}, reserved={})


@dataclass(slots=True)
class _Kept:
    """What was worked out for some assets: upon what, when; `lock` is held by the one who works it out."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    graph: graphs.Graph | None = None
    tracking: tracking.Tracking | None = None
    scope: frozenset[keys.AssetKey] = frozenset()
    seen: int | None = None
    observed: columns_model.Observed = _NOTHING
    mark: object = None
    at: datetime | None = None
    found: Mapping[keys.AssetKey, plan.AssetStatus] = field(default_factory=dict)
    troubles: tuple[object, object, troubling.Troubles] | None = None
    """What is wrong, with the statuses and with what was asked for that it was found by."""


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
        with self._turned(world, asset, [asset], now, GOOD_FOR) as kept:
            return kept.found[asset]

    def all(self, world: worlds.World, now: datetime) -> Mapping[keys.AssetKey, plan.AssetStatus]:
        """Where every asset and pipeline stands, without causes (see `explained`).

        As far as time alone is concerned it may be some seconds old.
        """
        with self._turned(world, "", list(world.planned.assets), now, GOOD_FOR, causes=False) as kept:
            return kept.found

    def explained(self, world: worlds.World, asset: keys.AssetKey, now: datetime) -> plan.AssetStatus:
        """Where one of all that `all` tells of stands, and why.

        Raises:
            KeyError: it is not in the graph.
        """
        with self._turned(world, "", list(world.planned.assets), now, GOOD_FOR, causes=False) as kept:
            assert kept.tracking is not None
            return kept.tracking.explained(_observed(world, kept), asset)

    def several(
        self, world: worlds.World, assets: Sequence[keys.AssetKey], now: datetime, *, causes: bool = True
    ) -> Mapping[keys.AssetKey, plan.AssetStatus]:
        """Where these assets and pipelines stand at exactly this time; without `causes` at a fraction of the cost."""
        name = (tuple(assets), "causes") if causes else _name(world, assets)
        with self._turned(world, name, assets, now, timedelta(), causes=causes) as kept:
            return kept.found

    def troubles(
        self,
        world: worlds.World,
        now: datetime,
        asked: Mapping[keys.AssetKey, plan.PartitionSet],
        *,
        also: str = "",
    ) -> tuple[Mapping[keys.AssetKey, plan.AssetStatus], troubling.Troubles]:
        """Where everything stands, without causes, and what is wrong by where it began; see `planner.troubles.find`.

        `also` is the id of one that is to be followed down in any case.
        """
        with self._turned(world, "", list(world.planned.assets), now, GOOD_FOR, causes=False) as kept:
            return kept.found, _troubles(world, kept, asked, also)

    def mended_together(
        self, world: worlds.World, now: datetime, asked: Mapping[keys.AssetKey, plan.PartitionSet]
    ) -> Mapping[keys.StepKey, plan.PartitionSet]:
        """What a repair of all that is wrong makes, by step; see `planner.troubles.mended_together`."""
        with self._turned(world, "", list(world.planned.assets), now, GOOD_FOR, causes=False) as kept:
            assert kept.tracking is not None
            known = _troubles(world, kept, asked, "")
            return troubling.mended_together(kept.tracking.evaluation(_observed(world, kept)), known)

    def plan(self, world: worlds.World, request: plan.Request, now: datetime) -> plan.Plan:
        """Plan what brings the assets of a request to fresh: all their partitions, and nothing that is so already.

        Raises:
            UsageError: nothing of what is selected is made here.
        """
        name = _name(world, request.assets)
        with self._turned(world, name, request.assets, now, timedelta(), causes=False) as kept:
            assert kept.tracking is not None
            observed = observing.with_forecasts(world, kept.observed)
            known = kept.tracking.evaluation(observed)
            return planning.make(world.planned, observed, known.now, request, known=known)

    @contextlib.contextmanager
    def _turned(
        self,
        world: worlds.World,
        name: object,
        wanted: Sequence[keys.AssetKey],
        now: datetime,
        good_for: timedelta,
        *,
        causes: bool = True,
    ) -> Iterator[_Kept]:
        """What is kept of these assets, brought up to date; until the end of the block for this thread alone."""
        graph = world.planned
        with self._lock:
            kept = self._kept.pop(name, None) or _Kept()
            self._kept[name] = kept  # those that were asked for last are kept
            self._forget()
        with kept.lock, garbage.held():
            if kept.tracking is None or kept.graph is not graph:
                kept.graph, kept.tracking, kept.mark = graph, tracking.Tracking(graph, wanted, causes=causes), None
                kept.troubles = None
                kept.scope, kept.seen = frozenset(observing.above(graph, wanted)), None
            if kept.at is not None and now < kept.at < now + GOOD_FOR:
                now = kept.at  # another thread, which began a little later, was here before
            mark = world.ledger.position(), world.ledger.reserved_mark()
            if kept.at is None or mark != kept.mark or abs(now - kept.at) >= good_for:
                known, kept.at = observing.look(world, kept.scope, kept.seen), None
                kept.observed = observing.observed_of(world, kept.scope, known)
                kept.found = kept.tracking.turn(kept.observed, known.changed, now)
                kept.mark, kept.seen, kept.at = mark, known.mark, now
            try:
                yield kept
            finally:
                kept.observed = _NOTHING  # what is not in memory can be read only as long as the thread has its world

    def _forget(self) -> None:
        """Let go of what was not asked for for longest."""
        held = {name: each.tracking.weight if each.tracking is not None else 0 for name, each in self._kept.items()}
        total = sum(held.values())
        for name in list(held)[:-1]:
            if len(self._kept) <= _MOST_KEPT and total <= _MOST_STEPS:
                return
            total -= held[name]
            del self._kept[name]


def _observed(world: worlds.World, kept: _Kept) -> columns_model.Observed:
    """What the last turn was told, read again where nothing happened since somebody else looked, who let go of it."""
    if kept.observed is not _NOTHING:
        return kept.observed
    return observing.observed_of(world, kept.scope, observing.look(world, kept.scope, kept.seen))


def _name(world: worlds.World, assets: Sequence[keys.AssetKey]) -> object:
    """Under what is kept of just these assets."""
    every = world.planned.assets
    return "" if len(assets) == len(every) and list(assets) == list(every) else tuple(assets)


def _troubles(
    world: worlds.World, kept: _Kept, asked: Mapping[keys.AssetKey, plan.PartitionSet], also: str
) -> troubling.Troubles:
    """What is wrong where things stand as `kept`, found anew where that is another than the last time."""
    known = kept.troubles
    is_known = known is not None and known[0] is kept.found and known[1] == asked
    if known is None or not is_known or (also and any(e.id == also and e.hits is None for e in known[2].all)):
        assert kept.tracking is not None
        late = {asset: each.late for asset, each in kept.found.items() if each.late}
        found = kept.tracking.evaluation(_observed(world, kept))
        before = known[2] if known is not None else None
        again = kept.tracking.read_again
        made = troubling.find(found, late, asked, before=before, again=again, also=also)
        known = kept.troubles = (kept.found, asked, made)
        again.clear()
    return known[2]
