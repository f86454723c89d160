"""What is going on now, and finding anything by its name."""

from __future__ import annotations

from typing import Annotated

import msgspec

from weft.service import overview, views
from weft.surfaces.http import routing
from weft.surfaces.http.call import Call
from weft.surfaces.http.resources import assets

routes = routing.Routes(tag="server")


@routes.get("/now", scope="server.read", answer=overview.NowView, summary="What is broken, late, running, waiting")
def now(call: Call) -> overview.NowView:
    """What is wrong by root cause, with how much it hits; incidents; what runs and waits; open questions."""
    with call.world() as world:
        return overview.now(world, assets.known(call), call.now)


class SearchQuery(routing.Query, frozen=True, kw_only=True):
    """What is looked for."""

    q: Annotated[str, msgspec.Meta(max_length=200, description="A part of a name, or letters of it in order.")]
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20


class Hits(views.View, frozen=True, kw_only=True):
    """What was found, the nearest first."""

    items: list[overview.HitView]


@routes.get("/search", scope="server.read", query=SearchQuery, answer=Hits, summary="Find anything by its name")
def search(call: Call, query: SearchQuery) -> Hits:
    """Assets, pipelines, jobs, automations, locations, and runs by the beginning of their id."""
    with call.world() as world:
        return Hits(items=overview.search(world, query.q, limit=query.limit))


class SettingsView(views.View, frozen=True, kw_only=True):
    """What the project's configuration says of how things run; secrets are never part of it."""

    executor: str
    jobs: int | None
    on_failure: str
    keep_versions: int
    keep_runs: int
    pools: dict[str, int]


@routes.get("/settings", scope="server.read", answer=SettingsView, etag=True, summary="Look at the settings")
def settings(call: Call) -> SettingsView:
    """The settings that runs go by."""
    with call.world() as world:
        given = world.settings
    return SettingsView(
        executor=given.executor,
        jobs=given.jobs,
        on_failure=given.on_failure,
        keep_versions=given.keep_versions,
        keep_runs=given.keep_runs,
        pools=dict(given.pools),
    )
