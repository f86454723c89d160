"""Executions: plans and backfills that the scheduler carries out; paused, resumed, cancelled, moved."""

from __future__ import annotations

from typing import Annotated

import msgspec

from weft.service import views
from weft.service.execution import control as execution_control
from weft.service.execution import line_states
from weft.service.execution import progress as execution_progress
from weft.service.execution import views as execution_views
from weft.surfaces.http import paging, routing
from weft.surfaces.http.call import Answer, Call
from weft.surfaces.http.resources.plans import Concurrency, Priority
from weft.surfaces.http.resources.runs import Name

routes = routing.Routes(tag="executions")
View = execution_views.ExecutionView


class ExecutionsQuery(paging.Paged, frozen=True, kw_only=True):
    """Which executions."""

    live: Annotated[bool, msgspec.Meta(description="Only those that have not ended.")] = False
    pipeline: Annotated[Name, msgspec.Meta(description="Only its backfills, and what else ran it.")] | None = None
    partitions: Annotated[
        bool,
        msgspec.Meta(description="Only those that fill a selection of partitions: backfills, and plans of some."),
    ] = False


class ExecutionPage(views.View, frozen=True, kw_only=True):
    """Some executions, newest first. Their runs: `GET /runs?execution=ID`."""

    items: list[View]
    next: str | None


@routes.get("/executions", scope="plans.read", query=ExecutionsQuery, answer=ExecutionPage, summary="List executions")
def list_executions(call: Call, query: ExecutionsQuery) -> ExecutionPage:
    """Executions, newest first, each with how far it is."""
    at = paging.place("executions", query, int, str)
    with call.world() as world:
        rows = world.ledger.executions(
            live=query.live, limit=query.limit + 1, before=at, pipeline=query.pipeline, partitions=query.partitions
        )
        items = [execution_views.view_of(world, row) for row in rows[: query.limit]]
    last = rows[query.limit - 1] if len(rows) > query.limit else None
    following = paging.cursor("executions", query, last.created, last.id) if last is not None else None
    return ExecutionPage(items=items, next=following)


@routes.get("/executions/{id}", scope="plans.read", answer=View, etag=True, summary="Look at an execution")
def look(call: Call, id: str) -> View:  # noqa: A002 - the word of the path
    """How far an execution is: what succeeded, failed, runs, waits and is left, and how long that may take."""
    with call.world() as world:
        return execution_views.get(world, id)


@routes.get(
    "/executions/{id}/progress", scope="plans.read", answer=execution_progress.ProgressView, etag=True,
    summary="Look at an execution line by line",
)  # fmt: skip
def progress(call: Call, id: str) -> execution_progress.ProgressView:  # noqa: A002
    """Of each step and pipeline of it what succeeded, failed, runs and is left, in order; and the first failures."""
    with call.world() as world:
        return execution_progress.get(world, id)


@routes.get(
    "/executions/{id}/partitions", scope="plans.read", answer=line_states.ExecutionPartitionsView, etag=True,
    summary="Look at the partitions of an execution",
)  # fmt: skip
def partitions(call: Call, id: str) -> line_states.ExecutionPartitionsView:  # noqa: A002
    """How each partition, or interval, that was agreed to stands in the execution, line by line, as segments."""
    with call.world() as world:
        return line_states.get(world, id)


class Change(routing.Body, frozen=True, kw_only=True, omit_defaults=True):
    """What of an execution is to be another; what is left out stays. `concurrency` null takes the bound away."""

    priority: Priority | msgspec.UnsetType = msgspec.UNSET
    concurrency: Concurrency | msgspec.UnsetType | None = msgspec.UNSET


@routes.patch("/executions/{id}", scope="plans.change", body=Change, answer=View, summary="Change an execution")
def change(call: Call, id: str, body: Change) -> Answer:  # noqa: A002
    """Another place in the queue, for its runs that wait too, or another bound on how many run at once."""
    with call.world() as world:
        before = execution_views.get(world, id)
        view = execution_control.change(
            world,
            before.id,
            priority=before.priority if body.priority is msgspec.UNSET else body.priority,
            concurrency=before.concurrency if body.concurrency is msgspec.UNSET else body.concurrency,
            by=call.principal.name,
        )
    return Answer(
        view,
        target=f"execution:{view.id}",
        detail={
            "before": {"priority": before.priority, "concurrency": before.concurrency},
            "after": {"priority": view.priority, "concurrency": view.concurrency},
        },
    )


@routes.post("/executions/{id}/pause", scope="plans.pause", answer=View, summary="Pause an execution")
def pause(call: Call, id: str) -> Answer:  # noqa: A002
    """No further run of it begins until it is resumed."""
    with call.world() as world:
        view = execution_control.pause(world, id, by=call.principal.name)
    return Answer(view, target=f"execution:{view.id}")


class Resume(routing.Body, frozen=True, kw_only=True):
    """Whether what failed is tried once more."""

    retry_failed: bool = False


@routes.post("/executions/{id}/resume", scope="plans.pause", body=Resume, answer=View, summary="Resume an execution")
def resume(call: Call, id: str, body: Resume) -> Answer:  # noqa: A002
    """Let an execution go on."""
    with call.world() as world:
        view = execution_control.resume(world, id, by=call.principal.name, retry_failed=body.retry_failed)
    return Answer(view, target=f"execution:{view.id}", detail={"retry_failed": body.retry_failed})


class Cancel(routing.Body, frozen=True, kw_only=True):
    """Why an execution is cancelled."""

    reason: Annotated[str, msgspec.Meta(max_length=2000)] = ""


@routes.post("/executions/{id}/cancel", scope="plans.cancel", body=Cancel, answer=View, summary="Cancel an execution")
def cancel(call: Call, id: str, body: Cancel) -> Answer:  # noqa: A002
    """Its runs are cancelled, and no further one begins."""
    with call.world() as world:
        view = execution_control.cancel(world, id, by=call.principal.name, reason=body.reason)
    return Answer(view, target=f"execution:{view.id}", detail={"reason": body.reason})


@routes.post(
    "/executions/{id}/rerun", scope="plans.apply", answer=View, status=201, idempotent=True,
    summary="Run again what an execution did not make",
)  # fmt: skip
def rerun(call: Call, id: str) -> Answer:  # noqa: A002
    """A new execution of what failed, was left out or cancelled in one that has ended; 409 where nothing is left."""
    from weft.service.execution import repeating

    with call.world() as world:
        view = repeating.rerun(world, id, by=call.principal.name)
    return Answer(view, location=f"/executions/{view.id}", target=f"execution:{view.id}", detail={"rerun_of": id})
