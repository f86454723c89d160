"""What can happen to a run, and what it can ask for: the events and commands of the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from weft.model import events, keys


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
    """Nothing more is to be started but teardowns of setups that succeeded; asked for again, not these either."""

    reason: str = "cancelled"


@dataclass(frozen=True, slots=True)
class Skipped:
    """The body of a claimed node said that there is nothing to do, or its condition did."""

    node: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reused:
    """An earlier result serves for a claimed node; its body does not run."""

    node: int


@dataclass(frozen=True, slots=True)
class Parked:
    """The attempt of a node gave its worker back, and goes on when `RetryDue` comes. It costs no retry."""

    node: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Expanded:
    """A claimed fan node found out how many items it has. None of them makes it and what is below skipped."""

    node: int
    count: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """A branch or short circuit succeeded with a choice; comes in place of `Succeeded`. See `tasks.settled`.

    The nodes `skip` end as skipped, whatever their rules say, and so do all step runs of `steps`. Where the node is an
    item of a mapped step, those of `steps` do only if every item left them out.
    """

    node: int
    skip: tuple[int, ...] = ()
    steps: tuple[keys.StepKey, ...] = ()
    reused: bool = False


RunEvent: TypeAlias = (
    Succeeded
    | Failed
    | Pruned
    | Rejected
    | Lost
    | Unstarted
    | RetryDue
    | CancelRequested
    | Skipped
    | Reused
    | Parked
    | Expanded
    | Chosen
)


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
