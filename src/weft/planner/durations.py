"""Which durations are out of the ordinary, measured by a thing's own history."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

LEAST_HISTORY = 5
MOST_HISTORY = 30
_SPREADS = 5.0
_NORMAL = 1.4826  # what makes the median absolute deviation of a normal distribution its standard deviation
_LEAST_SHARE = 0.5
_LEAST_SECONDS = 5.0


def threshold(history: Sequence[float]) -> float | None:
    """From how many seconds on a duration is far above its history; None where that is too short to tell.

    The median of the last 30 plus five robust standard deviations of them (median absolute deviation), so that a few
    wild ones among them move nothing; but never less than half as much again as the median, and five seconds more.

    Args:
        history: durations in seconds, newest first; such as are not finite or negative are left out.
    """
    recent = [each for each in history if 0 <= each < float("inf")][:MOST_HISTORY]
    if len(recent) < LEAST_HISTORY:
        return None
    median = statistics.median(recent)
    spread = _NORMAL * statistics.median(abs(each - median) for each in recent)
    return median + max(_SPREADS * spread, _LEAST_SHARE * median, _LEAST_SECONDS)
