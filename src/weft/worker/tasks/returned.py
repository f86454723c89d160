"""What a task's body returned: stored for the steps below, and as a new version of its outlets."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from weft.define import bodies
from weft.define import outputs as defined
from weft.model import errors, graph, spelling, stored
from weft.ports import executor
from weft.storage import json_values, protocol
from weft.worker import masking, metadata, outputs, texts, values
from weft.worker.tasks import context as contexts

FOLDER = "runs"
"""Results lie below this, as if they were those of an asset `runs/<run>/<task>`."""
LARGEST = 256 * 1024 * 1024
"""Bytes that a value may have which is handed over as JSON, text or bytes."""
_NO_GROUPS: Mapping[str, tuple[str, ...]] = {}
_SIZED = (list, tuple, dict, set, frozenset)
_ITERATORS = (types.GeneratorType, map, filter, zip, enumerate, reversed)


@dataclass(slots=True, kw_only=True)
class Kept:
    """What was stored of an attempt. `value` is what the caller gets, with `Output` around it taken away."""

    value: Any = None
    result: stored.StoredValue | None = None
    length: int | None = None
    named: dict[str, stored.StoredValue] = field(default_factory=dict)
    outputs: tuple[executor.OutputReport, ...] = ()


class Keeper:
    """Stores what bodies return, through the IO managers of one set of definitions."""

    def __init__(
        self,
        definitions: bodies.BuiltDefinitions,
        reader: values.Values,
        masks: masking.Masks,
        *,
        largest: int = LARGEST,
    ) -> None:
        """Store through the managers of `definitions`; at most `largest` bytes as JSON, text or bytes."""
        self._definitions = definitions
        self._values = reader
        self._masks = masks
        self.largest = largest

    def keep(
        self,
        returned: Any,
        assignment: executor.Assignment,
        body: bodies.TaskBody,
        context: contexts.TaskContext,
        *,
        live: bool,
    ) -> Kept:
        """Store a value, what was pushed, and the outlets.

        Args:
            returned: what the body returned; an iterator is used up.
            assignment: the attempt.
            body: the task.
            context: what the body said of its outlets, and pushed.
            live: whether the caller gets the very object, so that one which can't be stored is none the worse.

        Raises:
            StorageError: the storage refuses a value.
            UsageError: a value has no form to be stored in, or is too large; or a task with several outlets did not
                return each of them.
        """
        kept = Kept()
        if body.outlets:
            self._keep_outlets(kept, returned, assignment, body, context)
        else:
            kept.value = returned.value if type(returned) is defined.Output else returned
        if kept.result is None:
            kept.result = self._store(kept.value, assignment, body, "", live=live or len(body.outlets) > 1)
        value = kept.value
        kept.length = len(value) if isinstance(value, _SIZED) else None
        for name, pushed in context.pushed.items():
            named = self._store(pushed, assignment, body, name, live=False)
            assert named is not None
            kept.named[texts.storable(name)] = _with_length(named, pushed)
        return kept

    def _store(
        self, value: Any, assignment: executor.Assignment, body: bodies.TaskBody, name: str, *, live: bool
    ) -> stored.StoredValue | None:
        """Store one value, None where it can't be and that is none the worse."""
        task = assignment.step.partition(":")[2] if not (assignment.task and assignment.task.function) else body.name
        target = protocol.WriteTarget(
            asset=f"{FOLDER}/{assignment.run}/{task}",
            attempt=f"{assignment.tag}.{name}" if name else assignment.tag,
        )
        manager = self._definitions.io_managers["default"]
        try:
            written = manager.write(value, target)
        except errors.StorageError as error:
            if live:
                return None
            what = f"value that {assignment.step!r} pushed as {name!r}" if name else f"value of {assignment.step!r}"
            # A value that has no form will have none the next time either; a disk may have room then.
            is_final = isinstance(error.__context__, json_values.Unencodable)
            kind = errors.UsageError if is_final else errors.StorageError
            raise kind(f"The {what} can't be handed on: {error.message}", remedy=error.remedy) from error
        if written.format in ("json", "text", "bytes") and (written.size or 0) > self.largest:
            manager.remove(written)
            if live:
                return None
            assert written.size is not None
            what = f"pushed {name!r}, which is" if name else "returned"
            raise errors.UsageError(
                f"{assignment.step!r} {what} {_megabytes(written.size)} of {written.format}; at most "
                f"{_megabytes(self.largest)} are handed from step to step in this form.",
                remedy="Return a table (polars, pandas, Arrow), an array, or the path of a file that the task wrote.",
            )
        self._values.made(written, value)
        return written

    def _keep_outlets(
        self,
        kept: Kept,
        returned: Any,
        assignment: executor.Assignment,
        body: bodies.TaskBody,
        context: contexts.TaskContext,
    ) -> None:
        outlets = body.outlets
        partition = context.facts_of_task.partition
        if len(outlets) == 1:
            made = [outputs.single(outlets[0], partition, returned)]
            kept.value = made[0].value
        elif returned is None:
            made = [outputs.Made(outlet, partition, None) for outlet in outlets]
        else:
            made = list(outputs.several(assignment.step, outlets, outlets, _names(outlets), partition, returned))
            kept.value = {each.asset: each.value for each in made}
        reports = [self._write(each, assignment, body, context) for each in made]
        kept.outputs = tuple(reports)
        if len(outlets) == 1:
            kept.result = reports[0].value
        elif returned is not None:
            for report in reports:
                kept.named[report.asset] = report.value
            for name, outlet in _names(outlets).items():
                kept.named.setdefault(name, kept.named[outlet])

    def _write(
        self,
        made: outputs.Made,
        assignment: executor.Assignment,
        body: bodies.TaskBody,
        context: contexts.TaskContext,
    ) -> executor.OutputReport:
        io = body.outlet_io.get(made.asset)
        manager = self._definitions.io_managers.get(io or "default")
        if manager is None:
            raise errors.UsageError(
                f"There is no IO manager {io!r}, which stores {made.asset!r}.",
                remedy=f"Registered are: {', '.join(sorted(self._definitions.io_managers)) or 'none'}.",
            )
        version = made.data_version
        if version is None:
            version = context.data_version(made.asset)
        target = protocol.WriteTarget(
            asset=made.asset,
            partition=made.partition if self._is_partitioned(made.asset) else None,
            attempt=assignment.tag,
            unhashed_version=None if version is None else texts.storable(version),
            io=io,
        )
        try:
            written = manager.write(made.value, target)
        except errors.StorageError as error:
            raise errors.StorageError(
                f"The value of {assignment.step!r} can't be stored as {made.asset!r}: {error.message}",
                remedy=error.remedy,
            ) from error
        self._values.made(written, made.value)
        facts = {**context.facts.get(made.asset, {}), **(made.metadata or {})}
        return executor.OutputReport(
            asset=made.asset,
            value=written,
            metadata=metadata.encode(facts, self._masks) if facts else {},
            partition=target.partition,
        )

    def _is_partitioned(self, asset: str) -> bool:
        found: graph.Asset | None = self._definitions.graph.assets.get(asset)
        return found is not None and found.partitions is not None


def complete(returned: Any) -> Any:
    """What a body returned, with a generator (or what `map`, `zip` and their like give) as the list of its values."""
    return list(returned) if isinstance(returned, _ITERATORS) else returned


def followed(
    returned: Any, below: tuple[str, ...], step: str, groups: Mapping[str, tuple[str, ...]] = _NO_GROUPS
) -> tuple[str, ...]:
    """The tasks that a branch chose, of those directly below it.

    Args:
        returned: an id, several, or None for none. The id of a group means those of its tasks that are below.
        below: the ids of the tasks directly below.
        groups: those of them in each group, by its id.
        step: the branch, for messages.

    Raises:
        UsageError: it is no id, or one of no task below.
    """
    if returned is None:
        return ()
    given = [returned] if isinstance(returned, str) else returned
    if not isinstance(given, (list, tuple, set, frozenset)) or not all(isinstance(each, str) for each in given):
        raise errors.UsageError(
            f"The branch {step!r} returned {returned!r}, which is no id of a task.",
            remedy="Return the id of a task below it, a list of ids, or None for none.",
        )
    group = step.partition(":")[2].rpartition(".")[0]
    chosen: dict[str, None] = {}
    for wanted in given:
        found = [
            each
            for each in below
            if each == wanted
            or each in groups.get(wanted, ())
            or (group and (each == f"{group}.{wanted}" or each in groups.get(f"{group}.{wanted}", ())))
        ]
        if not found:
            near = spelling.did_you_mean(wanted, [*below, *groups])
            listed = f"Below it are: {', '.join(sorted(below)) or 'none'}."
            raise errors.UsageError(
                f"The branch {step!r} chose {wanted!r}, which is no task directly below it. {listed}",
                remedy=near or "Return one of these ids.",
            )
        chosen.update(dict.fromkeys(found))
    return tuple(chosen)


def _names(outlets: tuple[str, ...]) -> Mapping[str, str]:
    """What a body may call its outlets: their keys, and their last parts where these differ."""
    last: dict[str, list[str]] = {}
    for outlet in outlets:
        last.setdefault(outlet.rpartition("/")[2], []).append(outlet)
    return {**{name: found[0] for name, found in last.items() if len(found) == 1}, **{each: each for each in outlets}}


def _with_length(written: stored.StoredValue, value: Any) -> stored.StoredValue:
    """Say how many elements a value has that does not travel in the ledger, so that steps can be mapped over it."""
    if written.inline is not None or not isinstance(value, _SIZED):
        return written
    known = {**(written.metadata or {}), "length": msgspec.Raw(str(len(value)).encode())}
    return msgspec.structs.replace(written, metadata=known)


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:,.0f} MB" if size >= 1024 * 1024 else f"{size:,} bytes"
