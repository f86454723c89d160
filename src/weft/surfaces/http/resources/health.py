"""Whether the server is well, and ready."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.service import views
from weft.surfaces.http import problems, routing
from weft.surfaces.http.call import Call

routes = routing.Routes(tag="server")

_SEEN_SECONDS = 20
"""A process that was seen longer ago counts as gone."""


class HealthView(views.View, frozen=True, kw_only=True):
    """How the server is. `position` is that of the last event of its ledger."""

    status: Literal["ok"]
    version: str
    position: int
    schedulers: int
    """How many schedulers were seen just now."""
    workers: int
    """How many processes that take runs were seen just now."""


@routes.get("/health", scope="server.health", answer=HealthView, summary="Whether the server lives")
def health(call: Call) -> HealthView:
    """200 while the server can read its ledger, else 503. Asks for no credential, as no other route but logging in."""
    with call.ledger() as ledger:
        return _health(ledger, call.now)


@routes.get("/ready", scope="server.read", answer=HealthView, summary="Whether runs can be started")
def ready(call: Call) -> HealthView:
    """200 where a code location is loaded, and a worker and a scheduler are there, else 503 with what is missing."""
    with call.ledger() as ledger:
        view = _health(ledger, call.now)
        known = [row for row in ledger.locations() if not row.removed]
    missing = [] if any(row.snapshot for row in known) else ["no code location has been loaded"]
    missing += [] if view.workers else ["no worker is there to take runs (`weft worker start`)"]
    missing += [] if view.schedulers else ["no scheduler is there (`weft scheduler`)"]
    if missing:
        raise problems.Refused(
            503, "not-ready", f"Runs cannot be started: {'; '.join(missing)}.", remedy="`weft dev` starts all of it."
        )
    return view


def _health(ledger: ledgers.Ledger, now: datetime) -> HealthView:
    limit = clocks.microseconds(now) - _SEEN_SECONDS * 1_000_000
    kinds = [row.kind for row in ledger.workers_seen() if row.seen >= limit]
    return HealthView(
        status="ok",
        version=_version(),
        position=ledger.position(),
        schedulers=kinds.count("scheduler"),
        workers=kinds.count("worker"),
    )


def _version() -> str:
    import weft

    return weft.__version__
