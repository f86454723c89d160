"""Arguments of a task against its parameters: names first, then types, before anything runs.

A value that is exactly of the annotated type passes as the very object and without pydantic, which takes long to
import; any other is pydantic's to judge and to convert (text into a date, a dict into a model), as in `validate_call`.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from weft.model import errors, spelling
from weft.storage import conversions, tables
from weft.worker.tasks import shapes

_LONGEST_VALUE = 120
_REMEDY = "Pass a value of that type, or change the annotation."
_PLAIN = frozenset({int, str, float, bool, bytes, list, dict, tuple, set, frozenset, type(None)})
_adapters: dict[Any, Any] = {}


@dataclass(frozen=True, slots=True)
class Bound:
    """The arguments of one call: as they are passed, and all by the name of their parameter, defaults included."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    arguments: dict[str, Any]


def bind(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], *, task: str) -> Bound:
    """Put the arguments of a call to the parameters of a function; what the context fills may be missing.

    Raises:
        UsageError: one is missing, unknown, given twice, or there are too many.
    """
    shape = _shape(function, task)
    found: dict[str, Any] = {}
    if args:
        for name, value in zip(shape.by_place, args, strict=False):
            if name in kwargs and name not in shape.positional:
                raise errors.UsageError(
                    f"The task {task!r} was given {name!r} twice, by place and by name.", remedy=_takes(shape)
                )
            found[name] = value
        if len(args) > len(shape.by_place) and shape.several is None:
            raise errors.UsageError(
                f"The task {task!r} takes {shape.text}, and was called with {len(args)} arguments by place.",
                remedy="Leave out what is too much.",
            )
    unknown = [name for name in kwargs if name not in shape.names or name in shape.positional]
    if unknown and shape.rest is None:
        raise errors.UsageError(
            f"The task {task!r} takes {shape.text}; {unknown[0]!r} is no parameter of it.",
            remedy=spelling.did_you_mean(unknown[0], shape.names) or "Leave it out.",
        )
    found.update((name, value) for name, value in kwargs.items())
    missing = [name for name in shape.required if name not in found]
    if missing:
        raise errors.UsageError(
            f"The task {task!r} was called without {', '.join(map(repr, missing))}.", remedy=_takes(shape)
        )
    return _passed(shape, found, args)


def validated(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    *,
    task: str,
    annotations: Mapping[str, Any] | None = None,
) -> Bound:
    """Bind the arguments of a call and hold them against the annotations of the parameters.

    Args:
        function: the task's function.
        args: the arguments by place.
        kwargs: the arguments by name.
        task: its name, for messages.
        annotations: types by parameter, in place of what can be resolved from the function.

    Raises:
        UsageError: the arguments do not fit the parameters.
        TypeMismatchError: a value is not of its parameter's type, nor can be converted to it.
    """
    bound = bind(function, args, kwargs, task=task)
    shape = shapes.shape(function)
    known = shape.annotations if annotations is None else annotations
    given = {name: value for name, value in bound.arguments.items() if name in known and name != shape.context}
    given.pop(shape.several or "", None)
    given.pop(shape.rest or "", None)
    changed = check(given, known, task=task, defaults=shape.defaults)
    return replaced(function, bound, changed) if changed else bound


def replaced(function: Callable[..., Any], bound: Bound, changed: Mapping[str, Any]) -> Bound:
    """The same call with other values for some of its arguments."""
    place = {name: index for index, name in enumerate(shapes.shape(function).by_place[: len(bound.args)])}
    args = list(bound.args)
    kwargs = dict(bound.kwargs)
    for name, value in changed.items():
        if name in place and name not in kwargs:
            args[place[name]] = value
        else:
            kwargs[name] = value
    return Bound(tuple(args), kwargs, {**bound.arguments, **changed})


def check(
    arguments: Mapping[str, Any], annotations: Mapping[str, Any], *, task: str, defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """Hold arguments against annotations, and return those that were converted, by name.

    A value that is the parameter's own default is taken as it is.

    Raises:
        TypeMismatchError: a value is not of its parameter's type, nor can be converted to it.
    """
    changed: dict[str, Any] = {}
    for name, value in arguments.items():
        annotation = annotations.get(name, Any)
        if fits(value, annotation) or (name in defaults and value is defaults[name]):
            continue
        converted = _converted(value, annotation, name, task)
        if converted is not value:
            changed[name] = converted
    return changed


def fits(value: Any, annotation: Any) -> bool:
    """Tell whether a value is of a type for certain, without pydantic; False only means that it is not certain."""
    kind = type(value)
    if annotation is kind or annotation is Any or annotation is object:
        return True
    if annotation is None:
        return value is None
    origin = typing.get_origin(annotation)
    if origin is None:
        if isinstance(annotation, type):
            # A bool is an int to Python, hardly ever to the author; an int for a float is converted.
            return annotation not in _PLAIN and _is_instance(value, annotation)
        return isinstance(annotation, (str, typing.TypeVar, typing.ForwardRef))
    inner = typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, each) for each in inner)
    if origin is typing.Literal:
        return any(kind is type(each) and value == each for each in inner)
    if origin in (list, set, frozenset) and kind is origin:
        return _all_fit(value, inner[0])
    if origin is dict and kind is dict:
        return _all_fit(value.keys(), inner[0]) and _all_fit(value.values(), inner[1])
    if origin is tuple and kind is tuple:
        if len(inner) == 2 and inner[1] is Ellipsis:
            return _all_fit(value, inner[0])
        return len(inner) == len(value) and all(map(fits, value, inner))
    return False


def _all_fit(items: Iterable[Any], annotation: Any) -> bool:
    if annotation in (Any, object):
        return True
    if annotation in _PLAIN:
        return all([type(each) is annotation for each in items])  # noqa: C419 - a list is quicker
    return all(fits(each, annotation) for each in items)


def _is_instance(value: Any, annotation: type) -> bool:
    try:
        return isinstance(value, annotation)
    except TypeError:  # a protocol that cannot be asked
        return True


def _converted(value: Any, annotation: Any, name: str, task: str) -> Any:
    kind = conversions.table_kind(annotation)
    if kind is not None and tables.kind_of(type(value)) is not None:
        return tables.convert(value, kind)
    if annotation is float and type(value) is int:
        return float(value)
    adapter = _adapter(annotation)
    if adapter is None:
        return value
    import pydantic

    try:
        return adapter.validate_python(value)
    except pydantic.ValidationError as error:
        raise mismatch(task, name, value, annotation, _why(error)) from None


def _why(error: Any) -> str:
    problems = error.errors(include_url=False, include_context=False)
    told = []
    for problem in problems[:3]:
        place = "".join(f"[{part!r}]" for part in problem["loc"])
        text = problem["msg"][:1].lower() + problem["msg"][1:]
        told.append(f"{place}: {text}" if place else text)
    more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
    return "; ".join(told) + more


def mismatch(task: str, name: str, value: object, annotation: object, why: str) -> errors.TypeMismatchError:
    """The error for a value that is not of its parameter's type."""
    return errors.TypeMismatchError(
        f"The parameter {name!r} of the task {task!r} is {_short(value)} ({type(value).__qualname__}), "
        f"not {_name(annotation)}: {why}.",
        remedy=_REMEDY,
    )


def _adapter(annotation: Any) -> Any:
    try:
        return _adapters[annotation]
    except KeyError:
        made = _adapters[annotation] = _new_adapter(annotation)
        return made
    except TypeError:  # Annotated with a note that can't be hashed
        return _new_adapter(annotation)


def _new_adapter(annotation: Any) -> Any:
    """Pydantic's validator for an annotation, None where it has none."""
    import pydantic

    try:
        return pydantic.TypeAdapter(annotation, config=pydantic.ConfigDict(arbitrary_types_allowed=True))
    except (pydantic.PydanticUserError, NameError, TypeError):
        pass  # typed dicts and models have settings of their own
    try:
        return pydantic.TypeAdapter(annotation)
    except (pydantic.PydanticUserError, NameError, TypeError):
        return None


def _shape(function: Callable[..., Any], task: str) -> shapes.Shape:
    try:
        return shapes.shape(function)
    except (ValueError, TypeError):
        raise errors.UsageError(
            f"The parameters of the task {task!r} are not known to Python.", remedy="Wrap it in a function of your own."
        ) from None


def _passed(shape: shapes.Shape, found: dict[str, Any], args: tuple[Any, ...]) -> Bound:
    """Sort arguments by name into those that are passed by place and those by name."""
    arguments = {**shape.defaults, **found} if shape.defaults else dict(found)
    if shape.context is not None and shape.context not in found:
        arguments.pop(shape.context, None)
    if shape.plain:
        return Bound((), found, arguments)
    if shape.several is not None and len(args) > len(shape.by_place):
        named = list(shape.by_place)
        rest = args[len(named) :]
        by_place = (*(found[name] for name in named), *rest)
        arguments[shape.several] = rest
        return Bound(by_place, {name: value for name, value in found.items() if name not in named}, arguments)
    named = [name for name in shape.positional if name in found]
    return Bound(
        tuple(found[name] for name in named),
        {name: value for name, value in found.items() if name not in named},
        arguments,
    )


def _takes(shape: shapes.Shape) -> str:
    return f"It takes {shape.text}."


def _short(value: object) -> str:
    try:
        text = repr(value)
    except Exception as problem:  # the user's own __repr__
        text = f"(repr() raised {type(problem).__qualname__})"
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _name(annotation: object) -> str:
    if isinstance(annotation, type) and typing.get_origin(annotation) is None:
        return annotation.__qualname__
    return str(annotation).replace("typing.", "")
