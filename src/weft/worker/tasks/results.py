"""What steps above left behind, read as it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from weft.define import references
from weft.model import errors, pipelines, spelling
from weft.ports import executor
from weft.storage import combining, conversions
from weft.worker import values

ELEMENT = "#"
_SHOWN = 10


class Results:
    """The values that an attempt is given of steps above, by step and name."""

    __slots__ = ("_bound", "_pipeline", "_reader")

    def __init__(
        self,
        bound: Iterable[executor.ResultBinding],
        reader: values.Values,
        pipeline: pipelines.Pipeline | None,
    ) -> None:
        """Read `bound` through `reader`; `pipeline` says which steps are mapped."""
        self._reader = reader
        self._pipeline = pipeline
        self._bound: dict[tuple[str, str], list[executor.ResultBinding]] = {}
        for each in bound:
            self._bound.setdefault((each.step, each.name), []).append(each)

    def __contains__(self, step: str) -> bool:
        return any(key == step for key, _ in self._bound)

    def steps(self) -> list[str]:
        """The steps of which anything is known."""
        return list(dict.fromkeys(step for step, name in self._bound if not name.startswith(ELEMENT)))

    def value(self, wanted: references.Result, annotation: object | None) -> Any:
        """What a reference stands for, as an annotation asks; None of a step that was skipped.

        Raises:
            UsageError: the value has no such part.
            StorageError: it cannot be read.
        """
        found = self._bound.get((wanted.step, wanted.name), ())
        if wanted.aligned or (not self.is_mapped(wanted.step) and not _has_items(found)):
            if not found or found[0].value is None:
                return None
            whole = self._reader.fresh(found[0].value, annotation if not wanted.path else None)
            return follow(whole, wanted.path, _subject(wanted)) if wanted.path else whole
        element = combining.element_type(annotation) if annotation is not None and not wanted.path else None
        items = [self._reader.fresh(each.value, element) for each in found if each.value is not None]
        return follow(items, wanted.path, _subject(wanted)) if wanted.path else _as_asked(items, annotation)

    def is_absent(self, wanted: references.Result) -> bool:
        """Tell whether a reference stands for None because the step above was skipped, or left nothing."""
        found = self._bound.get((wanted.step, wanted.name), ())
        return not found or found[0].value is None

    def element(self, argument: str, source: references.Result, place: int, annotation: object | None) -> Any:
        """The element of a mapped argument: the one that the driver sliced, else that of the whole value."""
        for name in (f"{ELEMENT}{argument}", ELEMENT):
            sliced = self._bound.get((source.step, name))
            if sliced is not None:
                value = sliced[0].value
                return None if value is None else self._reader.fresh(value, annotation)
        if self.is_mapped(source.step) and not source.path and not source.aligned:
            for each in self._bound.get((source.step, source.name), ()):
                if each.item.rpartition(".")[2] == str(place):
                    return None if each.value is None else self._reader.fresh(each.value, annotation)
            return None
        # The whole is read once for all items; each gets its own element.
        found = self._bound.get((source.step, source.name), ())
        if not found or found[0].value is None:
            return pick(None, place, _subject(source))
        whole = self._reader.read(found[0].value, None)
        return values.own(pick(follow(whole, source.path, _subject(source)), place, _subject(source)))

    def pulled(self, step: str, name: str, default: object, items: int | Sequence[int] | None) -> Any:
        """What a step left under a name: for `TaskContext.pull`."""
        found = self._bound.get((step, name), ())
        mapped = self.is_mapped(step) or _has_items(found)
        if items is not None:
            wanted = [items] if isinstance(items, int) else list(items)
            by_item = {each.item.rpartition(".")[2]: each for each in found}
            chosen = [by_item.get(str(each)) for each in wanted]
            read = [self._read_or(each, default) for each in chosen]
            return read[0] if isinstance(items, int) else read
        if mapped:
            return [self._read_or(each, default) for each in found if each.value is not None]
        return self._read_or(found[0] if found else None, default)

    def is_mapped(self, step: str) -> bool:
        """Whether a step has items."""
        found = self._pipeline.steps.get(step) if self._pipeline is not None else None
        return found is not None and (found.fan is not None or bool(found.group))

    def _read_or(self, bound: executor.ResultBinding | None, default: object) -> Any:
        return default if bound is None or bound.value is None else self._reader.fresh(bound.value, None)


def follow(value: Any, path: Sequence[str | int], subject: str) -> Any:
    """The part of a value that a path leads to; None of None, since a step that was skipped has no parts.

    Raises:
        UsageError: there is no such part.
    """
    if value is None:
        return None
    place = ""
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError) as error:
            if isinstance(part, str) and not isinstance(error, (KeyError, IndexError)) and hasattr(value, part):
                value = getattr(value, part)  # a record: its fields are parts as well
            else:
                raise errors.UsageError(
                    f"The value of {subject}{place} has no {part!r}.{_instead(value, part)}",
                    remedy="Correct the reference, or what the task returns.",
                ) from None
        place += f"[{part!r}]"
    return value


def pick(value: Any, place: int, subject: str) -> Any:
    """The element of a value that is mapped over: of a mapping a pair of key and value.

    Raises:
        UsageError: it is no list, tuple or mapping, or has fewer elements.
    """
    elements: Any = list(value.items()) if isinstance(value, dict) else value
    if isinstance(elements, (set, frozenset)):
        elements = sorted(elements, key=repr)
    try:
        if isinstance(elements, (str, bytes)) or not hasattr(elements, "__len__"):
            raise TypeError
        return elements[place]
    except (TypeError, KeyError, IndexError):
        raise errors.UsageError(
            f"The value of {subject} was mapped over, but has no element {place}: it is {type(value).__qualname__}.",
            remedy="Return a list, a tuple or a dict from it.",
        ) from None


def _instead(value: Any, part: str | int) -> str:
    if isinstance(value, dict):
        known = [each for each in value if isinstance(each, str)]
        near = spelling.did_you_mean(part, known) if isinstance(part, str) else None
        shown = ", ".join(map(repr, list(value)[:_SHOWN]))
        return f" {near}" if near else f" It has {shown}." if shown else " It is empty."
    if isinstance(value, (list, tuple)):
        return f" It has {len(value)} elements."
    return f" It is {type(value).__qualname__}."


def _subject(wanted: references.Result) -> str:
    return f"{wanted.step} (named {wanted.name!r})" if wanted.name else wanted.step


def _has_items(found: Sequence[executor.ResultBinding]) -> bool:
    return len(found) > 1 or bool(found and found[0].item)


def _as_asked(items: list[Any], annotation: object | None) -> Any:
    """The list of what all items returned; tables are joined where a table is asked for."""
    if annotation is None or conversions.table_kind(annotation) is None or not items:
        return items
    return combining.combine({str(place): each for place, each in enumerate(items)}, annotation)
