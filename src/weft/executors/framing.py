"""Messages between the driver and its workers: four bytes of length, one byte of kind, and JSON.

JSON and not msgpack, because metadata travels as raw JSON text inside of assignments and reports.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Sequence

import msgspec

from weft.model import events
from weft.ports import executor

RUN, CANCEL, QUIT, REPORT, READY, BROKEN = b"R", b"C", b"Q", b"P", b"L", b"B"
_HEAD = struct.Struct("<I")
LARGEST_RECEIVED = 1 << 18
"""Bytes that are taken from a socket at once."""

_encoder = msgspec.json.Encoder()
_assignments = msgspec.json.Decoder(list[executor.Assignment])
_report = msgspec.json.Decoder(executor.AttemptReport)
_ids = msgspec.json.Decoder(list[int])
_error = msgspec.json.Decoder(events.Error)


def encode(kind: bytes, content: object = None) -> bytes:
    """Return a whole message."""
    body = _encoder.encode(content)
    return _HEAD.pack(len(body) + 1) + kind + body


def assignments_of(body: bytes) -> list[executor.Assignment]:
    """Read the body of a RUN message."""
    return _assignments.decode(body)


def report_of(body: bytes) -> executor.AttemptReport:
    """Read the body of a REPORT message."""
    return _report.decode(body)


def ids_of(body: bytes) -> Sequence[int]:
    """Read the body of a CANCEL message."""
    return _ids.decode(body)


def error_of(body: bytes) -> events.Error:
    """Read the body of a BROKEN message."""
    return _error.decode(body)


class Reader:
    """Cuts what comes through a socket into messages."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        """Begin with nothing."""
        self._buffer = bytearray()

    def take(self, content: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Take what was received and yield kind and body of each message that is now whole."""
        buffer = self._buffer
        buffer += content
        place = 0
        while len(buffer) - place >= 4:
            (length,) = _HEAD.unpack_from(buffer, place)
            end = place + 4 + length
            if len(buffer) < end:
                break
            yield bytes(buffer[place + 4 : place + 5]), bytes(buffer[place + 5 : end])
            place = end
        del buffer[:place]


def receive(connection: socket.socket) -> bytes:
    """Receive what is there; empty at the end of the stream, also where the other side broke it off."""
    try:
        return connection.recv(LARGEST_RECEIVED)
    except (ConnectionResetError, BrokenPipeError):
        return b""
