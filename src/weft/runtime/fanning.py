"""Mapped steps: how many step runs each has, found out from what it maps over, and the element of each step run."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from weft.model import keys, pipelines, stored
from weft.ports import executor as executors
from weft.runtime import results as resulting

_SLICED_BYTES = 64 * 1024 * 1024
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_MAPPING = msgspec.json.Decoder(dict[str, msgspec.Raw])
_MARKED = b'{"$'  # a JSON text that stands for something JSON lacks: see weft.storage.json_values
_TUPLE = b'{"$tuple":'
_ENCODER = msgspec.json.Encoder()


class CannotExpand(Exception):  # noqa: N818 - a signal within the runtime, told to users as the failure of a step run
    """A mapped step has nothing that it could be mapped over, or too much; the message says what and why."""


class Fans:
    """The mapped steps of one run."""

    def __init__(self, pipeline: pipelines.Pipeline, results: resulting.Results) -> None:
        """Look values up in `results`."""
        self._pipeline = pipeline
        self._results = results
        self._sizes: dict[keys.StepKey, tuple[int, ...]] = {}
        self._items: dict[keys.StepKey, list[str]] = {}
        self._slices: OrderedDict[tuple[keys.StepKey, str], Sequence[bytes] | None] = OrderedDict()
        self._sliced = 0

    def count(self, step: pipelines.TaskStep) -> int:
        """How many step runs a mapped step has, now that all it maps over has ended.

        Raises:
            CannotExpand: something is no list or mapping, or there would be more than the pipeline allows.
        """
        fan = step.fan
        assert fan is not None
        sizes = self._sizes_of(step)
        if fan.zipped:
            count = (max if fan.longest else min)(sizes, default=0)
        else:
            count = math.prod(sizes) if sizes else 0
        if count > self._pipeline.most_items:
            over = " x ".join(f"{size:,} of {name!r}" for (name, _), size in zip(fan.sources, sizes, strict=True))
            raise CannotExpand(
                f"{step.key} would have {count:,} step runs ({over}), more than the {self._pipeline.most_items:,} that"
                f" {self._pipeline.name} allows. Map over fewer elements, in parts say, or set max_map_length."
            )
        return count

    def elements(
        self, step: pipelines.TaskStep, item: str
    ) -> tuple[tuple[tuple[str, int], ...], list[executors.ResultBinding]]:
        """The place of an item in each thing that is mapped over, and the elements there, as far as they are apart."""
        fan = step.fan
        if fan is None:
            return (), []
        sizes = self._sizes_of(step)
        places = _places(int(item), sizes, zipped=fan.zipped)
        names = dict(fan.names)
        found: list[executors.ResultBinding] = []
        for (argument, source), place, size in zip(fan.sources, places, sizes, strict=True):
            if isinstance(source, int):
                continue
            if place >= size:
                found.append(executors.ResultBinding(step=source, item="", value=None, name=f"#{argument}"))
            else:
                found.append(self._element(source, place, argument, names.get(argument, "")))
        return tuple((name, place) for (name, _), place in zip(fan.sources, places, strict=True)), found

    def _element(self, source: keys.StepKey, place: int, argument: str, name: str) -> executors.ResultBinding:
        if self._pipeline.steps[source].fan is not None:
            item = self._items_of(source)[place]
            return executors.ResultBinding(
                step=source, item=item, value=self._value(source, item, name), name=f"#{argument}"
            )
        value = self._value(source, "", name)
        slices = self._slices_of(source, name, value)
        if slices is None:
            return executors.ResultBinding(step=source, item="", value=value, name=name)
        version = value.data_version if value is not None else ""
        element = stored.StoredValue(
            format="json", data_version=f"{version}[{place}]", inline=slices[place], size=len(slices[place])
        )
        return executors.ResultBinding(step=source, item="", value=element, name=f"#{argument}")

    # --- sizes ---

    def _sizes_of(self, step: pipelines.TaskStep) -> tuple[int, ...]:
        found = self._sizes.get(step.key)
        if found is None:
            fan = step.fan
            assert fan is not None
            names = dict(fan.names)
            found = self._sizes[step.key] = tuple(
                source if isinstance(source, int) else self._size(step, argument, source, names.get(argument, ""))
                for argument, source in fan.sources
            )
        return found

    def _size(self, step: pipelines.TaskStep, argument: str, source: keys.StepKey, name: str) -> int:
        if self._pipeline.steps[source].fan is not None:
            return len(self._items_of(source))
        result = self._results.get(source, "")
        value = self._value(source, "", name)
        if result is not None and not name and result.length is not None:
            return result.length
        if value is not None and name:
            slices = self._slices_of(source, name, value)
            length = len(slices) if slices is not None else _told_length(value)
            if length is not None:
                return length
        what = f"the value {name!r} of {source}" if name else f"what {source} returned"
        if value is None:
            if result is not None and result.value is None and not name and result.named:
                told = "nothing"
            elif result is None:
                told = "nothing: it was skipped" if not name else "not there: it was skipped"
            else:
                told = "not there: it could not be kept, or was never pushed" if name else "nothing (None)"
        elif value.format == "none" or value.type == "None":
            told = "nothing (None)"
        else:
            kind = _kind_of(value)
            told = f"{'an' if kind[:1] in 'aeiou' else 'a'} {kind}"
        raise CannotExpand(
            f"{step.key} is mapped over {argument!r}, which has to be a list, a tuple or a mapping,"
            f" and {what} is {told}."
        )

    def _items_of(self, source: keys.StepKey) -> list[str]:
        """The items of a mapped step that others map over: those that were not skipped."""
        found = self._items.get(source)
        if found is None:
            found = self._items[source] = self._results.succeeded(source)
        return found

    def _value(self, source: keys.StepKey, item: str, name: str) -> stored.StoredValue | None:
        result = self._results.get(source, item)
        if result is None:
            return None
        return result.named.get(name) if name else result.value

    # --- slices ---

    def _slices_of(self, source: keys.StepKey, name: str, value: stored.StoredValue | None) -> Sequence[bytes] | None:
        """The elements of a small list or mapping, each encoded by itself; None where they can't be had apart."""
        if value is None or value.format != "json" or value.inline is None:
            return None
        where = (source, name)
        if where in self._slices:
            self._slices.move_to_end(where)
            return self._slices[where]
        found = self._slices[where] = sliced(value.inline)
        self._sliced += len(value.inline)
        while self._sliced > _SLICED_BYTES and len(self._slices) > 1:
            (step, other), _ = self._slices.popitem(last=False)
            dropped = self._value(step, "", other)
            self._sliced -= len(dropped.inline or b"") if dropped is not None else 0
        return found


def sliced(text: bytes) -> list[bytes] | None:
    """The elements of a JSON list, tuple or mapping (as [key, value]), as texts; None for anything else."""
    if text[:1] == b"[":
        return [bytes(each) for each in _LIST.decode(text)]
    if text.startswith(_TUPLE):
        return [bytes(each) for each in msgspec.json.decode(text, type=dict[str, list[msgspec.Raw]])["$tuple"]]
    if text[:1] == b"{" and not text.startswith(_MARKED):
        return [b"[%b,%b]" % (_ENCODER.encode(key), bytes(each)) for key, each in _MAPPING.decode(text).items()]
    return None


def _places(item: int, sizes: Sequence[int], *, zipped: bool) -> list[int]:
    """The place in each source of an item: the same in all, or as digits of which the last one varies fastest."""
    if zipped:
        return [item] * len(sizes)
    places = []
    for size in reversed(sizes):
        item, place = divmod(item, size)
        places.append(place)
    return places[::-1]


def _told_length(value: stored.StoredValue) -> int | None:
    raw = (value.metadata or {}).get("length")
    return msgspec.json.decode(raw, type=int) if raw is not None else None


def _kind_of(value: stored.StoredValue) -> str:
    if value.type and value.type != "None":
        return value.type.removeprefix("builtins.")
    return {"text": "str", "json": "JSON value"}.get(value.format, f"{value.format} value")
