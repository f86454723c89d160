"""Partitions named by keys: a fixed list, or one that grows while the system runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from weft.model import partition_set
from weft.model.partitions.protocol import (
    DynamicKeys,
    Json,
    Partitions,
    PartitionsError,
    UnknownPartitionError,
    UnresolvedPartitionsError,
    fingerprint_of,
    no_such_ordinal,
    quoted,
)

_SHOWN = 6


@dataclass(frozen=True, slots=True)
class StaticPartitions(Partitions):
    """One partition for each key of a list, in its order.

    Example:
        >>> StaticPartitions(["AAPL", "IBM"]).key(1)
        'IBM'
    """

    kind: ClassVar[str] = "static"
    partition_keys: tuple[str, ...]
    """The keys: non-empty texts, each once."""
    _ordinals: dict[str, int] = field(init=False, repr=False, compare=False)
    _fingerprint: str | None = field(init=False, repr=False, compare=False)

    def __init__(self, partition_keys: Iterable[str]) -> None:
        """Keep the keys; PartitionsError when one is empty, repeated or no text, or there is none."""
        listed = checked_keys(partition_keys, kind="StaticPartitions", name="partition_keys")
        if not listed:
            raise PartitionsError(
                "StaticPartitions: partition_keys=[] has no key.",
                remedy="Give at least one, or use DynamicPartitions for keys that come later.",
            )
        object.__setattr__(self, "partition_keys", listed)
        object.__setattr__(self, "_ordinals", {key: ordinal for ordinal, key in enumerate(listed)})
        object.__setattr__(self, "_fingerprint", None)

    @property
    def fingerprint(self) -> str:
        """A short hash of the keys and their order."""
        if self._fingerprint is None:
            made = fingerprint_of(self.kind, self.partition_keys)
            object.__setattr__(self, "_fingerprint", made)
            return made
        return self._fingerprint

    def universe(self, now: datetime) -> partition_set.PartitionSet:
        """Return all of them."""
        return partition_set.PartitionSet.range(0, len(self.partition_keys))

    def size(self) -> int:
        """Return how many keys there are."""
        return len(self.partition_keys)

    def key(self, ordinal: int) -> str:
        """Return the key at a place of the list."""
        if not 0 <= ordinal < len(self.partition_keys):
            raise no_such_ordinal(self, ordinal)
        return self.partition_keys[ordinal]

    def find(self, key: str) -> int | None:
        """Return the place of a key in the list; None when it is not in it."""
        return self._ordinals.get(key)

    def ordinals(self, keys: Iterable[str]) -> list[int | None]:
        """Return the places of `keys`, in the same order; None for one that is not in the list."""
        return list(map(self._ordinals.get, keys))

    def unknown(self, key: str) -> UnknownPartitionError:
        """Return the error that names keys which are close to `key`."""
        return _not_in(key, self.partition_keys, f"There is no partition '{key}' in {self.describe()}.")

    def describe(self) -> str:
        """Return one line: the number of keys and the first of them."""
        count = len(self.partition_keys)
        return f"{count} static partition{'s' if count > 1 else ''} ({_listed(self.partition_keys)})"

    def snapshot(self) -> dict[str, Json]:
        """Return the keys."""
        return {"kind": self.kind, "keys": list(self.partition_keys)}


@dataclass(frozen=True, slots=True)
class DynamicPartitions(Partitions):
    """Partitions whose keys are added at run time and live in the ledger, under a name; keys like `customer-17`.

    The definition knows only the name. Before it is asked for keys or ordinals it is resolved with what the ledger
    holds: ordinals follow the order of addition, and a key that was removed leaves a hole.

    Example:
        >>> DynamicPartitions("customers").with_keys(["acme", "umbrella"]).key(1)
        'umbrella'
    """

    kind: ClassVar[str] = "dynamic"
    name: str
    added: DynamicKeys | None = field(default=None, kw_only=True)
    """The keys, once resolved."""
    _ordinals: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise PartitionsError(
                f"DynamicPartitions: name={self.name!r} is not a name.", remedy="Give one such as 'customers'."
            )
        keys = self.added.keys if self.added is not None else ()
        object.__setattr__(self, "_ordinals", {key: ordinal for ordinal, key in enumerate(keys)})

    def with_keys(self, keys: Sequence[str], removed: Iterable[str] = ()) -> DynamicPartitions:
        """Return the definition resolved with all `keys` ever added, in that order, and those since `removed`."""
        listed = checked_keys(keys, kind="DynamicPartitions", name="keys")
        return DynamicPartitions(self.name, added=DynamicKeys(listed, frozenset(removed)))

    def resolve(self, dynamic: Mapping[str, DynamicKeys]) -> DynamicPartitions:
        """Return the definition with the keys that `dynamic` has for its name; with none when it has none."""
        return DynamicPartitions(self.name, added=dynamic.get(self.name, DynamicKeys()))

    @property
    def growing(self) -> bool:
        """True: keys may be added at any time."""
        return True

    def dynamic_names(self) -> frozenset[str]:
        """Return the name."""
        return frozenset([self.name])

    @property
    def fingerprint(self) -> str:
        """A short hash of the name: adding and removing keys shifts no ordinal."""
        return fingerprint_of(self.kind, self.name)

    def universe(self, now: datetime) -> partition_set.PartitionSet:
        """Return the keys that were added and not removed."""
        added = self._resolved()
        every = partition_set.PartitionSet.range(0, len(added.keys))
        gone = [self._ordinals[key] for key in added.removed if key in self._ordinals]
        return every - partition_set.PartitionSet.of(gone)

    def key(self, ordinal: int) -> str:
        """Return the key that was added as the `ordinal`-th, counted from 0, also if it was removed since."""
        keys = self._resolved().keys
        if not 0 <= ordinal < len(keys):
            raise no_such_ordinal(self, ordinal)
        return keys[ordinal]

    def find(self, key: str) -> int | None:
        """Return the ordinal of a key; None when it was never added, or removed."""
        return None if key in self._resolved().removed else self._ordinals.get(key)

    def unknown(self, key: str) -> UnknownPartitionError:
        """Return the error that says whether the key was removed or never added."""
        added = self._resolved()
        if key in added.removed:
            return UnknownPartitionError(
                f"The partition '{key}' was removed from {self.describe()}.", key=key, remedy="Add the key again first."
            )
        present = [each for each in added.keys if each not in added.removed]
        return _not_in(key, present, f"There is no partition '{key}' in {self.describe()}.", "Or add the key first.")

    def describe(self) -> str:
        """Return one line: the name and how many keys there are."""
        if self.added is None:
            return f"dynamic partitions '{self.name}'"
        return f"dynamic partitions '{self.name}' ({len(self.added.keys) - len(self.added.removed)} keys)"

    def snapshot(self) -> dict[str, Json]:
        """Return the name; the keys are the ledger's."""
        return {"kind": self.kind, "name": self.name}

    def _resolved(self) -> DynamicKeys:
        if self.added is None:
            raise UnresolvedPartitionsError(
                f"The keys of the dynamic partitions '{self.name}' have not been read from the ledger.",
                remedy="Call resolve() with the ledger's keys (or with_keys([...]) in a test) first.",
            )
        return self.added


def checked_keys(keys: Iterable[str], *, kind: str, name: str) -> tuple[str, ...]:
    """Return `keys` as a tuple; PartitionsError for one that is no text, empty, repeated or not printable."""
    if isinstance(keys, str):
        raise PartitionsError(f"{kind}: {name}={keys!r} is one text.", remedy=f"Give a list: {name}=[{keys!r}].")
    listed = tuple(keys)
    for key in listed:
        if not isinstance(key, str) or not key or key != key.strip() or not key.isprintable() or key == "*":
            raise PartitionsError(
                f"{kind}: {name} contains {key!r}, which cannot be a key.",
                remedy="Keys are printable texts without spaces around them, other than '*'; write str(number).",
            )
    if len(set(listed)) != len(listed):
        twice = Counter(listed).most_common(1)[0][0]
        raise PartitionsError(f"{kind}: {name} contains '{twice}' twice.", remedy="Name each key once.")
    return listed


def _listed(keys: Sequence[str]) -> str:
    more = f", … {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return ", ".join(keys[:_SHOWN]) + more


def _not_in(key: str, keys: Sequence[str], message: str, otherwise: str = "") -> UnknownPartitionError:
    import difflib

    close = difflib.get_close_matches(key, keys[:10_000], n=3)
    remedy = (
        f"Did you mean {quoted(close)}?" if close else (f"The keys: {_listed(keys)}." if keys else "It has no keys.")
    )
    return UnknownPartitionError(message, key=key, remedy=f"{remedy} {otherwise}".strip(), close=close)
