"""Schedules: when they are due next and what that starts; conditions explained; webhooks that others call."""

from __future__ import annotations

from typing import Annotated

import msgspec

from weft.model import errors
from weft.service import automation_views, views, webhooks
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
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 20
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
        return Upcoming(items=viewing.upcoming(world, query.name, count=query.limit, until=until))


@routes.get(
    "/schedules/{name}", scope="automations.read", answer=schedules.ScheduleView, etag=True,
    summary="Look at a schedule",
)  # fmt: skip
def look(call: Call, name: str) -> schedules.ScheduleView:
    """A schedule by the name of the pipeline or job that it starts."""
    with call.world() as world:
        return viewing.get(world, name)


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
        except webhooks.UnknownWebhookError as error:
            raise _refused(404, error) from None
        except webhooks.SignatureError as error:
            raise _refused(401, error) from None
        except webhooks.TooLargeError as error:
            raise _refused(413, error) from None
        except webhooks.PausedError as error:
            raise _refused(409, error) from None


def _refused(status: int, error: errors.WeftError) -> problems.Refused:
    return problems.Refused(status, error.code, error.message, remedy=error.remedy or "")
