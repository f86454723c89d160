"""The life of a flow's run: created or taken over, its function run and tried again, ended; each step committed."""

from __future__ import annotations

import contextlib
import inspect
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any

from weft.define import futures, pausing
from weft.model import errors, events
from weft.ports import caller
from weft.runtime import owners, uninterrupted
from weft.runtime.flows import beginning, calls, output, recorded, running
from weft.runtime.flows import place as place_of_runs
from weft.worker import failures, masking


class FlowTimeoutError(TimeoutError):
    """A flow took longer than its timeout. What its function still does in its thread counts no more."""


@contextlib.contextmanager
def owned(place: place_of_runs.Place, begun: beginning.Begun) -> Iterator[running.FlowRun]:
    """The run while its function runs: its lease is kept up, and its executors are ended whatever happens."""
    flow = begun.flow
    with owners.driving(begun.facts.run):
        interruption: KeyboardInterrupt | None = None
        try:
            with uninterrupted.Uninterrupted():
                run = running.FlowRun(
                    place,
                    begun.facts,
                    executor=flow.executor,
                    workers=flow.max_workers,
                    record=begun.record,
                    remember=flow.policies.retry.retries > 0,
                    tag_limits=flow.options.get("tag_limits"),
                    root=begun.root,
                )
                place.beats.hold(run.lease, lambda: run.cancel("the run was taken over"))
                run.lost(begun.lost)
        except KeyboardInterrupt as heard:  # told to who can write down that the run was cancelled
            interruption = heard
        try:
            run.interruption = interruption
            yield run
        finally:
            place.beats.drop(begun.facts.run)
            run.closed = True
            run.stop()


def run_to_end(place: place_of_runs.Place, begun: beginning.Begun) -> futures.State[Any]:
    """Run the function of a sync flow, tried again as its policies say, and write down how it ended.

    Returns:
        The state, with the value; of a failed one with what it raised, whatever it was.
    """
    with owned(place, begun) as run, run.collecting(), output.kept(place.logs, begun.facts.run):
        tried = 0
        while True:
            try:
                if run.interruption is not None:
                    raise run.interruption
                return finish(run, begun, _in_time(run, begun))
            except pausing.Suspended:
                return suspend(run)
            except recorded.NoMatchError as refusal:
                return leave(run, refusal)
            except BaseException as error:  # whatever it is ends the run, and is raised by the caller of the flow
                failure = error
            tried += 1
            delay = again(run, begun, failure, tried)
            if delay is None:
                return fail(run, begun, failure)
            try:
                run.end_try()
                run.cancelled.wait(delay)
            except BaseException as interruption:  # Ctrl-C while it waits
                return fail(run, begun, interruption)
            begun.record.begin_again()


async def run_to_end_async(place: place_of_runs.Place, begun: beginning.Begun) -> futures.State[Any]:
    """The same for an async flow, in the running event loop."""
    import asyncio

    with owned(place, begun) as run, run.collecting(), output.kept(place.logs, begun.facts.run):
        tried = 0
        while True:
            frame = run.frame()
            token = caller.current.set(frame)
            limit = asyncio.timeout(begun.flow.timeout)
            try:
                if run.interruption is not None:
                    raise run.interruption
                async with limit:
                    returned = begun.flow.function(*begun.bound.args, **begun.bound.kwargs)
                    value = await (_collected(returned) if inspect.isasyncgen(returned) else returned)
                    await _all_ended(run)
                return finish(run, begun, value)
            except pausing.Suspended:
                return suspend(run)
            except recorded.NoMatchError as refusal:
                return leave(run, refusal)
            except BaseException as error:  # as above
                failure = _late(begun) if limit.expired() and isinstance(error, TimeoutError) else error
            finally:
                frame.closed = True
                caller.current.reset(token)
            tried += 1
            delay = again(run, begun, failure, tried)
            if delay is None:
                return fail(run, begun, failure)
            try:
                await _all_ended(run)
                run.end_try()
                await asyncio.sleep(delay)
            except BaseException as interruption:  # its awaiting was cancelled
                return fail(run, begun, interruption)
            begun.record.begin_again()


async def _collected(values: AsyncIterator[Any]) -> list[Any]:
    return [each async for each in values]


async def _all_ended(run: running.FlowRun) -> None:
    """Let the event loop go on while submitted calls are under way."""
    import asyncio

    for future in list(run.beside.futures):
        while not future.done():
            await asyncio.sleep(0.002)


def _in_time(run: running.FlowRun, begun: beginning.Begun) -> Any:
    """Run the function; with a timeout in a thread of its own, which is given up when the time is over."""
    context = copy_context()
    frame = run.frame()
    context.run(caller.current.set, frame)
    seconds = begun.flow.timeout
    if seconds is None:
        return context.run(_returned, begun)
    ended = threading.Event()
    values: list[Any] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            values.append(context.run(_returned, begun))
        except BaseException as error:  # handed to the thread that waits
            raised.append(error)
        finally:
            ended.set()

    threading.Thread(target=work, name=f"weft flow {begun.facts.flow}", daemon=True).start()
    try:
        in_time = ended.wait(seconds)
    except BaseException:  # Ctrl-C, which is heard here and not in the function
        frame.closed = True
        raise
    if not in_time:
        frame.closed = True
        raise _late(begun)
    if raised:
        raise raised[0]
    return values[0]


def _returned(begun: beginning.Begun) -> Any:
    """What the function returns; of a generator the list of what it yields, as tasks have it."""
    value = begun.flow.function(*begun.bound.args, **begun.bound.kwargs)
    return list(value) if inspect.isgenerator(value) else value


def _late(begun: beginning.Begun) -> FlowTimeoutError:
    return FlowTimeoutError(
        f"The flow {begun.flow.name!r} took longer than {begun.flow.timeout:g} s. Its function was given up: what it "
        "still does counts no more."
    )


def again(run: running.FlowRun, begun: beginning.Begun, error: BaseException, tried: int) -> float | None:
    """After how many seconds a flow is tried again that has failed `tried` times; None where it is not."""
    import random

    retry = begun.flow.policies.retry
    if not isinstance(error, Exception) or isinstance(error, errors.LedgerError) or tried > retry.retries:
        return None
    if run.cancelled.is_set():
        return None
    return retry.delay_before(tried, random.random())  # noqa: S311 - jitter


def finish(run: running.FlowRun, begun: beginning.Begun, returned: Any) -> futures.State[Any]:
    """Wait for what was submitted, and write down the success; futures in what is returned become their values."""
    if inspect.iscoroutine(returned):
        returned.close()
        raise errors.UsageError(
            f"The flow {begun.flow.name!r} returned a coroutine: what it called is async, and was not awaited.",
            remedy="Make the flow async and await the call, or .submit() it.",
        )
    value = calls.without_futures(_plain(returned))
    run.beside.settled()
    if begun.record.refused is not None:  # its function went on in spite of it
        raise begun.record.refused
    stored = run.keeper.keep(value, "result", f"{begun.facts.run}.{begun.facts.epoch}.result")
    run.close(_ending(begun, "succeeded", result=stored))
    state = futures.State(phase="finished", outcome="succeeded", value=value, run=begun.facts.run)
    _call_hooks(begun, state, begun.flow.hooks.success)
    return state


def _plain(returned: Any) -> Any:
    """A state that a flow returns stands for the value, or the failure, in it."""
    if isinstance(returned, futures.State):
        return returned.result()
    if isinstance(returned, (list, tuple)) and any(isinstance(each, futures.State) for each in returned):
        return [_plain(each) for each in returned]
    return returned


def fail(run: running.FlowRun, begun: beginning.Begun, error: BaseException) -> futures.State[Any]:
    """End what is under way, and write down the failure."""
    outcome: events.Outcome = "failed"
    hooks = begun.flow.hooks.failure
    if isinstance(error, FlowTimeoutError):
        outcome = "timed_out"
    elif isinstance(error, KeyboardInterrupt) or type(error).__name__ == "CancelledError":
        outcome, hooks = "cancelled", begun.flow.hooks.cancellation
    elif not isinstance(error, Exception):
        outcome, hooks = "crashed", begun.flow.hooks.crashed or begun.flow.hooks.failure
    state: futures.State[Any] = futures.State(
        phase="finished", outcome=outcome, error=error, run=begun.facts.run, message=str(error)
    )
    if run.beside.broken or run.driver.broken or isinstance(error, errors.LedgerError):
        return state  # nothing more can be written; the run is dead, and can be resumed
    interrupted = outcome in ("cancelled", "timed_out")
    if run.driver.outcome is not None:
        return state  # it has ended before: a hook was interrupted
    run.cancel(_why(error, outcome), kill=interrupted)
    failures.drop_our_frames(error)
    told = failures.describe(error, masking.Masks())
    run.close(_ending(begun, outcome, error=told, reason=run.reason if outcome == "cancelled" else ""))
    _call_hooks(begun, state, hooks)
    return state


def _why(error: BaseException, outcome: events.Outcome) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "Ctrl-C"
    if outcome == "cancelled":
        return "the awaiting of the flow was cancelled"
    return f"the flow {outcome.replace('_', ' ')}"


def suspend(run: running.FlowRun) -> futures.State[Any]:
    """Leave a run that waits for a person: what is under way ends first, and the lease is given back."""
    run.beside.wait()
    run.closed = True
    run.stop()
    with run.place.lock, run.place.ledger.transaction() as transaction:
        transaction.check_lease(run.lease)
        transaction.release(run.lease.run)
    return futures.State(
        phase="suspended", run=run.lease.run, error=pausing.Suspended(run.root.lease.run), message="waits for input"
    )


def leave(run: running.FlowRun, refusal: recorded.NoMatchError) -> futures.State[Any]:
    """Leave a run as one whose process died, so that it can be resumed."""
    run.beside.wait()
    run.closed = True
    run.stop()
    return futures.State(phase="running", run=run.lease.run, error=refusal, message=refusal.message)


def _ending(
    begun: beginning.Begun,
    outcome: events.Outcome,
    *,
    reason: str = "",
    result: Any = None,
    error: events.Error | None = None,
) -> events.RunFinished:
    facts = begun.facts
    scheduled = facts.partition is not None
    return events.RunFinished(
        run=facts.run,
        outcome=outcome,
        reason=reason,
        pipeline=facts.flow if scheduled else None,
        partition=facts.partition,
        code=facts.code if scheduled else "",
        inputs=dict(facts.inputs) if scheduled else {},
        result=result,
        error=error,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTold:
    """A run as hooks see it."""

    id: str
    flow_name: str
    parameters: Mapping[str, Any]

    @property
    def name(self) -> str:
        """How people name it."""
        return self.id[:8]


def _call_hooks(begun: beginning.Begun, state: futures.State[Any], hooks: Sequence[Callable[..., object]]) -> None:
    """Call hooks with the flow, the run and its state; one that fails is told in the log and changes nothing."""
    told = RunTold(id=begun.facts.run, flow_name=begun.facts.flow, parameters=begun.bound.arguments)
    for hook in hooks:
        try:
            hook(begun.flow, told, state)
        except Exception:
            logging.getLogger(__name__).exception("a hook of the flow %r failed", begun.flow.name)
