"""Durations as users write them: `"90s"`, `"5m"`, `"1h30m"`, a timedelta or a number of seconds."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import TypeAlias

from weft.model import errors

Duration: TypeAlias = "float | int | str | timedelta"
"""Seconds, a timedelta, or text such as "90s", "5m", "2h", "1d" and "1h30m"."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_WORDS = {"sec": "s", "second": "s", "min": "m", "minute": "m", "hour": "h", "day": "d", "week": "w"}
_PIECE = re.compile(rf"\s*(\d+(?:\.\d+)?)\s*(?:({'|'.join(_WORDS)})s?\b|(ms|[smhdw]))\s*")
_NUMBER = re.compile(r"\s*\d+(?:\.\d+)?\s*\Z")


def seconds(value: object, *, what: str, least: float = 0.0, exclusive: bool = False) -> float:
    """Return a duration in seconds.

    Args:
        value: a `Duration`; text is a sum of numbers with the units ms, s, m, h, d and w, or words such
            as minutes; or a plain number of seconds.
        what: names the duration in an error, such as "timeout".
        least: the smallest duration that is allowed, in seconds.
        exclusive: whether `least` itself is not allowed.

    Raises:
        UsageError: it is no duration, it is infinite, or it is too short.
    """
    found = _parsed(value, what)
    if not math.isfinite(found):
        raise errors.UsageError(f"{what} is {value!r}, which is not a finite duration.", remedy=_REMEDY)
    if found < least or (exclusive and found == least):
        bound = f"more than {least:g} s" if exclusive else f"at least {least:g} s"
        raise errors.UsageError(f"{what} is {value!r}, but must be {bound}.", remedy=_REMEDY)
    return found


def _parsed(value: object, what: str) -> float:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        if _NUMBER.match(value):
            return float(value)
        total, place = 0.0, 0
        while match := _PIECE.match(value, place):
            total += float(match[1]) * _UNITS[_WORDS[match[2]] if match[2] else match[3]]
            place = match.end()
        if place == len(value) and place > 0:
            return total
    raise errors.UsageError(f"{what} is {value!r}, which is not a duration.", remedy=_REMEDY)


_REMEDY = 'Write seconds (90), text such as "90s", "5m", "1h30m" or "2d", or a timedelta.'
