"""Plans in outline: a line for each step, with its partitions in few words; what people read before they agree."""

from __future__ import annotations

from weft.service.plan import plan_outlines, planning, saved_plans, saving, still_holding
from weft.surfaces.http import routing
from weft.surfaces.http.call import Call
from weft.surfaces.http.resources import plans

routes = routing.Routes(tag="plans")


@routes.post(
    "/plans/outline", scope="plans.read", role="viewer", body=plans.NewPlan, answer=plan_outlines.PlanOutline,
    audited=False, summary="Plan in outline what would run, and keep nothing",
)  # fmt: skip
def outline(call: Call, body: plans.NewPlan) -> plan_outlines.PlanOutline:
    """What `weft plan` shows: one line for each step, however many partitions it has."""
    with call.world() as world:
        return plan_outlines.of(world, planning.make_plan(world, plans.ask_of(call, world, body)))


@routes.get(
    "/plans/{id}/outline", scope="plans.read", answer=plan_outlines.PlanOutline, errors=(409,),
    summary="Look at a saved plan in outline",
)  # fmt: skip
def of_saved(call: Call, id: str) -> plan_outlines.PlanOutline:  # noqa: A002 - the word of the path
    """A saved plan, if it still holds; 409 with what moved, where something has."""
    with call.world() as world:
        kept = saved_plans.document_of(world, saved_plans.row_of(world, id))
        return plan_outlines.of(world, saving.replan(world, kept))


@routes.get(
    "/plans/{id}/holding", scope="plans.read", answer=still_holding.HoldingView, errors=(409,),
    summary="Look at what of a saved plan still holds",
)  # fmt: skip
def still(call: Call, id: str) -> still_holding.HoldingView:  # noqa: A002 - the word of the path
    """The lines whose reasons, code and inputs are what they were, and why the others are left out.

    `POST /plans/{id}/apply` with `what_holds` applies these. 409 where the request cannot be planned any more.
    """
    with call.world() as world:
        kept = saved_plans.document_of(world, saved_plans.row_of(world, id))
        return still_holding.view(world, still_holding.of(world, kept))
