"""What is handed to the scheduler by command: detached backfills and applies, kept plans, `weft executions`."""

from __future__ import annotations

import json

import pytest

DEFINITIONS = """
from weft import DailyPartitions, asset, dag, task

@task
def work(day):
    return day

@dag(schedule="@daily", start_date="2024-01-01", end_date="2024-03-01", catchup=True)
def daily():
    work("{{ ds }}")

@asset(partitions=DailyPartitions(start_date="2024-01-01", end_date="2024-01-05"))
def raw(context) -> str:
    return context.partition_key
"""


@pytest.fixture
def made(project):
    project.define(DEFINITIONS)
    return project


def listed(project):
    return json.loads(project.weft("executions", "ls", "--json").out)


def test_a_detached_backfill_says_who_is_missing_and_can_be_paused_resumed_changed_and_cancelled(made):
    told = made.weft("backfill", "daily", "2024-01-01..2024-01-10", "--detach", "--concurrency", "2").out
    assert "10 to run, 2 of them in the queue" in told
    assert "No scheduler and no worker is there" in told
    (found,) = listed(made)
    name = found["id"]
    assert (found["kind"], found["total"], found["waiting"], found["left"]) == ("backfill", 10, 2, 8)
    assert "It is paused" in made.weft("executions", "pause", name[:6]).out
    assert "paused" in made.weft("executions").out
    assert "It goes on" in made.weft("executions", "resume", name).out
    changed = json.loads(made.weft("executions", "change", name, "--concurrency", "4", "--priority", "3", "--json").out)
    assert (changed["waiting"], changed["priority"]) == (4, 3)
    shown = made.weft("executions", "show", name).out
    assert "4 waiting, 6 left of 10" in shown
    assert "It was cancelled" in made.weft("executions", "cancel", name).out
    assert listed(made)[0]["outcome"] == "cancelled"
    again = made.weft("executions", "pause", name)
    assert again.code == 2
    assert "has ended (cancelled)" in again.err


def test_a_kept_plan_is_applied_here_or_by_the_scheduler_and_refused_after_drift(made):
    kept = json.loads(made.weft("plan", "raw", "--save", "--json").out)
    assert kept["steps"] == 4
    told = made.weft("apply", "--plan", kept["id"], "--detach").out
    assert "4 to run, 4 of them in the queue" in told
    assert listed(made)[0]["plan"] == kept["id"]
    made.weft("executions", "cancel", listed(made)[0]["id"])
    assert made.weft("apply", "--plan", kept["id"], "--yes", "--executor", "inline").code == 0
    drifted = made.weft("apply", "--plan", kept["id"], "--detach")
    assert drifted.code == 3
    assert "no longer holds" in drifted.err


def test_what_makes_no_sense_together_is_refused(made):
    assert "--detach" in made.weft("backfill", "raw", "*", "--slices", "2").err
    assert "can't be given with --detach" in made.weft("apply", "raw", "--detach", "--jobs", "2").err
    assert "can't be given with --plan" in made.weft("apply", "raw", "--plan", "x", "--yes").err
    assert "no saved plan" in made.weft("apply", "--plan", "x", "--yes").err
    assert "no execution" in made.weft("executions", "show", "x").err
    assert "Nothing is to be changed" in made.weft("executions", "change", "x").err


def test_what_an_execution_did_not_make_is_run_again_as_a_new_one(made):
    first = made.ok("backfill", "daily", "2024-01-01..2024-01-03", "--detach", "--concurrency", "1", "--json").json
    refused = made.weft("executions", "rerun", first["id"])
    assert (refused.code, "has not ended" in refused.err) == (2, True)
    made.ok("executions", "cancel", first["id"])
    told = made.ok("executions", "rerun", first["id"]).out
    assert "3 to run" in told
    newest = listed(made)[0]
    assert (newest["kind"], newest["total"], newest["concurrency"]) == ("backfill", 3, 1)
    assert newest["id"] != first["id"]


def test_a_plan_that_an_execution_is_applying_is_refused_and_the_execution_named(made):
    plan = made.ok("plan", "raw", "--save", "--json").json["id"]
    execution = made.ok("apply", "--plan", plan, "--detach", "--json").json["id"]
    for more in (["--detach"], ["--yes"], ["--what-holds", "--yes"]):
        refused = made.weft("apply", "--plan", plan, *more)
        assert refused.code == 2, refused
        assert execution in refused.err
