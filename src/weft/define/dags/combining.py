"""Small steps that make one list of several values: what `.zip`, `.concat`, `.map` and parts of values come to."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from weft.define import signals, tasks

if TYPE_CHECKING:
    from weft.define.dags import declaration, nodes


def _elements(value: Any) -> Sequence[Any]:
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, (list, tuple)):
        return value
    raise signals.Fail(f"{type(value).__name__} is no list or mapping, so it has no elements to combine.")


def _pick(value: Any) -> Any:
    return value


def _concat(values: list[Any]) -> list[Any]:
    return [element for value in values for element in _elements(value)]


def _zip(values: list[Any], fill: bool, fillvalue: Any) -> list[Any]:
    lists = [_elements(value) for value in values]
    if fill:
        return list(itertools.zip_longest(*lists, fillvalue=fillvalue))
    return list(zip(*lists, strict=False))


def _map(value: Any, functions: list[Callable[[Any], Any]]) -> list[Any]:
    found: list[Any] = []
    for element in _elements(value):
        try:
            for function in functions:
                element = function(element)
        except signals.Skip:
            continue
        found.append(element)
    return found


_VERSION = "2"


def _task(name: str, function: Callable[..., Any]) -> tasks.TaskDefinition[..., Any]:
    function.__name__ = name
    return tasks.TaskDefinition(function, given={"code_version": _VERSION}, location=None, operator="combine")


_PICK, _CONCAT, _ZIP, _MAP = (
    _task("pick", _pick),
    _task("concat", _concat),
    _task("zip", _zip),
    _task("map", _map),
)


def picked(declared: declaration.Declaration, value: nodes.Value) -> nodes.Node:
    """A part of a value, or a parameter of the run, as the whole value of a step."""
    return declared.call(_PICK, (value,), {})  # type: ignore[no-any-return]


def concatenated(declared: declaration.Declaration, values: Sequence[Any]) -> nodes.Node:
    """The elements of several values one after another."""
    return declared.call(_CONCAT, (list(values),), {})  # type: ignore[no-any-return]


def zipped(declared: declaration.Declaration, values: Sequence[Any], *, fill: bool, fillvalue: Any) -> nodes.Node:
    """The elements of several values side by side."""
    return declared.call(_ZIP, (list(values), fill, fillvalue), {})  # type: ignore[no-any-return]


def mapped(declared: declaration.Declaration, value: nodes.Value, functions: Sequence[Any]) -> nodes.Node:
    """What functions make of each element of a value."""
    return declared.call(_MAP, (value, list(functions)), {})  # type: ignore[no-any-return]
