"""The arguments of `.map()`: which of them are mapped over, and what each element's call is given."""

from __future__ import annotations

import collections.abc
from collections.abc import Iterator, Mapping
from typing import Any

from weft.define import futures, tasks
from weft.model import errors, pipelines
from weft.runtime.flows import calls

_LISTS = (
    list,
    tuple,
    range,
    set,
    frozenset,
    collections.abc.Iterator,
    collections.abc.KeysView,
    collections.abc.ValuesView,
)
_SERIES = frozenset({"ndarray", "Series", "Index"})


def elements(
    task: tasks.TaskDefinition[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Yield the arguments of each element's call.

    Raises:
        UsageError: no argument is a list, their lengths differ, or there are too many elements.
    """
    names: list[str | int] = [*range(len(args)), *kwargs]
    given = [*args, *kwargs.values()]
    lists: dict[str | int, list[Any]] = {}
    for name, value in zip(names, given, strict=True):
        if isinstance(value, calls.CallFuture):
            value = value.result()
        if _is_mapped_over(value):
            lists[name] = list(value)
    if not lists:
        told = ", ".join(type(each).__name__ for each in given) or "nothing"
        raise errors.UsageError(
            f"{task.name}.map() was given no list to map over: {told}.",
            remedy="Give a list, or call the task itself.",
        )
    lengths = {name: len(each) for name, each in lists.items()}
    count = next(iter(lengths.values()))
    if any(each != count for each in lengths.values()):
        told = ", ".join(f"{_told(name)} has {length}" for name, length in lengths.items())
        raise errors.UsageError(
            f"{task.name}.map() was given lists of different lengths: {told}.",
            remedy="Give lists of one length; unmapped(value) keeps a list whole for every element.",
        )
    if count > pipelines.MOST_ITEMS:
        raise errors.UsageError(
            f"{task.name}.map() was given {count:,} elements; the limit is {pipelines.MOST_ITEMS:,}.",
            remedy="Give each call a batch of them: weft needs a step run for each call.",
        )
    fixed = {
        name: value.value if isinstance(value, futures.Unmapped) else value
        for name, value in zip(names, given, strict=True)
        if name not in lists
    }
    places = [name for name in names if isinstance(name, int)]
    for number in range(count):
        by_place = tuple(lists[name][number] if name in lists else fixed[name] for name in places)
        yield by_place, {name: lists[name][number] if name in lists else fixed[name] for name in kwargs}


def _is_mapped_over(value: object) -> bool:
    return isinstance(value, _LISTS) or type(value).__name__ in _SERIES


def _told(name: str | int) -> str:
    return f"argument {name + 1}" if isinstance(name, int) else repr(name)
