"""Picking a run up: its state from the events that are in the log, so that nothing that finished runs again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from weft.engine import run as engine
from weft.engine import transitions
from weft.model import events

NodeOf = Callable[[str, str | None], int | None]
"""Finds the node of a step and partition key; None for one that the run doesn't have."""


def replay(run: engine.Run, history: Iterable[events.Event], node_of: NodeOf) -> list[int]:
    """Bring a fresh run to where the log says it was; returns the nodes whose attempts were under way.

    The lost ones are left running: an attempt that was claimed but has no outcome may have begun, and its loss is yet
    to be written down. Commands are dropped: what they led to is in the log, or follows again.
    """
    for event in history:
        match event:
            case events.AttemptsStarted(step=step, partitions=partitions):
                for node in _nodes(node_of, step, partitions):
                    _claim(run, node)
            case events.StepSucceeded(step=step, partition=partition):
                for node in _nodes(node_of, step, (partition,)):
                    _claim(run, node)
                    engine.step(run, engine.Succeeded(node))
            case events.AttemptFailed(step=step, partition=partition):
                for node in _nodes(node_of, step, (partition,)):
                    _claim(run, node)
                    engine.step(run, engine.Failed(node, event.outcome, event.retry_at is not None))
                    engine.step(run, engine.RetryDue(node))
            case events.AttemptsLost(step=step, partitions=partitions):
                for node in _nodes(node_of, step, partitions):
                    _claim(run, node)
                    engine.step(run, engine.Lost((node,)))
            case events.RunCancelRequested():
                engine.step(run, engine.CancelRequested(event.reason or "cancelled"))
            case events.StepsFinished(step=step, partitions=partitions):
                for node in _nodes(node_of, step, partitions):
                    _finish(run, node, event)
            case _:
                pass  # says nothing of step runs
    return [node for node in range(run.network.size) if run.states[node] == transitions.State.RUNNING]


def _nodes(node_of: NodeOf, step: str, partitions: Iterable[str | None]) -> Iterator[int]:
    """The nodes of a step's partitions, without those that the run doesn't have."""
    for partition in partitions:
        node = node_of(step, partition)
        if node is not None:
            yield node


def _claim(run: engine.Run, node: int) -> None:
    """Take one node out of the queue of those that may start, as the driver before did."""
    if run.states[node] == transitions.State.READY:
        engine.take_one(run, node)


def _finish(run: engine.Run, node: int, event: events.StepsFinished) -> None:
    """End a node without a body, unless that has followed from what happened before."""
    if run.states[node] not in (transitions.State.READY, transitions.State.RUNNING):
        return
    _claim(run, node)
    if event.outcome == "reused":
        engine.step(run, engine.Pruned(node))
    elif event.outcome == "failed":
        engine.step(run, engine.Rejected(node))
    else:
        engine.step(run, engine.Failed(node, event.outcome, retryable=False, reason=event.reason))
