"""How often somebody who shows no credential may ask, and how much of the server one may take at once."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from weft.surfaces.http import problems

if TYPE_CHECKING:
    from weft.service.access import accounts

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


class Turns:
    """Threads are shared: whoever asks for much waits for the own requests, and nobody for theirs.

    Used by the event loop alone.
    """

    def __init__(self, threads: int) -> None:
        """Share so many threads: half of them for an account or token, nearly all for who has the server's own."""
        self._each = max(1, threads // 2)
        self._own = max(1, threads - 2)
        self._known: dict[str, tuple[asyncio.Semaphore, int]] = {}

    @contextlib.asynccontextmanager
    async def turn(self, who: accounts.Principal) -> AsyncIterator[None]:
        """Wait until one more request of somebody's may be worked on, for as long as the block lasts."""
        name = who.account or f"{who.kind} {who.credential}"
        bound = self._own if who.kind == "local" else self._each
        semaphore, users = self._known.get(name, (asyncio.Semaphore(bound), 0))
        self._known[name] = (semaphore, users + 1)
        try:
            async with semaphore:
                yield
        finally:
            left = self._known[name][1] - 1
            if left:
                self._known[name] = (semaphore, left)
            else:
                del self._known[name]
