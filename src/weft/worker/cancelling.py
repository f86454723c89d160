"""How a body is told to stop: an exception raised into it, so that its `finally` blocks run."""

from __future__ import annotations

import signal
import threading


class Cancelled(BaseException):
    """The attempt was cancelled. No subclass of Exception, so that a body's `except Exception` does not swallow it."""


CTRL_C = "Ctrl-C"
"""What a handler of signals says in the KeyboardInterrupt that it raises, where it is not Python's own."""


def is_ctrl_c(error: KeyboardInterrupt) -> bool:
    """Tell whether a Ctrl-C raised an exception in the calling thread; else a body raised it of itself."""
    if threading.current_thread() is not threading.main_thread():
        return False
    return error.args == (CTRL_C,) or signal.getsignal(signal.SIGINT) is signal.default_int_handler


def ask_to_end(thread: threading.Thread) -> None:
    """Raise `Cancelled` into a thread at its next Python instruction; a call into C is not reached."""
    import ctypes

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(Cancelled))
