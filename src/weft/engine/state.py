"""Where every step run of a run stands, which of them may start, and the slots that they hold.

Nodes that may start are taken with `take`, as many as there is room for, so that a run of a hundred thousand step runs
hands out no more than can be started.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from weft.engine import network as networks
from weft.engine import transitions
from weft.model import policies

Move = transitions.Move
State = transitions.State
_MOVES = len(Move)


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
            move(run, node, Move.CLAIM)
            taken.append(node)
        queue.extendleft(reversed(held))
    return taken


def take_one(run: Run, node: int) -> None:
    """Take one node that may start; a queue finds out by itself that it is gone."""
    move(run, node, Move.CLAIM)
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
        move(run, each, Move.CLAIM)
    return taken


def is_exclusive(rules: policies.Policies) -> bool:
    """Whether a step run needs a worker of its own."""
    return rules.timeout is not None or rules.at_most_once


def move(run: Run, node: int, by: Move) -> None:
    """Move a node by the table; InvalidTransitionError for a move that is not in it."""
    state = run.states[node]
    target = transitions.FLAT[state * _MOVES + by]
    if target < 0:
        raise transitions.InvalidTransitionError(node, State(state), by, run.stories.get(node, ()))
    run.states[node] = target


def put_back(run: Run, node: int) -> None:
    """Undo a claim that came to nothing."""
    if run.states[node] == State.RUNNING:
        release(run, node)
        move(run, node, Move.LOSE)


def queue(run: Run, node: int, *, first: bool) -> None:
    """Put a node among those that may start, before the others of its priority or behind them."""
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


def release(run: Run, node: int) -> None:
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
                    queue(run, node, first=True)


def _let_forward(run: Run, pool: str) -> None:
    waiting = run.queued.get(pool)
    while waiting:
        node = waiting.popleft()
        if run.states[node] == State.READY:
            queue(run, node, first=True)
            return


def tell(run: Run, node: int, what: str) -> None:
    """Add to the story of a node, for the error that a wrong move raises."""
    run.stories.setdefault(node, []).append(what)
