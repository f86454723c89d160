"""What pipelines say that they wait for: other pipelines and assets that tasks of theirs name.

Only what is written down in the call is known before a run: `wait_for_pipeline(pipeline="daily")`, but no name that is
a template, or the result of a task.
"""

from __future__ import annotations

from weft.define import bodies, references
from weft.model import keys
from weft.service import world as worlds

_MODULE = "weft.operators.waiting"  # by its name, since loading it costs what few projects need
_LATER = (references.Result, references.Element, references.ParamValue, references.Template)
_ARGUMENTS = {"wait_for_pipeline": ("pipeline", "name"), "wait_for_asset": ("asset", "key")}


def named(world: worlds.World, pipeline: str) -> set[keys.AssetKey]:
    """The pipelines and assets that a pipeline's tasks wait for, as far as they are defined."""
    known = world.graph.pipelines.keys() | world.graph.assets.keys()
    return {name for name in _names(world, pipeline) if name is not None and name in known and name != pipeline}


def has_unnamed(world: worlds.World, pipeline: str) -> bool:
    """Whether a pipeline's tasks wait for something that is known only when they run."""
    return None in _names(world, pipeline)


def _names(world: worlds.World, pipeline: str) -> set[str | None]:
    found = [world.definitions.tasks.get(step) for step in world.graph.pipelines[pipeline].steps]
    return {
        _name(body, *_ARGUMENTS[body.function.__name__])
        for body in found
        if body is not None and body.function.__module__ == _MODULE and body.function.__name__ in _ARGUMENTS
    }


def _name(body: bodies.TaskBody, argument: str, attribute: str) -> str | None:
    given = body.arguments.get(argument)
    if isinstance(given, _LATER):
        return None
    name = given if isinstance(given, str) else getattr(given, attribute, None)
    return name if isinstance(name, str) else None
