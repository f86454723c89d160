"""Pipelines and jobs: listed, looked at, their versions and what differs, their steps as a graph and grid."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from weft.model import errors
from weft.ports import paging as ports
from weft.service import views
from weft.service.asset import partition_selecting, strips
from weft.service.pipeline import intervals, pipeline_grids, pipeline_views, pipelines
from weft.service.run import history
from weft.surfaces.http import paging, routing
from weft.surfaces.http.call import Call
from weft.surfaces.http.resources import assets, partition_views, runs
from weft.surfaces.http.resources.runs import Name

routes = routing.Routes(tag="pipelines")


class PipelinesQuery(paging.Paged, frozen=True, kw_only=True):
    """Which pipelines, and how many of the latest runs of each."""

    kind: Literal["dag", "flow", "job"] | None = None
    tag: Name | None = None
    owner: Name | None = None
    q: Annotated[str, msgspec.Meta(max_length=200, description="A part of the name.")] = ""
    recent: Annotated[int, msgspec.Meta(ge=0, le=50)] = 5


class PipelinePage(views.View, frozen=True, kw_only=True):
    """Some pipelines and jobs, by name, each with its latest runs and when it is due next."""

    items: list[pipeline_views.PipelineView]
    next: str | None


@routes.get(
    "/pipelines", scope="pipelines.read", query=PipelinesQuery, answer=PipelinePage, etag=True,
    summary="List pipelines",
)  # fmt: skip
def list_pipelines(call: Call, query: PipelinesQuery) -> PipelinePage:
    """Pipelines (DAGs, flows, graphs of ops) and the jobs that select assets."""
    with call.world() as world:
        graph = world.graph
        kinds = {**dict.fromkeys(graph.jobs, "job"), **{name: each.kind for name, each in graph.pipelines.items()}}
        tags = {name: each.tags for several in (graph.jobs, graph.pipelines) for name, each in several.items()}
        owners = {name: each.owners for name, each in graph.pipelines.items()}
        names = [
            name
            for name, kind in kinds.items()
            if query.kind in (None, kind)
            and (query.tag is None or query.tag in tags[name])
            and (query.owner is None or query.owner in owners.get(name, ()))
            and query.q.lower() in name.lower()
        ]
        page, following = paging.cut("pipelines", query, names, lambda name: name)
        items = pipeline_views.some(world, page, recent=query.recent)
    return PipelinePage(items=items, next=following)


@routes.get(
    "/pipelines/{name}", scope="pipelines.read", answer=pipeline_views.PipelineDetail, etag=True,
    summary="Look at a pipeline",
)  # fmt: skip
def look(call: Call, name: str) -> pipeline_views.PipelineDetail:
    """A pipeline with its steps, the JSON schema of its parameters, and its latest runs."""
    with call.world() as world, call.looking_up("name", name):
        return pipeline_views.detail(world, name)


@routes.get(
    "/pipelines/{name}/partitions", scope="pipelines.read", query=assets.StripQuery, answer=strips.StripView, etag=True,
    summary="Look at the intervals of a pipeline",
)  # fmt: skip
def strip(call: Call, name: str, query: assets.StripQuery) -> strips.StripView:
    """All its intervals as runs of the same status, over ordinals, as those of an asset's partitions.

    An interval that nothing asks for has no status until a run of it has ended; then it has that of its last run.
    """
    with call.world() as world:
        with call.looking_up("name", name):
            pipeline = pipelines.find(world, name)
        known = assets.known(call)
        status = intervals.standing(world, known, pipeline, call.now)
        return strips.strip(
            world, known, name, query.partitions,
            now=call.now, cells=query.cells, between=(query.start, query.stop), status=status,
        )  # fmt: skip


@routes.get(
    "/pipelines/{name}/partition-keys", scope="pipelines.read", query=assets.KeysQuery, answer=strips.KeysPage,
    summary="List the intervals of a pipeline by key",
)  # fmt: skip
def partition_keys(call: Call, name: str, query: assets.KeysQuery) -> strips.KeysPage:
    """Its intervals in order with their keys, statuses and windows of time."""
    with call.world() as world:
        with call.looking_up("name", name):
            pipeline = pipelines.find(world, name)
        known = assets.known(call)
        status = intervals.standing(world, known, pipeline, call.now)
        return strips.keys_page(
            world, known, name, query.partitions,
            now=call.now, start=query.start, limit=query.limit, words=query.status, text=query.q, status=status,
        )  # fmt: skip


@routes.get(
    "/pipelines/{name}/partition-selection", scope="pipelines.read",
    query=partition_views.PickQuery, answer=partition_selecting.PickView,
    summary="Turn what is selected of a pipeline's intervals into keys, and back",
)  # fmt: skip
def partition_selection(call: Call, name: str, query: partition_views.PickQuery) -> partition_selecting.PickView:
    """Its intervals as text that a backfill takes, as ranges of ordinals, and how many of them stand where."""
    with call.world() as world:
        with call.looking_up("name", name):
            pipeline = pipelines.find(world, name)
        known = assets.known(call)
        return partition_selecting.pick(
            world, known, name, now=call.now, chosen=query.partitions,
            pieces=query.pieces, words=query.status, fingerprint=query.fingerprint,
            status=intervals.standing(world, known, pipeline, call.now),
        )  # fmt: skip


class CodePage(views.View, frozen=True, kw_only=True):
    """Versions of a pipeline's code, newest first."""

    items: list[pipeline_views.CodeView]


@routes.get("/pipelines/{name}/versions", scope="pipelines.read", answer=CodePage, summary="List a pipeline's versions")
def versions(call: Call, name: str) -> CodePage:
    """The versions of its code that have run, and today's."""
    with call.world() as world, call.looking_up("name", name):
        return CodePage(items=pipeline_views.versions(world, name))


class SourceQuery(routing.Query, frozen=True, kw_only=True):
    """Which version: the beginning of a digest, or a run; today's by default."""

    version: Name | None = None


class FunctionSource(views.View, frozen=True, kw_only=True):
    """The source of one function of a pipeline."""

    name: str
    text: str


class PipelineSource(views.View, frozen=True, kw_only=True):
    """The functions that a version of a pipeline is made of, by name."""

    items: list[FunctionSource]


@routes.get(
    "/pipelines/{name}/source", scope="pipelines.read", query=SourceQuery, answer=PipelineSource,
    summary="Read the source of a pipeline's functions",
)  # fmt: skip
def source(call: Call, name: str, query: SourceQuery) -> PipelineSource:
    """The functions of one version, as they were when it first ran."""
    with call.world() as world:
        with call.looking_up("name", name):
            pipelines.find(world, name)
        found = pipeline_views.sources(world, name, query.version)
    return PipelineSource(items=[FunctionSource(name=each, text=found[each]) for each in sorted(found)])


class DiffQuery(routing.Query, frozen=True, kw_only=True):
    """Which two versions: the beginning of a digest, or a run. Without them, the two latest."""

    before: Name | None = None
    after: Name | None = None


class DiffView(views.View, frozen=True, kw_only=True):
    """What differs between two versions of a pipeline's code, as a unified diff; empty where nothing does."""

    pipeline: str
    before: str
    after: str
    diff: str


@routes.get(
    "/pipelines/{name}/diff", scope="pipelines.read", query=DiffQuery, answer=DiffView,
    summary="Compare two versions of a pipeline",
)  # fmt: skip
def diff(call: Call, name: str, query: DiffQuery) -> DiffView:
    """The sources of what changed from one version to the other."""
    with call.world() as world:
        with call.looking_up("name", name):
            pipelines.find(world, name)
        if query.before is None or query.after is None:
            last = pipeline_views.last_two(world, name)
            before, after = query.before or last[0], query.after or last[1]
        else:
            before, after = query.before, query.after
        told = pipeline_views.difference(world, name, before, after)
    return DiffView(pipeline=name, before=before, after=after, diff=told)


@routes.get(
    "/pipelines/{name}/graph", scope="pipelines.read", answer=pipeline_grids.GraphView, etag=True,
    summary="Look at a pipeline's steps as a graph",
)  # fmt: skip
def graph(call: Call, name: str) -> pipeline_grids.GraphView:
    """Its steps as nodes in an order in which each comes after those above it, and the edges between them."""
    with call.world() as world, call.looking_up("name", name):
        return pipeline_grids.graph(pipelines.find(world, name))


class GridQuery(paging.Paged, frozen=True, kw_only=True):
    """How many runs."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 25


class GridPage(views.View, frozen=True, kw_only=True):
    """Runs of a pipeline, newest first, each with where each of its steps stands."""

    steps: list[str]
    items: list[pipeline_grids.GridRun]
    next: str | None


@routes.get(
    "/pipelines/{name}/grid", scope="pipelines.read", query=GridQuery, answer=GridPage,
    summary="Look at runs and steps of a pipeline as a grid",
)  # fmt: skip
def grid(call: Call, name: str, query: GridQuery) -> GridPage:
    """One column for each of the latest runs, one cell for each step in it."""
    at = paging.place(f"grid {name}", query, int, str)
    with call.world() as world:
        with call.looking_up("name", name):
            pipeline = pipelines.find(world, name)
        page = world.ledger.run_page(
            ports.RunFilter(pipeline=name),
            limit=query.limit,
            after=ports.Place(at=at[0], id=at[1]) if at is not None else None,
        )
        items = [
            pipeline_grids.GridRun(
                run=history.run_view(world.ledger, row), cells=pipeline_grids.cells(world.ledger, row.id)
            )
            for row in page.rows
        ]
    after = page.after
    following = paging.cursor(f"grid {name}", query, after.at, after.id) if after is not None else None
    return GridPage(steps=[each.task for each in pipeline.steps.values()], items=items, next=following)


class GridItemsQuery(routing.Query, frozen=True, kw_only=True):
    """Which step, in which runs."""

    step: Annotated[Name, msgspec.Meta(description="The name of the step, without its pipeline.")]
    run: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=100)]],
        msgspec.Meta(min_length=1, max_length=100, description="Ids of runs of this pipeline, in full."),
    ]


@routes.get(
    "/pipelines/{name}/grid/items", scope="pipelines.read", query=GridItemsQuery, answer=pipeline_grids.GridItems,
    summary="Look at the items of a step in several runs",
)  # fmt: skip
def grid_items(call: Call, name: str, query: GridItemsQuery) -> pipeline_grids.GridItems:
    """Where each item of a mapped step stands in each of the runs: the rows of the grid that its step unfolds to.

    What would make the answer too long is left out: runs that are not among those of the answer can be asked for again.
    """
    with call.ledger() as ledger:
        for each in query.run:
            row = runs.found(ledger, each)
            if row.id != each or row.pipeline != name:
                raise errors.NotFoundError(
                    f"The pipeline {name!r} has no run {each!r}.",
                    remedy=f"`GET /pipelines/{name}/grid` lists its runs; `run` takes their ids in full.",
                )
        return pipeline_grids.items(ledger, name, query.step, query.run)
