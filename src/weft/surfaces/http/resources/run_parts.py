"""The parts of a run: its step runs, and what it made to be looked at."""

from __future__ import annotations

from typing import Annotated

import msgspec

from weft.service import views
from weft.service.asset import artifacts
from weft.service.pipeline import pipeline_grids
from weft.service.run import run_details
from weft.surfaces.http import paging, routing
from weft.surfaces.http.call import Call
from weft.surfaces.http.resources import runs

routes = routing.Routes(tag="runs")


class StepsView(views.View, frozen=True, kw_only=True):
    """Where the steps of a run stand, by step; of a run of assets also how long they took in all."""

    steps: dict[str, pipeline_grids.GridCell]


@routes.get("/runs/{id}/steps", scope="runs.read", answer=StepsView, etag=True, summary="Look at the steps of a run")
def steps(call: Call, id: str) -> StepsView:  # noqa: A002 - the word of the path
    """How many step runs of each step have which outcome or phase."""
    with call.ledger() as ledger:
        row = runs.found(ledger, id)
        if row.pipeline is not None:
            return StepsView(steps=pipeline_grids.cells(ledger, row.id))
        counted = run_details.run_detail(ledger, row).steps
    found = {}
    for each in counted:
        counts = {word: getattr(each, word) for word in ("succeeded", "reused", "failed", "held", "lost")}
        found[each.step] = pipeline_grids.GridCell(
            counts={word: count for word, count in counts.items() if count}, attempts=0, seconds=each.seconds
        )
    return StepsView(steps=found)


class StepRunsQuery(paging.Paged, frozen=True, kw_only=True):
    """Which step runs."""

    step: runs.Name | None = None
    item: Annotated[str, msgspec.Meta(max_length=500, description="One item of a mapped step.")] | None = None
    state: Annotated[str, msgspec.Meta(max_length=50, description="An outcome or a phase.")] = ""


class StepRunPage(views.View, frozen=True, kw_only=True):
    """Step runs of a pipeline's run, by step and item; those that have begun or ended."""

    items: list[run_details.StepRunView]
    next: str | None


@routes.get(
    "/runs/{id}/step-runs", scope="runs.read", query=StepRunsQuery, answer=StepRunPage,
    summary="List the step runs of a run",
)  # fmt: skip
def step_runs(call: Call, id: str, query: StepRunsQuery) -> StepRunPage:  # noqa: A002
    """Each step run of a pipeline's run, also each item of a mapped step; for assets: the attempts under `/logs`."""
    after = paging.place(f"step-runs {id}", query, str, str)
    with call.ledger() as ledger:
        row = runs.found(ledger, id)
        found = ledger.step_run_page(
            row.id, limit=query.limit + 1, after=after, step=query.step, item=query.item, word=query.state
        )
    page = found[: query.limit]
    more = len(found) > len(page)
    return StepRunPage(
        items=[run_details.step_run_view(each) for each in page],
        next=paging.cursor(f"step-runs {id}", query, page[-1].step, page[-1].item) if more else None,
    )


class ArtifactPage(views.View, frozen=True, kw_only=True):
    """What a run made to be looked at, newest first."""

    items: list[artifacts.ArtifactView]


@routes.get("/runs/{id}/artifacts", scope="runs.read", answer=ArtifactPage, summary="List what a run made to look at")
def made(call: Call, id: str) -> ArtifactPage:  # noqa: A002
    """The artifacts of a run; `GET /artifacts/{id}/content` has what is in one."""
    with call.ledger() as ledger:
        return ArtifactPage(items=artifacts.listed(ledger, run=runs.found(ledger, id).id, limit=500))
