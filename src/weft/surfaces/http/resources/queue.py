"""What waits to begin, in which order and on what; pools of steps; code locations loaded anew."""

from __future__ import annotations

from typing import Annotated

import msgspec

from weft.service import views
from weft.service.queue import step_pools, waiting
from weft.service.server import location_views
from weft.surfaces.http import routing
from weft.surfaces.http.call import Answer, Call
from weft.surfaces.http.resources import runs

routes = routing.Routes(tag="queue")


class QueueQuery(routing.Query, frozen=True, kw_only=True):
    """How many."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100


class Queue(views.View, frozen=True, kw_only=True):
    """Runs that wait, the next first, each with why it waits."""

    items: list[waiting.QueuedView]


@routes.get("/queue", scope="runs.read", query=QueueQuery, answer=Queue, summary="Look at what waits")
def queue(call: Call, query: QueueQuery) -> Queue:
    """The queue, in the order in which runs begin."""
    with call.world() as world:
        return Queue(items=waiting.queue(world, limit=query.limit))


@routes.get("/runs/{id}/why", scope="runs.read", answer=waiting.WhyView, summary="Ask why a run waits")
def why(call: Call, id: str) -> waiting.WhyView:  # noqa: A002 - the word of the path
    """Which pool, limit, run or missing worker a run waits for; no reasons for one that doesn't wait."""
    with call.world() as world:
        return waiting.why(world, runs.found(world.ledger, id))


class Pools(views.View, frozen=True, kw_only=True):
    """Pools of steps, by name."""

    items: list[step_pools.PoolView]


@routes.get("/pools", scope="pools.read", answer=Pools, summary="List pools of steps")
def pools(call: Call) -> Pools:
    """The pools, with who holds their slots and who waits for them."""
    with call.world() as world:
        return Pools(items=step_pools.ls(world))


class Slots(routing.Body, frozen=True, kw_only=True):
    """How many slots a pool has: 0 pauses it, null gives it what the project's configuration says."""

    slots: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None


@routes.put(
    "/pools/{name}", scope="pools.change", role="editor", body=Slots, answer=step_pools.PoolView,
    summary="Set the slots of a pool",
)  # fmt: skip
def set_slots(call: Call, name: str, body: Slots) -> Answer:
    """Change how many slots a pool has; what holds them keeps them."""
    with call.world() as world:
        view = step_pools.set_slots(world, name, body.slots)
    return Answer(view, target=f"pool:{name}", detail={"slots": body.slots})


@routes.post(
    "/locations/{name}/reload", scope="locations.reload", answer=location_views.LocationView, status=202,
    summary="Load a code location anew",
)  # fmt: skip
def reload(call: Call, name: str) -> Answer:
    """Ask for its definitions to be read again; an event `LocationLoaded` or `LocationFailed` tells what came of it."""
    from weft.surfaces.processes import reloading

    with call.ledger() as ledger, call.looking_up("name", name):
        view = location_views.get(ledger, call.serving.clock, name)
    reloading.request(call.serving.home, view.name)
    return Answer(view, target=f"location:{view.name}")
