"""A scheduler's turns: what is due is decided once, created as runs, and told with its reason."""

from __future__ import annotations

from datetime import timedelta

import pytest

from weft.model import control_events, events

HOURLY = """
import weft

@weft.task
def work():
    return 1

@weft.dag(schedule="0 * * * *", start_date="2024-01-01", {options})
def etl():
    work()
"""


def hourly(**options):
    return HOURLY.format(options=", ".join(f"{name}={value!r}" for name, value in options.items()))


def test_a_tick_makes_one_run_of_its_interval_that_waits_in_the_default_pool(yard):
    yard.define(hourly())
    scheduler = yard.scheduler()
    yard.turns(scheduler)
    assert yard.runs("etl") == []
    yard.clock.advance(timedelta(minutes=60))
    yard.turns(scheduler)
    (run,) = yard.ledger.runs(pipeline="etl")
    assert (run.partition, run.pool, run.trigger, run.automation, run.location, run.phase) == (
        "2024-01-15T12:00", "default", "schedule", "schedule:etl", "main", "created",
    )  # fmt: skip
    (tick,) = yard.ledger.ticks("schedule:etl", limit=10)
    assert (tick.tick, tick.decision, tick.runs) == ("2024-01-15T13:00:00Z", "started", (run.id,))


def test_a_turn_says_when_the_next_tick_acts(yard):
    yard.define(hourly())
    assert yard.scheduler().turn().isoformat() == "2024-01-15T13:00:00+00:00"


def test_two_schedulers_in_turn_make_no_tick_twice(yard):
    yard.define(hourly())
    one, other = yard.scheduler(), yard.scheduler()
    for _ in range(30):
        for each in (one, other):
            yard.turns(each)
        yard.clock.advance(timedelta(minutes=37))
    assert [each[0] for each in yard.decisions("etl")] == ["started"] * 17
    assert len(yard.runs("etl")) == 17 == one.decided + other.decided


def test_a_scheduler_that_lags_behind_another_decides_nothing_again(yard):
    yard.define(hourly())
    one, late = yard.scheduler(), yard.scheduler()
    yard.turns(one)
    yard.turns(late)
    yard.clock.advance(timedelta(hours=5, minutes=1))
    yard.turns(one)
    yard.turns(late)  # it decided the same from what it knew, and finds that it was done
    assert yard.decisions("etl") == [("missed", "15 16:00", 4), ("started", "15 17:00", 1)]
    assert late.decided == 0


@pytest.mark.parametrize(
    ("catchup", "expected"),
    [
        (False, [("missed", "15 17:00", 5), ("started", "15 18:00", 1)]),
        ("2h", [("missed", "15 16:00", 4), ("started", "15 17:00", 1), ("started", "15 18:00", 1)]),
        (3, [("missed", "15 15:00", 3), *(("started", f"15 {hour}:00", 1) for hour in (16, 17, 18))]),
    ],
)
def test_a_scheduler_that_was_away_for_hours_catches_up_as_declared(yard, catchup, expected):
    yard.define(hourly(catchup=catchup))
    yard.turns(yard.scheduler())
    before = len(yard.decisions("etl"))
    yard.clock.advance(timedelta(hours=6, minutes=10))
    yard.turns(yard.scheduler())
    assert yard.decisions("etl")[before:] == expected


def test_with_catchup_all_intervals_since_the_start_are_run_but_those_that_ran(yard):
    yard.define(hourly(catchup=True, end_date="2024-01-02"))
    yard.ledger.append([
        events.RunCreated(run="r1", execution="r1", pipeline="etl", definitions="", partition="2024-01-01T03:00"),
        events.RunFinished(run="r1", outcome="succeeded"),
    ])  # fmt: skip
    yard.turns(yard.scheduler())
    assert [each[0] for each in yard.decisions("etl")].count("skipped") == 1
    assert sorted(yard.runs("etl")) == [f"2024-01-01T{hour:02}:00" for hour in range(24)]


def test_nothing_before_the_first_activation_counts_without_catchup(yard):
    yard.define(hourly())
    yard.turns(yard.scheduler())
    assert yard.decisions("etl") == []
    assert yard.ledger.automations("schedule:")["schedule:etl"].activated is not None


def test_latest_runs_the_last_interval_at_once(yard):
    yard.define(hourly(catchup="latest"))
    yard.turns(yard.scheduler())
    assert yard.runs("etl") == ["2024-01-15T11:00"]


def test_a_paused_schedule_decides_nothing_and_goes_on_from_when_it_is_resumed(yard):
    yard.define(hourly())
    scheduler = yard.scheduler()
    yard.turns(scheduler)
    yard.ledger.append([control_events.AutomationPaused(automation="schedule:etl", by="ann")])
    yard.clock.advance(timedelta(hours=3))
    yard.turns(scheduler)
    assert yard.decisions("etl") == []
    yard.clock.advance(timedelta(minutes=10))
    yard.ledger.append([control_events.AutomationResumed(automation="schedule:etl", by="ann")])
    yard.turns(scheduler)
    assert yard.decisions("etl") == []
    yard.clock.advance(timedelta(hours=1))
    yard.turns(scheduler)
    assert yard.decisions("etl") == [("started", "15 16:00", 1)]


def test_what_passed_while_paused_is_caught_up_with_where_it_says_so(yard):
    yard.define(hourly(catchup=5))
    scheduler = yard.scheduler()
    yard.turns(scheduler)
    before = len(yard.decisions("etl"))
    yard.ledger.append([control_events.AutomationPaused(automation="schedule:etl")])
    yard.turns(scheduler)
    yard.clock.advance(timedelta(hours=3))
    yard.ledger.append([control_events.AutomationResumed(automation="schedule:etl")])
    yard.turns(scheduler)
    assert [each[0] for each in yard.decisions("etl")[before:]] == ["started"] * 3


def test_a_schedule_that_is_changed_does_not_run_for_times_that_passed(yard):
    yard.define(hourly())
    scheduler = yard.scheduler()
    yard.turns(scheduler)
    yard.clock.advance(timedelta(minutes=40))
    yard.define(hourly().replace("0 * * * *", "30 * * * *"))
    yard.turns(scheduler)
    yard.turns(yard.scheduler())
    assert yard.decisions("etl") == []
    yard.clock.advance(timedelta(minutes=50))
    yard.turns(scheduler)
    assert yard.decisions("etl") == [("started", "15 13:30", 1)]


def test_a_clock_that_jumps_ahead_and_is_set_back_silences_nothing(yard):
    yard.define(hourly())
    scheduler = yard.scheduler()
    yard.turns(scheduler)
    right = yard.clock.now()
    yard.clock.advance(timedelta(days=365))
    yard.turns(scheduler)
    assert [each[0] for each in yard.decisions("etl")] == ["missed", "started"]
    yard.clock._now = right + timedelta(minutes=61)
    for each in (scheduler, yard.scheduler()):
        yard.turns(each)
    assert yard.decisions("etl")[2:] == [("started", "15 13:00", 1)]
    yard.clock.advance(timedelta(hours=1))
    yard.turns(scheduler)
    assert yard.decisions("etl")[3:] == [("started", "15 14:00", 1)]


def test_a_pipeline_that_cannot_be_created_is_a_failed_decision_and_the_others_go_on(yard):
    yard.define(
        hourly()
        + """
@weft.task
def use(given):
    return given

@weft.dag(schedule="0 * * * *", start_date="2024-01-01", params={"size": weft.Param(type="integer")})
def needy():
    use("{{ params.size }}")
"""
    )
    scheduler = yard.scheduler()
    yard.turns(scheduler)
    yard.clock.advance(timedelta(minutes=60))
    yard.turns(scheduler)
    assert [each[0] for each in yard.decisions("etl")] == ["started"]
    (tick,) = yard.ledger.ticks("schedule:needy", limit=10)
    assert tick.decision == "failed"
    assert "size" in tick.reason
    assert not tick.runs
    assert yard.runs("needy") == []


def test_a_blackout_is_a_skipped_decision_with_the_reason(yard):
    yard.define(hourly(blackout=[("2024-01-15T13:00", "2024-01-15T15:00")]))
    scheduler = yard.scheduler()
    yard.turns(scheduler)
    for _ in range(3):
        yard.clock.advance(timedelta(minutes=60))
        yard.turns(scheduler)
    assert [each[0] for each in yard.decisions("etl")] == ["skipped", "skipped", "started"]
    assert "blackout" in yard.ledger.ticks("schedule:etl", limit=10)[-1].reason


def test_a_job_of_assets_is_an_execution_and_nothing_to_do_is_a_skip(yard):
    yard.define(
        """
import weft

@weft.asset
def prices():
    return 1

nightly = weft.job("nightly", "prices", schedule="0 * * * *")
"""
    )
    scheduler = yard.scheduler()
    yard.turns(scheduler)
    yard.clock.advance(timedelta(minutes=60))
    yard.turns(scheduler)
    (tick,) = yard.ledger.ticks("schedule:nightly", limit=10)
    assert (tick.decision, tick.reason, len(tick.executions)) == ("started", "", 1)
    (run,) = yard.ledger.runs()
    assert (run.automation, run.execution, run.trigger) == ("schedule:nightly", tick.executions[0], "schedule")
    assert yard.told == []


def test_a_continuous_pipeline_goes_on_when_its_run_has_ended(yard):
    yard.define(hourly().replace('"0 * * * *", start_date="2024-01-01"', '"@continuous"'))
    one, other = yard.scheduler(), yard.scheduler()
    for each in (one, other):
        each.turn()
    (run,) = yard.ledger.runs(pipeline="etl")
    yard.clock.advance(timedelta(hours=1))
    for each in (one, other):
        each.turn()
    assert len(yard.ledger.runs(pipeline="etl")) == 1
    yard.ledger.append([events.RunFinished(run=run.id, outcome="succeeded")])
    yard.clock.advance(timedelta(seconds=2))
    for each in (one, other):
        each.turn()
    assert len(yard.ledger.runs(pipeline="etl")) == 2


ASSETS = """
import weft

@weft.asset
def a():
    return 1

@weft.asset
def b():
    return 1

@weft.task
def work():
    return 1

@weft.dag(schedule={schedule})
def report():
    work()
"""


def test_a_pipeline_by_assets_runs_once_for_each_new_set_of_versions(yard, materialize):
    yard.define(ASSETS.format(schedule="[a, b]"))
    one, other = yard.scheduler(), yard.scheduler()

    def look():
        yard.clock.advance(timedelta(seconds=1))
        for each in (one, other):
            yard.turns(each)
        return len(yard.runs("report"))

    assert look() == 0
    materialize("a")
    assert look() == 0
    materialize("b")
    assert look() == 1
    assert look() == 1
    materialize("a")
    materialize("a")
    assert look() == 1
    materialize("b")
    assert look() == 2
    (run, _) = yard.ledger.runs(pipeline="report")
    assert run.trigger == "asset"


def test_any_of_several_assets_makes_a_pipeline_due(yard, materialize):
    yard.define(ASSETS.format(schedule="weft.AssetAny(a, b)"))
    scheduler = yard.scheduler()
    yard.turns(scheduler)
    materialize("b")
    yard.turns(scheduler)
    assert len(yard.runs("report")) == 1


def test_a_pipeline_by_assets_or_time_is_due_by_both(yard, materialize):
    yard.define(ASSETS.format(schedule='weft.timetables.AssetOrTime("0 * * * *", [a]), start_date="2024-01-01"'))
    scheduler = yard.scheduler()
    yard.turns(scheduler)
    yard.clock.advance(timedelta(minutes=60))
    yard.turns(scheduler)
    assert yard.decisions("report") == [("started", "15 13:00", 1)]
    materialize("a")
    yard.clock.advance(timedelta(minutes=1))
    yard.turns(scheduler)
    yard.clock.advance(timedelta(minutes=59))
    yard.turns(scheduler)
    assert [each[0] for each in yard.decisions("report")] == ["started"] * 3


def test_the_partitions_of_a_pipeline_follow_those_of_its_assets(yard, materialize):
    yard.define(
        ASSETS.replace(
            "@weft.asset\ndef a", "days = weft.DailyPartitions('2024-01-01')\n@weft.asset(partitions=days)\ndef a"
        )
        .replace("@weft.dag(", "@weft.dag(partitions=days, ")
        .format(schedule="a")
    )
    scheduler = yard.scheduler()
    yard.turns(scheduler)
    materialize("a", "2024-01-03")
    materialize("a", "2024-01-05")
    yard.turns(scheduler)
    assert sorted(yard.runs("report")) == ["2024-01-03", "2024-01-05"]
    yard.turns(yard.scheduler())
    assert len(yard.runs("report")) == 2
    materialize("a", "2024-01-03")
    yard.turns(scheduler)
    assert sorted(yard.runs("report")) == ["2024-01-03", "2024-01-03", "2024-01-05"]


def test_a_job_by_assets_is_an_execution_of_what_its_selection_needs_then(yard, materialize):
    yard.define(ASSETS.format(schedule="[a]") + "\nfollow = weft.job('follow', 'b', schedule=[a])\n")
    one, other = yard.scheduler(), yard.scheduler()
    yard.turns(one)
    materialize("a")
    for each in (one, other):
        yard.turns(each)
    (tick,) = yard.ledger.ticks("schedule:follow", limit=10)
    assert (tick.decision, len(tick.executions)) == ("started", 1)
    assert yard.told == []


def test_what_assets_make_due_in_a_blackout_runs_once_at_its_end(yard, materialize):
    blackout = "blackout=[('2024-01-15T11:00', '2024-01-15T13:00')]"
    yard.define(ASSETS.format(schedule=f"[a], {blackout}"))
    scheduler = yard.scheduler()
    yard.turns(scheduler)
    for _ in range(2):
        materialize("a")
        assert scheduler.turn().isoformat() == "2024-01-15T13:00:00+00:00"
    assert yard.runs("report") == []
    yard.clock.advance(timedelta(minutes=60))
    yard.turns(scheduler)
    assert len(yard.runs("report")) == 1


def test_a_run_by_hand_uses_up_the_news_of_assets(yard, materialize):
    yard.define(ASSETS.format(schedule="[a]"))
    scheduler = yard.scheduler()
    yard.turns(scheduler)
    materialize("a")
    yard.ledger.append([events.RunCreated(run="r1", execution="r1", pipeline="report", definitions="")])
    yard.turns(scheduler)
    assert yard.ledger.ticks("schedule:report", limit=10) == []


def test_a_plugin_that_fails_is_told_once_and_stops_nothing(yard):
    yard.define(hourly())
    calls = []

    def broken(world, now):
        calls.append(now)
        raise ValueError("no such thing")

    scheduler = yard.scheduler(plugins={"conditions": broken, "executions": lambda world, now: False})
    for _ in range(4):
        scheduler.turn()
        yard.clock.advance(timedelta(minutes=20))
    scheduler.turn()
    assert yard.told == ["conditions: ValueError: no such thing"]
    assert len(calls) == 5
    assert yard.runs("etl") == ["2024-01-15T12:00"]


def test_a_plugin_says_when_the_next_turn_is_wanted(yard):
    yard.define(hourly())
    soon = yard.clock.now() + timedelta(seconds=7)
    assert yard.scheduler(plugins={"x": lambda world, now: soon}).turn() == soon
    assert yard.scheduler(plugins={"x": lambda world, now: True}).turn() == yard.clock.now()
