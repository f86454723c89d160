"""Connections to outside systems: put into the encrypted store, tried, taken out. Their secrets go in and never out."""

from __future__ import annotations

import threading
from typing import Annotated, Any

import msgspec

from weft.connections import connection as kept
from weft.connections import places, registry
from weft.model import errors
from weft.service import views
from weft.service.alerting import checking as alerting_checking
from weft.surfaces.http import problems, routing
from weft.surfaces.http.call import Answer, Call

routes = routing.Routes(tag="connections")

_MOST_TRIALS = 4
_trials = threading.BoundedSemaphore(_MOST_TRIALS)


class ConnectionView(views.View, frozen=True, kw_only=True):
    """A connection by name: what kind it is and where it is kept; `error` where it cannot be read."""

    name: str
    type: str
    source: str
    error: str


class Connections(views.View, frozen=True, kw_only=True):
    """Connections, by name."""

    items: list[ConnectionView]


@routes.get("/connections", scope="connections.read", answer=Connections, summary="List connections")
def list_connections(call: Call) -> Connections:
    """Names and kinds of the connections that this project has; secrets stay where they are."""
    place = _place(call)
    items = []
    for name in registry.names(place=place):
        try:
            found = registry.get(name, place=place)
        except errors.WeftError as error:
            items.append(ConnectionView(name=name, type="", source="", error=type(error).__name__))
            continue
        items.append(ConnectionView(name=name, type=found.type, source=found.source, error=""))
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


@routes.get(
    "/connections/{name}", scope="connections.show", role="editor", answer=ConnectionDetail,
    summary="Look at a connection",
)  # fmt: skip
def show_connection(call: Call, name: str) -> ConnectionDetail:
    """The connection that counts under this name, without its secrets."""
    return _detail(_found(call, name))


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
    return Answer(_detail(registry.get(name, place=place)), target=f"connection:{name}", detail=masked)


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
    return Answer(None, target=f"connection:{name}")


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
    return Answer(view, target=f"connection:{name}", detail={"passed": found.passed})


def _place(call: Call) -> places.Place:
    return alerting_checking.place_of(call.serving.root, call.serving.home)


def _found(call: Call, name: str) -> kept.Connection:
    """The connection of a name, or 404."""
    place = _place(call)
    with call.looking_up("name", name):
        if kept.checked_name(name) not in registry.names(place=place):
            return registry.get(name, place=place)  # one of the environment in other letters, or none
    return registry.get(name, place=place)


def _detail(found: kept.Connection) -> ConnectionDetail:
    told = found.masked()
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
    )
