"""What is going on now, and finding anything by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from weft.service import views
from weft.service.now import memory, overview, warming, words
from weft.service.server import search as searching
from weft.service.server import setting_views
from weft.surfaces.http import routing
from weft.surfaces.http.call import Call
from weft.surfaces.http.resources import assets

if TYPE_CHECKING:
    from weft.surfaces.http.call import State

routes = routing.Routes(tag="server")


_MEMORY = "now"
_WARMING = "warming"


def on_start(state: State) -> None:
    """Have a place for what is kept between two answers, and find out the first one before anybody asks."""
    state.extras[_MEMORY] = memory.Memory()
    state.extras[_WARMING] = warming.Warming(state.serving, memory_of(state))
    state.extras[_WARMING].start()


def on_stop(state: State) -> None:
    """Find out nothing ahead any more."""
    found: warming.Warming | None = state.extras.pop(_WARMING, None)
    if found is not None:
        found.stop()


def memory_of(state: State) -> memory.Memory:
    """What is kept between two answers."""
    found: memory.Memory = state.extras[_MEMORY]
    return found


@routes.get(
    "/now", scope="server.read", answer=words.NowView, etag=True, summary="What is broken, late, running, waiting"
)
def now(call: Call) -> words.NowView:
    """What is wrong, one trouble for each root cause with what it hits and what mends it; what runs, waits, comes next.

    At most 50 of each are listed; `totals` and `counts` have all. What was never made is no trouble unless a schedule
    or a freshness policy asked for it.
    """
    with call.world() as world:
        return overview.now(world, assets.known(call), memory_of(call.state), call.now)


class SearchQuery(routing.Query, frozen=True, kw_only=True):
    """What is looked for."""

    q: Annotated[str, msgspec.Meta(max_length=200, description="A part of a name, or letters of it in order.")]
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20


class Hits(views.View, frozen=True, kw_only=True):
    """What was found, the nearest first."""

    items: list[searching.HitView]


@routes.get("/search", scope="server.read", query=SearchQuery, answer=Hits, summary="Find anything by its name")
def search(call: Call, query: SearchQuery) -> Hits:
    """Assets, pipelines, jobs, automations, locations, and runs by the beginning of their id."""
    with call.world() as world:
        return Hits(
            items=searching.search(world, assets.known(call), memory_of(call.state), query.q, limit=query.limit)
        )


class SettingsView(views.View, frozen=True, kw_only=True):
    """What the project's configuration says of how things run; secrets are never part of it.

    `items` has all settings, each with where its value comes from.
    """

    executor: str
    jobs: int | None
    on_failure: str
    keep_versions: int
    keep_runs: int
    pools: dict[str, int]
    items: list[setting_views.SettingView]


@routes.get("/settings", scope="server.read", answer=SettingsView, etag=True, summary="Look at the settings")
def settings(call: Call) -> SettingsView:
    """The settings that the server and its runs go by: each with its value, its default and where it comes from."""
    serving = call.serving
    given = serving.world_settings
    return SettingsView(
        executor=given.executor,
        jobs=given.jobs,
        on_failure=given.on_failure,
        keep_versions=given.keep_versions,
        keep_runs=given.keep_runs,
        pools=dict(given.pools),
        items=setting_views.told(serving.settings, serving.origin, serving.home),
    )
