"""What is kept between two answers to what is going on: what never changes, and what costs much to find out anew."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

_Value = TypeVar("_Value")
_MOST = 2_000


@dataclass(slots=True)
class Memory:
    """The memory of one process, used by any thread.

    What is under a `key` holds as long as its `mark` is the same; what was not asked for for longest is dropped.
    """

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _known: dict[Hashable, tuple[object, Any]] = field(default_factory=dict)

    def of(self, key: Hashable, mark: object, find: Callable[[], _Value]) -> _Value:
        """What was found under a key by this mark; found now where nothing was."""
        with self._lock:
            known = self._known.pop(key, None)
            if known is not None and known[0] == mark:
                self._known[key] = known
                return cast("_Value", known[1])
        value = find()
        with self._lock:
            self._known[key] = mark, value
            while len(self._known) > _MOST:
                del self._known[next(iter(self._known))]
        return value
