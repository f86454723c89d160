"""Attempts with their output in one piece, as the command line shows them."""

from __future__ import annotations

from typing import Annotated

import msgspec

from weft.service import views
from weft.service.run import attempts_named, log_pages, run_logs
from weft.surfaces.http import routing
from weft.surfaces.http.call import Call
from weft.surfaces.http.resources import runs
from weft.surfaces.http.resources.assets import Chosen

routes = routing.Routes(tag="logs")

_MOST_TEXT = 1 << 20
"""Letters of one attempt's output that are told here; `/runs/{id}/logs/{log}/text` has all."""
_MOST_READ = 4 * _MOST_TEXT + 4
"""Bytes that are read of one: so many letters, or more."""
_MOST_PAGE = 4 << 20


class MeantQuery(routing.Query, frozen=True, kw_only=True):
    """A run, pipeline or asset; a step of the run; partitions of the asset."""

    subject: runs.Name
    step: runs.Name | None = None
    partitions: Chosen = None


@routes.get(
    "/attempts", scope="logs.read", query=MeantQuery, answer=attempts_named.AttemptsMeant,
    summary="Find whose attempts a name means",
)  # fmt: skip
def meant(call: Call, query: MeantQuery) -> attempts_named.AttemptsMeant:
    """What `weft logs NAME` is of: `/runs/{id}/attempts` of each of the runs, with the same steps, partitions, item."""
    with call.world() as world:
        return attempts_named.meant(world.ledger, lambda: world, query.subject, query.step, query.partitions)


class AttemptsQuery(routing.Query, frozen=True, kw_only=True):
    """Which attempts of a run: those that ended after a position of the log."""

    steps: Annotated[tuple[str, ...], msgspec.Meta(max_length=100)] = ()
    partitions: Annotated[tuple[str, ...], msgspec.Meta(max_length=100)] = ()
    item: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    attempt: Annotated[int, msgspec.Meta(ge=1, le=2**31)] | None = None
    after: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0
    flow: Annotated[bool, msgspec.Meta(description="Also what a flow wrote itself, if it has ended.")] = False


class AttemptView(run_logs.AttemptLog, frozen=True, kw_only=True):
    """An attempt with its output. `position` is that of its end in the log; of a cut output the beginning is there."""

    position: int
    log: str
    """The id of its log, for all of a cut output."""
    is_cut: bool


class AttemptPage(views.View, frozen=True, kw_only=True):
    """Attempts in the order in which they ended; `more`: ask again with the last `position` as `after`."""

    items: list[AttemptView]
    more: bool


@routes.get(
    "/runs/{id}/attempts", scope="logs.read", query=AttemptsQuery, answer=AttemptPage,
    summary="Read what a run's bodies wrote",
)  # fmt: skip
def attempts(call: Call, id: str, query: AttemptsQuery) -> AttemptPage:  # noqa: A002 - the word of the path
    """Attempts that have ended, each with its output, some megabytes at once; a flow's own output comes last."""
    folder = call.serving.home / "logs"
    items: list[AttemptView] = []
    told = 0
    with call.ledger() as ledger:
        row = runs.found(ledger, id)
        for position, each in run_logs.attempts(
            ledger, folder, row.id, steps=query.steps or None, partitions=query.partitions or None, item=query.item,
            attempt=query.attempt, after=query.after, most=_MOST_READ,
        ):  # fmt: skip
            if told > _MOST_PAGE and position != items[-1].position:
                return AttemptPage(items=items, more=True)
            items.append(_shown(each, position, str(position)))
            told += len(items[-1].text)
        has_ended = query.flow and row.phase == "finished"
        own = run_logs.of_flow(ledger, folder, row.id, most=_MOST_READ) if has_ended else None
    if own is not None:
        items.append(_shown(own, items[-1].position if items else query.after, log_pages.FLOW))
    return AttemptPage(items=items, more=False)


def _shown(each: run_logs.AttemptLog, position: int, log: str) -> AttemptView:
    fields = msgspec.structs.asdict(each) | {"text": each.text[:_MOST_TEXT]}
    return AttemptView(**fields, position=position, log=log, is_cut=len(each.text) > _MOST_TEXT)
