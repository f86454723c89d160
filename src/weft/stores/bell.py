"""The bell of a ledger file: whoever commits rings it, and processes that wait for news wake at once.

SQLite tells nobody that something was written. So each process that waits binds a datagram socket in the folder
`<ledger>.bells`, and a commit sends one byte to each socket that is there. It is a hint and no more: nobody may rely on
hearing it (a file system may not carry sockets), so those who wait look for themselves now and then as well.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path

_SUFFIX = ".bells"
_TICK_NS = 50_000_000


def folder_of(ledger: Path) -> Path:
    """Where the sockets of those lie who wait for news of a ledger."""
    return ledger.with_name(ledger.name + _SUFFIX)


class Bell:
    """The side of those who commit."""

    def __init__(self, ledger: Path) -> None:
        """Ring for the ledger at this path."""
        self._folder = folder_of(ledger)
        self._seen = -1
        self._names: list[str] = []
        self._socket: socket.socket | None = None
        self._pid = 0

    def ring(self) -> None:
        """Wake all who wait. Costs one look at a folder where nobody does."""
        try:
            changed = self._folder.stat().st_mtime_ns
        except OSError:
            return
        if changed != self._seen:
            # a folder that was changed just now may change again within the same tick of the file system's clock
            self._seen = changed if time.time_ns() - changed > _TICK_NS else -1
            with contextlib.suppress(OSError):
                self._names = [each.name for each in self._folder.iterdir()]
        if not self._names:
            return
        if self._socket is None or self._pid != os.getpid():
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
            self._pid = os.getpid()
        with _short(self._folder) as base:
            for name in self._names:
                self._send(f"{base}/{name}", self._folder / name)

    def _send(self, address: str, path: Path) -> None:
        assert self._socket is not None
        try:
            self._socket.sendto(b"!", address)
        except (BlockingIOError, FileNotFoundError, PermissionError):
            pass  # it has not been heard yet, which is enough; or it has just gone; or it is another user's
        except OSError:  # refused: its process died without taking it away
            with contextlib.suppress(OSError):
                path.unlink()

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket is not None and self._pid == os.getpid():
            self._socket.close()
        self._socket = None


class Listener:
    """The side of those who wait; used by one thread, but `wake` by any."""

    def __init__(self, ledger: Path | None) -> None:
        """Listen for commits to the ledger at this path (None: of one in memory, of which no news can come)."""
        self._path: Path | None = None
        if ledger is None:
            self._ear, self._mouth = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        else:
            folder = folder_of(ledger)
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            name = f"{os.getpid()}-{secrets.token_hex(4)}"
            self._ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._mouth = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            with _short(folder) as base:
                self._ear.bind(f"{base}/{name}")
                self._mouth.connect(f"{base}/{name}")
            self._path = folder / name
        self._ear.setblocking(False)
        self._mouth.setblocking(False)

    def fileno(self) -> int:
        """The descriptor that becomes readable when there is news."""
        return self._ear.fileno()

    def wait(self, timeout: float | None) -> bool:
        """Wait up to `timeout` seconds for news (None: for ever); tells whether there was any."""
        select.select([self._ear], [], [], timeout)
        return self.clear()

    def clear(self) -> bool:
        """Take note of all news so far; tells whether there was any."""
        heard = False
        while True:
            try:
                self._ear.recv(16)
                heard = True
            except BlockingIOError:
                return heard

    def wake(self) -> None:
        """Wake the one who waits, as if there were news."""
        with contextlib.suppress(OSError):
            self._mouth.send(b"!")

    def close(self) -> None:
        """Stop listening."""
        self._ear.close()
        self._mouth.close()
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()


@contextlib.contextmanager
def _short(folder: Path) -> Iterator[str]:
    """The folder by a short name: the address of a socket has room for 107 bytes, a path may have more."""
    if len(os.fsencode(folder)) < 60:
        yield str(folder)
        return
    descriptor = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
