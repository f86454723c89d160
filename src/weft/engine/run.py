"""The state of one run and what moves it: `step(run, event)` changes the run and returns commands.

The run is changed in place: an event costs the neighbours of its node, never the size of the run. Nodes that may start
are taken with `take`, as many as there is room for, so that a run of a hundred thousand step runs hands out no more
than can be started.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, assert_never

from weft.engine import network as networks
from weft.engine import transitions
from weft.model import events, policies

Move = transitions.Move
State = transitions.State
_MOVES = len(Move)
_MOST_LOSSES = 3  # a step run whose workers keep vanishing is given up after this many

Ending: TypeAlias = Literal["upstream_failed", "cancelled", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The attempt of a node succeeded and its outputs are about to be written down."""

    node: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The attempt of a node did not succeed; `random` in [0, 1) serves the jitter of a retry."""

    node: int
    outcome: events.Outcome
    retryable: bool
    random: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Pruned:
    """The inputs of a conditional node turned out to be those that it was made from already."""

    node: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """The inputs of a conditional node turned out to be those of which a blocking check rejected the result."""

    node: int


@dataclass(frozen=True, slots=True)
class Lost:
    """The attempts of these nodes ended with their worker or driver before they reported."""

    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unstarted:
    """These nodes were handed out but their bodies never began; they are handed out again as if nothing had been."""

    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RetryDue:
    """The delay before another attempt of a node is over."""

    node: int


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """Nothing more is to be started."""

    reason: str = "cancelled"


RunEvent: TypeAlias = Succeeded | Failed | Pruned | Rejected | Lost | Unstarted | RetryDue | CancelRequested


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Try a node again after `delay` seconds."""

    node: int
    delay: float


@dataclass(frozen=True, slots=True)
class Finish:
    """Write down that nodes ended without a body; `subject` is the step that the reason points at."""

    nodes: tuple[int, ...]
    outcome: events.Outcome
    reason: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class FinishRun:
    """Every node has finished: write down how the run ended."""

    outcome: events.Outcome
    reason: str = ""


Command: TypeAlias = RetryLater | Finish | FinishRun

_FAILED: frozenset[str] = frozenset({"failed", "timed_out", "crashed"})


@dataclass(kw_only=True)
class Run:
    """Where every node of a run stands."""

    network: networks.Network
    keep_going: bool
    states: bytearray
    waits: list[int]
    attempts: dict[int, int] = field(default_factory=dict)
    """Attempts that count, of nodes that have had more than none: retries are measured by it."""
    losses: dict[int, int] = field(default_factory=dict)
    ready: dict[int, deque[int]] = field(default_factory=dict)
    pools: dict[str, int] = field(default_factory=dict)
    """Free slots of each pool that some step needs."""
    holders: set[int] = field(default_factory=set)
    """The nodes that hold slots."""
    queued: dict[str, deque[int]] = field(default_factory=dict)
    """Nodes that may start as soon as a pool has a free slot."""
    gathering: dict[int, list[int]] = field(default_factory=dict)
    """Nodes of lines that declare `batch`, by the line's base, that wait for the rest of the line to be ready too."""
    unfinished: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    cancelled: str = ""
    ended: bool = False
    stories: dict[int, list[str]] = field(default_factory=dict)

    def attempt_of(self, node: int) -> int:
        """The number of the attempt that a node is at, or that comes next, from 1."""
        return self.attempts.get(node, 0) + 1

    def ready_count(self) -> int:
        """How many nodes may start."""
        return sum(map(len, self.ready.values()))


def begin(network: networks.Network, *, keep_going: bool, pools: Mapping[str, int] | None = None) -> Run:
    """Make the run of a network, with every node that waits for nothing ready.

    A pool has one slot unless `pools` says more.
    """
    run = Run(
        network=network,
        keep_going=keep_going,
        states=bytearray(len(network.downstream)),
        waits=list(network.waits),
        unfinished=network.size,
    )
    for line in network.lines:
        for pool in line.policies.pools:
            run.pools[pool] = (pools or {}).get(pool, 1)
    ready = bytes([State.READY])[0]
    for line in network.lines:
        queue = run.ready.setdefault(-line.policies.priority, deque())
        for node in range(line.base, line.base + line.count):
            if run.waits[node] == 0:
                run.states[node] = ready
                queue.append(node)
    run.ready = dict(sorted(run.ready.items()))
    return run


def take(run: Run, limit: int, *, exclusive: bool | None = None) -> list[int]:
    """Take up to `limit` nodes that may start, by priority and then in order, and count them as running.

    `exclusive` True takes only those that need a worker of their own (a timeout, at most once), False only the others.
    A node whose pool has no free slot stays where it is.
    """
    taken: list[int] = []
    if run.cancelled:
        return taken
    line_of = run.network.line_of
    _end_gathering(run)
    for queue in run.ready.values():
        held: list[int] = []
        while queue and len(taken) < limit:
            node = queue.popleft()
            if run.states[node] != State.READY:
                continue  # it was taken by itself
            rules = line_of(node).policies
            if exclusive is not None and is_exclusive(rules) != exclusive:
                held.append(node)
                if len(held) > 10_000:
                    break
                continue
            if rules.batch and _is_gathering(run, line_of(node)):
                run.gathering.setdefault(line_of(node).base, []).append(node)
                continue
            full = next((pool for pool in rules.pools if run.pools[pool] <= 0), None)
            if full is not None:
                run.queued.setdefault(full, deque()).append(node)
                for pool in rules.pools:
                    if run.pools[pool] > 0:
                        _let_forward(run, pool)
                continue
            _hold(run, node)
            _move(run, node, Move.CLAIM)
            taken.append(node)
        queue.extendleft(reversed(held))
    return taken


def take_one(run: Run, node: int) -> None:
    """Take one node that may start; a queue finds out by itself that it is gone."""
    _move(run, node, Move.CLAIM)
    _hold(run, node)


def take_along(run: Run, node: int, limit: int) -> list[int]:
    """Take up to `limit` further nodes of the line of `node`, to run in one body with it, under its slots."""
    line = run.network.line_of(node)
    taken = [
        each
        for each in range(line.base, line.base + line.count)
        if run.states[each] == State.READY and run.attempts.get(each, 0) == run.attempts.get(node, 0)
    ][:limit]
    for each in taken:
        _move(run, each, Move.CLAIM)
    return taken


def is_exclusive(rules: policies.Policies) -> bool:
    """Whether a step run needs a worker of its own."""
    return rules.timeout is not None or rules.at_most_once


def step(run: Run, event: RunEvent) -> list[Command]:
    """Take in what happened and say what follows from it.

    Raises:
        InvalidTransitionError: the node cannot make that move from where it stands.
    """
    commands: list[Command] = []
    match event:
        case Succeeded(node):
            _move(run, node, Move.SUCCEED)
            _release(run, node)
            _finished(run, node, "succeeded", commands)
        case Failed():
            _fail(run, event, commands)
        case Pruned(node):
            _put_back(run, node)
            _move(run, node, Move.PRUNE)
            commands.append(Finish((node,), "reused", "the inputs turned out the same"))
            _finished(run, node, "reused", commands)
        case Rejected(node):
            _put_back(run, node)
            _move(run, node, Move.GIVE_UP)
            commands.append(Finish((node,), "failed", "a blocking check rejected the same inputs and code before"))
            _finished(run, node, "failed", commands)
            _fail_fast(run, node, commands)
        case Lost(nodes):
            _lose(run, nodes, commands)
        case Unstarted(nodes):
            _take_back(run, nodes, commands)
        case RetryDue(node):
            if run.states[node] == State.RETRYING:
                _move(run, node, Move.RETRY)
                _queue(run, node, first=True)
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
    _move(run, node, Move.RETRY_LATER if again else Move.FAIL)
    run.attempts[node] = attempt
    _tell(run, node, f"attempt {attempt} {event.outcome}")
    _release(run, node)
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
        _move(run, node, Move.LOSE)
        _release(run, node)
        if run.cancelled:
            _give_up(run, node, "cancelled", run.cancelled, commands)
        else:
            _queue(run, node, first=True)


def _give_up(run: Run, node: int, outcome: events.Outcome, reason: str, commands: list[Command]) -> None:
    _move(run, node, Move.GIVE_UP)
    commands.append(Finish((node,), outcome, reason))
    _finished(run, node, outcome, commands)


def _lose(run: Run, nodes: Iterable[int], commands: list[Command]) -> None:
    for node in nodes:
        _move(run, node, Move.LOSE)
        _release(run, node)
        run.losses[node] = run.losses.get(node, 0) + 1
        _tell(run, node, "lost")
        rules = run.network.line_of(node).policies
        if rules.at_most_once or run.losses[node] > _MOST_LOSSES:
            reason = "lost, and it may run at most once" if rules.at_most_once else f"lost {run.losses[node]} times"
            _give_up(run, node, "crashed", reason, commands)
            _fail_fast(run, node, commands)
        elif run.cancelled:
            _give_up(run, node, "cancelled", run.cancelled, commands)
        else:
            _queue(run, node, first=True)


def _cancel(run: Run, reason: str, commands: list[Command]) -> None:
    run.cancelled = run.cancelled or reason
    ended: list[int] = []
    for node in range(run.network.size):
        if run.states[node] in (State.WAITING, State.READY, State.RETRYING):
            _move(run, node, Move.GIVE_UP)
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
                    _move(run, node, Move.UNBLOCK)
                    fresh.append(node)
                else:
                    run.states[node] = State.FINISHED
                    waiting.append(run.network.downstream[node] or [])
    for node in reversed(fresh):
        _queue(run, node, first=True)


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


def _move(run: Run, node: int, move: Move) -> None:
    state = run.states[node]
    target = transitions.FLAT[state * _MOVES + move]
    if target < 0:
        raise transitions.InvalidTransitionError(node, State(state), move, run.stories.get(node, ()))
    run.states[node] = target


def _put_back(run: Run, node: int) -> None:
    """Undo a claim that came to nothing."""
    if run.states[node] == State.RUNNING:
        _release(run, node)
        _move(run, node, Move.LOSE)


def _queue(run: Run, node: int, *, first: bool) -> None:
    queue = run.ready[-run.network.line_of(node).policies.priority]
    if first:
        queue.appendleft(node)
    else:
        queue.append(node)


def _hold(run: Run, node: int) -> None:
    """Give a node the slots of its pools."""
    pools = run.network.line_of(node).policies.pools
    if pools:
        run.holders.add(node)
        for pool in pools:
            run.pools[pool] -= 1


def _release(run: Run, node: int) -> None:
    """Give back the slots that a node holds, and let one that waits for each of them come forward."""
    if node not in run.holders:
        return
    run.holders.discard(node)
    for pool in run.network.line_of(node).policies.pools:
        run.pools[pool] += 1
        _let_forward(run, pool)


def _is_gathering(run: Run, line: networks.Line) -> bool:
    """Whether some node of a line still waits for what it reads: one body is to make as much of the line as can be."""
    return run.states.count(State.WAITING, line.base, line.base + line.count) > 0


def _end_gathering(run: Run) -> None:
    for base in list(run.gathering):
        if not _is_gathering(run, run.network.line_of(base)):
            for node in reversed(run.gathering.pop(base)):
                if run.states[node] == State.READY:
                    _queue(run, node, first=True)


def _let_forward(run: Run, pool: str) -> None:
    waiting = run.queued.get(pool)
    while waiting:
        node = waiting.popleft()
        if run.states[node] == State.READY:
            _queue(run, node, first=True)
            return


def _tell(run: Run, node: int, what: str) -> None:
    run.stories.setdefault(node, []).append(what)
