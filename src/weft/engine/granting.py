"""Who gets the slots of pools that several runs share.

Theory of operation. A step run takes slots of all its pools at once or of none (its *bundle*), and only when it could
start right away; so nobody holds slots while it waits for others, and what is held is given back when a body ends.
Bundles that got nothing stand in one order over all pools and runs: by priority, then by how long they have waited. A
bundle gets slots only where enough are left for all that stand before it in each of its pools. The first of all is
therefore held up by running bodies alone, and starts when they end: no deadlock, and what waits is served, but for a
higher priority that keeps coming. The price is that a slot may stay free for a bundle that waits for another pool.

Each run decides for itself, on the grants and waits that the ledger shows, in a transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Needs = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a step run that could start needs of each of its pools; `since` is when it began to wait."""

    node: int
    needs: Needs
    since: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What another run waits for in a pool."""

    pool: str
    run: str
    slots: int
    priority: int
    since: int


@dataclass(slots=True)
class Decision:
    """What a run holds from now on, and of each pool the first bundle that waits on."""

    granted: dict[str, int]
    served: list[Bundle] = field(default_factory=list)
    refused: list[Bundle] = field(default_factory=list)
    waits: dict[str, Bundle] = field(default_factory=dict)


def decide(
    run: str,
    priority: int,
    *,
    used: Mapping[str, int],
    bundles: Iterable[Bundle],
    totals: Mapping[str, int],
    held: Mapping[str, int],
    waiting: Sequence[Waiting],
) -> Decision:
    """What a run gets.

    Args:
        run: its id, the last to tell it from another that waits as long.
        priority: of the run; the highest goes first.
        used: the slots that its bodies under way hold, by pool.
        bundles: its step runs that could start.
        totals: the slots of each pool; one of none is paused.
        held: the slots that other runs hold, by pool.
        waiting: what other runs wait for.
    """
    found = Decision(granted={pool: count for pool, count in used.items() if count})
    free = {pool: total - held.get(pool, 0) - used.get(pool, 0) for pool, total in totals.items()}
    others: defaultdict[str, list[tuple[int, int, str, int]]] = defaultdict(list)
    for each in waiting:
        others[each.pool].append((-each.priority, each.since, each.run, each.slots))
    for bundle in sorted(bundles, key=lambda each: (each.since, each.node)):
        mine = (-priority, bundle.since, run)
        paused = [pool for pool, _ in bundle.needs if totals[pool] <= 0]
        if paused:  # it stands in nobody's way in the other pools
            found.refused.append(bundle)
            for pool in paused:
                found.waits.setdefault(pool, bundle)
            continue
        fits = all(
            free[pool] - sum(slots for *place, slots in others[pool] if tuple(place) < mine) >= need
            for pool, need in bundle.needs
        )
        for pool, need in bundle.needs:
            free[pool] -= need
            if fits:
                found.granted[pool] = found.granted.get(pool, 0) + need
            else:
                found.waits.setdefault(pool, bundle)
        (found.served if fits else found.refused).append(bundle)
    return found
