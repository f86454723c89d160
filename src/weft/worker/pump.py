"""The pump: a process that masks secrets in what is written to a worker's descriptors, on its way to the log.

A process and not a thread: C code that holds the interpreter's lock while it writes would wait for a thread for ever.
The worker forks it before the first body runs, while it still has one thread if its libraries let it.
"""

from __future__ import annotations

import os
import select
import signal
import socket
from collections.abc import Iterable
from typing import NoReturn

from weft.worker import masking

_CHUNK = 1 << 16
_SETTLE, _DONE = b"s", b"d"


class Pump:
    """The worker's side of the pump."""

    def __init__(self, masks: masking.Masks, limit: int) -> None:
        """Start the process. `limit` bounds the bytes between two settlings, so that a flood costs no disk."""
        source, self._sink = os.pipe()
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        """The process id."""
        if self.pid == 0:
            ours.close()
            os.close(self._sink)
            _serve(source, theirs, masks, limit)
        os.close(source)
        theirs.close()
        self._control = ours

    def lead(self, descriptors: Iterable[int]) -> None:
        """Have these descriptors lead into the pump."""
        for descriptor in descriptors:
            os.dup2(self._sink, descriptor)
        os.close(self._sink)

    def write_to(self, log: int) -> None:
        """Have the pump write to this file from here on."""
        self.settle()
        socket.send_fds(self._control, [_SETTLE], [log])
        self._control.recv(1)

    def settle(self) -> None:
        """Wait until all that was written has reached the file. A pump that has died is an OSError."""
        self._control.send(_SETTLE)
        if not self._control.recv(1):
            raise BrokenPipeError("the process that masks the output has ended")


def _serve(source: int, control: socket.socket, masks: masking.Masks, limit: int) -> NoReturn:
    try:
        os.setsid()  # so that it outlives its worker's group for long enough to write its last words
        for each in (signal.SIGUSR1, signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        os.set_blocking(source, False)
        _Masking(source, masks, limit).serve(control)
    finally:
        os._exit(0)


class _Masking:
    """The pump's side: bytes in, masked bytes out."""

    def __init__(self, source: int, masks: masking.Masks, limit: int) -> None:
        self._source = source
        self._masks = masks
        self._limit = limit
        self._log = -1
        self._kept = b""
        self._written = 0
        self._open = True

    def serve(self, control: socket.socket) -> None:
        """Work until the worker ends."""
        while True:
            watched: list[socket.socket | int] = [control, self._source] if self._open else [control]
            ready, _, _ = select.select(watched, [], [])
            if self._open and self._source in ready:
                self._drain(once=True)
            if control in ready:
                content, descriptors, _, _ = socket.recv_fds(control, 1, 1)
                self._drain()
                self._write(self._kept)
                self._kept = b""
                if not content:
                    return
                if descriptors:
                    if self._log >= 0:
                        os.close(self._log)
                    self._log = descriptors[0]
                self._written = 0
                control.send(_DONE)

    def _drain(self, *, once: bool = False) -> None:
        while self._open:
            try:
                content = os.read(self._source, _CHUNK)
            except BlockingIOError:
                return
            if not content:
                self._open = False
                return
            masked = self._masks.binary(self._kept + content)
            # A secret may be cut by the end of what was read: keep back what could be its beginning.
            keep = 0 if masked.endswith(b"\n") else min(len(masked), self._masks.longest - 1)
            self._write(masked[: len(masked) - keep])
            self._kept = masked[len(masked) - keep :]
            if once:
                return

    def _write(self, content: bytes) -> None:
        room = self._limit + _CHUNK - self._written
        content = content[: max(room, 0)]
        self._written += len(content)
        try:
            while content and self._log >= 0:
                content = content[os.write(self._log, content) :]
        except OSError:
            self._written = self._limit + _CHUNK  # a full disk: what follows until the next settling is dropped
