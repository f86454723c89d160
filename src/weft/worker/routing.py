"""The output of attempts that run in threads of one process: what a body writes goes to the log of its own attempt.

While any executor that uses it is open, `sys.stdout`, `sys.stderr` and the root logger ask which attempt they are
called in (a context variable says so); outside of one all goes on as before. Threads that a body starts of itself are
not within it, unless it copies its context to them.
"""

from __future__ import annotations

import contextvars
import io
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from weft.worker import logs


class Destination:
    """Where the output of an attempt goes: to a capture, and with `echo` also to where it would have gone."""

    __slots__ = ("capture", "echo", "handler")

    def __init__(self, capture: logs.Capture, *, echo: bool) -> None:
        """Lead output to `capture`."""
        self.capture = capture
        self.echo = echo
        self.handler = logs.CaptureHandler(capture)


_current: contextvars.ContextVar[Destination | None] = contextvars.ContextVar("weft output of an attempt", default=None)
_lock = threading.Lock()
_users = 0
_installed: list[tuple[TextIO, TextIO, logging.Handler, bool]] = []


@contextmanager
def to(destination: Destination | None) -> Iterator[None]:
    """Let what is written within go to a destination."""
    token = _current.set(destination)
    try:
        yield
    finally:
        _current.reset(token)


def install() -> None:
    """Put the streams and the log handler in their places, for one more user."""
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            out, err = sys.stdout, sys.stderr
            handler = _Handler()
            root = logging.getLogger()
            raised = root.level == logging.WARNING  # its default
            if raised:
                root.setLevel(logging.INFO)
            root.addHandler(handler)
            sys.stdout = cast(TextIO, _Stream(out, 0))
            sys.stderr = cast(TextIO, _Stream(err, 1))
            _installed.append((out, err, handler, raised))


def remove() -> None:
    """Take them away again, when the last user goes; streams that were replaced meanwhile are left alone."""
    global _users
    with _lock:
        _users -= 1
        if _users == 0:
            out, err, handler, raised = _installed.pop()
            root = logging.getLogger()
            root.removeHandler(handler)
            if raised and root.level == logging.INFO:
                root.setLevel(logging.WARNING)
            if isinstance(sys.stdout, _Stream):
                sys.stdout = out
            if isinstance(sys.stderr, _Stream):
                sys.stderr = err


class _Stream(io.TextIOBase):
    """Stands for stdout or stderr."""

    def __init__(self, original: TextIO, place: int) -> None:
        self._original = original
        self._place = place

    def write(self, text: str) -> int:
        destination = _current.get()
        if destination is None:
            return self._original.write(text)
        destination.capture.streams[self._place].write(text)
        if destination.echo:
            self._original.write(destination.capture.masks.text(text))
        return len(text)

    def flush(self) -> None:
        destination = _current.get()
        if destination is not None:
            destination.capture.streams[self._place].flush()
        if destination is None or destination.echo:
            self._original.flush()

    @property
    def buffer(self) -> Any:
        """Where bodies write bytes."""
        destination = _current.get()
        return (self._original if destination is None else destination.capture.streams[self._place]).buffer

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._original.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return self._original.errors

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return _current.get() is None and self._original.isatty()

    def fileno(self) -> int:
        return self._original.fileno()


class _Handler(logging.Handler):
    """Leads log records to the attempt in which they are made."""

    def emit(self, record: logging.LogRecord) -> None:
        destination = _current.get()
        if destination is not None:
            destination.handler.emit(record)
            if not destination.echo:
                return
        if len(logging.getLogger().handlers) > 1:
            return  # the user's own handlers show it
        if destination is not None:
            text = destination.capture.masks.text(logs.format_record(record))
            _installed[-1][1].write(f"{text}\n")
        elif logging.lastResort is not None and record.levelno >= logging.lastResort.level:
            logging.lastResort.handle(record)
