"""Expanding: what a task or a group is mapped over, and how many step runs that makes."""

from __future__ import annotations

import collections.abc
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from weft.define import references
from weft.define.dags import arguments, combining, nodes
from weft.model import errors, keys, pipelines

if TYPE_CHECKING:
    from weft.define.dags import declaration

ALL_ARGUMENTS = "**"
"""The argument in which the elements of `expand_kwargs` stand: mappings, merged into the other arguments."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """A fan, with the elements that stand for the arguments.

    `steps` are its sources, `within` the steps whose values stand in its lists, `functions` those in these lists.
    """

    fan: pipelines.Fan
    arguments: dict[str, Any]
    steps: tuple[keys.StepKey, ...]
    within: tuple[keys.StepKey, ...] = ()
    functions: tuple[Any, ...] = ()


@dataclass(slots=True)
class _Sources:
    """Collects what a fan is over. `verb` names the call in messages."""

    declared: declaration.Declaration
    verb: str
    sources: list[tuple[str, keys.StepKey | int]] = field(default_factory=list)
    names: list[tuple[str, str]] = field(default_factory=list)
    within: dict[keys.StepKey, bool] = field(default_factory=dict)
    """Steps whose values are elements of lists."""
    functions: list[Any] = field(default_factory=list)

    def element(self, name: str, value: Any) -> references.Element:
        """Add one source; return what stands for its element."""
        transforms: tuple[Any, ...] = ()
        if isinstance(value, nodes.Mapped):
            value, transforms = value.of, value.functions
        if isinstance(value, nodes.Value):
            return references.Element(name, self._of_value(name, value), transforms=transforms)
        return references.Element(name, self._of_literal(name, value), transforms=transforms)

    def _of_value(self, name: str, value: nodes.Value) -> references.Result:
        if isinstance(value, nodes.ElementValue):
            self.refuse(name, f"{value.describe()}, within a group that is expanded itself", "Expand one of the two.")
        value = value.resolved()
        if value.declaration is not self.declared:
            self.refuse(name, f"{value.describe()}, which belongs to another DAG", "Tasks share values within one DAG.")
        leaf = value.leaf
        if not isinstance(leaf, references.Result) or leaf.path:
            leaf = combining.picked(self.declared, value).leaf
        self.sources.append((name, leaf.step))
        if leaf.name:
            self.names.append((name, leaf.name))
        found: references.Result = leaf
        return found

    def _of_literal(self, name: str, value: Any) -> Any:
        if isinstance(value, range):
            value = list(value)
        if isinstance(value, (set, frozenset)):
            self.refuse(name, f"the set {_short(value)}, which has no order", "Give a list: sorted(…).")
        if not isinstance(value, (list, tuple, collections.abc.Mapping)):
            kind = "text" if isinstance(value, (str, bytes)) else type(value).__name__
            self.refuse(
                name,
                f"{_short(value)}, which is {kind} and no list",
                "Give a list, a dict, or what a task returned; what is the same for all goes into partial().",
            )
        self._check_count(len(value))
        self.sources.append((name, len(value)))
        converter = arguments.Converter(None, None)
        if isinstance(value, collections.abc.Mapping):
            value = dict(value)
        converted = converter.convert(value, name, self.declared)
        for message, remedy in converter.wrong:
            raise errors.UsageError(f"{self.verb}() was called with {message}", remedy=remedy)
        self.within.update(converter.reads)
        self.functions.extend(converter.functions)
        return converted

    def finished(self, given: dict[str, Any], *, zipped: bool = False) -> Mapping:
        """Return the whole, once it is known that there are not too many items."""
        known = [length for _, length in self.sources if isinstance(length, int)]
        if known:
            self._check_count(min(known) if zipped else math.prod(known))
        steps = [each for _, each in self.sources if isinstance(each, str)]
        fan = pipelines.Fan(sources=tuple(self.sources), zipped=zipped, names=tuple(self.names))
        return Mapping(fan, given, tuple(dict.fromkeys(steps)), tuple(self.within), tuple(self.functions))

    def _check_count(self, count: int) -> None:
        most = self.declared.most_items
        if count > most:
            raise errors.UsageError(
                f"{self.verb}() makes {count:,} step runs, and {most:,} are allowed.",
                remedy="Map over chunks of the data, or allow more: DAG(max_map_length=…).",
            )

    def refuse(self, name: str, what: str, remedy: str) -> NoReturn:
        """Raise the error about one source."""
        argument = "" if name == ALL_ARGUMENTS else f"{name.partition('.')[0]}="
        raise errors.UsageError(f"{self.verb}({argument}…) was given {what}.", remedy=remedy)


def fan_of(declared: declaration.Declaration, verb: str, given: collections.abc.Mapping[str, Any]) -> Mapping:
    """Return the fan over all combinations of the elements of `given`; of one `.zip`, over its lists side by side.

    Raises:
        UsageError: nothing is given, something is no list, or has too many elements.
    """
    if not given:
        raise errors.UsageError(f"{verb}() was given nothing to map over.", remedy="Write expand(argument=list).")
    found = _Sources(declared, verb)
    if len(given) == 1:
        ((name, value),) = given.items()
        if isinstance(value, nodes.Zipped) and not value.fill:
            parts = tuple(found.element(f"{name}.{place}", each) for place, each in enumerate(value.parts))
            return found.finished({name: parts}, zipped=True)
    return found.finished({name: found.element(name, value) for name, value in given.items()})


def fan_of_kwargs(declared: declaration.Declaration, verb: str, mappings: Any) -> Mapping:
    """Return the fan over a list of mappings of arguments.

    Raises:
        UsageError: it is no list of mappings, or has too many elements.
    """
    found = _Sources(declared, verb)
    if not isinstance(mappings, (nodes.Value, list, tuple)):
        found.refuse(ALL_ARGUMENTS, f"{_short(mappings)}, which is no list", "Give a list of dicts.")
    if isinstance(mappings, (list, tuple)):
        for place, each in enumerate(mappings):
            if not isinstance(each, (collections.abc.Mapping, nodes.Value)):
                found.refuse(
                    ALL_ARGUMENTS,
                    f"a list whose element {place} is {_short(each)}, which is no mapping",
                    "Give a dict of arguments for each step run.",
                )
    return found.finished({ALL_ARGUMENTS: found.element(ALL_ARGUMENTS, mappings)})


def names_of(mappings: Any) -> Iterator[tuple[str, ...]]:
    """Yield the different sets of names in a list of mappings, as far as they are known beforehand."""
    if isinstance(mappings, (list, tuple)):
        known = {tuple(each): None for each in mappings if isinstance(each, collections.abc.Mapping)}
        yield from known


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
