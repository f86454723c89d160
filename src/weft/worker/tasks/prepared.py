"""Tasks made ready: what is the same for every attempt at a task is worked out once in a process."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from weft.define import bodies, tasks
from weft.model import errors, pipelines, spelling
from weft.ports import executor
from weft.worker import prepared, values
from weft.worker.tasks import arguments, shapes, templates

NO_SHAPE = shapes.Shape(
    signature=inspect.Signature(),
    text="(…)",
    positional=(),
    by_place=(),
    names=(),
    required=(),
    defaults={},
    several=None,
    rest=None,
    context=None,
    filled=(),
    optional=(),
    annotations={},
    known=frozenset(),
    needed=frozenset(),
    plain=True,
    simple=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedTask:
    """Everything about a task that its attempts share."""

    body: bodies.TaskBody
    function: prepared.PreparedFunction
    shape: shapes.Shape
    pipeline: pipelines.Pipeline | None
    resolvers: Mapping[str, arguments.Resolver]
    constants: Mapping[str, Any]
    by_place: tuple[tuple[Any, arguments.Resolver | None], ...]
    """The arguments for `*args`."""
    templates: templates.Templates
    annotations: Mapping[str, Any]
    """What arguments are held against."""
    label: str = ""
    """The template of what people see in place of the number of an item."""


class Tasks:
    """Prepares tasks on first use and keeps them."""

    def __init__(self, definitions: bodies.BuiltDefinitions, preparation: prepared.Preparation) -> None:
        """Prepare the tasks of `definitions`."""
        self._definitions = definitions
        self._preparation = preparation
        self._tasks: dict[str, PreparedTask] = {}
        self._live: dict[int, PreparedTask] = {}
        self._templates: dict[str, templates.Templates] = {}

    def of(self, assignment: executor.Assignment) -> PreparedTask:
        """The task of an assignment: found by its function for a flow's call, else by its step.

        Raises:
            UsageError: this process does not have it.
        """
        assert assignment.task is not None
        key = assignment.task.function or assignment.step
        found = self._tasks.get(key)
        if found is None:
            body = self._definitions.tasks.get(key)
            if body is None and key.startswith(_OPERATORS):
                body = _operator(key)
            if body is None:
                raise self._unknown(key, flow=bool(assignment.task.function))
            found = self._tasks[key] = self.prepare(body, assignment.task.pipeline)
        return found

    def live(self, body: bodies.TaskBody) -> PreparedTask:
        """The task of a live call."""
        found = self._live.get(id(body))
        if found is None or found.body is not body:
            if len(self._live) > _MOST_LIVE:
                self._live.clear()  # bodies that flows make anew for each run
            found = self._live[id(body)] = self.prepare(body, None)
        return found

    def prepare(self, body: bodies.TaskBody, pipeline: str | None) -> PreparedTask:
        """Work out what attempts at a task share."""
        try:
            shape = shapes.shape(body.function)
        except (ValueError, TypeError):  # a built-in function that Python knows no parameters of: it gets what it gets
            shape = NO_SHAPE
        annotations = {**shape.annotations, **body.parameters.annotations}
        resolvers: dict[str, arguments.Resolver] = {}
        constants: dict[str, Any] = {}
        for name, value in body.arguments.items():
            resolver = arguments.compiled(value, name, annotations.get(name))
            if resolver is not None:
                resolvers[name] = resolver
            elif isinstance(value, (list, dict, set, tuple)):
                resolvers[name] = _copied(value)
            else:
                constants[name] = value
        known = self._definitions.graph.pipelines.get(pipeline) if pipeline else None
        step = known.steps.get(body.key) if known is not None else None
        return PreparedTask(
            body=body,
            function=self._preparation.function(body.key, body.function, body.parameters, {}),
            shape=shape,
            pipeline=known,
            resolvers=resolvers,
            constants=constants,
            by_place=tuple((each, arguments.compiled(each, f"*{place}")) for place, each in enumerate(body.positional)),
            templates=self._templates_of(pipeline or ""),
            annotations={name: each for name, each in annotations.items() if name != shape.context},
            label=step.label if step is not None and ("{{" in step.label or "{%" in step.label) else "",
        )

    def _templates_of(self, pipeline: str) -> templates.Templates:
        found = self._templates.get(pipeline)
        if found is None:
            body = self._definitions.pipelines.get(pipeline)
            found = templates.Templates(body.macros, body.filters) if body is not None else templates.Templates()
            self._templates[pipeline] = found
        return found

    def _unknown(self, key: str, *, flow: bool) -> errors.UsageError:
        if not flow:
            return errors.UsageError(
                f"This process has no task for the step {key!r}.", remedy="Plan again: the definitions have changed."
            )
        near = spelling.did_you_mean(key, self._definitions.tasks)
        return errors.UsageError(
            f"A worker process can't find the task {key!r}.{' ' + near if near else ''}",
            remedy="Define it at the top of a module, under the name that its function has, "
            'or run the flow with executor="thread".',
        )


def _copied(value: Any) -> arguments.Resolver:
    """Give each attempt a copy of a plain value, so that a body which changes it changes no other's."""
    return lambda sources: values.own(value)


_MOST_LIVE = 10_000
_OPERATORS = "weft.operators."


def _operator(key: str) -> bodies.TaskBody | None:
    """The task of an operator that comes with weft, which no project defines."""
    module, _, name = key.partition(":")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None
    if not isinstance(found, tasks.TaskDefinition):
        return None
    return bodies.TaskBody(
        key=key,
        name=found.name,
        function=found.function,
        parameters=bodies.Parameters(),
        cache=found.cache,
        hooks=found.hooks,
        retry_if=found.retry_if,
    )
