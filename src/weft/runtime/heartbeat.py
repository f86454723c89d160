"""Keeping the lease of a run while its driver is busy: a thread of its own, with a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from weft.model import errors

LEASE_SECONDS = 60.0
_RENEW_SECONDS = 15.0


class Heartbeat:
    """Calls `renew` every quarter of a lease; when it says that the lease is lost, calls `lost` once and stops.

    A ledger that fails for a moment, as on a full disk, is no lost lease: it is asked again at the next beat.
    """

    def __init__(self, renew: Callable[[], bool], lost: Callable[[], None]) -> None:
        """Prepare; `start` begins."""
        self._renew = renew
        self._lost = lost
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="weft-heartbeat", daemon=True)

    def start(self) -> None:
        """Begin, once the workers have been forked."""
        self._thread.start()

    def stop(self) -> None:
        """End and wait for the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_RENEW_SECONDS):
            try:
                kept = self._renew()
            except errors.LedgerError:
                continue  # the driver meets the same failure, and says so, when it writes
            if not kept:
                self._lost()
                return
