"""What an execution agreed to, as a document that never changes, and how far it has come, as a state that does.

The document says all that may run. The state is control state: a scheduler writes it in the very transaction in which
it creates runs, under the number of the turn, so that of two schedulers that decide the same one is turned away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from weft.model import errors, events, keys, partition_set, plan
from weft.ports import executing
from weft.service import documents
from weft.service import world as worlds

PartitionSet = partition_set.PartitionSet
Encoded = list[list[int]]
EMPTY = PartitionSet.empty()

PAUSED = "paused"
"""The reason of a run of assets that ended because its execution was paused."""
MOVED = "moved"
"""How the reason of a run of assets begins that did not begin because what it was planned from had changed."""
FAILURES = ("failed", "timed_out", "crashed", "upstream_failed")


class Agreed(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What of a step, or of a pipeline, may run."""

    step: str
    fingerprint: str
    ordinals: Encoded
    code: str


class Intervals(msgspec.Struct, frozen=True, kw_only=True):
    """The intervals of a pipeline that are to run; those of `again` failed before and keep what succeeded."""

    pipeline: str
    fingerprint: str
    ordinals: Encoded
    again: Encoded = []
    newest_first: bool = False
    anew: bool = False
    """Whether they run also where another run has made them meanwhile."""
    params: dict[str, msgspec.Raw] | None = None
    position: int = 0
    """The ledger's position when they were found to be due."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """All that an execution may run: a plan, or intervals of a pipeline."""

    lines: tuple[Agreed, ...] = ()
    plan: documents.PlanDocument | None = None
    """The plan's request, time and lines; it is planned again where parts of it have run."""
    intervals: Intervals | None = None
    same_code: bool = False
    """Whether a step whose code has changed since is left out."""
    keep_going: bool = True
    slices: int | None = None
    """How many partitions a run of assets has at most; None for no bound."""
    trigger: events.Trigger = "manual"
    estimate_seconds: float = 0.0
    words: str = ""
    format: int = 1


class Flight(msgspec.Struct, frozen=True, kw_only=True):
    """A run of assets under way: the class of its lines, and what each step makes in it."""

    group: str
    lines: dict[str, Encoded]


class State(msgspec.Struct, kw_only=True, omit_defaults=True):
    """How far an execution has come.

    `queue` are intervals that are to run now; `tried` is, by step or pipeline, what was handed to a run; the counts are
    of step runs of assets in runs that have ended, and of what ended without one.
    """

    queue: list[Intervals] = []
    tried: dict[str, Encoded] = {}
    flights: dict[str, Flight] = {}
    succeeded: int = 0
    reused: int = 0
    failed: int = 0
    held: int = 0
    cancelled: int = 0
    passed: int = 0
    """Intervals that another run had made when their turn came."""
    losses: int = 0
    moves: int = 0
    failures: list[str] = []
    left_out: dict[str, str] = {}
    """By step, why it is not run any more."""
    busy: list[str] = []
    """The pipelines whose intervals are in the queue or under way."""
    waits_for: list[str] = []
    """The runs of others that hold what is to be made next."""
    look: bool = True
    """Whether what may run next is to be found out anew."""

    def tried_of(self, step: str) -> PartitionSet:
        """What of a step was handed to a run."""
        return PartitionSet.decode(self.tried.get(step, []))

    def add_tried(self, step: str, ordinals: PartitionSet) -> None:
        """Note that this was handed to a run."""
        self.tried[step] = (self.tried_of(step) | ordinals).encode()

    def give_back(self, step: str, ordinals: PartitionSet) -> None:
        """Note that this is to be tried after all."""
        self.tried[step] = (self.tried_of(step) - ordinals).encode()


def encode(state: State) -> bytes:
    """A state as the ledger keeps it."""
    return msgspec.json.encode(state)


def state_of(row: executing.StateRow | None) -> State:
    """A state as it was kept; the first one where there is none."""
    return msgspec.json.decode(row.body, type=State) if row is not None else State()


_known: dict[str, Document] = {}
_MOST_KNOWN = 64


def document_of(world: worlds.World, row: executing.ExecutionRow) -> Document:
    """The document of an execution.

    Raises:
        UsageError: it is gone, or another version of weft wrote it.
    """
    found = _known.get(row.document)
    if found is not None:
        return found
    body = world.ledger.document(row.document)
    if body is None:
        raise errors.UsageError(f"What the execution {row.id} agreed to is gone.", remedy="Ask for it anew.")
    try:
        found = msgspec.json.decode(body, type=Document)
    except msgspec.DecodeError as error:
        raise errors.UsageError(
            f"What the execution {row.id} agreed to cannot be read: {error}.", remedy="Ask for it anew."
        ) from error
    while len(_known) >= _MOST_KNOWN:
        _known.pop(next(iter(_known)), None)
    _known[row.document] = found  # by digest: it is never another
    return found


def agreed(lines: Iterable[plan.PlanStep]) -> tuple[Agreed, ...]:
    """What these lines of a plan allow to run, step by step."""
    found: dict[str, tuple[plan.PlanStep, PartitionSet]] = {}
    for line in lines:
        before = found[line.step][1] if line.step in found else EMPTY
        found[line.step] = (line, before | line.ordinals)
    return tuple(
        Agreed(step=step, fingerprint=line.fingerprint, ordinals=ordinals.encode(), code=line.code)
        for step, (line, ordinals) in found.items()
    )


def lines_by_step(lines: Sequence[plan.PlanStep]) -> dict[keys.StepKey, PartitionSet]:
    """What of each step is in these lines."""
    found: dict[keys.StepKey, PartitionSet] = {}
    for line in lines:
        found[line.step] = found.get(line.step, EMPTY) | line.ordinals
    return found
