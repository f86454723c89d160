"""A few numbers that the driver and one worker both see at any time, in a page of shared memory.

Through it a crash tells which body was running and where its output began, and a deadline counts from the body's real
start, without a message for each start. Each number has one writer.
"""

from __future__ import annotations

import mmap
import os
import struct
import time

_SIZE = 4096
_START = struct.Struct("=qqq")
_NUMBER = struct.Struct("=q")
_CANCEL_AT, _ATTENTION_AT, _PUMP_AT = 64, 128, 192
NOTHING = -1


class SharedState:
    """The page; made by the driver, mapped again from its descriptor by the worker."""

    __slots__ = ("_map", "descriptor")

    def __init__(self, descriptor: int | None = None) -> None:
        """Make a page, or map the one of `descriptor`."""
        fresh = descriptor is None
        self.descriptor = os.memfd_create("weft-worker") if descriptor is None else descriptor
        if fresh:
            os.ftruncate(self.descriptor, _SIZE)
        self._map = mmap.mmap(self.descriptor, _SIZE)
        if fresh:
            _START.pack_into(self._map, 0, NOTHING, 0, 0)
            _NUMBER.pack_into(self._map, _CANCEL_AT, NOTHING)
            _NUMBER.pack_into(self._map, _PUMP_AT, NOTHING)

    def starts(self, serial: int, log_start: int) -> None:
        """Note by the worker: its assignment number `serial`, from 1, runs now; its output begins at this offset."""
        _START.pack_into(self._map, 0, serial, time.monotonic_ns(), log_start)

    @property
    def running(self) -> tuple[int, float, int]:
        """The serial number of the last assignment started, when (seconds, monotonic), and where its output begins."""
        serial, moment, log_start = _START.unpack_from(self._map, 0)
        return serial, moment / 1e9, log_start

    @property
    def to_cancel(self) -> int:
        """The assignment that the driver's signal is about."""
        found: int = _NUMBER.unpack_from(self._map, _CANCEL_AT)[0]
        return found

    @to_cancel.setter
    def to_cancel(self, assignment: int) -> None:
        _NUMBER.pack_into(self._map, _CANCEL_AT, assignment)

    @property
    def attention(self) -> int:
        """How many messages the driver has sent that should be read before the next body starts."""
        found: int = _NUMBER.unpack_from(self._map, _ATTENTION_AT)[0]
        return found

    def call(self) -> None:
        """Note by the driver: one more such message."""
        _NUMBER.pack_into(self._map, _ATTENTION_AT, self.attention + 1)

    @property
    def pump(self) -> int:
        """The process id of the worker's pump, NOTHING where it has none."""
        found: int = _NUMBER.unpack_from(self._map, _PUMP_AT)[0]
        return found

    @pump.setter
    def pump(self, pid: int) -> None:
        _NUMBER.pack_into(self._map, _PUMP_AT, pid)

    def close(self) -> None:
        """Unmap the page."""
        self._map.close()
        os.close(self.descriptor)
