"""The events of the ledger: facts and decisions, each a value that is written once and never changed.

Partitions are named by key. Times are microseconds since the epoch, UTC. A step run is (step, partition) within a run;
an attempt is one try of it, counted from 1. An event that concerns many step runs at once lists their partitions.
"""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

import msgspec

from weft.model import stored

Phase: TypeAlias = Literal[
    "created", "scheduled", "waiting", "queued", "starting", "running", "suspended", "cancelling", "finished", "unknown"
]
Outcome: TypeAlias = Literal[
    "succeeded",
    "reused",
    "skipped",
    "failed",
    "timed_out",
    "crashed",
    "upstream_failed",
    "cancelled",
    "removed",
    "rolled_back",
]


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """A fact or a decision. Subclasses are named in the past tense; their name is the type in the log."""

    version: ClassVar[int] = 1


class Error(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why an attempt failed: the exception's type, its message, and its traceback from the user's first frame on."""

    kind: str
    message: str
    traceback: str = ""

    @property
    def told(self) -> str:
        """The kind with the message, where there is one."""
        return f"{self.kind}: {self.message}" if self.message else self.kind


class LogSegment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The bytes of one attempt in a log file; `file` is relative to the project's log folder."""

    file: str
    start: int
    end: int


class InputRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, array_like=True):
    """What a step run read of one asset: a digest over the data versions, and each partition's version."""

    digest: int
    partitions: tuple[str | None, ...] = ()
    versions: tuple[int, ...] = ()


class CheckResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a check found. A check that raised has not passed and says so in `description`."""

    name: str
    passed: bool
    blocking: bool = False
    severity: str = "error"
    description: str = ""
    metadata: dict[str, msgspec.Raw] = {}


class Materialization(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A new version of an asset's partition. It becomes current unless a blocking check failed (`rejected`)."""

    asset: str
    value: stored.StoredValue
    code: str = ""
    inputs: dict[str, InputRecord] = {}
    metadata: dict[str, msgspec.Raw] = {}
    checks: tuple[CheckResult, ...] = ()
    rejected: bool = False


class RunCreated(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A run was made from a plan: what is to run is fixed from here on.

    `plan` and `definitions` are digests of documents.
    """

    run: str
    execution: str
    pipeline: str | None = None
    definitions: str = ""
    plan: str = ""
    request: str = ""
    steps: int = 0
    """How many step runs the plan has."""
    by: str = ""


class RunStarted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A driver began or took over the run under the lease `epoch`."""

    run: str
    epoch: int = 1
    owner: str = ""


class RunCancelRequested(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody asked for the run to end early."""

    run: str
    by: str = ""
    reason: str = ""


class RunFinished(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The run ended; a finished run never reopens."""

    run: str
    outcome: Outcome
    reason: str = ""


class AttemptsStarted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Step runs were claimed for an attempt; written before their bodies start."""

    run: str
    step: str
    partitions: tuple[str | None, ...] = (None,)
    attempt: int = 1


class StepSucceeded(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An attempt succeeded and its outputs are published."""

    run: str
    step: str
    partition: str | None = None
    attempt: int = 1
    started: int = 0
    duration: int = 0
    outputs: tuple[Materialization, ...] = ()
    log: LogSegment | None = None


class AttemptFailed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An attempt did not succeed.

    `retry_at` is set when another one follows; otherwise the step run has ended with `outcome`.

    `outputs` holds versions that were made and rejected by a blocking check.
    """

    run: str
    step: str
    partition: str | None = None
    attempt: int = 1
    outcome: Outcome = "failed"
    error: Error | None = None
    retry_at: int | None = None
    started: int = 0
    duration: int = 0
    assets: tuple[str, ...] = ()
    outputs: tuple[Materialization, ...] = ()
    log: LogSegment | None = None


class AttemptsLost(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Claimed attempts ended with their worker or driver before they reported.

    They are tried again at no cost of a retry.
    """

    run: str
    step: str
    partitions: tuple[str | None, ...] = (None,)
    attempt: int = 1
    reason: str = ""


class StepsFinished(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Step runs ended without a body of their own: reused, skipped, upstream failed, cancelled, removed."""

    run: str
    step: str
    partitions: tuple[str | None, ...] = (None,)
    outcome: Outcome = "skipped"
    reason: str = ""
    subject: str = ""
    """What the reason points at, such as the step that failed above."""
    assets: tuple[str, ...] = ()


class Materialized(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A version was made outside of a step run of ours: reported by hand or by another system."""

    output: Materialization
    partition: str | None = None
    run: str | None = None
    by: str = ""


class Observed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An external asset was looked at and had this data version."""

    asset: str
    data_version: str
    partition: str | None = None
    metadata: dict[str, msgspec.Raw] = {}


class ChecksEvaluated(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Checks ran on their own against a version that exists.

    `rejected`: a blocking one failed, so the version holds back what is downstream; `code` and `inputs` are then what
    it was made of.
    """

    asset: str
    results: tuple[CheckResult, ...]
    version_id: int
    partition: str | None = None
    rejected: bool = False
    code: str = ""
    inputs: dict[str, InputRecord] = {}
    run: str | None = None


class VersionPointed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The pointer of a partition moved to a version that exists.

    A rollback, or a rejected version that was accepted.
    """

    asset: str
    to: int
    data_version: str
    code: str = ""
    inputs: dict[str, InputRecord] = {}
    partition: str | None = None
    reason: Literal["rollback", "accepted", "check_passed"] = "rollback"
    signature: str = ""
    """Identity of the causes that stood at that moment and are accepted with it."""
    by: str = ""
    note: str = ""


class Accepted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A stale or failed partition is fine as it is, for exactly the causes of `signature`."""

    asset: str
    signature: str
    reason: str
    by: str
    partition: str | None = None


class PartitionsAdded(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Keys were added to dynamic partitions."""

    name: str
    keys: tuple[str, ...]


class PartitionsRemoved(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Keys were removed from dynamic partitions; what they hold is orphaned, not deleted."""

    name: str
    keys: tuple[str, ...]


class VersionsRemoved(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Retention removed these versions; their values are gone."""

    asset: str
    partitions: tuple[str | None, ...]
    versions: tuple[int, ...]
    reason: str = ""


class CodeRecorded(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A code manifest was seen for the first time; `document` is the digest of the manifest with its sources."""

    code: str
    document: str


AnyEvent: TypeAlias = (
    RunCreated
    | RunStarted
    | RunCancelRequested
    | RunFinished
    | AttemptsStarted
    | StepSucceeded
    | AttemptFailed
    | AttemptsLost
    | StepsFinished
    | Materialized
    | Observed
    | ChecksEvaluated
    | VersionPointed
    | Accepted
    | PartitionsAdded
    | PartitionsRemoved
    | VersionsRemoved
    | CodeRecorded
)
