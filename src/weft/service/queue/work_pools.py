"""Work pools: where created runs wait until a worker takes them; and the loop of such a worker.

A pool is control state of the ledger, a run that waits in it an event. So it is the ledger that sees to it that one
worker alone takes a run, and that no more than the pool's slots are under way, however many workers there are.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from weft.model import errors, keys, spelling
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.runtime import owners
from weft.service import views
from weft.service import world as worlds
from weft.service.pipeline import pipelines
from weft.service.queue import claiming, queue_limits, queueing
from weft.service.run import driving, recovering

TYPES = ("process", "thread", "inline")
"""Kinds of pools: the executor on which a worker of the pool runs the bodies of steps."""

_LOOK_SECONDS = 0.2
_DEAD_SECONDS = 2.0


class WorkPoolView(views.View, frozen=True, kw_only=True):
    """A work pool, with how many runs wait in it (or lost their worker) and how many are under way."""

    name: str
    type: str
    slots: int | None
    paused: bool
    waiting: int
    running: int


def create(world: worlds.World, name: str, *, kind: str = "process", slots: int | None = None) -> WorkPoolView:
    """Make a work pool, or change the one of that name.

    Args:
        world: whose ledger keeps it.
        name: spelt like the name of an asset.
        kind: one of `TYPES`.
        slots: how many of its runs may be under way at once; None for no bound.

    Raises:
        UsageError: the name or the kind is wrong.
    """
    problem = keys.problem_with(name)
    if problem is not None:
        raise errors.UsageError(f"The work pool {name!r}: {problem}", remedy="Give it another name.")
    if kind not in TYPES:
        raise errors.UsageError(
            f"There is no type of work pool {kind!r}.",
            remedy=spelling.did_you_mean(kind, TYPES) or f"There are: {', '.join(TYPES)}.",
        )
    before = {each.name: each for each in world.ledger.work_pools()}.get(name)
    world.ledger.put_work_pool(
        ledgers.WorkPoolRow(
            name=name,
            type=kind,
            config=before.config if before else "{}",
            slots=slots,
            paused=before.paused if before else False,
            created=before.created if before else clocks.microseconds(world.clock.now()),
        )
    )
    return _view(world, find(world, name))


def find(world: worlds.World, name: str) -> ledgers.WorkPoolRow:
    """The work pool of a name.

    Raises:
        UsageError: there is none.
    """
    return claiming.pool_named(world.ledger, name)


def ls(world: worlds.World) -> list[WorkPoolView]:
    """All work pools, by name."""
    return [_view(world, each) for each in world.ledger.work_pools()]


def waiting(world: worlds.World, name: str) -> int:
    """How many runs wait in a pool.

    Raises:
        UsageError: there is no such pool.
    """
    return _view(world, find(world, name)).waiting


def pause(world: worlds.World, name: str, *, paused: bool) -> WorkPoolView:
    """Let no worker take runs from a pool, or let them again; what is under way goes on.

    Raises:
        UsageError: there is no such pool.
    """
    world.ledger.put_work_pool(replace(find(world, name), paused=paused))
    return _view(world, find(world, name))


def remove(world: worlds.World, name: str) -> None:
    """Remove a pool in which nothing waits.

    Raises:
        UsageError: there is none of that name, or runs wait in it.
    """
    left = waiting(world, name)
    if left:
        told = "1 run waits" if left == 1 else f"{left} runs wait"
        raise errors.UsageError(
            f"{told} in the work pool {name!r}.",
            remedy=f"Run them first (`weft worker start --pool {name} --until-idle`), or pause the pool.",
        )
    world.ledger.remove_work_pool(name)


def work(
    world: worlds.World,
    name: str,
    how: driving.How,
    *,
    until_idle: bool = False,
    limit: int | None = None,
    began: Callable[[ledgers.RunRow], None] | None = None,
    ended: Callable[[views.ApplyView], None] | None = None,
    passed_over: Callable[[ledgers.RunRow, errors.WeftError], None] | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> list[views.ApplyView]:
    """Take the runs that wait in a pool, one after another by priority and age, and drive each to its end.

    First come those that another worker had begun, and died of. What a limit holds back is passed over until it may.

    Args:
        world: the definitions that the runs are of, and the ledger in which they wait.
        name: the pool.
        how: how to drive them; the executor is the pool's unless one is given.
        until_idle: end when nothing waits any more, in place of waiting for more.
        limit: end after so many runs.
        began: told of a run that was taken.
        ended: told how it ended.
        passed_over: told of a run that this worker cannot take, and why; it stays where it is.
        stopping: whether to end, asked between runs and while nothing waits.

    Raises:
        UsageError: there is no such pool.
    """
    done: list[views.ApplyView] = []
    refused: set[str] = set()
    how = replace(how, executor=how.executor or find(world, name).type, wait=False)
    while not stopping() and (limit is None or len(done) < limit):
        row = _next(world, name, refused)
        if row is None:
            if until_idle and not _waits_still(world, name, refused):
                break
            _wait(world, stopping)
            continue
        if began is not None:
            began(row)
        try:
            done.append(pipelines.drive_run(world, row.id, how))
        except errors.ReservationError:  # another process was quicker to the last place; it waits on
            _wait(world, stopping)
            continue
        except (errors.UsageError, errors.FencedError) as error:
            refused.add(row.id)  # another worker was quicker, or its pipeline is not defined here
            if passed_over is not None:
                passed_over(row, error)
            continue
        if ended is not None:
            ended(done[-1])
    return done


def _next(world: worlds.World, name: str, refused: set[str]) -> ledgers.RunRow | None:
    """The run to take: one whose worker died, else the first that may begin; None where there is none."""
    if find(world, name).paused:
        return None
    for row in world.ledger.active_runs():
        if row.pool == name and row.phase == "cancelling" and _is_dead(world, row):
            recovering.recover(world, run=row.id)
    return next(iter(queueing.take(world, pools=(name,), room=1, refused=refused)), None)


def _waits_still(world: worlds.World, name: str, refused: set[str]) -> bool:
    """Whether something waits in a pool that has room, only that another run keeps it from beginning."""
    if queue_limits.Busy(world).of_pool(name) is not None:
        return False
    return any(
        row.id not in refused and row.pipeline in world.graph.pipelines
        for lane in world.ledger.lanes()
        if lane.pool == name
        for row in world.ledger.waiting_runs(lane, limit=len(refused) + 1)
    )


def _is_dead(world: worlds.World, row: ledgers.RunRow) -> bool:
    lease = world.ledger.lease(row.id)
    now = clocks.microseconds(world.clock.now())
    return lease is not None and owners.is_dead(owners.decode(lease.owner), run=row.id, expires=lease.expires, now=now)


def _wait(world: worlds.World, stopping: Callable[[], bool]) -> None:
    """Wait until something was written: SQLite tells nobody, so its position is looked at now and then.

    A worker that dies writes nothing, so after a while its runs are looked at all the same.
    """
    position, until = world.ledger.position(), time.monotonic() + _DEAD_SECONDS
    while world.ledger.position() == position and not stopping() and time.monotonic() < until:
        time.sleep(_LOOK_SECONDS)


def _view(world: worlds.World, pool: ledgers.WorkPoolRow) -> WorkPoolView:
    live = [each for each in world.ledger.runs(live=True, pool=pool.name) if each.phase != "suspended"]
    waiting = sum(each.phase == "created" or _is_dead(world, each) for each in live)
    return WorkPoolView(
        name=pool.name,
        type=pool.type,
        slots=pool.slots,
        paused=pool.paused,
        waiting=waiting,
        running=len(live) - waiting,
    )
