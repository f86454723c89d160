"""Events of the ledger as a stream has them: one line of JSON each, with its position as the id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from weft.model import event_subjects
from weft.service import views

if TYPE_CHECKING:
    from weft.ports import paging

_MOST_BODY = 4096
"""Letters of an event that travel with it; of a larger one the stream says only what it is about."""


@dataclass(frozen=True, slots=True)
class Line:
    """One event, ready to be sent."""

    position: int
    type: str
    run: str | None
    content: bytes
    body: str
    at: int


class _Output(msgspec.Struct):
    asset: str = ""


class _Keys(msgspec.Struct):
    """The fields of events that say what they are about."""

    run: str = ""
    asset: str = ""
    pipeline: str | None = None
    automation: str = ""
    execution: str = ""
    incident: str = ""
    location: str = ""
    silence: str = ""
    rule: str = ""
    plan: str = ""
    step: str = ""
    item: str = ""
    partition: str | None = None
    outcome: str | None = None
    outputs: list[_Output] = []
    output: _Output | None = None
    assets: list[str] = []


class EventView(views.View, frozen=True, kw_only=True):
    """One event of the ledger.

    `subject` is what it is about, such as `run:ID`, `automation:ID` or `asset:KEY`; `assets` are those that it says
    something of. `body` has the event with all its fields; None where it is large: `GET /events/{position}` has it.
    """

    position: int
    at: str
    type: str
    subject: str
    run: str | None = None
    step: str | None = None
    item: str | None = None
    partition: str | None = None
    outcome: str | None = None
    assets: tuple[str, ...] = ()
    body: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(_Keys).decode
_encode = msgspec.json.Encoder().encode


class _Sent(EventView, frozen=True, kw_only=True):
    body: msgspec.Raw | None = None  # type: ignore[assignment]  # as it stands in the log


def view(event: paging.LoggedEvent, *, whole: bool = False) -> EventView:
    """An event as it is shown; with `whole` its body however large it is."""
    return EventView(**_told(event), body=msgspec.json.decode(event.body) if whole or _fits(event) else None)


def line(event: paging.LoggedEvent) -> Line:
    """An event as a stream sends it."""
    body = msgspec.Raw(event.body.encode()) if _fits(event) else None
    told = _encode(_Sent(**_told(event), body=body))
    content = b"id: %d\nevent: %s\ndata: %s\n\n" % (event.position, event.type.encode(), told)
    return Line(event.position, event.type, event.run, content, event.body, event.at)


def heartbeat(position: int) -> bytes:
    """A comment, with the id up to which there was nothing for the client, so that it goes on from there."""
    return b": nothing new\nid: %d\n\n" % position


def gap(reason: str, message: str) -> bytes:
    """That events may be missing here, and why; without an id, so that the client still knows what it saw last."""
    return b"event: gap\ndata: %s\n\n" % _encode({"reason": reason, "message": message})


def _fits(event: paging.LoggedEvent) -> bool:
    return len(event.body) <= _MOST_BODY


def _told(event: paging.LoggedEvent) -> dict[str, Any]:
    found = _decode(event.body)
    return {
        "position": event.position,
        "at": views.time_of_us(event.at) or "",
        "type": event.type,
        "subject": event_subjects.subject_of(found),
        "run": event.run,
        "step": found.step or None,
        "item": found.item or None,
        "partition": found.partition,
        "outcome": event_subjects.outcome_of(found, event.type),
        "assets": event_subjects.assets_of(found),
    }
