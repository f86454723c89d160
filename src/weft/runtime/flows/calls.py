"""The calls of a flow: what each of them was given, how it stands, and the futures that stand for their values."""

from __future__ import annotations

import contextvars
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

from weft.define import bodies, futures, tasks
from weft.model import errors, events
from weft.ports import executor as executors
from weft.runtime.flows import digests, keeping
from weft.worker.tasks import validation


class CallFailedError(errors.WeftError):
    """A call ended without a value, and without an exception of its own in this process."""

    code = "call-failed"

    def __init__(self, message: str, outcome: str, *, remedy: str | None = None) -> None:
        """Keep the `outcome` of the call."""
        super().__init__(message, remedy=remedy)
        self.outcome = outcome


class Call:
    """One call of a task in a run. It ends once; whoever waits for it is woken, and `callbacks` are called."""

    __slots__ = (
        "after",
        "args",
        "attempt",
        "bindings",
        "body",
        "bound",
        "callbacks",
        "context",
        "digest",
        "ended",
        "error",
        "executor",
        "hit",
        "item",
        "kwargs",
        "looked",
        "node",
        "observed",
        "outcome",
        "parked_first",
        "parked_times",
        "reason",
        "source_run",
        "step",
        "stored",
        "task",
        "transaction",
        "value",
    )

    def __init__(
        self,
        task: tasks.TaskDefinition[..., Any],
        body: bodies.TaskBody,
        step: str,
        item: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> None:
        """Keep what was asked for; `args` and `kwargs` may hold futures yet."""
        self.task = task
        self.body = body
        self.step = step
        self.item = item
        self.args = args
        self.kwargs = kwargs
        self.bound: validation.Bound | None = None
        self.node = -1
        self.digest = ""
        self.bindings: tuple[executors.ArgumentBinding, ...] = ()
        """The arguments as another process gets them."""
        self.after: tuple[str, ...] = ()
        self.executor = ""
        self.context: contextvars.Context | None = None
        self.transaction: Any = None
        self.attempt = 0
        self.looked = False
        self.parked_times = 0
        self.parked_first = 0  # microseconds
        self.hit: Any = None
        self.outcome: events.Outcome | None = None
        self.reason = ""
        self.value: Any = None
        self.stored: Any = None
        self.error: BaseException | None = None
        self.source_run = ""
        self.observed = False
        self.ended: threading.Event | None = None
        self.callbacks: list[Callable[[], None]] | None = None

    @property
    def name(self) -> str:
        """The call as events name it."""
        return f"{self.step}#{self.item}"

    def end(self, outcome: events.Outcome, reason: str = "") -> None:
        """Note that it has ended, and wake who waits; under the lock of the driver."""
        self.outcome, self.reason = outcome, reason
        self.context = None
        if self.ended is not None:
            self.ended.set()
        callbacks, self.callbacks = self.callbacks, None
        for each in callbacks or ():
            each()

    def failure(self) -> BaseException | None:
        """What it raised, or an error that says how it ended; None where it has a value, or was skipped."""
        if self.outcome is None or self.outcome in ("succeeded", "reused", "skipped"):
            return None
        if self.error is None:
            self.error = CallFailedError(
                f"The call {self.item} of {self.task.name!r} ended as {self.outcome.replace('_', ' ')}"
                + (f": {self.reason}." if self.reason else "."),
                self.outcome,
            )
        return self.error


class CallFuture(futures.Future[Any]):
    """A call that runs beside the flow."""

    __slots__ = ("_keeper", "_lock", "call", "run")

    def __init__(self, call: Call, run: str, keeper: keeping.Keeper, lock: threading.RLock) -> None:
        """Stand for a call of the run `run`, whose ends are noted under `lock`."""
        self.call = call
        self.run = run
        self._keeper = keeper
        self._lock = lock

    @property
    def state(self) -> futures.State[Any]:
        """How it stands now."""
        self.call.observed = True
        return state_of(self.call, self.run, self._keeper)

    @property
    def observed(self) -> bool:
        """Whether somebody has asked for its value or state."""
        return self.call.observed

    @property
    def task_name(self) -> str:
        """The name of the task."""
        return self.call.task.name

    def done(self) -> bool:
        """Whether it has ended."""
        return self.call.outcome is not None

    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to `timeout` seconds until it has ended; tells whether it has."""
        call = self.call
        if call.outcome is None:
            with self._lock:
                if call.ended is None:
                    call.ended = threading.Event()
            return self.done() or call.ended.wait(timeout)
        return True

    def result(self, timeout: float | None = None, *, raise_on_failure: bool = True) -> Any:
        """Wait for the value, and raise what the call raised.

        Raises:
            TimeoutError: it takes longer than `timeout` seconds.
        """
        if not self.wait(timeout):
            raise TimeoutError(f"The call {self.call.item} of {self.call.task.name!r} takes longer than {timeout} s.")
        self.call.observed = True
        failure = self.call.failure()
        if failure is None:
            return value_of(self.call, self._keeper)
        if raise_on_failure:
            raise failure
        return failure

    def add_done_callback(self, function: Callable[[futures.Future[Any]], object]) -> None:
        """Call `function` with this future when it has ended, at once if it has already."""

        def told() -> None:
            function(self)

        with self._lock:
            if self.call.outcome is None:
                self.call.callbacks = [*(self.call.callbacks or ()), told]
                return
        told()

    def __await__(self) -> Generator[Any, None, Any]:
        """Wait for the value within an event loop."""
        import asyncio

        if self.call.outcome is None:
            loop = asyncio.get_running_loop()
            ended = loop.create_future()

            def set_ended() -> None:
                if not ended.done():
                    ended.set_result(None)

            def wake(_: object) -> None:
                loop.call_soon_threadsafe(set_ended)

            self.add_done_callback(wake)
            yield from ended.__await__()
        return self.result()

    def __repr__(self) -> str:
        return f"<future of {self.call.name}: {self.call.outcome or 'pending'}>"


def value_of(call: Call, keeper: keeping.Keeper) -> Any:
    """The value of a call that succeeded; that of a body in another process is read when it is asked for."""
    if call.stored is not None:
        call.value, call.stored = keeper.read(call.stored), None
    return call.value


def state_of(call: Call, run: str, keeper: keeping.Keeper) -> futures.State[Any]:
    """How a call stands, as people are told."""
    if call.outcome is None:
        return futures.State(phase="running" if call.attempt else "queued", run=run)
    failure = call.failure()
    return futures.State(
        phase="finished",
        outcome=call.outcome,
        value=None if failure is not None else value_of(call, keeper),
        error=failure,
        run=run,
        source_run=call.source_run,
        message=call.reason or (str(failure) if failure is not None else ""),
    )


def futures_in(value: Any) -> Iterator[CallFuture]:
    """Yield the futures in an argument: it, or what lists, tuples, sets and mappings in it hold."""
    if isinstance(value, CallFuture):
        yield value
    elif isinstance(value, futures.Unmapped):
        yield from futures_in(value.value)
    elif type(value) in _PLAIN:
        return
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from futures_in(each)
    elif isinstance(value, (list, tuple, set, frozenset)):
        if len(value) > _LOOKED_AT and not any(type(each) not in _PLAIN for each in value):
            return
        for each in value:
            yield from futures_in(each)


_PLAIN = frozenset({int, float, str, bool, bytes, type(None)})
_LOOKED_AT = 64


def without_futures(value: Any, keeper: keeping.Keeper | None = None) -> Any:
    """The same argument with the values of the futures in it in their places.

    With `keeper` nothing is waited for: the engine says that all of them have ended well, though that may be written
    down only with the claim of the call that they are for.

    Raises:
        Exception: what a future's call raised.
    """
    if isinstance(value, CallFuture):
        return value.result() if keeper is None else value_of(value.call, keeper)
    if isinstance(value, futures.Unmapped):
        return without_futures(value.value, keeper)
    if next(futures_in(value), None) is None:
        return value
    if isinstance(value, Mapping):
        return {key: without_futures(each, keeper) for key, each in value.items()}
    found = [without_futures(each, keeper) for each in value]
    return found if isinstance(value, list) else type(value)(found)


def after_of(values: Mapping[str, Any], known: digests.Known) -> tuple[str, ...]:
    """The calls whose values the arguments are, as far as the very objects tell."""
    found = dict.fromkeys(call for each in values.values() if (call := known.call(each)))
    return tuple(found)


def error_of(report: executors.AttemptReport, call: Call) -> Exception:
    """What a body in another process raised: of the same class where that is known here and takes a message."""
    told = report.error.told if report.error is not None else report.outcome
    failed = CallFailedError(f"The task {call.task.name!r} failed: {told}", report.outcome)
    if report.error is None or report.outcome != "failed":
        return failed
    module, _, name = report.error.kind.rpartition(".")
    found = getattr(sys.modules.get(module or "builtins"), name, None)
    if not isinstance(found, type) or not issubclass(found, Exception):
        return failed
    try:
        raised: Exception = found(report.error.message)
    except Exception:  # its class wants something else than a message
        return failed
    raised.add_note(f"in a worker process:\n{report.error.traceback}")
    return raised
