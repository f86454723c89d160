"""What the body of a task may ask of its run: the parameter `context`, and `current_context()`.

Everything that a template may name (`NAMES`) is there as an attribute and as an item: `context.ds`, `context["ds"]`.
"""

from __future__ import annotations

import contextvars
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from weft.define import context
from weft.model import errors

if TYPE_CHECKING:
    from weft.model.partitions import protocol as partitioning

NAMES = frozenset(
    {
        "conn",
        "dag",
        "dag_run",
        "data_interval_end",
        "data_interval_start",
        "ds",
        "ds_nodash",
        "execution_date",
        "inlets",
        "logical_date",
        "macros",
        "map_index",
        "next_ds",
        "outlets",
        "params",
        "partition",
        "partition_key",
        "prev_data_interval_end_success",
        "prev_data_interval_start_success",
        "prev_ds",
        "run",
        "run_id",
        "task",
        "task_instance",
        "task_instance_key_str",
        "test_mode",
        "ti",
        "ts",
        "ts_nodash",
        "ts_nodash_with_tz",
        "var",
    }
)
"""What templates may name. A parameter of a task that has one of these names and no argument gets its value."""


class TaskContext(context.Context, Protocol):
    """The attempt of a task as its body, its conditions and its hooks see it."""

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters of the run."""

    @property
    def data_interval(self) -> partitioning.TimeWindow:
        """The interval of the pipeline's run; UsageError when it has none."""

    @property
    def logical_date(self) -> datetime:
        """The start of the run's interval; when the run was created, where it has none."""

    @property
    def poked(self) -> int:
        """How often this attempt has been deferred before."""

    @property
    def waiting_since(self) -> datetime | None:
        """When it was deferred first; None when it was not."""

    @property
    def condition_met(self) -> bool:
        """Whether the condition that it was deferred with holds now."""

    def fill_in(self, text: str, name: str = "text") -> str:
        """Fill in a template that the body found, and record what it gave under `name`; in a flow it stays as it is."""

    def push(self, name: str, value: object) -> None:
        """Leave a value under a name for steps below, besides what is returned."""

    def pull(self, step: str | Sequence[str], name: str = "", default: object = None) -> Any:
        """What a step above returned, or pushed under a name; a list for several steps, or for a mapped one."""

    def __getitem__(self, name: str) -> Any:
        """What a template would get for this name; KeyError for an unknown one."""

    def get(self, name: str, default: object = None) -> Any:
        """What a template would get for this name, or `default`."""


current: contextvars.ContextVar[TaskContext | None] = contextvars.ContextVar("weft context of a task", default=None)
"""The context of the task whose body runs here, None outside of any."""


def current_context() -> TaskContext:
    """The context of the task whose body runs here.

    Raises:
        UsageError: no task runs here.
    """
    found = current.get()
    if found is None:
        raise errors.UsageError(
            "current_context() was called, but no task of a run is under way here.",
            remedy="Call it in the body of a task, in the thread that runs it.",
        )
    return found
