"""How a body is told to stop: an exception raised into it, so that its `finally` blocks run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable


class Cancelled(BaseException):
    """The attempt was cancelled. No subclass of Exception, so that a body's `except Exception` does not swallow it."""


CTRL_C = "Ctrl-C"
"""What a handler of signals says in the KeyboardInterrupt that it raises, where it is not Python's own."""


def is_ctrl_c(error: KeyboardInterrupt) -> bool:
    """Tell whether a Ctrl-C raised an exception in the calling thread; else a body raised it of itself."""
    if threading.current_thread() is not threading.main_thread():
        return False
    return error.args == (CTRL_C,) or signal.getsignal(signal.SIGINT) is signal.default_int_handler


class BodyThread(threading.Thread):
    """A thread for one body that may be told to end: never before the body has begun, nor after it has ended.

    Raised outside of the body, `Cancelled` would be an error that nobody handles.
    """

    def __init__(self, body: Callable[[], object], name: str) -> None:
        """Run `body`, which keeps what it returns and raises to itself; `start` begins."""
        super().__init__(name=name, daemon=True)
        self._body = body
        self._turn = threading.Lock()
        self._is_inside = self._is_told = False

    def run(self) -> None:
        """Run the body, unless its time was over before it began."""
        try:
            with self._turn:
                if self._is_told:
                    return
                self._is_inside = True
            try:
                self._body()
            finally:
                with self._turn:
                    self._is_inside = False
        except Cancelled:
            return

    def tell_to_end(self) -> None:
        """Raise `Cancelled` into the body, if it runs; one that has not begun will not."""
        with self._turn:
            if self._is_inside and not self._is_told:
                ask_to_end(self)
            self._is_told = True


def ask_to_end(thread: threading.Thread) -> None:
    """Raise `Cancelled` into a thread at its next Python instruction; a call into C is not reached."""
    import ctypes

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(Cancelled))
