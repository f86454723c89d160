"""An asset as a screen draws it: what is selected of its partitions, a grid of them, its numbers over time."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from weft.service import views
from weft.service.asset import asset_views, histories, partition_grids, partition_selecting
from weft.service.run import history
from weft.surfaces.http import paging, routing
from weft.surfaces.http.call import Call
from weft.surfaces.http.resources.assets import Chosen, known

routes = routing.Routes(tag="assets")

Place = Annotated[int, msgspec.Meta(ge=0, le=2**40)]


class PickQuery(routing.Query, frozen=True, kw_only=True):
    """What is selected: by keys, by ordinals, by status; all that exist without any."""

    partitions: Chosen = None
    pieces: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=100)], ...],
        msgspec.Meta(
            max_length=200,
            description="Ranges of ordinals `10-19`, both ends inclusive, or rectangles `2-5|0-3` of a grid.",
        ),
    ] = ()
    status: Annotated[
        tuple[Literal["running", "failed", "blocked", "missing", "stale", "overdue", "fresh"], ...],
        msgspec.Meta(max_length=7),
    ] = ()
    fingerprint: (
        Annotated[str, msgspec.Meta(max_length=100, description="Of the definition that the ordinals are of.")] | None
    ) = None


@routes.get(
    "/assets/{key:path}/partition-selection", scope="assets.read", query=PickQuery, answer=partition_selecting.PickView,
    summary="Turn what is selected on a strip into keys, and back",
)  # fmt: skip
def partition_selection(call: Call, key: str, query: PickQuery) -> partition_selecting.PickView:
    """Partitions as text that other calls take, as ranges of ordinals, and how many of them stand where."""
    with call.world() as world:
        asset = asset_views.found(world, key)
        return partition_selecting.pick(
            world, known(call), asset.key, now=call.now, chosen=query.partitions,
            pieces=query.pieces, words=query.status, fingerprint=query.fingerprint,
        )  # fmt: skip


class GridQuery(routing.Query, frozen=True, kw_only=True):
    """Which part of the grid, in how many squares at most."""

    first_column: Place = 0
    columns_end: Annotated[Place, msgspec.Meta(description="The column to end before.")] | None = None
    first_row: Place = 0
    rows_end: Annotated[Place, msgspec.Meta(description="The row to end before.")] | None = None
    most_columns: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 400
    most_rows: Annotated[int, msgspec.Meta(ge=1, le=200)] = 100


@routes.get(
    "/assets/{key:path}/partition-grid", scope="assets.read", query=GridQuery, answer=partition_grids.GridView,
    etag=True, summary="Look at partitions of two dimensions",
)  # fmt: skip
def partition_grid(call: Call, key: str, query: GridQuery) -> partition_grids.GridView:
    """Partitions as a grid: the dimension that grows, or is about time, across; the others down."""
    with call.world() as world:
        asset = asset_views.found(world, key)
        return partition_grids.grid(
            world, known(call), asset.key, now=call.now,
            columns=(query.first_column, query.columns_end), rows=(query.first_row, query.rows_end),
            most_columns=query.most_columns, most_rows=query.most_rows,
        )  # fmt: skip


class HistoryQuery(paging.Paged, frozen=True, kw_only=True):
    """Which versions."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=1000, description="How many items a page has at most.")] = 500
    partitions: Chosen = None


class HistoryPage(views.View, frozen=True, kw_only=True):
    """Some versions with their numbers, newest first."""

    items: list[histories.PointView]
    next: str | None


@routes.get(
    "/assets/{key:path}/history", scope="assets.read", query=HistoryQuery, answer=HistoryPage,
    summary="Look at the numbers of an asset over time",
)  # fmt: skip
def asset_history(call: Call, key: str, query: HistoryQuery) -> HistoryPage:
    """The versions of an asset (of some partitions), newest first, each with the numbers of its metadata."""
    at = paging.place(f"history {key}", query, int)
    with call.world() as world:
        asset = asset_views.found(world, key)
        named = history.partition_keys(world, asset.key, query.partitions)
        items, before = histories.points(
            world, asset.key, named, limit=query.limit, before=at[0] if at is not None else None
        )
    following = paging.cursor(f"history {key}", query, before) if before is not None else None
    return HistoryPage(items=items, next=following)
