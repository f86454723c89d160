"""The body of a task as the calls of flows run it: made without a build, and light to import."""

from __future__ import annotations

from typing import Any

from weft.define import bodies, parameters, signatures, tasks


def task_body(definition: tasks.TaskDefinition[..., Any], *, key: str, code: str = "") -> bodies.TaskBody:
    """Make the body of a task for the calls of flows, outside of any build: its parameters are the call's arguments."""
    signature = signatures.read(definition.function)
    context = next(
        (
            name
            for name in signature.names
            if name == "context" or parameters.is_context(signature.annotations.get(name, signatures.MISSING))
        ),
        None,
    )
    return bodies.TaskBody(
        key=key,
        name=definition.name,
        function=definition.function,
        parameters=bodies.Parameters(context=context, annotations=signature.annotations),
        conditions=definition.conditions,
        cache=definition.cache,
        hooks=definition.hooks,
        retry_if=definition.retry_if,
        role=definition.role,
        code=code,
        resources=definition.options.get("resources") or {},
    )
