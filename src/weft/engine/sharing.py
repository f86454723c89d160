"""A run's side of the pools that it shares with other runs: what it uses, what it could start, what it was granted."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, islice

from weft.engine import state
from weft.engine.granting import Needs

_STALE = 16  # nodes that a queue may still name although they have been taken


def share(run: state.Run) -> None:
    """Let a run have slots of the pools that are not its own only as they are granted; what it uses it has."""
    run.sharing = True
    for pool in run.pools:
        if not state.is_own(run, pool) and pool not in run.granted:
            run.granted[pool] = run.capacities[pool] - run.pools[pool]
            run.pools[pool] = 0


def used(run: state.Run) -> dict[str, int]:
    """The slots that bodies under way hold, by pool."""
    return {pool: slots - run.pools[pool] for pool, slots in run.granted.items()}


def wanted(run: state.Run, room: Mapping[bool, int]) -> list[tuple[int, Needs]]:
    """The first of the step runs that could start, as far as they need slots of shared pools for it.

    `room` says for how many there are workers: of those that need a worker of their own, and of the others.
    """
    most = max(room.values(), default=0)
    if not run.granted or most <= 0 or (run.cancelled and not run.network.ruled):
        return []
    behind: dict[int, list[int]] = {}
    enough = _STALE
    for pool in run.granted:
        enough += run.capacities[pool]
        for node in islice(run.queued.get(pool, ()), run.capacities[pool] + _STALE):
            behind.setdefault(-run.network.line_of(node).policies.priority, []).append(node)
    left = dict(room)
    chosen: dict[int, Needs] = {}
    for negative, queue in run.ready.items():
        for node in chain(behind.get(negative, ()), islice(queue, most + _STALE)):
            if run.states[node] != state.State.READY or node in chosen:
                continue
            kind = state.is_exclusive(run.network.line_of(node).policies)
            if left.get(kind, 0) <= 0 or state.is_held_up(run, node):
                continue
            left[kind] -= 1
            if needs := needs_of(run, node):
                chosen[node] = needs
                if len(chosen) >= enough:  # more than could be served
                    return list(chosen.items())
    return list(chosen.items())


def has(run: state.Run, needs: Needs) -> bool:
    """Whether a run has free slots enough for what a step run needs."""
    return all(run.pools[pool] >= slots for pool, slots in needs)


def needs_of(run: state.Run, node: int) -> Needs:
    """The slots that a step run needs of shared pools."""
    pools = run.network.line_of(node).pools
    return tuple((pool, state.need(run, pool, slots)) for pool, slots in pools if pool in run.granted)


def grant(run: state.Run, granted: Mapping[str, int], totals: Mapping[str, int]) -> None:
    """Take in what a run was granted of each pool, and how many slots the pools have now."""
    for pool, before in run.granted.items():
        run.capacities[pool] = max(1, totals.get(pool, run.capacities[pool]))
        now = granted.get(pool, 0)
        run.granted[pool] = now
        run.pools[pool] += now - before
        if run.pools[pool] > 0:
            state.let_forward(run, pool)


def idle(run: state.Run) -> bool:
    """Whether it has slots of a shared pool that no body uses."""
    return any(run.pools[pool] > 0 for pool in run.granted)
