"""Frames: the caller that a flow, or the body of a call in it, has. Each numbers the calls that are made in it.

The calls of a flow are "0", "1", …; the elements of the call 2, a map, "2.0", "2.1"; the calls that the body of call 3
makes itself "3.0", "3.1". So a call keeps its place when the flow is run again, however its threads take turns.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from weft.define import flows, futures, tasks

if TYPE_CHECKING:
    from concurrent import futures as futures_of_threads

    from weft.runtime.flows import running

_BESIDE = 8


class Frame:
    """The calls of a flow, or of one call's body. It fulfils `ports.caller.Caller`."""

    __slots__ = ("_beside", "_numbers", "_questions", "closed", "path", "run")

    def __init__(self, run: running.FlowRun, path: str = "") -> None:
        """Number calls below `path` ("": those of the flow itself)."""
        self.run = run
        self.path = path
        self.closed = False
        """Whether the try of the flow that it is for has ended or was given up: no calls are made in it any more."""
        self._numbers = itertools.count()
        self._questions = itertools.count()
        self._beside: futures_of_threads.ThreadPoolExecutor | None = None

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self.run.facts.run

    def next_item(self) -> str:
        """The item of the next call; safe in any thread."""
        number = next(self._numbers)
        return f"{self.path}.{number}" if self.path else str(number)

    def beside(self) -> futures_of_threads.ThreadPoolExecutor:
        """Threads for what the body of a call submits; those of the flow may all be waiting for it."""
        if self._beside is None:
            from concurrent import futures as futures_of_threads

            self._beside = futures_of_threads.ThreadPoolExecutor(_BESIDE, thread_name_prefix="weft nested")
        return self._beside

    def call(
        self,
        task: tasks.TaskDefinition[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        wait_for: Iterable[object] = (),
        return_state: bool = False,
    ) -> Any:
        """Run a task here and now."""
        kwargs, wait_for, return_state = _taken_out(task.function, kwargs, wait_for, return_state)
        run = self.run.call_async if task.is_async else self.run.call
        return run(self, task, args, kwargs, wait_for, return_state)

    def submit(
        self,
        task: tasks.TaskDefinition[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        wait_for: Iterable[object] = (),
    ) -> futures.Future[Any]:
        """Run a task beside the flow."""
        return self.run.beside.submit(self, task, args, dict(kwargs), wait_for)

    def map(
        self,
        task: tasks.TaskDefinition[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        wait_for: Iterable[object] = (),
    ) -> futures.FutureList[Any]:
        """Run a task for each element of the arguments that are lists."""
        return self.run.beside.map(self, task, args, dict(kwargs), wait_for)

    def call_flow(
        self,
        flow: flows.FlowDefinition[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        wait_for: Iterable[object] = (),
        return_state: bool = False,
    ) -> Any:
        """Run a subflow."""
        kwargs, wait_for, return_state = _taken_out(flow.function, kwargs, wait_for, return_state)
        from weft.runtime.flows import subflows

        run = subflows.call_async if flow.is_async else subflows.call
        return run(self, flow, args, kwargs, wait_for, return_state)

    def ask(self, form: Any, *, key: str | None, timeout: float | None, message: str, suspended: bool) -> Any:
        """Wait for a person's answer."""
        from weft.runtime.flows import asking

        number = next(self._questions)
        place = f"{self.path}.{number}" if self.path else str(number)
        return asking.ask(
            self.run, form, key=key or f"input-{place}", timeout=timeout, message=message, suspended=suspended
        )

    def commit_transaction(self, key: str, run_hooks: Callable[[], None]) -> None:
        """Run the hooks of a commit and write it down; nothing where the run had done so at this very place."""
        self.run.commit_transaction(self.next_item(), key, run_hooks)

    def is_transaction_committed(self, key: str) -> bool:
        """Whether any run has committed a transaction of this key."""
        return self.run.is_transaction_committed(key)

    def rolled_back(self, calls: Sequence[str]) -> None:
        """Write down that these calls were undone."""
        self.run.rolled_back(calls)


def _taken_out(
    function: Any, kwargs: Mapping[str, Any], wait_for: Iterable[object], return_state: bool
) -> tuple[dict[str, Any], Iterable[object], bool]:
    """`wait_for=` and `return_state=` of a plain call are not the function's, unless it has such parameters."""
    found = dict(kwargs)
    if "return_state" in found or "wait_for" in found:
        import inspect

        known = inspect.signature(function).parameters
        if "return_state" not in known:
            return_state = bool(found.pop("return_state", return_state))
        if "wait_for" not in known:
            wait_for = found.pop("wait_for", wait_for)
    return found, wait_for or (), return_state
