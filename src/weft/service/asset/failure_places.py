"""Where a failure is told: the step and the line of its log at which its error begins, beside the cause that it is."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from weft.model import plan
from weft.service import views
from weft.service import world as worlds
from weft.service.now import attempts

_MOST_LOOKED_UP = 20
_MOST_KEPT = 1000
_FAILED = ("failed", "check_failed")
_Place = tuple[str, str | None, int | None]

_kept: OrderedDict[tuple[str, str, str | None], _Place] = OrderedDict()
"""An attempt that failed never changes, and its log may be long to look through; runs have random ids."""
_lock = threading.Lock()


def cause_views(world: worlds.World, causes: Sequence[plan.Cause]) -> list[views.CauseView]:
    """Causes as they are shown; failures, wherever in a chain, with where they are told (the first of them)."""
    found = [views.cause_view(each) for each in causes]
    places: dict[tuple[str, str, str | None], _Place | None] = {}
    for each in found:
        link: views.CauseView | None = each
        while link is not None:
            if link.kind in _FAILED and link.run and len(places) < _MOST_LOOKED_UP:
                named = (link.run, link.subject, link.partition)
                if named not in places:
                    places[named] = _place(world, *named)
            link = link.root
    return [_with(each, places) for each in found]


def _with(cause: views.CauseView, places: dict[tuple[str, str, str | None], _Place | None]) -> views.CauseView:
    root = _with(cause.root, places) if cause.root is not None else None
    place = places.get((cause.run or "", cause.subject, cause.partition)) if cause.kind in _FAILED else None
    if place is None:
        return msgspec.structs.replace(cause, root=root)
    step, log, line = place
    return msgspec.structs.replace(cause, root=root, step=step, log=log, line=line)


def _place(world: worlds.World, run: str, subject: str, partition: str | None) -> _Place | None:
    named = (run, subject, partition)
    with _lock:
        if named in _kept:
            _kept.move_to_end(named)
            return _kept[named]
    if subject in world.graph.assets:
        failed = attempts.of_asset(world, run, subject, partition)
    else:
        failed = attempts.of_run(world, run)
    if failed is None:
        return None
    place = (failed.error.step, failed.log, failed.line)
    with _lock:
        _kept[named] = place
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return place
