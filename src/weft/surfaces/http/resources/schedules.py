"""Schedules: when they are due next and what that starts; conditions explained; webhooks that others call."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from weft.model import errors
from weft.service import views
from weft.service.automation import automation_views, sensing, webhooks
from weft.service.scheduling import viewing
from weft.service.scheduling import views as schedules
from weft.surfaces.http import paging, problems, routing
from weft.surfaces.http.call import Answer, Call
from weft.surfaces.http.resources import automations
from weft.surfaces.http.resources.runs import Name

routes = routing.Routes(tag="automations")


class SchedulePage(views.View, frozen=True, kw_only=True):
    """Some schedules, by name."""

    items: list[schedules.ScheduleView]
    next: str | None


@routes.get(
    "/schedules", scope="automations.read", query=paging.Paged, answer=SchedulePage, etag=True,
    summary="List schedules",
)  # fmt: skip
def list_schedules(call: Call, query: paging.Paged) -> SchedulePage:
    """What is started by time or by assets, and when next; decisions: `/automations/schedule:NAME/decisions`."""
    with call.world() as world:
        items, following = paging.cut("schedules", query, viewing.ls(world), lambda each: each.name)
    return SchedulePage(items=items, next=following)


class UpcomingQuery(routing.Query, frozen=True, kw_only=True):
    """Of which schedule (None: of all), how many ticks, until when."""

    name: Name | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=viewing.MOST_TICKS)] = 20
    each: (
        Annotated[int, msgspec.Meta(ge=1, le=viewing.MOST_TICKS, description="How many of one schedule at most.")]
        | None
    ) = None
    until: paging.Moment | None = None


class Upcoming(views.View, frozen=True, kw_only=True):
    """Ticks to come, in order."""

    items: list[schedules.NextTickView]


@routes.get(
    "/schedules/upcoming", scope="automations.read", query=UpcomingQuery, answer=Upcoming,
    summary="Look at what will be due, and what that would start",
)  # fmt: skip
def upcoming(call: Call, query: UpcomingQuery) -> Upcoming:
    """A dry run: nothing is written. Jitter, blackouts and catch-up are in it."""
    until = paging.time("until", query.until)
    with call.world() as world:
        return Upcoming(items=viewing.upcoming(world, query.name, count=query.limit, each=query.each, until=until))


class HistoryQuery(routing.Query, frozen=True, kw_only=True):
    """Of which schedule (None: of all), which decisions, how many."""

    name: Name | None = None
    decision: Literal["started", "skipped", "failed", "missed"] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=viewing.MOST_TICKS)] = 50


class History(views.View, frozen=True, kw_only=True):
    """Decisions of schedules, newest first."""

    items: list[schedules.TickView]


@routes.get(
    "/schedules/history", scope="automations.read", query=HistoryQuery, answer=History,
    summary="List what schedules decided",
)  # fmt: skip
def history(call: Call, query: HistoryQuery) -> History:
    """The latest decisions; those of one by pages: `/automations/schedule:NAME/decisions`."""
    with call.world() as world:
        return History(items=viewing.history(world, query.name, limit=query.limit, decision=query.decision))


@routes.get(
    "/schedules/{name}", scope="automations.read", answer=schedules.ScheduleView, etag=True,
    summary="Look at a schedule",
)  # fmt: skip
def look(call: Call, name: str) -> schedules.ScheduleView:
    """A schedule by the name of the pipeline or job that it starts."""
    with call.world() as world:
        return viewing.get(world, name)


class OverviewQuery(routing.Query, frozen=True, kw_only=True):
    """Which automations."""

    kind: Literal["schedule", "sensor", "webhook", "condition"] | None = None


class Overview(views.View, frozen=True, kw_only=True):
    """All automations, with what each is and what it came to."""

    items: list[automation_views.AutomationView]


@routes.get(
    "/automations/overview", scope="automations.read", query=OverviewQuery, answer=Overview,
    summary="Look at all automations, in words",
)  # fmt: skip
def overview(call: Call, query: OverviewQuery) -> Overview:
    """What `weft automations` shows: when each looks, what it asks for, and what it decided last."""
    with call.world() as world:
        return Overview(items=automation_views.ls(world, query.kind))


class Cursor(routing.Body, frozen=True, kw_only=True):
    """From where on a sensor looks; empty for from the start."""

    cursor: Annotated[str, msgspec.Meta(max_length=10_000)]


@routes.put(
    "/automations/{id}/cursor", scope="automations.change", role="editor", body=Cursor,
    answer=automation_views.ExplainView, summary="Set the cursor of a sensor",
)  # fmt: skip
def set_cursor(call: Call, id: str, body: Cursor) -> Answer:  # noqa: A002 - the word of the path
    """Have a sensor go on from another place; a look that is under way comes to nothing."""
    with call.world() as world:
        automation = automations.found(call, world, id)
        if not automation.startswith("sensor:"):
            raise errors.UsageError(f"{automation} is no sensor, so that it has no cursor.", remedy="Name a sensor.")
        sensing.set_cursor(world, automation, body.cursor, by=call.principal.name)
        view = automation_views.explain(world, automation)
    return Answer(view, target=f"automation:{automation}", detail={"cursor": body.cursor})


@routes.get(
    "/automations/{id}/explain", scope="automations.read", answer=automation_views.ExplainView,
    summary="Ask how an automation stands",
)  # fmt: skip
def explain(call: Call, id: str) -> automation_views.ExplainView:  # noqa: A002 - the word of the path
    """A condition as a tree, with what holds at this moment, for which partitions."""
    with call.world() as world:
        return automation_views.explain(world, automations.found(call, world, id))


@routes.post(
    "/webhooks/{name}/deliveries", scope="webhooks.deliver", body=bytes, answer=webhooks.Delivery, open_webhook=True,
    audited=False, errors=(401, 409, 413), summary="Deliver to a webhook",
)  # fmt: skip
def deliver(call: Call, name: str, body: bytes) -> Answer:
    """Take what another system sends: authorised by its signature alone; the same delivery starts nothing twice."""
    with call.world() as world:
        try:
            return Answer(webhooks.receive(world, name, call.headers, body, call.now), target=f"webhook:{name}")
        except webhooks.UnknownWebhookError as error:  # those that there are, are not told to just anybody
            raise problems.Refused(404, error.code, error.message, remedy="Look at the address.") from None
        except webhooks.SignatureError as error:
            raise _refused(401, error) from None
        except webhooks.TooLargeError as error:
            raise _refused(413, error) from None
        except webhooks.PausedError as error:
            raise _refused(409, error) from None


def _refused(status: int, error: errors.WeftError) -> problems.Refused:
    return problems.Refused(status, error.code, error.message, remedy=error.remedy or "")
