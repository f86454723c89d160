"""`python`, also called `PythonOperator`: a function that is called with given arguments and the context."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from weft.define import task_context
from weft.model import errors
from weft.operators import defining


@defining.operator("python", templates=("op_args", "op_kwargs", "templates_dict"))
def python(
    python_callable: Callable[..., Any],
    *,
    op_args: Sequence[Any] = (),
    op_kwargs: Mapping[str, Any] | None = None,
    templates_dict: Mapping[str, Any] | None = None,
) -> Any:
    """Call a function and return what it returns.

    Args:
        python_callable: the function. `**context` gets all that a template may name (`ds`, `params`, `ti` …); a
            parameter of such a name, and without an argument, gets that alone; `context` gets the context itself.
        op_args: its arguments by position; texts in them may be templates.
        op_kwargs: its arguments by name, likewise.
        templates_dict: more texts that may be templates, given to the function under this name.

    Raises:
        UsageError: it is not callable, or its arguments do not fit.
    """
    if not callable(python_callable):
        raise errors.UsageError(
            f"PythonOperator: python_callable is {python_callable!r}, which is not callable.",
            remedy="Give the function itself, not what it returns.",
        )
    named = dict(op_kwargs or {})
    if templates_dict is not None:
        named["templates_dict"] = dict(templates_dict)
    named = {**_from_context(python_callable, op_args, named), **named}
    try:
        inspect.signature(python_callable).bind(*op_args, **named)
    except TypeError as error:
        name = getattr(python_callable, "__qualname__", repr(python_callable))
        raise errors.UsageError(
            f"PythonOperator: {name}{inspect.signature(python_callable)} can't be called like this: {error}.",
            remedy="Change op_args and op_kwargs.",
        ) from error
    found = python_callable(*op_args, **named)
    if inspect.iscoroutine(found):
        from weft.worker import coroutines

        return coroutines.run(found)
    return found


PythonOperator = python


def _from_context(function: Callable[..., Any], args: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """What the function's parameters take from the context: those that have no argument, by name."""
    context = task_context.current.get()
    if context is None:
        return {}
    parameters = list(inspect.signature(function).parameters.values())
    positional = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    bound = {each.name for each in positional[: len(args)]} | set(named)
    found: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.kind is parameter.VAR_KEYWORD:
            found |= {name: context[name] for name in sorted(_known(context) - bound)}
        elif parameter.name in bound or parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL):
            continue
        elif parameter.name == "context":
            found["context"] = context
        elif parameter.name in task_context.NAMES and parameter.name in _known(context):
            found[parameter.name] = context[parameter.name]
    return found


def _known(context: task_context.TaskContext) -> set[str]:
    """What this run's context can give: a run without an interval has no `ds`."""
    known = set()
    for name in task_context.NAMES:
        try:
            context[name]
        except (KeyError, errors.UsageError):
            continue
        known.add(name)
    return known
