"""What asks for runs by itself: schedules, sensors, webhooks, conditions; their decisions; paused and resumed."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from weft.ports import automating
from weft.service import views
from weft.service import world as worlds
from weft.service.automation import automations
from weft.surfaces.http import paging, routing
from weft.surfaces.http.call import Answer, Call

routes = routing.Routes(tag="automations")


class AutomationState(views.View, frozen=True, kw_only=True):
    """An automation and what it decided last. `same`: how often it looked since and decided the same again."""

    id: str
    kind: str
    name: str
    location: str | None
    active: bool
    """Whether a scheduler has seen it."""
    paused: bool
    paused_by: str | None
    paused_at: str | None
    pause_reason: str
    last_tick: str | None
    last_due: str | None
    last_decision: str | None
    last_at: str | None
    looked_at: str | None
    same: int
    reason: str
    """Why it decided as it did when it looked last."""


class AutomationsQuery(paging.Paged, frozen=True, kw_only=True):
    """Which automations."""

    kind: Literal["schedule", "sensor", "webhook", "condition"] | None = None


class AutomationPage(views.View, frozen=True, kw_only=True):
    """Some automations, by id."""

    items: list[AutomationState]
    next: str | None


@routes.get(
    "/automations", scope="automations.read", query=AutomationsQuery, answer=AutomationPage, etag=True,
    summary="List what asks for runs by itself",
)  # fmt: skip
def list_automations(call: Call, query: AutomationsQuery) -> AutomationPage:
    """Schedules, sensors, webhooks and conditions, each with what it decided last and why."""
    with call.world() as world:
        known = [each for each in automations.ids(world) if query.kind in (None, each.partition(":")[0])]
        page, following = paging.cut("automations", query, known, lambda name: name)
        rows: dict[str, automating.AutomationRow] = {}
        looks: dict[str, automating.LookRow] = {}
        for kind in {each.partition(":")[0] for each in page}:
            rows |= world.ledger.automations(f"{kind}:")
            looks |= world.ledger.looks(f"{kind}:")
        items = [_state(world, each, rows.get(each), looks.get(each)) for each in page]
    return AutomationPage(items=items, next=following)


def found(call: Call, world: worlds.World, name: str) -> str:
    """The id of an automation, or 404."""
    with call.looking_up("id", name):
        return automations.find(world, name)


@routes.get("/automations/{id}", scope="automations.read", answer=AutomationState, summary="Look at an automation")
def look(call: Call, id: str) -> AutomationState:  # noqa: A002 - the word of the path
    """What an automation decided last."""
    with call.world() as world:
        return _looked(world, found(call, world, id))


def _looked(world: worlds.World, automation: str) -> AutomationState:
    rows, looks = world.ledger.automations(automation), world.ledger.looks(automation)
    return _state(world, automation, rows.get(automation), looks.get(automation))


def _state(
    world: worlds.World, automation: str, row: automating.AutomationRow | None, seen: automating.LookRow | None
) -> AutomationState:
    kind, _, name = automation.partition(":")
    row = row or automating.AutomationRow(id=automation)
    defined = next((f"{each}:{name}" for each in ("pipeline", "job") if f"{each}:{name}" in world.locations), "")
    place = world.locations.get(f"automation:{automation}") or (
        world.locations.get(defined) if kind == "schedule" else None
    )
    return AutomationState(
        id=automation,
        kind=kind,
        name=name,
        location=row.location or place,
        active=row.activated is not None,
        paused=row.paused,
        paused_by=row.paused_by or None,
        paused_at=views.time_of_us(row.paused_at) if row.paused else None,
        pause_reason=row.reason if row.paused else "",
        last_tick=row.last_tick or None,
        last_due=views.time_of_us(row.last_due),
        last_decision=row.last_decision or None,
        last_at=views.time_of_us(row.last_at),
        looked_at=views.time_of_us(seen.looked_at) if seen is not None else None,
        same=seen.same if seen is not None else 0,
        reason=seen.reason if seen is not None else "",
    )


class DecisionView(views.View, frozen=True, kw_only=True):
    """One decision. "missed" stands for `count` ticks that were due while no scheduler lived."""

    automation: str
    tick: str
    due: str | None
    at: str | None
    decision: str
    reason: str
    runs: list[str]
    executions: list[str]
    count: int


class DecisionsQuery(paging.Paged, frozen=True, kw_only=True):
    """Which decisions."""

    decision: Literal["started", "skipped", "failed", "missed"] | None = None


class DecisionPage(views.View, frozen=True, kw_only=True):
    """Some decisions, newest first."""

    items: list[DecisionView]
    next: str | None


@routes.get(
    "/automations/{id}/decisions", scope="automations.read", query=DecisionsQuery, answer=DecisionPage,
    summary="List what an automation decided",
)  # fmt: skip
def decisions(call: Call, id: str, query: DecisionsQuery) -> DecisionPage:  # noqa: A002
    """Each tick with what came of it and why, skips too, newest first."""
    at = paging.place(f"decisions {id}", query, int)
    with call.world() as world:
        automation = found(call, world, id)
        rows = world.ledger.ticks(
            automation, limit=query.limit + 1, before=at[0] if at is not None else None, decision=query.decision
        )
    page = rows[: query.limit]
    return DecisionPage(
        items=[
            DecisionView(
                automation=row.automation,
                tick=row.tick,
                due=views.time_of_us(row.due),
                at=views.time_of_us(row.at),
                decision=row.decision,
                reason=row.reason,
                runs=list(row.runs),
                executions=list(row.executions),
                count=row.count,
            )
            for row in page
        ],
        next=paging.cursor(f"decisions {id}", query, page[-1].position) if len(rows) > len(page) else None,
    )


class Pause(routing.Body, frozen=True, kw_only=True):
    """Why it is paused."""

    reason: Annotated[str, msgspec.Meta(max_length=2000)] = ""


@routes.post(
    "/automations/{id}/pause", scope="automations.pause", body=Pause, answer=AutomationState,
    summary="Pause an automation",
)  # fmt: skip
def pause(call: Call, id: str, body: Pause) -> Answer:  # noqa: A002
    """It decides nothing until it is resumed."""
    with call.world() as world:
        automation = found(call, world, id)
        automations.pause(world, automation, by=call.principal.name, reason=body.reason)
        view = _looked(world, automation)
    return Answer(view, target=f"automation:{automation}", detail={"reason": body.reason})


@routes.post(
    "/automations/{id}/resume", scope="automations.pause", answer=AutomationState, summary="Resume an automation"
)
def resume(call: Call, id: str) -> Answer:  # noqa: A002
    """It goes on from now; what was due while it was paused counts only with catch-up."""
    with call.world() as world:
        automation = found(call, world, id)
        automations.resume(world, automation, by=call.principal.name)
        view = _looked(world, automation)
    return Answer(view, target=f"automation:{automation}")
