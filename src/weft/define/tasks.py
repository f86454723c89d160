"""`@task`: a function becomes a task, which is a step of whatever calls it.

Called while a DAG is declared, it becomes a step of the DAG and gives a reference to its value; called within a run (in
a flow, or in the body of an asset), it runs as a step run of that run; called anywhere else it is the plain function.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, Unpack, overload

from weft.define import assets, caching, options, task_options
from weft.model import diagnostics, errors
from weft.ports import caller

if TYPE_CHECKING:
    from weft.define import futures
    from weft.define.dags import nodes
    from weft.model import policies as model_policies

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
Task = TypeVar("Task", bound="TaskDefinition[..., Any]")

Condition = Callable[[Any], object]
"""Takes the context of the run."""


class TaskDefinition(Generic[P, R_co]):
    """A function that does one thing, with its policies.

    `function` is the user's own function, `options` what was said of it as it was written, `conditions` the
    `run_if` and `skip_if` on it: (wanted truth, condition, reason).
    """

    __name__: str

    def __init__(
        self,
        function: Callable[P, R_co],
        *,
        given: Mapping[str, Any],
        location: diagnostics.SourceLocation | None,
        conditions: tuple[tuple[bool, Condition, str], ...] = (),
        role: str = "",
        operator: str = "python",
        fields: frozenset[str] | None = None,
    ) -> None:
        """Keep what was said; wrong policies are told at once, at the line of the decorator.

        `fields` names the arguments in which text may be a template, None for all.

        Raises:
            UsageError: an option has a wrong value.
        """
        self.function = function
        self.options = given
        self.location = location
        self.conditions = conditions
        self.role = role
        """"" or "setup", "teardown", "branch", "short_circuit"."""
        self.operator = operator
        self.fields = fields
        self.name: str = task_options.name_of(given) or str(getattr(function, "__name__", "task"))
        subject = f"The task {self.name!r}"
        self.policies: model_policies.Policies = task_options.policies_of(given, subject)
        self.cache = caching.policy(given.get("cache"))
        self.hooks = task_options.hooks_of(given, subject)
        self.retry_if: Callable[[BaseException], bool] | None = given.get("retry_if")
        self.rollback_hooks: tuple[Callable[[Any], object], ...] = ()
        """Called with the transaction that is rolled back, after this task succeeded in it."""
        self.commit_hooks: tuple[Callable[[Any], object], ...] = ()
        """Called with the transaction that is committed."""
        self.__wrapped__ = function
        self.__name__ = getattr(function, "__name__", self.name)
        self.__qualname__ = getattr(function, "__qualname__", self.name)
        self.__module__ = getattr(function, "__module__", __name__)
        self.__doc__ = function.__doc__

    # --- calling ---

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Add a step to the DAG that is being declared, run a step of the run that is under way, or just call it."""
        declared = _declaring()
        if declared is not None:
            return declared.call(self, args, kwargs)  # type: ignore[no-any-return]
        running = caller.current.get()
        if running is not None:
            return running.call(self, args, kwargs)  # type: ignore[no-any-return]
        return self.function(*args, **kwargs)

    def run(self, *args: Any, wait_for: Iterable[object] = (), return_state: bool = False, **kwargs: Any) -> Any:
        """Call it within a run, waiting for futures first, or for its state in place of its value.

        Raises:
            UsageError: no run is active.
        """
        return self._caller("run").call(self, args, kwargs, wait_for=wait_for, return_state=return_state)

    def submit(self, *args: Any, wait_for: Iterable[object] = (), **kwargs: Any) -> futures.Future[R_co]:
        """Run it beside the flow; the future among its arguments stand for their values.

        Raises:
            UsageError: no run is active.
        """
        return self._caller("submit").submit(self, args, kwargs, wait_for=wait_for)

    def map(self, *args: Any, wait_for: Iterable[object] = (), **kwargs: Any) -> futures.FutureList[R_co]:
        """Run it for each element of the arguments that are lists; `unmapped(value)` stays the same for all.

        Raises:
            UsageError: no run is active, the lists differ in length, or none is given.
        """
        return self._caller("map").map(self, args, kwargs, wait_for=wait_for)

    # --- in a DAG ---

    def expand(self, *args: Any, **kwargs: Any) -> nodes.Node:
        """In a DAG: a step run for each combination of the elements of these arguments, which are given by name."""
        _by_name("expand", self, args)
        return self._declared("expand").expand(self, {}, kwargs)  # type: ignore[no-any-return]

    def expand_kwargs(self, mappings: Any) -> nodes.Node:
        """In a DAG: a step run for each mapping of arguments in a list."""
        return self._declared("expand_kwargs").expand_kwargs(self, {}, mappings)  # type: ignore[no-any-return]

    def partial(self, *args: Any, **kwargs: Any) -> PartialTask:
        """Fix arguments that are the same for all elements: `task.partial(date=…).expand(symbol=…)`."""
        _by_name("partial", self, args)
        return PartialTask(self, kwargs)

    # --- variants ---

    def with_options(self, **given: Unpack[task_options.TaskOptions]) -> TaskDefinition[P, R_co]:
        """The same task with other options; those that are not given stay as they are.

        Raises:
            UsageError: there is no such option, or its value is wrong.
        """
        options.check_names("task", given, task_options.TASK_NAMES, task_options.ELSEWHERE)
        return self._with(given=task_options.joined(self.options, given))

    override = with_options

    def _with(self, **changed: Any) -> TaskDefinition[P, R_co]:
        said: dict[str, Any] = {
            "given": self.options,
            "location": self.location,
            "conditions": self.conditions,
            "role": self.role,
            "operator": self.operator,
            "fields": self.fields,
        }
        return self._hooked_as(type(self)(self.function, **{**said, **changed}))

    def _hooked_as(self, made: Task) -> Task:
        made.rollback_hooks, made.commit_hooks = self.rollback_hooks, self.commit_hooks
        return made

    def on_rollback(self, function: Callable[[Any], object]) -> Callable[[Any], object]:
        """Have a function undo what the task did when a transaction that it succeeded in is rolled back."""
        self.rollback_hooks = (*self.rollback_hooks, function)
        return function

    def on_commit(self, function: Callable[[Any], object]) -> Callable[[Any], object]:
        """Have a function called when a transaction that the task succeeded in is committed."""
        self.commit_hooks = (*self.commit_hooks, function)
        return function

    def conditioned(self, wanted: bool, condition: Condition, reason: str) -> TaskDefinition[P, R_co]:
        """The same task, which is skipped unless a condition on its context is as wanted."""
        return self._with(conditions=(*self.conditions, (wanted, condition, reason)))

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Bind a task that was defined in a class, as a method would be."""
        if instance is None:
            return self
        return self._with_function(types.MethodType(self.function, instance))

    def _with_function(self, function: Callable[..., Any]) -> TaskDefinition[..., Any]:
        made: TaskDefinition[..., Any] = TaskDefinition(
            function,
            given=self.options,
            location=self.location,
            conditions=self.conditions,
            role=self.role,
            operator=self.operator,
            fields=self.fields,
        )
        return self._hooked_as(made)

    def __repr__(self) -> str:
        return f"<task {self.name!r}>"

    @property
    def is_async(self) -> bool:
        """Whether the function is a coroutine function."""
        return inspect.iscoroutinefunction(inspect.unwrap(self.function))

    def _caller(self, verb: str) -> caller.Caller:
        running = caller.current.get()
        if running is None:
            hint = "Use .expand() there." if _declaring() is not None else "Call it inside of a @flow."
            raise errors.UsageError(f"{self.name}.{verb}() was called outside of a flow's run.", remedy=hint)
        return running

    def _declared(self, verb: str) -> Any:
        declared = _declaring()
        if declared is None:
            raise errors.UsageError(
                f"{self.name}.{verb}() was called outside of a DAG's declaration.",
                remedy="Call it in a @dag function or within `with DAG(…):`; in a flow, use .map().",
            )
        return declared


class PartialTask:
    """A task with some of its arguments fixed, to be expanded over others."""

    def __init__(self, task: TaskDefinition[..., Any], fixed: Mapping[str, Any]) -> None:
        self.task = task
        self.fixed = dict(fixed)

    def partial(self, **kwargs: Any) -> PartialTask:
        """Fix more arguments."""
        return PartialTask(self.task, {**self.fixed, **kwargs})

    def expand(self, *args: Any, **kwargs: Any) -> nodes.Node:
        """A step run for each combination of the elements of these arguments."""
        _by_name("expand", self.task, args)
        return self.task._declared("expand").expand(self.task, self.fixed, kwargs)  # type: ignore[no-any-return]

    def expand_kwargs(self, mappings: Any) -> nodes.Node:
        """A step run for each mapping of arguments in a list."""
        declared = self.task._declared("expand_kwargs")
        return declared.expand_kwargs(self.task, self.fixed, mappings)  # type: ignore[no-any-return]


def _by_name(verb: str, task: TaskDefinition[..., Any], args: tuple[Any, ...]) -> None:
    if args:
        first = next(iter(inspect.signature(task.function).parameters), "argument")
        raise errors.UsageError(
            f"{task.name}.{verb}() was given an argument without its name.", remedy=f"Write {verb}({first}=…)."
        )


def _declaring() -> Any:
    """The DAG that is being declared here, None outside of a declaration."""
    from weft.define.dags import declaring

    return declaring.current.get()


class _TaskDecorator:
    """`@task` and its variants: `@task.branch`, `@task.short_circuit`, `@task.skip_if(…)`, `@task.run_if(…)` …."""

    @overload
    def __call__(self, function: Callable[P, R], /) -> TaskDefinition[P, R]: ...

    @overload
    def __call__(
        self, /, **given: Unpack[task_options.TaskOptions]
    ) -> Callable[[Callable[P, R]], TaskDefinition[P, R]]: ...

    def __call__(self, function: Callable[..., Any] | None = None, /, **given: Any) -> Any:
        """Make a task of a function; `task_options.TaskOptions` documents the arguments.

        Raises:
            UsageError: there is no such argument, its value is wrong, or what is decorated is no function.
        """
        return _decorated("task", function, given, role="")

    def branch(self, function: Callable[..., Any] | None = None, /, **given: Any) -> Any:
        """A task of a DAG that returns the id (or ids) of the tasks directly below it that go on; the rest is skipped.

        Returning None skips all of them; an id that is not below it is a failure that names those that are.
        """
        return _decorated("task.branch", function, given, role="branch")

    def short_circuit(self, function: Callable[..., Any] | None = None, /, **given: Any) -> Any:
        """A task of a DAG whose falsy value skips everything below it.

        With `ignore_downstream_trigger_rules=False` only what is directly below is skipped, and the trigger rules
        of the rest hold.
        """
        return _decorated("task.short_circuit", function, given, role="short_circuit")

    def setup(self, function: Callable[..., Any] | None = None, /, **given: Any) -> Any:
        """A task of a DAG that prepares what others need; `with` around it puts the steps within below it."""
        return _decorated("task.setup", function, given, role="setup")

    def teardown(self, function: Callable[..., Any] | None = None, /, **given: Any) -> Any:
        """A task of a DAG that cleans up once the steps above it have ended, however, if its setup succeeded."""
        return _decorated("task.teardown", function, given, role="teardown")

    def skip_if(self, condition: Condition, reason: str = "") -> Callable[[Any], TaskDefinition[..., Any]]:
        """Skip the task where a condition on the run's context holds; above or below `@task`, or alone."""
        return lambda body: _as_task(body).conditioned(False, condition, reason)

    def run_if(self, condition: Condition, reason: str = "") -> Callable[[Any], TaskDefinition[..., Any]]:
        """Run the task only where a condition on the run's context holds. It may stand alone in place of `@task`."""
        return lambda body: _as_task(body).conditioned(True, condition, reason)


task = _TaskDecorator()


def _as_task(body: Any) -> TaskDefinition[..., Any]:
    return body if isinstance(body, TaskDefinition) else task(body)


def _decorated(decorator: str, function: Callable[..., Any] | None, given: dict[str, Any], *, role: str) -> Any:
    known = task_options.TASK_NAMES
    if role == "short_circuit":
        known = known | {"ignore_downstream_trigger_rules"}
    options.check_names(decorator, given, known, task_options.ELSEWHERE)

    def decorate(body: Callable[..., Any]) -> TaskDefinition[..., Any]:
        if isinstance(body, TaskDefinition):  # over @task.skip_if(…), which made one already
            return body._with(given=task_options.joined(body.options, given), role=role or body.role)
        return TaskDefinition(body, given=given, location=assets.location_of(body, decorator), role=role)

    return decorate if function is None else decorate(function)
