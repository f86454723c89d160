"""Where every step run of a run stands, which of them may start, and the slots that they hold.

Nodes that may start are taken with `take`, as many as there is room for, so that a run of a hundred thousand step runs
hands out no more than can be started.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from weft.engine import network as networks
from weft.engine import rules, transitions
from weft.engine.network import is_exclusive as is_exclusive
from weft.model import keys

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
    seen: bytearray
    """Which kinds of ends each node has seen above it (see `rules`)."""
    ends: bytearray
    """The kind of end that each finished node had."""
    open: bool = False
    """Whether more may be added: it does not end when its nodes have."""
    gated: dict[int, int] = field(default_factory=dict)
    """How many gates still hold a node back."""
    ahead: set[keys.StepKey] = field(default_factory=set)
    """Steps whose items, once they are known, end as skipped."""
    choices: dict[int, int] = field(default_factory=dict)
    """How many items have made their choice, by the join behind them."""
    left_out: dict[int, dict[keys.StepKey, int]] = field(default_factory=dict)
    """And how many of them left out each step."""
    attempts: dict[int, int] = field(default_factory=dict)
    """Attempts that count, of nodes that have had more than none: retries are measured by it."""
    losses: dict[int, int] = field(default_factory=dict)
    ready: dict[int, deque[int]] = field(default_factory=dict)
    pools: dict[str, int] = field(default_factory=dict)
    """Free slots of each pool that some step needs."""
    capacities: dict[str, int] = field(default_factory=dict)
    """All slots of each of them. A step that needs more takes these."""
    given: Mapping[str, int] = field(default_factory=dict)
    holders: dict[int, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    """The nodes that hold slots, with how many of which pools."""
    sharing: bool = False
    """Whether its pools, but for those that are its own, are shared with other runs: see `sharing`."""
    granted: dict[str, int] = field(default_factory=dict)
    """The slots that it has been granted of each pool that it shares."""
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

    def outcome_of(self, node: int) -> Literal["good", "failed", "skipped", "cancelled", ""]:
        """How a node ended, "" for one that has not."""
        return _WORDS[self.ends[node]]


_WORDS: dict[int, Literal["good", "failed", "skipped", "cancelled", ""]] = {
    0: "",
    rules.SUCCESS: "good",
    rules.FAILED: "failed",
    rules.UPSTREAM_FAILED: "failed",
    rules.SKIPPED: "skipped",
    rules.CANCELLED: "cancelled",
}


def begin(
    network: networks.Network,
    *,
    keep_going: bool,
    pools: Mapping[str, int] | None = None,
    open: bool = False,  # noqa: A002 - the word of what it sets
) -> Run:
    """Make the run of a network, with every node that waits for nothing ready.

    A pool has one slot unless `pools` says more. An `open` run may get more nodes, and ends when it is closed.
    """
    size = network.size
    run = Run(
        network=network,
        keep_going=keep_going,
        states=bytearray(size),
        waits=list(network.waits),
        seen=bytearray(size),
        ends=bytearray(size),
        open=open,
        gated=dict(network.gated),
        given={**network.capacities, **(pools or {})},
        unfinished=network.bodies,
    )
    ready = bytes([State.READY])[0]
    for line in network.lines:
        admit(run, line)
        queue = run.ready[-line.policies.priority]
        for node in range(line.base, line.base + line.count):
            if run.waits[node] == 0 and node not in run.gated:
                run.states[node] = ready
                queue.append(node)
    return run


def admit(run: Run, line: networks.Line) -> None:
    """Make the queue and the pools that a line needs."""
    for pool, _ in line.pools:
        if pool not in run.pools:
            run.pools[pool] = run.capacities[pool] = max(1, run.given.get(pool, 1))
            if run.sharing and not is_own(run, pool):
                run.pools[pool] = run.granted[pool] = 0
    if -line.policies.priority not in run.ready:
        run.ready[-line.policies.priority] = deque()
        run.ready = dict(sorted(run.ready.items()))


def grow(run: Run) -> None:
    """Make room for the nodes that the network has got since."""
    more = run.network.size - len(run.states)
    for found in (run.states, run.seen, run.ends):
        found.extend(bytes(more))
    run.waits.extend(run.network.waits[-more:] if more else ())


def take(run: Run, limit: int, *, exclusive: bool | None = None) -> list[int]:
    """Take up to `limit` nodes that may start, by priority and then in order, and count them as running.

    `exclusive` True takes only those that need a worker of their own (a timeout, at most once), False only the others.
    A node whose pool has no free slot stays where it is.
    """
    taken: list[int] = []
    if run.cancelled and (not run.network.ruled or _works_still(run)):
        return taken
    line_of = run.network.line_of
    _end_gathering(run)
    for queue in run.ready.values():
        held: list[int] = []
        while queue and len(taken) < limit:
            node = queue.popleft()
            line = line_of(node)
            if run.states[node] != State.READY:  # it was taken by itself, or a choice left it out
                for pool, _ in line.pools:
                    let_forward(run, pool)  # whose turn it took
                continue
            if exclusive is not None and is_exclusive(line.policies) != exclusive:
                held.append(node)
                if len(held) > 10_000:
                    break
                continue
            if line.policies.batch and _is_gathering(run, line):
                run.gathering.setdefault(line.base, []).append(node)
                continue
            full = next((pool for pool, slots in line.pools if run.pools[pool] < need(run, pool, slots)), None)
            if full is not None:
                run.queued.setdefault(full, deque()).append(node)
                for pool, _ in line.pools:
                    if pool != full and run.pools[pool] > 0:
                        let_forward(run, pool)
                continue
            _hold(run, node)
            move(run, node, Move.CLAIM)
            taken.append(node)
        queue.extendleft(reversed(held))
    return taken


def take_one(run: Run, node: int) -> None:
    """Take one node that may start; where it is not at an end of its queue, that finds out later that it is gone."""
    queue = run.ready[-run.network.line_of(node).policies.priority]
    if queue and queue[-1] == node:
        queue.pop()
    elif queue and queue[0] == node:
        queue.popleft()
    move(run, node, Move.CLAIM)
    _hold(run, node)


def fits(run: Run, node: int) -> bool:
    """Whether the pools of a node have the slots that it needs; one that does not wait to start needs none."""
    if run.states[node] in (State.WAITING, State.READY):
        pools = run.network.line_of(node).pools
        return run.states[node] == State.READY and all(run.pools[pool] >= need(run, pool, n) for pool, n in pools)
    return True


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


def _works_still(run: Run) -> bool:
    """Whether there is a body under way, which needs what teardowns (all that a cancelled run starts) take away."""
    codes = run.network.rules
    return any(each == State.RUNNING and codes[node] != rules.TEARDOWN for node, each in enumerate(run.states))


def queue(run: Run, node: int, *, first: bool) -> None:
    """Put a node among those that may start, before the others of its priority or behind them."""
    queue = run.ready[-run.network.line_of(node).policies.priority]
    if first:
        queue.appendleft(node)
    else:
        queue.append(node)


def need(run: Run, pool: str, slots: int) -> int:
    """The slots that a node needs of a pool: never more than there are, so that it can start at all."""
    return min(slots, run.capacities[pool])


def is_own(run: Run, pool: str) -> bool:
    """Whether a pool bounds this run alone: that of its step runs, and those of its tags."""
    return pool in run.network.capacities or pool.startswith("tag:")


def is_held_up(run: Run, node: int) -> bool:
    """Whether something else than shared pools keeps a node from starting: a pool of the run's own, or its batch."""
    line = run.network.line_of(node)
    if line.policies.batch and _is_gathering(run, line):
        return True
    return any(pool not in run.granted and run.pools[pool] < need(run, pool, slots) for pool, slots in line.pools)


def _hold(run: Run, node: int) -> None:
    """Give a node the slots of its pools."""
    pools = run.network.line_of(node).pools
    if pools:
        held = run.holders[node] = tuple((pool, need(run, pool, slots)) for pool, slots in pools)
        for pool, slots in held:
            run.pools[pool] -= slots


def release(run: Run, node: int) -> None:
    """Give back the slots that a node holds, and let those that wait for them come forward."""
    for pool, slots in run.holders.pop(node, ()):
        run.pools[pool] += slots
        let_forward(run, pool)


def _is_gathering(run: Run, line: networks.Line) -> bool:
    """Whether some node of a line still waits for what it reads: one body is to make as much of the line as can be."""
    return run.states.count(State.WAITING, line.base, line.base + line.count) > 0


def _end_gathering(run: Run) -> None:
    for base in list(run.gathering):
        if not _is_gathering(run, run.network.line_of(base)):
            for node in reversed(run.gathering.pop(base)):
                if run.states[node] == State.READY:
                    queue(run, node, first=True)


def let_forward(run: Run, pool: str) -> None:
    """Queue those that have waited longest for a pool, as many as its free slots are enough for."""
    waiting = run.queued.get(pool)
    free = run.pools[pool]
    while waiting and free > 0:
        node = waiting[0]
        if run.states[node] == State.READY:
            free -= need(run, pool, dict(run.network.line_of(node).pools)[pool])
            if free < 0:
                return  # whoever needs many slots is not overtaken for ever by those who need few
            queue(run, node, first=True)
        waiting.popleft()


def tell(run: Run, node: int, what: str) -> None:
    """Add to the story of a node, for the error that a wrong move raises."""
    run.stories.setdefault(node, []).append(what)
