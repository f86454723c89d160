"""How far an execution is, line by line: of each step and pipeline what succeeded, failed, runs and is left.

The fold of its runs' events is kept, so that to ask again reads only what is new.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from weft.ledger import codec
from weft.model import events, partition_set
from weft.ports import executing
from weft.ports import ledger as ledgers
from weft.service import views
from weft.service import world as worlds
from weft.service.execution import documents as kept
from weft.service.execution import folds
from weft.service.execution import views as execution_views
from weft.service.plan import plan_outlines

_MOST_FAILURES = 50
_MOST_KEPT = 32
_FAILED = ("failed", "timed_out", "crashed")
_GOOD = ("succeeded", "reused", "skipped")


class ProgressRow(views.View, frozen=True, kw_only=True):
    """A step, or a pipeline, of an execution. The counts are of its step runs, or intervals; `left` has not begun.

    `unchanged` needed nothing, since its inputs came out the same or others made it meanwhile.
    """

    name: str
    kind: Literal["asset", "pipeline", "step"]
    partitions: str
    """In few words: `2024-01-01..2024-01-31 (31)`; empty without partitions."""
    outputs: tuple[str, ...]
    after: tuple[str, ...]
    """The names of the other lines that make what it reads."""
    total: int
    succeeded: int
    unchanged: int
    failed: int
    left_out: int
    """What it needs failed."""
    cancelled: int
    running: int
    left: int
    why_not: str
    """Why it does not run any more; empty where it does."""
    seconds: float
    """How long its attempts took, together."""


class ProgressView(views.View, frozen=True, kw_only=True):
    """An execution line by line. `failures` has the first of them; `replanned` counts how often the rest was."""

    execution: str
    rows: list[ProgressRow]
    failures: list[folds.FailedRow]
    replanned: int
    runs: int


_folds: OrderedDict[tuple[str, str], folds.Fold] = OrderedDict()
_lock = threading.Lock()


def get(world: worlds.World, execution: str) -> ProgressView:
    """How far an execution is, line by line.

    Raises:
        NotFoundError: there is none.
    """
    with look(world, execution) as found:
        row, state, rows = found.row, found.state, found.runs
        names = frozenset(each.step for each in found.agreed)
        pipelines = world.graph.pipelines
        lines = [
            _of_pipeline(world, row, rows, each, names)
            if each.step in pipelines
            else _of_step(world, row, state, found.fold, each, names)
            for each in found.agreed
        ]
        failures = [each for line in found.fold.lines.values() for each in line.failed.values()][:_MOST_FAILURES]
    failures += _failed_runs(world, row, most=_MOST_FAILURES - len(failures))
    return ProgressView(execution=row.id, rows=lines, failures=failures, replanned=state.moves, runs=len(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """An execution with what its runs came to; `fold` must not be kept. `agreed` has makers before readers."""

    row: executing.ExecutionRow
    document: kept.Document
    state: kept.State
    runs: Sequence[ledgers.RunRow]
    """Newest first."""
    fold: folds.Fold
    agreed: Sequence[kept.Agreed]


@contextmanager
def look(world: worlds.World, execution: str) -> Iterator[Look]:
    """Look at an execution, up to what happened last.

    Raises:
        NotFoundError: there is none.
    """
    row = execution_views.row_of(world, execution)
    document = kept.document_of(world, row)
    state = kept.state_of(world.ledger.execution_states([row.id]).get(row.id))
    rows = world.ledger.runs_of_execution(row.id)
    with _lock:
        # runs have random ids, so one execution's fold is never taken for that of another ledger
        fold = _folds.setdefault((row.id, row.document), folds.Fold())
        _folds.move_to_end((row.id, row.document))
        while len(_folds) > _MOST_KEPT:
            _folds.popitem(last=False)
    with fold.lock:
        folds.read(world.ledger, fold, [each for each in reversed(rows) if each.pipeline is None])
        agreed = _in_order(world, _agreed(document))
        yield Look(row=row, document=document, state=state, runs=rows, fold=fold, agreed=agreed)


def _agreed(document: kept.Document) -> list[kept.Agreed]:
    own = document.intervals
    if own is None:
        return list(document.lines)
    return [kept.Agreed(step=own.pipeline, fingerprint=own.fingerprint, ordinals=own.ordinals, code="")]


def _of_step(
    world: worlds.World,
    row: executing.ExecutionRow,
    state: kept.State,
    fold: folds.Fold,
    agreed: kept.Agreed,
    names: frozenset[str],
) -> ProgressRow:
    found = fold.lines.get(agreed.step, folds.Line())
    total = len(partition_set.PartitionSet.decode(agreed.ordinals))
    unchanged, cancelled = len(found.unchanged), len(found.cancelled)
    done = found.succeeded + unchanged + len(found.failed) + len(found.left_out) + cancelled
    left = max(0, total - done - len(found.running))
    settled = _settled(row, left)
    return _row(
        world,
        agreed,
        names,
        total=total,
        succeeded=found.succeeded,
        unchanged=unchanged + settled["unchanged"],
        failed=len(found.failed),
        left_out=len(found.left_out) + settled["left_out"],
        cancelled=cancelled + settled["cancelled"],
        running=len(found.running),
        left=settled["left"],
        why_not=state.left_out.get(agreed.step, ""),
        seconds=found.microseconds / 1e6,
    )


def _settled(row: executing.ExecutionRow, left: int) -> Counter[str]:
    """What became of that which had no run when an execution ended."""
    word = {None: "left", "succeeded": "unchanged", "cancelled": "cancelled"}.get(row.outcome, "left_out")
    return Counter({word: left})


def _of_pipeline(
    world: worlds.World,
    row: executing.ExecutionRow,
    rows: Sequence[ledgers.RunRow],
    agreed: kept.Agreed,
    names: frozenset[str],
) -> ProgressRow:
    counts: Counter[str] = Counter()
    seconds = 0.0
    seen: set[str | None] = set()
    for run in rows:  # newest first: of those that were repeated the last one counts
        if run.pipeline != agreed.step or run.partition in seen:
            continue
        seen.add(run.partition)
        counts[stands(run)] += 1
        if run.started is not None and run.finished is not None:
            seconds += (run.finished - run.started) / 1e6
    total = len(partition_set.PartitionSet.decode(agreed.ordinals))
    left = max(0, total - sum(counts.values())) + counts["created"]
    settled = _settled(row, left)
    return _row(
        world,
        agreed,
        names,
        total=total,
        succeeded=counts["succeeded"],
        unchanged=settled["unchanged"],
        failed=counts["failed"],
        left_out=settled["left_out"],
        cancelled=counts["cancelled"] + settled["cancelled"],
        running=counts["running"],
        left=settled["left"],
        why_not="",
        seconds=seconds,
    )


def stands(run: ledgers.RunRow) -> str:
    """How a run of an interval stands, in the words of the counts; "created" while it waits."""
    if run.outcome is None:
        return "created" if run.phase == "created" else "running"
    return "succeeded" if run.outcome in _GOOD else "cancelled" if run.outcome == "cancelled" else "failed"


def _row(
    world: worlds.World,
    agreed: kept.Agreed,
    names: frozenset[str],
    *,
    total: int,
    succeeded: int,
    unchanged: int,
    failed: int,
    left_out: int,
    cancelled: int,
    running: int,
    left: int,
    why_not: str,
    seconds: float,
) -> ProgressRow:
    step = world.planned.steps.get(agreed.step)
    pipeline = agreed.step in world.graph.pipelines
    told = ""
    outputs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()  # of what is not defined any more nothing else is known
    if step is not None:
        outputs = () if pipeline else step.outputs
        after = tuple(dict.fromkeys(each for each in world.planned.producers_of(agreed.step) if each in names))
        if step.partitions is not None and step.partitions.fingerprint == agreed.fingerprint:
            told = plan_outlines.in_few_words(step.partitions, partition_set.PartitionSet.decode(agreed.ordinals))
    return ProgressRow(
        name=name_of(world, agreed.step), kind="pipeline" if pipeline else "asset" if len(outputs) == 1 else "step",
        partitions=told, outputs=outputs, after=tuple(name_of(world, each) for each in after), total=total,
        succeeded=succeeded, unchanged=unchanged, failed=failed, left_out=left_out, cancelled=cancelled,
        running=running, left=left, why_not=why_not, seconds=round(seconds, 6),
    )  # fmt: skip


def name_of(world: worlds.World, step: str) -> str:
    """What a line is called: the asset, where its step makes but one."""
    found = world.planned.steps.get(step)
    return found.outputs[0] if found is not None and len(found.outputs) == 1 else step


def _in_order(world: worlds.World, lines: Sequence[kept.Agreed]) -> list[kept.Agreed]:
    """Makers before readers."""
    rank = world.planned.rank
    return sorted(lines, key=lambda each: rank.get(each.step, len(rank)))


def _failed_runs(world: worlds.World, row: executing.ExecutionRow, *, most: int) -> list[folds.FailedRow]:
    """Runs of pipelines that failed, each with its first attempt that did."""
    if most <= 0:
        return []
    found = []
    for run in world.ledger.runs_of_execution(row.id, limit=most, outcomes=_FAILED):
        if run.pipeline is None:
            continue
        logged, _ = world.ledger.logged(after=0, limit=1, run=run.id, types=("AttemptFailed",))
        event = codec.decode(logged[0].body, logged[0].position) if logged else None
        failed = event if isinstance(event, events.AttemptFailed) else None
        told = failed.error.told.strip() if failed is not None and failed.error is not None else run.reason
        found.append(
            folds.FailedRow(
                name=run.pipeline,
                partition=run.partition,
                run=run.id,
                outcome=run.outcome or "failed",
                error=told,
                attempt=failed.attempt if failed is not None else 0,
                log=str(logged[0].position) if failed is not None and failed.log is not None else None,
                at=views.time_of_us(run.finished),
            )
        )
    return found
