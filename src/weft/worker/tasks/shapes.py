"""What the parameters of a task's function are: worked out once for each function."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from weft.define import context as contexts
from weft.define import task_context

_KEPT = 4096
_MISSING = inspect.Parameter.empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The parameters of a function, by how they are passed, with what fills those that nobody gives."""

    signature: inspect.Signature
    text: str
    """The parameters as they are shown: `(date, symbols=…)`."""
    positional: tuple[str, ...]
    """Those that are passed by place alone."""
    by_place: tuple[str, ...]
    """Those that may be passed by place, in order, without the context, which is no argument of a call."""
    names: tuple[str, ...]
    """Those that have names, in order, without `*args` and `**kwargs`."""
    required: tuple[str, ...]
    """Those of them without a default, besides the context's."""
    defaults: Mapping[str, Any]
    several: str | None
    """The name of `*args`."""
    rest: str | None
    """The name of `**kwargs`."""
    context: str | None
    """The parameter that gets the context itself."""
    filled: tuple[str, ...]
    """Parameters without a default that are named as what templates know, and get its value where nothing is given."""
    optional: tuple[str, ...]
    """The same of those whose default is None, which get it in a DAG only."""
    annotations: Mapping[str, Any]
    """The resolved type of each parameter that has one that can be resolved."""

    known: frozenset[str]
    """The names as a set."""
    needed: frozenset[str]
    """What is required, as a set."""
    plain: bool
    """Whether all parameters can be passed by name."""
    simple: bool
    """Whether that is so, and there is no `**kwargs` and nothing that the context fills."""


def shape(function: Callable[..., Any]) -> Shape:
    """The shape of a function's parameters; kept for the next time.

    Raises:
        ValueError, TypeError: it has no signature that Python knows (some built-in functions).
    """
    try:
        return _kept(function)
    except TypeError:  # it can't be hashed, or has no signature: the second is told again below
        return _shape(function)


@functools.lru_cache(maxsize=_KEPT)
def _kept(function: Callable[..., Any]) -> Shape:
    return _shape(function)


def _shape(function: Callable[..., Any]) -> Shape:
    signature = inspect.signature(function)
    annotations = _annotations(function)
    positional: list[str] = []
    by_place: list[str] = []
    names: list[str] = []
    required: list[str] = []
    shown: list[str] = []
    filled: list[str] = []
    optional: list[str] = []
    defaults: dict[str, Any] = {}
    several = rest = context = None
    for name, parameter in signature.parameters.items():
        match parameter.kind:
            case inspect.Parameter.VAR_POSITIONAL:
                several = name
                shown.append(f"*{name}")
                continue
            case inspect.Parameter.VAR_KEYWORD:
                rest = name
                shown.append(f"**{name}")
                continue
            case inspect.Parameter.POSITIONAL_ONLY:
                positional.append(name)
        names.append(name)
        has_default = parameter.default is not _MISSING
        if has_default:
            defaults[name] = parameter.default
        if context is None and (name == "context" or _is_context(annotations.get(name))):
            context = name
            continue
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            by_place.append(name)
        shown.append(f"{name}=…" if has_default else name)
        if name in task_context.NAMES and (not has_default or parameter.default is None):
            (optional if has_default else filled).append(name)
        elif not has_default:
            required.append(name)
    plain = not positional and several is None
    return Shape(
        signature=signature,
        text=f"({', '.join(shown)})",
        positional=tuple(positional),
        by_place=tuple(by_place),
        names=tuple(names),
        required=tuple(required),
        defaults=defaults,
        several=several,
        rest=rest,
        context=context,
        filled=tuple(filled),
        optional=tuple(optional),
        annotations=annotations,
        known=frozenset(names),
        needed=frozenset(required),
        plain=plain,
        simple=plain and rest is None and context is None and not filled and not optional,
    )


def _is_context(annotation: object) -> bool:
    if annotation in (contexts.Context, task_context.TaskContext):
        return True
    return any(each in (contexts.Context, task_context.TaskContext) for each in typing.get_args(annotation))


def _annotations(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotations that can be resolved; text that names what is not there says nothing."""
    inner: Any = inspect.unwrap(function)
    while isinstance(inner, functools.partial):
        inner = inner.func
    if not inspect.isroutine(inner) and not isinstance(inner, type):
        inner = getattr(inner, "__call__", inner)  # noqa: B004
    try:
        found = typing.get_type_hints(inner, include_extras=True)
    except (NameError, TypeError, AttributeError, SyntaxError):
        found = {name: _resolved(each, inner) for name, each in getattr(inner, "__annotations__", {}).items()}
    return {name: each for name, each in found.items() if name != "return" and not isinstance(each, str)}


def _resolved(annotation: Any, function: Any) -> Any:
    if not isinstance(annotation, str):
        return annotation
    try:
        free = inspect.getclosurevars(function).nonlocals
        return eval(annotation, getattr(function, "__globals__", {}), dict(free))  # noqa: S307 - as typing does
    except Exception:  # whatever the text is: it says nothing then
        return annotation
