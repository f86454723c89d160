"""References: what stands in a DAG for values that only a run has. They are the leaves of a call's arguments.

While a DAG is declared, a call of a task gives a `Reference` to what it will return; a run's worker puts the values in
their places (`worker.arguments`). Arguments are plain Python containers with references and templates in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from weft.model import keys


@dataclass(frozen=True, slots=True)
class Result:
    """What a step returned, or pushed under `name`; `path` leads into it: `trades["count"]`, `parts[0]`.

    Of a mapped step it is the list of what all items returned, unless `aligned`: then of the item of the same number.
    """

    step: keys.StepKey
    name: str = ""
    path: tuple[str | int, ...] = ()
    aligned: bool = False


@dataclass(frozen=True, slots=True)
class Element:
    """The element of an argument that is mapped over: of `source` (a reference or a list), for the argument `name`."""

    name: str
    source: Any
    path: tuple[str | int, ...] = ()
    transforms: tuple[Any, ...] = ()
    """Functions that `.map(function)` on a reference put before the element, first to last."""


@dataclass(frozen=True, slots=True)
class ParamValue:
    """A parameter of the run."""

    name: str
    path: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """Text with `{{ … }}` in it, filled in from the run's context. `field` names the argument for messages."""

    text: str
    field: str = field(default="", compare=False)


LEAVES = (Result, Element, ParamValue, Template)


def leaves(value: Any) -> Iterator[Result | Element | ParamValue | Template]:
    """Yield the references and templates in an argument: it, or what lists, tuples, sets and mappings in it hold."""
    if isinstance(value, LEAVES):
        yield value
        if isinstance(value, Element):
            yield from leaves(value.source)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from leaves(key)
            yield from leaves(each)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for each in value:
            yield from leaves(each)
