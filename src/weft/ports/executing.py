"""Executions and saved plans, as the ledger keeps them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from weft.ports import ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionRow:
    """One application of a plan. Times are microseconds since the epoch; `options` is a JSON object."""

    id: str
    kind: str
    document: str
    request: str
    total: int
    by: str
    priority: int
    concurrency: int | None
    pool: str
    plan: str
    automation: str
    options: bytes | None
    phase: str
    outcome: str | None
    reason: str
    created: int
    finished: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlanRow:
    """A plan that was kept; `execution` is the last one that applied it, "" where none did."""

    id: str
    document: str
    request: str
    steps: int
    by: str
    created: int
    execution: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRow:
    """How far the scheduler has come with an execution: `turn` counts its changes, `body` is JSON."""

    turn: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRun:
    """A run of an execution that has not finished; one of assets has no pipeline."""

    id: str
    pipeline: str | None
    phase: str
    steps: int
    succeeded: int
    reused: int
    failed: int
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCount:
    """How many runs of pipelines of an execution stand so; `seconds` is the mean time that the finished ones took."""

    phase: str
    outcome: str | None
    count: int
    seconds: float | None


class ExecutionReader(Protocol):
    """Reads executions and saved plans."""

    def executions(
        self,
        *,
        live: bool = False,
        limit: int | None = None,
        before: tuple[int, str] | None = None,
        pipeline: str | None = None,
        partitions: bool = False,
    ) -> list[ExecutionRow]:
        """Executions, newest first; with `live`, unfinished ones; those before one by its creation and id.

        With `partitions` those that fill a selection of partitions: backfills, and plans of which some were asked for.
        With `pipeline` those that were asked for by its name, such as its backfills, and those that ran it.
        """

    def executions_with_prefix(self, prefix: str) -> list[ExecutionRow]:
        """Executions whose id begins with `prefix`."""

    def execution_states(self, executions: Collection[str]) -> Mapping[str, StateRow]:
        """How far these executions have come."""

    def open_runs(self, executions: Collection[str]) -> Mapping[str, list[OpenRun]]:
        """The unfinished runs of these executions, oldest first; those that have none are absent."""

    def run_counts(self, execution: str) -> list[RunCount]:
        """The runs of pipelines of an execution, counted; of those that were repeated in it the last one alone."""

    def runs_of_execution(
        self, execution: str, *, limit: int | None = None, outcomes: Sequence[str] = ()
    ) -> list[ledger.RunRow]:
        """The runs of an execution, newest first; those that ended so."""

    def interval_marks(self, pipeline: str, keys: Sequence[str]) -> Mapping[str, tuple[int, str]]:
        """The version and the outcome of the last attempt of these intervals, as far as there is any."""

    def changed_keys(self, asset: str, *, after: int) -> list[str]:
        """The partitions of an asset of which anything changed after a position."""

    def saved_plans(self, *, limit: int | None = None, before: tuple[int, str] | None = None) -> list[SavedPlanRow]:
        """Saved plans, newest first."""

    def saved_plans_with_prefix(self, prefix: str) -> list[SavedPlanRow]:
        """Saved plans whose id begins with `prefix`."""


class ExecutionWriter(Protocol):
    """Writes how far an execution has come; within a transaction."""

    def set_execution_state(self, execution: str, body: bytes, *, after: int) -> bool:
        """Keep the state that follows on the turn `after` (0: the first); False where another one did before."""
