"""Definitions made ready to run: resources and configs with their values from files and the environment.

Done in the process that runs the bodies, and only there: looking at definitions needs no secrets.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from weft.define import bodies
from weft.model import diagnostics


def ready(
    definitions: bodies.BuiltDefinitions,
    *,
    files: Sequence[Any] = (),
    overrides: Mapping[str, Mapping[str, object]] | None = None,
) -> bodies.BuiltDefinitions:
    """Fill in the values of resources and configs.

    `overrides` are fields by step, `files` what `define.sources.read` gives.

    Raises:
        ConfigurationError: with everything that is missing, unknown or wrong.
    """
    configured = {key: body for key, body in definitions.bodies.items() if body.parameters.config is not None}
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
    filled: Mapping[str, object] = definitions.resources
    try:
        filled = resources.resolve_all(definitions.resources, files=files, environ=os.environ)
    except sources.ConfigurationError as error:
        problems.extend(error.diagnostics)
    if problems:
        raise sources.ConfigurationError(problems)
    return replace(definitions, bodies={**definitions.bodies, **changed}, resources=filled)
