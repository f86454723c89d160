"""How a run goes on: `step(run, event)` changes the run and returns commands.

The run is changed in place: an event costs the neighbours of its node, never the size of the run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import assert_never

from weft.engine import growing, rules, spreading, state, transitions
from weft.engine import network as networks
from weft.engine.growing import add as add
from weft.engine.state import Run as Run
from weft.engine.state import begin as begin
from weft.engine.state import fits as fits
from weft.engine.state import is_exclusive as is_exclusive
from weft.engine.state import take as take
from weft.engine.state import take_along as take_along
from weft.engine.state import take_one as take_one
from weft.engine.words import CancelRequested as CancelRequested
from weft.engine.words import Chosen as Chosen
from weft.engine.words import Command as Command
from weft.engine.words import Expanded as Expanded
from weft.engine.words import Failed as Failed
from weft.engine.words import Finish as Finish
from weft.engine.words import FinishRun as FinishRun
from weft.engine.words import Lost as Lost
from weft.engine.words import Parked as Parked
from weft.engine.words import Pruned as Pruned
from weft.engine.words import Rejected as Rejected
from weft.engine.words import RetryDue as RetryDue
from weft.engine.words import RetryLater as RetryLater
from weft.engine.words import Reused as Reused
from weft.engine.words import RunEvent as RunEvent
from weft.engine.words import Skipped as Skipped
from weft.engine.words import Succeeded as Succeeded
from weft.engine.words import Unstarted as Unstarted
from weft.model import events, keys

Move = transitions.Move
State = transitions.State
_FAILED: frozenset[str] = frozenset({"failed", "timed_out", "crashed"})
_CHOOSING = ("branch", "short_circuit")
_UNDER_WAY = (State.WAITING, State.READY, State.RETRYING)
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
        case Chosen(node, _, _, reused):
            state.move(run, node, Move.REUSE if reused else Move.SUCCEED)
            state.release(run, node)
            _finished(run, node, "reused" if reused else "succeeded", commands, event)
        case Reused(node):
            state.move(run, node, Move.REUSE)
            state.release(run, node)
            _finished(run, node, "reused", commands)
        case Skipped(node):
            state.move(run, node, Move.SKIP)
            state.release(run, node)
            _finished(run, node, "skipped", commands)
        case Parked(node, seconds):
            _park(run, node, seconds, commands)
        case Expanded(node, count):
            _expand(run, node, count, commands)
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


def close(run: Run) -> list[Command]:
    """Let an open run end, at once or when the last of its nodes has."""
    run.open = False
    commands: list[Command] = []
    _end(run, commands)
    return commands


def ended_empty(run: Run) -> list[Command]:
    """End a run that has nothing left to do when it begins: an empty one, or one that was picked up at its end."""
    if run.unfinished or run.open:
        return []
    run.ended = True
    return [ending(run)]


def _end(run: Run, commands: list[Command]) -> None:
    if run.unfinished or run.ended or run.open:
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
    again = again and not _is_over(run, node)
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
        if _is_over(run, node):
            _give_up(run, node, "cancelled", run.cancelled, commands)
        else:
            state.queue(run, node, first=True)


def _is_over(run: Run, node: int) -> bool:
    """Whether nothing of a node is to begin any more; in a run that is cancelled, setups are still cleaned up after."""
    return bool(run.cancelled) and run.network.rules[node] != rules.TEARDOWN


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
        elif _is_over(run, node):
            _give_up(run, node, "cancelled", run.cancelled, commands)
        else:
            state.queue(run, node, first=True)


def _park(run: Run, node: int, seconds: float, commands: list[Command]) -> None:
    """Let a node wait without a worker and without its slots, and go on with the same attempt."""
    state.move(run, node, Move.PARK)
    state.release(run, node)
    if _is_over(run, node):
        _give_up(run, node, "cancelled", run.cancelled, commands)
    else:
        commands.append(RetryLater(node, seconds))


def _expand(run: Run, node: int, count: int, commands: list[Command]) -> None:
    """Let the items of a mapped step, or group, take the place of the node that stood for them."""
    if run.cancelled:
        state.release(run, node)
        _give_up(run, node, "cancelled", run.cancelled, commands)
        return
    state.move(run, node, Move.EXPAND)
    state.release(run, node)
    if count <= 0:
        commands.append(Finish((node,), "skipped", "nothing to map over"))
        _finished(run, node, "skipped", commands)
        return
    run.unfinished -= 1
    run.ends[node] = rules.SUCCESS
    commands.extend(growing.expand(run, node, count))


def _cancel(run: Run, reason: str, commands: list[Command]) -> None:
    """End what has not begun; a teardown only when asked for a second time, else it has its turn if its setup did."""
    network = run.network
    kept: list[int] = []
    if not run.cancelled and network.ruled:
        kept = [
            node
            for node in range(network.size)
            if network.rules[node] == rules.TEARDOWN and run.states[node] in _UNDER_WAY
        ]
    run.cancelled = run.cancelled or reason
    if kept:
        _cancel_but(run, kept, commands)
        return
    ended: list[int] = []
    for node in range(network.size):
        if run.states[node] in _UNDER_WAY and not network.bodiless(node):
            state.move(run, node, Move.GIVE_UP)
            run.ends[node] = rules.CANCELLED
            ended.append(node)
    for queue in run.ready.values():
        queue.clear()
    run.unfinished -= len(ended)
    run.counts["cancelled"] = run.counts.get("cancelled", 0) + len(ended)
    if ended:
        commands.append(Finish(tuple(ended), "cancelled", run.cancelled))


def _cancel_but(run: Run, kept: Sequence[int], commands: list[Command]) -> None:
    """End all that has not begun but these teardowns, which see how what is above them ended."""
    for queue in run.ready.values():
        queue.clear()
    spread = spreading.Spread(run)
    spared = frozenset(kept)
    for node in range(run.network.size):
        if run.states[node] in _UNDER_WAY and node not in spared and not run.network.bodiless(node):
            spread.end(node, "cancelled", run.cancelled, "")
    for node in kept:
        if run.states[node] == State.READY:
            state.queue(run, node, first=False)
    commands.extend(spread.go())


def _finished(
    run: Run, node: int, outcome: events.Outcome, commands: list[Command], choice: Chosen | None = None
) -> None:
    """Count a finished node and tell those that wait for it; what its choice leaves out ends before."""
    run.unfinished -= 1
    run.counts[outcome] = run.counts.get(outcome, 0) + 1
    ends = run.ends[node] = rules.bit_of(outcome)
    network = run.network
    below = network.downstream[node]
    if not below and choice is None:
        return
    if ends == rules.SUCCESS and choice is None and not network.ruled:
        _unblock(run, below or ())
        if run.open:
            network.downstream[node] = None  # its calls may be many, and nothing below it is told again
        return
    line = network.line_of(node)
    if ends & rules.BAD and not network.ruled and not run.open:
        _hold_back(run, below or (), line.step, commands)
        return
    spread = spreading.Spread(run)
    if choice is not None or (ends == rules.SUCCESS and line.role in _CHOOSING):
        _choose(run, line.step, choice, spread)
    spread.tell(node, ends, True, line.step)
    commands.extend(spread.go())


def _choose(run: Run, step: keys.StepKey, choice: Chosen | None, spread: spreading.Spread) -> None:
    """Skip what a choice leaves out; a step that all items would have to leave out only when all did."""
    join = run.network.joins.get(step)
    if join is not None:
        run.choices[join] = run.choices.get(join, 0) + 1
    if choice is None:
        return
    spread.skip(choice.skip, f"{step} chose another way", step)
    for each in choice.steps:
        if join is None:
            spread.leave_out(each, step)
        else:
            found = run.left_out.setdefault(join, {})
            found[each] = found.get(each, 0) + 1


def _hold_back(run: Run, below: Sequence[int], origin: keys.StepKey, commands: list[Command]) -> None:
    """Let a failure end all that is below it, where all wait for nothing but successes."""
    network, states, ends = run.network, run.states, run.ends
    waiting = deque((below,))
    held: list[int] = []
    while waiting:
        for node in waiting.popleft():
            if states[node] != State.WAITING:
                continue
            ends[node] = rules.UPSTREAM_FAILED
            if network.marks[node] & networks.BODILESS:
                states[node] = State.FINISHED
            else:
                state.move(run, node, Move.GIVE_UP)
                held.append(node)
            if further := network.downstream[node]:
                waiting.append(further)
    if held:
        run.unfinished -= len(held)
        run.counts["upstream_failed"] = run.counts.get("upstream_failed", 0) + len(held)
        commands.append(Finish(tuple(sorted(held)), "upstream_failed", f"{origin} did not succeed", origin))


def _unblock(run: Run, below: Sequence[int]) -> None:
    """Let a success be seen where all wait for nothing but successes."""
    waits, marks = run.waits, run.network.marks
    waiting = deque((below,))
    fresh: list[int] = []
    while waiting:
        for node in waiting.popleft():
            waits[node] -= 1
            if waits[node] == 0 and run.states[node] == State.WAITING:
                if marks[node] & networks.BODILESS:
                    run.states[node] = State.FINISHED
                    run.ends[node] = rules.SUCCESS
                    waiting.append(run.network.downstream[node] or ())
                else:
                    state.move(run, node, Move.UNBLOCK)
                    fresh.append(node)
    for node in reversed(fresh):
        state.queue(run, node, first=True)
