"""`@flow`: a plain function that calls tasks becomes a flow. Calling it runs it, recorded in the ledger of its project.

Its graph is revealed by running: every call of a task in it is a step run. Called within another run, a flow is a
subflow: a run of its own, linked to the one that called it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypedDict, TypeVar, Unpack, overload

from weft.define import assets, durations, options, policies, specs, task_options
from weft.model import diagnostics, errors
from weft.ports import caller

if TYPE_CHECKING:
    from datetime import timedelta

    from weft.model import policies as model_policies

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

EXECUTORS = ("thread", "process", "inline")
_HOOKS = ("success", "failure", "cancellation", "crashed")


class FlowOptions(TypedDict, total=False):
    """What may be said of a flow."""

    name: str
    """Its name as a pipeline; the function's name unless given."""
    description: str
    retries: int | policies.Retry
    """How often the whole function is run again after a failure; calls that succeeded are not repeated."""
    retry_delay: durations.Duration | Sequence[durations.Duration] | policies.Retry
    """How long to wait before each retry."""
    timeout: durations.Duration
    """How long one try of the function may take."""
    executor: str
    """Where submitted and mapped calls run: "thread", "process" or "inline"; a task's own option goes before it."""
    max_workers: int
    """How many of them run at once."""
    tag_limits: Mapping[str, int]
    """How many calls of tasks with a tag run at once in one run."""
    validate: bool
    """Whether parameters are checked and converted by their annotations; so unless False."""
    on_success: Callable[..., object] | Sequence[Callable[..., object]]
    """Called with the flow, its run and its state when it has succeeded."""
    on_completion: Callable[..., object] | Sequence[Callable[..., object]]
    """The same as `on_success`."""
    on_failure: Callable[..., object] | Sequence[Callable[..., object]]
    """Called when it has failed and is not tried again."""
    on_cancellation: Callable[..., object] | Sequence[Callable[..., object]]
    """Called when it was cancelled."""
    on_crashed: Callable[..., object] | Sequence[Callable[..., object]]
    """Called when it ended by something that is no ordinary exception, such as SystemExit."""
    log_prints: bool
    """Output is kept with the run in any case; accepted for those who are used to say so."""
    tags: specs.Names
    owners: specs.Names
    inlets: specs.AssetLike | Sequence[specs.AssetLike]
    """Assets that it reads."""
    outlets: specs.AssetLike | Sequence[specs.AssetLike]
    """Assets that it makes."""
    schedule: Any
    """When it is due, in every form that a DAG's may have."""
    start_date: Any
    end_date: Any
    timezone: str
    catchup: bool | int | str | timedelta
    """Which intervals are run that ended while nobody ran them, as of a DAG."""
    offset: durations.Duration
    jitter: durations.Duration
    blackout: Any
    blackout_policy: str
    """These four as of a DAG."""
    partitions: Any
    params: Mapping[str, object]
    """Values of parameters for the runs that a schedule asks for; text in them may be a template."""
    max_active_runs: int
    code_version: str
    """Names the version of the code, in place of the fingerprint of the function."""


FLOW_NAMES = frozenset(FlowOptions.__annotations__)
_DEPLOYED = ("schedule", "start_date", "end_date", "timezone", "catchup", "partitions", "max_active_runs")
_TIMING = ("offset", "jitter", "blackout", "blackout_policy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What is called when a flow's run ends."""

    success: tuple[Callable[..., object], ...] = ()
    failure: tuple[Callable[..., object], ...] = ()
    cancellation: tuple[Callable[..., object], ...] = ()
    crashed: tuple[Callable[..., object], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A flow as a pipeline: its name, when it is due and with which parameters. `build` makes a `Pipeline` of it."""

    name: str
    flow: FlowDefinition[..., Any]
    parameters: Mapping[str, object] = field(default_factory=dict)
    """Defaults; text in them may be a template, filled in when a run begins."""
    schedule: Any = None
    start_date: Any = None
    end_date: Any = None
    timezone: str = ""
    catchup: Any = False
    timing: Mapping[str, Any] = field(default_factory=dict)
    """What else was said of the schedule: offset, jitter, blackout, blackout_policy."""
    partitions: Any = None
    max_active_runs: int = 16
    tags: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    description: str = ""
    inlets: Any = ()
    outlets: Any = ()
    work_pool: str = ""
    location: diagnostics.SourceLocation | None = None


class FlowDefinition(Generic[P, R_co]):
    """A function that calls tasks, with its policies. `options` is what was said of it as it was written."""

    __name__: str

    def __init__(
        self,
        function: Callable[P, R_co],
        *,
        given: Mapping[str, Any],
        location: diagnostics.SourceLocation | None,
    ) -> None:
        """Keep what was said; what is wrong in it is told at once.

        Raises:
            UsageError: an option has a wrong value.
        """
        self.function = function
        self.options = given
        self.location = location
        self.name = str(given.get("name") or getattr(function, "__name__", "flow"))
        subject = f"The flow {self.name!r}"
        self.policies: model_policies.Policies = task_options.policies_of(
            {key: given[key] for key in ("retries", "retry_delay", "timeout") if key in given}, subject
        )
        self.hooks = _hooks_of(given, subject)
        self.executor: str = _executor_of(given, subject)
        self.max_workers: int | None = _workers_of(given, subject)
        self.validate: bool = bool(given.get("validate", True))
        self.description = str(given.get("description") or inspect.cleandoc(function.__doc__ or ""))
        self.__wrapped__ = function
        self.__name__ = getattr(function, "__name__", self.name)
        self.__qualname__ = getattr(function, "__qualname__", self.name)
        self.__module__ = getattr(function, "__module__", __name__)
        self.__doc__ = function.__doc__

    @property
    def fn(self) -> Callable[P, R_co]:
        """The plain function, to be called without a run."""
        return self.function

    @property
    def timeout(self) -> float | None:
        """Seconds that one try may take."""
        return self.policies.timeout

    @property
    def is_async(self) -> bool:
        """Whether the function is a coroutine function, or an async generator, whose values are awaited as a list."""
        function = inspect.unwrap(self.function)
        return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Run it: here and now, as a run of its own; within a run as a subflow of that. An async one is awaited.

        `return_state=True` gives a `State` in place of the value, and raises nothing that the body raised.

        Raises:
            UsageError: it is called in the declaration of a DAG, or with wrong arguments.
        """
        return self.run(*args, **kwargs)  # type: ignore[arg-type, no-any-return]

    def run(self, *args: Any, wait_for: Iterable[object] = (), return_state: bool = False, **kwargs: Any) -> Any:
        """Run it, once what `wait_for` names has ended; with `return_state` give its state in place of its value."""
        from weft.define.dags import declaring

        if declaring.current.get() is not None:
            raise errors.UsageError(
                f"The flow {self.name!r} was called while a DAG is declared.",
                remedy="Call tasks there; a flow runs when it is called.",
            )
        running = caller.current.get()
        if running is not None:
            return running.call_flow(self, args, kwargs, wait_for=wait_for, return_state=return_state)
        return caller.outermost().call_flow(self, args, kwargs, return_state=return_state)

    def resume(self, run: str, *, strict: bool = False) -> R_co:
        """Go on with a run of this flow whose process died, or that was suspended: what has succeeded is not repeated.

        Args:
            run: the id of the run, or how it begins.
            strict: whether a flow that no longer matches what the run did is an error.

        Raises:
            UsageError: there is no such run, it is of another flow, it has finished, or its process lives.
        """
        return caller.outermost().resume(self, run, strict=strict)  # type: ignore[no-any-return]

    def with_options(self, **given: Unpack[FlowOptions]) -> FlowDefinition[P, R_co]:
        """The same flow with other options; those that are not given stay as they are.

        Raises:
            UsageError: there is no such option, or its value is wrong.
        """
        options.check_names("flow", given, FLOW_NAMES)
        return FlowDefinition(self.function, given={**self.options, **given}, location=self.location)

    override = with_options

    def deploy(self, name: str = "", **given: Any) -> Deployment:
        """Make a pipeline of it, with a schedule and parameters of its own: keep what this gives in a module's name.

        Args:
            name: of the pipeline; the flow's name unless given.
            given: schedule, parameters, work_pool, tags, description, start_date, end_date, timezone, catchup,
                partitions, max_active_runs.

        Raises:
            UsageError: there is no such argument, or a parameter that the flow has not.
        """
        return Deployment(self, name, given)

    def declared(self) -> Declared:
        """The flow as a pipeline."""
        given = self.options
        return Declared(
            name=self.name,
            flow=self,
            parameters=given.get("params") or {},
            tags=task_options.names_of(given.get("tags"), "tags"),
            owners=task_options.names_of(given.get("owners"), "owners"),
            description=self.description,
            inlets=given.get("inlets", ()),
            outlets=given.get("outlets", ()),
            location=self.location,
            timing={key: given[key] for key in _TIMING if key in given},
            **{key: given[key] for key in _DEPLOYED if key in given},
        )

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Bind a flow that was defined in a class, as a method would be."""
        if instance is None:
            return self
        bound = functools.partial(self.function, instance)  # type: ignore[arg-type]
        functools.update_wrapper(bound, self.function)
        del bound.__wrapped__  # type: ignore[attr-defined]  # its parameters are those that are left
        return FlowDefinition(bound, given=self.options, location=self.location)

    def __repr__(self) -> str:
        return f"<flow {self.name!r}>"


_DEPLOY_NAMES = frozenset({"parameters", "work_pool", "tags", "description", *_DEPLOYED, *_TIMING})


class Deployment:
    """A flow with a schedule and parameters of its own, as a pipeline of its own name."""

    def __init__(self, flow: FlowDefinition[..., Any], name: str, given: Mapping[str, Any]) -> None:
        """Keep what was said.

        Raises:
            UsageError: there is no such argument, or a parameter that the flow has not.
        """
        options.check_names("deploy", given, _DEPLOY_NAMES)
        self.flow = flow
        self.name = name or flow.name
        self.options = given
        self.parameters: Mapping[str, object] = {**(flow.options.get("params") or {}), **given.get("parameters", {})}
        known = inspect.signature(flow.function).parameters
        if not any(each.kind is each.VAR_KEYWORD for each in known.values()):
            for parameter in self.parameters:
                if parameter not in known:
                    from weft.model import spelling

                    raise errors.UsageError(
                        f"The deployment {self.name!r} gives {parameter!r}, which is no parameter of {flow.name!r}.",
                        remedy=spelling.did_you_mean(parameter, known) or f"It takes: {', '.join(known) or 'none'}.",
                    )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the flow here and now; where no parameters are given the deployment's hold, but for templates."""
        known = list(inspect.signature(self.flow.function).parameters)[: len(args)]
        fixed = {
            name: value
            for name, value in self.parameters.items()
            if name not in known and not (isinstance(value, str) and ("{{" in value or "{%" in value))
        }
        return self.flow(*args, **{**fixed, **kwargs})

    def declared(self) -> Declared:
        """The flow as the pipeline of this deployment."""
        import dataclasses

        changed: dict[str, Any] = {key: self.options[key] for key in _DEPLOYED if key in self.options}
        flow = self.flow.declared()
        changed["timing"] = {**flow.timing, **{key: self.options[key] for key in _TIMING if key in self.options}}
        if "tags" in self.options:
            changed["tags"] = task_options.names_of(self.options["tags"], "tags")
        return dataclasses.replace(
            flow,
            name=self.name,
            parameters=self.parameters,
            description=self.options.get("description") or self.flow.description,
            work_pool=self.options.get("work_pool") or "",
            **changed,
        )

    def __repr__(self) -> str:
        return f"<deployment {self.name!r} of {self.flow!r}>"


@overload
def flow(function: Callable[P, R], /) -> FlowDefinition[P, R]: ...


@overload
def flow(**given: Unpack[FlowOptions]) -> Callable[[Callable[P, R]], FlowDefinition[P, R]]: ...


def flow(function: Callable[..., Any] | None = None, /, **given: Any) -> Any:
    """Make a flow of a function; `FlowOptions` documents the arguments.

    Raises:
        UsageError: there is no such argument, its value is wrong, or what is decorated is no function.
    """
    options.check_names("flow", given, FLOW_NAMES)

    def decorate(body: Callable[..., Any]) -> FlowDefinition[..., Any]:
        if isinstance(body, FlowDefinition):
            return body.with_options(**given)
        return FlowDefinition(body, given=given, location=assets.location_of(body, "flow"))

    return decorate if function is None else decorate(function)


def _hooks_of(given: Mapping[str, Any], subject: str) -> Hooks:
    found: dict[str, tuple[Callable[..., object], ...]] = {}
    for kind in _HOOKS:
        several: tuple[Any, ...] = ()
        for name in (f"on_{kind}", "on_completion") if kind == "success" else (f"on_{kind}",):
            value = given.get(name)
            several += () if value is None else tuple(value) if isinstance(value, (list, tuple)) else (value,)
        for each in several:
            if not callable(each):
                raise errors.UsageError(
                    f"{subject}: on_{kind} is {each!r}, which is not callable.", remedy="Give a function, or a list."
                )
        found[kind] = several
    return Hooks(**found)


def _executor_of(given: Mapping[str, Any], subject: str) -> str:
    executor = given.get("executor", "thread")
    executor = "inline" if executor in (None, "none") else executor
    if executor not in EXECUTORS:
        raise errors.UsageError(
            f"{subject}: there is no executor {executor!r} for the calls of flows.",
            remedy=f"Use one of: {', '.join(EXECUTORS)}.",
        )
    return str(executor)


def _workers_of(given: Mapping[str, Any], subject: str) -> int | None:
    workers = given.get("max_workers")
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        raise errors.UsageError(f"{subject}: max_workers is {workers!r}.", remedy="Write a whole number of at least 1.")
    return workers
