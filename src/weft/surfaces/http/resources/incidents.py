"""Incidents, with their timelines; silences."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from weft.ports import clock as clocks
from weft.service import views
from weft.service.alerting import incidents
from weft.surfaces.http import paging, routing
from weft.surfaces.http.call import Answer, Call

routes = routing.Routes(tag="incidents")

Note = Annotated[str, msgspec.Meta(max_length=5000)]


class IncidentsQuery(paging.Paged, frozen=True, kw_only=True):
    """Which incidents; those that are not resolved, if nothing is said."""

    phase: Annotated[tuple[Literal["open", "acknowledged", "resolved"], ...], msgspec.Meta(max_length=3)] = (
        "open",
        "acknowledged",
    )


class IncidentPage(views.View, frozen=True, kw_only=True):
    """Some incidents, newest first."""

    items: list[incidents.IncidentView]
    next: str | None


@routes.get("/incidents", scope="incidents.read", query=IncidentsQuery, answer=IncidentPage, summary="List incidents")
def list_incidents(call: Call, query: IncidentsQuery) -> IncidentPage:
    """What is or was wrong, grouped by where it began, newest first."""
    at = paging.place("incidents", query, int, str)
    with call.ledger() as ledger:
        found = incidents.ls(ledger, phases=tuple(query.phase), before=at, limit=query.limit + 1)
    page = found[: query.limit]
    last = (clocks.microseconds(page[-1].opened), page[-1].id) if len(found) > len(page) else None
    return IncidentPage(items=page, next=paging.cursor("incidents", query, *last) if last is not None else None)


@routes.get("/incidents/{id}", scope="incidents.read", answer=incidents.IncidentDetail, summary="Look at an incident")
def look(call: Call, id: str) -> incidents.IncidentDetail:  # noqa: A002 - the word of the path
    """An incident with what is wrong behind it, its timeline, and the earlier ones of the same."""
    with call.ledger() as ledger, call.looking_up("id", id):
        return incidents.show(ledger, id)


class Said(routing.Body, frozen=True, kw_only=True):
    """What is said about it."""

    note: Note = ""


@routes.post(
    "/incidents/{id}/acknowledge", scope="incidents.change", body=Said, answer=incidents.IncidentView, audited=False,
    summary="Take care of an incident",
)  # fmt: skip
def acknowledge(call: Call, id: str, body: Said) -> Answer:  # noqa: A002
    """Say that you take care of it."""
    with call.ledger() as ledger:
        with call.looking_up("id", id):
            incidents.find(ledger, id)
        return Answer(incidents.acknowledge(ledger, id, actor=call.actor, note=body.note))


class NewNote(routing.Body, frozen=True, kw_only=True):
    """What is written down."""

    note: Annotated[str, msgspec.Meta(min_length=1, max_length=5000)]


@routes.post(
    "/incidents/{id}/notes", scope="incidents.change", body=NewNote, answer=incidents.IncidentView, audited=False,
    summary="Write something down about an incident",
)  # fmt: skip
def note(call: Call, id: str, body: NewNote) -> Answer:  # noqa: A002
    """Add to its timeline."""
    with call.ledger() as ledger:
        with call.looking_up("id", id):
            incidents.find(ledger, id)
        return Answer(incidents.annotate(ledger, id, body.note, actor=call.actor))


class Resolve(routing.Body, frozen=True, kw_only=True):
    """Why it is over."""

    reason: Note = ""


@routes.post(
    "/incidents/{id}/resolve", scope="incidents.change", body=Resolve, answer=incidents.IncidentView, audited=False,
    summary="Say that an incident is over",
)  # fmt: skip
def resolve(call: Call, id: str, body: Resolve) -> Answer:  # noqa: A002
    """Close it by hand; it opens anew when the same goes wrong again."""
    with call.ledger() as ledger:
        with call.looking_up("id", id):
            incidents.find(ledger, id)
        return Answer(incidents.resolve(ledger, id, actor=call.actor, reason=body.reason))


class SilencesQuery(routing.Query, frozen=True, kw_only=True):
    """Which silences."""

    past: Annotated[bool, msgspec.Meta(description="Also those that are over.")] = False


class Silences(views.View, frozen=True, kw_only=True):
    """Silences, newest first."""

    items: list[incidents.SilenceView]


@routes.get("/silences", scope="incidents.read", query=SilencesQuery, answer=Silences, summary="List silences")
def list_silences(call: Call, query: SilencesQuery) -> Silences:
    """The silences in force."""
    with call.ledger() as ledger:
        return Silences(items=incidents.silences(ledger, now=call.now, past=query.past))


class NewSilence(routing.Body, frozen=True, kw_only=True):
    """What is not to be told, until when: fields (rule, root, subject, owner, tag, severity) to patterns with `*`."""

    matches: Annotated[
        dict[str, Annotated[str, msgspec.Meta(min_length=1, max_length=500)]], msgspec.Meta(min_length=1)
    ]
    until: Annotated[datetime, msgspec.Meta(tz=True)]
    reason: Note = ""


@routes.post(
    "/silences", scope="silences.change", role="editor", body=NewSilence, answer=incidents.SilenceView, status=201,
    idempotent=True, audited=False, summary="Tell nobody of something for a while",
)  # fmt: skip
def silence(call: Call, body: NewSilence) -> Answer:
    """Incidents that match are kept all the same."""
    with call.ledger() as ledger:
        view = incidents.silence(
            ledger, body.matches, until=body.until, now=call.now, actor=call.actor, reason=body.reason
        )
    return Answer(view, target=f"silence:{view.id}")


@routes.delete(
    "/silences/{id}", scope="silences.change", role="editor", answer=None, audited=False, summary="End a silence"
)
def unsilence(call: Call, id: str) -> None:  # noqa: A002
    """End a silence before its time."""
    with call.ledger() as ledger, call.looking_up("id", id):
        incidents.unsilence(ledger, id, now=call.now, actor=call.actor)
