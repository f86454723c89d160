"""One action on every run that matches a filter: how many there are first, then the action."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated

import msgspec

from weft.ports import clock as clocks
from weft.ports import paging as ports
from weft.service import views
from weft.service.run import bulk
from weft.surfaces.http import paging, routing
from weft.surfaces.http.call import Answer, Call
from weft.surfaces.http.resources import runs

if TYPE_CHECKING:
    from weft.surfaces.http.call import State

routes = routing.Routes(tag="runs")

_WORKING = "bulk"


class _Working:
    """What is being carried out by this process, one after the other."""

    def __init__(self) -> None:
        self.is_stopping = threading.Event()
        self.turn = threading.Lock()
        self.threads: list[threading.Thread] = []


def on_start(state: State) -> None:
    """Be ready to carry something out."""
    state.extras[_WORKING] = _Working()


def on_stop(state: State) -> None:
    """End what is being carried out after the runs that it is at."""
    working: _Working = state.extras[_WORKING]
    working.is_stopping.set()
    for thread in working.threads:
        thread.join(10)


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
    """Cancel or repeat every run that matches now, one after the other; what can't be done is counted by reason."""
    with call.ledger() as ledger:
        now = clocks.microseconds(call.now)
        wanted = _wanted(body.filters)
        row, found = bulk.begin(ledger, body.action, wanted, by=call.principal.name, now=now, most=body.most)
    working: _Working = call.state.extras[_WORKING]
    name, serving = call.principal.name, call.serving

    def carry_out() -> None:
        with working.turn:
            bulk.carry_out(
                lambda: serving.world(name), row, body.action, found,
                clock=serving.clock, is_stopping=working.is_stopping.is_set,
            )  # fmt: skip

    thread = threading.Thread(target=carry_out, name=f"weft-bulk-{row.id}", daemon=True)
    working.threads = [each for each in working.threads if each.is_alive()] + [thread]
    thread.start()
    return Answer(
        Begun(operation=row.id, count=len(found)),
        location=f"/operations/{row.id}",
        target=f"operation:{row.id}",
        detail={"action": body.action, "filters": msgspec.to_builtins(body.filters), "count": len(found)},
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
