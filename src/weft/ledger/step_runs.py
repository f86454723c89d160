"""The fold of the step runs of pipelines: where each stands, by run, step and item.

Steps that make assets have no rows here: what matters of them is what became of their partitions.
"""

from __future__ import annotations

from collections.abc import Sequence

from weft.ledger import changes as changing
from weft.model import events

_PLAIN = ("",)


def of_pipeline(step: str) -> bool:
    """Tell whether a step is one of a pipeline: its key is `pipeline:task`, and no asset's key has a colon."""
    return ":" in step


def _items(items: Sequence[str]) -> Sequence[str]:
    return items or _PLAIN


def started(changes: changing.Changes, position: int, at: int, event: events.AttemptsStarted) -> None:
    """Step runs that are under way."""
    for item in _items(event.items):
        changes.put(
            "step_attempted",
            event.run, event.step, item, "running", None, "", event.attempt, at, at, 0, 0, "", position, position,
        )  # fmt: skip


def succeeded(changes: changing.Changes, position: int, at: int, event: events.StepSucceeded) -> None:
    """A step run that has its result, which may serve others under its cache key."""
    changes.put(
        "step_attempted",
        event.run, event.step, event.item, "finished", "succeeded", "", event.attempt, at, event.started,
        event.duration, 0, "", position, position,
    )  # fmt: skip
    if event.task is not None and event.task.cache:
        changes.put("cached", event.task.cache, event.run, event.step, event.item, position, event.task.expires)


def failed(changes: changing.Changes, position: int, at: int, event: events.AttemptFailed, error: str) -> None:
    """An attempt that failed: the step run waits for its next try, or has ended."""
    phase, outcome = ("finished", event.outcome) if event.retry_at is None else ("waiting", None)
    changes.put(
        "step_attempted",
        event.run, event.step, event.item, phase, outcome, error, event.attempt, at, event.started, event.duration,
        event.retry_at or 0, "", position, position,
    )  # fmt: skip


def lost(changes: changing.Changes, position: int, at: int, event: events.AttemptsLost) -> None:
    """Step runs whose attempt came to nothing: they wait for the same one again."""
    for item in _items(event.items):
        changes.put("step_waits", event.run, event.step, item, "waiting", event.reason, event.attempt, at, 0, position)


def parked(changes: changing.Changes, position: int, at: int, event: events.StepParked) -> None:
    """A step run that waits for something outside."""
    changes.put(
        "step_waits",
        event.run, event.step, event.item, "waiting", event.reason, event.attempt, at, event.until, position,
    )  # fmt: skip


def finished(changes: changing.Changes, position: int, at: int, event: events.StepsFinished) -> None:
    """Step runs that ended without a body of their own, or were rolled back after it."""
    for item in _items(event.items):
        changes.put(
            "step_ended",
            event.run, event.step, item, "finished", event.outcome, event.reason, at, 0, "", position, position,
        )  # fmt: skip


def reused(changes: changing.Changes, position: int, at: int, event: events.StepReused) -> None:
    """A step run that ended with the result of another."""
    changes.put(
        "step_ended",
        event.run, event.step, event.item, "finished", "reused", event.reason, at, 0, event.source_run, position,
        position,
    )  # fmt: skip


def mapped(changes: changing.Changes, position: int, at: int, event: events.StepMapped) -> None:
    """A step run that became many: its row says how many, and is no step run itself."""
    changes.put("step_mapped", event.run, event.step, event.item, "mapped", at, event.count, position)
