"""Attempts that gave their worker back and wait: how often, since when, and for what."""

from __future__ import annotations

import msgspec

from weft.model import events


class Parking(msgspec.Struct, kw_only=True):
    """How often an attempt gave its worker back, and since when (microseconds)."""

    times: int
    first: int
    condition: tuple[str, ...] = ()
    """What it waits for in the ledger, if that is what it waits for."""
    reason: str = ""


def is_silent(log: events.LogSegment | None) -> bool:
    """Whether an attempt wrote nothing."""
    return log is None or log.end <= log.start
