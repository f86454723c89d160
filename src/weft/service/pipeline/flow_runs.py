"""Runs of flows for the verbs on pipelines: started, gone on with, answered; how they ended, as a view."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from weft.model import errors, events, pipelines
from weft.ports import caller
from weft.ports import ledger as ledgers
from weft.runtime import lineage
from weft.service import documents, views
from weft.service import world as worlds
from weft.service.pipeline import intervals
from weft.service.run import driving, run_details

if TYPE_CHECKING:
    from weft.define import futures
    from weft.service.pipeline import pipelines as runs


def run(
    world: worlds.World,
    pipeline: pipelines.Pipeline,
    wanted: runs.Wanted,
    partition: str | None,
    params: Mapping[str, Any],
) -> views.ApplyView:
    """Run a flow to its end."""
    from weft.service.pipeline import flows

    begun = time.monotonic()
    where, definition = _place(world, pipeline)
    _record_code(world, pipeline)
    state = flows.run_flow(
        where,
        definition,
        params,
        trigger=wanted.trigger,
        partition=partition,
        interval=intervals.bounds(pipeline, partition),
        rerun_of=wanted.rerun_of,
        keeps=bool(wanted.rerun_of and wanted.keep),
        code=pipeline.code,
        inputs=_inputs(world, pipeline, partition),
    )
    return _view(world, state.run, pipeline, partition, state, begun, resumed=False)


def request_of(world: worlds.World, pipeline: pipelines.Pipeline) -> str:
    """How the ledger names the flow behind a run: by its file and its function, where the definitions are at hand."""
    body = world.definitions.pipelines.get(pipeline.name)
    if body is not None:
        from weft.service.pipeline import flows

        where, definition = _place(world, pipeline)
        return flows.request_of(getattr(definition, "flow", definition), where.root)
    file = pipeline.location.file if pipeline.location is not None else ""
    return f"flow {file}:{pipeline.name}"


def recorded(
    world: worlds.World, pipeline: pipelines.Pipeline, partition: str | None, params: Mapping[str, Any]
) -> dict[str, Any]:
    """The parameters as the ledger has them of a run with these: with the defaults, those of the deployment too.

    Raises:
        UsageError: they are wrong.
    """
    import msgspec

    from weft.ports import clock as clocks
    from weft.runtime.flows import beginning
    from weft.service.pipeline import deployed

    _, definition = _place(world, pipeline)
    flow = getattr(definition, "flow", definition)
    now = clocks.microseconds(world.clock.now())
    own = dict(getattr(definition, "parameters", None) or {})
    if any(deployed.is_template(value) for value in own.values()):
        zone = pipeline.schedule.timezone if pipeline.schedule is not None else "UTC"
        own = deployed.filled_in(own, intervals.bounds(pipeline, partition), now, pipeline.name, zone=zone)
    try:
        bound = beginning.bound_to(flow, (), {**own, **params})
    except errors.WeftError as error:  # of another kind where it is called from Python
        raise errors.UsageError(error.message, remedy=error.remedy) from error
    found: dict[str, Any] = msgspec.json.decode(beginning.params_of(bound))
    return found


def drive(world: worlds.World, pipeline: pipelines.Pipeline, row: ledgers.RunRow, how: driving.How) -> views.ApplyView:
    """Drive the created run of a flow to its end, or go on with it where it has begun.

    Raises:
        ReservationError: a limit keeps it from beginning, and `how.wait` is off.
        UsageError: its work pool is paused, or another process drives it.
    """
    from weft.service.pipeline import flows
    from weft.service.queue import claiming

    if row.started is not None:
        return go_on(world, pipeline, row, strict=False)
    begun = time.monotonic()
    where, definition = _place(world, pipeline)
    interval = intervals.bounds(pipeline, row.partition)
    inputs = _inputs(world, pipeline, row.partition)
    _record_code(world, pipeline)

    def admitted() -> object:
        return claiming.check_limits(world, row.id, pipeline.name, row.pool, ledger=where.ledger)

    def attempt() -> futures.State[Any]:
        return flows.run_flow(
            where, definition, {}, interval=interval, created=row.id, code=pipeline.code, inputs=inputs,
            admitted=admitted,
        )  # fmt: skip

    state = claiming.once_free(world, row, how, attempt)
    return _view(world, row.id, pipeline, row.partition, state, begun, resumed=False)


def go_on(world: worlds.World, pipeline: pipelines.Pipeline, row: ledgers.RunRow, *, strict: bool) -> views.ApplyView:
    """Go on with the run of a flow that is suspended, or whose owner died."""
    from weft.service.pipeline import flows

    begun = time.monotonic()
    where, definition = _place(world, pipeline)
    state = flows.resume(
        where,
        getattr(definition, "flow", definition),
        row.id,
        strict=strict,
        interval=intervals.bounds(pipeline, row.partition),
        code=pipeline.code,
        inputs=_inputs(world, pipeline, row.partition),
    )
    return _view(world, row.id, pipeline, row.partition, state, begun, resumed=True)


def answer(world: worlds.World, row: ledgers.RunRow, value: object, key: str | None) -> None:
    """Answer what a run asks; the value is held against the form."""
    from weft.service.pipeline import flows

    flows.answer(world.ledger, row.id, value=value, by=world.user, key=key)


def _place(world: worlds.World, pipeline: pipelines.Pipeline) -> tuple[Any, Any]:
    """Where a flow runs, and the flow itself or what it was deployed as."""
    body = world.definitions.pipelines.get(pipeline.name)
    if body is None:
        raise errors.UsageError(
            f"The flow {pipeline.name} is not defined any more.", remedy="`weft pipelines` shows what is."
        )
    starter: Any = caller.outermost()
    where = starter.place_for(getattr(body.definition, "flow", body.definition))
    where.tells_suspended = False  # the view of the run does
    return where, body.definition


def _record_code(world: worlds.World, pipeline: pipelines.Pipeline) -> None:
    """Keep the source of the flow, once for each version of it."""
    recorded = documents.code_documents(world, {pipeline.code: None} if pipeline.code else {})
    if not recorded:
        return
    with world.ledger.transaction() as transaction:
        transaction.append(documents.keep_code(transaction, recorded))


def _inputs(
    world: worlds.World, pipeline: pipelines.Pipeline, partition: str | None
) -> Mapping[str, events.InputRecord]:
    """The versions of the inlets that an interval consumes, as they are now."""
    if partition is None:
        return {}
    return lineage.Lineage(
        graph=world.graph, pipeline=pipeline, ledger=world.ledger, run="", partition=partition, now=world.clock.now()
    ).of_run()


def _view(
    world: worlds.World,
    run_id: str,
    pipeline: pipelines.Pipeline,
    partition: str | None,
    state: futures.State[Any],
    begun: float,
    *,
    resumed: bool,
) -> views.ApplyView:
    """How a flow's run ended, from what the ledger has of it."""
    counted = driving.Counter()
    told = [event for _, _, event in world.ledger.events(run_id)]
    counted.take(told)
    ended = next((each for each in reversed(told) if isinstance(each, events.RunFinished)), None)
    if state.error is not None and state.is_failed() and not counted.failures:
        error = f"{type(state.error).__name__}: {state.error}"
        counted.failures.append(
            views.FailureView(
                step=pipeline.name, partition=partition, outcome=state.outcome or "failed", error=error, attempts=1
            )
        )
    asked = world.ledger.input_requests(run_id, open_only=True) if state.phase == "suspended" else []
    return views.ApplyView(
        run=run_id,
        outcome=state.outcome if state.phase == "finished" else state.phase,
        succeeded=counted.succeeded,
        reused=counted.reused,
        skipped=counted.skipped,
        failed=len(counted.failures),
        held=counted.held,
        failures=counted.failures,
        seconds=time.monotonic() - begun,
        resumed=resumed,
        pipeline=pipeline.name,
        partition=partition,
        result=run_details.result_of(ended, of_flow=True),
        question=run_details.question_view(asked[0]) if asked else None,
    )
