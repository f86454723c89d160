"""The slots of pools that a run's driver has from the ledger, and how it waits for them.

A turn of the driver tells what its bodies use and what it could start; `settle` has the ledger grant what
`granting.decide` gives. Nothing is written where nothing changes, and a run that names no pool never comes here. What
is written is control state: it need not survive a power failure, which no body survives either.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from weft.engine import granting, sharing
from weft.engine import run as engine
from weft.engine import state as states
from weft.ports import clock as clocks
from weft.ports import executor as executors
from weft.ports import ledger as ledgers
from weft.ports import queueing
from weft.runtime import owners

LOOK_SECONDS = 1.0
_QUIET_SECONDS = 0.01  # between two looks after the bell: a busy run commits hundreds of times a second
_DEAD_SECONDS = 1.0
_MOST_NAMES = 3


class Slots(Protocol):
    """What the driver of a run asks for the slots of its pools."""

    patience: float | None
    """Seconds after which somebody who waits for slots is to ask again; None where a commit of the run tells."""

    def begin(self, run: engine.Run) -> None:
        """Begin with a run, at whatever point it is."""

    def before(self, run: engine.Run, executor: executors.Executor) -> None:
        """Give back what no body uses, and get slots for what the executor has room for; comes before each claim."""

    def after(self, run: engine.Run, executor: executors.Executor) -> bool:
        """Give back what nothing was started with; whether there is more to ask for at once."""

    def fits(self, run: engine.Run, node: int) -> bool:
        """Whether a node that its caller wants to run itself has its slots; until it has, they are asked for."""

    def close(self) -> None:
        """End whatever waits for slots."""


class OwnSlots:
    """Pools that bound one run alone, as a driver has them that knows of no other."""

    patience = None

    def begin(self, run: engine.Run) -> None:
        """The engine has them already."""

    def before(self, run: engine.Run, executor: executors.Executor) -> None:
        """Nobody else is to be asked."""

    def after(self, run: engine.Run, executor: executors.Executor) -> bool:
        """Nothing is left over."""
        return False

    def fits(self, run: engine.Run, node: int) -> bool:
        """Whether a node has its slots."""
        return engine.fits(run, node)

    def close(self) -> None:
        """Nothing waits."""


class PoolSlots:
    """The slots of pools that a run shares with the others of its ledger."""

    patience: float | None = 0.05

    def __init__(
        self,
        ledger: ledgers.Ledger,
        run: str,
        *,
        slots: Mapping[str, int],
        clock: clocks.Clock,
        waiting: Callable[[str], None] | None = None,
    ) -> None:
        """Of the run of this id; a pool has as many slots as `slots` says, or one, until others are set.

        `waiting` is told on what the run waits where no step of it holds a slot, each time that it is something else.
        """
        self._tell = waiting
        self._told = ""
        self._ledger = ledger
        self._run = run
        self._priority: int | None = None
        self._slots = slots
        self._clock = clock
        self._since: dict[int, int] = {}
        self._asking: dict[int, None] = {}  # nodes that a thread of their own is to run
        self._asked: frozenset[int] = frozenset()
        self._dead_looked = 0.0
        self._bell: _Bell | None = None
        self._wake: Callable[[], None] | None = None
        self.waits = False
        """Whether a step run waits for slots that others hold."""

    def fits(self, run: engine.Run, node: int) -> bool:
        """Whether a node that its caller wants to run itself has its slots; until it has, they are asked for."""
        if not engine.fits(run, node) and run.granted:
            self._asking[node] = None
            self.settle(run, None)
        if not engine.fits(run, node):
            return False
        self._asking.pop(node, None)
        if run.granted and self._wake is not None:
            self._wake()  # others may have got slots with it, or none may be left for them
        return True

    def begin(self, run: engine.Run) -> None:
        """Have no slots but those that bodies use."""
        sharing.share(run)

    def before(self, run: engine.Run, executor: executors.Executor) -> None:
        """Give back what no body uses, and get slots for what the executor has room for."""
        self._wake = executor.wake
        if run.granted:
            self.settle(run, _room(executor, run))
            if self.waits and self._bell is None:
                self._bell = _Bell(self._ledger.listen(), executor.wake)
                self._bell.start()

    def after(self, run: engine.Run, executor: executors.Executor) -> bool:
        """Give back what nothing was started with; whether something can start now that was not asked for before."""
        if not run.granted:
            return False
        more = sharing.wanted(run, _room(executor, run))
        if any(
            node not in self._asking and (node not in self._asked or sharing.has(run, needs)) for node, needs in more
        ):
            return True
        theirs = any(sharing.has(run, sharing.needs_of(run, node)) for node in self._asking)
        if sharing.idle(run) and not theirs:  # a thread that asks looks again in a moment
            self._give_back(run)
        return False

    def _give_back(self, run: engine.Run) -> None:
        """Give back what no body uses; what waits goes on waiting."""
        using = sharing.used(run)
        now = clocks.microseconds(self._clock.now())
        with self._ledger.unsynchronised(), self._ledger.transaction() as transaction:
            for pool, slots in run.granted.items():
                if slots != using[pool]:
                    transaction.set_pool_grant(pool, self._run, using[pool], now)
        sharing.grant(run, using, {})

    def settle(self, run: engine.Run, room: Mapping[bool, int] | None) -> None:
        """Give back what no body uses, and get slots for what there is `room` for (None: for those that wait)."""
        if not run.granted:
            return
        if room is not None:
            wanted = dict(sharing.wanted(run, room))
            self._asked = frozenset(wanted)
        else:
            wanted = {node: sharing.needs_of(run, node) for node in self._since if _is_ready(run, node)}
        for node in self._asking:
            if _is_ready(run, node):
                wanted.setdefault(node, sharing.needs_of(run, node))
        using = sharing.used(run)
        if not wanted and not self._since and using == run.granted:
            return
        if self._priority is None:
            self._priority = max((row.priority for row in self._ledger.runs_with_prefix(self._run)), default=0)
        now = clocks.microseconds(self._clock.now())
        self._since = {node: self._since.get(node, now) for node in wanted}
        bundles = [granting.Bundle(node, needs, self._since[node]) for node, needs in wanted.items()]
        pools = sorted(run.granted)
        look = _Look(self._ledger, self._run, self._slots, pools)
        decision = self._decide(look, using, bundles)
        if decision.refused and self._end_the_dead(look):
            look = _Look(self._ledger, self._run, self._slots, pools)
            decision = self._decide(look, using, bundles)
        if look.differs(decision, self._rows(run, decision)):
            look, decision = self._write(run, pools, using, bundles, now)
        sharing.grant(run, decision.granted, look.totals)
        for bundle in decision.served:
            self._since.pop(bundle.node, None)
        self.waits = bool(decision.refused)
        if self._tell is not None and decision.waits and not decision.granted:
            self._say(look, self._rows(run, decision))

    def _decide(self, look: _Look, using: Mapping[str, int], bundles: Sequence[granting.Bundle]) -> granting.Decision:
        return granting.decide(
            self._run,
            self._priority or 0,
            used=using,
            bundles=bundles,
            totals=look.totals,
            held=look.held,
            waiting=look.waiting,
        )

    def _write(
        self,
        run: engine.Run,
        pools: Sequence[str],
        using: Mapping[str, int],
        bundles: Sequence[granting.Bundle],
        now: int,
    ) -> tuple[_Look, granting.Decision]:
        with self._ledger.unsynchronised(), self._ledger.transaction() as transaction:
            look = _Look(self._ledger, self._run, self._slots, pools)  # once more: now nobody else writes
            decision = self._decide(look, using, bundles)
            for pool in pools:
                if look.mine.get(pool, 0) != decision.granted.get(pool, 0):
                    transaction.set_pool_grant(pool, self._run, decision.granted.get(pool, 0), now)
            rows = self._rows(run, decision)
            for pool, row in rows.items():
                if look.my_waits.get(pool) != row:
                    transaction.set_pool_wait(row)
            for pool in look.my_waits.keys() - rows.keys():
                transaction.drop_pool_wait(pool, self._run)
        return look, decision

    def _say(self, look: _Look, rows: Mapping[str, queueing.PoolWaitRow]) -> None:
        """Tell on what the run waits."""
        pool, row = next(iter(rows.items()))
        holders = ", ".join(each[:8] for each in look.holders.get(pool, ()))
        taken = f"{look.held.get(pool, 0)} of {look.totals[pool]} slots are taken" + (
            f" by {holders}" if holders else ""
        )
        told = f"{row.steps} waits for the pool {pool}: " + (taken if look.totals[pool] else "it is paused") + "."
        if told != self._told and self._tell is not None:
            self._told = told
            self._tell(told)

    def _rows(self, run: engine.Run, decision: granting.Decision) -> dict[str, queueing.PoolWaitRow]:
        """What this run waits for, as the ledger keeps it."""
        found: dict[str, queueing.PoolWaitRow] = {}
        for pool, bundle in decision.waits.items():
            those = [each for each in decision.refused if any(name == pool for name, _ in each.needs)]
            names = dict.fromkeys(run.network.line_of(each.node).step for each in those)
            told = ", ".join(list(names)[:_MOST_NAMES]) + (", …" if len(names) > _MOST_NAMES else "")
            found[pool] = queueing.PoolWaitRow(
                pool=pool,
                run=self._run,
                slots=dict(bundle.needs)[pool],
                priority=self._priority or 0,
                since=bundle.since,
                steps=told,
            )
        return found

    def _end_the_dead(self, look: _Look) -> bool:
        """Free what runs hold, or wait for, whose process is gone; tells whether there was any."""
        if self._clock.monotonic() < self._dead_looked:
            return False
        self._dead_looked = self._clock.monotonic() + _DEAD_SECONDS
        gone = [run for run in look.others if self._is_gone(run)]
        if not gone:
            return False
        with self._ledger.transaction() as transaction:
            for run in gone:
                if self._is_gone(run):
                    transaction.free_pools(run)
        return True

    def _is_gone(self, run: str) -> bool:
        lease = self._ledger.lease(run)
        if lease is None:
            return True
        now = clocks.microseconds(self._clock.now())
        return owners.is_dead(owners.decode(lease.owner), run=run, expires=lease.expires, now=now)

    # --- waiting ---

    def close(self) -> None:
        """Listen no more."""
        bell, self._bell = self._bell, None
        if bell is not None:
            bell.close()


def _room(executor: executors.Executor, run: engine.Run) -> dict[bool, int]:
    """For how many step runs of each kind there are workers."""
    return {each: executor.room(exclusive=each) for each in run.network.kinds}


def _is_ready(run: engine.Run, node: int) -> bool:
    return run.states[node] == states.State.READY


class _Look:
    """What the ledger says of some pools at a moment."""

    def __init__(self, ledger: ledgers.Ledger, run: str, slots: Mapping[str, int], pools: Sequence[str]) -> None:
        said = ledger.pool_slots()
        self.totals = {pool: said.get(pool, slots.get(pool, 1)) for pool in pools}
        self.held: dict[str, int] = {}
        self.mine: dict[str, int] = {}
        self.my_waits: dict[str, queueing.PoolWaitRow] = {}
        self.waiting: list[granting.Waiting] = []
        self.others: dict[str, None] = {}
        self.holders: dict[str, list[str]] = {}
        for each in ledger.pool_grants(pools):
            if each.run == run:
                self.mine[each.pool] = each.slots
                continue
            self.held[each.pool] = self.held.get(each.pool, 0) + each.slots
            self.others[each.run] = None
            self.holders.setdefault(each.pool, []).append(each.run)
        for row in ledger.pool_waits(pools):
            if row.run == run:
                self.my_waits[row.pool] = row
                continue
            self.waiting.append(granting.Waiting(row.pool, row.run, row.slots, row.priority, row.since))
            self.others[row.run] = None

    def differs(self, decision: granting.Decision, rows: Mapping[str, queueing.PoolWaitRow]) -> bool:
        """Whether a decision is another than what the ledger has of the run."""
        return self.mine != {pool: slots for pool, slots in decision.granted.items() if slots} or self.my_waits != rows


class _Bell(threading.Thread):
    """Waits for news of the ledger in the place of a driver that waits for reports."""

    def __init__(self, news: ledgers.News, wake: Callable[[], None]) -> None:
        super().__init__(name="weft-pools", daemon=True)
        self._news = news
        self._wake = wake
        self._ended = threading.Event()

    def run(self) -> None:
        """Wake the driver at each news, and now and then without."""
        while not self._ended.is_set():
            self._news.wait(LOOK_SECONDS)
            if self._ended.wait(_QUIET_SECONDS):
                return
            self._news.clear()
            self._wake()

    def close(self) -> None:
        """End the thread."""
        self._ended.set()
        self._news.wake()
        self.join()
        self._news.close()
