"""What runs: the user's functions behind the steps, with how each of their parameters is filled.

The graph says what should exist and is plain data; these are its other half, which never leaves the process that loaded
the code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from weft.define import caching, task_options
from weft.model import code, graph, keys
from weft.storage import protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """How the parameters of a function are filled: by name of the parameter.

    Asset inputs come by `InputBinding.parameter`. `annotations` has the resolved type of each annotated parameter.
    """

    context: str | None = None
    config: tuple[str, type] | None = None
    """The parameter that gets the step's typed config, and its pydantic model."""
    resources: Mapping[str, str] = field(default_factory=dict)
    """Parameter to the resource's name."""
    inputs: Mapping[str, keys.AssetKey] = field(default_factory=dict)
    annotations: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckBody:
    """The function behind a check. `value` names the parameter that gets the asset's value, None if it reads none."""

    check: graph.Check
    function: Callable[..., Any]
    parameters: Parameters
    value: str | None = None
    config: Mapping[str, object] = field(default_factory=dict)
    """Values of the config that were given with the check; files, environment and a run's own go before them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepBody:
    """The function behind a step. `outputs` gives the annotated type of each output, absent where there is none.

    `multiple` says that the function answers for several outputs: it returns a mapping or tuple, or yields `Output`s.
    `retry_if` is the step's predicate on an exception. `io` names the IO manager of an output that has its own.
    """

    key: keys.StepKey
    function: Callable[..., Any]
    parameters: Parameters
    outputs: Mapping[keys.AssetKey, Any] = field(default_factory=dict)
    multiple: bool = False
    checks: tuple[CheckBody, ...] = ()
    retry_if: Callable[[BaseException], bool] | None = None
    io: Mapping[keys.AssetKey, str] = field(default_factory=dict)
    names: Mapping[str, keys.AssetKey] = field(default_factory=dict)
    """The outputs of a `multiple` function by the names that it gives them, in order; keys are accepted as well."""
    config: Mapping[str, object] = field(default_factory=dict)
    """Values of the config that were given with the step; files, environment and a run's own go before them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskBody:
    """The function behind a task, with the arguments of its call where it is a step of a DAG.

    `arguments` are by parameter: plain values with the leaves of `references` in them. `fields` names the arguments in
    which text is a template, None for all. `conditions` are (wanted truth, function of the context, reason).
    """

    key: str
    """The step, or `module:qualified.name` of a task for the calls of flows."""
    name: str
    function: Callable[..., Any]
    parameters: Parameters
    arguments: Mapping[str, Any] = field(default_factory=dict)
    positional: tuple[Any, ...] = ()
    """Arguments for `*args`, beyond those with names."""
    conditions: tuple[tuple[bool, Callable[[Any], object], str], ...] = ()
    cache: caching.Cache | None = None
    hooks: task_options.Hooks = field(default_factory=task_options.Hooks)
    retry_if: Callable[[BaseException], bool] | None = None
    role: str = ""
    below: tuple[str, ...] = ()
    """The ids of the tasks directly below, for a branch to choose from."""
    groups_below: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of them those in each group, by its id."""
    outlets: tuple[keys.AssetKey, ...] = ()
    outlet_io: Mapping[keys.AssetKey, str] = field(default_factory=dict)
    inlets: tuple[keys.AssetKey, ...] = ()
    code: str = ""
    resources: Mapping[str, object] = field(default_factory=dict)
    """What the executor is asked for."""
    setups: tuple[keys.StepKey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineBody:
    """The code of a pipeline as a whole: what it calls when a run ends, and the function of a flow."""

    name: str
    definition: Any
    """The `FlowDefinition` or the `Declaration` of the DAG."""
    on_success: tuple[Callable[..., object], ...] = ()
    on_failure: tuple[Callable[..., object], ...] = ()
    params: Any = None
    """The pydantic model that parameters are validated by, None where there are none."""
    macros: Mapping[str, Any] = field(default_factory=dict)
    filters: Mapping[str, Callable[..., Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorBody:
    """The function behind a sensor; only its context and resources are filled in."""

    name: str
    function: Callable[..., Any]
    parameters: Parameters


@dataclass(frozen=True, kw_only=True)
class BuiltDefinitions:
    """Everything that was defined, checked as a whole: the graph, the bodies and what they are given.

    `manifests` has the code manifest of each step by its digest. `observers` are the functions that observe external
    assets. `io_managers` always has "default".
    """

    graph: graph.Graph
    bodies: Mapping[keys.StepKey, StepBody]
    resources: Mapping[str, object] = field(default_factory=dict)
    io_managers: Mapping[str, protocol.IOManager] = field(default_factory=dict)
    manifests: Mapping[str, code.CodeManifest] = field(default_factory=dict)
    observers: Mapping[keys.AssetKey, StepBody] = field(default_factory=dict)
    tasks: Mapping[str, TaskBody] = field(default_factory=dict)
    """By step for those of DAGs, by `module:qualified.name` for tasks that flows may call."""
    pipelines: Mapping[str, PipelineBody] = field(default_factory=dict)
    sensors: Mapping[str, SensorBody] = field(default_factory=dict)
    """By the id of the automation."""
