"""What is kept of a condition beside its decisions: what was asked for under which signature, and what is under way.

It is control state: without it some of what failed would be asked for once more, and nothing would be lost.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Mapping

import msgspec

from weft.model import partition_set
from weft.planner.automation import operands

PartitionSet = partition_set.PartitionSet


class Memory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was asked for of an asset. `signatures` has 8 bytes for each of `ordinals`, in order.

    `fingerprint` is of the partitions to which the ordinals belong; those of another one mean nothing.
    """

    fingerprint: str = ""
    ordinals: list[list[int]] = []
    signatures: bytes = b""
    under_way: dict[str, list[list[int]]] = {}
    """By execution."""

    def known(self) -> dict[int, int]:
        """The signatures by ordinal."""
        ordinals = list(PartitionSet.decode(self.ordinals))
        return dict(zip(ordinals, struct.unpack(f"<{len(ordinals)}Q", self.signatures), strict=True))

    def of_execution(self, execution: str) -> PartitionSet:
        """What an execution was asked for."""
        return PartitionSet.decode(self.under_way.get(execution, []))


def decode(body: bytes | None, fingerprint: str) -> Memory:
    """Read what was kept; nothing where it is of other partitions, or can't be read."""
    if not body:
        return Memory(fingerprint=fingerprint)
    try:
        found = msgspec.msgpack.decode(body, type=Memory)
    except msgspec.DecodeError:
        return Memory(fingerprint=fingerprint)
    return found if found.fingerprint == fingerprint else Memory(fingerprint=fingerprint)


def encode(memory: Memory) -> bytes:
    """Write it down."""
    return msgspec.msgpack.encode(memory)


def asked(memory: Memory, live: Collection[str]) -> operands.Asked:
    """What the evaluation needs of it: signatures, and what is under way in the executions that are `live`."""
    under_way = PartitionSet.empty()
    for execution in memory.under_way.keys() & set(live):
        under_way |= memory.of_execution(execution)
    return operands.Asked(signatures=memory.known(), under_way=under_way)


def after_asking(
    memory: Memory, result: operands.Result, live: Collection[str], executions: Mapping[str, PartitionSet]
) -> Memory:
    """The memory once what `result` asks for was decided; what the condition does not hold of any more is forgotten."""
    still = asked(memory, live).under_way
    held = result.holds | result.held_up | still
    kept = {each: signed for each, signed in memory.known().items() if each in held}
    kept.update(result.signatures)
    under_way = {each: ordinals for each, ordinals in memory.under_way.items() if each in live}
    under_way.update({each: ordinals.encode() for each, ordinals in executions.items()})
    ordinals = sorted(kept)
    return Memory(
        fingerprint=memory.fingerprint,
        ordinals=PartitionSet.of(ordinals).encode(),
        signatures=struct.pack(f"<{len(ordinals)}Q", *(kept[each] for each in ordinals)),
        under_way=under_way,
    )


def settled(memory: Memory, result: operands.Result, live: Collection[str]) -> Memory | None:
    """The memory without what the condition does not hold of any more; None where that is nothing."""
    known = memory.known()
    held = result.holds | result.held_up | asked(memory, live).under_way
    if all(each in held for each in known) and memory.under_way.keys() <= set(live):
        return None
    return after_asking(memory, _asking_nothing(result), live, {})


def _asking_nothing(result: operands.Result) -> operands.Result:
    """A result that asks for nothing, but holds where it does."""
    return operands.Result(asset=result.asset, tree=result.tree, held_up=result.held_up)
