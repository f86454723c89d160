"""How runs and executions ended, told as the command line tells it to who waits; backfills of whatever has a name."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from weft.service import views
from weft.service.execution import views as execution_views
from weft.service.pipeline import backfilling
from weft.service.run import run_results
from weft.surfaces.http import routing
from weft.surfaces.http.call import Answer, Call
from weft.surfaces.http.resources import plans, runs

routes = routing.Routes(tag="runs")


@routes.get("/runs/{id}/result", scope="runs.read", answer=views.ApplyView, summary="Look at how a run ended")
def of_run(call: Call, id: str) -> views.ApplyView:  # noqa: A002 - the word of the path
    """Counts of its step runs, and all that failed; of a run that has not ended `outcome` is its phase."""
    with call.ledger() as ledger:
        return run_results.of_run(ledger, runs.found(ledger, id), clock=call.serving.clock)


@routes.get(
    "/executions/{id}/result", scope="plans.read", answer=views.ApplyView, summary="Look at how an execution ended"
)
def of_execution(call: Call, id: str) -> views.ApplyView:  # noqa: A002
    """All its runs summed up, and each of the latest 500 of them; `outcome` null where there was nothing to do."""
    with call.world() as world:
        return run_results.of_execution(world, id)


class NewBackfill(routing.Body, frozen=True, kw_only=True):
    """Intervals of a pipeline that are to be run, or partitions of an asset that are to be made."""

    name: runs.Name
    partitions: Annotated[str, msgspec.Meta(min_length=1, max_length=5000)]
    reprocess: Literal["missing", "failed", "all"] = "missing"
    newest_first: bool = False
    params: dict[str, Any] | None = None
    priority: plans.Priority = 0
    concurrency: plans.Concurrency | None = None
    slices: (
        Annotated[
            int, msgspec.Meta(ge=1, le=1_000_000, description="Of an asset: so many partitions in a run at most.")
        ]
        | None
    ) = None


@routes.post(
    "/backfills/preview", scope="plans.read", role="viewer", body=NewBackfill, answer=backfilling.BackfillView,
    audited=False, summary="Look at what a backfill would run",
)  # fmt: skip
def preview(call: Call, body: NewBackfill) -> backfilling.BackfillView:
    """The intervals in the order in which they would run; nothing is kept."""
    from weft.service.run import driving

    ask = backfilling.Ask(
        name=body.name, chosen=body.partitions, reprocess=body.reprocess, newest_first=body.newest_first
    )
    with call.world() as world:
        return backfilling.backfill(world, ask, driving.How(), dry_run=True)


@routes.post(
    "/backfills", scope="plans.apply", body=NewBackfill, answer=execution_views.ExecutionView, status=201,
    idempotent=True, summary="Run many intervals of a pipeline, or make many partitions of an asset",
)  # fmt: skip
def backfill(call: Call, body: NewBackfill) -> Answer:
    """What `weft backfill` does, carried out by the scheduler."""
    from weft.service.execution import executions

    with call.world() as world:
        view = executions.create(
            world,
            executions.Wanted(
                intervals=executions.Intervals(
                    pipeline=body.name,
                    chosen=body.partitions,
                    reprocess=body.reprocess,
                    newest_first=body.newest_first,
                    params=body.params,
                ),
                kind="backfill",
                by=call.principal.name,
                priority=body.priority,
                concurrency=body.concurrency,
                slices=body.slices,
            ),
        )
    detail = {"name": body.name, "partitions": body.partitions, "reprocess": body.reprocess}
    return Answer(view, location=f"/executions/{view.id}", target=f"execution:{view.id}", detail=detail)
