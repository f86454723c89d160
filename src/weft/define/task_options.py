"""The arguments of `@task`, each documented once, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from weft.define import caching, durations, policies, specs
from weft.model import errors
from weft.model import policies as model_policies

if TYPE_CHECKING:
    from weft.model import pipelines


class TaskOptions(TypedDict, total=False):
    """What may be said of a task."""

    name: str
    """Its id; the function's name unless given. `task_id` means the same."""
    task_id: str
    retries: int | policies.Retry
    """How often a failed attempt is tried again."""
    retry_delay: durations.Duration | Sequence[durations.Duration] | policies.Retry
    """How long to wait before each retry: seconds, a timedelta, text; a list of them one by one; or a `Retry`."""
    retry_if: Callable[[BaseException], bool]
    """Tells of an exception whether to try again; any is retried unless given."""
    timeout: durations.Duration
    """How long one attempt may take."""
    cache: bool | caching.By | caching.Cache | caching.KeyFunction
    """When the result of an earlier call serves again."""
    pool: specs.Names
    """Pools whose slots it needs."""
    slots: int
    """How many slots of each pool it takes."""
    priority: int
    """Higher ones run first among those that are ready."""
    executor: str
    """Where the body runs: "process", "thread", "inline" …"""
    resources: Mapping[str, object]
    """What its executor is asked for: {"memory": "2Gi", "cpu": 1, "image": "…"}; each executor takes what it knows."""
    tags: specs.Names
    inlets: specs.AssetLike | Sequence[specs.AssetLike]
    """Assets that it reads."""
    outlets: specs.AssetLike | Sequence[specs.AssetLike]
    """Assets that it makes."""
    on_success: Callable[..., object] | Sequence[Callable[..., object]]
    """Called with the context and the value after a success."""
    on_failure: Callable[..., object] | Sequence[Callable[..., object]]
    """Called with the context and the exception after the last attempt failed."""
    on_retry: Callable[..., object] | Sequence[Callable[..., object]]
    """Called with the context and the exception after an attempt failed that is tried again."""
    on_skip: Callable[..., object] | Sequence[Callable[..., object]]
    """Called with the context and the reason."""
    trigger_rule: pipelines.TriggerRule
    """When it starts, by the ends of the steps above it, in a DAG."""
    depends_on_past: bool
    """Whether it waits for its own success in the interval before, in a DAG."""
    at_most_once: bool
    """A lost attempt ends the step instead of being tried again."""
    code_version: str
    """Names the version of the code, in place of the fingerprint of the function."""
    description: str
    label: str
    """What people see in place of the id; may be a template, for the items of a mapped task."""


TASK_NAMES = frozenset(TaskOptions.__annotations__)

_RETRY = 'Write retries=Retry(3, delay="1m", backoff="exponential", max_delay="1h").'
_MAIL = "Write on_failure= (or on_retry=) with a function that sends it; weft.operators.email does."
ELSEWHERE: Mapping[str, str] = {
    "execution_timeout": "Write timeout=.",
    "retry_exponential_backoff": _RETRY,
    "max_retry_delay": _RETRY,
    "on_execute_callback": "Call it at the start of the function.",
    "on_success_callback": "Write on_success=.",
    "on_failure_callback": "Write on_failure=.",
    "on_retry_callback": "Write on_retry=.",
    "on_skipped_callback": "Write on_skip=.",
    "email": _MAIL,
    "email_on_failure": _MAIL,
    "email_on_retry": _MAIL,
    "priority_weight": "Write priority=.",
    "weight_rule": "Write priority=, which is the task's own.",
    "pool_slots": "Write slots=.",
    "max_active_tis_per_dag": "Write pool=, which bounds it over all runs.",
    "max_active_tis_per_dagrun": "Give it tags=, and the DAG tag_limits={tag: number}.",
    "executor_config": "Write resources=.",
    "queue": "Write executor=, or let the runs wait in a work pool: `weft run --pool`.",
    "multiple_outputs": 'It is not needed: take the parts of what the call returns, result["key"].',
    "do_xcom_push": "Return None where there is nothing for others.",
    "map_index_template": "Write label=, which may name the arguments.",
    "wait_for_downstream": "Write depends_on_past=.",
    "provide_context": "It is not needed: a parameter `context` gets it.",
    "owner": "Write owners= of the DAG.",
    "doc": "Write description=, or a docstring.",
    "doc_md": "Write description=, or a docstring.",
    "sla": "Write timeout=, or a freshness policy on an asset that it makes.",
}
"""What to write in place of options that Airflow has."""


def name_of(given: Mapping[str, Any]) -> str | None:
    """The id that was given, None where the function's name is it."""
    return given.get("name") or given.get("task_id")


def joined(given: Mapping[str, Any], more: Mapping[str, Any]) -> Mapping[str, Any]:
    """Options with others over them; an id in either spelling replaces the other."""
    kept = {name: value for name, value in given.items() if name not in ("name", "task_id") or not name_of(more)}
    return {**kept, **more}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What is called when a step run ends, in the process that ran the body."""

    success: tuple[Callable[..., object], ...] = ()
    failure: tuple[Callable[..., object], ...] = ()
    retry: tuple[Callable[..., object], ...] = ()
    skip: tuple[Callable[..., object], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.success or self.failure or self.retry or self.skip)


def hooks_of(given: Mapping[str, Any], subject: str) -> Hooks:
    """The hooks among a task's options.

    Raises:
        UsageError: one is not callable.
    """
    found: dict[str, tuple[Callable[..., object], ...]] = {}
    for kind in ("success", "failure", "retry", "skip"):
        value = given.get(f"on_{kind}")
        several = () if value is None else tuple(value) if isinstance(value, (list, tuple)) else (value,)
        for each in several:
            if not callable(each):
                raise errors.UsageError(
                    f"{subject}: on_{kind} is {each!r}, which is not callable.", remedy="Give a function, or a list."
                )
        found[kind] = several
    return Hooks(**found)


def retry_of(given: Mapping[str, Any]) -> model_policies.Retry:
    """The retry policy of `retries=` and `retry_delay=`, which may also be a list of delays.

    Raises:
        UsageError: a value has the wrong type or is out of range.
    """
    retries, delay = given.get("retries", 0), given.get("retry_delay")
    if isinstance(delay, (list, tuple)):
        delays = tuple(durations.seconds(each, what="retry_delay") for each in delay)
        if not delays:
            raise errors.UsageError("retry_delay is an empty list.", remedy='Write retry_delay=["1s", "10s"].')
        if isinstance(retries, policies.Retry):
            return policies.retry(retries, delays[0])  # which says that it is given twice
        base = policies.retry(len(delays) if "retries" not in given else retries)
        return model_policies.Retry(retries=base.retries, delays=delays)
    if isinstance(delay, policies.Retry):
        from dataclasses import replace

        wanted = delay.retries or (retries if isinstance(retries, int) else 0)
        return policies.retry(replace(delay, retries=retries if isinstance(retries, int) and retries else wanted))
    return policies.retry(retries, delay)


def policies_of(given: Mapping[str, Any], subject: str) -> model_policies.Policies:
    """The policies among a task's options.

    Raises:
        UsageError: one is wrong; the message names the task.
    """
    try:
        return _policies_of(given)
    except errors.UsageError as error:
        raise errors.UsageError(f"{subject}: {error.message}", remedy=error.remedy) from error


def _policies_of(given: Mapping[str, Any]) -> model_policies.Policies:
    problem = policies.problem_with_predicate(given.get("retry_if"))
    if problem is not None:
        raise errors.UsageError(problem, remedy="Give a function that takes the exception and returns a bool.")
    for name in ("at_most_once", "depends_on_past"):
        if not isinstance(given.get(name, False), bool):
            raise errors.UsageError(f"{name} is {given[name]!r}.", remedy="Write True or False.")
    executor, slots = given.get("executor"), given.get("slots", 1)
    if executor is not None and not isinstance(executor, str):
        raise errors.UsageError(f"executor is {executor!r}, which is no text.", remedy='Write executor="thread".')
    if isinstance(slots, bool) or not isinstance(slots, int) or slots < 1:
        raise errors.UsageError(f"slots is {slots!r}.", remedy="Write a whole number of at least 1.")
    return model_policies.Policies(
        retry=retry_of(given),
        timeout=policies.timeout(given.get("timeout")),
        executor=executor,
        pools=names_of(given.get("pool"), "pool"),
        priority=policies.priority(given.get("priority", 0)),
        at_most_once=bool(given.get("at_most_once", False)),
        slots=slots,
        tags=names_of(given.get("tags"), "tags"),
    )


def names_of(given: object, argument: str) -> tuple[str, ...]:
    """One name or several as a tuple.

    Raises:
        UsageError: something else is among them.
    """
    if given is None:
        return ()
    several = (given,) if isinstance(given, str) else given
    if not isinstance(several, (list, tuple, set, frozenset)) or not all(isinstance(each, str) for each in several):
        raise errors.UsageError(f"{argument} is {given!r}.", remedy=f'Write {argument}="name" or a list of names.')
    return tuple(dict.fromkeys(several))
