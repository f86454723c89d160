"""Executors: where the bodies of steps run.

A driver asks `room`, claims that many step runs in the ledger, and submits them as assignments; the executor answers
with one report for each, in whatever order, through `poll`. An executor never writes to the ledger and decides
nothing: a failed attempt is a report, and whether it is tried again is the engine's decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

import msgspec

from weft.model import events, stored


class InputBinding(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One asset that the body reads: the partitions and the stored value of each, in partition order.

    `single` says that the parameter gets the one value itself and not a mapping of values by partition.
    """

    asset: str
    parameter: str | None
    single: bool
    partitions: tuple[str | None, ...]
    values: tuple[stored.StoredValue, ...]
    versions: tuple[int, ...] = ()


class ResultBinding(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One value that a step run above left behind: what it returned (`name` ""), or pushed under a name."""

    step: str
    item: str
    value: stored.StoredValue | None
    """None where the step run was skipped, or left nothing of that name."""
    name: str = ""


class ArgumentBinding(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One argument of a flow's call. `parameter` is its name, or its place ("0", "1") among the positional ones."""

    parameter: str
    value: stored.StoredValue


class TaskFacts(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What the attempt of a task is told besides its code. Times are microseconds since the epoch.

    `results` has every value that the arguments refer to: of a mapped step above all its items in order, unless the
    reference is to the item of the same number, or to the element. `element` gives the place of this item in each
    argument that is mapped over. `arguments` are those of a flow's call, which has no references.
    """

    pipeline: str
    item: str = ""
    partition: str | None = None
    interval: tuple[int, int] | None = None
    params: bytes = b"{}"
    """The run's parameters, as a JSON object."""
    trigger: str = "manual"
    created: int = 0
    """When the run was created; the logical date of one without an interval."""
    results: tuple[ResultBinding, ...] = ()
    element: tuple[tuple[str, int], ...] = ()
    arguments: tuple[ArgumentBinding, ...] = ()
    function: str = ""
    """Of a flow's call: where its task is found, as `module:qualified.name`. The task of a DAG is found by its step."""
    last: bool = True
    """Whether a failure of this attempt is final, for the hooks."""
    poked: int = 0
    """How often this attempt has been parked before."""
    first: int = 0
    """When the first of these parkings began; 0 for none. What waits measures its own timeout from here."""
    cached: bool = False
    """Whether the cache has been asked already, in vain."""
    previous: tuple[int, int] | None = None
    """The interval of the pipeline's last successful run, for templates."""
    rerun_of: str = ""
    met: bool = False
    """Of one that was parked with a condition: whether that holds now."""


class Assignment(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One attempt to run. `id` is the driver's own number for the step run; at most one attempt of it lives at a time.

    `tag` is unique to the attempt and goes into the names of the files that it writes. `timeout` is in seconds from
    the start of the body. `exclusive`: nothing else may be queued before or behind it on its worker (it has a timeout,
    or runs at most once). `code` is the digest that the plan was made for: where the process has other code, nothing
    runs and the report's outcome is "code_moved".
    """

    id: int
    run: str
    step: str
    partition: str | None
    attempt: int
    tag: str
    code: str
    outputs: tuple[str, ...]
    inputs: tuple[InputBinding, ...]
    timeout: float | None = None
    exclusive: bool = False
    check_only: stored.StoredValue | None = None
    """Set where only the checks are to run, against this value."""
    partitions: tuple[str | None, ...] = ()
    """All partitions, where the step declares `batch`; else empty."""
    task: TaskFacts | None = None
    """Set for the steps of pipelines."""
    hook: str = ""
    """Only the hooks of this kind ("failure", "retry") are to run, since the body can't do it: it was ended."""
    hook_error: events.Error | None = None
    """What these hooks are told."""


ReportOutcome: TypeAlias = Literal[
    "succeeded",
    "failed",
    "timed_out",
    "crashed",
    "cancelled",
    "unstarted",
    "lost",
    "code_moved",
    "skipped",
    "parked",
    "looked_up",
]
"""How an attempt ended.

Of tasks only: "skipped" (the body said so, or its condition), "parked" (it waits for something, and gave its worker
back), "looked_up" (its cache key is known and the body has not run: the driver looks into the cache, and submits it
again where there is nothing).

"unstarted": its worker ended before its body began, so it may be submitted again at no cost. "lost": its worker was
taken away while the body ran, by what the executor itself is made of, so another try is no retry.
"""


class OutputReport(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One output that was written: its value, what the body said of it and what the checks found."""

    asset: str
    value: stored.StoredValue
    metadata: dict[str, msgspec.Raw] = {}
    checks: tuple[events.CheckResult, ...] = ()
    partition: str | None = None
    """The partition that it is of: the assignment's own, or one of its `partitions`."""


class ArtifactReport(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Something to look at that a body made."""

    key: str
    kind: Literal["markdown", "table", "link", "image", "plot", "progress"]
    value: stored.StoredValue
    description: str = ""
    asset: str = ""


class TaskReport(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What the attempt of a task says beyond what every attempt does."""

    result: events.TaskResult | None = None
    artifacts: tuple[ArtifactReport, ...] = ()
    again: float | None = None
    """Of a parked one: after how many seconds it is to be tried again."""
    reason: str = ""
    """Why it was skipped, or what it waits for."""
    condition: tuple[str, ...] = ()
    """Of a parked one: what the driver looks up before it runs again, ("asset" | "pipeline", name, partition)."""


class AttemptReport(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """How one attempt ended. Times are microseconds: `started` since the epoch, `duration` by the monotonic clock.

    `retryable` is what the step's predicate on the exception says, True where it has none.
    """

    id: int
    attempt: int
    outcome: ReportOutcome
    outputs: tuple[OutputReport, ...] = ()
    error: events.Error | None = None
    retryable: bool = True
    started: int = 0
    duration: int = 0
    log: events.LogSegment | None = None
    worker: str = ""
    task: TaskReport | None = None


class Executor(Protocol):
    """Runs assignments somewhere and reports on each of them exactly once."""

    name: str

    def start(self) -> None:
        """Bring up what runs the bodies; called once, before anything else."""

    def room(self, *, exclusive: bool) -> int:
        """How many more assignments would be taken now; with `exclusive`, how many that need a worker of their own."""

    def submit(self, assignments: Sequence[Assignment]) -> None:
        """Take assignments, at most as many as `room` said."""

    def poll(self, timeout: float | None) -> list[AttemptReport]:
        """Wait up to `timeout` seconds (None: until something happens) for reports and return those that have come.

        Returns early and empty when `wake` was called.
        """

    def wake(self) -> None:
        """Make a `poll` that waits return; safe in a signal handler and from other threads."""

    def cancel(self, ids: Sequence[int], *, kill: bool) -> None:
        """End these assignments: politely, so that their bodies may clean up, or at once with `kill`.

        Each is still reported.
        """

    def close(self) -> None:
        """End all workers, and whatever they started, and wait for that."""
