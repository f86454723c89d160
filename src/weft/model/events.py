"""The events of the ledger: facts and decisions, each a value that is written once and never changed.

Partitions are named by key. Times are microseconds since the epoch, UTC. A step run is (step, partition, item) within a
run; an attempt is one try of it, counted from 1. An event that concerns many step runs at once lists their partitions,
or their items.

Steps that make assets have partitions and no items. The steps of a pipeline's run have no partition of their own (the
run has it) and an *item*: "" for a plain task of a DAG, the map path ("3", "1.4") for a mapped one, and the number of
the call ("0", "1", …; "2.0" for the elements of a map) for the calls of a flow.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from weft.model import control_events, stored
from weft.model.event_base import NULL as NULL
from weft.model.event_base import Event as Event
from weft.model.event_base import Outcome as Outcome
from weft.model.event_base import Phase as Phase
from weft.model.facts import CheckResult as CheckResult
from weft.model.facts import Error as Error
from weft.model.facts import InputRecord as InputRecord
from weft.model.facts import LogSegment as LogSegment
from weft.model.facts import Materialization as Materialization
from weft.model.facts import TaskResult as TaskResult

Trigger: TypeAlias = Literal[
    "manual", "schedule", "backfill", "asset", "rerun", "subflow", "sensor", "webhook", "condition", "freshness"
]
"""What asked for a run."""


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
    partition: str | None = None
    """The interval of a pipeline with a schedule."""
    params: msgspec.Raw = NULL
    """The parameters of a pipeline's run, as a JSON object, with defaults filled in."""
    trigger: Trigger = "manual"
    parent: str = ""
    """The run whose step called this one, for a subflow; `parent_step` and `parent_item` name the step run."""
    parent_step: str = ""
    parent_item: str = ""
    rerun_of: str = ""
    """The finished run that this one repeats, keeping what succeeded there as far as the request says."""
    pool: str = ""
    """The work pool that the run waits in for a worker; "" for one that its creator drives."""
    location: str = ""
    """The code location whose workers may take it; "" for any that knows what it is of."""
    priority: int = 0
    """Of those that wait in a pool the highest is taken first."""
    automation: str = ""
    """What asked for it by itself, such as `schedule:trading`."""


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
    pipeline: str | None = None
    """Set for a pipeline's run that has an interval: it counts as an attempt at that interval, as for an asset."""
    partition: str | None = None
    code: str = ""
    inputs: dict[str, InputRecord] = {}
    """The versions of the pipeline's inlets when the run began."""
    result: stored.StoredValue | None = None
    """What a flow returned, where it can be stored."""
    error: Error | None = None


class AttemptsStarted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Step runs were claimed for an attempt; written before their bodies start."""

    run: str
    step: str
    partitions: tuple[str | None, ...] = (None,)
    attempt: int = 1
    items: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    """In a flow, the step runs whose values or ends it waited for, as `step#item`."""


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
    item: str = ""
    task: TaskResult | None = None
    """What a task's step run leaves behind; None for a step that makes assets."""


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
    item: str = ""
    rendered: dict[str, str] = {}
    """The templates of the step's arguments with their values filled in, where the attempt came so far."""


class AttemptsLost(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Claimed attempts ended with their worker or driver before they reported.

    They are tried again at no cost of a retry.
    """

    run: str
    step: str
    partitions: tuple[str | None, ...] = (None,)
    attempt: int = 1
    reason: str = ""
    items: tuple[str, ...] = ()


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
    items: tuple[str, ...] = ()
    log: LogSegment | None = None


class StepReused(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A step run of a pipeline ended with the result of an earlier one, and its body did not run.

    `source_run` names the run that made the result: from the cache, or, in a rerun, what it keeps of the run before.
    """

    run: str
    step: str
    item: str = ""
    source_run: str = ""
    reason: Literal["cached", "kept"] = "cached"
    task: TaskResult | None = None


class StepParked(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An attempt gave its worker back and waits; it is tried again, as the same attempt, at `until`."""

    run: str
    step: str
    item: str = ""
    attempt: int = 1
    until: int = 0
    reason: str = ""
    log: LogSegment | None = None


class StepMapped(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A mapped step found out how many step runs it has: items `0` to before `count`, below its own item."""

    run: str
    step: str
    item: str = ""
    count: int = 0


class ArtifactMade(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Something for people to look at was attached to a step run, under a key: each time a new version of it."""

    run: str
    key: str
    kind: Literal["markdown", "table", "link", "image", "plot", "progress"]
    value: stored.StoredValue
    step: str = ""
    item: str = ""
    partition: str | None = None
    description: str = ""
    asset: str = ""


class InputRequested(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A run waits for a person: `schema` is the JSON schema of the form, null where a mere go-ahead will do."""

    run: str
    key: str
    schema: msgspec.Raw = NULL
    message: str = ""
    until: int | None = None
    suspended: bool = False
    """Whether the run's process ended meanwhile; else it waits inside of it."""


class InputGiven(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A person answered: `value` is what was filled in, valid under the schema."""

    run: str
    key: str
    value: msgspec.Raw = NULL
    by: str = ""


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


class RunValuesRemoved(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Retention removed what the steps of these runs returned; the runs stay, and the cache gives nothing of them."""

    runs: tuple[str, ...]
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
    | StepReused
    | StepParked
    | StepMapped
    | ArtifactMade
    | InputRequested
    | InputGiven
    | Materialized
    | Observed
    | ChecksEvaluated
    | VersionPointed
    | Accepted
    | PartitionsAdded
    | PartitionsRemoved
    | VersionsRemoved
    | RunValuesRemoved
    | CodeRecorded
    | control_events.AnyControlEvent
)
