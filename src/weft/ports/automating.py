"""What schedules decided, as the ledger keeps it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationRow:
    """An automation as schedulers saw it. Times are microseconds since the epoch.

    `paused_at` is when it was paused or resumed last. `last_*` are of the decision that was made last.
    """

    id: str
    location: str = ""
    activated: int | None = None
    paused: bool = False
    paused_by: str = ""
    paused_at: int | None = None
    reason: str = ""
    last_tick: str = ""
    last_due: int | None = None
    last_decision: str = ""
    last_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TickRow:
    """One decision. `position` is that of its event, by which pages of the history go on."""

    automation: str
    tick: str
    position: int
    due: int
    at: int
    decision: str
    reason: str
    runs: tuple[str, ...]
    executions: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRow:
    """What a scheduler saw when it looked last and decided the same again; `body` is its own note."""

    automation: str
    looked_at: int | None
    same: int
    decision: str
    reason: str
    body: bytes | None


class AutomationReader(Protocol):
    """Reads what automations decided."""

    def automations(self, prefix: str, *, moved_after: int | None = None) -> dict[str, AutomationRow]:
        """Automations whose id begins with `prefix`; those that were paused or resumed after a time."""

    def looks(self, prefix: str) -> dict[str, LookRow]:
        """What was looked at last by automations whose id begins with `prefix`."""

    def ticks(
        self, automation: str | None = None, *, limit: int, before: int | None = None, decision: str | None = None
    ) -> list[TickRow]:
        """Decisions, newest first: of one automation or of all schedules; from before a position."""

    def tick_before(self, automation: str, due: int, *, prefix: str = "") -> int | None:
        """When the last tick by `due` was due that was decided; of those whose name does not begin with `prefix`."""

    def moved_assets(self, assets: Collection[str], after: int) -> set[str]:
        """Which of these assets anything happened to after a position."""


class AutomationWriter(Protocol):
    """Reads and writes within a transaction."""

    def automation_rows(self, ids: Sequence[str]) -> dict[str, AutomationRow]:
        """These automations as they are now."""

    def decided_ticks(self, automation: str, ticks: Sequence[str]) -> set[str]:
        """Which of these ticks were decided."""

    def put_looks(self, rows: Sequence[LookRow]) -> None:
        """Note what was looked at; counts how often the same was decided."""

    def newest_version(self, asset: str, after: int, keys: Collection[str] | None = None) -> int | None:
        """The newest version of an asset (of these partitions) after a position; None where there is none."""

    def moved_partitions(self, asset: str, after: int) -> Mapping[str, int]:
        """Partitions of an asset that have a version after a position, with it."""

    def consumed_at(self, pipeline: str, partition: str | None) -> int:
        """The position at which the newest run of a pipeline was created; 0 where there is none."""

    def newest_run_of(self, pipeline: str) -> str | None:
        """The newest run of a pipeline that no other run called."""

    def last_numbered_tick(self, automation: str, prefix: str) -> int:
        """The highest number of the ticks of an automation that are named `prefix` and a number; 0 for none."""

    def position_at(self, moment: int) -> int:
        """The position of the last event before a time (microseconds), 0 where there is none."""
