"""Definitions made ready to run: resources and configs with their values from files and the environment.

Done in the process that runs the bodies, and only there: looking at definitions needs no secrets.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from weft.define import bodies
from weft.model import diagnostics


def ready(
    definitions: bodies.BuiltDefinitions,
    *,
    files: Sequence[Any] = (),
    overrides: Mapping[str, Mapping[str, object]] | None = None,
    steps: Collection[str] | None = None,
) -> bodies.BuiltDefinitions:
    """Fill in the values of resources and configs, of those that `steps` (None: all) ask for.

    `overrides` are fields by step, `files` what `define.sources.read` gives. A resource that nothing here asks for is
    left out where its values can't be had.

    Raises:
        ConfigurationError: with everything that is missing, unknown or wrong.
    """
    wanted = {key: body for key, body in definitions.bodies.items() if steps is None or key in steps}
    configured = {key: body for key, body in wanted.items() if body.parameters.config is not None}
    if not definitions.resources and not configured:
        return definitions
    from weft.define import config, resources, sources

    problems: list[diagnostics.Diagnostic] = []
    changed: dict[str, bodies.StepBody] = {}
    for key, body in configured.items():
        assert body.parameters.config is not None
        try:
            made: Any = config.resolve_config(
                body.parameters.config[1],
                step=key,
                files=files,
                environ=os.environ,
                overrides=(overrides or {}).get(key),
                defaults=body.config,
            )
        except sources.ConfigurationError as error:
            problems.extend(error.diagnostics)
        else:
            changed[key] = replace(body, config={name: getattr(made, name) for name in type(made).model_fields})
    tasks = [body for key, body in definitions.tasks.items() if steps is None or key in steps]
    needed = set(definitions.resources) if steps is None else _resources_of(wanted.values(), tasks)
    filled: dict[str, object] = {}
    for name, resource in definitions.resources.items():
        try:
            filled[name] = resources.resolve(resource, name=name, files=files, environ=os.environ)
        except sources.ConfigurationError as error:
            if name in needed:
                problems.extend(error.diagnostics)
    if problems:
        raise sources.ConfigurationError(problems)
    return replace(definitions, bodies={**definitions.bodies, **changed}, resources=filled)


def _resources_of(wanted: Iterable[bodies.StepBody], tasks: Iterable[bodies.TaskBody]) -> set[str]:
    """The resources that bodies, their checks and tasks ask for by a parameter."""
    asking = [
        parameters for body in wanted for parameters in (body.parameters, *(each.parameters for each in body.checks))
    ]
    asking.extend(body.parameters for body in tasks)
    return {name for parameters in asking for name in parameters.resources.values()}
