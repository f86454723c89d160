"""Plans: made and kept, looked at, and applied by the scheduler."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from weft.ports import executing
from weft.service import views
from weft.service import world as worlds
from weft.service.execution import views as execution_views
from weft.service.now import repairs
from weft.service.plan import planning, saved_plans
from weft.surfaces.http import paging, problems, routing
from weft.surfaces.http.call import Answer, Call
from weft.surfaces.http.resources import assets

routes = routing.Routes(tag="plans")

Priority = Annotated[int, msgspec.Meta(ge=-1000, le=1000)]
Concurrency = Annotated[
    int, msgspec.Meta(ge=1, le=100_000, description="How many of its runs may be under way at once.")
]


_MOST_KEYS = 10_000


class NewPlan(routing.Body, frozen=True, kw_only=True):
    """What is to be planned: everything that is not fresh, or what is selected."""

    select: assets.Selection = None
    partitions: assets.Chosen = None
    exact: bool = False
    """All that is selected, whatever its state, and nothing above it."""
    only_failed: bool = False
    keep_going: bool | None = None
    """Whether what does not need a step that failed goes on; as the project says if left out."""
    rebuild: bool = False
    """Also what waits for a decision on changed code."""
    repair: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)] | None = None
    """The id of a trouble of `GET /now`: what mends it, in place of a selection. `all` mends all of them."""


class PlanDetail(saved_plans.SavedPlanView, frozen=True, kw_only=True):
    """A saved plan; `drifted` says in words what has moved since, so that it can't be applied any more."""

    drifted: list[str]


class PlanPage(views.View, frozen=True, kw_only=True):
    """Some saved plans, newest first, without what they would do."""

    items: list[saved_plans.SavedPlanView]
    next: str | None


@routes.post(
    "/plans", scope="plans.create", body=NewPlan, answer=saved_plans.SavedPlanView, status=201, idempotent=True,
    summary="Plan what would run, and keep the plan",
)  # fmt: skip
def create(call: Call, body: NewPlan) -> Answer:
    """What brings the selection to fresh: which steps, which partitions, in which order, and why. Nothing runs."""
    with call.world() as world:
        view = saved_plans.save_plan(world, ask_of(call, world, body), by=call.principal.name)
    return Answer(view, location=f"/plans/{view.id}", target=f"plan:{view.id}", detail={"request": view.request})


def ask_of(call: Call, world: worlds.World, body: NewPlan) -> planning.Ask:
    """What is asked to be planned.

    Raises:
        NotFoundError: the trouble that is to be mended is there no more.
        ConflictError: no plan mends it.
        Refused: a selection is given beside it.
    """
    select, partitions = body.select, body.partitions
    if body.repair is not None:
        given = [name for name in ("select", "partitions") if getattr(body, name) is not None]
        if given or body.exact or body.only_failed:
            named = given[0] if given else "exact" if body.exact else "only_failed"
            raise problems.Refused(
                422,
                "usage",
                f"repair says what is to be made, and so does {named}.",
                remedy=f"Leave one of them out: {named}, or repair.",
                fields=(problems.FieldProblem(field=f"body.{named}", value=None, problem="given beside repair"),),
            )
        mending = repairs.ask(world, assets.known(call), body.repair, call.now)
        select, partitions = mending.selection, mending.partitions
    return planning.Ask(
        selection=select,
        partitions=partitions,
        exact=body.exact,
        only_failed=body.only_failed,
        keep_going=body.keep_going,
        rebuild_undecided=body.rebuild,
    )


@routes.post(
    "/plans/preview", scope="plans.read", role="viewer", body=NewPlan, answer=views.PlanView, audited=False,
    summary="Plan what would run, and keep nothing",
)  # fmt: skip
def preview(call: Call, body: NewPlan) -> views.PlanView:
    """The same as `POST /plans`, for those who only want to see it.

    At most 10,000 keys of partitions are listed; `left_out` counts the others of a line.
    """
    with call.world() as world:
        made = planning.make_plan(world, ask_of(call, world, body))
        return views.plan_view(world.planned, made, most=_MOST_KEYS)


@routes.get("/plans", scope="plans.read", query=paging.Paged, answer=PlanPage, summary="List saved plans")
def list_plans(call: Call, query: paging.Paged) -> PlanPage:
    """Saved plans, newest first."""
    at = paging.place("plans", query, int, str)
    with call.world() as world:
        rows = world.ledger.saved_plans(limit=query.limit + 1, before=at)
        items = [saved_plans.view_of(row) for row in rows[: query.limit]]
    following = paging.cursor("plans", query, *_place(rows[query.limit - 1])) if len(rows) > query.limit else None
    return PlanPage(items=items, next=following)


def _place(row: executing.SavedPlanRow) -> tuple[int, str]:
    return row.created, row.id


@routes.get("/plans/{id}", scope="plans.read", answer=PlanDetail, etag=True, summary="Look at a saved plan")
def look(call: Call, id: str) -> PlanDetail:  # noqa: A002 - the word of the path
    """A saved plan with all its lines, and what has moved since it was made."""
    with call.world() as world:
        view = saved_plans.get(world, id)
        drifted = saved_plans.drifted(world, view.id) if view.execution is None else []
    fields = {name: getattr(view, name) for name in view.__struct_fields__}
    return PlanDetail(**fields, drifted=drifted)


@routes.delete("/plans/{id}", scope="plans.create", answer=None, summary="Remove a saved plan")
def remove(call: Call, id: str) -> Answer:  # noqa: A002
    """Keep it no longer. What applied it stays."""
    with call.world() as world:
        view = saved_plans.remove(world, id, by=call.principal.name)
    return Answer(None, target=f"plan:{view.id}", detail={"request": view.request})


class Apply(routing.Body, frozen=True, kw_only=True):
    """How a plan is to be carried out."""

    priority: Priority = 0
    concurrency: Concurrency | None = None
    keep_going: bool | None = None
    slices: (
        Annotated[
            int, msgspec.Meta(ge=1, le=1_000_000, description="Cut it into runs of so many partitions of each asset.")
        ]
        | None
    ) = None
    what_holds: bool = False
    """Of a plan that has drifted what still holds (`GET /plans/{id}/holding`), in place of a refusal."""


@routes.post(
    "/plans/{id}/apply", scope="plans.apply", body=Apply, answer=execution_views.ExecutionView, status=201,
    idempotent=True, summary="Apply a saved plan",
)  # fmt: skip
def apply(call: Call, id: str, body: Apply) -> Answer:  # noqa: A002
    """Carry a plan out exactly as it was agreed to; 409 where something that it names has moved since.

    Also 409 while another execution is applying it, which is named.
    """
    from weft.service.execution import executions

    with call.world() as world:
        saved = saved_plans.get(world, id)
        view = executions.create(
            world,
            executions.Wanted(
                saved=saved.id,
                by=call.principal.name,
                priority=body.priority,
                concurrency=body.concurrency,
                keep_going=body.keep_going,
                slices=body.slices,
                what_holds=body.what_holds,
            ),
        )
    return Answer(
        view,
        location=f"/executions/{view.id}",
        target=f"execution:{view.id}",
        detail={"plan": saved.id, "what_holds": body.what_holds},
    )


class NewExecution(NewPlan, frozen=True, kw_only=True):
    """What is to be brought to fresh, without a look at the plan before."""

    priority: Priority = 0
    concurrency: Concurrency | None = None
    slices: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None


@routes.post(
    "/executions", scope="plans.apply", body=NewExecution, answer=execution_views.ExecutionView, status=201,
    idempotent=True, summary="Plan and apply at once",
)  # fmt: skip
def apply_now(call: Call, body: NewExecution) -> Answer:
    """What `weft apply` does, carried out by the scheduler. With `exact`, what `weft materialize` does."""
    from weft.service.execution import executions

    with call.world() as world:
        view = executions.create(
            world,
            executions.Wanted(
                ask=ask_of(call, world, body),
                by=call.principal.name,
                priority=body.priority,
                concurrency=body.concurrency,
                slices=body.slices,
            ),
        )
    return Answer(
        view, location=f"/executions/{view.id}", target=f"execution:{view.id}", detail={"select": body.select}
    )


class Backfill(routing.Body, frozen=True, kw_only=True):
    """Which intervals of a pipeline are run: those that never succeeded, also those that failed, or all anew."""

    partitions: Annotated[str, msgspec.Meta(min_length=1, max_length=5000)]
    reprocess: Literal["missing", "failed", "all"] = "missing"
    newest_first: bool = False
    params: dict[str, Any] | None = None
    priority: Priority = 0
    concurrency: Concurrency | None = None


@routes.post(
    "/pipelines/{name}/backfills", scope="plans.apply", body=Backfill, answer=execution_views.ExecutionView, status=201,
    idempotent=True, summary="Run many intervals of a pipeline",
)  # fmt: skip
def backfill(call: Call, name: str, body: Backfill) -> Answer:
    """One run for each interval, made by the scheduler as there is room. For assets: `POST /executions`."""
    from weft.service.execution import executions
    from weft.service.pipeline import pipelines

    with call.world() as world:
        with call.looking_up("name", name):
            pipelines.find(world, name)
        view = executions.create(
            world,
            executions.Wanted(
                intervals=executions.Intervals(
                    pipeline=name,
                    chosen=body.partitions,
                    reprocess=body.reprocess,
                    newest_first=body.newest_first,
                    params=body.params,
                ),
                kind="backfill",
                by=call.principal.name,
                priority=body.priority,
                concurrency=body.concurrency,
            ),
        )
    return Answer(
        view,
        location=f"/executions/{view.id}",
        target=f"execution:{view.id}",
        detail={"pipeline": name, "partitions": body.partitions, "reprocess": body.reprocess},
    )
