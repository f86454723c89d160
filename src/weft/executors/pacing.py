"""How many assignments are claimed and sent ahead: about 20 ms of work while bodies are short, else one.

Estimates go up at once and down slowly, so that a step whose bodies are sometimes long is not queued behind itself.
"""

from __future__ import annotations

LARGEST_FRAME = 64
"""Claimed bodies are lost when the driver is killed: a larger frame is little faster, and repeats more then."""
FRAME_SECONDS = 0.020
SHORT_SECONDS = 0.005
"""Bodies longer than this are sent one at a time."""
_DECAY = 0.85


class Pace:
    """Learns how long attempts take and says how many of them are a frame."""

    __slots__ = ("_by_step", "_overall", "_window")

    def __init__(self) -> None:
        """Know nothing yet: one at a time."""
        self._by_step: dict[str, float] = {}
        self._overall: float | None = None
        self._window = 1

    def learn(self, step: str, seconds: float) -> None:
        """Take note of how long an attempt took."""
        self._by_step[step] = _estimate(self._by_step.get(step), seconds)
        self._overall = _estimate(self._overall, seconds)

    def grow(self) -> None:
        """Allow twice as much, up to a frame; called once for each round of reports, so that the start is careful."""
        self._window = min(self._window * 2, LARGEST_FRAME)

    @property
    def frame(self) -> int:
        """How many assignments of no particular step are a frame."""
        return 1 if self._overall is None else min(self._window, _bound(self._overall))

    def seconds(self, step: str) -> float:
        """Return how long an attempt at `step` will take, by what is known; a frame's worth where nothing is."""
        found = self._by_step.get(step, self._overall)
        return FRAME_SECONDS if found is None else found


def _estimate(before: float | None, seconds: float) -> float:
    return seconds if before is None else max(min(seconds, 1.0), before * _DECAY)


def _bound(seconds: float) -> int:
    if seconds >= SHORT_SECONDS:
        return 1
    return max(1, min(LARGEST_FRAME, int(FRAME_SECONDS / max(seconds, 1e-6))))
