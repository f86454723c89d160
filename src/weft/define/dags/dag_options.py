"""The arguments of `DAG` and `@dag`, each documented once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from weft.define import durations, options, specs
from weft.define.dags import timing
from weft.model import errors

if TYPE_CHECKING:
    from weft.model import partitions as partitioning


class DagOptions(timing.TimingOptions, total=False):
    """What may be said of a DAG."""

    name: str
    """Its name; the function's name unless given. `dag_id` means the same."""
    schedule: Any
    """When it is due: cron text, a preset ("@daily"), a timedelta, "every 30m", a timetable, partitions, assets."""
    start_date: datetime | str
    """Where its first interval begins. Without one a schedule by time has ticks, but no intervals to be planned."""
    end_date: datetime | str
    """Where its last interval ends."""
    timezone: str
    """In which cron text is read and intervals are named; that of `start_date` unless given, else UTC."""
    catchup: bool | int | str | timedelta
    """Which intervals are run that ended while nobody ran them: True all; False (unless given) the last one since the
    DAG was first used; "latest" or a number that many, also from before; a duration ("7d") those of that time."""
    partitions: partitioning.Partitions
    """What it is divided by, in place of the intervals of its schedule."""
    params: Mapping[str, Any]
    """Parameters of a run: defaults, or `Param`s, by name."""
    default_args: Mapping[str, Any]
    """Options of all its tasks, where these don't say otherwise."""
    tags: specs.Names
    owners: specs.Names
    description: str
    """What it is for; the function's docstring unless given. `doc_md` means the same."""
    max_active_runs: int
    """How many runs may be under way at once."""
    max_active_tasks: int
    """How many step runs of one run may be under way at once."""
    tag_limits: Mapping[str, int]
    """How many step runs with a tag may be under way at once in one run."""
    max_map_length: int
    """How many step runs an expanded task may have."""
    depends_on_past: bool
    """Whether an interval waits for the success of the one before."""
    timeout: durations.Duration
    """How long a run may take. `dagrun_timeout` means the same."""
    fail_fast: bool
    """Whether the first failure ends the run. `fail_stop` means the same."""
    on_success: Callable[..., object] | Sequence[Callable[..., object]]
    """Called with the context after a run succeeded. `on_success_callback` means the same."""
    on_failure: Callable[..., object] | Sequence[Callable[..., object]]
    """Called with the context after a run failed. `on_failure_callback` means the same."""
    user_defined_macros: Mapping[str, Any]
    """What templates may name besides the usual."""
    user_defined_filters: Mapping[str, Callable[..., Any]]
    """Filters that templates may use besides the usual."""
    dag_id: str
    doc_md: str
    dagrun_timeout: durations.Duration
    fail_stop: bool
    on_success_callback: Callable[..., object] | Sequence[Callable[..., object]]
    on_failure_callback: Callable[..., object] | Sequence[Callable[..., object]]


_ALSO = {
    "dag_id": "name",
    "doc_md": "description",
    "dagrun_timeout": "timeout",
    "fail_stop": "fail_fast",
    "on_success_callback": "on_success",
    "on_failure_callback": "on_failure",
}
"""Other spellings, as Airflow has them."""

_ELSEWHERE = {
    "schedule_interval": "Write schedule=.",
    "timetable": "Write schedule=; it takes timetables.",
    "concurrency": "Write max_active_tasks=.",
    "render_template_as_native_obj": (
        "Templates give text here. Pass the value itself as an argument: a task's result, or dag.param(name)."
    ),
    "access_control": "Roles are given to people per project, not in code.",
    "sla_miss_callback": "Write timeout=, or a freshness policy on an asset that the DAG makes.",
}

NAMES = frozenset(DagOptions.__annotations__)


def checked(decorator: str, given: Mapping[str, Any], name: str | None = None) -> dict[str, Any]:
    """Return what was said under weft's own names.

    Raises:
        UsageError: there is no such argument, or one is given in two spellings.
    """
    for each, remedy in _ELSEWHERE.items():
        if each in given:
            raise errors.UsageError(f"{decorator} has no argument {each!r}.", remedy=remedy)
    options.check_names(decorator.removeprefix("@"), given, NAMES)
    found: dict[str, Any] = {} if name is None else {"name": name}
    for each, value in given.items():
        known = _ALSO.get(each, each)
        if known in found:
            raise errors.UsageError(
                f"{decorator} was given {known!r} twice.", remedy=f"Give it once, as {known}= or as {each}=."
            )
        found[known] = value
    return found
