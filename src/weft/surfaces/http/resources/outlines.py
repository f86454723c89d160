"""Plans in outline: a line for each step, with its partitions in few words; what people read before they agree."""

from __future__ import annotations

from weft.service.plan import plan_outlines, planning, saved_plans, saving
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
