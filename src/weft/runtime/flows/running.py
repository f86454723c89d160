"""A run of a flow while its function runs: each call becomes a node of the open run, claimed, run and written down.

A direct call runs in the calling thread: its claim is committed before its body, its success before the flow gets the
value. Calls that are submitted or mapped are handed out by the driver's loop, in a thread of its own that is started
with the first of them; whatever gathered since the last commit goes together.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import copy_context
from typing import Any

from weft.define import artifacts, tasks, transactions
from weft.engine import network as networks
from weft.engine import run as engine
from weft.model import errors, events
from weft.ports import caller
from weft.ports import executor as executors
from weft.ports import ledger as ledgers
from weft.runtime import driver as drivers
from weft.runtime import pool_slots, work
from weft.runtime.flows import call_work, calls, digests, frames, keeping, lanes, recorded, submitting
from weft.runtime.flows import place as places_of


class FlowRun:
    """One run of a flow, open until its function has ended."""

    def __init__(
        self,
        place: places_of.Place,
        facts: call_work.Facts,
        *,
        executor: str = "thread",
        workers: int | None = None,
        record: recorded.Recorded,
        remember: bool = False,
        tag_limits: Mapping[str, int] | None = None,
        root: FlowRun | None = None,
    ) -> None:
        """Open the engine's run under the lease that `facts` name; nothing is written."""
        self.place = place
        self.facts = facts
        self.executor = executor
        self.tag_limits = dict(tag_limits or {})
        self.root = root or self
        """The outermost run, whose subflow this one may be: questions to people are asked in its name."""
        self.reason = ""
        self.interruption: KeyboardInterrupt | None = None
        """A Ctrl-C that was heard before the flow's function began."""
        self.lease = ledgers.Lease(run=facts.run, epoch=facts.epoch)
        self.keeper = keeping.Keeper(place.storage, facts.run)
        self.cancelled = threading.Event()
        self._state = engine.begin(
            networks.Network(),
            keep_going=True,
            open=True,
            pools={**place.pools, **{f"tag:{tag}": limit for tag, limit in self.tag_limits.items()}},
        )
        self.work = call_work.CallWork(
            facts=facts,
            ledger=place.ledger,
            clock=place.clock,
            keeper=self.keeper,
            record=record,
            known=digests.Known(),
            frame=lambda item: frames.Frame(self, item),
            remember=remember,
            network=self._state.network,
        )
        self.lanes = lanes.Lanes(place, workers, self.work.live)
        self.driver = drivers.Driver(
            ledger=place.ledger,
            executor=self.lanes,
            run=self._state,
            work=self.work,
            lease=self.lease,
            clock=place.clock,
            listener=self._committed,
            lock=place.lock,
            slots=pool_slots.PoolSlots(place.ledger, facts.run, slots=place.pools, clock=place.clock),
        )
        self.beside = submitting.Beside(self)
        self.closed = False

    def frame(self) -> frames.Frame:
        """The caller for the flow's own function; its calls are numbered from 0."""
        return frames.Frame(self)

    @contextlib.contextmanager
    def collecting(self) -> Iterator[None]:
        """Write down the artifacts that the flow's own function makes, each as it is made."""
        facts = self.facts

        def made(report: executors.ArtifactReport) -> None:
            self.write(
                events.ArtifactMade(
                    run=facts.run,
                    key=report.key,
                    kind=report.kind,
                    value=report.value,
                    description=report.description,
                    asset=report.asset,
                )
            )

        tag = f"{facts.run}.{facts.epoch}.flow"
        collector = artifacts.Collector(self.place.storage, run=facts.run, name=facts.flow, tag=tag, at_once=made)
        with artifacts.collecting(collector):
            yield

    # --- direct calls ---

    def call(
        self,
        frame: frames.Frame,
        task: tasks.TaskDefinition[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        wait_for: Iterable[object],
        return_state: bool,
    ) -> Any:
        """Run a task in the calling thread; its value, or what it raised, once that is committed."""
        if task.policies.executor == "process":
            future = self.beside.submit(frame, task, args, kwargs, wait_for)
            return future.state if return_state and future.wait() else future.result()
        call = self.made(frame, task, args, kwargs)
        for each in calls.futures_in((args, kwargs, wait_for)):
            each.result()
        if not self.taken(call):
            self.run_here(call)
        return self.answer(call, return_state)

    def call_async(
        self,
        frame: frames.Frame,
        task: tasks.TaskDefinition[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        wait_for: Iterable[object],
        return_state: bool,
    ) -> Any:
        """Run an async task in the running event loop."""
        call = self.made(frame, task, args, kwargs)
        return self._awaited(call, [*calls.futures_in((args, kwargs, wait_for))], return_state)

    async def _awaited(self, call: calls.Call, above: list[calls.CallFuture], return_state: bool) -> Any:
        for each in above:
            await each
        if not self.taken(call):
            await self._run_here_async(call)
        if call.outcome == "cancelled" and call.error is None:
            import asyncio

            raise asyncio.CancelledError(call.reason)  # the flow has ended without it, and nobody waits for it
        return self.answer(call, return_state)

    def made(
        self, frame: frames.Frame, task: tasks.TaskDefinition[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> calls.Call:
        """A call that was asked for, at its place in the frame; nothing is added yet."""
        self.check_open(frame)
        call = calls.Call(
            task, self.place.body_of(task), f"{self.facts.flow}:{task.name}", frame.next_item(), args, kwargs
        )
        call.transaction = transactions.current.get()
        return call

    def taken(self, call: calls.Call) -> bool:
        """Bind a call whose futures have ended, and take what was recorded of it, if anything was."""
        success = self.work.bind(call)
        if success is None:
            return False
        self.work.take_recorded(call, success)
        return True

    def add(self, call: calls.Call, waits: Iterable[int] = ()) -> None:
        """Make a call a node of the run, which waits for these."""
        line = self.line(call, (call.item,))
        self.work.add(self.driver.add(line, tuple(waits)), call)

    def claim(self, call: calls.Call, waits: Iterable[int] = ()) -> work.Claimed | None:
        """Make a call a node of the run and claim it for this thread; committed.

        A claim that a power failure takes back is no harm: the call runs again, as one that was lost would. So it is
        not forced to the disk by itself, unless the task runs at most once; its success is, with all before it. Nor
        where slots may have to be waited for, since other calls commit meanwhile.
        """
        rules = call.task.policies
        waits_for_slots = bool(rules.pools or self.tag_limits)
        lasting = rules.at_most_once or waits_for_slots
        with self.place.lock, contextlib.nullcontext() if lasting else self.place.unsynchronised():
            self.add(call, waits)
            claimed = self.driver.claim(call.node)
            if claimed is not None:
                call.attempt = claimed.attempt
            return claimed

    def run_here(self, call: calls.Call, waits: Iterable[int] = ()) -> None:
        """Run the attempts of a call in the calling thread."""
        claimed = self.claim(call, waits)
        while claimed is not None:
            assignment = self.work.assignment(call.node, claimed)
            context = self.work.live[call.node].context or copy_context()
            report = context.run(self.lanes.threads.run_here, assignment)
            if report.outcome == "looked_up" and not self._looked_up(call, report):
                continue
            if isinstance(self.work.error_of(call.node), KeyboardInterrupt):
                self.cancel("Ctrl-C")
            later = self.settle(report)
            if later is None:
                return
            self.cancelled.wait(later)
            claimed = self.driver.claim(call.node)

    def settle(self, report: executors.AttemptReport) -> float | None:
        """Take in the report of an attempt that ran in its caller's thread; see `Driver.settle`."""
        later = self.driver.settle(report)
        if self.beside.started:
            self.lanes.wake()  # its end may let others start, and gives back its slots
        return later

    def line(self, call: calls.Call, items: Sequence[str]) -> networks.Line:
        """The line of a call, or of the elements of a map: with the slots that its pools and tags limit."""
        rules = call.task.policies
        pools: tuple[tuple[str, int], ...] | None = None
        if self.tag_limits:
            limited = (tag for tag in rules.tags if tag in self.tag_limits)
            pools = (*networks.pools_of(rules), *((f"tag:{tag}", 1) for tag in limited))
        return networks.line(call.step, policies=rules, items=items, code=call.body.code, pools=pools)

    async def _run_here_async(self, call: calls.Call) -> None:
        import asyncio

        if call.task.policies.pools or self.tag_limits:
            claimed = await asyncio.to_thread(self.claim, call)  # it may have to wait for slots
        else:
            claimed = self.claim(call)
        while claimed is not None:
            token = caller.current.set(self.work.frame(call.item))
            try:
                report = await self.lanes.threads.run_here_async(self.work.assignment(call.node, claimed))
            except asyncio.CancelledError:
                self._abandoned(call)
                raise
            finally:
                caller.current.reset(token)
            if report.outcome == "looked_up" and not self._looked_up(call, report):
                continue
            later = self.settle(report)
            if later is None:
                return
            await asyncio.sleep(later)
            claimed = self.driver.claim(call.node)

    def _abandoned(self, call: calls.Call) -> None:
        """Settle a call whose awaiting was cancelled."""
        error = events.Error(kind="CancelledError", message="the call was cancelled while it was awaited")
        self.settle(
            executors.AttemptReport(id=call.node, attempt=call.attempt, outcome="failed", error=error, retryable=False)
        )

    def _looked_up(self, call: calls.Call, report: executors.AttemptReport) -> bool:
        """Look into the cache under the key of an attempt whose body has not run."""
        with self.place.lock:
            call.hit = self.work.look_up(call, report)
        return call.hit is not None

    def answer(self, call: calls.Call, return_state: bool) -> Any:
        """The value of a call that has ended, its state, or what it raised."""
        call.observed = True
        failure = call.failure()
        if failure is not None and (not return_state or not isinstance(failure, Exception)):
            raise failure
        if call.transaction is not None and failure is None:
            call.transaction.stage(call.task, call.name)
        if return_state:
            return calls.state_of(call, self.facts.run, self.keeper)
        return calls.value_of(call, self.keeper)

    def _committed(self, batch: Iterable[events.Event]) -> None:
        self.work.committed(batch)
        if self.place.listener is not None:
            self.place.listener(batch)

    # --- transactions ---

    def commit_transaction(self, item: str, key: str, run_hooks: Callable[[], None]) -> None:
        """Run the hooks of a commit, and write it down as a step run; one with a key has that as its cache key."""
        step = f"{self.facts.flow}:transaction"
        if self.work.record.was_done(item, step):
            return
        run_hooks()
        result = events.TaskResult(cache=f"transaction:{key}" if key else "")
        self.write(
            events.AttemptsStarted(run=self.facts.run, step=step, items=(item,)),
            events.StepSucceeded(run=self.facts.run, step=step, item=item, task=result),
        )

    def is_transaction_committed(self, key: str) -> bool:
        """Whether any run has committed a transaction of this key."""
        now = int(self.place.clock.now().timestamp() * 1e6)
        with self.place.lock:
            return self.place.ledger.cached(f"transaction:{key}", now=now) is not None

    def rolled_back(self, names: Iterable[str]) -> None:
        """Write down that these calls (`step#item`) were undone; resuming runs them again."""
        by_step: dict[str, list[str]] = {}
        for name in names:
            step, _, item = name.rpartition("#")
            by_step.setdefault(step, []).append(item)
            self.work.record.forget(item)
        if by_step:
            self.write(
                *(
                    events.StepsFinished(
                        run=self.facts.run,
                        step=step,
                        items=tuple(items),
                        outcome="rolled_back",
                        reason="its transaction was rolled back",
                    )
                    for step, items in by_step.items()
                )
            )

    def write(self, *told: events.Event) -> None:
        """Write events of the run, committed at once."""
        with self.place.lock:
            self.driver.write(*told)
            self.driver.commit()

    # --- the end ---

    def check_open(self, frame: frames.Frame) -> None:
        """Refuse calls of a run that has ended, or can't go on.

        Raises:
            UsageError: the run has ended; the call came from a body or thread that was given up.
        """
        broken = self.beside.broken or self.driver.broken
        if broken is not None:
            raise broken
        if self.closed or frame.closed:
            raise errors.UsageError(
                f"A task was called in the run {self.facts.run} of {self.facts.flow!r}, which has ended.",
                remedy="The calls of a flow are made before it returns; a body that timed out can make none.",
            )

    def cancel(self, reason: str, *, kill: bool = False) -> None:
        """Start nothing more; with `kill` what runs beside the flow is ended, else it may finish."""
        self.reason = self.reason or reason
        self.cancelled.set()
        self.driver.cancel(reason)
        if kill:
            self.driver.cancel(reason)

    def lost(self, attempts: Iterable[tuple[str, str, int]]) -> None:
        """Write down that attempts (step, item, number) ended with the process before this one."""
        told = [
            events.AttemptsLost(
                run=self.facts.run, step=step, items=(item,), attempt=attempt, reason="the process of the flow died"
            )
            for step, item, attempt in attempts
        ]
        if told:
            self.write(*told)

    def end_try(self) -> None:
        """Leave nothing under way of a try of the flow's function that has ended, before the next."""
        self.driver.give_up("the flow went on without it")
        self.beside.wait()
        self.beside.futures.clear()

    def stop(self) -> None:
        """End the loop and the executors, once nothing is under way any more; the run stays as it is."""
        self.beside.stop()
        self.lanes.close()

    def close(self, ending: events.RunFinished) -> None:
        """Write down how the run ended; nothing is called in it any more."""
        self.beside.wait()
        self.closed = True
        self.stop()
        with self.place.lock:
            self.work.ending = ending
            self.driver.close()
