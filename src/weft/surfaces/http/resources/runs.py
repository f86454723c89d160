"""Runs: started, listed, looked at, cancelled, repeated, gone on with."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from weft.model import errors, spelling
from weft.ports import ledger as ledgers
from weft.ports import paging as ports
from weft.service import views
from weft.service.run import history, run_details
from weft.surfaces.http import paging, routing
from weft.surfaces.http.call import Answer, Call

routes = routing.Routes(tag="runs")

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
_NEAR = 20
"""Among so many of the latest runs the one is looked for that a wrong id may mean."""


class RunsQuery(paging.Paged, frozen=True, kw_only=True):
    """Which runs. Times are ISO 8601 with a time zone."""

    pipeline: Name | None = None
    partition: Name | None = None
    phase: (
        Literal["created", "scheduled", "waiting", "queued", "running", "suspended", "cancelling", "finished"] | None
    ) = None
    outcome: (
        Literal["succeeded", "failed", "timed_out", "crashed", "upstream_failed", "cancelled", "skipped", "rolled_back"]
        | None
    ) = None
    live: Annotated[bool, msgspec.Meta(description="Only those that have not finished.")] = False
    since: paging.Moment | None = None
    """Created at this time or later."""
    until: paging.Moment | None = None
    """Created before this time."""
    automation: Name | None = None
    location: Name | None = None
    execution: Name | None = None
    parent: (
        Annotated[
            str, msgspec.Meta(max_length=100, description="Runs that this one called; empty: those that none called.")
        ]
        | None
    ) = None
    pool: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    trigger: Name | None = None
    q: Annotated[
        str,
        msgspec.Meta(
            max_length=200, description="The beginning of an id, or a part of a pipeline, partition or request."
        ),
    ] = ""


class RunPage(views.View, frozen=True, kw_only=True):
    """Some runs, newest first. A page may be short, even empty, though `next` says that there is more."""

    items: list[views.RunView]
    next: str | None


@routes.get("/runs", scope="runs.read", query=RunsQuery, answer=RunPage, summary="List runs, newest first")
def list_runs(call: Call, query: RunsQuery) -> RunPage:
    """Runs that match all of what is asked, newest first.

    A search for `q`, or by several filters at once, looks at some thousands of runs a page: it may come back with less
    than `limit`, and a `next` with which it goes on.
    """
    at = paging.place("runs", query, int, str)
    wanted = ports.RunFilter(
        **{name: getattr(query, name) for name in _FILTERS},
        since=paging.moment("since", query.since),
        until=paging.moment("until", query.until),
        text=query.q,
    )
    with call.ledger() as ledger:
        page = ledger.run_page(
            wanted, limit=query.limit, after=ports.Place(at=at[0], id=at[1]) if at is not None else None
        )
        items = [history.run_view(ledger, row) for row in page.rows]
    after = page.after
    return RunPage(items=items, next=paging.cursor("runs", query, after.at, after.id) if after is not None else None)


_FILTERS = (
    "pipeline", "partition", "phase", "outcome", "live", "automation", "location", "execution", "parent", "pool",
    "trigger",
)  # fmt: skip


Texts = Annotated[dict[str, Annotated[str, msgspec.Meta(max_length=100_000)]], msgspec.Meta(max_length=1000)]
Pool = Annotated[str, msgspec.Meta(max_length=500, description="The work pool; the default one if left out.")]


class NewRun(routing.Body, frozen=True, kw_only=True):
    """What a run is to be started with; without a partition, that of the latest interval that has ended."""

    params: dict[str, Any] = msgspec.field(default_factory=dict)
    texts: Texts = msgspec.field(default_factory=dict)
    """Parameters as text, each taken by its type; they go before `params`."""
    partition: Name | None = None
    pool: Pool = ""
    priority: Annotated[int, msgspec.Meta(ge=-1000, le=1000)] | None = None


@routes.post(
    "/pipelines/{name}/runs", scope="runs.create", body=NewRun, answer=views.RunView, status=201, idempotent=True,
    summary="Start a run of a pipeline",
)  # fmt: skip
def start(call: Call, name: str, body: NewRun) -> Answer:
    """Put a run into the queue; a worker of the pipeline's code location begins it as soon as it may."""
    from weft.service.pipeline import parameters, pipelines
    from weft.service.queue import queueing

    with call.world() as world:
        with call.looking_up("name", name):
            pipeline = pipelines.find(world, name)
        params = body.params | parameters.of_mapping(pipeline, body.texts)
        row = queueing.request_run(
            world,
            pipelines.Wanted(
                pipeline=name,
                params=params,
                partition=body.partition,
                trigger="manual",
                pool=body.pool,
                priority=body.priority,
                by=call.principal.name,
            ),
        )
        view = history.run_view(world.ledger, row)
    return Answer(
        view,
        location=f"/runs/{view.id}",
        target=f"run:{view.id}",
        detail={"pipeline": name, "params": params, "partition": view.partition},
    )


def found(ledger: ledgers.Ledger, run: str) -> ledgers.RunRow:
    """The run of exactly this id.

    Raises:
        NotFoundError: there is none.
    """
    row = ledger.run(run)
    if row is not None:
        return row
    near = [each.id for each in ledger.run_page(ports.RunFilter(text=run[:100]), limit=_NEAR).rows] if run else []
    near = [each for each in near if each.startswith(run)]
    if near:
        remedy = f"Write the whole id: {', '.join(near[:5])}."
    else:
        known = [each.id for each in ledger.run_page(ports.RunFilter(), limit=_NEAR).rows]
        remedy = spelling.did_you_mean(run[:100], known) or "`GET /runs` lists them."
    raise errors.NotFoundError(f"There is no run {run[:100]!r}.", remedy=remedy)


class RunNow(views.RunView, frozen=True, kw_only=True):
    """A run as it stands now."""

    questions: list[views.QuestionView]
    children: int
    """How many runs its steps called."""
    result: object
    """What a flow returned, where that is small and plain."""
    error: str
    """The traceback of a flow's own failure."""


@routes.get("/runs/{id}", scope="runs.read", answer=RunNow, etag=True, summary="Look at a run")
def look(call: Call, id: str) -> RunNow:  # noqa: A002 - the word of the path
    """A run with its counts; `/runs/{id}/detail` has the steps and what failed."""
    with call.ledger() as ledger:
        row = found(ledger, id)
        view = history.run_view(ledger, row)
        asked = [run_details.question_view(each) for each in ledger.input_requests(row.id)]
        children = ledger.child_count(row.id)
        result, error = run_details.ended_with(ledger, row)
    return RunNow(**msgspec.structs.asdict(view), questions=asked, children=children, result=result, error=error)


@routes.get(
    "/runs/{id}/detail", scope="runs.read", answer=run_details.RunDetail, etag=True,
    summary="Look at a run with its steps and failures",
)  # fmt: skip
def detail(call: Call, id: str) -> run_details.RunDetail:  # noqa: A002
    """All that is known of a run: steps, failures, failed checks, questions, artifacts, the runs around it."""
    with call.ledger() as ledger:
        return run_details.run_detail(ledger, found(ledger, id))
