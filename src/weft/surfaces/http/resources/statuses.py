"""What the command line asks for in one piece: statuses, selections, partitions, versions, and what a name means."""

from __future__ import annotations

from typing import Annotated

import msgspec

from weft.service import views
from weft.service.asset import completing, correcting, partition_keys, version_details
from weft.service.plan import status_views
from weft.service.run import history
from weft.surfaces.http import paging, routing
from weft.surfaces.http.call import Answer, Call
from weft.surfaces.http.resources.asset_changes import Corrections
from weft.surfaces.http.resources.assets import Chosen, Selection
from weft.surfaces.http.resources.runs import Name

routes = routing.Routes(tag="assets")


class SelectQuery(routing.Query, frozen=True, kw_only=True):
    """What is selected; all without a selection."""

    select: Selection = None


@routes.get(
    "/statuses", scope="assets.read", query=SelectQuery, answer=status_views.StatusesView,
    summary="Look at where assets and pipelines stand, with every cause",
)  # fmt: skip
def statuses(call: Call, query: SelectQuery) -> status_views.StatusesView:
    """What `weft status` shows: partitions counted by status, and the causes with the roots of their chains."""
    with call.world() as world:
        return status_views.statuses(world, query.select)


class SelectedPage(views.View, frozen=True, kw_only=True):
    """Assets, each after what it is made from."""

    items: list[status_views.SelectedView]


@routes.get(
    "/selection",
    scope="assets.read",
    query=SelectQuery,
    answer=SelectedPage,
    summary="Look at what a selection selects",
)
def selection(call: Call, query: SelectQuery) -> SelectedPage:
    """What `weft ls` shows: the assets as they are defined, without where they stand."""
    with call.world() as world:
        return SelectedPage(items=status_views.selected(world, query.select))


class CompleteQuery(routing.Query, frozen=True, kw_only=True):
    """A selection that is being written, and where."""

    text: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    at: Annotated[int, msgspec.Meta(ge=0, le=2000, description="The place in it, in code points.")] = 2000


@routes.get(
    "/selection/complete", scope="assets.read", query=CompleteQuery, answer=completing.CompletionView,
    summary="Look at what may stand at a place of a selection",
)  # fmt: skip
def complete(call: Call, query: CompleteQuery) -> completing.CompletionView:
    """Keys, fields, values and operators that go on from what is written, the likeliest first."""
    with call.world() as world:
        return completing.complete(world, query.text, query.at)


_MOST_PARTITIONS = 10_000


class PartitionsQuery(paging.Paged, frozen=True, kw_only=True):
    """Of which asset (a selection of one) or pipeline, and which of its partitions."""

    of: Name
    partitions: Chosen = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=_MOST_PARTITIONS)] = _MOST_PARTITIONS


@routes.get(
    "/partitions", scope="assets.read", query=PartitionsQuery, answer=partition_keys.PartitionsPage,
    summary="List the partitions with their statuses",
)  # fmt: skip
def partitions(call: Call, query: PartitionsQuery) -> partition_keys.PartitionsPage:
    """What `weft partitions` shows; of very many partitions `/assets/{key}/partitions` tells as much in less."""
    at = paging.place("partitions", query, int)
    with call.world() as world:
        name = query.of if query.of in world.graph.pipelines else history.one_asset(world, query.of)
        found, following = partition_keys.page_of(
            world, name, query.partitions, after=at[0] if at is not None else -1, limit=query.limit
        )
    fields = {each: getattr(found, each) for each in found.__struct_fields__}
    return partition_keys.PartitionsPage(
        **fields, next=paging.cursor("partitions", query, following) if following is not None else None
    )


class VersionsQuery(routing.Query, frozen=True, kw_only=True):
    """Of which asset (a selection of one), which partitions, how many versions; `details`: with all that is known."""

    of: Name
    partitions: Chosen = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=2**31)] | None = None
    details: bool = False


@routes.get(
    "/versions", scope="assets.read", query=VersionsQuery, answer=version_details.VersionsView,
    summary="List versions, with what people decided",
)  # fmt: skip
def versions(call: Call, query: VersionsQuery) -> version_details.VersionsView:
    """What `weft versions` shows, newest first; `/assets/{key}/versions` has the same by pages."""
    with call.world() as world:
        return version_details.listed(world, query.of, query.partitions, limit=query.limit, with_details=query.details)


class NamedView(views.View, frozen=True, kw_only=True):
    """What a name means, in full."""

    name: str


@routes.get("/named/runs/{name}", scope="runs.read", answer=NamedView, summary="Find a run by a part of its id")
def named_run(call: Call, name: str) -> NamedView:
    """The run whose id is, or begins with, a name; `last` is the newest one that no other called."""
    with call.ledger() as ledger, call.looking_up("name", name):
        return NamedView(name=history.find_run(ledger, name).id)


@routes.get("/named/assets/{name:path}", scope="assets.read", answer=NamedView, summary="Find an asset by a selection")
def named_asset(call: Call, name: str) -> NamedView:
    """The one asset that a selection selects: its key, the end of it, an alias."""
    with call.world() as world, call.looking_up("name", name):
        return NamedView(name=history.one_asset(world, name))


class Accept(routing.Body, frozen=True, kw_only=True):
    """What is fine as it is, and why."""

    select: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    partitions: Chosen = None


@routes.post(
    "/acceptances", scope="assets.accept", role="editor", body=Accept, answer=Corrections,
    summary="Take what is selected as it is",
)  # fmt: skip
def accept(call: Call, body: Accept) -> Answer:
    """What `weft accept` does: only later changes make it stale again."""
    with call.world() as world:
        done = correcting.accept(world, body.select, body.partitions, reason=body.reason, by=call.principal.name)
    return Answer(Corrections(items=done), target=f"assets:{body.select}", detail=msgspec.structs.asdict(body))
