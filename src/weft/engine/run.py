"""How a run goes on: `step(run, event)` changes the run and returns commands.

The run is changed in place: an event costs the neighbours of its node, never the size of the run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import assert_never

from weft.engine import state, transitions
from weft.engine.state import Run as Run
from weft.engine.state import begin as begin
from weft.engine.state import is_exclusive as is_exclusive
from weft.engine.state import take as take
from weft.engine.state import take_along as take_along
from weft.engine.state import take_one as take_one
from weft.engine.words import CancelRequested as CancelRequested
from weft.engine.words import Command as Command
from weft.engine.words import Failed as Failed
from weft.engine.words import Finish as Finish
from weft.engine.words import FinishRun as FinishRun
from weft.engine.words import Lost as Lost
from weft.engine.words import Pruned as Pruned
from weft.engine.words import Rejected as Rejected
from weft.engine.words import RetryDue as RetryDue
from weft.engine.words import RetryLater as RetryLater
from weft.engine.words import RunEvent as RunEvent
from weft.engine.words import Succeeded as Succeeded
from weft.engine.words import Unstarted as Unstarted
from weft.model import events

Move = transitions.Move
State = transitions.State
_FAILED: frozenset[str] = frozenset({"failed", "timed_out", "crashed"})
_MOST_LOSSES = 3  # a step run whose workers keep vanishing is given up after this many


def step(run: Run, event: RunEvent) -> list[Command]:
    """Take in what happened and say what follows from it.

    Raises:
        InvalidTransitionError: the node cannot make that move from where it stands.
    """
    commands: list[Command] = []
    match event:
        case Succeeded(node):
            state.move(run, node, Move.SUCCEED)
            state.release(run, node)
            _finished(run, node, "succeeded", commands)
        case Failed():
            _fail(run, event, commands)
        case Pruned(node):
            state.put_back(run, node)
            state.move(run, node, Move.PRUNE)
            commands.append(Finish((node,), "reused", "the inputs turned out the same"))
            _finished(run, node, "reused", commands)
        case Rejected(node):
            state.put_back(run, node)
            state.move(run, node, Move.GIVE_UP)
            commands.append(Finish((node,), "failed", "a blocking check rejected the same inputs and code before"))
            _finished(run, node, "failed", commands)
            _fail_fast(run, node, commands)
        case Lost(nodes):
            _lose(run, nodes, commands)
        case Unstarted(nodes):
            _take_back(run, nodes, commands)
        case RetryDue(node):
            if run.states[node] == State.RETRYING:
                state.move(run, node, Move.RETRY)
                state.queue(run, node, first=True)
        case CancelRequested(reason):
            _cancel(run, reason, commands)
        case _:
            assert_never(event)
    _end(run, commands)
    return commands


def _end(run: Run, commands: list[Command]) -> None:
    if run.unfinished or run.ended:
        return
    run.ended = True
    commands.append(ending(run))


def ending(run: Run) -> FinishRun:
    """How a run ends of which every node has finished."""
    if any(run.counts.get(outcome) for outcome in (*_FAILED, "upstream_failed")):
        return FinishRun("failed", run.cancelled)
    if run.counts.get("cancelled"):
        return FinishRun("cancelled", run.cancelled)
    return FinishRun("succeeded")


def _fail(run: Run, event: Failed, commands: list[Command]) -> None:
    node = event.node
    attempt = run.attempts.get(node, 0) + 1
    rules = run.network.line_of(node).policies
    again = event.outcome in _FAILED and event.retryable and attempt <= rules.retry.retries and not rules.at_most_once
    again = again and not run.cancelled
    state.move(run, node, Move.RETRY_LATER if again else Move.FAIL)
    run.attempts[node] = attempt
    state.tell(run, node, f"attempt {attempt} {event.outcome}")
    state.release(run, node)
    if again:
        commands.append(RetryLater(node, rules.retry.delay_before(attempt, event.random)))
        return
    _finished(run, node, event.outcome, commands)
    if event.outcome in _FAILED:
        _fail_fast(run, node, commands)


def _fail_fast(run: Run, node: int, commands: list[Command]) -> None:
    """Start nothing more after a failure, unless the run keeps going."""
    if not run.keep_going and not run.cancelled:
        _cancel(run, f"{run.network.line_of(node).step} failed (fail fast)", commands)


def _take_back(run: Run, nodes: Iterable[int], commands: list[Command]) -> None:
    """Put nodes whose bodies never began back where they were; in a run that is being cancelled that is their end."""
    for node in nodes:
        state.move(run, node, Move.LOSE)
        state.release(run, node)
        if run.cancelled:
            _give_up(run, node, "cancelled", run.cancelled, commands)
        else:
            state.queue(run, node, first=True)


def _give_up(run: Run, node: int, outcome: events.Outcome, reason: str, commands: list[Command]) -> None:
    state.move(run, node, Move.GIVE_UP)
    commands.append(Finish((node,), outcome, reason))
    _finished(run, node, outcome, commands)


def _lose(run: Run, nodes: Iterable[int], commands: list[Command]) -> None:
    for node in nodes:
        state.move(run, node, Move.LOSE)
        state.release(run, node)
        run.losses[node] = run.losses.get(node, 0) + 1
        state.tell(run, node, "lost")
        rules = run.network.line_of(node).policies
        if rules.at_most_once or run.losses[node] > _MOST_LOSSES:
            reason = "lost, and it may run at most once" if rules.at_most_once else f"lost {run.losses[node]} times"
            _give_up(run, node, "crashed", reason, commands)
            _fail_fast(run, node, commands)
        elif run.cancelled:
            _give_up(run, node, "cancelled", run.cancelled, commands)
        else:
            state.queue(run, node, first=True)


def _cancel(run: Run, reason: str, commands: list[Command]) -> None:
    run.cancelled = run.cancelled or reason
    ended: list[int] = []
    for node in range(run.network.size):
        if run.states[node] in (State.WAITING, State.READY, State.RETRYING):
            state.move(run, node, Move.GIVE_UP)
            ended.append(node)
    for queue in run.ready.values():
        queue.clear()
    run.unfinished -= len(ended)
    run.counts["cancelled"] = run.counts.get("cancelled", 0) + len(ended)
    if ended:
        commands.append(Finish(tuple(ended), "cancelled", run.cancelled))


def _finished(run: Run, node: int, outcome: str, commands: list[Command]) -> None:
    """Count a finished node and tell those that wait for it."""
    run.unfinished -= 1
    run.counts[outcome] = run.counts.get(outcome, 0) + 1
    below = run.network.downstream[node]
    if not below:
        return
    if outcome in ("succeeded", "reused"):
        _unblock(run, below)
    else:
        _hold_back(run, node, outcome, commands)


def _unblock(run: Run, below: list[int]) -> None:
    waits, size = run.waits, run.network.size
    waiting = deque((below,))
    fresh: list[int] = []
    while waiting:
        for node in waiting.popleft():
            waits[node] -= 1
            if waits[node] == 0 and run.states[node] == State.WAITING:
                if node < size:
                    state.move(run, node, Move.UNBLOCK)
                    fresh.append(node)
                else:
                    run.states[node] = State.FINISHED
                    waiting.append(run.network.downstream[node] or [])
    for node in reversed(fresh):
        state.queue(run, node, first=True)


def _hold_back(run: Run, failed: int, outcome: str, commands: list[Command]) -> None:
    """End everything below a node that did not succeed."""
    ended: list[int] = []
    waiting = [failed]
    while waiting:
        for node in run.network.downstream[waiting.pop()] or ():
            if run.states[node] == State.FINISHED:
                continue
            run.states[node] = State.FINISHED
            waiting.append(node)
            if node < run.network.size:
                ended.append(node)
    if not ended:
        return
    word: events.Outcome = "cancelled" if outcome == "cancelled" else "upstream_failed"
    run.unfinished -= len(ended)
    run.counts[word] = run.counts.get(word, 0) + len(ended)
    commands.append(
        Finish(
            tuple(sorted(ended)),
            word,
            f"{run.network.line_of(failed).step} did not succeed",
            run.network.line_of(failed).step,
        )
    )
