"""Calls beside a flow: submitted and mapped ones, handed out by the driver's loop in a thread of its own.

What the body of a call submits itself runs in threads of that body's own, since all threads of the flow may be waiting
for it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, cast

from weft.define import futures, tasks, transactions
from weft.model import errors
from weft.ports import executor as executors
from weft.runtime import uninterrupted
from weft.runtime.flows import calls, frames, mapping, places

if TYPE_CHECKING:
    from weft.runtime.flows import running


_MANY = 1000


class Beside:
    """The submitted calls of one run, and the loop that runs them."""

    def __init__(self, run: running.FlowRun) -> None:
        """Begin with none; no thread is started before the first."""
        self.run = run
        self.broken: BaseException | None = None
        """What ended the loop, if something did."""
        self.futures: list[calls.CallFuture] = []
        """Those that have not been settled yet, and now and then some that ended well."""
        self._looked_over = 0
        self._loop: threading.Thread | None = None
        self._stopping = False

    def submit(
        self,
        frame: frames.Frame,
        task: tasks.TaskDefinition[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        wait_for: Iterable[object],
    ) -> calls.CallFuture:
        """Run a task beside the flow; one that waits for nothing is checked at once."""
        call = self.run.made(frame, task, args, kwargs)
        call.executor = self._lane(task)
        call.context = copy_context()
        future = self._future(call)
        if call.transaction is not None:
            call.transaction.stage(task, call.name, future)
        above = self._above(call, (args, kwargs, wait_for))
        if not above and self.run.taken(call):
            return future
        if call.executor == "inline":
            self._inline(call)
        elif frame.path and call.executor == "thread":
            self._beside(frame, call, above)
        else:
            self._start_lanes(call.executor, task)
            waits = self._nodes(above)
            with self.run.place.lock, uninterrupted.Uninterrupted():
                self._follow((future,))
                self.run.add(call, waits)
            self.run.lanes.wake()
            return future
        self._follow((future,))
        return future

    def map(
        self,
        frame: frames.Frame,
        task: tasks.TaskDefinition[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        wait_for: Iterable[object],
    ) -> futures.FutureList[Any]:
        """Run a task for each element; those that wait for nothing are one line of the run."""
        self.run.check_open(frame)
        inner = frames.Frame(self.run, frame.next_item())
        body, step, lane = self.run.place.body_of(task), f"{self.run.facts.flow}:{task.name}", self._lane(task)
        context, transaction = copy_context(), transactions.current.get()
        found: futures.FutureList[Any] = futures.FutureList()
        ready: list[calls.Call] = []
        waiting: list[tuple[calls.Call, list[calls.Call]]] = []
        before = list(calls.futures_in(wait_for))
        for by_place, by_name in mapping.elements(task, args, kwargs):
            call = calls.Call(task, body, step, inner.next_item(), by_place, by_name)
            call.executor, call.context, call.transaction = lane, context, transaction
            found.append(self._future(call))
            if transaction is not None:
                transaction.stage(task, call.name, found[-1])
            above = self._above(call, (by_place, by_name, before))
            if above:
                waiting.append((call, above))
            elif not self.run.taken(call):
                ready.append(call)
        if lane == "inline":
            for call in ready:
                self._inline(call)
            for call, _ in waiting:
                self._inline(call)
            self._follow(cast("list[calls.CallFuture]", found))
            return found
        if frame.path and lane == "thread":
            for call, above in [*((each, []) for each in ready), *waiting]:
                self._beside(frame, call, above)
            self._follow(cast("list[calls.CallFuture]", found))
            return found
        if ready or waiting:
            self._start_lanes(lane, task)
        nodes = [(call, self._nodes(above)) for call, above in waiting]
        with self.run.place.lock, uninterrupted.Uninterrupted():
            self._follow(cast("list[calls.CallFuture]", found))
            if ready:
                items = [call.item for call in ready]
                base = self.run.driver.add(self.run.line(ready[0], items))
                for place, call in enumerate(ready):
                    self.run.work.add(base + place, call)
            for call, waits in nodes:
                self.run.add(call, waits)
        self.run.lanes.wake()
        return found

    def _follow(self, found: Iterable[calls.CallFuture]) -> None:
        """Keep futures until they are settled; those that ended well are let go of as they become many."""
        with self.run.place.lock:
            self.futures += found
            if len(self.futures) > 2 * self._looked_over + _MANY:
                self.futures = [each for each in self.futures if not _well(each.call)]
                self._looked_over = len(self.futures)

    def _lane(self, task: tasks.TaskDefinition[..., Any]) -> str:
        lane = task.policies.executor or self.run.executor
        if lane not in ("thread", "process", "inline"):
            raise errors.UsageError(
                f"The task {task.name!r} has the executor {lane!r}, which the calls of flows have not.",
                remedy="Use thread, process or inline.",
            )
        return lane

    def _future(self, call: calls.Call) -> calls.CallFuture:
        return calls.CallFuture(call, self.run.facts.run, self.run.keeper, self.run.place.lock)

    def _above(self, call: calls.Call, given: object) -> list[calls.Call]:
        """The calls that a call waits for, or whose failure is its own; what is of other runs is waited for here."""
        found: dict[int, calls.Call] = {}
        after: dict[str, None] = {}
        for each in calls.futures_in(given):
            each.call.observed = True
            after[each.call.name] = None
            if each.run != self.run.facts.run:
                each.wait()
            elif not _well(each.call):
                found[id(each.call)] = each.call
        call.after = tuple(after)
        return list(found.values())

    def _nodes(self, above: Iterable[calls.Call]) -> list[int]:
        """The nodes of calls; one that has none yet, of a body's own, is waited for."""
        found = []
        for each in above:
            if each.node < 0:
                calls.CallFuture(each, self.run.facts.run, self.run.keeper, self.run.place.lock).wait()
            if each.node >= 0:
                found.append(each.node)
        return found

    def _inline(self, call: calls.Call) -> None:
        for each in calls.futures_in((call.args, call.kwargs)):
            each.wait()
        self.run.run_here(call)

    def _beside(self, frame: frames.Frame, call: calls.Call, above: list[calls.Call]) -> None:
        """Run what the body of a call submits in threads of that body's own, once what it waits for has ended."""
        with self.run.place.lock:
            left = [sum(each.outcome is None for each in above)]

            def one_ended() -> None:
                left[0] -= 1
                if left[0] <= 0:
                    frame.beside().submit(self._run_beside, call, above)

            for each in above:
                if each.outcome is None:
                    each.callbacks = [*(each.callbacks or ()), one_ended]
            if not left[0]:
                one_ended()

    def _run_beside(self, call: calls.Call, above: list[calls.Call]) -> None:
        try:
            self.run.run_here(call, [each.node for each in above if each.node >= 0])
        except BaseException as error:  # of the run itself; told to who waits for the call
            call.error = error
            call.end("crashed", "the run could not go on")

    def _start_lanes(self, lane: str, task: tasks.TaskDefinition[..., Any]) -> None:
        if lane == "process":
            places.check_found(task)
        with self.run.place.lock:
            self.run.lanes.start()
            if lane == "process":
                self.run.lanes.need_processes(task)
            if self._loop is None:
                self._loop = threading.Thread(target=self._turn, name=f"weft flow {self.run.facts.flow}", daemon=True)
                self._loop.start()

    def _turn(self) -> None:
        """The driver's loop, until the run is closed."""
        reports: list[executors.AttemptReport] = []
        try:
            while not self._stopping or reports:
                self.run.driver.turn(reports)
                reports = self.run.lanes.poll(self.run.driver.patience())
        except BaseException as error:  # the flow's own thread raises it
            self.broken = error
            for future in list(self.futures):
                if not future.done():
                    future.call.error = error
                    future.call.end("crashed", "the run could not go on")

    def settled(self) -> None:
        """Wait for all calls that were submitted, and raise what one of them raised that nobody has asked for.

        Raises:
            Exception: the failure of a call whose future was never looked at.
        """
        self.wait()
        broken = self.broken or self.run.driver.broken
        if broken is not None:
            raise broken
        for future in self.futures:
            failure = future.call.failure()
            if failure is not None and not future.call.observed:
                raise failure
        self.futures.clear()

    @property
    def started(self) -> bool:
        """Whether the loop runs."""
        return self._loop is not None

    def wait(self) -> None:
        """Wait until all have ended, well or not."""
        for future in list(self.futures):
            future.wait()

    def stop(self) -> None:
        """End the loop, once nothing is under way any more."""
        self._stopping = True
        if self._loop is not None:
            self.run.lanes.wake()
            if self._loop is not threading.current_thread():
                self._loop.join()


def _well(call: calls.Call) -> bool:
    return call.outcome in ("succeeded", "reused")
