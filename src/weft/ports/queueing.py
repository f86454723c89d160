"""What waits to begin, and what is under way: runs in the queue, and slots of the pools that steps take."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from weft.ports import ledger as ledgers


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolGrantRow:
    """The slots of a pool that the steps of a run hold; `at` in microseconds since the epoch."""

    pool: str
    run: str
    slots: int
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolWaitRow:
    """What a run waits for in a pool: the slots of the step that is next, since when, and the steps by name."""

    pool: str
    run: str
    slots: int
    priority: int
    since: int
    steps: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A part of the queue: the runs that wait in a work pool for a location, with how many there are up to a bound."""

    pool: str
    location: str


class QueueReader(Protocol):
    """Reads the queue and the pools."""

    def active_runs(self) -> list[ledgers.RunRow]:
        """The runs that somebody has begun to drive and that have not ended, but for those that a run called."""

    def answered_runs(self) -> list[ledgers.RunRow]:
        """The runs in a work pool that are suspended and have no open question left, oldest first."""

    def lanes(self) -> list[Lane]:
        """The work pools and locations in which runs wait."""

    def waiting_runs(
        self, lane: Lane, *, limit: int, pipeline: str | None = None, without: Collection[str] = ()
    ) -> list[ledgers.RunRow]:
        """The first runs of a lane by priority and age: of a pipeline ("" for runs of none), or but for some.

        What an execution that is paused or being cancelled made is left out.
        """

    def waiting_pipelines(self, lane: Lane) -> list[str]:
        """The pipelines of which runs wait in a lane, "" for runs of none."""

    def runs_ahead(self, row: ledgers.RunRow, *, most: int) -> int:
        """How many runs of its lane wait before a waiting run, counted up to `most`."""

    def execution_phase(self, execution: str) -> str:
        """The phase of an execution, "" where there is none."""

    def pool_slots(self) -> Mapping[str, int]:
        """The slots of pools as they were set at run time; they go before what the project's configuration says."""

    def pool_grants(self, pools: Sequence[str] | None = None) -> list[PoolGrantRow]:
        """Who holds slots of these pools (None: of all), oldest first."""

    def pool_waits(self, pools: Sequence[str] | None = None) -> list[PoolWaitRow]:
        """Who waits for slots of these pools (None: of all), the one that is next first."""


class QueueWriter(Protocol):
    """Writes of one transaction."""

    def set_pool_grant(self, pool: str, run: str, slots: int, at: int) -> None:
        """Let a run hold so many slots of a pool; 0 takes them away."""

    def set_pool_wait(self, row: PoolWaitRow) -> None:
        """Note what a run waits for in a pool."""

    def drop_pool_wait(self, pool: str, run: str) -> None:
        """Note that a run waits for nothing in a pool."""

    def free_pools(self, run: str) -> None:
        """Take from a run all slots that it holds and all that it waits for."""

    def set_pool_slots(self, pool: str, slots: int | None, at: int) -> None:
        """Set the slots of a pool (None: as the project's configuration says)."""
