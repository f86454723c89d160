"""What is there to run things: code locations with their definitions, workers, work pools."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from weft.service import views
from weft.service.queue import work_pools
from weft.service.server import definition_versions, location_views
from weft.surfaces.http import paging, routing
from weft.surfaces.http.call import Answer, Call
from weft.surfaces.http.resources.runs import Name

routes = routing.Routes(tag="places")


class Locations(views.View, frozen=True, kw_only=True):
    """Code locations, by name."""

    items: list[location_views.LocationView]


@routes.get("/locations", scope="locations.read", answer=Locations, etag=True, summary="List code locations")
def list_locations(call: Call) -> Locations:
    """Each with its state, the problems of the last attempt to load it, and how much it defines."""
    with call.ledger() as ledger:
        return Locations(items=location_views.listed(ledger, call.serving.clock))


@routes.get(
    "/locations/{name}", scope="locations.read", answer=location_views.LocationView, summary="Look at a code location"
)
def look(call: Call, name: str) -> location_views.LocationView:
    """A code location with what is wrong with it, by file and line."""
    with call.ledger() as ledger, call.looking_up("name", name):
        return location_views.get(ledger, call.serving.clock, name)


class Workers(views.View, frozen=True, kw_only=True):
    """Processes that were seen."""

    items: list[location_views.WorkerView]


@routes.get("/workers", scope="workers.read", answer=Workers, summary="List workers and schedulers")
def workers(call: Call) -> Workers:
    """The processes that take runs, evaluate sensors or decide ticks, when they were seen last, and what they run."""
    with call.ledger() as ledger:
        return Workers(items=location_views.workers(ledger, call.serving.clock))


class DefinitionsQuery(paging.Paged, frozen=True, kw_only=True):
    """Which definitions."""

    kind: Literal["asset", "pipeline", "job", "automation"] | None = None


class DefinitionPage(views.View, frozen=True, kw_only=True):
    """Some definitions, by name (`asset:KEY`, `pipeline:NAME` …)."""

    items: list[definition_versions.DefinitionView]
    next: str | None


@routes.get(
    "/definitions", scope="definitions.read", query=DefinitionsQuery, answer=DefinitionPage, summary="List definitions"
)
def list_definitions(call: Call, query: DefinitionsQuery) -> DefinitionPage:
    """What is defined, each with the version in force."""
    with call.ledger() as ledger:
        found = definition_versions.listed(ledger, kind=query.kind)
    items, following = paging.cut("definitions", query, found, lambda each: each.name)
    return DefinitionPage(items=items, next=following)


class VersionPage(views.View, frozen=True, kw_only=True):
    """Versions of a definition, newest first."""

    items: list[definition_versions.DefinitionVersionView]


@routes.get(
    "/definitions/{name:path}/versions", scope="definitions.read", answer=VersionPage,
    summary="List the versions of a definition",
)  # fmt: skip
def versions(call: Call, name: str) -> VersionPage:
    """All versions of a pipeline, asset, job or automation, newest first."""
    with call.ledger() as ledger, call.looking_up("name", name):
        return VersionPage(items=definition_versions.versions(ledger, definition_versions.full_name(ledger, name)))


class DiffQuery(routing.Query, frozen=True, kw_only=True):
    """Which two versions; without them the two latest."""

    before: Name | None = None
    after: Name | None = None


@routes.get(
    "/definitions/{name:path}/diff", scope="definitions.read", query=DiffQuery,
    answer=definition_versions.DefinitionDiff, summary="Compare two versions of a definition",
)  # fmt: skip
def diff(call: Call, name: str, query: DiffQuery) -> definition_versions.DefinitionDiff:
    """What differs in the graph (fields with what was before and is after) and in the source."""
    with call.ledger() as ledger:
        with call.looking_up("name", name):
            full = definition_versions.full_name(ledger, name)
        return definition_versions.difference(ledger, full, query.before, query.after)


class DocumentQuery(routing.Query, frozen=True, kw_only=True):
    """Which version; without it the one in force."""

    version: Name | None = None


@routes.get(
    "/definitions/{name:path}/document", scope="definitions.read", query=DocumentQuery, answer=dict[str, object],
    summary="Read a definition",
)  # fmt: skip
def document(call: Call, name: str, query: DocumentQuery) -> dict[str, object]:
    """A definition as canonical JSON."""
    with call.ledger() as ledger, call.looking_up("name", name):
        return definition_versions.document(ledger, definition_versions.full_name(ledger, name), query.version)


@routes.get(
    "/definitions/{name:path}/source", scope="definitions.read", query=DocumentQuery,
    answer=definition_versions.SourceView, summary="Read the source of a definition",
)  # fmt: skip
def source(call: Call, name: str, query: DocumentQuery) -> definition_versions.SourceView:
    """The project's code that a version runs, as it was when it was loaded."""
    with call.ledger() as ledger, call.looking_up("name", name):
        return definition_versions.source(ledger, definition_versions.full_name(ledger, name), query.version)


class WorkPools(views.View, frozen=True, kw_only=True):
    """Work pools, by name."""

    items: list[work_pools.WorkPoolView]


@routes.get("/work-pools", scope="work-pools.read", answer=WorkPools, summary="List work pools")
def list_work_pools(call: Call) -> WorkPools:
    """Where runs wait to be picked up, with how many wait and run."""
    with call.world() as world:
        return WorkPools(items=work_pools.ls(world))


class NewWorkPool(routing.Body, frozen=True, kw_only=True):
    """What a work pool is like; `slots` null for no bound."""

    type: Literal["process", "thread", "inline"] = "process"
    slots: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None


@routes.put(
    "/work-pools/{name}", scope="work-pools.change", role="editor", body=NewWorkPool, answer=work_pools.WorkPoolView,
    summary="Make or change a work pool",
)  # fmt: skip
def put_work_pool(call: Call, name: str, body: NewWorkPool) -> Answer:
    """Make a work pool, or change the one of that name."""
    with call.world() as world:
        view = work_pools.create(world, name, kind=body.type, slots=body.slots)
    return Answer(view, target=f"work-pool:{name}", detail=msgspec.structs.asdict(body))


@routes.post(
    "/work-pools/{name}/pause", scope="work-pools.change", answer=work_pools.WorkPoolView, summary="Pause a work pool"
)
def pause_work_pool(call: Call, name: str) -> Answer:
    """No run of it begins until it is resumed."""
    with call.world() as world, call.looking_up("name", name):
        return Answer(work_pools.pause(world, name, paused=True), target=f"work-pool:{name}")


@routes.post(
    "/work-pools/{name}/resume", scope="work-pools.change", answer=work_pools.WorkPoolView, summary="Resume a work pool"
)
def resume_work_pool(call: Call, name: str) -> Answer:
    """Let its runs begin again."""
    with call.world() as world, call.looking_up("name", name):
        return Answer(work_pools.pause(world, name, paused=False), target=f"work-pool:{name}")


@routes.delete(
    "/work-pools/{name}", scope="work-pools.change", role="editor", answer=None, summary="Remove a work pool"
)
def remove_work_pool(call: Call, name: str) -> Answer:
    """Remove a work pool in which nothing waits or runs."""
    with call.world() as world:
        with call.looking_up("name", name):
            work_pools.find(world, name)
        work_pools.remove(world, name)
    return Answer(None, target=f"work-pool:{name}")
