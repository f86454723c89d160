"""The verb `runs RUN`: one run with its steps, what failed, what it waits for, and the runs around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from weft.ledger import codec
from weft.model import errors, events, stored
from weft.ports import ledger as ledgers
from weft.service import views
from weft.service.queue import queue_limits
from weft.service.run import history
from weft.storage import json_values

LONGEST = 4096


class StepCount(views.View, frozen=True, kw_only=True):
    """How the step runs of one step went within a run."""

    step: str
    succeeded: int = 0
    reused: int = 0
    failed: int = 0
    held: int = 0
    lost: int = 0
    seconds: float = 0.0


class StepRunView(views.View, frozen=True, kw_only=True):
    """A step run of a pipeline. `until`: when it goes on, where it waits; `source_run` made the result it reused."""

    step: str
    item: str
    phase: str
    outcome: str | None
    reason: str
    attempt: int
    at: str | None
    started_at: str | None
    seconds: float
    until: str | None
    source_run: str | None
    rendered: dict[str, str]


class WarningView(views.View, frozen=True, kw_only=True):
    """A check that failed without failing its step."""

    asset: str
    partition: str | None
    check: str
    description: str
    metadata: dict[str, object]


class RunDetail(views.View, frozen=True, kw_only=True):
    """One run with its steps and what did not succeed."""

    run: views.RunView
    steps: list[StepCount]
    failures: list[views.FailureView]
    warnings: list[WarningView]
    """Checks that failed without failing their step."""
    step_runs: list[StepRunView]
    """Of a pipeline: what has begun or ended."""
    mapped: dict[str, int]
    """How many step runs each mapped step has, as far as that is known."""
    parent: views.RunView | None
    children: list[views.RunView]
    """The runs that its steps called."""
    reruns: list[str]
    """The runs that repeated it."""
    questions: list[views.QuestionView]
    artifacts: list[str]
    """Keys of what it made to be looked at."""
    result: object
    """What a flow returned, where that is small and plain."""
    error: str
    """The traceback of a flow's own failure."""
    waits_for: tuple[queue_limits.Reason, ...] = ()
    """Why it, or a step of it, waits."""


@dataclass
class _Found:
    """What is gathered from the events of a run."""

    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    failures: list[views.FailureView] = field(default_factory=list)
    warnings: list[WarningView] = field(default_factory=list)
    rendered: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    ended: events.RunFinished | None = None

    def add(self, step: str, kind: str, count: int, microseconds: int = 0) -> None:
        """Count step runs of a step."""
        found = self.counts.setdefault(step, {})
        found[kind] = found.get(kind, 0) + count
        found["microseconds"] = found.get("microseconds", 0) + microseconds


def run_detail(ledger: ledgers.Reader, row: ledgers.RunRow) -> RunDetail:
    """One run with its steps and failures, and for a pipeline's all that is known of its step runs."""
    found = _Found()
    for _, _, event in ledger.events(row.id):
        _gather(found, event)
    steps = [
        StepCount(step=step, seconds=round(counted.pop("microseconds", 0) / 1e6, 6), **counted)
        for step, counted in found.counts.items()
    ]
    step_runs = [step_run_view(each, found.rendered) for each in ledger.step_runs(row.id)]
    parents = ledger.runs_with_prefix(row.parent) if row.parent else []
    ended = found.ended
    return RunDetail(
        run=history.run_view(ledger, row),
        steps=steps,
        failures=found.failures,
        warnings=found.warnings,
        step_runs=step_runs,
        mapped={_named(step, item): count for (step, item), count in ledger.step_counts(row.id).items()},
        parent=history.run_view(ledger, parents[0]) if parents else None,
        children=[history.run_view(ledger, each) for each in reversed(ledger.runs(parent=row.id))],
        reruns=[] if row.pipeline is None else _reruns(ledger, row),
        questions=[question_view(each) for each in ledger.input_requests(row.id)],
        artifacts=list(dict.fromkeys(each.key for each in reversed(ledger.artifacts(run=row.id)))),
        result=result_of(ended, of_flow=row.request.startswith("flow ")),
        error=ended.error.traceback or ended.error.told if ended is not None and ended.error is not None else "",
    )


def ended_with(ledger: ledgers.Ledger, row: ledgers.RunRow) -> tuple[object, str]:
    """What a run returned, as it is shown, and the traceback of its own failure, of which there is none yet or ever."""
    if row.phase != "finished":
        return None, ""
    last = ledger.last_event(row.id, "RunFinished")
    ended = codec.decode(last.body, last.position) if last is not None else None
    if not isinstance(ended, events.RunFinished):
        return None, ""
    error = ended.error.traceback or ended.error.told if ended.error is not None else ""
    return result_of(ended, of_flow=row.request.startswith("flow ")), error


def _reruns(ledger: ledgers.Reader, row: ledgers.RunRow) -> list[str]:
    of_pipeline = ledger.runs(pipeline=row.pipeline, partition=row.partition)
    return [each.id for each in reversed(of_pipeline) if each.rerun_of == row.id]


def _gather(found: _Found, event: events.Event) -> None:
    match event:
        case events.StepSucceeded():
            found.add(event.step, "succeeded", 1, event.duration)
            for output in event.outputs:
                found.warnings += _warnings(output, event.partition)
            if event.task is not None and event.task.rendered:
                found.rendered[event.step, event.item] = event.task.rendered
        case events.Materialized():
            found.warnings += _warnings(event.output, event.partition)
        case events.StepReused():
            found.add(event.step, "reused", 1)
        case events.AttemptFailed():
            if event.rendered:
                found.rendered[event.step, event.item] = event.rendered
            if event.retry_at is None:
                _failed(found, event)
        case events.AttemptsLost():
            found.add(event.step, "lost", len(event.items or event.partitions))
        case events.StepsFinished():
            _finished(found, event)
        case events.RunFinished():
            found.ended = event
        case _:
            pass


def _warnings(output: events.Materialization, partition: str | None) -> list[WarningView]:
    return [
        WarningView(
            asset=output.asset,
            partition=partition,
            check=check.name,
            description=check.description,
            metadata={name: msgspec.json.decode(raw) for name, raw in check.metadata.items()},
        )
        for check in output.checks
        if not check.passed
    ]


def _failed(found: _Found, event: events.AttemptFailed) -> None:
    found.add(event.step, "failed", 1, event.duration)
    found.failures.append(
        views.FailureView(
            step=event.step,
            partition=event.partition,
            outcome=event.outcome,
            error=event.error.told if event.error else "",
            attempts=event.attempt,
            item=event.item,
        )
    )


def _finished(found: _Found, event: events.StepsFinished) -> None:
    count = len(event.items or event.partitions)
    failed = event.outcome in ("failed", "timed_out", "crashed")
    found.add(event.step, "reused" if event.outcome == "reused" else "failed" if failed else "held", count)
    if event.outcome == "rolled_back":
        found.add(event.step, "succeeded", -count)
    if not failed:
        return
    places: Iterable[tuple[str | None, str]] = (
        [(None, item) for item in event.items] if event.items else [(each, "") for each in event.partitions]
    )
    found.failures += [
        views.FailureView(
            step=event.step, partition=partition, outcome=event.outcome, error=event.reason, attempts=0, item=item
        )
        for partition, item in places
    ]


def step_run_view(
    row: ledgers.StepRunRow, rendered: Mapping[tuple[str, str], dict[str, str]] | None = None
) -> StepRunView:
    """A step run as it is shown, with its templates filled in where they are given."""
    return StepRunView(
        step=row.step,
        item=row.item,
        phase=row.phase,
        outcome=row.outcome,
        reason=row.reason,
        attempt=row.attempt,
        at=views.time_of_us(row.at),
        started_at=views.time_of_us(row.started),
        seconds=round(row.duration / 1e6, 6),
        until=views.time_of_us(row.until),
        source_run=row.source_run or None,
        rendered=(rendered or {}).get((row.step, row.item), {}),
    )


def question_view(row: ledgers.InputRow) -> views.QuestionView:
    """A question to a person, as it is shown."""
    return views.QuestionView(
        run=row.run,
        key=row.key,
        message=row.message,
        form=msgspec.json.decode(row.schema) if row.schema else None,
        asked_at=views.time_of_us(row.asked),
        until=views.time_of_us(row.until),
        answered_at=views.time_of_us(row.answered),
        answer=msgspec.json.decode(row.value) if row.value else None,
        by=row.by,
    )


def _named(step: str, item: str) -> str:
    return f"{step}[{item}]" if item else step


def result_of(ended: events.RunFinished | None, *, of_flow: bool) -> object:
    """What a run returned, as it is shown: of a flow also that it was something that can't be stored."""
    if ended is None or ended.result is not None:
        return plain(ended.result) if ended is not None and ended.result is not None else None
    return "(a value that can't be stored)" if of_flow and ended.outcome == "succeeded" else None


def plain(value: stored.StoredValue) -> object:
    """A small value that travels in the ledger as JSON or text; of others what they are."""
    if value.inline is not None and len(value.inline) <= LONGEST:
        if value.format == "json":
            try:
                return json_values.as_json(json_values.decode_plain(value.inline))
            except errors.StorageError:
                return msgspec.json.decode(value.inline)
        if value.format == "text":
            return value.inline.decode("utf-8", "replace")
    return None if value.format == "none" else f"({value.type or value.format})"
