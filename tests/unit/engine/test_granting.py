"""Slots of pools that runs share: never more than there are, and whoever waits is served."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field

import pytest

from weft.engine import granting

Bundle = granting.Bundle


def decide(run="me", priority=0, *, used=None, bundles=(), totals=None, held=None, waiting=()):
    return granting.decide(
        run,
        priority,
        used=used or {},
        bundles=bundles,
        totals=totals or {"a": 1, "b": 1},
        held=held or {},
        waiting=[granting.Waiting(*each) for each in waiting],
    )


def test_a_step_gets_the_slots_of_all_its_pools_or_of_none():
    both = Bundle(0, (("a", 1), ("b", 1)), since=1)
    assert decide(bundles=[both]).granted == {"a": 1, "b": 1}
    found = decide(bundles=[both], held={"b": 1})
    assert found.granted == {}
    assert set(found.waits) == {"a", "b"}


def test_who_waits_longer_goes_first_unless_the_other_is_of_higher_priority():
    mine = Bundle(0, (("a", 1),), since=5)
    assert decide(bundles=[mine], waiting=[("a", "other", 1, 0, 4)]).refused == [mine]
    assert decide(bundles=[mine], waiting=[("a", "other", 1, 0, 6)]).served == [mine]
    assert decide(bundles=[mine], waiting=[("a", "other", 1, 9, 6)]).refused == [mine]
    assert decide(priority=9, bundles=[mine], waiting=[("a", "other", 1, 0, 4)]).served == [mine]


def test_a_step_that_waits_for_one_pool_does_not_hold_up_those_of_another():
    first, second = Bundle(0, (("a", 1),), since=1), Bundle(1, (("b", 1),), since=2)
    assert decide(bundles=[first, second], held={"a": 1}).served == [second]


def test_a_step_of_many_slots_is_not_overtaken_for_ever_by_those_of_few():
    large, small = Bundle(0, (("a", 3),), since=1), Bundle(1, (("a", 1),), since=2)
    found = decide(bundles=[small, large], totals={"a": 3}, held={"a": 1})
    assert found.refused == [large, small]


def test_a_paused_pool_stops_its_steps_and_nobody_else():
    both, other = Bundle(0, (("a", 1), ("b", 1)), since=1), Bundle(1, (("b", 1),), since=2)
    found = decide(bundles=[both, other], totals={"a": 0, "b": 1})
    assert found.served == [other]
    assert set(found.waits) == {"a"}


def test_what_bodies_use_is_kept_even_when_there_are_fewer_slots_now():
    assert decide(used={"a": 2}, totals={"a": 1}, bundles=[Bundle(0, (("a", 1),), since=1)]).granted == {"a": 2}


@dataclass
class SimulatedRun:
    """A run whose steps each need slots of some pools."""

    name: str
    priority: int
    todo: list[granting.Needs]
    since: dict[int, int] = field(default_factory=dict)
    running: dict[int, granting.Needs] = field(default_factory=dict)
    next: int = 0
    waiting: dict[int, granting.Needs] = field(default_factory=dict)


class World:
    """Runs that take turns in any order; bodies end and processes die in between."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.now = 0
        self.totals = {pool: self.dice.randint(1, 4) for pool in "abc"}
        self.grants: dict[tuple[str, str], int] = {}
        self.waits: dict[tuple[str, str], tuple[int, int, int]] = {}
        self.runs = [self.run(f"r{n}") for n in range(self.dice.randint(1, 6))]
        self.served = 0

    def run(self, name: str) -> SimulatedRun:
        dice = self.dice

        def needs() -> granting.Needs:
            pools = dice.sample("abc", dice.choice((1, 1, 2, 3)))
            return tuple((pool, min(dice.choice((1, 1, 2, 9)), self.totals[pool])) for pool in pools)

        return SimulatedRun(name, dice.choice((0, 0, 1)), [needs() for _ in range(dice.randint(1, 12))])

    def turn(self, run: SimulatedRun) -> int:
        """Let a run give back and take; returns how many steps it began."""
        self.now += 1
        while run.next < len(run.todo) and len(run.waiting) + len(run.running) < 5:
            run.waiting[run.next], run.since[run.next] = run.todo[run.next], self.now
            run.next += 1
        used: defaultdict[str, int] = defaultdict(int)
        for needs in run.running.values():
            for pool, slots in needs:
                used[pool] += slots
        held: defaultdict[str, int] = defaultdict(int)
        for (pool, other), slots in self.grants.items():
            if other != run.name:
                held[pool] += slots
        found = granting.decide(
            run.name,
            run.priority,
            used=used,
            bundles=[Bundle(node, needs, run.since[node]) for node, needs in run.waiting.items()],
            totals=self.totals,
            held=held,
            waiting=[
                granting.Waiting(pool, other, slots, priority, since)
                for (pool, other), (slots, priority, since) in self.waits.items()
                if other != run.name
            ],
        )
        self.forget(run)
        for pool, slots in found.granted.items():
            self.grants[pool, run.name] = slots
        for pool, bundle in found.waits.items():
            self.waits[pool, run.name] = (dict(bundle.needs)[pool], run.priority, bundle.since)
        for bundle in found.served:
            run.running[bundle.node] = run.waiting.pop(bundle.node)
        self.check()
        return len(found.served)

    def forget(self, run: SimulatedRun) -> None:
        for table in (self.grants, self.waits):
            for key in [key for key in table if key[1] == run.name]:
                del table[key]

    def check(self) -> None:
        for pool, total in self.totals.items():
            assert sum(slots for (name, _), slots in self.grants.items() if name == pool) <= total
        for run in self.runs:
            for pool in self.totals:
                using = sum(dict(needs).get(pool, 0) for needs in run.running.values())
                assert using <= self.grants.get((pool, run.name), 0)

    def step(self) -> None:
        run = self.dice.choice(self.runs)
        match self.dice.choice(("turn", "turn", "end", "end", "die")):
            case "turn":
                self.served += self.turn(run)
            case "end" if run.running:
                del run.running[self.dice.choice(list(run.running))]
            case "die" if self.dice.random() < 0.1:
                run.waiting.update(run.running)
                for node in run.running:
                    run.since[node] = self.now
                run.running.clear()
                self.forget(run)


@pytest.mark.parametrize("seed", range(300))
def test_whatever_happens_no_pool_is_overdrawn_and_every_step_has_its_turn(seed):
    world = World(seed)
    for _ in range(100):
        world.step()
    for _ in range(2000):  # from here on nothing but turns and ends of bodies
        for run in world.runs:
            run.running.clear()
        began = sum([world.turn(run) for run in world.dice.sample(world.runs, len(world.runs))])
        if not any(run.waiting or run.running or run.next < len(run.todo) for run in world.runs):
            return
        for run in world.runs:
            run.running.clear()
        again = sum([world.turn(run) for run in world.runs])
        assert began or again or not any(run.waiting for run in world.runs), "all wait for each other"
    raise AssertionError("some step never had its turn")
