"""Conditions ask for what they hold of: once for each cause, through as many schedulers and restarts as there are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from weft import AutomationCondition as When
from weft import DailyPartitions, DynamicPartitions, asset
from weft.service import world as worlds
from weft.service.asset import partition_keys
from weft.service.automation import automations, conditions
from weft.service.execution import executions
from weft.service.plan import planning
from weft.service.queue import queued, queueing
from weft.service.run import driving
from weft.testing.clock import FakeClock

World = Callable[..., worlds.World]


def drive_all(world: worlds.World) -> int:
    """Drive what waits until nothing does; returns how many runs that were."""
    count = 0
    while executions.advance(world, world.clock.now()) or queueing.take(world, room=10):
        for row in queueing.take(world, room=10):
            queued.drive(world, row.id, driving.How(executor="inline", wait=False))
            count += 1
    return count


def work(world: worlds.World, asking: conditions.Conditions) -> int:
    """Turns of a scheduler and of a worker until nothing is asked for; returns how many runs that were."""
    count = 0
    for _ in range(20):
        asking.evaluate(world, world.clock.now())
        asking.evaluate(world, world.clock.now())
        done = drive_all(world)
        count += done
        if not done:
            return count
    raise AssertionError("it never comes to rest")


def make(world: worlds.World, selection: str) -> None:
    """Make assets by hand, whatever their state."""
    executions.create(world, executions.Wanted(ask=planning.Ask(selection=selection, exact=True)))
    drive_all(world)


def decisions(world: worlds.World, automation: str) -> list[str]:
    return [each.decision for each in world.ledger.ticks(automation, limit=50)]


def test_a_chain_is_one_plan_and_then_rests(world_of: World, clock: FakeClock) -> None:
    made: list[str] = []

    @asset
    def raw() -> int:
        made.append("raw")
        return len(made)

    @asset(automation=When.eager())
    def clean(raw: int) -> int:
        made.append("clean")
        return raw

    @asset(automation=When.eager())
    def report(clean: int) -> int:
        made.append("report")
        return clean

    world, asking = world_of(raw, clean, report), conditions.Conditions()
    assert work(world, asking) == 0, "what they read is missing"
    clock.advance(1)
    make(world, "raw")
    assert work(world, asking) == 1
    assert made == ["raw", "clean", "report"]
    first, second = (world.ledger.ticks(f"condition:{key}", limit=5)[0] for key in ("clean", "report"))
    assert first.executions == second.executions
    assert len(first.executions) == 1
    assert first.reason == "what it reads was updated, and it has no data"
    make(world, "raw")
    assert work(world, asking) == 1
    assert made == ["raw", "clean", "report"] * 2
    assert {run.trigger for run in world.ledger.runs()} == {"manual", "condition"}


def test_a_failing_body_is_tried_once_for_each_set_of_causes(world_of: World, clock: FakeClock) -> None:
    tried: list[int] = []

    @asset
    def raw() -> int:
        return len(tried)

    @asset(automation=When.eager())
    def broken(raw: int) -> int:
        tried.append(raw)
        raise ValueError("no")

    world, asking = world_of(raw, broken), conditions.Conditions()
    make(world, "raw")
    work(world, asking)
    for _ in range(3):
        clock.advance(3600)
        assert work(world, asking) == 0
    assert tried == [0]
    assert work(world_of(raw, broken), conditions.Conditions()) == 0, "a new scheduler knows what was tried"
    make(world, "raw")  # other content: another cause
    work(world, asking)
    assert tried == [0, 1]


def test_two_schedulers_ask_once(world_of: World) -> None:
    @asset
    def raw() -> int:
        return 1

    @asset(automation=When.eager())
    def daily(raw: int) -> int:
        return raw

    one, two = world_of(raw, daily), world_of(raw, daily)
    first, second = conditions.Conditions(), conditions.Conditions()
    make(one, "raw")
    for asking, world in ((first, one), (second, two), (first, one), (second, two)):
        asking.evaluate(world, world.clock.now())
    assert decisions(one, "condition:daily") == ["started"]
    drive_all(one)
    for asking, world in ((second, two), (first, one), (second, two)):
        asking.evaluate(world, world.clock.now())
    assert decisions(one, "condition:daily") == ["started"]


def test_nothing_is_asked_for_again_while_an_execution_is_live(world_of: World, clock: FakeClock) -> None:
    @asset
    def raw() -> int:
        return 1

    @asset(automation=When.on_cron("*/10 * * * *"))
    def daily(raw: int) -> int:
        return raw

    world, asking = world_of(raw, daily), conditions.Conditions()
    make(world, "raw")
    asking.evaluate(world, clock.now())
    for _ in range(4):
        clock.advance(600)
        asking.evaluate(world, clock.now())
        conditions.Conditions().evaluate(world, clock.now())
    assert decisions(world, "condition:daily") == ["started"]
    drive_all(world)
    clock.advance(600)
    work(world, asking)
    assert [row for row in decisions(world, "condition:daily") if row == "failed"] == []


def test_a_cron_tick_makes_a_source_anew_and_what_reads_it_follows(world_of: World, clock: FakeClock) -> None:
    made: list[str] = []

    @asset(automation=When.on_cron("0 * * * *"))
    def raw() -> int:
        made.append("raw")
        return len(made)

    @asset(automation=When.eager())
    def daily(raw: int) -> int:
        made.append("daily")
        return raw

    world, asking = world_of(raw, daily), conditions.Conditions()
    assert work(world, asking) == 0
    clock.advance(3600)
    assert work(world, asking) == 2
    clock.advance(1800)
    assert work(world, asking) == 0
    clock.advance(1800)
    assert work(world, asking) == 2
    assert made == ["raw", "daily"] * 2


def test_a_paused_condition_asks_for_nothing_and_goes_on_when_it_is_resumed(world_of: World) -> None:
    @asset(automation=When.on_missing())
    def raw() -> int:
        return 1

    world, asking = world_of(raw), conditions.Conditions()
    automations.pause(world, "condition:raw", by="ada")
    assert work(world, asking) == 0
    automations.resume(world, "condition:raw", by="ada")
    assert work(world, asking) == 1


def test_partitions_are_asked_for_by_themselves(world_of: World, clock: FakeClock) -> None:
    days = DailyPartitions("2024-01-10")
    made: list[str] = []

    @asset(partitions=days)
    def raw(context) -> str:
        return context.partition_key

    @asset(partitions=days, automation=When.eager())
    def daily(context, raw: str) -> str:
        made.append(context.partition_key)
        return raw

    world, asking = world_of(raw, daily), conditions.Conditions()
    asking.evaluate(world, clock.now())
    clock.advance(1)
    make(world, "raw")
    work(world, asking)
    assert made == ["2024-01-10", "2024-01-11", "2024-01-12", "2024-01-13", "2024-01-14"]
    wakes = asking.evaluate(world, clock.now())
    assert wakes == datetime(2024, 1, 16, tzinfo=UTC), "the next day is the next thing that can happen by itself"


def test_a_quiet_turn_costs_one_query(world_of: World) -> None:
    @asset(automation=When.eager())
    def raw() -> int:
        return 1

    world, asking = world_of(raw), conditions.Conditions()
    work(world, asking)
    statements: list[str] = []
    world.ledger._connection.set_trace_callback(statements.append)  # type: ignore[attr-defined]
    asking.evaluate(world, world.clock.now())
    assert len(statements) == 1
    make(world, "raw")
    statements.clear()
    asking.evaluate(world, world.clock.now())
    assert 1 < len([each for each in statements if each.startswith("SELECT")]) <= 5


def test_a_new_key_is_asked_for_and_worlds_with_the_same_keys_are_the_same(world_of: World) -> None:
    made: list[str] = []

    @asset(partitions=DynamicPartitions("places"), automation=When.on_missing())
    def place(context) -> str:
        made.append(context.partition_key)
        return context.partition_key

    world, asking = world_of(place), conditions.Conditions()
    assert work(world, asking) == 0
    partition_keys.add(world, "places", ["eu", "us"])
    world.resolve_partitions()
    assert work(world, asking) == 1
    assert sorted(made) == ["eu", "us"]
    seen = asking.look(world, world.clock.now())
    world.resolve_partitions()  # as another connection of a server does for itself
    assert asking.look(world, world.clock.now()) is seen
