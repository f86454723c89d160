"""The parts of a server that live in one process: scheduler and alerts, each in a thread of its own.

They know of each other, and of hosts and HTTP, only through the ledger, so any of them may be in a process of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from weft.service.scheduling import running

if TYPE_CHECKING:
    from weft.service.alerting import loop as alerting
    from weft.service.server import serving

_JOIN_SECONDS = 10.0


class Parts:
    """Scheduler and alerts in threads of this process."""

    def __init__(self, served: serving.Serving, note: Callable[[str], None], *, schedules: bool, alerts: bool) -> None:
        """Prepare those that are wanted; `note` is told what goes wrong in them.

        Raises:
            UsageError: what the configuration says of the scheduler or of alerts is wrong.
        """
        self._stopping = threading.Event()
        self._scheduler = running.scheduler(served, note=note) if schedules else None
        self._alerting: alerting.Alerting | None = None
        if alerts:
            from weft.service.alerting import loop as alerting

            self._alerting = alerting.Alerting(served)
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin."""
        if self._scheduler is not None:
            self._begin("scheduler", lambda: self._scheduler.run(self._stopping))  # type: ignore[union-attr]
        if self._alerting is not None:
            self._begin("alerts", self._alerting.run)

    def _begin(self, name: str, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name=f"weft-{name}", daemon=True)
        thread.start()
        self._threads.append(thread)

    def wait(self) -> None:
        """Wait until all have ended, in turns, so that signals are heeded."""
        while any(each.is_alive() for each in self._threads):
            for each in self._threads:
                each.join(0.5)

    def stop(self) -> None:
        """End all, and wait for it; any thread may."""
        self._stopping.set()
        if self._scheduler is not None:
            self._scheduler.wake()
        if self._alerting is not None:
            self._alerting.stop()
        for each in self._threads:
            each.join(_JOIN_SECONDS)
