"""The cloth: where everything stood in each piece of time."""

from __future__ import annotations

from typing import Annotated

import msgspec

from weft.service import views
from weft.service.cloth import grid as grids
from weft.service.cloth import stitches, weaving
from weft.surfaces.http import paging, routing
from weft.surfaces.http.call import Call
from weft.surfaces.http.resources import assets, overview
from weft.surfaces.http.resources.runs import Name

routes = routing.Routes(tag="server")


class _Chosen(paging.Paged, frozen=True, kw_only=True):
    """What a cursor is bound to: the threads, whatever the time."""

    select: assets.Selection = None


class ClothQuery(_Chosen, frozen=True, kw_only=True):
    """Which threads, and which time. Without one about sixty partitions up to now, or to the newest that was made."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=weaving.MOST_ROWS)] = 200
    since: paging.Moment | None = None
    until: paging.Moment | None = None
    columns: Annotated[int, msgspec.Meta(ge=1, le=weaving.MOST_COLUMNS)] | None = None


@routes.get(
    "/cloth", scope="assets.read", query=ClothQuery, answer=weaving.ClothView, etag=True, summary="Look at the cloth"
)
def cloth(call: Call, query: ClothQuery) -> weaving.ClothView:
    """Assets and pipelines below each other, producers first, and for each runs of columns of time in one state.

    Where several partitions fall into a column it shows the worst: failed, rejected (by a blocking check), blocked,
    late, stale, running, missing, fresh. What was never made or asked for has no cell.
    """
    since, until = paging.time("since", query.since), paging.time("until", query.until)
    chosen = _Chosen(select=query.select, cursor=query.cursor)
    after = paging.place("cloth", chosen, str)
    with call.world() as world:
        loom = weaving.set_up(world, assets.known(call), overview.memory_of(call.state), call.now)
        names = weaving.rows_of(world, query.select)
        extent = weaving.extent_of(loom, names)
        grid = weaving.grid_of(extent, since, until, query.columns)
        begin = names.index(after[0]) + 1 if after is not None and after[0] in names else 0
        shown = names[begin : begin + query.limit]
        rows = weaving.woven(loom, grid, shown)
    more = begin + len(shown) < len(names)
    return weaving.ClothView(
        since=views.time_of(grids.moment(grid.since)) or "",
        until=views.time_of(grids.moment(grid.until)) or "",
        columns=grid.columns,
        column_seconds=grid.width,
        grain=weaving.grain_of(extent.length),
        oldest=views.time_of(grids.moment(extent.oldest)) if extent.oldest is not None else None,
        newest=views.time_of(grids.moment(extent.newest)) if extent.newest is not None else None,
        rows=len(names),
        items=rows,
        next=paging.cursor("cloth", chosen, shown[-1]) if more else None,
    )


class StitchQuery(routing.Query, frozen=True, kw_only=True):
    """Which thread, and which time of it."""

    key: Name
    since: paging.Moment
    until: paging.Moment


@routes.get(
    "/cloth/stitch", scope="assets.read", query=StitchQuery, answer=stitches.StitchView,
    summary="Look at a piece of a thread",
)  # fmt: skip
def stitch(call: Call, query: StitchQuery) -> stitches.StitchView:
    """What is in a piece of an asset or pipeline: partitions by state, why, the latest run, and how to plan them."""
    since, until = paging.time("since", query.since), paging.time("until", query.until)
    assert since is not None
    assert until is not None
    with call.world() as world:
        loom = weaving.set_up(world, assets.known(call), overview.memory_of(call.state), call.now)
        return stitches.stitch(loom, query.key, since, until)
