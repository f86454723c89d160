"""The calls that make up a DAG, as they were declared: mutable until the DAG is built."""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from weft.model import diagnostics, keys, pipelines

if TYPE_CHECKING:
    from weft.define import tasks
    from weft.define.dags import groups


@dataclass(slots=True, eq=False, kw_only=True)
class Call:
    """One call of a task, which is a step of the DAG."""

    id: str
    """With the groups that it is in, dotted."""
    key: keys.StepKey
    task: tasks.TaskDefinition[..., Any]
    location: diagnostics.SourceLocation | None
    group: groups.TaskGroup | None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    positional: tuple[Any, ...] = ()
    missing: tuple[str, ...] = ()
    """Parameters without argument and default, which a resource may still fill."""
    fan: pipelines.Fan | None = None
    role: str = ""
    setups: list[Call] = field(default_factory=list)
    reads: dict[keys.StepKey, bool] = field(default_factory=dict)
    """The steps whose values the arguments hold, and whether only of the item of the same number."""
    fan_steps: tuple[keys.StepKey, ...] = ()
    """The steps that it is mapped over, which it reads by the element."""
    outlets: tuple[keys.AssetKey, ...] = ()
    """The assets that it makes, once they are known."""
    functions: tuple[Any, ...] = ()
    """Functions among the arguments, whose code counts as the step's."""

    @property
    def mapped_group(self) -> groups.TaskGroup | None:
        """The mapped group that it is in, None for none."""
        return None if self.group is None else self.group.mapped_root


_OWN = __name__.partition(".")[0]


def user_line() -> diagnostics.SourceLocation | None:
    """Return the innermost line under way that is not weft's own."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name != _OWN and not name.startswith(f"{_OWN}."):
            return diagnostics.SourceLocation(file=frame.f_code.co_filename, line=frame.f_lineno)
        frame = frame.f_back
    return None
