"""A run as screens show it: over time, its code, and beside another one."""

from __future__ import annotations

from typing import Annotated

import msgspec

from weft.ports import clock as clocks
from weft.service.run import comparing, run_code, timelines
from weft.surfaces.http import routing
from weft.surfaces.http.call import Call
from weft.surfaces.http.resources import runs

routes = routing.Routes(tag="runs")


class TimelineQuery(routing.Query, frozen=True, kw_only=True):
    """Which part of it."""

    step: (
        Annotated[
            runs.Name,
            msgspec.Meta(description="This step alone, with all of its step runs, also where they are folded."),
        ]
        | None
    ) = None


@routes.get(
    "/runs/{id}/timeline",
    scope="runs.read",
    query=TimelineQuery,
    answer=timelines.TimelineView,
    summary="A run over time",
)
def timeline(call: Call, id: str, query: TimelineQuery) -> timelines.TimelineView:  # noqa: A002 - the word of the path
    """Every step run with its attempts: handed out, begun, ended. Steps with many step runs come folded."""
    with call.ledger() as ledger:
        row = runs.found(ledger, id)
        now = clocks.microseconds(call.serving.clock.now())
        return timelines.timeline(ledger, row, now=now, step=query.step)


@routes.get("/runs/{id}/code", scope="definitions.read", answer=run_code.RunCodeView, summary="Read the code of a run")
def code(call: Call, id: str) -> run_code.RunCodeView:  # noqa: A002
    """The source that the run ran, function by function, and whether it is still the one in force."""
    with call.ledger() as ledger:
        return run_code.code_of(ledger, runs.found(ledger, id))


class ComparisonQuery(routing.Query, frozen=True, kw_only=True):
    """Which two runs, by their ids."""

    before: runs.Name
    after: runs.Name


@routes.get(
    "/run-comparison", scope="runs.read", query=ComparisonQuery, answer=comparing.RunComparison,
    summary="Compare two runs",
)  # fmt: skip
def compare(call: Call, query: ComparisonQuery) -> comparing.RunComparison:
    """How two runs differ: outcome, parameters, code, what they read, durations by step, and what they made."""
    with call.ledger() as ledger:
        return comparing.compare(ledger, runs.found(ledger, query.before), runs.found(ledger, query.after))
