"""Schedules where much comes at once, definitions are mended, and clocks are corrected: no tick is lost or doubled."""

from __future__ import annotations

from datetime import date, timedelta

from weft.model import events
from weft.service.scheduling import viewing

FOLLOWING = """
import weft

@weft.asset(partitions=weft.DailyPartitions("2022-01-01"))
def raw(context):
    return 1

@weft.task
def work():
    return 1

@weft.dag(schedule=raw, partitions=weft.DailyPartitions("2022-01-01"))
def follow():
    work()
"""


def world_of(yard):
    return yard.serving.world()


def test_a_burst_of_partitions_makes_a_run_of_each(yard, materialize):
    yard.define(FOLLOWING)
    scheduler = yard.scheduler()
    yard.turns(scheduler)
    yard.clock.advance(timedelta(seconds=5))
    days = [(date(2022, 1, 1) + timedelta(days=n)).isoformat() for n in range(250)]
    for day in days:
        materialize("raw", day)
    for _ in range(10):
        yard.clock.advance(timedelta(seconds=5))
        yard.turns(scheduler)
    assert sorted(yard.runs("follow")) == days


def test_jitter_longer_than_between_two_ticks_loses_none(yard):
    yard.define("""
import weft
@weft.task
def work():
    return 1
@weft.dag(schedule="*/5 * * * *", start_date="2024-01-01", jitter="1h")
def etl():
    work()
""")
    scheduler = yard.scheduler()
    for _ in range(24 * 60 * 2):
        scheduler.turn()
        yard.clock.advance(timedelta(seconds=30))
    assert {each[0] for each in yard.decisions("etl")} == {"started"}
    assert len(yard.runs("etl")) >= 23 * 12


def test_resume_is_seen_though_the_clock_was_set_back(yard):
    yard.define("""
import weft
@weft.task
def work():
    return 1
@weft.dag(schedule="*/5 * * * *", start_date="2024-01-01")
def etl():
    work()
""")
    scheduler = yard.scheduler()
    yard.turns(scheduler)
    with world_of(yard) as world:
        viewing.pause(world, "etl")
    yard.turns(scheduler)
    yard.clock._now -= timedelta(seconds=30)
    yard.turns(scheduler)
    with world_of(yard) as world:
        viewing.resume(world, "etl")
    yard.turns(scheduler)
    yard.clock.advance(timedelta(minutes=6))
    yard.turns(scheduler)
    assert len(yard.runs("etl")) == 1


ONCE = """
import weft
@weft.task
def work():
    return 1
@weft.dag(schedule={schedule!r}, {more})
def etl():
    work()
"""


def test_a_schedule_that_becomes_once_runs_once(yard):
    yard.define(ONCE.format(schedule="*/5 * * * *", more="start_date='2024-01-01'"))
    scheduler = yard.scheduler()
    yard.turns(scheduler)
    yard.clock.advance(timedelta(minutes=5))
    yard.turns(scheduler)
    assert len(yard.runs("etl")) == 1
    yard.clock.advance(timedelta(minutes=1))
    yard.define(ONCE.format(schedule="@once", more=""))
    for _ in range(3):
        yard.turns(scheduler)
        yard.clock.advance(timedelta(minutes=10))
    assert len(yard.runs("etl")) == 2


def test_a_schedule_that_is_due_once_and_was_paused_first_runs_when_it_is_resumed(yard):
    yard.define(ONCE.format(schedule="@once", more=""))
    with world_of(yard) as world:
        viewing.pause(world, "etl")
    scheduler = yard.scheduler()
    yard.turns(scheduler)
    yard.clock.advance(timedelta(minutes=10))
    yard.turns(scheduler)
    assert yard.runs("etl") == []
    with world_of(yard) as world:
        viewing.resume(world, "etl")
    for each in (scheduler, yard.scheduler(), scheduler):
        yard.clock.advance(timedelta(minutes=10))
        yard.turns(each)
    assert len(yard.runs("etl")) == 1
    yard.define(ONCE.format(schedule="@once", more="catchup=True, blackout=[('2023-01-01', '2023-01-02')]"))
    yard.turns(scheduler)
    assert len(yard.runs("etl")) == 1


CONTINUOUS = """
import weft

@weft.task
def work(n):
    return 1

@weft.dag(schedule="@continuous", params={{"n": weft.Param({default}type="integer")}})
def loop():
    work("{{{{ params.n }}}}")
"""


def test_a_continuous_pipeline_that_could_not_be_created_goes_on_when_it_is_mended(yard):
    yard.define(CONTINUOUS.format(default=""))
    scheduler = yard.scheduler()
    for _ in range(20):
        yard.turns(scheduler)
        yard.clock.advance(timedelta(minutes=1))
    assert [each.decision for each in yard.ledger.ticks("schedule:loop", limit=50)] == ["failed"]
    yard.define(CONTINUOUS.format(default="3, "))
    yard.turns(scheduler)
    yard.clock.advance(timedelta(minutes=1))
    yard.turns(scheduler)
    assert [each.decision for each in yard.ledger.ticks("schedule:loop", limit=50)] == ["started", "failed"]
    assert len(yard.runs("loop")) == 1


def test_a_continuous_pipeline_goes_on_though_the_clock_was_set_back(yard):
    yard.define(CONTINUOUS.format(default="3, "))
    scheduler = yard.scheduler()
    yard.turns(scheduler)
    for step in range(6):
        run = yard.ledger.ticks("schedule:loop", limit=1)[0].runs[0]
        yard.ledger.append([events.RunFinished(run=run, outcome="succeeded")])
        if step == 2:
            yard.clock._now -= timedelta(hours=5)
        yard.clock.advance(timedelta(minutes=1))
        yard.turns(scheduler)
        yard.turns(scheduler)
        assert len(yard.runs("loop")) == step + 2


def test_news_of_assets_that_came_while_a_schedule_was_paused_count_when_it_is_resumed(yard, materialize):
    yard.define(FOLLOWING)
    scheduler = yard.scheduler()
    yard.turns(scheduler)
    with world_of(yard) as world:
        viewing.pause(world, "follow")
    yard.turns(scheduler)
    yard.clock.advance(timedelta(seconds=5))
    materialize("raw", "2022-01-03")
    yard.turns(scheduler)
    assert yard.runs("follow") == []
    with world_of(yard) as world:
        viewing.resume(world, "follow")
    yard.turns(scheduler)
    assert yard.runs("follow") == ["2022-01-03"]
