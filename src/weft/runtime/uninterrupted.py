"""Ctrl-C held back for a moment: what is half done would leave the run and its ledger at odds."""

from __future__ import annotations

import signal
import threading
from types import TracebackType


class Uninterrupted:
    """Within it a Ctrl-C is noted, and raised as KeyboardInterrupt at its end; in other threads it does nothing."""

    __slots__ = ("_heard", "_held")

    def __init__(self) -> None:
        """Hold nothing back yet."""
        self._held = False
        self._heard = False

    def __enter__(self) -> None:
        """Hold Ctrl-C back, unless somebody else handles it."""
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._hear)
            self._held = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Raise what was held back."""
        if self._held:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._held = False
            if self._heard:
                raise KeyboardInterrupt

    def _hear(self, *_: object) -> None:
        self._heard = True
