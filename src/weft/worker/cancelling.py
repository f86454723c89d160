"""How a body is told to stop: an exception raised into it, so that its `finally` blocks run."""

from __future__ import annotations

import signal
import threading


class Cancelled(BaseException):
    """The attempt was cancelled. No subclass of Exception, so that a body's `except Exception` does not swallow it."""


def is_ctrl_c_heard() -> bool:
    """Tell whether a Ctrl-C raises KeyboardInterrupt into the calling thread; else a body raised it of itself."""
    on_main_thread = threading.current_thread() is threading.main_thread()
    return on_main_thread and signal.getsignal(signal.SIGINT) is signal.default_int_handler
