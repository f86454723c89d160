"""Pages of long lists: what is asked of the ledger, and where a page ends.

A page is found by where the one before it ended, not by how many were before it: a page far down costs what the first
one does, and nothing is shown twice when something new comes in at the top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from weft.ports.ledger import ArtifactRow, CheckRow, RunRow, StepRunRow, VersionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs are wanted; None stands for any. Times are microseconds since the epoch.

    A `parent`, `execution`, `pool` or `automation` of "" means those that have none. `text` is looked for in the id
    (its beginning), and in the names of the pipeline and the partition and the words of the request.
    """

    pipeline: str | None = None
    partition: str | None = None
    phase: str | None = None
    outcome: str | None = None
    live: bool = False
    since: int | None = None
    until: int | None = None
    automation: str | None = None
    location: str | None = None
    execution: str | None = None
    parent: str | None = None
    pool: str | None = None
    trigger: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page ended: the time and id of its last row."""

    at: int
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """Some runs, newest first; `after` is where the next page goes on, None at the end.

    A page may have fewer rows than were asked for, even none, though there is a next one: a look never reads more than
    a bounded number of rows.
    """

    rows: Sequence[RunRow]
    after: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckTally:
    """A check of an asset over its partitions: how many it failed on, on how many it has a result, and the latest."""

    results: int
    failed: int
    last: CheckRow


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """One event as the log has it: `body` is its JSON text; `run` None for one that belongs to no run."""

    position: int
    at: int
    run: str | None
    type: str
    body: str


class Paging(Protocol):
    """Reads pages of runs and of the log."""

    def run_page(self, wanted: RunFilter, *, limit: int, after: Place | None = None) -> RunPage:
        """Runs, newest first, from where the page before ended."""

    def run(self, id: str) -> RunRow | None:  # noqa: A002 - the word of the row
        """The run of exactly this id."""

    def runs_of(self, ids: Sequence[str]) -> Mapping[str, RunRow]:
        """The runs of these ids, as far as they are there."""

    def logged(
        self, *, after: int, limit: int, run: str | None = None, types: Sequence[str] = ()
    ) -> tuple[list[LoggedEvent], int]:
        """Events after a position, in order, and the position up to which the log was looked at.

        Of one run or of the whole log; of these types or of all. A look reads a bounded piece of the log.
        """

    def logged_before(
        self, *, before: int, limit: int, run: str | None = None, types: Sequence[str] = (), text: str = ""
    ) -> tuple[list[LoggedEvent], int]:
        """Events before a position, newest first, and the position down to which the log was looked at; 0 at its end.

        Of one run or of the whole log; of these types or of all; with `text` those whose JSON has it, in any case of
        letters. A look reads a bounded piece of the log.
        """

    def live_counts(self) -> Mapping[tuple[str, str], int]:
        """How many runs there are that have not finished, by phase and pool."""

    def child_count(self, run: str) -> int:
        """How many runs the steps of a run called."""

    def last_event(self, run: str, type: str) -> LoggedEvent | None:  # noqa: A002 - the word of the row
        """The last event of a type of a run."""

    def version_page(
        self, asset: str, keys: Sequence[str] | None, *, limit: int, before: int | None = None
    ) -> list[VersionRow]:
        """The versions of an asset (of these partitions), newest first, from before a version on."""

    def check_page(
        self,
        asset: str,
        keys: Sequence[str] | None,
        *,
        limit: int,
        after: tuple[str, str] | None = None,
        failed: bool = False,
        name: str | None = None,
    ) -> list[CheckRow]:
        """The latest result of each check of an asset (of these partitions), by partition and name, from after one on.

        With `failed` only those that did, with `name` only those of this check.
        """

    def failing_check_counts(self) -> Mapping[tuple[str, str], int]:
        """On how many partitions each check fails, by asset and name; those that fail on none are absent."""

    def check_tallies(self, asset: str) -> Mapping[str, CheckTally]:
        """The checks of an asset that have results, by name."""

    def step_tallies(self, run: str) -> list[tuple[str, str, int, int, int]]:
        """Of each step of a pipeline's run: its outcome or phase, how many, most attempts, microseconds in all."""

    def step_words(self, run: str, step: str) -> list[tuple[str, str]]:
        """Of each item of a step that has begun or ended in a run: its name, and its outcome or phase; in no order."""

    def step_run_page(
        self,
        run: str,
        *,
        limit: int,
        after: tuple[str, str] | None = None,
        step: str | None = None,
        item: str | None = None,
        word: str = "",
    ) -> list[StepRunRow]:
        """Step runs of a pipeline's run by step and item (as text), after one; of a step, item, outcome or phase."""

    def artifact_page(
        self,
        *,
        run: str | None = None,
        key: str | None = None,
        asset: str | None = None,
        kind: str | None = None,
        text: str = "",
        latest: bool = False,
        before: int | None = None,
        limit: int,
    ) -> list[ArtifactRow]:
        """Artifacts, newest first, from before one on; with `latest`, the newest version of each key alone.

        With `text` those that have it in their key or description.
        """
