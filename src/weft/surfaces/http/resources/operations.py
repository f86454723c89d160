"""Operations: what a worker does beside runs. Checks alone, trying a sensor, gc, verifying the ledger, the doctor."""

from __future__ import annotations

import threading
import time
from typing import Annotated

import msgspec

from weft.model import errors
from weft.ports import accounts as ports
from weft.ports import clock as clocks
from weft.ports import operating
from weft.service import views
from weft.service.asset import checking
from weft.service.automation import sensing
from weft.service.server import operations
from weft.surfaces.http import paging, problems, routing
from weft.surfaces.http.call import Answer, Call
from weft.surfaces.http.resources import automations

routes = routing.Routes(tag="operations")

_MOST_WAITERS = 4
"""So many requests wait for an answer at once; the others are told how far it is, and ask again."""
_LOOK_SECONDS = 0.1
_waiters = threading.BoundedSemaphore(_MOST_WAITERS)
_ROLES: dict[str, ports.Role] = {"gc": "admin", "verify": "admin", "doctor": "admin"}
"""Who may see what came of an operation, and cancel it, where that is more than what the route asks for."""

Wait = Annotated[
    float, msgspec.Meta(ge=0, le=30, description="Wait up to so many seconds for it to finish; 0 for not at all.")
]
Text = Annotated[str, msgspec.Meta(max_length=10_000)]


class Waits(routing.Query, frozen=True, kw_only=True):
    """How long to wait for it to finish."""

    wait: Wait = 0.0


class OperationPage(views.View, frozen=True, kw_only=True):
    """Some operations, newest first."""

    items: list[operations.OperationView]
    next: str | None


@routes.get(
    "/operations", scope="operations.read", query=paging.Paged, answer=OperationPage,
    summary="List what workers did beside runs",
)  # fmt: skip
def list_operations(call: Call, query: paging.Paged) -> OperationPage:
    """What was asked for in the last three days, newest first. What only an administrator may ask only one sees."""
    at = paging.place("operations", query, int, str)
    with call.ledger() as ledger:
        rows = ledger.operations(limit=query.limit + 1, before=at)
        page = rows[: query.limit]
        items = [operations.view(ledger, row, call.serving.clock) for row in page if _may_see(call, row)]
    last = (page[-1].created, page[-1].id) if len(rows) > len(page) else None
    return OperationPage(items=items, next=paging.cursor("operations", query, *last) if last is not None else None)


@routes.get(
    "/operations/{id}", scope="operations.read", query=Waits, answer=operations.OperationView,
    summary="Look at an operation, or wait for it",
)  # fmt: skip
def look(call: Call, id: str, query: Waits) -> operations.OperationView:  # noqa: A002 - the word of the path
    """How far it is and, once it has finished, its answer."""
    _found(call, id)
    return _waited(call, id, query.wait)


@routes.post(
    "/operations/{id}/cancel", scope="operations.cancel", answer=operations.OperationView,
    summary="Cancel an operation",
)  # fmt: skip
def cancel(call: Call, id: str) -> Answer:  # noqa: A002
    """End it; what it has done already stays done."""
    row = _found(call, id)
    with call.ledger() as ledger:
        operations.cancel(ledger, row, by=call.principal.name, now=clocks.microseconds(call.now))
        view = operations.view(ledger, operations.find(ledger, id), call.serving.clock)
    return Answer(view, target=f"operation:{id}", detail={"kind": row.kind})


class Check(routing.Body, frozen=True, kw_only=True):
    """Whose checks are run: a selection of assets (all if left out), and which partitions of them (all that exist)."""

    selection: Text | None = None
    partitions: Text | None = None
    wait: Wait = 0.0


class Operations(views.View, frozen=True, kw_only=True):
    """The operations that were asked for: one of each code location that has a part in it."""

    items: list[operations.OperationView]


@routes.post(
    "/checks", scope="checks.run", body=Check, answer=Operations, status=202, summary="Run checks alone",
)  # fmt: skip
def check(call: Call, body: Check) -> Answer:
    """Run checks against the latest versions, by a worker of each code location that has some.

    A version that a blocking check rejected becomes current when it passes now. The answer of an operation has
    `checks`, `passed`, `serious`, `published` and the `items`.
    """
    with call.world() as world:
        by_location: dict[str, list[str]] = {}
        for asset in checking.checked(world, body.selection):
            by_location.setdefault(world.locations.get(f"asset:{asset}", ""), []).append(asset)
    asked = [
        _asked(call, "check", operations.CheckAsk(assets=tuple(assets), partitions=body.partitions), location)
        for location, assets in by_location.items()
    ]
    return _several(call, asked, body.wait, {"selection": body.selection, "partitions": body.partitions})


class TrySensor(routing.Body, frozen=True, kw_only=True):
    """Where the sensor starts from; from where it is if left out, from the start if empty."""

    cursor: Text | None = None
    wait: Wait = 0.0


@routes.post(
    "/automations/{id}/test", scope="automations.test", body=TrySensor, answer=operations.OperationView, status=202,
    summary="Try a sensor",
)  # fmt: skip
def try_sensor(call: Call, id: str, body: TrySensor) -> Answer:  # noqa: A002
    """Have a worker run a sensor's function, and tell what it would start. Nothing is started, and its cursor stays."""
    with call.world() as world:
        automation = automations.found(call, world, id)
        sensor = sensing.find(world, automation) if automation.startswith("sensor:") else None
        location = world.locations.get(f"automation:{automation}", "")
    if sensor is None:
        raise errors.ConflictError(f"{automation} is no sensor.", remedy="Only sensors have a function to be tried.")
    ask = operations.SensorAsk(sensor=sensor.name, cursor=body.cursor)
    return _one(call, _asked(call, "sensor", ask, location), body.wait, automation)


class Gc(routing.Body, frozen=True, kw_only=True):
    """What stays: versions of each partition, runs of each pipeline that keep their values; the settings' if left out.

    Only what is older than `older_than` seconds goes. `dry_run` removes nothing, and must be turned off to remove.
    """

    keep: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    keep_runs: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)] | None = None
    older_than: Annotated[float, msgspec.Meta(ge=0, le=1e10)] | None = None
    dry_run: bool = True
    wait: Wait = 0.0


@routes.post(
    "/gc", scope="storage.gc", role="admin", body=Gc, answer=Operations, status=202, summary="Remove old versions"
)
def gc(call: Call, body: Gc) -> Answer:
    """Remove old versions, what the tasks of old runs left behind, and what never became a version.

    A worker of each code location does it for the assets that it defines. Never removed is what is current, what waits
    for a decision after a failed check, and what a live run may be reading. The answer of an operation has `removed`,
    `leftovers`, `bytes`, `problems` and `runs`.
    """
    ask = operations.GcAsk(keep=body.keep, keep_runs=body.keep_runs, older_than=body.older_than, dry_run=body.dry_run)
    with call.ledger() as ledger:
        names = [row.name for row in ledger.locations() if not row.removed]
    if not names:
        raise errors.ConflictError("No code location has been loaded yet.", remedy="`GET /locations` shows them.")
    asked = [_asked(call, "gc", ask, name) for name in names]
    return _several(call, asked, body.wait, {"dry_run": body.dry_run})


class Ask(routing.Body, frozen=True, kw_only=True):
    """By a worker of which code location (any if left out), and how long to wait."""

    location: Annotated[str, msgspec.Meta(max_length=500)] = ""
    wait: Wait = 0.0


@routes.post(
    "/ledger/verify", scope="ledger.verify", role="admin", body=Ask, answer=operations.OperationView, status=202,
    summary="Verify the ledger",
)  # fmt: skip
def verify(call: Call, body: Ask) -> Answer:
    """Rebuild every table from the events and compare, in a process of a worker.

    The answer has `passed`, `events`, `rows`, `differences`, `unreadable` and `damage`.
    """
    return _one(call, _asked(call, "verify", operations.NoAsk(), body.location), body.wait)


@routes.post(
    "/doctor", scope="server.doctor", role="admin", body=Ask, answer=operations.OperationView, status=202,
    summary="Look over the installation",
)  # fmt: skip
def doctor(call: Call, body: Ask) -> Answer:
    """Look over the installation and the project as a worker has them; the answer has `passed` and the `findings`."""
    return _one(call, _asked(call, "doctor", operations.NoAsk(), body.location), body.wait)


def _asked(call: Call, kind: operations.Kind, ask: operations.Ask, location: str) -> operating.OperationRow:
    with call.ledger() as ledger:
        return operations.request(
            ledger, kind, ask, location=location, by=call.principal.name, now=clocks.microseconds(call.now)
        )


def _one(call: Call, row: operating.OperationRow, wait: float, target: str = "") -> Answer:
    return Answer(
        _waited(call, row.id, wait), location=f"/operations/{row.id}", target=target or f"operation:{row.id}",
        detail={"operation": row.id, "location": row.location},
    )  # fmt: skip


def _several(call: Call, rows: list[operating.OperationRow], wait: float, detail: dict[str, object]) -> Answer:
    until = time.monotonic() + wait
    items = [_waited(call, row.id, max(until - time.monotonic(), 0.0)) for row in rows]
    ids = [row.id for row in rows]
    return Answer(
        Operations(items=items), target=f"operation:{ids[0]}" if ids else "", detail={**detail, "operations": ids}
    )


def _waited(call: Call, id: str, seconds: float) -> operations.OperationView:  # noqa: A002
    """An operation as it stands after at most so many seconds; at once where too many wait already."""
    until = time.monotonic() + seconds
    waits = seconds > 0 and _waiters.acquire(blocking=False)
    try:
        while True:
            with call.ledger() as ledger:
                view = operations.view(ledger, operations.find(ledger, id), call.serving.clock)
            left = until - time.monotonic()
            if not waits or view.state == "finished" or left <= 0 or call.state.stopping.is_set():
                return view
            time.sleep(min(_LOOK_SECONDS, left))
    finally:
        if waits:
            _waiters.release()


def _found(call: Call, id: str) -> operating.OperationRow:  # noqa: A002
    with call.ledger() as ledger:
        row = operations.find(ledger, id)
    if not _may_see(call, row):
        raise problems.Refused(
            403,
            "forbidden",
            f"The operation {id} asks for the role {_ROLES[row.kind]}.",
            remedy="Ask an administrator.",
        )
    return row


def _may_see(call: Call, row: operating.OperationRow) -> bool:
    needed = _ROLES.get(row.kind, "viewer")
    return ports.ROLES.index(call.principal.role) >= ports.ROLES.index(needed)
