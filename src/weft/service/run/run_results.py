"""How runs and executions ended, read from the ledger, as they are told to the one who waits for their end."""

from __future__ import annotations

import msgspec

from weft.model import events
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.service import views
from weft.service import world as worlds
from weft.service.execution import views as execution_views
from weft.service.pipeline import pipeline_applying
from weft.service.run import driving, run_details

_MOST_RUNS = 500
"""Of an execution with more runs, the latest so many are told one by one."""


def of_run(ledger: ledgers.Ledger, row: ledgers.RunRow, *, clock: clocks.Clock) -> views.ApplyView:
    """How a run ended, or how far it is; of one that is suspended, what it asks."""
    counted = driving.Counter()
    ended: events.RunFinished | None = None
    for _, _, event in ledger.events(row.id):
        counted.take([event])
        if isinstance(event, events.RunFinished):
            ended = event
    of_flow = row.request.startswith("flow ")
    if ended is not None and ended.error is not None and not counted.failures:
        counted.failures.append(
            views.FailureView(
                step=row.pipeline or "",
                partition=row.partition,
                outcome=ended.outcome,
                error=ended.error.told,
                attempts=1,
            )
        )
    asked = ledger.input_requests(row.id, open_only=True) if row.phase == "suspended" else []
    until = row.finished if row.finished is not None else clocks.microseconds(clock.now())
    return views.ApplyView(
        run=row.id,
        outcome=row.outcome if row.phase == "finished" else row.phase,
        succeeded=counted.succeeded,
        reused=counted.reused,
        skipped=counted.skipped,
        failed=len(counted.failures),
        held=counted.held,
        failures=counted.failures,
        seconds=max(0, until - (row.started or row.created)) / 1e6,
        pipeline=row.pipeline,
        partition=row.partition,
        result=run_details.result_of(ended, of_flow=of_flow),
        question=run_details.question_view(asked[0]) if asked else None,
    )


def of_execution(world: worlds.World, execution: str) -> views.ApplyView:
    """How an execution ended, with its runs in the order in which they were made; or how far it is.

    Raises:
        NotFoundError: there is none.
    """
    row = execution_views.row_of(world, execution)
    rows = execution_views.runs_of(world, row.id, limit=_MOST_RUNS)
    results = [of_run(world.ledger, each, clock=world.clock) for each in reversed(rows)]
    whole = pipeline_applying.summed_up(results, 0.0)
    until = row.finished if row.finished is not None else clocks.microseconds(world.clock.now())
    return msgspec.structs.replace(
        whole,
        outcome=None if not results and row.outcome == "succeeded" else row.outcome or row.phase,
        seconds=max(0, until - row.created) / 1e6,
        runs=results if len(results) > 1 else [],
    )
