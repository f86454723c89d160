"""What runs: the user's functions behind the steps, with how each of their parameters is filled.

The graph says what should exist and is plain data; these are its other half, which never leaves the process that loaded
the code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

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
