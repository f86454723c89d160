"""Messages between two of our processes: JSON, one a line, over a stream socket."""

from __future__ import annotations

import socket
from typing import Any

import msgspec

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_CHUNK = 1 << 16
_SEND_SECONDS = 5.0


class Channel:
    """One end. `closed` once the other end is gone."""

    def __init__(self, end: socket.socket) -> None:
        """Talk over `end`."""
        self._socket = end
        self._rest = b""
        self.closed = False

    def fileno(self) -> int:
        """The descriptor that is readable when messages have come."""
        return self._socket.fileno()

    def send(self, **message: object) -> None:
        """Send a message; where the other end is gone, or has heard nothing for seconds, the channel is closed."""
        if self.closed:
            return
        try:
            self._socket.settimeout(_SEND_SECONDS)
            self._socket.sendall(msgspec.json.encode(message) + b"\n")
        except OSError:
            self.closed = True

    def receive(self) -> list[dict[str, Any]]:
        """The messages that have come, without waiting."""
        self._socket.setblocking(False)
        while not self.closed:
            try:
                data = self._socket.recv(_CHUNK)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            self.closed = not data
            self._rest += data
        *lines, self._rest = self._rest.split(b"\n")
        return [_decode(line) for line in lines]

    def wait(self) -> list[dict[str, Any]]:
        """Wait for messages; none when the other end is gone."""
        while not self.closed and b"\n" not in self._rest:
            self._socket.settimeout(None)
            try:
                data = self._socket.recv(_CHUNK)
            except OSError:
                data = b""
            self.closed = not data
            self._rest += data
        *lines, self._rest = self._rest.split(b"\n")
        return [_decode(line) for line in lines]

    def close(self) -> None:
        """Let go of this end."""
        self.closed = True
        self._socket.close()


def pair() -> tuple[Channel, socket.socket]:
    """A channel, and the other end of it for another process."""
    ours, theirs = socket.socketpair()
    return Channel(ours), theirs
