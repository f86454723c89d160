"""What a sensor is given, and what it answers with."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from weft.model import errors


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """A run of the sensor's target.

    Args:
        key: by which the same request is known again: one that was seen before starts nothing.
        params: parameters of the pipeline.
        partition: the partition, or interval, to run.
        tags: words that are kept with the request.
        priority: higher ones run first among those that wait.
    """

    key: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    partition: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0


@dataclass(frozen=True, slots=True)
class SkipReason:
    """Nothing is to be run, and why."""

    reason: str = ""


class SensorContext:
    """What a sensor knows: where it stopped the last time (`cursor`), and when that was."""

    def __init__(
        self, *, name: str, cursor: str | None, last_tick: datetime | None, now: datetime, log: logging.Logger
    ) -> None:
        """Make the context of one evaluation."""
        self.name = name
        """The sensor's name."""
        self.last_tick = last_tick
        """When it last asked for something, None where it never did."""
        self.now = now
        """When this evaluation began."""
        self.log = log
        self._cursor = cursor

    @property
    def cursor(self) -> str | None:
        """What the sensor left to itself, None at first; it is kept in the same transaction as what is started."""
        return self._cursor

    @cursor.setter
    def cursor(self, value: object) -> None:
        if not isinstance(value, (str, int)) or isinstance(value, bool):
            raise errors.UsageError(
                f"The cursor of the sensor {self.name!r} was set to {value!r}, which is no text.",
                remedy="Write context.cursor = json.dumps(…) for anything that is not text.",
            )
        self._cursor = str(value)
