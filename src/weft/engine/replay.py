"""Picking a run up: its state from the events that are in the log, so that nothing that finished runs again."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from weft.engine import run as engine
from weft.engine import transitions
from weft.model import events

NodeOf = Callable[[str, str | None], int | None]
"""Finds the node of a step and partition key; None for one that the run doesn't have."""


def replay(run: engine.Run, history: Iterable[events.Event], node_of: NodeOf) -> list[int]:
    """Bring a fresh run to where the log says it was; returns the nodes whose attempts were under way and are lost.

    The lost ones are counted as such: an attempt that was claimed but has no outcome may have begun.
    """
    claimed: dict[int, int] = {}
    for event in history:
        match event:
            case events.AttemptsStarted(step=step, partitions=partitions):
                for partition in partitions:
                    node = node_of(step, partition)
                    if node is not None:
                        claimed[node] = event.attempt
            case events.StepSucceeded(step=step, partition=partition):
                node = node_of(step, partition)
                if node is not None:
                    claimed.pop(node, None)
                    _claim(run, node)
                    engine.step(run, engine.Succeeded(node))
            case events.AttemptFailed(step=step, partition=partition):
                node = node_of(step, partition)
                if node is not None:
                    claimed.pop(node, None)
                    _claim(run, node)
                    engine.step(run, engine.Failed(node, event.outcome, event.retry_at is not None))
                    if run.states[node] == transitions.State.RETRYING:
                        engine.step(run, engine.RetryDue(node))
            case events.StepsFinished(step=step, partitions=partitions, outcome="reused"):
                for partition in partitions:
                    node = node_of(step, partition)
                    if node is not None and run.states[node] != transitions.State.FINISHED:
                        _claim(run, node)
                        engine.step(run, engine.Pruned(node))
            case _:
                pass  # what follows from these, the engine finds again by itself
    lost = [node for node in claimed if run.states[node] == transitions.State.READY]
    return sorted(lost)


def _claim(run: engine.Run, node: int) -> None:
    """Take one node out of the queue of those that may start, as the driver before did."""
    if run.states[node] == transitions.State.READY:
        engine.take_one(run, node)
