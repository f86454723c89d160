"""What runners drive: flows, assets over several locations, runs that are cancelled, many at once."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from weft.model import events
from weft.runtime import owners
from weft.service.execution import executions
from weft.service.plan import planning
from weft.service.run import cancelling

FLOWS = """
import time
from pathlib import Path
from weft import flow, task

@task
def double(x: int):
    return 2 * x

@flow
def doubling(x: int = 3):
    return double(x)

@flow
def endless(folder: str):
    Path(folder, "began").write_text("x")
    time.sleep(60)
"""
LEFT = "from weft import asset\n\n@asset\ndef numbers():\n    return [1, 2, 3]\n"
RIGHT = """
from weft import AssetSpec, asset

numbers = AssetSpec("numbers")

@asset
def total(numbers: list):
    return sum(numbers)
"""
TWO = '[locations.left]\ndefinitions = "left.py"\n[locations.right]\ndefinitions = "right.py"\n'


def test_flows_are_driven_one_after_another_in_one_runner(make_site):
    site = make_site({"weft.toml": 'definitions = "defs.py"\n', "defs.py": FLOWS})
    site.start(watch=False)
    for number in (1, 2, 3):
        row = site.until_finished(site.request("doubling", params={"x": number}))
        assert row.outcome == "succeeded"


def test_a_flow_that_is_cancelled_ends_and_its_runner_takes_the_next(make_site, tmp_path):
    site = make_site({"weft.toml": 'definitions = "defs.py"\n', "defs.py": FLOWS})
    site.start(watch=False)
    run = site.request("endless", params={"folder": str(tmp_path)})
    site.until(lambda: (tmp_path / "began").exists())
    with site.serving.world() as world:
        cancelling.cancel(world, run)
    assert site.until_finished(run).outcome == "cancelled"
    assert site.until_finished(site.request("doubling")).outcome == "succeeded"


def test_a_runner_drives_more_pipelines_than_it_keeps_processes_for(make_site):
    names = [f"dag{number}" for number in range(7)]
    text = "from weft import dag, task\n\n@task\ndef one():\n    return 1\n"
    text += "".join(f"\n@dag\ndef {name}():\n    one()\n" for name in names)
    site = make_site({"weft.toml": 'definitions = "defs.py"\n', "defs.py": text})
    site.start(watch=False)
    for name in [*names, *names]:
        assert site.until_finished(site.request(name)).outcome == "succeeded", name


def test_a_run_of_a_dag_is_cancelled_by_request(make_site, tmp_path):
    text = f"""
import time
from pathlib import Path
from weft import dag, task

@task
def wait():
    Path({str(tmp_path)!r}, "began").write_text("x")
    time.sleep(60)

@dag
def waiting():
    wait()
"""
    site = make_site({"weft.toml": 'definitions = "defs.py"\n', "defs.py": text})
    site.start(watch=False)
    run = site.request("waiting")
    site.until(lambda: (tmp_path / "began").exists())
    with site.serving.world() as world:
        cancelling.cancel(world, run)
        cancelling.cancel(world, run)
    assert site.until_finished(run).outcome == "cancelled"


def test_many_runs_at_once_are_each_driven_once(make_site):
    text = """
from weft import dag, task

@task
def one():
    return 1

@dag(max_active_runs=50)
def many():
    one()
"""
    site = make_site({"weft.toml": 'definitions = "defs.py"\n', "defs.py": text})
    site.start(watch=False, most=4)
    runs = [site.request("many") for _ in range(30)]
    for run in runs:
        row = site.until_finished(run, 60)
        assert (row.outcome, row.epoch) == ("succeeded", 1)
    with site.serving.ledger() as ledger:
        done = [each.run for _, _, each in ledger.events() if isinstance(each, events.StepSucceeded)]
    assert sorted(done) == sorted(runs)


def test_a_plan_over_two_locations_is_made_by_both_in_order(make_site):
    site = make_site({"weft.toml": TWO, "left.py": LEFT, "right.py": RIGHT})
    site.start(watch=False)
    assert not site.row("right").problems
    with site.serving.world() as world:
        assert world.graph.assets["numbers"].step == "numbers"
        assert world.locations["asset:numbers"] == "left"
        made = executions.create(world, executions.Wanted(ask=planning.Ask(selection="+total")))

    def is_done() -> bool:
        with site.serving.world() as world:
            executions.advance(world, world.clock.now())
            return executions.get(world, made.id).phase == "finished"

    site.until(is_done)
    with site.serving.world() as world:
        assert executions.get(world, made.id).outcome == "succeeded"
        statuses = planning.statuses(world, ["numbers", "total"], now=world.clock.now())
        assert {key: list(each.by_status) for key, each in statuses.items()} == {
            "numbers": ["fresh"],
            "total": ["fresh"],
        }


@pytest.mark.slow
def test_a_runner_that_hangs_before_it_takes_up_its_run_holds_it_for_seconds_only(make_site):
    site = make_site({"weft.toml": 'definitions = "defs.py"\n', "defs.py": FLOWS})
    site.start(watch=False)
    first = site.request("doubling")
    site.until_finished(first)
    with site.serving.ledger() as ledger:
        started = next(each for _, _, each in ledger.events(first) if isinstance(each, events.RunStarted))
    runner = int(started.owner.split()[1])
    assert owners.myself().pid != runner
    os.kill(runner, signal.SIGSTOP)
    assert site.until_finished(site.request("doubling"), 60).outcome == "succeeded"
    assert not Path(f"/proc/{runner}").exists()


def test_a_host_that_serves_no_runs_leaves_them_waiting(make_site):
    site = make_site({"weft.toml": 'definitions = "defs.py"\n', "defs.py": FLOWS})
    supervisor = site.start(watch=False, takes_runs=False)
    run = site.request("doubling")
    time.sleep(0.3)
    assert site.run(run).phase == "created"
    assert Path(f"/proc/{supervisor.hosts()['main']}").exists()
