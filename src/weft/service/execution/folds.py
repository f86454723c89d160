"""The events of runs, folded into how far each step is: to ask again reads only what is new."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from weft.model import events
from weft.ports import ledger as ledgers
from weft.service import views

_MOST_KEPT = 64
_Partition = str | None


class FailedRow(views.View, frozen=True, kw_only=True):
    """Something of an execution that failed, with the first line of its error. `log` is the id of its log."""

    name: str
    partition: str | None
    run: str
    outcome: str
    error: str
    attempt: int
    log: str | None
    at: str | None


@dataclass
class Line:
    """How far a step is."""

    succeeded: int = 0
    microseconds: int = 0
    running: dict[_Partition, str] = field(default_factory=dict)
    """By which run."""
    failed: dict[_Partition, FailedRow] = field(default_factory=dict)
    left_out: set[_Partition] = field(default_factory=set)
    unchanged: set[_Partition] = field(default_factory=set)
    cancelled: set[_Partition] = field(default_factory=set)

    def begin(self, partition: _Partition, run: str) -> None:
        """What is tried once more has not failed any more."""
        self.failed.pop(partition, None)
        self.left_out.discard(partition)
        self.cancelled.discard(partition)
        self.running[partition] = run

    def end(self, partitions: Iterable[_Partition]) -> None:
        """These run no more."""
        for each in partitions:
            self.running.pop(each, None)


@dataclass
class Fold:
    """What the events of an execution's runs came to; `read` is up to where each was read, None for to its end."""

    lines: dict[str, Line] = field(default_factory=dict)
    read: dict[str, int | None] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def line(self, step: str) -> Line:
        """The line of a step."""
        return self.lines.setdefault(step, Line())


class Folded(Protocol):
    """A run, as far as it is folded."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def phase(self) -> str:
        """Where it stands."""


_of_runs: OrderedDict[str, Fold] = OrderedDict()
"""Of the runs under way; runs have random ids, so that one is never taken for that of another ledger."""
_lock = threading.Lock()


def under_way(ledger: ledgers.Reader, run: Folded) -> int:
    """How many steps of a run that has not ended are being tried now."""
    with _lock:
        fold = _of_runs.setdefault(run.id, Fold())
        _of_runs.move_to_end(run.id)
        while len(_of_runs) > _MOST_KEPT:
            _of_runs.popitem(last=False)
    with fold.lock:
        read(ledger, fold, [run])
        return sum(len(line.running) for line in fold.lines.values())


def read(ledger: ledgers.Reader, fold: Fold, runs: Sequence[Folded]) -> None:
    """Fold what has happened in these runs since they were read last; the caller has the lock of `fold`."""
    for run in runs:
        after = fold.read.get(run.id, 0)
        if after is None:
            continue
        for position, at, event in ledger.events(run.id, after=after):
            _add(fold, run.id, position, at, event)
            after = position
        fold.read[run.id] = None if run.phase == "finished" else after


def _add(fold: Fold, run: str, position: int, at: int, event: events.Event) -> None:
    match event:
        case events.AttemptsStarted():
            line = fold.line(event.step)
            for each in event.partitions:
                line.begin(each, run)
        case events.StepSucceeded():
            line = fold.line(event.step)
            line.begin(event.partition, run)
            line.end([event.partition])
            line.succeeded += 1
            line.microseconds += event.duration
        case events.AttemptFailed():
            _add_failed(fold.line(event.step), run, position, at, event)
        case events.AttemptsLost():
            fold.line(event.step).end(event.partitions)
        case events.StepsFinished():
            _add_finished(fold.line(event.step), run, at, event)
        case events.RunFinished():
            for line in fold.lines.values():
                line.end([name for name, by in line.running.items() if by == run])
        case _:
            pass


def _add_failed(line: Line, run: str, position: int, at: int, event: events.AttemptFailed) -> None:
    line.microseconds += event.duration
    if event.retry_at is not None:
        return
    line.end([event.partition])
    if event.outcome == "cancelled":
        line.cancelled.add(event.partition)
        return
    line.failed[event.partition] = FailedRow(
        name=event.step,
        partition=event.partition,
        run=run,
        outcome=event.outcome,
        error=event.error.told.strip() if event.error is not None else "",
        attempt=event.attempt,
        log=str(position) if event.log is not None else None,
        at=views.time_of_us(at),
    )


def _add_finished(line: Line, run: str, at: int, event: events.StepsFinished) -> None:
    line.end(event.partitions)
    match event.outcome:
        case "reused" | "skipped" | "removed" | "succeeded":
            line.unchanged.update(event.partitions)
        case "upstream_failed":
            line.left_out.update(event.partitions)
        case "failed" | "timed_out" | "crashed":
            for each in event.partitions:
                line.failed[each] = FailedRow(
                    name=event.step, partition=each, run=run, outcome=event.outcome, error=event.reason, attempt=0,
                    log=None, at=views.time_of_us(at),
                )  # fmt: skip
        case "rolled_back":
            line.succeeded -= len(event.partitions)
            line.cancelled.update(event.partitions)
        case "cancelled":
            line.cancelled.update(event.partitions)
