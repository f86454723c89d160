"""Running one attempt: check the code, bind the inputs, call the body, write its outputs aside, check them, report.

Nothing here raises because of what a body does: whatever happens becomes an `AttemptReport`. Outputs are written
aside through the IO managers under the attempt's tag; they become visible only when the ledger says so. A body must
not change its inputs (see `values`).
"""

from __future__ import annotations

import copy
import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from weft.connections import learning
from weft.define import artifacts, bodies, signals, sources
from weft.define import outputs as defined
from weft.model import errors, events, stored
from weft.ports import caller, executor
from weft.storage import protocol
from weft.worker import (
    cancelling,
    checks,
    context,
    coroutines,
    ended,
    failures,
    inputs,
    late_caller,
    logs,
    masking,
    metadata,
    outputs,
    prepared,
    resources,
    texts,
    values,
)

if TYPE_CHECKING:
    from weft.worker.tasks import attempt as attempts
    from weft.worker.tasks import live as calls

_CANCELLED = "The attempt was cancelled."
_CHECKED_BY_CLASS = (int, float, str, bytes, bool, dict, list, tuple, set)


class Runner:
    """Runs attempts at the steps of one set of definitions, one at a time; keeps their resources and values."""

    def __init__(
        self,
        definitions: bodies.BuiltDefinitions,
        *,
        worker: str = "",
        capture: logs.Capture | None = None,
        masks: masking.Masks | None = None,
        configs: Mapping[str, object] | None = None,
        files: Sequence[sources.File] = (),
        memory: int = values.MEMORY,
        keyboard: bool = True,
        live: Mapping[int, calls.LiveCall] | None = None,
    ) -> None:
        """Make a runner; no body runs yet.

        Args:
            definitions: what can be run.
            worker: the name that reports carry.
            capture: takes the output of bodies; None where it is left alone.
            masks: the secrets to hide in errors and descriptions.
            configs: what the run gave for the typed config, by step: a mapping, or an instance of the model.
            files: files of values for resources and config, the strongest first.
            memory: bytes of values that are kept for hand-over in memory.
            keyboard: whether Ctrl-C reaches this process; else a KeyboardInterrupt is the body's own, a failure.
            live: live calls of flows, by the ids of their assignments.
        """
        self.worker = worker
        self.running: int | None = None
        """The id of the assignment whose body runs now: only then may `Cancelled` be raised from outside."""
        self._to_cancel: int | None = None
        self._definitions = definitions
        self._live = live
        self._tasks: list[attempts.TaskRunner] = []
        self._capture = capture
        self._keyboard = keyboard
        self._masks = masking.Masks() if masks is None else masks
        self._values = values.Values(definitions.io_managers, memory=memory)
        self._resources = resources.Resources(definitions.resources, files=files, learn=self._masks.learn)
        self._resources.learn_secrets()
        self._prepared = prepared.Preparation(definitions, self._values, self._resources, configs or {})

    def run(self, assignment: executor.Assignment) -> executor.AttemptReport:
        """Run one attempt to its end and tell how it ended; never raises because of the body."""
        started, clock = time.time_ns() // 1000, time.perf_counter_ns()
        if self._capture is not None:
            self._capture.begin(assignment.run)
        try:
            self.running = assignment.id
            if self._to_cancel == assignment.id:
                raise cancelling.Cancelled(_CANCELLED)
            how = self._make(assignment) if assignment.task is None else self.tasks.run(assignment)
            self.running = None
        except BaseException as failure:  # whatever it is: it must not end the process that runs bodies
            self.running = None
            how = self._ended_by(assignment, failure)
        return self._report(assignment, how, started, clock)

    async def run_async(self, assignment: executor.Assignment) -> executor.AttemptReport:
        """Run one attempt at a task in the event loop that runs now."""
        started, clock = time.time_ns() // 1000, time.perf_counter_ns()
        if self._capture is not None:
            self._capture.begin(assignment.run)
        try:
            how = await self.tasks.run_async(assignment)
        except BaseException as failure:  # as above
            how = self._ended_by(assignment, failure)
        return self._report(assignment, how, started, clock)

    def interrupt(self, assignment: int) -> None:
        """Raise `Cancelled` into the body if this assignment runs now, else as soon as it starts.

        Only for signal handlers in the thread that runs the body: where it runs, this does not return.
        """
        self._to_cancel = assignment
        if self.running == assignment:
            raise cancelling.Cancelled(_CANCELLED)

    def abandoned(self) -> Runner:
        """Return a runner that goes on in place of this one, whose attempt was left to itself in another thread."""
        return self.sibling(self._capture)

    def sibling(self, capture: logs.Capture | None) -> Runner:
        """Return a runner for another thread, with resources and values in common, whose output goes to `capture`."""
        other = copy.copy(self)
        other.running = None
        other._to_cancel = None
        other._capture = capture
        return other

    @property
    def tasks(self) -> attempts.TaskRunner:
        """What runs attempts at tasks; made when the first one comes, and the same for all siblings."""
        if not self._tasks:
            from weft.worker.tasks import attempt

            self._tasks.append(
                attempt.TaskRunner(self._definitions, self._values, self._prepared, self._masks, self._live)
            )
        return self._tasks[0]

    def _ended_by(self, assignment: executor.Assignment, failure: BaseException) -> ended.Ended:
        error = failures.describe(failure, self._masks)
        if isinstance(failure, cancelling.Cancelled) or coroutines.is_cancellation(failure):
            return ended.Ended(outcome="cancelled", error=error)
        if isinstance(failure, KeyboardInterrupt) and self._keyboard and cancelling.is_ctrl_c(failure):
            return ended.Ended(outcome="cancelled", error=error)
        return ended.Ended(outcome="failed", error=error)

    def _report(
        self, assignment: executor.Assignment, how: ended.Ended, started: int, clock: int
    ) -> executor.AttemptReport:
        return executor.AttemptReport(
            id=assignment.id,
            attempt=assignment.attempt,
            outcome=how.outcome,
            outputs=how.outputs,
            error=how.error,
            retryable=how.retryable,
            started=started,
            duration=(time.perf_counter_ns() - clock) // 1000,
            log=self._capture.end() if self._capture is not None else None,
            worker=self.worker,
            task=how.task,
        )

    def close(self) -> None:
        """Tear down the resources and end the event loop."""
        self._values.clear()
        self._resources.close()
        coroutines.close()

    def _make(self, assignment: executor.Assignment) -> ended.Ended:
        """Run an attempt at a step that makes assets, with what its body attaches and calls of tasks in it."""
        name = assignment.outputs[0] if len(assignment.outputs) == 1 else assignment.step
        collector = artifacts.Collector(
            self._prepared.storage,
            run=assignment.run,
            name=name,
            tag=assignment.tag,
            asset=name if name in assignment.outputs else "",
            assets=assignment.outputs,
        )
        within = cast("caller.Caller", late_caller.LateCaller(assignment))
        before, taught = caller.current.set(within), learning.learner.set(self._masks.learn)
        try:
            with artifacts.collecting(collector):
                how = self._attempt(assignment)
        except (cancelling.Cancelled, KeyboardInterrupt):
            raise
        except BaseException as failure:  # a body may raise anything
            error, retryable = self._judge(assignment.step, failure, failures.describe(failure, self._masks))
            how = ended.Ended(outcome="failed", error=error, retryable=retryable)
        finally:
            learning.learner.reset(taught)
            caller.current.reset(before)
        made = collector.reports()
        return dataclasses.replace(how, task=executor.TaskReport(artifacts=made)) if made else how

    def _attempt(self, assignment: executor.Assignment) -> ended.Ended:
        step = self._prepared.step(assignment.step)
        if assignment.code != step.code and assignment.code:
            return ended.moved(assignment, step.code)
        function = step.function
        seen = context.StepContext(assignment, step.step, resources=function.resources, config=function.config)
        if assignment.check_only is not None:
            return ended.Ended(
                outcome="succeeded", outputs=(self._check_only(assignment, assignment.check_only, step, seen),)
            )
        arguments = dict(function.constants)
        if assignment.inputs:
            function.inputs.bind(assignment.inputs, arguments)
        if function.context is not None:
            arguments[function.context] = seen
        returned = function.call(arguments)
        if step.observes:
            return ended.Ended(outcome="succeeded", outputs=(_observed(assignment, returned, seen, self._masks),))
        written = [self._write(assignment, step, seen, made) for made in _made(assignment, step, returned)]
        return ended.Ended(outcome="succeeded", outputs=tuple(written))

    def _write(
        self,
        assignment: executor.Assignment,
        step: prepared.PreparedStep,
        seen: context.StepContext,
        made: outputs.Made,
    ) -> executor.OutputReport:
        output = step.outputs[made.asset]
        value = made.value
        if output.checked and not (output.annotation in _CHECKED_BY_CLASS and type(value) is output.annotation):
            outputs.check_type(assignment.step, made, output.annotation)
        version = made.data_version
        if version is None:
            version = seen.data_version(made.asset)
        if version is not None:
            version = texts.storable(version)
        target = protocol.WriteTarget(
            asset=made.asset, partition=made.partition, attempt=assignment.tag, unhashed_version=version, io=output.io
        )
        written = output.manager.write(value, target)
        self._values.made(written, value)
        facts = seen.facts.get(made.asset)
        if made.metadata:
            facts = {**(facts or {}), **made.metadata}
        return executor.OutputReport(
            asset=made.asset,
            value=written,
            metadata=metadata.encode(facts, self._masks) if facts else {},
            checks=self._evaluate(assignment, step, seen, made.asset, value) if step.checks else (),
            partition=made.partition,
        )

    def _evaluate(
        self,
        assignment: executor.Assignment,
        step: prepared.PreparedStep,
        seen: context.StepContext,
        asset: str,
        value: object,
    ) -> tuple[events.CheckResult, ...]:
        return tuple(
            checks.evaluate(body.check, _check_call(assignment, body, function, seen, value), self._masks)
            for body, function in step.checks.get(asset, ())
        )

    def _check_only(
        self,
        assignment: executor.Assignment,
        value: stored.StoredValue,
        step: prepared.PreparedStep,
        seen: context.StepContext,
    ) -> executor.OutputReport:
        """Run the checks against a version that exists."""
        asset = assignment.outputs[0]
        found: list[events.CheckResult] = []
        for body, function in step.checks.get(asset, ()):
            annotation = function.parameters.annotations.get(body.value) if body.value else None
            content = self._values.read(value, annotation) if body.value else None
            found.append(
                checks.evaluate(body.check, _check_call(assignment, body, function, seen, content), self._masks)
            )
        return executor.OutputReport(asset=asset, value=value, checks=tuple(found), partition=assignment.partition)

    def _judge(self, step: str, failure: BaseException, error: events.Error) -> tuple[events.Error, bool]:
        """Ask the step's predicate whether a failure may be tried again; one that raises means no, and is told."""
        if isinstance(failure, signals.Fail):
            return error, False
        try:
            predicate = self._prepared.step(step).body.retry_if
            return error, True if predicate is None else bool(predicate(failure))
        except BaseException as problem:  # as the body, it must not end the process
            if problem is failure or type(problem) is type(failure):  # the step itself could not be prepared
                return error, True
            told = failures.describe(problem, self._masks)
            note = f"{error.message}\n(The predicate retry_if raised {told.kind}: {told.message})"
            return events.Error(kind=error.kind, message=note, traceback=error.traceback), False


def _made(assignment: executor.Assignment, step: prepared.PreparedStep, returned: object) -> Iterable[outputs.Made]:
    body = step.body
    if assignment.partitions:
        if len(step.outputs) > 1:
            return _made_batches(assignment, step, returned)
        return outputs.batch(body.key, next(iter(step.outputs)), assignment.partitions, returned)
    if body.multiple or len(step.outputs) > 1:
        wanted = assignment.outputs or tuple(step.outputs)
        return outputs.several(body.key, tuple(step.outputs), wanted, step.names, assignment.partition, returned)
    output = next(iter(step.outputs.values()))
    # An IO manager of the user's own may take a generator and write what it yields; the default one has no use for it.
    if output.io is None and isinstance(returned, Iterator):
        returned = _only(body.key, returned)
    return (outputs.single(output.asset, assignment.partition, returned),)


def _made_batches(
    assignment: executor.Assignment, step: prepared.PreparedStep, returned: object
) -> Iterator[outputs.Made]:
    """Yield what a batch body of several outputs made: for each output a mapping from partition to value."""
    wanted = assignment.outputs or tuple(step.outputs)
    for made in outputs.several(step.body.key, tuple(step.outputs), wanted, step.names, None, returned):
        whole = defined.Output(made.value, metadata=made.metadata, data_version=made.data_version)
        yield from outputs.batch(step.body.key, made.asset, assignment.partitions, whole)


def _only(step: str, returned: Iterator[object]) -> object:
    """Return the one `Output` that a generator of a step with one output yields."""
    found = list(returned)
    if len(found) == 1 and isinstance(found[0], defined.Output):
        return found[0]
    raise errors.UsageError(
        f"The body of {step!r} is a generator, and yielded {len(found)} values.",
        remedy="Return the value, or a list of values; a generator may only yield one Output(…).",
    )


def _check_call(
    assignment: executor.Assignment,
    body: bodies.CheckBody,
    function: prepared.PreparedFunction,
    seen: context.StepContext,
    value: object,
) -> Callable[[], object]:
    def call() -> object:
        arguments = dict(function.constants)
        if body.value is not None:
            arguments[body.value] = value
        if function.context is not None:
            arguments[function.context] = seen
        if function.parameters.inputs:
            wanted = inputs.unbound(function.parameters, ())
            for parameter, asset in wanted.items():
                for binding in assignment.inputs:
                    if binding.asset == asset and parameter != body.value:
                        arguments[parameter] = function.inputs.value(binding, parameter)
        return function.call(arguments)

    return call


def _observed(
    assignment: executor.Assignment, returned: object, seen: context.StepContext, masks: masking.Masks
) -> executor.OutputReport:
    """Report what an observer says: the data version of what lies outside."""
    said = returned.value if isinstance(returned, defined.Output) else returned
    facts = dict(returned.metadata or {}) if isinstance(returned, defined.Output) else {}
    if isinstance(returned, defined.Output) and returned.data_version is not None:
        said = returned.data_version
    if not isinstance(said, (str, defined.DataVersion)) or not str(said):
        raise errors.UsageError(
            f"The observer of {assignment.step!r} returned {said!r}.",
            remedy="Return the data version: text that changes exactly when the data does.",
        )
    asset = assignment.outputs[0] if assignment.outputs else assignment.step
    value = stored.StoredValue(format="none", data_version=f"{protocol.GIVEN_ALGORITHM}:{texts.storable(str(said))}")
    facts = {**seen.facts.get(asset, {}), **facts}
    return executor.OutputReport(
        asset=asset, value=value, metadata=metadata.encode(facts, masks), partition=assignment.partition
    )
