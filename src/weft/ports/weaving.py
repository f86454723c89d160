"""What happened when, counted for a picture over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A version that was made at a time (microseconds); `state` is "", "rejected" or "removed"."""

    at: int
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTally:
    """How many runs of a pipeline were created in a piece of time and stand so; `place` counts the pieces from 0."""

    place: int
    phase: str
    outcome: str
    count: int


class WeavingReader(Protocol):
    """Reads what is counted over time."""

    def versions_made(self, assets: Sequence[str], *, since: int, until: int, most: int) -> Mapping[str, list[Made]]:
        """The versions of each of these assets that were made in a time, newest first, at most so many of each."""

    def run_tallies(
        self, pipelines: Sequence[str], *, since: int, until: int, width: float, most: int
    ) -> Mapping[str, list[RunTally]]:
        """The runs of each of these pipelines in a time, but for those that a run called, by pieces of a width.

        Of each pipeline the newest `most` runs are counted.
        """
