"""Steps that declare `batch`: one body for many partitions, and still one step run for each of them in the ledger.

The step runs of a line that may start together share one assignment under the number of the first of them, the
*leader*. Its report is taken apart again: every partition gets its own outputs, and its share of the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from weft.model import keys, stored
from weft.ports import executor as executors

MOST = 10_000  # partitions of one body


class Batches:
    """The batches that are with the executor, by leader."""

    def __init__(self) -> None:
        """Begin with none."""
        self._members: dict[int, dict[int, keys.PartitionKey]] = {}
        self._followers: set[int] = set()

    def add(self, members: Mapping[int, keys.PartitionKey]) -> int:
        """Note step runs, with their partitions, that share an assignment; returns the leader."""
        leader = next(iter(members))
        self._members[leader] = dict(members)
        self._followers.update(each for each in members if each != leader)
        return leader

    def leaders(self, nodes: Iterable[int]) -> list[int]:
        """Of these nodes, those that the executor knows by number."""
        return [node for node in nodes if node not in self._followers]

    def taken_apart(self, report: executors.AttemptReport) -> list[executors.AttemptReport]:
        """A report for each step run that the report is about."""
        members = self._members.pop(report.id, None)
        if members is None:
            return [report]
        self._followers.difference_update(members)
        share = report.duration // len(members)
        return [
            msgspec.structs.replace(
                report,
                id=node,
                duration=share,
                outputs=tuple(output for output in report.outputs if output.partition == partition),
                task=report.task if node == report.id else None,
            )
            for node, partition in members.items()
        ]


def joined(bindings: Sequence[tuple[executors.InputBinding, ...]]) -> tuple[executors.InputBinding, ...]:
    """The inputs of several step runs of one step as those of one body: each partition that is read, once, in order."""
    found = []
    for same in zip(*bindings, strict=True):
        first = same[0]
        read: dict[keys.PartitionKey, tuple[stored.StoredValue | None, int]] = {}
        for binding in same:
            values: Sequence[stored.StoredValue | None] = binding.values or (None,) * len(binding.partitions)
            for partition, value, version in zip(binding.partitions, values, binding.versions, strict=True):
                read.setdefault(partition, (value, version))
        found.append(
            msgspec.structs.replace(
                first,
                single=first.single and set(read) <= {None},
                partitions=tuple(read),
                values=tuple(value for value, _ in read.values() if value is not None),
                versions=tuple(version for _, version in read.values()),
            )
        )
    return tuple(found)
