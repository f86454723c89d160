"""What a driver asks of the work that it drives: what a step run reads, and what its report means.

The driver owns the loop, the engine and the writing; a `Work` knows the kind of steps: steps that make assets
(`asset_work`), the steps of a pipeline (`task_work`), the calls of a flow (`flows`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import msgspec

from weft.engine import network as networks
from weft.engine import words
from weft.model import events, keys
from weft.ports import executor as executors


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A node that was handed out. `bound` is what the work keeps of it until its report comes."""

    line: networks.Line
    partition: keys.PartitionKey
    item: str
    attempt: int
    bound: Any = None
    looks: bool = False
    """It only looks once more for what it waits for: its attempt is written down already, and goes on."""


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """A node that was taken but has not to run: what the engine is told, and what is written down."""

    moves: Sequence[words.RunEvent]
    events: Sequence[events.Event] = ()
    note: Any = None
    """As in `Ended`."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt that fails without (or after) its body: the error, and whether it may be tried again."""

    error: events.Error | None
    retryable: bool = False
    outputs: tuple[events.Materialization, ...] = ()
    rendered: dict[str, str] = {}
    events: Sequence[events.Event] = ()
    """What is written down beside it, after it."""
    note: Any = None
    """As in `Ended`."""


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """What a report comes to that is no failure: events to write, in order, and the moves of the engine."""

    events: Sequence[events.Event]
    moves: Sequence[words.RunEvent]
    note: Any = None
    """What the work wants to be told again by `written`, with the position of the first of these events."""


Answer: TypeAlias = Claimed | Settled | Failure


class Work(Protocol):
    """One kind of work. Its methods are called by one thread at a time."""

    def claim(self, node: int, attempt: int) -> Answer:
        """Bind a node that was taken: what it reads, or why it has not to run."""

    def named(self, line: networks.Line, nodes: Sequence[int]) -> dict[str, Any]:
        """How events name step runs of one line: `partitions` or `items`, as fields of the event."""

    def waited(self, line: networks.Line, nodes: Sequence[int]) -> Sequence[str]:
        """In a flow, what these step runs waited for, as `step#item`."""

    def steps_of(self, line: networks.Line) -> Sequence[keys.StepKey]:
        """The steps that a line stands for: its own, or all of a mapped group that share what they map over."""

    def assignments(self, claimed: Mapping[int, Claimed]) -> list[executors.Assignment]:
        """What the executor is given for nodes whose claim is written down."""

    def taken_apart(self, report: executors.AttemptReport) -> Sequence[executors.AttemptReport]:
        """A report for each node that the executor's report is about; none for a report that is of no node."""

    def leaders(self, nodes: Iterable[int]) -> list[int]:
        """Of these nodes, those that the executor knows by number."""

    def succeeded(self, report: executors.AttemptReport, claimed: Claimed) -> Ended | Failure:
        """Judge a report of success; what comes back is checked against what was planned."""

    def failed(self, report: executors.AttemptReport, claimed: Claimed) -> Failure:
        """Judge a report of failure."""

    def other(self, report: executors.AttemptReport, claimed: Claimed) -> Ended | Claimed | Failure:
        """Judge a report of outcome skipped, parked or looked_up; what is claimed still is submitted once more."""

    def after_failure(
        self, node: int, report: executors.AttemptReport, claimed: Claimed, *, again: bool
    ) -> list[executors.Assignment]:
        """What else the executor is given once a failure is written down: hooks that the body's process can't run."""

    def written(self, note: Any, position: int) -> None:
        """Take note of the position of the first event of an `Ended`, now that it is committed."""

    def deadline(self) -> tuple[float, str] | None:
        """When the whole run has to end, by the monotonic clock in seconds, and what is said then."""

    def finished(self, outcome: events.Outcome, reason: str) -> events.RunFinished:
        """The event with which the run ends."""


class Plain:
    """What kinds of work have in common that know no batches, no hooks, no deadline, and need no positions."""

    def waited(self, line: networks.Line, nodes: Sequence[int]) -> Sequence[str]:
        """The graph says it all."""
        return ()

    def steps_of(self, line: networks.Line) -> Sequence[keys.StepKey]:
        """A line is of one step."""
        return (line.step,)

    def taken_apart(self, report: executors.AttemptReport) -> Sequence[executors.AttemptReport]:
        """A report is about one node."""
        return (report,)

    def leaders(self, nodes: Iterable[int]) -> list[int]:
        """The executor knows every node."""
        return list(nodes)

    def failed(self, report: executors.AttemptReport, claimed: Claimed) -> Failure:
        """A failure is what the report says."""
        return Failure(error=report.error, retryable=report.retryable)

    def other(self, report: executors.AttemptReport, claimed: Claimed) -> Ended | Claimed | Failure:
        """Nothing else than success and failure is expected."""
        error = events.Error(kind="ReportUnexpected", message=f"the attempt ended as {report.outcome}")
        return Failure(error=error)

    def after_failure(
        self, node: int, report: executors.AttemptReport, claimed: Claimed, *, again: bool
    ) -> list[executors.Assignment]:
        """Nothing."""
        return []

    def written(self, note: Any, position: int) -> None:
        """Nothing to note."""

    def deadline(self) -> tuple[float, str] | None:
        """None."""
        return None
