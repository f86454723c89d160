"""Pools of steps hold over all runs and processes of a ledger; what waits for slots says so."""

from __future__ import annotations

import os
import signal
import time

import pytest

SHARED = """
    import time

    HERE = Path(__file__).parent

    def note(text):
        with (HERE / "journal").open("a") as journal:
            journal.write(text + "\\n")

    @task(pool="warehouse")
    def load(n: int) -> int:
        note(f"+{n}")
        while (HERE / "hold").exists():
            time.sleep(0.01)
        time.sleep(0.02)
        note(f"-{n}")
        return n

    @task
    def free(n: int) -> int:
        note(f"free:{n}")
        return n

    @dag
    def left(n: int = 1):
        load.expand(n=[1, 2, 3, 4])
        free(n)

    @dag
    def right():
        load.expand(n=[11, 12, 13, 14])

    @flow
    def both():
        return [load(n) for n in (21, 22)]
"""


@pytest.fixture
def shared(project):
    project.define(SHARED)
    return project


def journal(project) -> list[str]:
    path = project.folder / "journal"
    return path.read_text().split() if path.exists() else []


def most_at_once(lines: list[str]) -> int:
    now = most = 0
    for line in lines:
        now += line.startswith("+")
        now -= line.startswith("-")
        most = max(most, now)
    return most


def wait_until(project, condition) -> None:
    until = time.monotonic() + 60
    while not condition(journal(project)):
        assert time.monotonic() < until, journal(project)
        time.sleep(0.02)


def test_two_runs_in_two_processes_never_have_more_bodies_in_a_pool_than_slots(shared):
    processes = [shared.start("run", name) for name in ("left", "right")]
    told = [each.communicate(timeout=60) for each in processes]
    assert [each.returncode for each in processes] == [0, 0], told
    lines = journal(shared)
    assert most_at_once(lines) == 1
    assert sorted(line for line in lines if line.startswith("-")) == sorted(
        f"-{n}" for n in (1, 2, 3, 4, 11, 12, 13, 14)
    )
    assert shared.ok("pools", "ls", "--json").json[0]["used"] == 0


def test_a_run_whose_pool_is_full_says_who_holds_the_slots_and_goes_on_when_they_are_free(shared):
    (shared.folder / "hold").touch()
    first = shared.start("run", "left")
    wait_until(shared, lambda lines: "+1" in lines)
    second = shared.start("run", "right")
    try:
        until = time.monotonic() + 60
        told = ""
        while "waits for 1 of the pool warehouse" not in told:
            assert time.monotonic() < until, told
            runs = shared.ok("runs", "--json").json
            waiting = next((run["id"] for run in runs if run["pipeline"] == "right"), None)
            told = shared.ok("runs", waiting).out if waiting else ""
        holder = next(run["id"] for run in runs if run["pipeline"] == "left")
        assert f"1 of 1 slots are taken by {holder[:8]}" in told
        (pool,) = shared.ok("pools", "ls", "--json").json
        assert [each["run"] for each in pool["holders"]] == [holder]
        assert waiting in [each["run"] for each in pool["waiting"]]
    finally:
        (shared.folder / "hold").unlink()
        first.communicate(timeout=60)
        shown = "".join(second.communicate(timeout=60))
    assert f"right:load waits for the pool warehouse: 1 of 1 slots are taken by {holder[:8]}" in shown
    assert (first.returncode, second.returncode) == (0, 0)
    assert most_at_once(journal(shared)) == 1


def test_a_process_that_is_killed_holds_no_slots(shared):
    (shared.folder / "hold").touch()
    first = shared.start("run", "left")
    wait_until(shared, lambda lines: "+1" in lines)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate(timeout=60)
    (shared.folder / "hold").unlink()
    second = shared.start("run", "right")
    second.communicate(timeout=60)
    assert second.returncode == 0


def test_slots_are_set_while_runs_go_on_and_none_pauses_the_pool(shared):
    assert "is paused" in shared.ok("pools", "set", "warehouse", "0").out
    first = shared.start("run", "left")
    wait_until(shared, lambda lines: "free:1" in lines)
    until = time.monotonic() + 60
    while not shared.ok("pools", "ls", "--json").json[0]["waiting"]:
        assert time.monotonic() < until
    assert not [line for line in journal(shared) if line.startswith("+")]
    shared.ok("pools", "set", "warehouse", "4")
    first.communicate(timeout=60)
    assert first.returncode == 0
    assert "has 1 slot" in shared.ok("pools", "set", "warehouse", "default").out
    assert shared.weft("pools", "set", "warehouse", "many").code == 2


def test_calls_of_flows_share_the_pool_as_well(shared):
    processes = [shared.start("run", name) for name in ("both", "right")]
    told = [each.communicate(timeout=60) for each in processes]
    assert [each.returncode for each in processes] == [0, 0], told
    assert most_at_once(journal(shared)) == 1


def test_what_waits_is_shown_in_order_with_its_reason_and_can_be_moved(shared):
    ids = [shared.ok("run", "left", "--pool", "default", "--json").json["run"] for _ in range(2)]
    first, second = shared.ok("queue", "--json").json
    assert [first["run"], second["run"]] == ids
    assert first["reasons"][0]["kind"] == "no_worker"
    shared.ok("queue", ids[1], "--priority", "5")
    assert [each["run"] for each in shared.ok("queue", "--json").json] == ids[::-1]
    assert "No worker is there" in shared.ok("runs", ids[0]).out
    shared.ok("worker", "start", "--pool", "default", "--until-idle")
    assert shared.ok("queue", "--json").json == []
    assert "it waits no more" in shared.weft("queue", ids[0], "--priority", "1").err
