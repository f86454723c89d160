"""The verbs on flows: run one, go on with one that died or waits, answer a question of one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from weft.define import flows, futures, pausing
from weft.model import errors, events
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.runtime import owners
from weft.runtime.flows import beginning, life, place, recorded
from weft.service.pipeline import answers


class Starter:
    """Runs flows that are called outside of any run, each in the place that its file belongs to."""

    def __init__(self, place_for: Callable[[flows.FlowDefinition[..., Any]], place.Place]) -> None:
        """Find the place of a flow by `place_for`."""
        self.place_for = place_for
        """The place of a flow."""

    def call_flow(
        self,
        flow: flows.FlowDefinition[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        return_state: bool = False,
    ) -> Any:
        """Run a flow to its end; a coroutine of that for an async one.

        Raises:
            UsageError, TypeMismatchError: the arguments are wrong; nothing has begun.
            BaseException: what its function raised, as it is.
        """
        where = self.place_for(flow)
        kwargs = dict(kwargs)
        bound = beginning.bound_to(flow, args, kwargs)
        asked = beginning.Asked(name=flow.name, request=request_of(flow, where.root))
        if flow.is_async:
            return _awaited(where, flow, bound, asked, return_state)
        _tell_of_dead_runs(where, flow, bound)
        return _answer(life.run_to_end(where, beginning.create(where, flow, bound, asked)), return_state)

    def resume(self, flow: flows.FlowDefinition[..., Any], run: str, *, strict: bool = False) -> Any:
        """Go on with a run of a flow; its value."""
        return _answer(resume(self.place_for(flow), flow, run, strict=strict), return_state=False)


async def _awaited(
    where: place.Place, flow: flows.FlowDefinition[..., Any], bound: Any, asked: beginning.Asked, return_state: bool
) -> Any:
    _tell_of_dead_runs(where, flow, bound)
    return _answer(await life.run_to_end_async(where, beginning.create(where, flow, bound, asked)), return_state)


def _answer(state: futures.State[Any], return_state: bool) -> Any:
    if state.error is None:
        return state if return_state else state.value
    if return_state and isinstance(state.error, (Exception, pausing.Suspended)):
        return state
    raise state.error


def request_of(flow: flows.FlowDefinition[..., Any], root: Path) -> str:
    """How the ledger names the flow behind a run: its file, from the project's root on, and its qualified name."""
    file = file_of(flow)
    if file is None:
        return f"flow {flow.__module__}:{flow.__qualname__}"
    told = file.relative_to(root) if file.is_relative_to(root) else file
    return f"flow {told.as_posix()}:{flow.__qualname__}"


def file_of(flow: flows.FlowDefinition[..., Any]) -> Path | None:
    """The file that defines a flow; None where it is in none, as in a notebook."""
    found = flow.location.file if flow.location is not None else ""
    path = Path(found)
    return path.resolve() if found and not found.startswith("<") and path.is_file() and path.suffix == ".py" else None


def run_flow(
    where: place.Place,
    wanted: flows.FlowDefinition[..., Any] | flows.Declared,
    parameters: Mapping[str, Any],
    *,
    trigger: events.Trigger = "manual",
    partition: str | None = None,
    interval: tuple[int, int] | None = None,
    rerun_of: str = "",
    keeps: bool = False,
    created: str = "",
    code: str = "",
    inputs: Mapping[str, events.InputRecord] | None = None,
    admitted: Callable[[], object] | None = None,
) -> futures.State[Any]:
    """Run a flow, or a deployment of one, to its end.

    Args:
        where: the place that it runs in.
        wanted: the flow, or the pipeline that it was deployed as.
        parameters: by name; those of the deployment hold where none are given, and text in these may be a template.
        trigger: what asked for it.
        partition: the interval of its schedule, by key.
        interval: the same in microseconds since the epoch.
        rerun_of: the finished run that it repeats.
        keeps: whether calls that succeeded there are not made again, nor what was answered there asked again.
        created: a run that was created before, and waits for being begun.
        code: the pipeline's code, as it was planned.
        inputs: the versions of the pipeline's inlets; they and the code are kept with an interval's end.
        admitted: called in the transaction in which a created run begins; what it raises keeps it from that.

    Raises:
        UsageError, TypeMismatchError: the parameters are wrong; nothing has begun.
    """
    declared = wanted if isinstance(wanted, flows.Declared) else wanted.declared()
    flow = declared.flow
    now = clocks.microseconds(where.clock.now())
    if created:
        row = find(where.ledger, created)
        begun = beginning.take_over(where, flow, row, interval=interval, admitted=admitted)
        begun.facts.code, begun.facts.inputs = code, inputs or {}
    else:
        given = {**_filled_in(declared, interval, now), **parameters}
        asked = beginning.Asked(
            name=declared.name,
            request=request_of(flow, where.root),
            trigger=trigger,
            partition=partition,
            interval=interval,
            rerun_of=rerun_of,
            keeps=keeps,
            code=code,
            inputs=inputs or {},
        )
        begun = beginning.create(where, flow, beginning.bound_to(flow, (), given), asked)
    return _carried_out(where, begun)


def _carried_out(where: place.Place, begun: beginning.Begun) -> futures.State[Any]:
    if not begun.flow.is_async:
        return life.run_to_end(where, begun)
    from weft.worker import coroutines

    try:
        return coroutines.run(life.run_to_end_async(where, begun))
    finally:
        coroutines.close()


def _filled_in(declared: flows.Declared, interval: tuple[int, int] | None, now: int) -> dict[str, Any]:
    """The parameters of a deployment, with the templates in them filled in for this run."""
    found = dict(declared.parameters)
    if any("{{" in text or "{%" in text for text in found.values() if isinstance(text, str)):
        from weft.service.pipeline import deployed

        return deployed.filled_in(found, interval, now, declared.name, zone=_zone_of(declared))
    return found


def _zone_of(declared: flows.Declared) -> str:
    return declared.timezone or getattr(declared.partitions, "timezone", None) or "UTC"


def resume(
    where: place.Place,
    flow: flows.FlowDefinition[..., Any],
    run: str,
    *,
    strict: bool = False,
    interval: tuple[int, int] | None = None,
    code: str = "",
    inputs: Mapping[str, events.InputRecord] | None = None,
) -> futures.State[Any]:
    """Go on with a run whose process died or that was suspended; calls that have succeeded are not repeated.

    Raises:
        UsageError: there is no such run, it is of another flow, has finished, waits for an answer, or its process
            lives; with `strict`, the flow does not match what the run did, and the run stays as it was.
    """
    row = find(where.ledger, run)
    if not row.request.startswith("flow "):
        raise errors.UsageError(
            f"The run {row.id} is no run of a flow.", remedy="`weft apply` goes on with the runs of plans."
        )
    if not row.request.endswith(f":{flow.__qualname__}"):
        raise errors.UsageError(
            f"The run {row.id} is of {row.request.partition(' ')[2]}, not of {flow.name!r}.",
            remedy="Resume it by the flow that it is of.",
        )
    if row.parent:
        raise errors.UsageError(
            f"The run {row.id} is of a subflow.", remedy=f"Resume the run that called it: {row.parent}."
        )
    open_questions = [each for each in where.ledger.input_requests(row.id) if each.answered is None and each.suspended]
    if row.phase == "suspended" and open_questions:
        raise errors.UsageError(
            f"The run {row.id} waits for an answer to {open_questions[0].key!r}.",
            remedy=f"Give it: weft resume {row.id} --input '…'.",
        )
    begun = beginning.take_over(where, flow, row, strict=strict, interval=interval)
    begun.facts.code, begun.facts.inputs = code, inputs or {}
    state = _carried_out(where, begun)
    if isinstance(state.error, recorded.NoMatchError):
        raise state.error.with_traceback(None)
    return state


def answer(
    ledger: ledgers.Ledger, run: str, *, value: object = None, key: str | None = None, by: str = ""
) -> ledgers.InputRow:
    """Answer the question that a run waits for.

    Args:
        ledger: where it was asked.
        run: the id of the run, or how it begins.
        value: what is filled in, as JSON values; None for a go-ahead.
        key: which question, where there are several.
        by: who answers.

    Raises:
        UsageError: there is no such run or question, or the answer is not valid under its schema: all that is wrong.
    """
    row = find(ledger, run)
    waiting = [each for each in ledger.input_requests(row.id) if each.answered is None]
    chosen = [each for each in waiting if key in (None, each.key)]
    if not chosen:
        raise errors.UsageError(
            f"The run {row.id} waits for no answer" + (f" to {key!r}." if key else "."),
            remedy=f"It waits for: {', '.join(each.key for each in waiting)}." if waiting else "See `weft runs`.",
        )
    if len(chosen) > 1:
        raise errors.UsageError(
            f"The run {row.id} waits for {len(chosen)} answers.",
            remedy=f"Say which: --key {' | '.join(each.key for each in chosen)}.",
        )
    question = chosen[0]
    if question.schema is not None:
        schema = msgspec.json.decode(question.schema)
        problems = answers.problems(schema, value)
        if problems:
            raise errors.UsageError(
                f"The answer to {question.key!r} is not valid: {'; '.join(problems)}.",
                remedy=f"It has: {answers.described(schema)}.",
            )
    given = msgspec.Raw(msgspec.json.encode(value))
    ledger.append([events.InputGiven(run=row.id, key=question.key, value=given, by=by)])
    return question


def find(ledger: ledgers.Reader, run: str) -> ledgers.RunRow:
    """The run of an id, or of how it begins.

    Raises:
        UsageError: there is none, or several.
    """
    rows = ledger.runs_with_prefix(run) if run else []
    if len(rows) != 1:
        told = f"{len(rows)} runs begin" if rows else "No run begins"
        raise errors.UsageError(f"{told} with {run!r}.", remedy="`weft runs` lists them.")
    return rows[0]


def _tell_of_dead_runs(where: place.Place, flow: flows.FlowDefinition[..., Any], bound: Any) -> None:
    """Say how a run of the same flow and parameters whose process died could be resumed."""
    now = clocks.microseconds(where.clock.now())
    with where.lock:
        rows = where.ledger.runs(live=True, pipeline=flow.name)
        if not rows:
            return
        params = beginning.params_of(bound)
        for row in rows:
            lease = where.ledger.lease(row.id)
            if row.params != params or lease is None or row.parent:
                continue
            if owners.is_dead(owners.decode(lease.owner), run=row.id, expires=lease.expires, now=now):
                print(  # noqa: T201 - for the person who calls a flow
                    f"weft: an earlier run of {flow.name} with these parameters died; weft resume {row.id} goes on "
                    "with it. This is a new run.",
                    file=sys.stderr,
                )
                return
