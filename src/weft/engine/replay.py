"""Picking a run up: its state from the events that are in the log, so that nothing that finished runs again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from weft.engine import network as networks
from weft.engine import run as engine
from weft.engine import tasks, transitions
from weft.model import events

NodeOf = Callable[[str, str | None, str], int | None]
"""Finds the node of a step, partition key and item; None for one that the run doesn't have."""


def tasks_node_of(network: networks.Network) -> NodeOf:
    """Find the nodes of a pipeline's run, which have no partitions of their own."""
    return lambda step, partition, item: network.node_at(step, item)


def replay(run: engine.Run, history: Iterable[events.Event], node_of: NodeOf) -> list[int]:
    """Bring a fresh run to where the log says it was; returns the nodes whose attempts were under way.

    The lost ones are left running: an attempt that was claimed but has no outcome may have begun, and its loss is yet
    to be written down. Commands are dropped: what they led to is in the log, or follows again.
    """
    for event in history:
        match event:
            case events.AttemptsStarted(step=step):
                for node in _nodes(node_of, step, event.partitions, event.items):
                    _claim(run, node)
            case events.StepSucceeded(step=step):
                for node in _nodes(node_of, step, (event.partition,), (event.item,)):
                    if not _claim(run, node):
                        continue
                    engine.step(run, _success(run, node, event.task, reused=False))
            case events.AttemptFailed(step=step):
                for node in _nodes(node_of, step, (event.partition,), (event.item,)):
                    if not _claim(run, node):
                        continue
                    engine.step(run, engine.Failed(node, event.outcome, event.retry_at is not None))
                    engine.step(run, engine.RetryDue(node))
            case events.AttemptsLost(step=step):
                for node in _nodes(node_of, step, event.partitions, event.items):
                    _claim(run, node)
                    engine.step(run, engine.Lost((node,)))
            case events.RunCancelRequested():
                engine.step(run, engine.CancelRequested(event.reason or "cancelled"))
            case events.StepsFinished(step=step):
                for node in _nodes(node_of, step, event.partitions, event.items):
                    _finish(run, node, event)
            case _:
                _replay_task(run, event, node_of)
    return [node for node in range(run.network.size) if run.states[node] == transitions.State.RUNNING]


def _replay_task(run: engine.Run, event: events.Event, node_of: NodeOf) -> None:
    """Take in what happens to tasks only; other events say nothing of step runs."""
    match event:
        case events.StepReused(step=step, item=item):
            for node in _nodes(node_of, step, (None,), (item,)):
                if _claim(run, node):
                    engine.step(run, _success(run, node, event.task, reused=True))
        case events.StepMapped(step=step, item=item, count=count):
            for node in _nodes(node_of, step, (None,), (item,)):
                if run.states[node] != transitions.State.FINISHED:  # each step of a mapped group tells it
                    _claim(run, node)
                    engine.step(run, engine.Expanded(node, count))
        case events.StepParked(step=step, item=item):
            for node in _nodes(node_of, step, (None,), (item,)):
                _claim(run, node)
                engine.step(run, engine.Parked(node, 0.0))
                engine.step(run, engine.RetryDue(node))


def _nodes(node_of: NodeOf, step: str, partitions: Iterable[str | None], items: Iterable[str]) -> Iterator[int]:
    """The nodes of a step's partitions, or items where it has some, without those that the run doesn't have."""
    named: Iterable[tuple[str | None, str]] = [(None, item) for item in items if item]
    for partition, item in named or [(partition, "") for partition in partitions]:
        node = node_of(step, partition, item)
        if node is not None:
            yield node


def _success(
    run: engine.Run, node: int, result: events.TaskResult | None, *, reused: bool
) -> engine.Succeeded | engine.Reused | engine.Chosen:
    """The move of a success, with the choice that it made."""
    if result is None:
        return engine.Reused(node) if reused else engine.Succeeded(node)
    return tasks.settled(run.network, node, follow=result.follow, proceed=result.proceed, reused=reused)


def _claim(run: engine.Run, node: int) -> bool:
    """Take one node out of the queue of those that may start, as the driver before did.

    False for one that has ended with its run already: what is taken in one turn may settle at once, the first failure
    may end the run, and no claim of the others was written.
    """
    if run.states[node] == transitions.State.READY:
        engine.take_one(run, node)
    return not (run.cancelled and run.states[node] == transitions.State.FINISHED)


def _finish(run: engine.Run, node: int, event: events.StepsFinished) -> None:
    """End a node without a body, unless that has followed from what happened before."""
    if run.states[node] not in (transitions.State.READY, transitions.State.RUNNING):
        return
    _claim(run, node)
    if event.outcome == "reused":
        engine.step(run, engine.Pruned(node))
    elif event.outcome == "skipped":
        engine.step(run, engine.Skipped(node))
    elif event.outcome == "failed":
        engine.step(run, engine.Rejected(node))
    else:
        engine.step(run, engine.Failed(node, event.outcome, retryable=False, reason=event.reason))
