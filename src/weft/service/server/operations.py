"""Operations: what a server has done by a process that has a location's code, where its answer is all that is wanted.

Trying a sensor, running checks alone, removing old versions, looking the installation over. The server writes down
what is asked for; a worker of the location takes it and carries it out in a process of its own, within the time that
it has; the answer is kept for some days. A run is none of these: what makes data is a run.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from weft.model import errors
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.ports import operating as ports
from weft.service import views
from weft.service.server import location_views

Kind = Literal["check", "sensor", "gc", "verify", "doctor", "resume", "publish", "bulk"]
State = Literal["waiting", "running", "finished"]
Outcome: TypeAlias = Literal["succeeded", "failed", "cancelled", "expired", "lost"]

SECONDS: Mapping[Kind, float] = {
    "check": 3600.0, "sensor": 900.0, "gc": 3600.0, "verify": 3600.0, "doctor": 120.0, "resume": 60.0,
    "publish": 900.0, "bulk": 86400.0,
}  # fmt: skip
"""How long each may take, once it has begun."""
WAITS_SECONDS = 3600.0
"""What nobody has taken for so long is not begun any more."""
KEPT_SECONDS = 3 * 86400.0
_SPARE_SECONDS = 30.0


class CheckAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which assets are checked, and which of their partitions."""

    assets: tuple[str, ...]
    partitions: str | None = None


class SensorAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which sensor is tried, and from which cursor; None for where it is."""

    sensor: str
    cursor: str | None = None


class GcAsk(msgspec.Struct, frozen=True, kw_only=True):
    """What stays; as the arguments of `cleaning.gc`."""

    keep: int | None = None
    keep_runs: int | None = None
    older_than: float | None = None
    dry_run: bool = False


class ResumeAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which run is gone on with."""

    run: str


class PublishAsk(msgspec.Struct, frozen=True, kw_only=True):
    """The assets whose stable names are repaired, once a server has pointed them elsewhere."""

    assets: tuple[str, ...]


class NoAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing more is to be said."""


Ask: TypeAlias = CheckAsk | SensorAsk | GcAsk | ResumeAsk | PublishAsk | NoAsk


class Problem(views.View, frozen=True, kw_only=True):
    """Why an operation failed."""

    code: str
    message: str
    remedy: str = ""


class OperationView(views.View, frozen=True, kw_only=True):
    """An operation: what was asked for, how far it is, and what came of it."""

    id: str
    kind: Kind
    location: str | None
    """The code location whose worker does it; null for any."""
    state: State
    outcome: Outcome | None
    waits_for: str
    """Why it has not begun, where that is known."""
    by: str
    created_at: str | None
    begun_at: str | None
    finished_at: str | None
    ask: object
    answer: object
    """What came of it; its form is that of the kind. Of a bulk action also how far it is, while it runs."""
    problem: Problem | None


def request(ledger: ledgers.Ledger, kind: Kind, ask: Ask, *, location: str, by: str, now: int) -> ports.OperationRow:
    """Ask for an operation; `location` is empty where any may do it, `now` in microseconds.

    Raises:
        UsageError: there is no such location.
    """
    if location:
        known = [row.name for row in ledger.locations() if not row.removed]
        if location not in known:
            raise errors.UsageError(
                f"There is no code location {location[:100]!r}.",
                remedy=f"There are: {', '.join(known[:10])}." if known else "None has been loaded yet.",
            )
    row = ports.OperationRow(
        id=secrets.token_hex(6), kind=kind, location=location, ask=msgspec.json.encode(ask), by=by, created=now
    )
    with ledger.transaction() as transaction:
        transaction.add_operation(row, keep_from=now - int(KEPT_SECONDS * 1e6))
    return row


def find(ledger: ledgers.Ledger, id: str) -> ports.OperationRow:  # noqa: A002 - the word of the row
    """The operation of an id.

    Raises:
        NotFoundError: there is none, or it has been let go of.
    """
    row = ledger.operation(id)
    if row is None:
        raise errors.NotFoundError(
            f"There is no operation {id[:100]!r}.",
            remedy=f"They are kept for {KEPT_SECONDS / 86400:.0f} days; `GET /operations` lists them.",
        )
    return row


def view(ledger: ledgers.Ledger, row: ports.OperationRow, clock: clocks.Clock) -> OperationView:
    """An operation as it stands."""
    state, outcome = standing(row, clocks.microseconds(clock.now()))
    answer = msgspec.json.decode(row.answer) if row.answer else None
    failed = outcome == "failed"
    return OperationView(
        id=row.id,
        kind=msgspec.convert(row.kind, Kind),
        location=row.location or None,
        state=state,
        outcome=outcome,
        waits_for=_waits_for(ledger, row.location, clock) if state == "waiting" else "",
        by=row.by,
        created_at=views.time_of_us(row.created),
        begun_at=views.time_of_us(row.begun),
        finished_at=views.time_of_us(row.finished),
        ask=_asked(row),
        answer=None if failed else answer,
        problem=msgspec.convert(answer, Problem) if failed else None,
    )


def _asked(row: ports.OperationRow) -> object:
    """What was asked for; of a bulk action without its runs, which may be very many."""
    found = msgspec.json.decode(row.ask)
    if row.kind == "bulk":
        found.pop("runs", None)
    return found


def standing(row: ports.OperationRow, now: int) -> tuple[State, Outcome | None]:
    """How far an operation is at a time (microseconds); one whose worker fell silent is lost."""
    if row.finished is not None:
        return "finished", msgspec.convert(row.outcome, Outcome)
    if row.begun is None:
        return ("finished", "expired") if now - row.created > WAITS_SECONDS * 1e6 else ("waiting", None)
    if row.kind == "bulk":  # whichever server is there goes on with it
        return ("finished", "lost") if now - row.created > SECONDS["bulk"] * 1e6 else ("running", None)
    return ("finished", "lost") if now > row.until else ("running", None)


def _waits_for(ledger: ledgers.Ledger, location: str, clock: clocks.Clock) -> str:
    there = [each for each in location_views.workers(ledger, clock) if each.alive and each.kind == "worker"]
    if any(location in ("", each.location) for each in there):
        return ""
    of = f" of the location {location}" if location else ""
    return f"no worker{of} is there: `weft dev` or `weft worker start`"


def cancel(ledger: ledgers.Ledger, row: ports.OperationRow, *, by: str, now: int) -> None:
    """End an operation; its process is killed within a second.

    Raises:
        ConflictError: it has ended.
    """
    answer = msgspec.json.encode({"by": by})
    with ledger.transaction() as transaction:
        ended = transaction.end_operation(row.id, outcome="cancelled", answer=answer, at=now)
    if not ended:
        raise errors.ConflictError(
            f"The operation {row.id} has ended.", remedy=f"`GET /operations/{row.id}` has what came of it."
        )


# --- of the process that does it ---


def take(ledger: ledgers.Ledger, location: str, *, holder: str, now: int) -> ports.OperationRow | None:
    """Begin the oldest operation that waits for a location, or for any; `now` in microseconds."""
    for row in ledger.waiting_operations(location, since=now - int(WAITS_SECONDS * 1e6)):
        until = now + int((seconds_of(row) + _SPARE_SECONDS) * 1e6)
        with ledger.transaction() as transaction:
            if transaction.take_operation(row.id, holder=holder, at=now, until=until):
                return row
    return None


def seconds_of(row: ports.OperationRow) -> float:
    """How long an operation may take."""
    return SECONDS.get(msgspec.convert(row.kind, Kind), 60.0)


def succeeded(ledger: ledgers.Ledger, row: ports.OperationRow, answer: bytes, *, holder: str, now: int) -> None:
    """Write down the answer; nothing happens where the operation has been cancelled."""
    with ledger.transaction() as transaction:
        transaction.end_operation(row.id, outcome="succeeded", answer=answer, at=now, holder=holder)


def failed(ledger: ledgers.Ledger, row: ports.OperationRow, problem: Problem, *, holder: str | None, now: int) -> None:
    """Write down why there is no answer; nothing happens where the operation has been cancelled.

    `holder` None: whoever has it.
    """
    answer = msgspec.json.encode(problem)
    with ledger.transaction() as transaction:
        transaction.end_operation(row.id, outcome="failed", answer=answer, at=now, holder=holder)
