"""Connections to outside systems: put into the encrypted store, tried, taken out. Their secrets go in and never out."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from weft.connections import connection as kept
from weft.connections import places, registry
from weft.model import errors
from weft.service import views
from weft.service.alerting import checking as alerting_checking
from weft.service.server import connection_trials, connection_uses
from weft.surfaces.http import problems, routing
from weft.surfaces.http.call import Answer, Call

if TYPE_CHECKING:
    from weft.surfaces.http.call import State

routes = routing.Routes(tag="connections")

_KNOWN = "connection uses"
_MOST_TRIALS = 4
_trials = threading.BoundedSemaphore(_MOST_TRIALS)


def on_start(state: State) -> None:
    """Have a place for what is kept between two answers."""
    state.extras[_KNOWN] = connection_uses.Known()


class ConnectionView(views.View, frozen=True, kw_only=True):
    """A connection by name: what kind it is and where it is kept; `error` where it cannot be read.

    `tried_at` and `passed` tell of the last trial through a server; null where there was none.
    """

    name: str
    type: str
    source: str
    error: str
    tried_at: datetime | None = None
    passed: bool | None = None


class Connections(views.View, frozen=True, kw_only=True):
    """Connections, by name."""

    items: list[ConnectionView]


@routes.get("/connections", scope="connections.read", answer=Connections, summary="List connections")
def list_connections(call: Call) -> Connections:
    """Names and kinds of the connections that this project has; secrets stay where they are."""
    place = _place(call)
    with call.ledger() as ledger:
        trials = connection_trials.latest(ledger)
    items = []
    for name in registry.names(place=place):
        last = trials.get(name)
        tried_at, passed = (last.at, last.passed) if last is not None else (None, None)
        try:
            found = registry.get(name, place=place)
            kind, source, wrong = found.type, found.source, ""
        except errors.WeftError as error:
            kind, source, wrong = "", "", type(error).__name__
        items.append(ConnectionView(name=name, type=kind, source=source, error=wrong, tried_at=tried_at, passed=passed))
    return Connections(items=items)


class ConnectionDetail(views.View, frozen=True, kw_only=True):
    """A connection with its fields; what is secret in it stands as `***`."""

    name: str
    type: str
    source: str
    """Where it comes from, in words; the environment and the configuration go before the store."""
    host: str
    port: int | None
    login: str
    password: str
    database: str
    extra: dict[str, Any]
    description: str
    last_trial: connection_trials.LastTrial | None
    """How it was tried last through a server."""


@routes.get(
    "/connections/{name}", scope="connections.show", role="editor", answer=ConnectionDetail,
    summary="Look at a connection",
)  # fmt: skip
def show_connection(call: Call, name: str) -> ConnectionDetail:
    """The connection that counts under this name, without its secrets."""
    return _detail(call, _found(call, name))


class Uses(views.View, frozen=True, kw_only=True):
    """What uses a connection."""

    items: list[connection_uses.UseView]


@routes.get("/connections/{name}/uses", scope="connections.read", answer=Uses, summary="Show who uses a connection")
def show_uses(call: Call, name: str) -> Uses:
    """The assets, the steps of pipelines and the alert channels that name it.

    Code is read as the server knows it, and never run: a name that is put together while code runs is not found.
    """
    found = _found(call, name)
    known: connection_uses.Known = call.state.extras[_KNOWN]
    with call.world() as world:
        return Uses(items=connection_uses.uses(world, call.serving.settings, known, found.name))


Text = Annotated[str, msgspec.Meta(max_length=10_000)]
Secret = Annotated[str, msgspec.Meta(max_length=100_000, extra_json_schema={"writeOnly": True})]


class NewConnection(routing.Body, frozen=True, kw_only=True):
    """What a connection is to be: `uri`, or `type` with the other fields; fields go before what the URI says."""

    uri: Secret | None = None
    type: Text | None = None
    host: Text | None = None
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] | None = None
    login: Text | None = None
    password: Secret | None = None
    database: Text | None = None
    extra: Annotated[dict[str, Any], msgspec.Meta(extra_json_schema={"writeOnly": True})] | None = None
    description: Text | None = None


@routes.put(
    "/connections/{name}", scope="connections.change", role="editor", body=NewConnection, answer=ConnectionDetail,
    audit_body=False, summary="Put a connection into the store",
)  # fmt: skip
def put_connection(call: Call, name: str, body: NewConnection) -> Answer:
    """Make a connection, or replace the one of this name in the encrypted store, as a whole.

    Secrets of the one that was there are never kept: whoever sends a connection elsewhere must know its password. The
    answer is what counts under this name from now on: its `source` says whether that is another than the store's.
    """
    given = {each: value for each, value in msgspec.structs.asdict(body).items() if value is not None}
    if (body.uri is None) == (body.type is None):
        raise errors.UsageError(
            f"What the connection {name[:100]!r} is is " + ("given twice." if body.uri is not None else "not given."),
            remedy="Give `uri`, or `type` and `host`.",
        )
    made = kept.Connection.build(name, given)
    if kept.MASK in made.secrets():
        raise errors.UsageError(
            f"A secret of the connection {name!r} is {kept.MASK}, which stands for one that is not shown.",
            remedy="Give the secret itself.",
        )
    place = _place(call)
    registry.save(made, place=place)
    masked = {each: value for each, value in made.masked().items() if each not in ("name", "source")}
    return Answer(_detail(call, registry.get(name, place=place)), target=connection_trials.target(name), detail=masked)


@routes.delete(
    "/connections/{name}", scope="connections.change", role="editor", answer=None, summary="Remove a connection"
)
def remove_connection(call: Call, name: str) -> Answer:
    """Take a connection out of the encrypted store; 409 for one that is kept elsewhere."""
    found = _found(call, name)
    place = _place(call)
    try:
        registry.remove(name, place=place)
    except errors.UsageError as error:
        raise errors.ConflictError(
            f"The connection {name!r} is not in the store, but comes from {found.source}.", remedy="Remove it there."
        ) from error
    return Answer(None, target=connection_trials.target(name))


class Try(routing.Body, frozen=True, kw_only=True):
    """How long to wait, in seconds."""

    timeout: Annotated[float, msgspec.Meta(ge=0.1, le=20)] = 10.0


class Trial(views.View, frozen=True, kw_only=True):
    """How trying something went; `seconds` is how long it took."""

    name: str
    type: str
    passed: bool
    message: str
    seconds: float


@routes.post(
    "/connections/{name}/test", scope="connections.test", role="editor", body=Try, answer=Trial,
    summary="Try a connection",
)  # fmt: skip
def try_connection(call: Call, name: str, body: Try) -> Answer:
    """Connect from the server, ask for the least, and say how that went; nothing outside is changed.

    It is tried in a process of its own, which is ended when it is late. At most four at a time.
    """
    from weft.connections import trying

    _found(call, name)
    if not _trials.acquire(blocking=False):
        raise problems.Refused(
            429, "too-many-requests", f"{_MOST_TRIALS} connections are being tried already.",
            remedy="Try again in some seconds.", headers={"retry-after": "5"},
        )  # fmt: skip
    try:
        found = trying.test(name, _place(call), timeout=body.timeout)
    finally:
        _trials.release()
    view = Trial(name=name, type=found.type, passed=found.passed, message=found.message, seconds=found.seconds)
    told = {"passed": found.passed, "message": found.message}
    return Answer(view, target=connection_trials.target(name), detail=told)


def _place(call: Call) -> places.Place:
    return alerting_checking.place_of(call.serving.root, call.serving.home)


def _found(call: Call, name: str) -> kept.Connection:
    """The connection of a name, or 404."""
    place = _place(call)
    with call.looking_up("name", name):
        if kept.checked_name(name) not in registry.names(place=place):
            return registry.get(name, place=place)  # one of the environment in other letters, or none
    return registry.get(name, place=place)


def _detail(call: Call, found: kept.Connection) -> ConnectionDetail:
    told = found.masked()
    with call.ledger() as ledger:
        last = connection_trials.last(ledger, found.name)
    return ConnectionDetail(
        name=found.name,
        type=str(told["type"]),
        source=found.source,
        host=found.host,
        port=found.port,
        login=found.login,
        password=told.get("password", ""),
        database=found.database,
        extra=told.get("extra", {}),
        description=found.description,
        last_trial=last,
    )
