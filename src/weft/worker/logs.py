"""The output of attempts: what bodies print and log goes to one file for each worker and run.

    <logs>/<run>/<worker>.log

An attempt's `LogSegment` gives the offsets of its bytes. `Capture` takes what is written at Python level; in a worker
process `descriptors.DescriptorCapture` also takes what is written to the file descriptors 1 and 2. Output beyond the
limit is dropped, with a notice in its place. A log that can't be written (a full disk) never fails a body: it ends
early.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import time
import traceback
from pathlib import Path
from types import TracebackType
from typing import TextIO, cast

from weft.model import events
from weft.worker import masking

_MOST_OPEN = 16
DEFAULT_LIMIT = 64 * 1024 * 1024
"""Bytes of output that are kept of one attempt."""


class Capture:
    """Writes the output of one attempt at a time; the file is opened when the first byte comes."""

    def __init__(
        self, folder: Path, worker: str, *, masks: masking.Masks | None = None, limit: int = DEFAULT_LIMIT
    ) -> None:
        """Keep where to write: below `folder`, to files named after `worker`; `limit` is in bytes for each attempt."""
        self.folder = folder
        self.worker = worker
        self.masks = masking.Masks() if masks is None else masks
        self.limit = limit
        self.active = False
        self._run = ""
        self._descriptors: dict[str, int] = {}
        self._descriptor = -1
        self._start = -1
        self._written = 0
        self._streams = (Stream(self, 1), Stream(self, 2))

    @property
    def streams(self) -> tuple[TextIO, TextIO]:
        """What takes the place of `sys.stdout` and `sys.stderr`."""
        return cast("tuple[TextIO, TextIO]", self._streams)

    def begin(self, run: str) -> None:
        """Begin an attempt of `run`: what is written from here on is its output."""
        self._run = run
        self._start = -1
        self._written = 0
        self.active = True

    def end(self) -> events.LogSegment | None:
        """End the attempt and return where its output lies; None when there was none."""
        self._finish_streams()
        self.active = False
        if self._start < 0:
            return None
        return events.LogSegment(file=f"{self._run}/{self.worker}.log", start=self._start, end=self._size())

    def write(self, content: bytes) -> None:
        """Append to the attempt's output; does nothing outside of one, beyond the limit or when the disk refuses."""
        if not content or not self.active or self._written > self.limit:
            return
        try:
            if self._start < 0:
                self._descriptor = self._open(self._run)
                self._start = self._size()
            room = self.limit - self._written
            self._written += len(content)
            if len(content) > room:
                content = content[:room] + cut_notice(self.limit)
            while content:
                content = content[os.write(self._descriptor, content) :]
        except OSError:
            self._written = self.limit + 1  # the rest of this attempt is not tried

    def close(self) -> None:
        """Close the files."""
        for descriptor in self._descriptors.values():
            os.close(descriptor)
        self._descriptors.clear()

    def _finish_streams(self) -> None:
        for stream in self._streams:
            stream.finish()

    def _open(self, run: str) -> int:
        found = self._descriptors.get(run)
        if found is None:
            if len(self._descriptors) >= _MOST_OPEN:
                self.close()
            path = self.folder / run / f"{self.worker}.log"
            path.parent.mkdir(parents=True, exist_ok=True)
            found = self._descriptors[run] = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        return found

    def _size(self) -> int:
        return os.fstat(self._descriptor).st_size


def cut_notice(limit: int) -> bytes:
    """Return the line that ends output which was cut at `limit` bytes."""
    return f"\n[weft: the output of this attempt is longer than {limit:,} bytes; the rest is not kept]\n".encode()


class Stream(io.TextIOBase):
    """A text stream into a capture; what may be the beginning of a secret is held back until more comes."""

    def __init__(self, capture: Capture, descriptor: int) -> None:
        """Stand for the file descriptor 1 or 2."""
        self._capture = capture
        self._descriptor = descriptor
        self._parts: list[str] = []
        self._held = b""
        self.buffer = _Bytes(self)

    encoding = "utf-8"
    errors = "backslashreplace"

    def write(self, text: str) -> int:
        """Take text; it is written at the end of each line."""
        if not isinstance(text, str):
            raise TypeError(f"write() takes text, not {type(text).__name__}")
        self._parts.append(text)
        if "\n" in text or len(self._parts) > 1000:
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Write what was taken, but not what may be the beginning of a secret."""
        if self._parts:
            text = "".join(self._parts)
            self._parts.clear()
            self.take(text.encode("utf-8", "backslashreplace"))

    def take(self, content: bytes) -> None:
        """Write bytes, masked, after the text that was taken before."""
        masks = self._capture.masks
        masked = masks.binary(self._held + content)
        end = len(masked) - masks.unfinished(masked)
        self._held = masked[end:]
        self._capture.write(masked[:end])

    def finish(self) -> None:
        """Write all that was taken."""
        self.flush()
        held, self._held = self._held, b""
        self._capture.write(held)

    def writable(self) -> bool:
        """Tell that this can be written to."""
        return True

    def isatty(self) -> bool:
        """Tell that this is no terminal."""
        return False

    def fileno(self) -> int:
        """Return the file descriptor that this stands for."""
        return self._descriptor


class _Bytes(io.RawIOBase):
    """The `buffer` of a stream, for bodies that write bytes."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def writable(self) -> bool:
        return True

    def write(self, content: object) -> int:
        self._stream.flush()
        plain = bytes(content)  # type: ignore[call-overload]
        self._stream.take(plain)
        return len(plain)

    def fileno(self) -> int:
        return self._stream.fileno()


class CaptureHandler(logging.Handler):
    """Writes log records into a capture as `HH:MM:SS.mmm LEVEL logger: message`, in local time."""

    def __init__(self, capture: Capture) -> None:
        """Write into `capture` while an attempt runs; else warnings go to stderr, as without a handler."""
        super().__init__()
        self._capture = capture

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        if not self._capture.active:
            if logging.lastResort is not None and record.levelno >= logging.lastResort.level:
                logging.lastResort.handle(record)
            return
        try:
            line = format_record(record)
        except Exception:  # a format string that doesn't fit its arguments must not fail the body
            problem = traceback.format_exc()
            line = f"{record.levelname} {record.name}: {record.msg!r} (its arguments do not fit it)\n{problem}"
        for stream in self._capture.streams:
            stream.flush()
        self._capture.write(self._capture.masks.text(line + "\n").encode("utf-8", "backslashreplace"))


def format_record(record: logging.LogRecord) -> str:
    """Return a log record as text, with its traceback on further lines.

    The further lines of a message are indented: so whoever reads the log tells them from what was printed after it.
    """
    clock = time.strftime("%H:%M:%S", time.localtime(record.created))
    message = record.getMessage().replace("\n", "\n  ")
    line = f"{clock}.{int(record.msecs):03d} {record.levelname} {record.name}: {message}"
    if record.exc_info and record.exc_info[0] is not None:
        told = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
        line += "\n" + (told if told.startswith("Traceback ") else "  " + told.replace("\n", "\n  "))
    if record.stack_info:
        line += "\n" + record.stack_info
    return line


class Redirected:
    """While entered, Python's own streams and log records go into a capture; entered and left around each body."""

    def __init__(self, capture: Capture) -> None:
        """Redirect into `capture`."""
        self._streams = capture.streams
        self._saved: tuple[TextIO, TextIO] | None = None

    def __enter__(self) -> None:
        self._saved = (sys.stdout, sys.stderr)
        sys.stdout, sys.stderr = self._streams

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._saved is not None
        # A body that put streams of its own in their place and left them there is not the next one's concern.
        sys.stdout, sys.stderr = self._saved


def install_logging(capture: Capture) -> CaptureHandler:
    """Send the root logger's records into a capture, from INFO on unless its level was set."""
    handler = CaptureHandler(capture)
    root = logging.getLogger()
    if root.level == logging.WARNING:  # its default
        root.setLevel(logging.INFO)
        handler.set_name("weft: level raised")
    root.addHandler(handler)
    return handler


def remove_logging(handler: CaptureHandler) -> None:
    """Take the handler away again and restore the root logger's level."""
    root = logging.getLogger()
    root.removeHandler(handler)
    if handler.get_name() == "weft: level raised":
        root.setLevel(logging.WARNING)
