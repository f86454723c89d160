"""What pipelines say that they wait for: other pipelines and assets that tasks of theirs name.

Only what is written down in the call is known before a run: `wait_for_pipeline(pipeline="daily")`, but no name that is
a template, or the result of a task.
"""

from __future__ import annotations

from weft.define import bodies
from weft.model import keys
from weft.service import world as worlds

_MODULE = "weft.operators.waiting"  # by its name, since loading it costs what few projects need


def named(world: worlds.World, pipeline: str) -> set[keys.AssetKey]:
    """The pipelines and assets that a pipeline's tasks wait for, as far as they are defined."""
    found: set[keys.AssetKey] = set()
    for step in world.graph.pipelines[pipeline].steps:
        body = world.definitions.tasks.get(step)
        name = _named_by(body) if body is not None else ""
        if name != pipeline and (name in world.graph.pipelines or name in world.graph.assets):
            found.add(name)
    return found


def _named_by(body: bodies.TaskBody) -> str:
    if body.function.__module__ != _MODULE:
        return ""
    match getattr(body.function, "__name__", ""):
        case "wait_for_pipeline":
            given, attribute = body.arguments.get("pipeline"), "name"
        case "wait_for_asset":
            given, attribute = body.arguments.get("asset"), "key"
        case _:
            return ""
    name = given if isinstance(given, str) else getattr(given, attribute, "")
    return name if isinstance(name, str) else ""
