"""Steps made ready: what is the same for every attempt at a step is worked out once in a process."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from weft.define import bodies
from weft.model import errors, graph
from weft.storage import protocol
from weft.worker import coroutines, inputs, outputs, resources, values

FunctionKind: TypeAlias = Literal["plain", "coroutine", "asynchronous generator"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedFunction:
    """A function with the arguments that never change, and how to read the others."""

    function: Callable[..., Any]
    kind: FunctionKind
    constants: Mapping[str, object]
    config: object
    resources: Mapping[str, object]
    context: str | None
    inputs: inputs.InputReader
    parameters: bodies.Parameters

    def call(self, arguments: dict[str, Any]) -> object:
        """Call the function; what is asynchronous runs to its end."""
        if self.kind == "plain":
            return self.function(**arguments)
        if self.kind == "coroutine":
            return coroutines.run(self.function(**arguments))
        return iter(coroutines.run(coroutines.collect(self.function(**arguments))))


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedOutput:
    """How an output is checked and stored."""

    asset: str
    annotation: object
    checked: bool
    """Whether there is an annotation to hold the value against."""
    io: str | None
    manager: protocol.IOManager


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedStep:
    """Everything about a step that its attempts share."""

    body: bodies.StepBody
    step: graph.Step | None
    code: str
    function: PreparedFunction
    outputs: Mapping[str, PreparedOutput]
    names: Mapping[str, str]
    checks: Mapping[str, tuple[tuple[bodies.CheckBody, PreparedFunction], ...]]
    observes: bool
    batch: bool


class Preparation:
    """Prepares steps on first use and keeps them."""

    def __init__(
        self,
        definitions: bodies.BuiltDefinitions,
        reader: values.Values,
        ready: resources.Resources,
        configs: Mapping[str, object],
    ) -> None:
        """Prepare the steps of `definitions`; `configs` has what the run gave for the config of a step."""
        self._definitions = definitions
        self._values = reader
        self._resources = ready
        self._configs = configs
        self._steps: dict[str, PreparedStep] = {}

    @property
    def storage(self) -> protocol.IOManager:
        """The default IO manager."""
        return self._definitions.io_managers["default"]

    def step(self, key: str) -> PreparedStep:
        """Return a step, prepared.

        Raises:
            UsageError: there is no such step, or a resource or IO manager that it names.
            Exception: what setting up a resource or its config raised.
        """
        found = self._steps.get(key)
        if found is None:
            found = self._steps[key] = self._prepare(key)
        return found

    def _prepare(self, key: str) -> PreparedStep:
        defined = self._definitions
        observes = key not in defined.bodies and key in defined.observers
        body = defined.observers[key] if observes else defined.bodies.get(key)
        if body is None:
            raise errors.UsageError(
                f"This process has no body for the step {key!r}.", remedy="Plan again: the definitions have changed."
            )
        step = defined.graph.steps.get(key)
        made = step.outputs if step is not None and step.outputs else tuple(body.outputs) or (key,)
        batch = step is not None and step.policies.batch
        return PreparedStep(
            body=body,
            step=step,
            code=step.code if step is not None else "",
            function=self.function(key, body.function, body.parameters, body.config),
            outputs={asset: self._output(body, asset, batch) for asset in made},
            names=_names(body, made),
            checks={
                asset: tuple(
                    (each, self.function(key, each.function, each.parameters, each.config))
                    for each in body.checks
                    if each.check.asset == asset
                )
                for asset in {each.check.asset for each in body.checks}
            },
            observes=observes or (step is not None and step.kind == "observe"),
            batch=batch,
        )

    def function(
        self, key: str, function: Callable[..., Any], parameters: bodies.Parameters, defaults: Mapping[str, object]
    ) -> PreparedFunction:
        """Return a function with its resources and its config.

        Raises:
            UsageError: there is no such resource.
            Exception: what setting up a resource or its config raised.
        """
        given = {parameter: self._resources.get(name) for parameter, name in parameters.resources.items()}
        constants: dict[str, object] = dict(given)
        config = None
        if parameters.config is not None:
            parameter, model = parameters.config
            config = constants[parameter] = self._resources.config(key, model, defaults, self._configs.get(key))
        return PreparedFunction(
            function=function,
            kind=_kind(function),
            constants=constants,
            config=config,
            resources=given,
            context=parameters.context,
            inputs=inputs.InputReader(parameters, self._values),
            parameters=parameters,
        )

    def _output(self, body: bodies.StepBody, asset: str, batch: bool) -> PreparedOutput:
        io = body.io.get(asset)
        manager = self._definitions.io_managers.get(io or "default")
        if manager is None:
            raise errors.UsageError(
                f"There is no IO manager {io!r}, which stores {asset!r}.",
                remedy=f"Registered are: {', '.join(sorted(self._definitions.io_managers)) or 'none'}.",
            )
        checked = asset in body.outputs
        annotation = body.outputs.get(asset)
        if batch:
            annotation = outputs.batch_annotation(annotation)
        return PreparedOutput(asset=asset, annotation=annotation, checked=checked, io=io, manager=manager)


def _names(body: bodies.StepBody, made: tuple[str, ...]) -> dict[str, str]:
    """Return what a body may call its outputs: keys, last parts where these differ, and the names it declares."""
    last: dict[str, list[str]] = {}
    for asset in made:
        last.setdefault(asset.rpartition("/")[2], []).append(asset)
    names = {name: assets[0] for name, assets in last.items() if len(assets) == 1}
    names.update({asset: asset for asset in made})
    names.update(body.names)
    return names


def _kind(function: Callable[..., Any]) -> FunctionKind:
    called = function if inspect.isroutine(function) else getattr(function, "__call__", function)  # noqa: B004
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called):
        return "coroutine"
    if inspect.isasyncgenfunction(function) or inspect.isasyncgenfunction(called):
        return "asynchronous generator"
    return "plain"
