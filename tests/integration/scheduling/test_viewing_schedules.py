"""What is shown of schedules: what there is, what comes next, what was decided; by the service and by `weft`."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta

import pytest

from weft.model import errors
from weft.service.scheduling import running, viewing

CODE = """
import weft

@weft.task
def work(size):
    return size

@weft.dag(
    schedule="0 6 * * *", start_date="2024-01-01", timezone="Europe/Vienna", params={"size": 4},
    blackout=[("2024-01-17", "2024-01-18")],
)
def trading():
    work("{{ params.size }}")

@weft.dag(schedule="0 * * * *", start_date="2024-01-01", params={"size": weft.Param(type="integer")})
def needy():
    work("{{ params.size }}")

@weft.asset
def prices():
    return 1

nightly = weft.job("nightly", "prices", schedule="@daily", jitter="1h", catchup="2d")
"""


@pytest.fixture
def shown(yard):
    yard.define(CODE)
    return yard


def test_a_dry_run_shows_the_next_ticks_and_what_each_would_start(shown):
    with shown.serving.world() as world:
        found = viewing.upcoming(world, "trading", count=3)
    assert [(each.due[:16], each.decision, each.partitions, each.params) for each in found] == [
        ("2024-01-16T05:00", "started", ["2024-01-15"], {"size": 4}),
        ("2024-01-17T05:00", "skipped", ["2024-01-16"], None),
        ("2024-01-18T05:00", "started", ["2024-01-17"], {"size": 4}),
    ]
    assert "blackout" in found[1].reason
    assert shown.runs("trading") == []


def test_a_schedule_that_is_due_often_leaves_room_for_the_others(shown):
    with shown.serving.world() as world:
        found = viewing.upcoming(world, count=100, each=2)
    counts = {name: sum(each.schedule == name for each in found) for name in ("trading", "needy", "nightly")}
    assert counts == {"trading": 2, "needy": 2, "nightly": 2}


def test_a_dry_run_of_all_is_in_the_order_in_which_they_act_and_ends_where_it_is_told_to(shown):
    with shown.serving.world() as world:
        found = viewing.upcoming(world, count=100, until=shown.clock.now() + timedelta(hours=18))
    assert [each.at for each in found] == sorted(each.at for each in found)
    assert {each.schedule for each in found} == {"trading", "needy", "nightly"}
    assert all(each.problem for each in found if each.schedule == "needy")
    (nightly,) = [each for each in found if each.schedule == "nightly" and each.due > "2024-01-15T12"]
    assert nightly.due < nightly.at


def test_the_ticks_of_a_dry_run_are_those_that_a_scheduler_then_decides(shown):
    shown.turns(shown.scheduler())
    with shown.serving.world() as world:
        foretold = [(each.tick, each.decision) for each in viewing.upcoming(world, "trading", count=4)]
    scheduler = shown.scheduler()
    for _ in range(8 * 24):
        shown.clock.advance(timedelta(minutes=30))
        shown.turns(scheduler)
    with shown.serving.world() as world:
        history = viewing.history(world, "trading")
    assert [(each.tick, each.decision) for each in reversed(history)] == foretold


def test_pausing_twice_is_pausing_once_and_a_view_says_by_whom(shown):
    with shown.serving.world("ann") as world:
        viewing.pause(world, "trading", reason="closed")
        found = viewing.pause(world, "trading", by="bob")
        assert (found.paused, found.paused_by, found.paused_why, found.next_at) == (True, "ann", "closed", None)
        found = viewing.resume(world, "trading")
        assert (found.paused, found.paused_by) == (False, "")
        assert found.next_at is not None
    names = [type(event).__name__ for _, _, event in shown.ledger.events()]
    assert names.count("AutomationPaused") == names.count("AutomationResumed") == 1


def test_a_dry_run_says_of_a_paused_schedule_that_nothing_starts_until_it_is_resumed(shown):
    with shown.serving.world() as world:
        viewing.pause(world, "trading")
        paused = viewing.upcoming(world, "trading", count=2)
        viewing.resume(world, "trading")
        resumed = viewing.upcoming(world, "trading", count=2)
    assert [each.reason for each in paused] == ["once it is resumed: it is paused"] * 2
    assert not any("paused" in each.reason for each in resumed)


def test_a_history_is_read_page_by_page_and_by_decision(shown):
    scheduler = shown.scheduler()
    shown.turns(scheduler)
    for _ in range(10):
        shown.clock.advance(timedelta(hours=1))
        shown.turns(scheduler)
    with shown.serving.world() as world:
        whole = viewing.history(world, "needy")
        page = viewing.history(world, "needy", limit=4)
        rest = viewing.history(world, "needy", before=page[-1].position)
        failed = viewing.history(world, decision="failed")
    assert page + rest == whole
    assert len(whole) == 10 == len(failed)


def test_an_unknown_schedule_is_answered_with_one_like_it(shown):
    with shown.serving.world() as world, pytest.raises(errors.NotFoundError) as caught:
        viewing.get(world, "tradng")
    assert "trading" in (caught.value.remedy or "")


def test_the_settings_of_the_scheduler_are_checked():
    assert running.settings({"grace": "5m"}) == timedelta(minutes=5)
    for given in ({"graze": 1}, {"grace": "soon"}, 3):
        with pytest.raises(errors.UsageError):
            running.settings(given)


def weft(yard, *arguments, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "weft", *arguments], cwd=yard.root, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_the_command_line_shows_pauses_and_resumes_schedules(yard):
    yard.define(CODE)
    told = weft(yard, "schedules")
    assert "trading" in told
    assert "No scheduler has seen them yet" in told
    found = json.loads(weft(yard, "schedules", "next", "trading", "--count", "2", "--json"))
    assert len(found) == 2
    assert "06:00" in weft(yard, "schedules", "next", "trading", "--zone", "Europe/Vienna")
    weft(yard, "schedules", "pause", "trading", "--reason", "the exchange is closed")
    assert "the exchange is closed" in weft(yard, "schedules", "ls")
    weft(yard, "schedules", "resume", "trading")
    assert json.loads(weft(yard, "schedules", "ls", "--json"))[-1]["paused"] is False
    assert "Nothing was decided yet" in weft(yard, "schedules", "history")
    weft(yard, "schedules", "next", "nope", code=2)
