"""One attempt at a task, from its conditions to its hooks.

    conditions → arguments → validation → cache key → body → result, outlets, named values → hooks

Nothing here raises because of what a body does, but for a cancellation, which is the executor's to tell, and Ctrl-C
where it is heard.
"""

from __future__ import annotations

import contextlib
import inspect
import time
from collections.abc import Iterator, Mapping
from typing import Any

from weft.connections import learning
from weft.define import artifacts, bodies, references, signals, task_context
from weft.model import errors, events
from weft.ports import caller, executor
from weft.worker import cancelling, coroutines, ended, failures, masking, prepared, texts, values
from weft.worker.tasks import arguments, caching, hooks, live, nested, returned, validation
from weft.worker.tasks import context as contexts
from weft.worker.tasks import prepared as preparing
from weft.worker.tasks import results as resulting

_HOOK_ERROR = "The attempt timed out or crashed, so that its body could not say more."


LABEL = "label"
"""Under this the label of an item is recorded, beside the templates of the arguments."""


class TaskRunner:
    """Runs attempts at tasks; may be used from several threads at once."""

    def __init__(
        self,
        definitions: bodies.BuiltDefinitions,
        reader: values.Values,
        preparation: prepared.Preparation,
        masks: masking.Masks,
        calls: Mapping[int, live.LiveCall] | None,
    ) -> None:
        """Run the tasks of `definitions`; `calls` has live calls by the ids of their assignments."""
        self.tasks = preparing.Tasks(definitions, preparation)
        self.values = reader
        self.masks = masks
        self.keeper = returned.Keeper(definitions, reader, masks)
        self.storage = preparation.storage
        self.calls: Mapping[int, live.LiveCall] = calls if calls is not None else {}

    def run(self, assignment: executor.Assignment) -> ended.Ended:
        """Run one attempt to its end.

        Raises:
            Cancelled: it was cancelled.
            KeyboardInterrupt: as Ctrl-C, or raised by the body.
        """
        attempt = Attempt(self, assignment)
        with attempt.entered():
            try:
                early = attempt.begin()
                return early if early is not None else attempt.succeeded(returned.complete(attempt.call()))
            except BaseException as failure:  # a body may raise anything
                return attempt.ended_by(failure)

    async def run_async(self, assignment: executor.Assignment) -> ended.Ended:
        """Run one attempt in the event loop that runs now; the body may be a coroutine function or not.

        Raises:
            asyncio.CancelledError: the task of the event loop was cancelled.
            Cancelled, KeyboardInterrupt: as `run`.
        """
        attempt = Attempt(self, assignment)
        with attempt.entered():
            try:
                early = attempt.begin()
                return early if early is not None else attempt.succeeded(await attempt.call_async())
            except BaseException as failure:  # a body may raise anything
                return attempt.ended_by(failure)


class Attempt:
    """One attempt that runs."""

    def __init__(self, runner: TaskRunner, assignment: executor.Assignment) -> None:
        """Make ready for an attempt; what is wrong with the task itself is told by `begin`."""
        assert assignment.task is not None
        self._runner = runner
        self._assignment = assignment
        self._facts = assignment.task
        self._live = runner.calls.get(assignment.id)
        self._task: preparing.PreparedTask | None = None
        self._context: contexts.TaskContext | None = None
        self._rendered: dict[str, str] = {}
        self._cache = ""
        self._began = False
        self._args: tuple[Any, ...] = ()
        self._kwargs: dict[str, Any] = {}
        self._collector = artifacts.Collector(
            runner.storage,
            run=assignment.run,
            name=assignment.step.rpartition(":")[2],
            tag=assignment.tag,
        )

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Let calls of tasks within, artifacts, secrets and `current_context()` belong to this attempt."""
        calls = None if self._live is not None else caller.current.set(nested.NestedCaller(self._assignment))
        shown = task_context.current.set(None)
        taught = learning.learner.set(self._runner.masks.learn)
        try:
            with artifacts.collecting(self._collector):
                yield
        finally:
            learning.learner.reset(taught)
            task_context.current.reset(shown)
            if calls is not None:
                caller.current.reset(calls)

    def begin(self) -> ended.Ended | None:
        """Do all that comes before the body; tells how the attempt ended, where it did.

        Raises:
            Exception: whatever a condition, a template or a transform raised, or what is wrong with the arguments.
        """
        runner, assignment, facts = self._runner, self._assignment, self._facts
        task = self._task = (
            runner.tasks.live(self._live.body) if self._live is not None else runner.tasks.of(assignment)
        )
        body = task.body
        if assignment.code and assignment.code != body.code:
            return ended.moved(assignment, body.code)
        results = resulting.Results(facts.results, runner.values, task.pipeline)
        context = self._context = contexts.TaskContext(
            assignment,
            body,
            pipeline=task.pipeline,
            results=results,
            learn=runner.masks.learn,
            resources=task.function.resources,
            config=task.function.config,
        )
        task_context.current.set(context)
        if assignment.hook:
            self._only_hooks(assignment.hook)
            return ended.Ended(outcome="succeeded")
        for wanted, condition, reason in body.conditions if self._live is None else ():
            if bool(_answer(condition(context))) is not wanted:
                raise signals.Skip(reason or f"the condition {getattr(condition, '__qualname__', 'on it')} says so")
        everything = self._bind(task, context, results)
        if task.label and facts.item:
            text = task.templates.render(task.label, context, LABEL, what="option", more=self._kwargs)
            self._rendered.setdefault(LABEL, self._text(text)[: arguments.LONGEST_RENDERED])
        if body.cache is not None:
            self._cache = caching.key(body, everything, context, assignment.run)
            if self._cache and not facts.cached and not caching.refresh(body):
                return ended.Ended(outcome="looked_up", task=self._said())
        self._began = True
        return None

    def call(self) -> Any:
        """Call the body; what is asynchronous runs to its end."""
        assert self._task is not None
        function = self._task.function
        if function.kind == "plain":
            found = function.function(*self._args, **self._kwargs)
            return coroutines.run(found) if inspect.iscoroutine(found) else found
        if function.kind == "coroutine":
            return coroutines.run(function.function(*self._args, **self._kwargs))
        return coroutines.run(coroutines.collect(function.function(*self._args, **self._kwargs)))

    async def call_async(self) -> Any:
        """Call the body in the event loop that runs."""
        assert self._task is not None
        function = self._task.function
        if function.kind == "asynchronous generator":
            return await coroutines.collect(function.function(*self._args, **self._kwargs))
        found = function.function(*self._args, **self._kwargs)
        return await found if inspect.isawaitable(found) else returned.complete(found)

    def succeeded(self, value: Any) -> ended.Ended:
        """Keep what the body returned, and call the hooks.

        Raises:
            Exception: it can't be kept.
        """
        assert self._task is not None
        assert self._context is not None
        body = self._task.body
        kept = self._runner.keeper.keep(value, self._assignment, body, self._context, live=self._live is not None)
        follow = (
            returned.followed(kept.value, body.below, self._assignment.step, body.groups_below)
            if body.role == "branch"
            else None
        )
        now = time.time_ns() // 1000
        result = events.TaskResult(
            value=kept.result,
            length=kept.length,
            named=kept.named,
            rendered=self._rendered,
            code=body.code,
            cache=self._cache,
            expires=caching.expires(body, now) if self._cache else None,
            follow=follow,
            proceed=bool(kept.value) if body.role == "short_circuit" else True,
        )
        if self._live is not None:
            self._live.ended(kept.value, None)
        self._context.value = kept.value
        if body.hooks.success:
            hooks.call("success", body.hooks.success, self._context, kept.value)
        return ended.Ended(outcome="succeeded", outputs=kept.outputs, task=self._said(result))

    def ended_by(self, failure: BaseException) -> ended.Ended:
        """How an attempt ended whose body, or what comes before it, raised.

        Raises:
            Cancelled, KeyboardInterrupt, asyncio.CancelledError: told by who runs the attempt.
        """
        if self._live is not None:
            self._live.ended(None, failure)
        if isinstance(failure, (cancelling.Cancelled, KeyboardInterrupt, GeneratorExit)) or coroutines.is_cancellation(
            failure
        ):
            raise failure
        if isinstance(failure, signals.Skip):
            self._call("skip", failure.reason)
            return ended.Ended(outcome="skipped", task=self._said(reason=self._text(failure.reason)))
        if isinstance(failure, signals.Defer):
            parked = self._said(again=failure.seconds, reason=self._text(failure.reason), condition=failure.condition)
            return ended.Ended(outcome="parked", task=parked)
        error = failures.describe(failure, self._runner.masks)
        retryable, note = self._judge(failure)
        if note:
            error = events.Error(kind=error.kind, message=f"{error.message}\n{note}", traceback=error.traceback)
        self._call("failure" if self._facts.last or not retryable else "retry", failure)
        return ended.Ended(outcome="failed", error=error, retryable=retryable, task=self._said())

    def _bind(
        self, task: preparing.PreparedTask, context: contexts.TaskContext, results: resulting.Results
    ) -> Mapping[str, Any]:
        """Bind the arguments of the call, valid ones, and return all by their names, for cache keys."""
        shape = task.shape
        name = task.body.name
        if self._live is not None:
            given = {**task.function.constants, **self._live.kwargs}
            args = self._live.args
            bound = validation.bind(task.body.function, args, given, task=name) if args or task.body.cache else None
            self._args = args
            self._kwargs = {**given, **arguments.filled(shape, bound.arguments if bound else given, context, live=True)}
            return bound.arguments if bound is not None else given
        sources = arguments.Sources(
            context=context,
            results=results,
            places=dict(self._facts.element),
            templates=task.templates,
            masks=self._runner.masks,
            rendered=self._rendered,
        )
        context.fill = lambda text, name: arguments.render(text, sources, name)
        given = arguments.resolve(task.resolvers, task.constants, sources)
        args = tuple([each if of is None else of(sources) for each, of in task.by_place])
        if args:  # what goes into *args comes after all that have names before it
            args = (*[given.pop(each) for each in shape.by_place if each in given], *args)
        if self._facts.arguments:
            args = (*args, *self._passed(given, task))
        given.update(task.function.constants)
        for binding in self._assignment.inputs:
            if binding.parameter is not None and binding.parameter not in given:
                given[binding.parameter] = task.function.inputs.value(binding, binding.parameter)
        if shape.simple and not args and given.keys() <= shape.known and given.keys() >= shape.needed:
            changed = self._converted(given, task, results)
            self._kwargs = {**given, **changed} if changed else given
            return {**shape.defaults, **self._kwargs} if task.body.cache is not None else self._kwargs
        is_call = bool(self._facts.function)
        from_context = arguments.filled(shape, given if not args else _named(shape, args, given), context, live=is_call)
        if shape is preparing.NO_SHAPE:
            self._args, self._kwargs = args, given
            return given
        bound = validation.bind(task.body.function, args, {**from_context, **given}, task=name)
        checked = {each: value for each, value in bound.arguments.items() if each not in from_context}
        checked.pop(shape.several or "", None)
        changed = self._converted(checked, task, results)
        if changed:
            bound = validation.replaced(task.body.function, bound, changed)
        self._args, self._kwargs = bound.args, bound.kwargs
        return {each: value for each, value in bound.arguments.items() if each not in from_context}

    def _converted(
        self, given: Mapping[str, Any], task: preparing.PreparedTask, results: resulting.Results
    ) -> dict[str, Any]:
        """Hold arguments against their annotations; None of a step that was skipped passes as what it is.

        Returns:
            Those that had to be converted.

        Raises:
            TypeMismatchError: one is of another type.
        """
        if any(value is None for value in given.values()):
            wanted = task.body.arguments
            given = {
                name: value
                for name, value in given.items()
                if value is not None
                or not isinstance(reference := wanted.get(name), references.Result)
                or not results.is_absent(reference)
            }
        return validation.check(given, task.annotations, task=task.body.name, defaults=task.shape.defaults)

    def _passed(self, given: dict[str, Any], task: preparing.PreparedTask) -> list[Any]:
        """Take in the arguments of a flow's call, which are values; returns those by place."""
        by_place: list[tuple[int, Any]] = []
        for each in self._facts.arguments:
            if each.parameter.isdigit():
                by_place.append((int(each.parameter), self._runner.values.fresh(each.value, None)))
            else:
                annotation = task.annotations.get(each.parameter)
                given[each.parameter] = self._runner.values.fresh(each.value, annotation)
        return [value for _, value in sorted(by_place, key=lambda pair: pair[0])]

    def _said(
        self,
        result: events.TaskResult | None = None,
        *,
        again: float | None = None,
        reason: str = "",
        condition: tuple[str, ...] = (),
    ) -> executor.TaskReport:
        if result is None and (self._rendered or self._cache):
            result = events.TaskResult(rendered=self._rendered, cache=self._cache)
        made = self._collector.reports()
        return executor.TaskReport(result=result, artifacts=made, again=again, reason=reason, condition=condition)

    def _judge(self, failure: BaseException) -> tuple[bool, str]:
        """Whether a failure may be tried again, with what there is to say of the predicate that was asked."""
        if isinstance(failure, signals.Fail) or not self._began:
            return isinstance(failure, errors.StorageError) or not _is_told(failure), ""
        predicate = self._task.body.retry_if if self._task is not None else None
        if predicate is None:
            return not isinstance(failure, (errors.UsageError, errors.TypeMismatchError)), ""
        try:
            return bool(predicate(failure)), ""
        except BaseException as problem:  # as the body, it must not end the process
            told = failures.describe(problem, self._runner.masks)
            return False, f"(The predicate retry_if raised {told.kind}: {told.message})"

    def _call(self, kind: str, about: object) -> None:
        """Call the hooks of one kind."""
        if self._task is None or self._context is None:
            return
        found = getattr(self._task.body.hooks, kind)
        if found:
            if isinstance(about, BaseException):
                self._context["exception"] = about
            hooks.call(kind, found, self._context, about)

    def _only_hooks(self, kind: str) -> None:
        error = self._assignment.hook_error
        self._call(kind, errors.WeftError(error.told if error is not None else _HOOK_ERROR))

    def _text(self, reason: str) -> str:
        return texts.storable(self._runner.masks.text(str(reason)))


def _answer(said: Any) -> Any:
    return coroutines.run(said) if inspect.iscoroutine(said) else said


def _named(shape: Any, args: tuple[Any, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments by name, where some are passed by place."""
    return {**dict(zip(shape.by_place, args, strict=False)), **given}


def _is_told(failure: BaseException) -> bool:
    """Whether a failure before the body is one of weft's own, or of the arguments: trying again would be no use."""
    return isinstance(failure, (errors.WeftError, signals.Fail, TypeError, ValueError))
