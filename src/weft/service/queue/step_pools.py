"""Pools of steps: how many slots each has, who holds them, who waits.

Slots come from `[pools]` in the project's configuration, or are set at run time, which goes before. A pool that a step
names and nobody gave slots has one.
"""

from __future__ import annotations

from weft.model import errors, keys
from weft.ports import clock as clocks
from weft.service import views
from weft.service import world as worlds


class HolderView(views.View, frozen=True, kw_only=True):
    """A run whose steps hold slots of a pool."""

    run: str
    slots: int
    since: str


class WaiterView(views.View, frozen=True, kw_only=True):
    """A run with steps that wait for slots of a pool; `slots` is what the next of them needs."""

    run: str
    steps: str
    slots: int
    priority: int
    since: str


class PoolView(views.View, frozen=True, kw_only=True):
    """A pool of steps; one of no slots is paused. `waiting` is in the order of being served."""

    name: str
    slots: int
    configured: int | None
    """What the project's configuration says, None where it says nothing."""
    used: int
    holders: tuple[HolderView, ...] = ()
    waiting: tuple[WaiterView, ...] = ()


def ls(world: worlds.World) -> list[PoolView]:
    """All pools that are configured, set, named by a step or in use, by name."""
    said, configured = world.ledger.pool_slots(), world.settings.pools
    grants, waits = world.ledger.pool_grants(), world.ledger.pool_waits()
    names = {*said, *configured, *(each.pool for each in grants), *(each.pool for each in waits), *_named(world)}
    return [
        PoolView(
            name=name,
            slots=said.get(name, configured.get(name, 1)),
            configured=configured.get(name),
            used=sum(each.slots for each in grants if each.pool == name),
            holders=tuple(
                HolderView(run=each.run, slots=each.slots, since=views.time_of_us(each.at) or "")
                for each in grants
                if each.pool == name
            ),
            waiting=tuple(
                WaiterView(
                    run=each.run,
                    steps=each.steps,
                    slots=each.slots,
                    priority=each.priority,
                    since=views.time_of_us(each.since) or "",
                )
                for each in waits
                if each.pool == name
            ),
        )
        for name in sorted(names)
    ]


def set_slots(world: worlds.World, name: str, slots: int | None) -> PoolView:
    """Set the slots of a pool from now on: 0 pauses it, None goes back to what the configuration says.

    What holds slots keeps them until its bodies end.

    Raises:
        UsageError: the name is none, or the number is negative.
    """
    problem = keys.problem_with(name)
    if problem is not None:
        raise errors.UsageError(f"The pool {name!r}: {problem}", remedy="Give it another name.")
    if slots is not None and slots < 0:
        raise errors.UsageError(f"The slots of the pool {name} are {slots}.", remedy="Give 0 (paused) or more.")
    with world.ledger.transaction() as transaction:
        transaction.set_pool_slots(name, slots, clocks.microseconds(world.clock.now()))
    found = {each.name: each for each in ls(world)}
    if name in found:
        return found[name]
    configured = world.settings.pools.get(name)
    return PoolView(name=name, slots=1 if configured is None else configured, configured=configured, used=0)


def _named(world: worlds.World) -> set[str]:
    """The pools that steps name."""
    found: set[str] = set()
    for step in world.graph.steps.values():
        found.update(step.policies.pools)
    for pipeline in world.graph.pipelines.values():
        for task in pipeline.steps.values():
            found.update(task.policies.pools)
    return found
