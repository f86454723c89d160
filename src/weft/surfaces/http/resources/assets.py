"""Assets: where they stand and why, their partitions, versions and checks, and what is made from what."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from weft.service import views
from weft.service.asset import asset_views, catalog, lineage_views, strips, version_details
from weft.service.plan import planning
from weft.service.run import history
from weft.service.server import standings
from weft.surfaces.http import paging, routing
from weft.surfaces.http.call import Call
from weft.surfaces.http.resources.runs import Name

routes = routing.Routes(tag="assets")

Selection = (
    Annotated[
        str,
        msgspec.Meta(
            min_length=1, max_length=2000, description="A selection, such as `group:trading and status:stale`."
        ),
    ]
    | None
)
Chosen = (
    Annotated[
        str,
        msgspec.Meta(
            min_length=1, max_length=5000, description="Partitions: `2024-01-05`, `2024-01-01..2024-01-31`, `a,b`."
        ),
    ]
    | None
)


def known(call: Call) -> standings.Standings:
    """What this process knows of where assets stand."""
    return call.serving.standings


Words = Annotated[tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=200)], ...], msgspec.Meta(max_length=100)]


class AssetsQuery(paging.Paged, frozen=True, kw_only=True):
    """Which assets, in which order. Of each filter that is given an asset has one of the values."""

    select: Selection = None
    status: Words = ()
    group: Words = ()
    owner: Words = ()
    kind: Words = ()
    tag: Annotated[Words, msgspec.Meta(description="`name=value`, or `name` for a tag without a value.")] = ()
    location: Words = ()
    order: catalog.Order = "key"


class FacetsQuery(routing.Query, frozen=True, kw_only=True):
    """Which assets are counted, with the filters of `/assets`."""

    select: Selection = None
    status: Words = ()
    group: Words = ()
    owner: Words = ()
    kind: Words = ()
    tag: Words = ()
    location: Words = ()


def _filters(query: AssetsQuery | FacetsQuery) -> catalog.Filters:
    return catalog.Filters(
        status=query.status,
        group=query.group,
        owner=query.owner,
        kind=query.kind,
        tag=query.tag,
        location=query.location,
    )


class AssetPage(views.View, frozen=True, kw_only=True):
    """Some assets, by key."""

    items: list[asset_views.AssetView]
    next: str | None


@routes.get("/assets", scope="assets.read", query=AssetsQuery, answer=AssetPage, etag=True, summary="List assets")
def list_assets(call: Call, query: AssetsQuery) -> AssetPage:
    """The assets that a selection has (all without one), each with the one word for where it stands."""
    with call.world() as world:
        statuses = known(call).all(world, call.now)
        chosen = catalog.matching(world, statuses, planning.select(world, query.select), _filters(query))
        shown, following = paging.cut("assets", query, chosen, catalog.place_of(world, statuses, query.order))
        items = asset_views.listed(world, known(call), shown, call.now)
    return AssetPage(items=items, next=following)


@routes.get(
    "/asset-facets", scope="assets.read", query=FacetsQuery, answer=catalog.FacetsView, etag=True,
    summary="Count assets by status, group, owner, kind, tag and location",
)  # fmt: skip
def facets(call: Call, query: FacetsQuery) -> catalog.FacetsView:
    """How many assets match, and how many would with another value of one filter."""
    with call.world() as world:
        statuses = known(call).all(world, call.now)
        return catalog.facets(world, statuses, planning.select(world, query.select), _filters(query))


@routes.get(
    "/assets/{key:path}", scope="assets.read", answer=asset_views.AssetDetail, etag=True, summary="Look at an asset"
)
def look(call: Call, key: str) -> asset_views.AssetDetail:
    """Where an asset stands, and why: each cause with the root of its chain through the assets above."""
    with call.world() as world:
        return asset_views.detail(world, known(call), asset_views.found(world, key), call.now)


class StripQuery(routing.Query, frozen=True, kw_only=True):
    """Which partitions, and into how many cells they are gathered where there are too many segments."""

    partitions: Chosen = None
    cells: Annotated[int, msgspec.Meta(ge=10, le=5000)] = 1000
    start: Annotated[int, msgspec.Meta(ge=0, le=2**40, description="The ordinal to begin with.")] = 0
    stop: Annotated[int, msgspec.Meta(ge=0, le=2**40, description="The ordinal to end before.")] | None = None


@routes.get(
    "/assets/{key:path}/partitions", scope="assets.read", query=StripQuery, answer=strips.StripView, etag=True,
    summary="Look at the partitions of an asset",
)  # fmt: skip
def strip(call: Call, key: str, query: StripQuery) -> strips.StripView:
    """All partitions as runs of the same status, over ordinals; `/partition-keys` gives the keys of some of them."""
    with call.world() as world:
        asset = asset_views.found(world, key)
        return strips.strip(
            world, known(call), asset.key, query.partitions,
            now=call.now, cells=query.cells, between=(query.start, query.stop),
        )  # fmt: skip


class KeysQuery(routing.Query, frozen=True, kw_only=True):
    """Which partitions, in order."""

    partitions: Chosen = None
    start: Annotated[int, msgspec.Meta(ge=0, le=2**40, description="The ordinal to begin with.")] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=strips.MOST_KEYS)] = 100
    status: Annotated[
        tuple[Literal["running", "failed", "blocked", "missing", "stale", "overdue", "fresh"], ...],
        msgspec.Meta(max_length=7),
    ] = ()
    q: Annotated[str, msgspec.Meta(max_length=200, description="A part of the key.")] = ""


@routes.get(
    "/assets/{key:path}/partition-keys", scope="assets.read", query=KeysQuery, answer=strips.KeysPage,
    summary="List the partitions of an asset by key",
)  # fmt: skip
def partition_keys(call: Call, key: str, query: KeysQuery) -> strips.KeysPage:
    """Partitions in order with their keys, statuses and windows of time."""
    with call.world() as world:
        asset = asset_views.found(world, key)
        return strips.keys_page(
            world, known(call), asset.key, query.partitions,
            now=call.now, start=query.start, limit=query.limit, words=query.status, text=query.q,
        )  # fmt: skip


class PartitionQuery(routing.Query, frozen=True, kw_only=True):
    """Which partition; none for an asset without partitions."""

    partition: Name | None = None


@routes.get(
    "/assets/{key:path}/partition", scope="assets.read", query=PartitionQuery, answer=asset_views.PartitionDetail,
    summary="Look at one partition",
)  # fmt: skip
def partition(call: Call, key: str, query: PartitionQuery) -> asset_views.PartitionDetail:
    """Where one partition stands, with its own causes, its versions, and what its checks found."""
    with call.world() as world:
        return asset_views.partition(world, asset_views.found(world, key), query.partition, call.now)


class VersionsQuery(paging.Paged, frozen=True, kw_only=True):
    """Which versions."""

    partitions: Chosen = None


class VersionPage(views.View, frozen=True, kw_only=True):
    """Some versions, newest first, with their metadata, checks, inputs and what people decided."""

    items: list[version_details.VersionDetail]
    next: str | None


@routes.get(
    "/assets/{key:path}/versions", scope="assets.read", query=VersionsQuery, answer=VersionPage,
    summary="List the versions of an asset's data",
)  # fmt: skip
def versions(call: Call, key: str, query: VersionsQuery) -> VersionPage:
    """The versions of an asset (of some partitions), newest first."""
    at = paging.place(f"versions {key}", query, int)
    with call.world() as world:
        asset = asset_views.found(world, key)
        named = history.partition_keys(world, asset.key, query.partitions)
        rows = world.ledger.version_page(
            asset.key, named, limit=query.limit + 1, before=at[0] if at is not None else None
        )
        shown = [history.version_view(row) for row in rows[: query.limit]]
        details = version_details.details(world, asset.key, shown)
    following = paging.cursor(f"versions {key}", query, rows[query.limit - 1].id) if len(rows) > query.limit else None
    return VersionPage(items=list(details.values()), next=following)


class CheckPage(views.View, frozen=True, kw_only=True):
    """Results of checks, each the latest of its partition."""

    items: list[asset_views.CheckResultView]
    next: str | None


class ChecksQuery(paging.Paged, frozen=True, kw_only=True):
    """Which results of checks."""

    partitions: Chosen = None
    failed: Annotated[bool, msgspec.Meta(description="Only those that failed.")] = False
    check: Annotated[str, msgspec.Meta(min_length=1, max_length=500, description="Only this check.")] | None = None


@routes.get(
    "/assets/{key:path}/checks", scope="assets.read", query=ChecksQuery, answer=CheckPage,
    summary="List what the checks of an asset found",
)  # fmt: skip
def checks(call: Call, key: str, query: ChecksQuery) -> CheckPage:
    """The latest result of each check on each partition."""
    at = paging.place(f"checks {key}", query, str, str)
    with call.world() as world:
        asset = asset_views.found(world, key)
        named = history.partition_keys(world, asset.key, query.partitions)
        found = asset_views.check_results(
            world,
            asset.key,
            named,
            limit=query.limit + 1,
            after=(at[0], at[1]) if at is not None else None,
            failed=query.failed,
            name=query.check,
        )
    items = found[: query.limit]
    more = len(found) > len(items)
    following = paging.cursor(f"checks {key}", query, items[-1].partition or "", items[-1].check) if more else None
    return CheckPage(items=items, next=following)


class LineageQuery(routing.Query, frozen=True, kw_only=True):
    """Which part of the graph."""

    select: Selection = None
    up: Annotated[int, msgspec.Meta(ge=0, le=1000, description="Hops above what is selected.")] = 0
    down: Annotated[int, msgspec.Meta(ge=0, le=1000, description="Hops below what is selected.")] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=lineage_views.MOST_NODES)] = 2000


@routes.get(
    "/lineage", scope="assets.read", query=LineageQuery, answer=lineage_views.LineageView, etag=True,
    summary="Look at what is made from what",
)  # fmt: skip
def lineage(call: Call, query: LineageQuery) -> lineage_views.LineageView:
    """Assets and pipelines as nodes, with where they stand, and edges between them."""
    with call.world() as world:
        return lineage_views.lineage(
            world, known(call), query.select, up=query.up, down=query.down, most=query.limit, now=call.now
        )
