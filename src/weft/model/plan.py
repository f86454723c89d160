"""Plans: what must run, which partitions, in which order, and why; and the causes that say so.

A plan says everything that `apply` needs: it never looks back at the graph or at flags for what is not in here.
Partitions are sets of ordinals beside the fingerprint of their definition; where a plan leaves the process they are
written as keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from weft.model import keys, partition_set

PartitionSet = partition_set.PartitionSet

Status = Literal["running", "failed", "blocked", "missing", "stale", "overdue", "fresh"]
"""The one word that lists show; the first of these that holds."""

STATUSES: tuple[Status, ...] = ("running", "failed", "blocked", "missing", "stale", "overdue", "fresh")

CauseKind = Literal[
    "missing",  # there is no data yet
    "failed",  # the last attempt failed
    "check_failed",  # a blocking check rejected what was made
    "code_changed",  # the code that made it is not the code of today
    "data_changed",  # an input has another data version than the one that was read
    "dependency_changed",  # it reads an asset that it did not read before
    "upstream",  # an input is going to be made again itself
    "overdue",  # the freshness policy says that it is late
    "blocked",  # an input is held back by a failed blocking check
    "running",  # a live run is making it
    "forced",  # it was asked for, whatever its state
]

RunIf = Literal["always", "inputs_changed"]

Baseline = Literal["recorded", "standing"]
"""With what inputs of a conditional line are compared: those of its version, or those when the run began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One reason: its kind, what it is about, and where that happened.

    `subject` is an asset, a check or a function; `partition` its partition where it is one alone; `run` and `at` tell
    which run did it and when. `root` is where a chain of causes through upstream assets begins.
    """

    kind: CauseKind
    subject: str
    partition: keys.PartitionKey = None
    run: str | None = None
    at: datetime | None = None
    detail: str = ""
    root: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked to be planned.

    `assets` are the selected assets, in graph order, `selection` the words in which they were asked for. `partitions`
    is the text of `--partitions`. `exact` plans what is selected, whatever its state, and nothing above it (`--force`,
    `materialize`).
    """

    assets: tuple[keys.AssetKey, ...]
    selection: str | None = None
    partitions: str | None = None
    exact: bool = False
    only_failed: bool = False
    keep_going: bool = True
    rebuild_undecided: bool = False
    """Run what waits for a decision on changed code (the policy "ask")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """One line: a step and partitions of it that share status, condition and causes.

    `fingerprint` identifies the definition of partitions to which `ordinals` belong ("" for none: the only ordinal is
    0). `outputs` are the assets to make, all of the step's unless it is subsettable.
    """

    step: keys.StepKey
    outputs: tuple[keys.AssetKey, ...]
    ordinals: partition_set.PartitionSet
    fingerprint: str
    partitioned: bool
    status: Status
    run_if: RunIf
    baseline: Baseline = "recorded"
    causes: tuple[Cause, ...]
    estimate_seconds: float
    code: str

    @property
    def count(self) -> int:
        """How many step runs the line stands for."""
        return len(self.ordinals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Partitions of an asset that are not planned, and why."""

    asset: keys.AssetKey
    ordinals: partition_set.PartitionSet
    partitioned: bool
    status: Status
    causes: tuple[Cause, ...]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What brings the selection to fresh: `steps` in topological order, and what is left alone and why.

    `blocked` is what a failed blocking check holds back, `rejected` what such a check rejected, `undecided` what has
    changed code and a policy to ask. `preconditions` is a digest for each step over the code, the input versions and
    the targets that it was planned for.
    """

    request: Request
    now: datetime
    position: int
    definitions: str = ""
    steps: tuple[PlanStep, ...]
    blocked: tuple[Held, ...] = ()
    rejected: tuple[Held, ...] = ()
    undecided: tuple[Held, ...] = ()
    running: tuple[Held, ...] = ()
    fresh: int = 0
    estimate_seconds: float = 0.0
    preconditions: Mapping[keys.StepKey, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many step runs it has."""
        return sum(step.count for step in self.steps)


@dataclass(frozen=True, kw_only=True)
class AssetStatus:
    """Where an asset stands: its partitions by status, and the causes of what is not fresh."""

    asset: keys.AssetKey
    partitioned: bool
    by_status: Mapping[Status, partition_set.PartitionSet]
    causes: Sequence[Cause]
    late: partition_set.PartitionSet = partition_set.PartitionSet.empty()
    """What is later than the freshness policy allows, whatever else it is."""
    orphaned: Sequence[str] = ()
    last_success: datetime | None = None
    freshness: Literal["late", "due_soon", "fresh", "unknown", "none"] = "none"
    """How it stands to its freshness policy, "none" without one."""
    deadline: datetime | None = None
    """When it is late if nothing happens, or since when it is."""

    @property
    def status(self) -> Status:
        """The one word for the whole asset: the first status that some partition has."""
        by_status = self.by_status
        if len(by_status) == 1:  # nearly always
            for word, ordinals in by_status.items():
                return word if ordinals else "fresh"
        return next((each for each in STATUSES if by_status.get(each)), "fresh")

    @property
    def words(self) -> frozenset[str]:
        """Every status that some partition has, for selections such as `status:overdue`."""
        return frozenset(self.by_status) | (frozenset({"overdue"}) if self.late else frozenset())
