"""One action on every run that matches a filter: how many there are first, then the action."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Annotated

import msgspec

from weft.model import errors
from weft.ports import clock as clocks
from weft.ports import operating
from weft.ports import paging as ports
from weft.service import views
from weft.service.run import bulk, bulk_work
from weft.service.server import operations
from weft.surfaces.http import paging, routing
from weft.surfaces.http.call import Answer, Call
from weft.surfaces.http.resources import runs

if TYPE_CHECKING:
    from weft.service.server.serving import Serving
    from weft.surfaces.http.call import State

routes = routing.Routes(tag="runs")

_WORKING = "bulk"
_LOOK_SECONDS = 10.0
_LOG = logging.getLogger("weft.http")


class _Working:
    """Carries out what is asked for, one after the other, and what a server that died has left."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._is_stopping = False
        self._wakes = threading.Event()
        self._thread = threading.Thread(target=self._work, name="weft-bulk", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look at once whether there is something to do."""
        self._wakes.set()

    def stop(self) -> None:
        """End after the runs that it is at; another server goes on, or this one once it is started again."""
        self._is_stopping = True
        self._wakes.set()
        self._thread.join(10)

    def _work(self) -> None:
        while not self._is_stopping:
            self._wakes.clear()
            try:
                for row in self._left():
                    self._go_on(row)
            except errors.LedgerError as error:
                _LOG.warning("bulk actions wait: %s", error.message)
            self._wakes.wait(_LOOK_SECONDS)

    def _left(self) -> list[operating.OperationRow]:
        with self._serving.ledger() as ledger:
            return list(bulk_work.left(ledger, now=clocks.microseconds(self._serving.clock.now())))

    def _go_on(self, row: operating.OperationRow) -> None:
        try:
            bulk_work.go_on(
                lambda: self._serving.world(row.by), row,
                clock=self._serving.clock, is_stopping=lambda: self._is_stopping,
            )  # fmt: skip
        except errors.LedgerError:
            raise
        except Exception:  # it would break at the same run again and again
            _LOG.exception("the bulk action %s ended by an error of weft", row.id)
            problem = operations.Problem(
                code="internal", message="It ended by an error of weft.", remedy="The log of the server has more."
            )
            with self._serving.ledger() as ledger:
                now = clocks.microseconds(self._serving.clock.now())
                operations.failed(ledger, row, problem, holder=None, now=now)


def on_start(state: State) -> None:
    """Go on with what was left, and be ready for more."""
    state.extras[_WORKING] = _Working(state.serving)


def on_stop(state: State) -> None:
    """End what is being carried out after the runs that it is at."""
    working: _Working = state.extras[_WORKING]
    working.stop()


class Filters(routing.Body, frozen=True, kw_only=True):
    """Which runs, as `GET /runs` has it."""

    pipeline: runs.Name | None = None
    partition: runs.Name | None = None
    phase: runs.Name | None = None
    outcome: runs.Name | None = None
    live: bool = False
    since: paging.Moment | None = None
    until: paging.Moment | None = None
    automation: runs.Name | None = None
    location: runs.Name | None = None
    execution: runs.Name | None = None
    parent: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    pool: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    trigger: runs.Name | None = None
    q: Annotated[str, msgspec.Meta(max_length=200)] = ""


class BulkAsk(routing.Body, frozen=True, kw_only=True):
    """What is to be done with which runs; `rerun_failed` repeats from what failed."""

    action: bulk.Action
    filters: Filters = Filters()
    most: Annotated[int, msgspec.Meta(ge=1, le=bulk.MOST_RUNS)] | None = None
    """How many were counted: where more match meanwhile, nothing is done (409)."""


class Begun(views.View, frozen=True, kw_only=True):
    """The operation that carries it out: `GET /operations/{id}` says how far it is, in `answer`."""

    operation: str
    count: int


@routes.post(
    "/runs/bulk/preview", scope="runs.read", role="viewer", body=BulkAsk, answer=bulk.Preview, audited=False,
    summary="Count the runs that an action would be upon",
)  # fmt: skip
def preview(call: Call, body: BulkAsk) -> bulk.Preview:
    """How many runs match that the action can be upon, some of them, and why it can't be upon others that match."""
    with call.ledger() as ledger:
        return bulk.preview(ledger, body.action, _wanted(body.filters))


@routes.post(
    "/runs/bulk", scope="runs.bulk", body=BulkAsk, answer=Begun, status=202, errors=(409,),
    summary="Act upon every run that matches",
)  # fmt: skip
def act(call: Call, body: BulkAsk) -> Answer:
    """Cancel or repeat every run that matches now, one after the other; what can't be done is counted by reason.

    It survives its server: what is left of it goes on when there is one again, and each run is acted upon once.
    """
    with call.ledger() as ledger:
        now = clocks.microseconds(call.now)
        wanted = _wanted(body.filters)
        operation, count = bulk.begin(ledger, body.action, wanted, by=call.principal.name, now=now, most=body.most)
    working: _Working = call.state.extras[_WORKING]
    working.wake()
    return Answer(
        Begun(operation=operation, count=count),
        location=f"/operations/{operation}",
        target=f"operation:{operation}",
        detail={"action": body.action, "filters": msgspec.to_builtins(body.filters), "count": count},
    )


def _wanted(given: Filters) -> ports.RunFilter:
    fields = {
        name: value for name, value in msgspec.structs.asdict(given).items() if name not in ("since", "until", "q")
    }
    return ports.RunFilter(
        **fields,
        since=paging.moment("since", given.since),
        until=paging.moment("until", given.until),
        text=given.q,
    )
