"""The context of a task's attempt: what its body, its conditions and its hooks see of the run.

It fulfils `define.task_context.TaskContext`, and that of asset bodies as well. Whatever templates may name is there as
an attribute and as an item.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType, ModuleType
from typing import Any

import msgspec

from weft.define import bodies
from weft.model import errors, keys, pipelines, spelling
from weft.model.partitions import protocol as partitioning
from weft.ports import executor
from weft.worker import context as steps
from weft.worker import values
from weft.worker.tasks import names
from weft.worker.tasks import results as resulting

_NO_PARAMS: Mapping[str, Any] = MappingProxyType({})
_parsed: dict[bytes, Mapping[str, Any]] = {}
_MOST_PARSED = 64


class TaskContext(steps.StepContext):
    """One attempt as its body sees it; made anew for each attempt, and of no use after it."""

    __slots__ = (
        "_found", "_params", "_results", "body", "facts_of_task", "fill", "learn", "pipeline", "pushed", "value"
    )  # fmt: skip

    def __init__(
        self,
        assignment: executor.Assignment,
        body: bodies.TaskBody,
        *,
        pipeline: pipelines.Pipeline | None,
        results: resulting.Results,
        learn: Callable[[list[str]], None],
        resources: Mapping[str, object],
        config: object = None,
    ) -> None:
        """Show `assignment`, an attempt at the task of `body`.

        Args:
            assignment: the attempt; its `task` is set.
            body: the task.
            pipeline: the pipeline that it is a step of, None for a flow's call.
            results: what steps above left behind.
            learn: is told secrets to mask.
            resources: the resources that the function is given, by parameter.
            config: its typed config.
        """
        super().__init__(assignment, None, resources=resources, config=config)
        assert assignment.task is not None
        self.facts_of_task: executor.TaskFacts = assignment.task
        self.body: bodies.TaskBody = body
        self.pipeline: pipelines.Pipeline | None = pipeline
        self.learn: Callable[[list[str]], None] = learn
        self.fill: Callable[[str, str], str] | None = None
        """Fills in a template and records what it gave, by a name; None where templates do not apply."""
        self.pushed: dict[str, object] = {}
        """What `push` was given."""
        self.value: object = None
        """What the body returned, for hooks."""
        self._results = results
        self._found: dict[str, Any] = {}
        self._params: Mapping[str, Any] | None = None

    # --- the run ---

    @property
    def task_id(self) -> str:
        """The id of the task within its pipeline; of a flow's task its name."""
        return self.body.name if self.pipeline is None else self._assignment.step.partition(":")[2]

    @property
    def log(self) -> logging.Logger:
        """The logger whose records are kept with the attempt, named after the task."""
        logger = logging.getLogger(self._assignment.step)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)
        return logger

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters of the run."""
        if self._params is None:
            self._params = values.own(params_of(self.facts_of_task.params))
        return self._params

    def fill_in(self, text: str, name: str = "text") -> str:
        """Fill in a template that the body found, and record what it gave under `name`; in a flow it stays as it is."""
        return self.fill(text, name) if self.fill is not None else text

    @property
    def zone(self) -> datetime.tzinfo:
        """The time zone of the pipeline's schedule; UTC where it has none."""
        schedule = self.pipeline.schedule if self.pipeline is not None else None
        return names.zone_of(schedule.timezone if schedule is not None else "UTC")

    @property
    def bounds(self) -> tuple[datetime.datetime, datetime.datetime]:
        """The start and the end of the run's interval; twice its creation, where it has none."""
        facts = self.facts_of_task
        start, end = facts.interval or (facts.created, facts.created)
        return names.moment(start, self.zone), names.moment(end, self.zone)

    @property
    def logical_date(self) -> datetime.datetime:
        """The start of the run's interval; when the run was created, where it has none."""
        return self.bounds[0]

    @property
    def data_interval(self) -> partitioning.TimeWindow:
        """The interval of the pipeline's run; UsageError when it has none."""
        if self.facts_of_task.interval is None:
            raise errors.UsageError(
                f"context.data_interval was asked for in {self._assignment.step!r}, whose run has no interval.",
                remedy="Give the pipeline a schedule, or use context.logical_date.",
            )
        start, end = self.bounds
        return partitioning.TimeWindow(start=start, end=end)

    time_window = data_interval

    @property
    def asset_keys(self) -> Sequence[keys.AssetKey]:
        """The outlets of the task."""
        return self.body.outlets

    @property
    def asset_key(self) -> keys.AssetKey:
        """The outlet of the task; UsageError when it has none or several."""
        if len(self.body.outlets) != 1:
            raise errors.UsageError(
                f"context.asset_key was asked for in {self._assignment.step!r}, which has "
                f"{len(self.body.outlets)} outlets.",
                remedy="Declare one outlet, or use context.asset_keys.",
            )
        return self.body.outlets[0]

    @property
    def partition_key(self) -> str:
        """The key of the run's partition; UsageError when it has none."""
        found = self.facts_of_task.partition
        if found is None:
            raise errors.UsageError(
                f"context.partition_key was asked for in {self._assignment.step!r}, whose run has no partition.",
                remedy="Give the pipeline a schedule or partitions, or use context.params.",
            )
        return found

    @property
    def partition_keys(self) -> Sequence[str]:
        """The key of the run's partition, if it has one."""
        found = self.facts_of_task.partition
        return () if found is None else (found,)

    @property
    def map_index(self) -> int:
        """The number of the item of a mapped task; -1 of any other."""
        last = self.facts_of_task.item.rpartition(".")[2]
        return int(last) if last and self.pipeline is not None else -1

    @property
    def poked(self) -> int:
        """How often this attempt has been deferred before."""
        return self.facts_of_task.poked

    @property
    def waiting_since(self) -> datetime.datetime | None:
        """When it was deferred first; None when it was not."""
        first = self.facts_of_task.first
        return names.moment(first, datetime.UTC) if first else None

    def _output(self, asset: str | None) -> str:
        if asset is None:
            return self.asset_key
        for outlet in self.body.outlets:
            if asset in (outlet, outlet.rpartition("/")[2]):
                return outlet
        raise errors.UsageError(
            f"{asset!r} is no outlet of {self._assignment.step!r}.",
            remedy=f"Its outlets are: {', '.join(self.body.outlets) or 'none'}.",
        )

    @property
    def artifacts(self) -> ModuleType:
        """What attaches things to look at: `context.artifacts.markdown(…)`, the module `weft.artifacts`."""
        from weft.define import artifacts

        return artifacts

    @property
    def condition_met(self) -> bool:
        """Whether the condition that it was deferred with holds now."""
        return self.facts_of_task.met

    # --- named values ---

    def push(self, name: str, value: object) -> None:
        """Leave a value under a name for steps below, besides what is returned; it is kept when the task succeeds.

        Raises:
            UsageError: the name is no text, or empty.
        """
        if not isinstance(name, str) or not name:
            raise errors.UsageError(f"A value was pushed under {name!r}.", remedy="Give it a name that is text.")
        self.pushed[name] = value

    def pull(
        self,
        step: str | Sequence[str] | None = None,
        name: str = "",
        default: object = None,
        *,
        items: int | Sequence[int] | None = None,
    ) -> Any:
        """What a step above returned, or pushed under a name.

        Args:
            step: the id of the task; several give a list; None asks all that are above, and gives the value of the
                only one that has it, else a list.
            name: what it was pushed under; "" for what was returned.
            default: where there is no such value.
            items: of a mapped task only these items, or this one.

        Raises:
            UsageError: there is no such step above.
        """
        if step is None:
            found = [self._results.pulled(each, name, None, items) for each in self._results.steps()]
            found = [each for each in found if each is not None]
            return default if not found else found[0] if len(found) == 1 else found
        if isinstance(step, str):
            return self._results.pulled(self._step_key(step), name, default, items)
        return [self._results.pulled(self._step_key(each), name, default, items) for each in step]

    def _step_key(self, task: str) -> str:
        prefix = f"{self.facts_of_task.pipeline}:"
        key = task if task.startswith(prefix) else prefix + task
        if self.pipeline is None or key in self._results:
            return key
        if key not in self.pipeline.steps:
            known = [each.partition(":")[2] for each in self.pipeline.steps]
            near = spelling.did_you_mean(task, known)
            raise errors.UsageError(
                f"{self.task_id!r} pulls from {task!r}, which is no task of {self.pipeline.name!r}.", remedy=near
            )
        raise errors.UsageError(
            f"{self.task_id!r} pulls from {task!r}, which is not above it.", remedy=f"Write {task} >> {self.task_id}."
        )

    # --- by name ---

    def __getattr__(self, name: str) -> Any:
        if names.known(name):
            return self[name]
        raise AttributeError(f"The context has no {name!r}.")

    def __getitem__(self, name: str) -> Any:
        """What a template would get for this name; KeyError for an unknown one."""
        found = self._found
        if name not in found:
            if not names.known(name):
                if name == "exception":
                    return None
                raise KeyError(name)
            found[name] = names.value(self, name)
        return found[name]

    def __setitem__(self, name: str, value: object) -> None:
        """Have a name stand for something, for the hooks that are called with this context."""
        self._found[name] = value

    def get(self, name: str, default: object = None) -> Any:
        """What a template would get for this name, or `default`."""
        return self[name] if name in self else default  # noqa: SIM401 - this is `get`

    def __contains__(self, name: object) -> bool:
        return name in self._found or (isinstance(name, str) and names.known(name))

    def __iter__(self) -> Iterator[str]:
        return names.every()

    def keys(self) -> list[str]:
        """All names."""
        return list(names.every())


def params_of(encoded: bytes) -> Mapping[str, Any]:
    """The parameters of a run, from their JSON; the last ones are kept, since all attempts of a run have the same."""
    found = _parsed.get(encoded)
    if found is None:
        found = msgspec.json.decode(encoded) if encoded else _NO_PARAMS
        assert isinstance(found, Mapping)
        if len(_parsed) >= _MOST_PARSED:
            _parsed.clear()
        _parsed[encoded] = found
    return found
