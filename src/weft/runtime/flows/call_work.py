"""The calls of a flow as the driver's work: what each attempt is given, and what its report means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

import msgspec

from weft.engine import network as networks
from weft.engine import run as engine
from weft.model import columns, errors, events, partition_set, stored
from weft.ports import caller
from weft.ports import clock as clocks
from weft.ports import executor as executors
from weft.ports import ledger as ledgers
from weft.runtime import work
from weft.runtime.flows import calls, digests, keeping, recorded
from weft.worker import failures, masking
from weft.worker.tasks import live, validation


@dataclass(kw_only=True)
class Facts:
    """What the attempts of a flow's run are told of it."""

    run: str
    flow: str
    epoch: int
    params: bytes = b"{}"
    created: int = 0
    trigger: str = "manual"
    partition: str | None = None
    interval: tuple[int, int] | None = None
    code: str = ""
    """The code of the pipeline, for the end of a run that has an interval."""
    inputs: Mapping[str, events.InputRecord] = field(default_factory=dict)
    """The versions of its inlets when the run began, likewise."""
    keeps_of: str = ""
    """The run before, of which this one keeps what succeeded; "" for none."""


@dataclass(kw_only=True)
class CallWork(work.Plain):
    """Binds, hands out and judges the calls of one run."""

    facts: Facts
    ledger: ledgers.Ledger
    clock: clocks.Clock
    keeper: keeping.Keeper
    record: recorded.Recorded
    known: digests.Known
    frame: Any
    """Makes the `Caller` for the calls within a call, of its item."""
    network: networks.Network
    remember: bool = False
    """Whether successes are noted for another try of the flow."""
    ending: events.RunFinished | None = None
    """How the run ends, as the flow's own function has it."""
    live: dict[int, live.LiveCall] = field(default_factory=dict)
    by_node: dict[int, calls.Call] = field(default_factory=dict)
    _items: dict[str, calls.Call] = field(default_factory=dict)
    _attempts: int = 0

    def add(self, node: int, call: calls.Call) -> None:
        """Take a call in, under the number of its node."""
        call.node = node
        self.by_node[node] = call
        self._items[call.item] = call

    # --- before ---

    def bind(self, call: calls.Call) -> recorded.Success | None:
        """Put values in the places of futures, check them, and look for the success that was recorded before.

        Raises:
            UsageError, TypeMismatchError: the arguments do not fit the task.
        """
        args = tuple(calls.without_futures(each, self.keeper) for each in call.args)
        kwargs = {name: calls.without_futures(each, self.keeper) for name, each in call.kwargs.items()}
        call.bound = validation.validated(
            call.task.function, args, kwargs, task=call.task.name, annotations=call.body.parameters.annotations or None
        )
        call.digest = digests.digest(call.bound.arguments, self.known)
        call.after = tuple(dict.fromkeys((*call.after, *calls.after_of(call.bound.arguments, self.known))))
        return self.record.take(call.item, call.step, call.digest) if self.record else None

    def take_recorded(self, call: calls.Call, success: recorded.Success) -> None:
        """End a call with what was recorded of it; that is committed already."""
        result = success.result
        call.value = success.value
        if not success.live:
            assert result is not None
            assert result.value is not None
            call.value = self.keeper.read(result.value)
        version, size = _known_of(result.value if result is not None else None)
        self.known.note(call.value, version, call.name, size)
        call.source_run = success.source_run
        call.end("succeeded", "it had succeeded before")

    def claim(self, node: int, attempt: int) -> work.Answer:
        """Bind a call that may start; what was recorded is taken in place of running it."""
        call = self.by_node[node]
        call.attempt = attempt
        if call.bound is None:
            try:
                success = self.bind(call)
                if success is not None:
                    self.take_recorded(call, success)
                    self._forget(call)
                    return work.Settled(moves=(engine.Reused(node),))
            except Exception as error:  # the call fails, and not the flow
                return self._unbound(call, error)
        if call.executor == "process":
            try:
                call.bindings = self._arguments(call)
            except errors.WeftError as error:
                return self._unbound(call, error)
        return work.Claimed(
            line=self.network.line_of(node), partition=None, item=call.item, attempt=attempt, bound=call
        )

    def _unbound(self, call: calls.Call, error: Exception) -> work.Failure:
        call.error = error
        return work.Failure(error=failures.describe(error, masking.Masks()), retryable=False)

    def named(self, line: networks.Line, nodes: Sequence[int]) -> dict[str, Any]:
        """Step runs of a flow are named by items."""
        return {"items": tuple(line.items[node - line.base] for node in nodes)}

    def waited(self, line: networks.Line, nodes: Sequence[int]) -> Sequence[str]:
        """The calls whose values these calls are given, or whose ends they waited for."""
        return tuple(dict.fromkeys(each for node in nodes if node in self.by_node for each in self.by_node[node].after))

    def assignments(self, claimed: Mapping[int, work.Claimed]) -> list[executors.Assignment]:
        """One for each call; a live one is found by its number in `live`."""
        return [self.assignment(node, each) for node, each in claimed.items()]

    def assignment(self, node: int, claimed: work.Claimed) -> executors.Assignment:
        """One attempt at a call."""
        call: calls.Call = claimed.bound
        facts, rules = self.facts, claimed.line.policies
        arguments: tuple[executors.ArgumentBinding, ...] = ()
        if call.executor == "process":
            arguments = call.bindings
        else:
            assert call.bound is not None
            context = (call.context or copy_context()).copy()
            context.run(caller.current.set, self.frame(call.item))
            self.live[node] = live.LiveCall(call.body, call.bound.args, call.bound.kwargs, context)
        self._attempts += 1
        return executors.Assignment(
            id=node,
            run=facts.run,
            step=call.step,
            partition=None,
            attempt=claimed.attempt,
            tag=f"{facts.run}.{facts.epoch}.{self._attempts}",
            code=call.body.code,
            outputs=call.body.outlets,
            inputs=(),
            timeout=rules.timeout,
            exclusive=engine.is_exclusive(rules),
            task=executors.TaskFacts(
                pipeline=facts.flow,
                item=call.item,
                partition=facts.partition,
                interval=facts.interval,
                params=facts.params,
                trigger=facts.trigger,
                created=facts.created,
                arguments=arguments,
                function=call.body.key,
                last=claimed.attempt > rules.retry.retries,
                cached=call.looked or call.body.cache is None,
                poked=call.parked_times,
                first=call.parked_first,
            ),
        )

    def _arguments(self, call: calls.Call) -> tuple[executors.ArgumentBinding, ...]:
        """The arguments of a call for another process, stored.

        Raises:
            StorageError: one can't be stored; names it.
        """
        assert call.bound is not None
        found: list[executors.ArgumentBinding] = []
        given = [*((str(place), each) for place, each in enumerate(call.bound.args)), *call.bound.kwargs.items()]
        for place, (name, value) in enumerate(given):
            try:
                kept = self.keeper.argument(value, call.task.name, f"{self.facts.run}.{call.item}.{place}")
            except (errors.StorageError, errors.MissingExtraError) as error:
                raise errors.StorageError(
                    f"The argument {name!r} of the task {call.task.name!r} can't be passed to a process: "
                    f"{error.message}",
                    remedy='Pass what can be stored, or run the task in this process: executor="thread".',
                ) from None
            found.append(executors.ArgumentBinding(parameter=name, value=kept))
        return tuple(found)

    # --- after ---

    def succeeded(self, report: executors.AttemptReport, claimed: work.Claimed) -> work.Ended | work.Failure:
        """Keep the value, and write down what the call leaves behind."""
        call: calls.Call = claimed.bound
        ran = self.live.pop(report.id, None)
        result = report.task.result if report.task is not None else None
        result = msgspec.structs.replace(result or events.TaskResult(), inputs=call.digest)
        if ran is not None:
            call.value = ran.value
        else:
            call.stored = result.value
        call.source_run = self.facts.run
        self.note(call, result)
        told: list[events.Event] = [
            events.StepSucceeded(
                run=self.facts.run,
                step=call.step,
                attempt=report.attempt,
                started=report.started,
                duration=report.duration,
                log=report.log,
                item=call.item,
                task=result,
            )
        ]
        told += [self._materialized(call, output) for output in report.outputs]
        told += self._artifacts(call, report)
        return work.Ended(events=told, moves=(engine.Succeeded(report.id),))

    def note(self, call: calls.Call, result: events.TaskResult) -> None:
        """Remember what a call returned, for the digests of later ones and for another try of the flow."""
        if call.stored is None:
            version, size = _known_of(result.value)
            self.known.note(call.value, version, call.name, size)
        if self.remember:
            self.record.note(
                call.item,
                recorded.Success(call.step, call.digest, result, self.facts.run, call.value, call.stored is None),
            )

    def _materialized(self, call: calls.Call, output: executors.OutputReport) -> events.Materialized:
        return events.Materialized(
            output=events.Materialization(
                asset=output.asset,
                value=output.value,
                code=call.body.code,
                inputs=self._inputs(call),
                metadata=output.metadata,
                checks=output.checks,
            ),
            partition=output.partition,
            run=self.facts.run,
        )

    def _inputs(self, call: calls.Call) -> dict[str, events.InputRecord]:
        """The current versions of the assets that the task declares to read, as far as they have no partitions.

        A flow is called without the definitions of its project, which alone know partitions.
        """
        if not call.body.inlets:
            return {}
        known = self.ledger.columns(dict.fromkeys(call.body.inlets))
        found: dict[str, events.InputRecord] = {}
        for asset in call.body.inlets:
            current = next((each for each in self.ledger.versions(asset, [""]) if each.current), None)
            if current is not None:
                whole = partition_set.PartitionSet.of([0])
                found[asset] = events.InputRecord(
                    digest=columns.digest_of(known[asset], whole), partitions=(None,), versions=(current.id,)
                )
        return found

    def _artifacts(self, call: calls.Call, report: executors.AttemptReport) -> list[events.Event]:
        made = report.task.artifacts if report.task is not None else ()
        return [
            events.ArtifactMade(
                run=self.facts.run,
                key=each.key,
                kind=each.kind,
                value=each.value,
                step=call.step,
                item=call.item,
                description=each.description,
                asset=each.asset,
            )
            for each in made
        ]

    def failed(self, report: executors.AttemptReport, claimed: work.Claimed) -> work.Failure:
        """Keep the very exception, for who waits for the call."""
        call: calls.Call = claimed.bound
        ran = self.live.pop(report.id, None)
        call.error = ran.error if ran is not None and ran.error is not None else calls.error_of(report, call)
        return work.Failure(error=report.error, retryable=report.retryable, events=tuple(self._artifacts(call, report)))

    def other(self, report: executors.AttemptReport, claimed: work.Claimed) -> work.Ended | work.Claimed | work.Failure:
        """A body that skipped itself, waits for something, or whose cache key is known now."""
        call: calls.Call = claimed.bound
        self.live.pop(report.id, None)
        told = report.task or executors.TaskReport()
        match report.outcome:
            case "skipped":
                skipped = events.StepsFinished(
                    run=self.facts.run, step=call.step, items=(call.item,), outcome="skipped", reason=told.reason
                )
                return work.Ended(
                    events=[skipped, *self._artifacts(call, report)], moves=(engine.Skipped(report.id, told.reason),)
                )
            case "parked":
                seconds = told.again or 0.0
                now = clocks.microseconds(self.clock.now())
                until = now + int(seconds * 1e6)
                call.parked_times += 1
                call.parked_first = call.parked_first or now
                parked = events.StepParked(
                    run=self.facts.run,
                    step=call.step,
                    item=call.item,
                    attempt=report.attempt,
                    until=until,
                    reason=told.reason,
                    log=report.log,
                )
                return work.Ended(events=[parked], moves=(engine.Parked(report.id, seconds),))
        hit: work.Ended | None = call.hit or self.look_up(call, report)
        return hit if hit is not None else claimed

    def error_of(self, node: int) -> BaseException | None:
        """What the live attempt at a node raised."""
        ran = self.live.get(node)
        return None if ran is None else ran.error

    def look_up(self, call: calls.Call, report: executors.AttemptReport) -> work.Ended | None:
        """End a call with what the cache has under the key that its attempt reported; None where it has nothing."""
        call.looked = True
        key = report.task.result.cache if report.task is not None and report.task.result is not None else ""
        found = self.ledger.cached(key, now=clocks.microseconds(self.clock.now())) if key else None
        if found is None or found.result.value is None:
            return None
        call.stored, call.source_run = found.result.value, found.run
        result = msgspec.structs.replace(found.result, inputs=call.digest, cache="", expires=None)
        self.note(call, result)
        reused = events.StepReused(
            run=self.facts.run, step=call.step, item=call.item, source_run=found.run, reason="cached", task=result
        )
        return work.Ended(events=[reused], moves=(engine.Reused(report.id),))

    def finished(self, outcome: events.Outcome, reason: str) -> events.RunFinished:
        """The end that the flow's own function came to."""
        return self.ending or events.RunFinished(run=self.facts.run, outcome=outcome, reason=reason)

    # --- once it is committed ---

    def committed(self, batch: Iterable[events.Event]) -> None:
        """Wake whoever waits for calls that have ended by these events."""
        for event in batch:
            match event:
                case events.StepSucceeded():
                    self._end((event.item,), "succeeded", "")
                case events.StepReused():
                    self._end((event.item,), "reused", "")
                case events.AttemptFailed(retry_at=None):
                    self._end((event.item,), event.outcome, event.error.message if event.error else "")
                case events.StepsFinished():
                    self._end(event.items, event.outcome, event.reason)
                case _:
                    pass

    def _end(self, items: Iterable[str], outcome: events.Outcome, reason: str) -> None:
        for item in items:
            call = self._items.get(item)
            if call is not None and call.outcome is None:
                self._forget(call)
                call.end(outcome, reason)

    def _forget(self, call: calls.Call) -> None:
        self._items.pop(call.item, None)
        self.by_node.pop(call.node, None)


def _known_of(value: stored.StoredValue | None) -> tuple[str, int]:
    """The data version and the size in bytes of a stored value."""
    return ("", 0) if value is None else (value.data_version, value.size or 0)
