"""What changes: the ledger's log as server-sent events, and as pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import msgspec

from weft.model import errors, events, spelling
from weft.service import views
from weft.surfaces.http import paging, problems, routing, streams, wire
from weft.surfaces.http.call import Call, Stream

if TYPE_CHECKING:
    from weft.surfaces.http.call import State

routes = routing.Routes(tag="events")

_TAIL = "tail"
_HIDDEN = "ChangeMade"
"""The audit log is read under a scope of its own."""
TYPES: tuple[str, ...] = tuple(sorted(each.__name__ for each in get_args(events.AnyEvent)))
Position = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


def on_start(state: State) -> None:
    """Begin to follow the log."""
    tail = state.extras[_TAIL] = streams.Tail(state.serving.open_ledger)
    tail.start()


def on_stop(state: State) -> None:
    """End every stream."""
    tail_of(state).stop()


def tail_of(state: State) -> streams.Tail:
    """What follows the log for this process."""
    found: streams.Tail = state.extras[_TAIL]
    return found


class EventsQuery(routing.Query, frozen=True, kw_only=True):
    """Which events, and from where on."""

    after: (
        Annotated[
            int, msgspec.Meta(ge=0, le=2**53, description="Begin after this position; without it with what comes.")
        ]
        | None
    ) = None
    types: Annotated[tuple[str, ...], msgspec.Meta(max_length=100, description="Only events of these types.")] = ()
    run: Annotated[str, msgspec.Meta(min_length=1, max_length=100, description="Only events of this run.")] | None = (
        None
    )


@routes.get("/events", scope="events.read", query=EventsQuery, stream=True, summary="Follow what changes")
def follow(call: Call, query: EventsQuery) -> Stream:
    """Server-sent events, one for each event of the ledger, in order, within milliseconds of its commit.

    `id` is the position in the log: a client that comes back with `Last-Event-ID` (or `after`) goes on from there.
    `event` is the type and `data` an `EventView`. A comment every 15 seconds keeps the connection. A client that falls
    too far behind gets the event `gap` and is to connect again.
    """
    after = query.after
    last = call.headers.get("last-event-id", "")
    if last:
        if not (last.isascii() and last.isdecimal() and len(last) < 16):
            raise problems.Refused(
                400,
                "usage",
                f"Last-Event-ID is {last[:100]!r}, which is no position in the log.",
                remedy="Send the id of the last event of this stream, or leave it out.",
            )
        after = int(last)
    types = wanted_types(call, query.types)
    with call.ledger() as ledger:
        now = ledger.position()
    if after is None:
        after = now
    elif after > now:
        raise problems.Refused(
            422,
            "usage",
            f"The log has {now} events, so that nothing comes after number {after} yet.",
            remedy="Leave `after` (or Last-Event-ID) out: the ledger is another one than the one that it is from.",
            fields=(problems.FieldProblem(field="query.after", value=after, problem="beyond the end of the log"),),
        )
    wanted = streams.Wanted(types=types, run=query.run)
    return Stream(streams.streamed(tail_of(call.state), wanted, after, _reader(call, wanted)))


def _reader(call: Call, wanted: streams.Wanted) -> streams.Reader:
    types = sorted(wanted.types)

    def read(after: int) -> tuple[list[wire.Line], int]:
        with call.ledger() as ledger:
            found, upto = ledger.logged(after=after, limit=500, run=wanted.run, types=types)
        return [wire.line(each) for each in found], upto

    return read


def wanted_types(call: Call, given: Sequence[str]) -> frozenset[str]:
    """The types of events that a request is for, among those that it may see; all of these where it names none.

    Raises:
        Refused: there is no such type, or it may not be seen.
    """
    may_see = call.principal.may("audit.read", "admin")
    wrong = [each for each in given if each not in TYPES]
    if wrong:
        raise problems.Refused(
            422,
            "usage",
            f"There is no type of event {wrong[0]!r}.",
            remedy=spelling.did_you_mean(wrong[0], TYPES) or f"There are: {', '.join(TYPES)}.",
            fields=tuple(
                problems.FieldProblem(field="query.types", value=problems.told(each), problem="no type of event")
                for each in wrong
            ),
        )
    if _HIDDEN in given and not may_see:
        raise problems.Refused(
            403, "forbidden", f"Events of the type {_HIDDEN} need the scope audit.read.", remedy="Ask an admin."
        )
    return frozenset(given) or (frozenset() if may_see else frozenset(TYPES) - {_HIDDEN})


class LogQuery(paging.Paged, frozen=True, kw_only=True):
    """Which events of the log, in order."""

    after: Position = 0
    types: Annotated[tuple[str, ...], msgspec.Meta(max_length=100)] = ()
    run: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    order: Annotated[
        Literal["oldest", "newest"], msgspec.Meta(description="Which come first; from the newest, `after` is left out.")
    ] = "oldest"
    q: Annotated[
        str, msgspec.Meta(max_length=200, description="Only events whose JSON has this text; from the newest alone.")
    ] = ""


class LogPage(views.View, frozen=True, kw_only=True):
    """Some events in order. A page may be short, even empty, though `next` says that there is more."""

    items: list[wire.EventView]
    next: str | None
    position: int
    """The last position of the log as the page was read."""


@routes.get("/ledger/events", scope="events.read", query=LogQuery, answer=LogPage, summary="Read the log")
def log(call: Call, query: LogQuery) -> LogPage:
    """The events of the ledger, oldest first or newest first; of one run, of some types, or with some text."""
    at = paging.place("log", query, int)
    types = wanted_types(call, query.types)
    if query.order == "newest":
        return _newest_first(call, query, types, at[0] if at is not None else None)
    if query.q:
        raise problems.Refused(
            422,
            "usage",
            "Text is looked for from the newest event on.",
            remedy="Send order=newest with q.",
            fields=(problems.FieldProblem(field="query.q", value=query.q, problem="asks for order=newest"),),
        )
    with call.ledger() as ledger:
        end = ledger.position()
        found, upto = ledger.logged(
            after=at[0] if at is not None else query.after, limit=query.limit, run=query.run, types=sorted(types)
        )
    return LogPage(
        items=[wire.view(each) for each in found],
        next=paging.cursor("log", query, upto) if upto < end else None,
        position=end,
    )


def _newest_first(call: Call, query: LogQuery, types: frozenset[str], before: int | None) -> LogPage:
    with call.ledger() as ledger:
        end = ledger.position()
        found, down = ledger.logged_before(
            before=before if before is not None else end + 1,
            limit=query.limit,
            run=query.run,
            types=sorted(types),
            text=query.q,
        )
    return LogPage(
        items=[wire.view(each) for each in found],
        # what is looked for next lies before the place down to which this page looked
        next=paging.cursor("log", query, down if len(found) == query.limit else down + 1) if down > 0 else None,
        position=end,
    )


class EventType(views.View, frozen=True, kw_only=True):
    """A type of events, and what it says."""

    type: str
    says: str


class EventTypes(views.View, frozen=True, kw_only=True):
    """The types of events that there are."""

    items: list[EventType]


@routes.get(
    "/ledger/event-types", scope="events.read", answer=EventTypes, etag=True, summary="List the types of events"
)
def event_types(call: Call) -> EventTypes:
    """Each with what it says, in a sentence; without those that one may not see."""
    seen = wanted_types(call, ()) or frozenset(TYPES)
    says = {each.__name__: (each.__doc__ or "").strip().split("\n", 1)[0] for each in get_args(events.AnyEvent)}
    return EventTypes(items=[EventType(type=each, says=says[each]) for each in TYPES if each in seen])


class WholeEvent(views.View, frozen=True, kw_only=True):
    """One event with all its fields."""

    position: int
    at: str
    type: str
    run: str | None
    body: dict[str, Any]


@routes.get("/ledger/events/{position}", scope="events.read", answer=WholeEvent, summary="Read one event of the log")
def event(call: Call, position: str) -> WholeEvent:
    """An event with all its fields, however large it is."""
    number = int(position) if position.isdecimal() and len(position) < 16 else 0
    with call.ledger() as ledger:
        found = ledger.logged(after=number - 1, limit=1)[0] if number > 0 else []
    if not found or found[0].position != number or found[0].type not in wanted_or_all(call):
        raise errors.NotFoundError(f"There is no event number {position[:40]!r}.", remedy="`GET /ledger/events`.")
    told = wire.view(found[0], whole=True)
    return WholeEvent(position=number, at=told.at, type=told.type, run=told.run, body=told.body or {})


def wanted_or_all(call: Call) -> frozenset[str]:
    """The types of events that a request may see."""
    return wanted_types(call, []) or frozenset(TYPES)
