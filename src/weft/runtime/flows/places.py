"""Where a task is found again by another process: `module:qualified.name`."""

from __future__ import annotations

import sys
from typing import Any

from weft.define import tasks
from weft.model import errors

_REMEDY = 'Define it at the top of a module, or run it in this process: executor="thread".'


def check_found(task: tasks.TaskDefinition[..., Any]) -> None:
    """Make sure that a worker process can find a task.

    Raises:
        UsageError: it is a nested function or a lambda, or lives only in this process's memory.
    """
    if "<" in task.__qualname__:
        kind = "a lambda" if "<lambda>" in task.__qualname__ else "defined inside of a function"
        raise errors.UsageError(
            f"The task {task.name!r} can't run in a process: it is {kind}, where a worker can't find it.",
            remedy=_REMEDY,
        )
    module = sys.modules.get(task.__module__)
    if task.__module__ == "__main__" and not getattr(module, "__file__", None):
        raise errors.UsageError(
            f"The task {task.name!r} can't run in a process: it was defined interactively, in no file.", remedy=_REMEDY
        )
    found: Any = module
    for part in task.__qualname__.split("."):
        found = getattr(found, part, None)
    if not isinstance(found, tasks.TaskDefinition) or found.function is not task.function:
        raise errors.UsageError(
            f"The task {task.name!r} can't run in a process: {task.__module__}.{task.__qualname__} is not it.",
            remedy=_REMEDY,
        )
