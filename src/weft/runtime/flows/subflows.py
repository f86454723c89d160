"""Subflows: a flow that is called in a run is a run of its own, and a step run of the one that called it."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

from weft.define import bodies, flows, futures, pausing, tasks, transactions
from weft.model import events
from weft.ports import executor as executors
from weft.runtime.flows import beginning, calls, digests, frames, keeping, life
from weft.worker import failures, masking
from weft.worker.tasks import live

_StandIn = tuple[tasks.TaskDefinition[..., Any], bodies.TaskBody]
_stand_ins: weakref.WeakKeyDictionary[flows.FlowDefinition[..., Any], _StandIn] = weakref.WeakKeyDictionary()


def call(
    frame: frames.Frame,
    flow: flows.FlowDefinition[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    wait_for: Iterable[object],
    return_state: bool,
) -> Any:
    """Run a sync subflow in the calling thread."""
    made = _made(frame, flow, args, kwargs)
    for each in calls.futures_in((args, kwargs, wait_for)):
        each.result()
    begun = _begun(frame, flow, made)
    if begun is not None:
        _settled(frame, made, life.run_to_end(frame.run.place, begun))
    return _answer(frame, made, return_state)


async def call_async(
    frame: frames.Frame,
    flow: flows.FlowDefinition[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    wait_for: Iterable[object],
    return_state: bool,
) -> Any:
    """Run an async subflow in the running event loop."""
    made = _made(frame, flow, args, kwargs)
    for each in calls.futures_in((args, kwargs, wait_for)):
        await each
    begun = _begun(frame, flow, made)
    if begun is not None:
        _settled(frame, made, await life.run_to_end_async(frame.run.place, begun))
    return _answer(frame, made, return_state)


def _made(
    frame: frames.Frame, flow: flows.FlowDefinition[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> calls.Call:
    """The step run that stands for the subflow."""
    run = frame.run
    run.check_open(frame)
    known = _stand_ins.get(flow)
    if known is None:
        task: tasks.TaskDefinition[..., Any] = tasks.TaskDefinition(
            flow.function, given={"name": flow.name}, location=flow.location, operator="flow"
        )
        body = bodies.TaskBody(
            key=f"{flow.__module__}:{flow.__qualname__}",
            name=flow.name,
            function=flow.function,
            parameters=bodies.Parameters(),
        )
        known = _stand_ins[flow] = (task, body)
    made = calls.Call(known[0], known[1], f"{run.facts.flow}:{flow.name}", frame.next_item(), args, kwargs)
    made.transaction = transactions.current.get()
    return made


def _begun(frame: frames.Frame, flow: flows.FlowDefinition[..., Any], made: calls.Call) -> beginning.Begun | None:
    """Claim the step run and begin, or take over, the run of the subflow; None where its value is recorded."""
    run = frame.run
    args = tuple(calls.without_futures(each) for each in made.args)
    kwargs = {name: calls.without_futures(each) for name, each in made.kwargs.items()}
    made.bound = beginning.bound_to(flow, args, kwargs)
    made.digest = digests.digest(made.bound.arguments, run.work.known)
    success = run.work.record.take(made.item, made.step, made.digest) if run.work.record else None
    if success is not None:
        run.work.take_recorded(made, success)
        return None
    run.claim(made)
    begun = None
    if run.facts.epoch > 1:
        begun = _interrupted(frame, flow, made)
    if begun is None:
        asked = beginning.Asked(
            name=flow.name,
            request=f"flow {flow.__module__}:{flow.__qualname__}",
            trigger="subflow",
            parent=run.facts.run,
            parent_step=made.step,
            parent_item=made.item,
            rerun_of=(before := _before(frame, flow, made)),
            keeps=bool(before),
        )
        begun = beginning.create(run.place, flow, made.bound, asked)
    begun.root = run.root
    return begun


def _before(frame: frames.Frame, flow: flows.FlowDefinition[..., Any], made: calls.Call) -> str:
    """The run that this very call had made in the run of which this one keeps what succeeded; "" for none."""
    run = frame.run
    if not run.facts.keeps_of:
        return ""
    assert made.bound is not None
    params = beginning.params_of(made.bound)
    with run.place.lock:
        rows = run.place.ledger.runs(parent=run.facts.keeps_of)
    for row in rows:
        if row.parent_item == made.item and row.pipeline == flow.name and row.params == params:
            return row.id
    return ""


def _interrupted(frame: frames.Frame, flow: flows.FlowDefinition[..., Any], made: calls.Call) -> beginning.Begun | None:
    """Take over the run that this very call had begun when the process died."""
    run = frame.run
    with run.place.lock:
        rows = run.place.ledger.runs(parent=run.facts.run, live=True)
    for row in rows:
        if row.parent_item == made.item and row.pipeline == flow.name:
            assert made.bound is not None
            if row.params == beginning.params_of(made.bound):
                return beginning.take_over(run.place, flow, row)
    return None


def _settled(frame: frames.Frame, made: calls.Call, state: futures.State[Any]) -> None:
    """Write down how the subflow ended as the end of its step run."""
    run = frame.run
    if isinstance(state.error, pausing.Suspended):
        raise state.error
    ran = live.LiveCall(made.body)
    ran.ended(state.value, state.error)
    run.work.live[made.node] = ran
    if state.error is None:
        stored = run.keeper.keep(state.value, made.task.name, f"{run.facts.run}.{run.facts.epoch}.{made.item}.result")
        result = events.TaskResult(value=stored, length=keeping.length(state.value))
        report = executors.AttemptReport(
            id=made.node, attempt=made.attempt, outcome="succeeded", task=executors.TaskReport(result=result)
        )
    else:
        if isinstance(state.error, KeyboardInterrupt):
            run.cancel("Ctrl-C")
        told = failures.describe(state.error, masking.Masks())
        report = executors.AttemptReport(
            id=made.node, attempt=made.attempt, outcome="failed", error=told, retryable=False
        )
    run.settle(report)


def _answer(frame: frames.Frame, made: calls.Call, return_state: bool) -> Any:
    return frame.run.answer(made, return_state)
