"""What can happen to a run, and what it can ask for: the events and commands of the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from weft.model import events


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The attempt of a node succeeded and its outputs are about to be written down."""

    node: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The attempt of a node did not succeed; `random` in [0, 1) serves the jitter of a retry."""

    node: int
    outcome: events.Outcome
    retryable: bool
    random: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Pruned:
    """The inputs of a conditional node turned out to be those that it was made from already."""

    node: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """The inputs of a conditional node turned out to be those of which a blocking check rejected the result."""

    node: int


@dataclass(frozen=True, slots=True)
class Lost:
    """The attempts of these nodes ended with their worker or driver before they reported."""

    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unstarted:
    """These nodes were handed out but their bodies never began; they are handed out again as if nothing had been."""

    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RetryDue:
    """The delay before another attempt of a node is over."""

    node: int


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """Nothing more is to be started."""

    reason: str = "cancelled"


RunEvent: TypeAlias = Succeeded | Failed | Pruned | Rejected | Lost | Unstarted | RetryDue | CancelRequested


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Try a node again after `delay` seconds."""

    node: int
    delay: float


@dataclass(frozen=True, slots=True)
class Finish:
    """Write down that nodes ended without a body; `subject` is the step that the reason points at."""

    nodes: tuple[int, ...]
    outcome: events.Outcome
    reason: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class FinishRun:
    """Every node has finished: write down how the run ended."""

    outcome: events.Outcome
    reason: str = ""


Command: TypeAlias = RetryLater | Finish | FinishRun
