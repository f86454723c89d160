"""What templates and contexts know of a run, by the names that Airflow gives them.

Each is worked out when it is asked for. Dates are in the time zone of the pipeline's schedule, so that `ds` is the day
that people there would call it.
"""

from __future__ import annotations

import datetime
import json
import os
import random
import zoneinfo
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from weft.model import errors, spelling

if TYPE_CHECKING:
    from weft.worker.tasks import context as contexts

VARIABLE_PREFIX = "WEFT_VAR_"
_RUN_TYPES = {"schedule": "scheduled", "asset": "asset_triggered"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """The run as templates and contexts see it: `dag_run` and `run`."""

    run_id: str
    run_type: str
    logical_date: datetime.datetime
    data_interval_start: datetime.datetime
    data_interval_end: datetime.datetime
    start_date: datetime.datetime
    conf: Mapping[str, Any]
    dag_id: str
    partition_key: str | None
    rerun_of: str

    @property
    def id(self) -> str:
        """The id of the run."""
        return self.run_id

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters of the run."""
        return self.conf

    @property
    def execution_date(self) -> datetime.datetime:
        """The logical date, by its older name."""
        return self.logical_date

    @property
    def external_trigger(self) -> bool:
        """Whether something else than the schedule asked for the run."""
        return self.run_type != "scheduled"


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineFacts:
    """The pipeline as templates and contexts see it: `dag`."""

    dag_id: str
    description: str
    tags: tuple[str, ...]
    owners: tuple[str, ...]
    timezone: str

    @property
    def name(self) -> str:
        """The name of the pipeline."""
        return self.dag_id

    @property
    def owner(self) -> str:
        """Its owners in one text."""
        return ", ".join(self.owners)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskNames:
    """The task as templates and contexts see it: `task`."""

    task_id: str
    name: str
    inlets: tuple[str, ...]
    outlets: tuple[str, ...]


class TaskInstance:
    """The step run as templates and contexts see it: `ti`."""

    __slots__ = ("_context",)

    def __init__(self, context: contexts.TaskContext) -> None:
        """Show the step run of a context."""
        self._context = context

    @property
    def task_id(self) -> str:
        """The id of the task."""
        return self._context.task_id

    @property
    def dag_id(self) -> str:
        """The name of the pipeline."""
        return self._context.facts_of_task.pipeline

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self._context.run_id

    @property
    def try_number(self) -> int:
        """Which attempt this is, from 1."""
        return self._context.attempt

    @property
    def map_index(self) -> int:
        """The number of the item of a mapped task; -1 of any other."""
        return self._context.map_index

    @property
    def hostname(self) -> str:
        """The machine."""
        return os.uname().nodename

    def xcom_push(self, key: str, value: object) -> None:
        """Leave a value under a name for steps below."""
        self._context.push(key, value)

    def xcom_pull(
        self, task_ids: Any = None, key: str = "return_value", *, default: Any = None, map_indexes: Any = None
    ) -> Any:
        """What a task above returned, or pushed under `key`; a list for several, or for a mapped one.

        `map_indexes` chooses among the items of a mapped one: a number, or several.
        """
        name = "" if key == "return_value" else key
        return self._context.pull(task_ids, name, default, items=map_indexes)


class Variables:
    """`var.value.x` or `var.json.x`: values from the environment, WEFT_VAR_X."""

    __slots__ = ("_as_json",)

    def __init__(self, *, as_json: bool) -> None:
        """Give text as it is, or read it as JSON."""
        self._as_json = as_json

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = os.environ.get(VARIABLE_PREFIX + name.upper())
        if found is None:
            known = [each.removeprefix(VARIABLE_PREFIX).lower() for each in os.environ if each.startswith("WEFT_VAR_")]
            near = spelling.did_you_mean(name, known)
            raise errors.UsageError(
                f"There is no variable {name!r}.{' ' + near if near else ''}",
                remedy=f"Set {VARIABLE_PREFIX}{name.upper()} in the environment.",
            )
        return self._read(name, found)

    def __getitem__(self, name: str) -> Any:
        return self.__getattr__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a variable, or `default`."""
        found = os.environ.get(VARIABLE_PREFIX + name.upper())
        if found is None:
            return default
        return self._read(name, found)

    def _read(self, name: str, text: str) -> Any:
        if not self._as_json:
            return text
        try:
            return json.loads(text)
        except ValueError as error:
            raise errors.UsageError(
                f"The variable {name!r} is no JSON: {error}.",
                remedy=f"Correct {VARIABLE_PREFIX}{name.upper()}, or use var.value.{name}.",
            ) from None


class Connections:
    """`conn.name`: a connection, whose password is masked in all that is kept."""

    __slots__ = ("_learn",)

    def __init__(self, learn: Callable[[list[str]], None]) -> None:
        """Tell `learn` the secrets of each connection that is asked for."""
        self._learn = learn

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        from weft.connections import registry

        return OpenConnection(registry.get(name), self._learn)

    def __getitem__(self, name: str) -> Any:
        return self.__getattr__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """A connection, or `default` where there is none of that name."""
        try:
            return self.__getattr__(name)
        except errors.UsageError:
            return default


class OpenConnection:
    """A connection whose secret fields are text; each that is read is masked from then on."""

    __slots__ = ("_inner", "_learn")

    def __init__(self, inner: Any, learn: Callable[[list[str]], None]) -> None:
        """Open `inner`."""
        self._inner = inner
        self._learn = learn

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = getattr(self._inner, name)
        if hasattr(found, "get_secret_value"):
            found = found.get_secret_value()
            if isinstance(found, str) and found:
                self._learn([found])
        return found

    def __str__(self) -> str:
        return str(self._inner)


def ds_add(ds: str, days: int) -> str:
    """Add days to a date that is given and returned as YYYY-MM-DD."""
    return (datetime.date.fromisoformat(ds) + datetime.timedelta(days=days)).isoformat()


def ds_format(ds: str, input_format: str, output_format: str) -> str:
    """Write a date in another format."""
    return datetime.datetime.strptime(ds, input_format).strftime(output_format)  # noqa: DTZ007 - a date's text


def _uuid4() -> object:
    import uuid

    return uuid.uuid4()


MACROS = SimpleNamespace(
    ds_add=ds_add,
    ds_format=ds_format,
    datetime=datetime.datetime,
    timedelta=datetime.timedelta,
    json=SimpleNamespace(dumps=json.dumps, loads=json.loads),
    random=random.random,
    uuid=SimpleNamespace(uuid4=_uuid4),
    time=SimpleNamespace(time=lambda: datetime.datetime.now(datetime.UTC).timestamp()),
)
"""`macros.ds_add(ds, 7)` and the like."""


def value(context: contexts.TaskContext, name: str) -> Any:
    """What a name stands for.

    Raises:
        KeyError: no template knows it.
    """
    return _READERS[name](context)


def known(name: str) -> bool:
    """Tell whether there is such a name."""
    return name in _READERS


def every() -> Iterator[str]:
    """All names."""
    return iter(_READERS)


def moment(microseconds: int, zone: datetime.tzinfo) -> datetime.datetime:
    """A time of the ledger in a time zone."""
    found = datetime.datetime.fromtimestamp(microseconds // 1_000_000, datetime.UTC)
    return found.replace(microsecond=microseconds % 1_000_000).astimezone(zone)


def zone_of(name: str) -> datetime.tzinfo:
    """The time zone of a schedule."""
    return datetime.UTC if name == "UTC" else zoneinfo.ZoneInfo(name)


def _of_previous(place: int) -> Callable[[contexts.TaskContext], datetime.datetime | None]:
    def read(context: contexts.TaskContext) -> datetime.datetime | None:
        previous = context.facts_of_task.previous
        return None if previous is None else moment(previous[place], context.zone)

    return read


def _day(context: contexts.TaskContext, days: int = 0) -> str:
    return (context.logical_date.date() + datetime.timedelta(days=days)).isoformat()


def _nodash(context: contexts.TaskContext) -> str:
    return _day(context).replace("-", "")


def _run(context: contexts.TaskContext) -> RunFacts:
    facts = context.facts_of_task
    start, end = context.bounds
    return RunFacts(
        run_id=context.run_id,
        run_type=_RUN_TYPES.get(facts.trigger, facts.trigger),
        logical_date=start,
        data_interval_start=start,
        data_interval_end=end,
        start_date=moment(facts.created, context.zone),
        conf=context.params,
        dag_id=facts.pipeline,
        partition_key=facts.partition,
        rerun_of=facts.rerun_of,
    )


def _pipeline(context: contexts.TaskContext) -> PipelineFacts:
    found = context.pipeline
    return PipelineFacts(
        dag_id=context.facts_of_task.pipeline,
        description=found.description if found else "",
        tags=found.tags if found else (),
        owners=found.owners if found else (),
        timezone=str(context.zone),
    )


def _task(context: contexts.TaskContext) -> TaskNames:
    body = context.body
    return TaskNames(task_id=context.task_id, name=body.name, inlets=body.inlets, outlets=body.outlets)


_READERS: dict[str, Callable[[contexts.TaskContext], Any]] = {
    "conn": lambda context: Connections(context.learn),
    "dag": _pipeline,
    "dag_run": _run,
    "data_interval_end": lambda context: context.bounds[1],
    "data_interval_start": lambda context: context.bounds[0],
    "ds": _day,
    "ds_nodash": _nodash,
    "execution_date": lambda context: context.logical_date,
    "inlets": lambda context: context.body.inlets,
    "logical_date": lambda context: context.logical_date,
    "macros": lambda context: MACROS,
    "map_index": lambda context: context.map_index,
    "next_ds": lambda context: _day(context, 1),
    "now": lambda context: datetime.datetime.now(context.zone),
    "outlets": lambda context: context.body.outlets,
    "params": lambda context: context.params,
    "partition": lambda context: context.facts_of_task.partition,
    "partition_key": lambda context: context.facts_of_task.partition,
    "prev_data_interval_end_success": _of_previous(1),
    "prev_data_interval_start_success": _of_previous(0),
    "prev_ds": lambda context: _day(context, -1),
    "run": _run,
    "run_id": lambda context: context.run_id,
    "task": _task,
    "task_instance": TaskInstance,
    "task_instance_key_str": lambda context: f"{context.facts_of_task.pipeline}__{context.task_id}__{_nodash(context)}",
    "test_mode": lambda context: False,
    "ti": TaskInstance,
    "ts": lambda context: context.logical_date.isoformat(),
    "ts_nodash": lambda context: context.logical_date.strftime("%Y%m%dT%H%M%S"),
    "ts_nodash_with_tz": lambda context: context.logical_date.strftime("%Y%m%dT%H%M%S%z"),
    "var": lambda context: SimpleNamespace(value=Variables(as_json=False), json=Variables(as_json=True)),
}
