"""Ctrl-C: once, what runs may finish; twice, it is killed; a third time ends this process as it is.

SIGTERM is like the first.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from weft.worker import cancelling

if TYPE_CHECKING:
    from weft.runtime import driver as drivers


class Interrupts:
    """Turns signals into requests to the driver."""

    def __init__(self) -> None:
        """Heed nothing yet."""
        self._drivers: dict[int, drivers.Driver] = {}  # the latest one of each thread
        self.count = 0

    def attach(self, driver: drivers.Driver) -> None:
        """Requests go to this driver from here on, in this thread's place; one that came before is passed on."""
        self._drivers[threading.get_ident()] = driver
        for _ in range(min(self.count, 2)):
            driver.cancel("interrupted")

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Heed the signals within."""
        before = [(each, signal.getsignal(each)) for each in (signal.SIGINT, signal.SIGTERM)]
        signal.signal(signal.SIGINT, self._interrupted)
        signal.signal(signal.SIGTERM, self._terminated)
        try:
            yield
        finally:
            for each, handler in before:
                signal.signal(each, handler)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if not self._drivers or self.count > 2:
            raise KeyboardInterrupt(cancelling.CTRL_C)
        self._tell("Finishing what runs; press Ctrl-C again to kill it." if self.count == 1 else "Killing what runs.")
        self._cancel("interrupted")

    def _terminated(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if not self._drivers:
            raise KeyboardInterrupt(cancelling.CTRL_C)
        if self.count == 1:
            self._tell("Asked to end: finishing what runs.")
            self._cancel("terminated")

    def _cancel(self, reason: str) -> None:
        for driver in list(self._drivers.values()):
            driver.cancel(reason)

    def _tell(self, text: str) -> None:
        """Write to the terminal itself: Python's streams may lead into a body's log, or be in use at this moment."""
        try:
            os.write(2, f"\n{text}\n".encode())
        except OSError:  # nobody listens any more
            return
