"""The ledger as the core sees it: events go in, projections come out.

Narrow protocols, split by need: the planner's side reads columns; the driver appends under its lease; the service
reads tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from weft.model import columns, events, partition_set, partitions
from weft.ports import (
    accounts,
    automating,
    deciding,
    executing,
    incidents,
    locations,
    operating,
    paging,
    queueing,
    weaving,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to write for a run: an append under an older epoch than the ledger's is refused."""

    run: str
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRow:
    """Who owns a run: `owner` identifies the process (JSON), `expires` is in microseconds since the epoch."""

    run: str
    epoch: int
    owner: str
    expires: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run as the ledger's projection has it. Times are microseconds since the epoch."""

    id: str
    execution: str
    pipeline: str | None
    definitions: str
    plan: str
    request: str
    by: str
    phase: str
    outcome: str | None
    reason: str
    created: int
    started: int | None
    finished: int | None
    epoch: int
    steps: int
    succeeded: int
    reused: int
    failed: int
    held: int
    partition: str | None = None
    params: bytes | None = None
    """JSON object."""
    trigger: str = "manual"
    parent: str = ""
    parent_step: str = ""
    parent_item: str = ""
    rerun_of: str = ""
    pool: str = ""
    values_removed: bool = False
    """Whether retention removed what its steps returned."""
    location: str = ""
    priority: int = 0
    automation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRunRow:
    """Where a step run of a pipeline stands. Times are microseconds since the epoch, `duration` microseconds.

    `phase` is running, waiting (for a retry or parked, `reason` says for what, `until` when it goes on) or finished;
    what has not begun has no row. `position` is that of the event with its result.
    """

    run: str
    step: str
    item: str
    phase: str
    outcome: str | None
    reason: str
    attempt: int
    at: int
    started: int
    duration: int
    source_run: str
    position: int
    until: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactRow:
    """One version of an artifact; `id` is the position of its event, `latest` whether no later one has its key."""

    id: int
    key: str
    kind: str
    run: str
    step: str
    item: str
    asset: str
    partition: str | None
    description: str
    at: int
    latest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRow:
    """A question to a person, and the answer; `value` None and `answered` None while it is open."""

    run: str
    key: str
    schema: bytes | None
    message: str
    asked: int
    until: int | None
    suspended: bool
    answered: int | None
    value: bytes | None
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPoolRow:
    """Where runs wait to be picked up by workers; `config` is a JSON object, `slots` None for no bound."""

    name: str
    type: str
    config: str
    slots: int | None
    paused: bool
    created: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedResult:
    """A result that may serve again, and the run that made it."""

    run: str
    step: str
    item: str
    result: events.TaskResult


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One version of a partition: `id` is the position of the event that made it.

    `state` is "", "rejected" or "removed".
    """

    asset: str
    key: str
    id: int
    at: int
    run: str
    data_version: str
    code: str
    state: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """The latest result of a check on a partition."""

    asset: str
    key: str
    name: str
    version: int
    passed: bool
    blocking: bool
    severity: str
    description: str
    at: int
    run: str
    metadata: Mapping[str, object] = field(default_factory=dict)


class Reader(locations.LocationReader, Protocol):
    """Reads the projections and the log."""

    def position(self) -> int:
        """Position of the last event, 0 where there is none."""

    def columns(
        self, assets: Mapping[str, partitions.Partitions | None], *, external: frozenset[str] = frozenset()
    ) -> dict[str, columns.Columns]:
        """What is known of these assets, over the ordinals of the given definitions."""

    def sound_keys(self, asset: str, keys: Sequence[str] | None = None) -> list[str]:
        """The keys of partitions (of these, or of all) that have data and whose last attempt did not fail."""

    def materializations(self, asset: str, versions: Iterable[int]) -> dict[int, tuple[str, events.Materialization]]:
        """Partition key and materialization of these versions of an asset, by version."""

    def versions(self, asset: str, keys: Sequence[str] | None = None, *, limit: int | None = None) -> list[VersionRow]:
        """The versions of an asset (of these partitions), newest first."""

    def decisions(self, asset: str) -> list[tuple[int, events.Accepted | events.VersionPointed]]:
        """What people decided about an asset's partitions, each with its time, newest first."""

    def attempted_by(self, asset: str, keys: Sequence[str] | None = None) -> list[str]:
        """The runs that last attempted partitions of an asset (these ones), newest first."""

    def partition_keys(self, asset: str) -> list[str]:
        """The keys of all partitions of an asset that anything is known of, orphaned ones too."""

    def versioned_assets(self) -> list[str]:
        """The assets that have versions, also such as are no longer defined."""

    def rejected_versions(self, asset: str) -> set[int]:
        """The versions of an asset that a blocking check rejected and that still wait for what becomes of them."""

    def schema(self) -> int:
        """The version of the store's schema."""

    def health(self) -> list[str]:
        """What a quick look at the store's own integrity finds wrong; nothing for a sound one."""

    def checks(self, asset: str) -> list[CheckRow]:
        """The latest result of each check of an asset, by partition."""

    def runs(
        self,
        *,
        limit: int | None = None,
        live: bool = False,
        pipeline: str | None = None,
        partition: str | None = None,
        parent: str | None = None,
        pool: str | None = None,
    ) -> list[RunRow]:
        """Runs, newest first; with `live`, unfinished ones; of a pipeline, its interval, a parent, a pool.

        A parent or pool of "" means those that have none.
        """

    def step_runs(self, run: str) -> list[StepRunRow]:
        """The step runs of a pipeline's run that have begun or ended, in order of their first event."""

    def step_counts(self, run: str) -> dict[tuple[str, str], int]:
        """How many step runs each mapped step of a pipeline's run has, by step and item."""

    def cached(self, key: str, *, now: int) -> CachedResult | None:
        """The newest result under a cache key that serves at `now` (microseconds), None where there is none."""

    def cached_runs(self, *, now: int) -> set[str]:
        """The runs whose results the cache may still hand out at `now`."""

    def artifact(self, id: int) -> events.ArtifactMade | None:  # noqa: A002 - the word of the row
        """One version of an artifact with its value, None where there is none of this id."""

    def artifacts(
        self,
        *,
        run: str | None = None,
        key: str | None = None,
        asset: str | None = None,
        latest: bool = False,
        limit: int | None = None,
    ) -> list[ArtifactRow]:
        """Artifacts, newest first; with `latest`, the newest version of each key alone."""

    def work_pools(self) -> list[WorkPoolRow]:
        """The work pools, by name."""

    def input_requests(self, run: str | None = None, *, open_only: bool = False) -> list[InputRow]:
        """Questions to people, of one run or of all, newest first."""

    def runs_with_prefix(self, prefix: str) -> list[RunRow]:
        """Runs whose id begins with `prefix`."""

    def events(
        self, run: str | None = None, *, after: int = 0, limit: int | None = None
    ) -> Iterator[tuple[int, int, events.Event]]:
        """Events in order, each with position and time; of one run or of the whole log."""

    def lease(self, run: str) -> LeaseRow | None:
        """Who owns a run."""

    def reservations(self, asset: str) -> list[tuple[str, str, partition_set.PartitionSet]]:
        """Live reservations of an asset: run, fingerprint of the partitions, ordinals."""

    def reserved_assets(self) -> list[str]:
        """The assets that live runs write."""

    def step_seconds(self) -> dict[str, float]:
        """Mean duration of an attempt of each step that has succeeded."""

    def dynamic_keys(self) -> dict[str, tuple[list[str], list[str]]]:
        """Keys of dynamic partitions by name: all in order of addition, and those removed since."""

    def document(self, digest: str) -> bytes | None:
        """A document by its digest."""

    def code_document(self, code: str) -> bytes | None:
        """The manifest, with sources, behind a code digest."""

    def known_codes(self) -> set[str]:
        """Code digests whose manifest is kept."""


class Transaction(
    queueing.QueueWriter,
    accounts.AccountWrites,
    executing.ExecutionWriter,
    incidents.IncidentTransaction,
    automating.AutomationWriter,
    deciding.DecidingWriter,
    operating.OperationWriter,
    Protocol,
):
    """One atomic change: all of it or nothing."""

    def append(self, batch: Sequence[events.Event]) -> int:
        """Add events to the log and fold them; returns the position of the first."""

    def check_lease(self, lease: Lease) -> None:
        """FencedError unless `lease` is the one in force."""

    def reserve(self, run: str, asset: str, fingerprint: str, ordinals: partition_set.PartitionSet) -> None:
        """Note that `run` will write these partitions."""

    def release(self, run: str) -> None:
        """Give back all that a run reserved, the slots of pools that it holds, and its lease."""

    def put_document(self, digest: str, kind: str, body: bytes) -> None:
        """Keep a document under its digest."""

    def lease(self, run: str) -> LeaseRow | None:
        """Who owns a run."""

    def set_lease(self, row: LeaseRow) -> None:
        """Give the lease of a run to an owner."""

    def reservations(self, asset: str) -> list[tuple[str, str, partition_set.PartitionSet]]:
        """Live reservations of an asset: run, fingerprint of the partitions, ordinals."""

    def changed_since(self, asset: str, position: int) -> bool:
        """Whether anything of this asset changed after `position`."""

    def position(self) -> int:
        """Position of the last event."""


class News(Protocol):
    """Wakes when the ledger was written. A hint: who waits looks for itself now and then as well."""

    def fileno(self) -> int:
        """The descriptor that becomes readable when there is news."""

    def wait(self, timeout: float | None) -> bool:
        """Wait up to `timeout` seconds for news (None: for ever); tells whether there was any."""

    def clear(self) -> bool:
        """Take note of all news so far; tells whether there was any."""

    def wake(self) -> None:
        """Wake the one who waits, as if there were news; any thread may."""

    def close(self) -> None:
        """Stop listening."""


class Ledger(
    queueing.QueueReader,
    Reader,
    locations.LocationReader,
    locations.LocationWriter,
    paging.Paging,
    accounts.AccountReader,
    executing.ExecutionReader,
    incidents.IncidentReader,
    automating.AutomationReader,
    deciding.DecidingReader,
    operating.OperationReader,
    weaving.WeavingReader,
    Protocol,
):
    """Reads and writes."""

    def append(self, batch: Sequence[events.Event], *, lease: Lease | None = None) -> int:
        """Append events in one transaction; returns the position of the first. FencedError under an old epoch."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Write under the write lock; rolled back on any exception."""

    def unsynchronised(self) -> AbstractContextManager[None]:
        """Commits within need not survive a power failure."""

    def renew_lease(self, lease: Lease, expires: int) -> bool:
        """Keep a lease until `expires` (microseconds); False when another process has it."""

    def put_work_pool(self, row: WorkPoolRow) -> None:
        """Keep a work pool under its name; one that exists is changed, but for the time when it was made."""

    def remove_work_pool(self, name: str) -> bool:
        """Let go of a work pool; False where there is none of this name."""

    def listen(self) -> News:
        """Something that wakes whenever this ledger is written, by whatever process; a hint, to be closed."""

    def save_columns(self, assets: Mapping[str, partitions.Partitions | None]) -> None:
        """Keep the columns of large assets that have changed much, so that the next planning is quick."""

    def close(self) -> None:
        """Let go of the store."""
