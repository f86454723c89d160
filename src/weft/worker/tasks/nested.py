"""Calls of tasks within the body of an asset, or of a task of a DAG: they run there and then.

They are no step runs of their own: what they do is in the log and in the retries of the body that calls them, except
for their own retries and timeouts, which hold. Futures and maps run in threads.
"""

from __future__ import annotations

import contextvars
import inspect
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from weft.define import futures, signals, task_context
from weft.model import errors, events
from weft.ports import caller
from weft.worker import cancelling, coroutines
from weft.worker.tasks import hooks, returned, validation

if TYPE_CHECKING:
    from weft.define import flows, tasks
    from weft.ports import executor

_MOST_THREADS = 32


class NestedCaller:
    """Runs calls inside of an attempt."""

    __slots__ = ("_assignment", "_pool")

    def __init__(self, assignment: executor.Assignment) -> None:
        """Run the calls of the attempt `assignment`."""
        self._assignment = assignment
        self._pool: Any = None

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self._assignment.run

    def call(
        self,
        task: tasks.TaskDefinition[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        wait_for: Iterable[object] = (),
        return_state: bool = False,
    ) -> Any:
        """Run a task here and now; its value (a coroutine of it for an async one), or its state where asked for."""
        _wait(wait_for)
        bound = _bound(task, args, kwargs)
        if task.is_async and _loop_runs():
            return self._call_async(task, bound, return_state)
        return self._outcome(lambda: self._tried(task, bound), return_state)

    def submit(
        self,
        task: tasks.TaskDefinition[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        wait_for: Iterable[object] = (),
    ) -> futures.Future[Any]:
        """Run a task in a thread, once the futures among its arguments have their values."""
        waited = list(wait_for)
        context = contextvars.copy_context()

        def work() -> Any:
            _wait(waited)
            return self._tried(task, _bound(task, args, kwargs))

        return NestedFuture(self._threads().submit(context.run, work), self._assignment.run)

    def map(
        self,
        task: tasks.TaskDefinition[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        wait_for: Iterable[object] = (),
    ) -> futures.FutureList[Any]:
        """Run a task in threads for each element of the arguments that are lists."""
        waited = list(wait_for)
        return futures.FutureList(
            self.submit(task, each, named, wait_for=waited) for each, named in elements(task.name, args, kwargs)
        )

    def call_flow(
        self,
        flow: flows.FlowDefinition[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        wait_for: Iterable[object] = (),
        return_state: bool = False,
    ) -> Any:
        """Run a flow, as a run of its own."""
        _wait(wait_for)
        return caller.outermost().call_flow(flow, args, kwargs, return_state=return_state)

    def ask(self, form: Any, *, key: str | None, timeout: float | None, message: str, suspended: bool) -> Any:
        """Refuse: only a flow waits for people.

        Raises:
            UsageError: always.
        """
        raise errors.UsageError(
            f"{self._assignment.step!r} asked a person for input, which only a flow can do.",
            remedy="Call pause() in a @flow; in a DAG, let a task wait with raise Defer(seconds).",
        )

    def commit_transaction(self, key: str, run_hooks: Callable[[], None]) -> None:
        """Write nothing down: within a body a transaction lasts no longer than the body."""
        run_hooks()

    def is_transaction_committed(self, key: str) -> bool:
        """Whether any run has committed a transaction of this key: none is known within a body."""
        return False

    def rolled_back(self, calls: Sequence[str]) -> None:
        """Write nothing down: the calls within a body are no step runs."""

    def _tried(self, task: tasks.TaskDefinition[..., Any], bound: validation.Bound) -> Any:
        """Run a task with its retries."""
        retry = task.policies.retry
        for number in range(retry.retries + 1):
            try:
                value = self._once(task, bound)
            except (signals.Skip, signals.Defer):
                raise
            except Exception as failure:
                if not self._again(task, failure, number, retry.retries):
                    raise
                _pause(retry.delay_before(number + 1, _random()))
            else:
                self._call("success", task, value)
                return value
        raise AssertionError("a task is tried at least once")

    async def _call_async(
        self, task: tasks.TaskDefinition[..., Any], bound: validation.Bound, return_state: bool
    ) -> Any:
        import asyncio

        retry = task.policies.retry
        for number in range(retry.retries + 1):
            try:
                running = task.function(*bound.args, **bound.kwargs)
                value = await asyncio.wait_for(running, task.policies.timeout)
            except Exception as failure:
                if self._again(task, failure, number, retry.retries):
                    await asyncio.sleep(retry.delay_before(number + 1, _random()))
                    continue
                if return_state:
                    return _state(self._assignment.run, None, failure)
                raise
            self._call("success", task, value)
            return _state(self._assignment.run, value, None) if return_state else value
        raise AssertionError("a task is tried at least once")

    def _once(self, task: tasks.TaskDefinition[..., Any], bound: validation.Bound) -> Any:
        def body() -> Any:
            found = task.function(*bound.args, **bound.kwargs)
            if inspect.isasyncgen(found):
                return coroutines.run(coroutines.collect(found))
            return coroutines.run(found) if inspect.iscoroutine(found) else returned.complete(found)

        timeout = task.policies.timeout
        return body() if timeout is None else within(body, timeout, task.name)

    def _again(self, task: tasks.TaskDefinition[..., Any], failure: Exception, number: int, retries: int) -> bool:
        """Whether a failed call is tried again; calls its hooks and tells it in the log."""
        again = number < retries and not isinstance(failure, (signals.Fail, errors.TypeMismatchError))
        if again and task.retry_if is not None:
            again = bool(task.retry_if(failure))
        told = f"{type(failure).__qualname__}: {failure}"
        logger = logging.getLogger(task.name)
        if again:
            logger.warning(
                "The call of %r failed (%s); it is tried again (%d of %d).", task.name, told, number + 1, retries
            )
        else:
            logger.error("The call of %r failed: %s.", task.name, told)
        self._call("retry" if again else "failure", task, failure)
        return again

    def _call(self, kind: str, task: tasks.TaskDefinition[..., Any], about: object) -> None:
        found = getattr(task.hooks, kind)
        if found:
            hooks.call(kind, found, task_context.current.get(), about)

    def _outcome(self, run: Callable[[], Any], return_state: bool) -> Any:
        if not return_state:
            return run()
        try:
            return _state(self._assignment.run, run(), None)
        except Exception as failure:
            return _state(self._assignment.run, None, failure)

    def _threads(self) -> Any:
        if self._pool is None:
            from concurrent import futures as pools

            self._pool = pools.ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix="weft nested call")
        return self._pool


class NestedFuture:
    """A call that runs in a thread beside the body."""

    __slots__ = ("_inner", "_run", "observed")

    def __init__(self, inner: Any, run: str) -> None:
        """Stand for a future of the standard library."""
        self._inner = inner
        self._run = run
        self.observed = False

    @property
    def state(self) -> futures.State[Any]:
        """How it stands now."""
        if not self._inner.done():
            return futures.State(phase="running" if self._inner.running() else "queued", run=self._run)
        error = self._inner.exception()
        return _state(self._run, None if error else self._inner.result(), error)

    def done(self) -> bool:
        """Whether it has ended."""
        return bool(self._inner.done())

    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to `timeout` seconds until it has ended; tells whether it has."""
        from concurrent import futures as pools

        return bool(pools.wait([self._inner], timeout).done)

    def result(self, timeout: float | None = None, *, raise_on_failure: bool = True) -> Any:
        """Wait for the value, and raise what the call raised."""
        if raise_on_failure:
            return self._inner.result(timeout)
        error = self._inner.exception(timeout)
        return error if error is not None else self._inner.result()


def within(body: Callable[[], Any], timeout: float, task: str) -> Any:
    """Run a body in a thread of its own, and leave it to itself when its time is over.

    Raises:
        TimeoutError: it took longer than `timeout` seconds.
    """
    found: list[Any] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            found.append(body())
        except BaseException as error:  # handed to the caller
            raised.append(error)

    context = contextvars.copy_context()
    thread = cancelling.BodyThread(lambda: context.run(work), "weft nested call")
    thread.start()
    thread.join(timeout)
    if raised:
        raise raised[0]
    if not found:
        thread.tell_to_end()
        raise TimeoutError(
            f"The call of {task!r} ran longer than its timeout of {timeout:g} s, and was left to itself."
        )
    return found[0]


def elements(
    task: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Iterable[tuple[tuple[Any, ...], dict[str, Any]]]:
    """The arguments of each call of a map: lists one element at a time, all else the same for all.

    Raises:
        UsageError: there is no list among them, or they differ in length.
    """
    whole = {**{str(place): value for place, value in enumerate(args)}, **kwargs}
    whole = {name: _ready(value) for name, value in whole.items()}
    lists = {
        name: list(value.items()) if isinstance(value, dict) else list(value)
        for name, value in whole.items()
        if not isinstance(value, (futures.Unmapped, str, bytes)) and hasattr(value, "__iter__")
    }
    lengths = {name: len(value) for name, value in lists.items()}
    if not lists:
        raise errors.UsageError(
            f"{task}.map() was given no list.", remedy="Give at least one argument that is a list, or call it."
        )
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name!r} has {length}" for name, length in lengths.items())
        raise errors.UsageError(
            f"The lists of {task}.map() differ in length: {told}.",
            remedy="Give lists of one length; wrap what is the same for all in unmapped(…).",
        )
    constants = {
        name: value.value if isinstance(value, futures.Unmapped) else value
        for name, value in whole.items()
        if name not in lists
    }
    for place in range(next(iter(lengths.values()))):
        named = {name: lists[name][place] if name in lists else constants[name] for name in whole}
        yield tuple(named[str(each)] for each in range(len(args))), {name: named[name] for name in kwargs}


def _bound(task: tasks.TaskDefinition[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> validation.Bound:
    """The arguments of a call, valid, with values in place of futures and with the context where it is asked for."""
    ready = {name: _ready(value) for name, value in kwargs.items()}
    bound = validation.validated(task.function, tuple(map(_ready, args)), ready, task=task.name)
    context = task_context.current.get()
    if context is not None:
        from weft.worker.tasks import arguments, shapes

        shape = shapes.shape(task.function)
        bound.kwargs.update(arguments.filled(shape, bound.arguments, context, live=True))  # type: ignore[arg-type]
    return bound


def _ready(value: Any) -> Any:
    """A value with the results of futures in their places."""
    if isinstance(value, NestedFuture):
        return value.result()
    if type(value) in (list, tuple, futures.FutureList):
        items = [_ready(each) for each in value]
        return tuple(items) if type(value) is tuple else items
    if type(value) is dict:
        return {key: _ready(each) for key, each in value.items()}
    return value


def _wait(waited: Iterable[object]) -> None:
    for each in waited:
        if hasattr(each, "wait"):
            each.wait()


def _pause(seconds: float) -> None:
    if seconds > 0:
        time.sleep(seconds)


def _random() -> float:
    import random

    return random.random()  # noqa: S311 - it spreads retries, and is no secret


def _loop_runs() -> bool:
    import sys

    if "asyncio" not in sys.modules:
        return False
    import asyncio

    return asyncio._get_running_loop() is not None


def _state(run: str, value: Any, error: BaseException | None) -> futures.State[Any]:
    outcome: events.Outcome = "succeeded" if error is None else "failed"
    if isinstance(error, signals.Skip):
        outcome = "skipped"
    if isinstance(error, TimeoutError):
        outcome = "timed_out"
    return futures.State(phase="finished", outcome=outcome, value=value, error=error, run=run)
