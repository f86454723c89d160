"""How often somebody who shows no credential may ask."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from weft.surfaces.http import problems

_MOST_ADDRESSES = 10_000


class Rate:
    """So many requests a second from an address, with a store for bursts. Used by the event loop alone."""

    def __init__(self, per_second: float = 50.0, burst: int = 200, clock: Callable[[], float] = time.monotonic) -> None:
        """Give each address `burst` requests, and `per_second` new ones each second."""
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str) -> None:
        """Count a request.

        Raises:
            Refused: there were too many (429).
        """
        now = self._clock()
        left, then = self._left.get(address, (float(self._burst), now))
        left = min(float(self._burst), left + (now - then) * self._per_second)
        if left < 1:
            raise problems.Refused(
                429, "too-many-requests", "There were too many requests.", remedy="Try again in a second.",
                headers={"retry-after": "1"},
            )  # fmt: skip
        self._left[address] = (left - 1, now)
        self._left.move_to_end(address)
        while len(self._left) > _MOST_ADDRESSES:
            self._left.popitem(last=False)
