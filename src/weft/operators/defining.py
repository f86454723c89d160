"""How operators are made: tasks whose calls also take the options of a task."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar, cast

from weft.define import task_context, task_options, tasks

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)

_OPTIONS = task_options.TASK_NAMES | {"task_id"}


class Operator(tasks.TaskDefinition[P, R_co]):
    """A task that is there already. An argument that both it and tasks know (`timeout`) is its own."""

    def __call__(self, *args: Any, **kwargs: Any) -> R_co:
        """Add a step to the DAG that is being declared, run as a call of the run that is under way, or just run.

        Takes the operator's own arguments, and the options of a task: `task_id`, `retries`, `pool` …
        """
        chosen = self._with_split(kwargs)
        if chosen is None:
            return super().__call__(*args, **kwargs)
        task, own = chosen
        return tasks.TaskDefinition.__call__(task, *args, **own)

    def submit(self, *args: Any, wait_for: Iterable[object] = (), **kwargs: Any) -> Any:
        """Run it beside the flow; options of a task may be among the arguments."""
        task, own = self._with_split(kwargs) or (self, kwargs)
        return tasks.TaskDefinition.submit(task, *args, wait_for=wait_for, **own)

    def partial(self, **kwargs: Any) -> tasks.PartialTask:
        """Fix arguments that are the same for all elements; options of a task may be among them."""
        task, own = self._with_split(kwargs) or (self, kwargs)
        return tasks.TaskDefinition.partial(task, **own)

    def _with_split(self, kwargs: dict[str, Any]) -> tuple[Operator[P, R_co], dict[str, Any]] | None:
        """This operator with the options among the arguments, and the arguments without them; None without options."""
        given = {name: kwargs[name] for name in kwargs if name in _OPTIONS and name not in _parameters(self.function)}
        if not given:
            return None
        own = {name: value for name, value in kwargs.items() if name not in given}
        return cast("Operator[P, R_co]", self.with_options(**given)), own


@functools.cache
def _parameters(function: Callable[..., Any]) -> frozenset[str]:
    return frozenset(inspect.signature(function).parameters)


def operator(kind: str, *, templates: Iterable[str] = ()) -> Callable[[Callable[P, R_co]], Operator[P, R_co]]:
    """Make an operator of a function.

    Args:
        kind: what it is shown as.
        templates: the arguments in which text may be a template.
    """

    def decorate(function: Callable[P, R_co]) -> Operator[P, R_co]:
        return Operator(function, given={}, location=None, operator=kind, fields=frozenset(templates))

    return decorate


def say(line: str) -> None:
    """Write a line to the log of the attempt, or to stdout where no run is under way."""
    context = task_context.current.get()
    if context is not None:
        context.log.info("%s", line)
        return
    sys.stdout.write(line + "\n")


def record(facts: dict[str, object], *, asset: str | None = None) -> None:
    """Record facts with what the task makes, where it declares outlets: with one of them, or with all."""
    context = task_context.current.get()
    if context is None:
        return
    for outlet in [asset] if asset is not None else outlets():
        context.add_metadata(facts, asset=outlet)


def outlets() -> list[str]:
    """The keys of the assets that the task declares to make; none where no run is under way."""
    context = task_context.current.get()
    return list(context.asset_keys) if context is not None else []
