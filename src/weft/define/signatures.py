"""Reading a function's parameters and annotations, once and cheaply.

`inspect.signature` costs more than all else that is done for an asset, so plain functions are read from their code
objects.
"""

from __future__ import annotations

import collections.abc
import inspect
import sys
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

MISSING: Any = object()
"""Stands for an annotation that is absent."""

_VARARGS = inspect.CO_VARARGS
_WRITTEN_LATER = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
_ITERATIONS = (
    collections.abc.Iterator,
    collections.abc.Iterable,
    collections.abc.Generator,
    collections.abc.AsyncIterator,
    collections.abc.AsyncIterable,
    collections.abc.AsyncGenerator,
)


Known: TypeAlias = dict[tuple[int, str], Any]
"""Resolved annotations by the identity of the module's namespace and their text."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters that can be filled by name, in order, which of them may be left out, and the resolved annotations.

    `positional` names parameters that can't be filled by name and have no default. `annotations` lacks what is not
    annotated and what can't be resolved; "return" is among them.
    """

    names: tuple[str, ...]
    optional: frozenset[str]
    positional: tuple[str, ...]
    annotations: Mapping[str, Any]
    unresolved: frozenset[str] = frozenset()
    """The parameters whose annotations can't be resolved."""


def read(function: Callable[..., Any], known: Known | None = None) -> Signature:
    """Read the signature of any callable; `known` keeps annotations between calls, while modules stay as they are."""
    if type(function) is not types.FunctionType or hasattr(function, "__wrapped__"):
        return _inspected(function)
    code = function.__code__
    count = code.co_argcount
    names = code.co_varnames[: count + code.co_kwonlyargcount]
    defaults = function.__defaults__
    optional: set[str] = set(names[count - len(defaults) : count]) if defaults else set()
    if function.__kwdefaults__:
        optional.update(function.__kwdefaults__)
    first = code.co_posonlyargcount
    positional = tuple(each for each in names[:first] if each not in optional)
    annotations = annotations_of(function, known)
    written = function.__annotations__
    unresolved = frozenset(written.keys() - annotations.keys()) if len(written) > len(annotations) else _NONE
    return Signature(names[first:], frozenset(optional) if optional else _NONE, positional, annotations, unresolved)


_NONE: frozenset[str] = frozenset()


def _inspected(function: Callable[..., Any]) -> Signature:
    names, optional, positional = [], set(), []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        if parameter.default is not parameter.empty:
            optional.add(name)
        if parameter.kind is not parameter.POSITIONAL_ONLY:
            names.append(name)
        elif name not in optional:
            positional.append(name)
    plain = inspect.unwrap(function)
    if not isinstance(plain, types.FunctionType):
        # A partial has its function, an instance that is callable its class's method.
        plain = getattr(plain, "func", None) or getattr(type(plain), "__call__", plain)  # noqa: B004
    return Signature(tuple(names), frozenset(optional), tuple(positional), annotations_of(plain))


def annotations_of(function: Callable[..., Any], known: Known | None = None) -> Mapping[str, Any]:
    """Return a function's resolved annotations, without what can't be resolved (a name imported for typing only)."""
    try:
        found: Mapping[str, Any] = getattr(function, "__annotations__", None) or {}
    except NameError:  # evaluated lazily, from Python 3.14 on
        return {}
    resolved: dict[str, Any] = {}
    scope: dict[str, Any] | None = None
    for name, annotation in found.items():
        if type(annotation) is type or annotation is None:
            resolved[name] = type(None) if annotation is None else annotation
            continue
        if scope is None:
            scope = getattr(function, "__globals__", None) or vars(sys.modules.get(function.__module__, typing))
        if known is None or type(annotation) is not str:
            value = _resolved(annotation, scope)
        else:
            # Modules write the same few texts over and over.
            place = (id(scope), annotation)
            value = known.get(place, known)
            if value is known:
                value = known[place] = _resolved(annotation, scope)
        if value is not MISSING:
            resolved[name] = value
    return resolved


def _resolved(annotation: Any, scope: dict[str, Any]) -> Any:
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    try:
        return typing.get_type_hints(holder, globalns=scope, include_extras=True)["it"]
    except Exception:  # an annotation may be any expression, and raise anything
        return MISSING


def output_type(function: Callable[..., Any], annotation: Any) -> Any:
    """Return the type of the value behind a return annotation: of `Output[T]`, and of what a generator yields, it is T.

    MISSING where the annotation says nothing of the value (`Any`, `object`, a bare `Output`).
    """
    from weft.define import outputs

    if annotation is Any or annotation is object or annotation is outputs.Output or annotation is MISSING:
        return MISSING
    origin = typing.get_origin(annotation)
    if origin is None:
        return MISSING if annotation in _ITERATIONS and is_generator(function) else annotation
    arguments = typing.get_args(annotation)
    if origin in _ITERATIONS and is_generator(function):
        return output_type(function, arguments[0]) if arguments else MISSING
    if origin is outputs.Output:
        return output_type(function, arguments[0]) if arguments else MISSING
    return annotation


def is_generator(function: Callable[..., Any]) -> bool:
    """Tell whether calling the function gives a generator, plain or async."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return code is not None and bool(code.co_flags & _WRITTEN_LATER)


def is_model(annotation: Any) -> bool:
    """Tell whether an annotation is a pydantic model, without importing pydantic."""
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel)


def is_resource(value: Any) -> bool:
    """Tell whether an annotation is a `Resource` class, without importing pydantic."""
    module = sys.modules.get("weft.define.resources")
    return module is not None and isinstance(value, type) and issubclass(value, module.Resource)


def parts_of_tuple(annotation: Any, count: int) -> tuple[Any, ...]:
    """Return the types within `tuple[A, B]` where there are `count`, else none."""
    if typing.get_origin(annotation) is not tuple:
        return ()
    arguments = typing.get_args(annotation)
    return arguments if len(arguments) == count and Ellipsis not in arguments else ()
