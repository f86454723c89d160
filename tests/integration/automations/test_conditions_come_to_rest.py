"""Conditions over graphs in which bodies fail: what failed is tried once for each cause, and then there is rest."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest

from weft import AutomationCondition as When
from weft import asset
from weft.service import world as worlds
from weft.service.automation import conditions
from weft.service.execution import executions
from weft.service.plan import planning
from weft.service.queue import queued, queueing
from weft.service.run import driving
from weft.testing.clock import FakeClock

World = Callable[..., worlds.World]
MOST_ROUNDS = 12


def drive_all(world: worlds.World) -> int:
    count = 0
    while executions.advance(world, world.clock.now()) or queueing.take(world, room=10):
        for row in queueing.take(world, room=10):
            queued.drive(world, row.id, driving.How(executor="inline", wait=False))
            count += 1
    return count


def settle(world: worlds.World, *schedulers: conditions.Conditions) -> int:
    """Let schedulers and a worker go on until nothing is asked for; returns how many runs that were."""
    count = 0
    for _ in range(MOST_ROUNDS):
        for each in (*schedulers, *schedulers):
            each.evaluate(world, world.clock.now())
        done = drive_all(world)
        if not done:
            return count
        count += done
    raise AssertionError("it never comes to rest")


def make(world: worlds.World, selection: str) -> None:
    executions.create(world, executions.Wanted(ask=planning.Ask(selection=selection, exact=True)))
    drive_all(world)


def test_what_fails_in_the_plan_of_another_asset_is_not_asked_for_for_ever(world_of: World, clock: FakeClock) -> None:
    tried: Counter[str] = Counter()
    numbers = iter(range(1000))

    @asset
    def one() -> int:
        return next(numbers)

    @asset
    def two() -> int:
        return next(numbers)

    @asset(automation=When.eager())
    def breaking(one: int) -> int:
        tried["breaking"] += 1
        if tried["breaking"] > 1:
            raise ValueError("it broke")
        return one

    @asset(automation=When.eager())
    def sound(two: int) -> int:
        tried["sound"] += 1
        return two

    @asset(automation=When.eager())
    def below(breaking: int, sound: int) -> int:
        tried["below"] += 1
        return breaking + sound

    world, asking = world_of(one, two, breaking, sound, below), conditions.Conditions()
    make(world, "one")
    make(world, "two")
    settle(world, asking)
    assert tried == {"breaking": 1, "sound": 1, "below": 1}
    make(world, "one")
    settle(world, asking)
    assert tried["breaking"] == 2
    for news in range(4):
        clock.advance(10)
        make(world, "two")
        settle(world, asking)
        # the plan of what is below both makes what failed too: with what stands beside it, and when that has come
        assert tried["breaking"] <= 2 + 2 * (news + 1)
        assert (tried["sound"], tried["below"]) == (2 + news, 1)
    for _ in range(5):
        clock.advance(3600)
        assert settle(world, asking, conditions.Conditions()) == 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_whatever_fails_there_is_rest_and_what_is_mended_is_made(world_of: World, clock: FakeClock, seed: int) -> None:
    chosen = random.Random(seed)
    failing: set[str] = set()
    values = {"a": 0, "b": 0}
    reads: dict[str, list[str]] = {}

    def body(name: str, above: list[str]) -> object:
        def function(**given: int) -> int:
            if name in failing:
                raise ValueError(name)
            return sum(given.values()) * 31 + len(name)

        taken, given = (", ".join(form.format(each) for each in above) for form in ("{0}: int", "{0}={0}"))
        source = f"def {name}({taken}) -> int:\n    return function({given})\n"
        space: dict[str, object] = {"function": function}
        exec(source, space)
        when = chosen.choice([When.eager(), When.eager() | When.on_missing(), When.eager() | When.on_code_change()])
        return asset(automation=when)(space[name])

    @asset
    def a() -> int:
        return values["a"]

    @asset
    def b() -> int:
        return values["b"]

    names, objects = ["a", "b"], [a, b]
    for place in range(6):
        name = f"m{place}"
        reads[name] = chosen.sample(names, chosen.randint(1, 2))
        objects.append(body(name, reads[name]))
        names.append(name)
    world = world_of(*objects)
    schedulers = [conditions.Conditions(), conditions.Conditions()]
    make(world, "a")
    make(world, "b")
    for _ in range(8):
        failing = set(chosen.sample(list(reads), chosen.randint(0, 2)))
        changed = chosen.choice(["a", "b"])
        values[changed] += 1
        clock.advance(chosen.randint(1, 100))
        make(world, changed)
        settle(world, *schedulers)
        if chosen.random() < 0.4:
            schedulers[chosen.randint(0, 1)] = conditions.Conditions()
        clock.advance(1000)
        assert settle(world, *schedulers) == 0
    failing = set()
    for changed in ("a", "b"):
        values[changed] += 1
        clock.advance(1)
        make(world, changed)
        settle(world, *schedulers)
    plan = planning.make_plan(world, planning.Ask())
    assert not plan.steps
