"""What bodies return: values, `Output`s, mappings, tuples or generators of them, brought into one form and checked."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from weft.define import outputs as defined
from weft.model import errors
from weft.storage import type_checks


@dataclass(frozen=True, slots=True)
class Made:
    """One value that a body made, of which asset and partition, and what the body said of it."""

    asset: str
    partition: str | None
    value: object
    metadata: Mapping[str, object] | None = None
    data_version: str | None = None


def single(asset: str, partition: str | None, returned: object) -> Made:
    """Return what a body of one output made."""
    if type(returned) is not defined.Output:
        return Made(asset, partition, returned)
    version = returned.data_version
    return Made(asset, partition, returned.value, returned.metadata, None if version is None else str(version))


def several(
    step: str,
    all_outputs: Sequence[str],
    wanted: Sequence[str],
    names: Mapping[str, str],
    partition: str | None,
    returned: object,
) -> Iterator[Made]:
    """Yield what a body of several outputs made, as it comes; what nobody asked for is passed over.

    Args:
        step: the step, for messages.
        all_outputs: the assets that the step can make, in order, which is that of a tuple.
        wanted: those that were asked for.
        names: how the body may call each output.
        partition: the partition.
        returned: a mapping, a tuple, or `Output`s one after another.

    Raises:
        UsageError: it is none of these, names an unknown output, names one twice, or leaves one out.
    """
    missing = dict.fromkeys(wanted)
    seen: set[str] = set()
    for name, value in _pairs(step, all_outputs, wanted, returned):
        asset = names.get(name)
        if asset is None:
            raise errors.UsageError(
                f"The body of {step!r} returned an output {name!r}, which it does not have.",
                remedy=f"Its outputs are: {', '.join(all_outputs)}.",
            )
        if asset in seen:
            raise errors.UsageError(
                f"The body of {step!r} returned the output {asset!r} twice.", remedy="Return each output once."
            )
        seen.add(asset)
        if asset in missing:
            del missing[asset]
            yield single(asset, partition, value)
    if missing:
        raise errors.UsageError(
            f"The body of {step!r} did not return: {', '.join(missing)}.",
            remedy="Return or yield every output that context.asset_keys has.",
        )


def _pairs(
    step: str, all_outputs: Sequence[str], wanted: Sequence[str], returned: object
) -> Iterable[tuple[str, object]]:
    if isinstance(returned, Mapping):
        return [(_name_of(name), value) for name, value in returned.items()]
    if type(returned) is defined.Output:
        return [(_asset_of(step, returned, wanted), returned)]
    if isinstance(returned, tuple):
        if all(type(each) is defined.Output and each.asset is not None for each in returned):
            return [(_asset_of(step, each, wanted), each) for each in returned]
        expected = wanted if len(returned) == len(wanted) else all_outputs
        if len(returned) != len(expected):
            raise errors.UsageError(
                f"The body of {step!r} returned a tuple of {len(returned)} values, but has {len(expected)} outputs.",
                remedy=f"Return one value for each of: {', '.join(expected)}.",
            )
        return list(zip(expected, returned, strict=True))
    if isinstance(returned, Iterator) or (
        isinstance(returned, list) and all(type(each) is defined.Output for each in returned)
    ):
        return ((_asset_of(step, each, wanted), each) for each in returned)
    raise errors.UsageError(
        f"The body of {step!r} has several outputs, but returned {type(returned).__name__}.",
        remedy="Return a mapping from output to value, a tuple in their order, or yield Output(…, asset=…).",
    )


def _asset_of(step: str, given: object, wanted: Sequence[str]) -> str:
    if type(given) is not defined.Output:
        raise errors.UsageError(
            f"The body of {step!r} yielded {type(given).__name__}.",
            remedy="Yield Output(value, asset=…) for each output.",
        )
    if given.asset is None:
        if len(wanted) == 1:
            return wanted[0]
        raise errors.UsageError(
            f"The body of {step!r} yielded an Output that does not say which one it is.", remedy="Add asset=… to it."
        )
    return _name_of(given.asset)


def _name_of(given: Any) -> str:
    """Return the name of an output that is given as a name, a key, or the object that defines the asset."""
    return given if isinstance(given, str) else str(getattr(given, "key", given))


def batch(step: str, asset: str, partitions: Sequence[str | None], returned: object) -> Iterator[Made]:
    """Yield what a body made that runs for many partitions at once and returns a mapping from partition to value.

    Raises:
        UsageError: it is no mapping, or a partition is missing or was not asked for.
    """
    facts = single(asset, None, returned)
    if not isinstance(facts.value, Mapping):
        raise errors.UsageError(
            f"The body of {step!r} declares batch, but returned {type(facts.value).__name__}.",
            remedy="Return a mapping from each of context.partition_keys to its value.",
        )
    unknown = facts.value.keys() - set(partitions)
    missing = [each for each in partitions if each not in facts.value]
    if unknown or missing:
        what = (
            f"lacks {_few(missing)}" if missing else f"has {_few(sorted(map(str, unknown)))}, which was not asked for"
        )
        raise errors.UsageError(
            f"What the batch body of {step!r} returned {what}.",
            remedy="Return a value for each of context.partition_keys.",
        )
    for partition in partitions:
        made = single(asset, partition, facts.value[partition])
        metadata = {**(facts.metadata or {}), **(made.metadata or {})}
        yield Made(asset, partition, made.value, metadata or None, made.data_version)


def _few(names: Sequence[object], shown: int = 3) -> str:
    text = ", ".join(map(str, names[:shown]))
    return text if len(names) <= shown else f"{text} and {len(names) - shown} more"


def batch_annotation(annotation: object) -> object:
    """Return the annotation of one value inside that of a batch body (`dict[str, T]`); itself if it has none."""
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if isinstance(origin, type) and issubclass(origin, Mapping) and len(arguments) == 2:
        found: object = arguments[1]
        return found
    return annotation


def check_type(step: str, made: Made, annotation: object) -> None:
    """Hold a value against the annotated type of its output.

    Raises:
        TypeMismatchError: it is of another type; the message names the step and the output.
    """
    try:
        type_checks.check_value(made.value, annotation)
    except errors.TypeMismatchError as error:
        where = repr(step) if made.asset == step else f"{step!r} (output {made.asset!r})"
        if made.partition is not None:
            where += f" for {made.partition!r}"
        raise errors.TypeMismatchError(
            f"The output of {where} is not what its annotation says: {error.message}",
            remedy=error.remedy or "Correct the annotation, or what the function returns.",
        ) from None
