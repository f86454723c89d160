"""Values in memory: what a body made is handed to the next body in the same process as the very object.

So **bodies must not change their inputs**: another reader may get the same object. The cache is bounded by the
encoded size of what it holds; what isn't in it is read from storage.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, TypeAlias

from weft.model import stored
from weft.storage import protocol

MEMORY = 256 * 1024 * 1024
"""Bytes, by encoded size, that the values of a process may hold."""
_COUNT = 4096
_HANDED_OVER = frozenset({"json", "text", "bytes", "parquet", "npy", "pickle"})
"""Formats that read back as what was written. A file is not among them: the one that the body named may change."""
_SMALLEST = 64
_READ_ANEW = frozenset({"json", "pickle"})
"""Formats that are read again for a reader who may change the value: that is quicker than to copy it."""
_SCALARS = frozenset({str, int, float, bool, type(None), bytes})
_COPIED = frozenset({"pandas", "numpy"})

Key: TypeAlias = tuple[str, str | None, str, str | None, bytes | None, str | None, object]


class Values:
    """Reads stored values, through a bounded cache of those that were lately made or read in this process.

    It may be used from several threads at once.
    """

    def __init__(self, managers: Mapping[str, protocol.IOManager], *, memory: int = MEMORY) -> None:
        """Read by these IO managers, by name; keep up to `memory` bytes."""
        self._managers = managers
        self._memory = memory
        self._held = 0
        self._kept: OrderedDict[Key, tuple[object, int]] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, value: stored.StoredValue, annotation: object | None = None) -> object:
        """Return a value, from memory where it is there and fits the annotation.

        Raises:
            StorageError: it cannot be read.
        """
        if value.format not in _HANDED_OVER:
            return self._managers[value.io or "default"].read(value, annotation)
        key = _key(value, None)
        found = self._kept.get(key)
        if annotation is not None and (found is None or not _fits(found[0], annotation)):
            key = _key(value, annotation)
            found = self._kept.get(key)
        if found is not None:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
            return found[0]
        fresh = self._managers[value.io or "default"].read(value, annotation)
        self._keep(key, value, fresh)
        return fresh

    def fresh(self, value: stored.StoredValue, annotation: object | None = None) -> object:
        """Return a value that nobody else has, so that its reader may change it.

        Raises:
            StorageError: it cannot be read.
        """
        if value.format in _READ_ANEW:
            return self._managers[value.io or "default"].read(value, annotation)
        return own(self.read(value, annotation))

    def made(self, value: stored.StoredValue, made: object) -> None:
        """Keep what a body made, for its readers in this process."""
        if value.format in _HANDED_OVER and type(made).__name__ != "LazyFrame":
            self._keep(_key(value, None), value, made)

    def clear(self) -> None:
        """Forget all values."""
        with self._lock:
            self._kept.clear()
            self._held = 0

    def _keep(self, key: Key, value: stored.StoredValue, content: object) -> None:
        size = (value.size or 0) + _SMALLEST
        if size > self._memory // 2:
            return
        with self._lock:
            before = self._kept.pop(key, None)
            self._held += size - (before[1] if before else 0)
            self._kept[key] = (content, size)
            while self._held > self._memory or len(self._kept) > _COUNT:
                _, (_, released) = self._kept.popitem(last=False)
                self._held -= released


def own(value: Any) -> Any:
    """Return a value whose lists, dicts, sets, arrays and pandas tables are nobody else's; the rest stays the same."""
    kind = type(value)
    if kind is list:
        return [each if type(each) in _SCALARS else own(each) for each in value]
    if kind is dict:
        return {key: each if type(each) in _SCALARS else own(each) for key, each in value.items()}
    if kind is tuple:
        return tuple([own(each) for each in value])
    if kind is set:
        return set(value)
    if kind.__module__.partition(".")[0] in _COPIED and hasattr(value, "copy"):
        return value.copy()
    return value


def _key(value: stored.StoredValue, annotation: object | None) -> Key:
    """Return what identifies a value as one object: a data version alone would mix up a list and a tuple."""
    return (value.data_version, value.uri, value.format, value.type, value.inline, value.io, _hashable(annotation))


def _hashable(annotation: object | None) -> object:
    try:
        hash(annotation)
    except TypeError:  # Annotated[…] with a list in it
        return repr(annotation)
    return annotation


def _fits(value: object, annotation: object | None) -> bool:
    """Tell whether a value in memory is what the annotation asks for; in doubt it is read from storage."""
    if annotation is None:
        return True
    if isinstance(annotation, type):
        try:
            return isinstance(value, annotation)
        except TypeError:  # list[int] and the like
            return False
    return False
