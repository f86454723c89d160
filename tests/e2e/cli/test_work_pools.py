"""Work pools and workers: what waits is taken once, by a worker that may, and goes on where a worker died."""

from __future__ import annotations

import os
import signal

import pytest

POOLED = """
    import time

    HERE = Path(__file__).parent

    def note(text):
        with (HERE / "journal").open("a") as journal:
            journal.write(text + "\\n")

    @task
    def first(n: int) -> int:
        note(f"first:{n}")
        return n

    @task
    def second(n: int) -> int:
        note(f"second:{n}")
        while (HERE / "hold").exists():
            time.sleep(0.01)
        if n == 99:
            raise ValueError("ninety-nine")
        return n

    @dag
    def work(n: int = 1):
        second(first(n))
"""


@pytest.fixture
def pooled(project):
    """A pipeline of two steps, the second of which is held up by a file, and a work pool of one slot."""
    project.define(POOLED)
    project.ok("work-pool", "create", "nightly", "--type", "inline", "--slots", "1")
    return project


def test_a_run_for_a_pool_that_is_not_there_is_refused_with_the_nearest_name(pooled):
    result = pooled.weft("run", "work", "--pool", "nighty")
    assert result.code == 2
    assert "There is no work pool 'nighty'." in result.err
    assert "Did you mean 'nightly'" in result.err
    assert pooled.ok("runs", "--json").json == []


def test_a_worker_runs_what_waits_in_the_order_of_its_coming_and_says_how_each_ended(pooled):
    for n in (1, 99, 3):
        pooled.ok("run", "work", "--pool", "nightly", "--param", f"n={n}")
    assert "1 run" not in pooled.weft("work-pool", "remove", "nightly").err
    result = pooled.weft("worker", "start", "--pool", "nightly", "--until-idle")
    assert result.code == 1
    assert "ValueError: ninety-nine" in result.out
    assert [line for line in pooled.lines("journal") if "first" in line] == ["first:1", "first:99", "first:3"]
    assert pooled.ok("work-pool", "ls", "--json").json[0]["waiting"] == 0


def test_a_paused_pool_is_said_to_be_paused_and_keeps_its_runs(pooled):
    pooled.ok("run", "work", "--pool", "nightly")
    pooled.ok("work-pool", "pause", "nightly")
    result = pooled.ok("worker", "start", "--pool", "nightly", "--until-idle")
    assert "It is paused" in result.out
    assert "1 run waits in the work pool nightly still" in result.out
    assert "1 run waits in the work pool" in pooled.weft("work-pool", "remove", "nightly").err
    pooled.ok("work-pool", "resume", "nightly")
    pooled.ok("worker", "start", "--pool", "nightly", "--until-idle")
    assert pooled.lines("journal") == ["first:1", "second:1"]


def test_three_workers_on_one_slot_run_each_run_once_and_one_at_a_time(pooled):
    for n in range(6):
        pooled.ok("run", "work", "--pool", "nightly", "--param", f"n={n}")
    workers = [pooled.start("worker", "start", "--pool", "nightly", "--until-idle") for _ in range(3)]
    for worker in workers:
        out, err = worker.communicate(timeout=60)
        assert worker.returncode == 0, (out, err)
    pooled.ok("worker", "start", "--pool", "nightly", "--until-idle")  # what came free after they had gone
    assert pooled.lines("journal") == [f"{step}:{n}" for n in range(6) for step in ("first", "second")]


def test_a_run_whose_worker_was_killed_is_gone_on_with_by_the_next(pooled):
    (pooled.folder / "hold").write_text("")
    pooled.ok("run", "work", "--pool", "nightly")
    worker = pooled.start("worker", "start", "--pool", "nightly")
    pooled.wait_for_lines("journal", 2, worker)
    other = pooled.start("worker", "start", "--pool", "nightly", "--limit", "1")
    assert "Waiting for runs" in other.stdout.readline()
    os.killpg(worker.pid, signal.SIGKILL)
    worker.communicate()
    (pooled.folder / "hold").unlink()
    out, err = other.communicate(timeout=60)
    assert other.returncode == 0, (out, err)
    assert pooled.lines("journal") == ["first:1", "second:1", "second:1"]
    (run,) = pooled.ok("runs", "--json").json
    assert run["outcome"] == "succeeded"


def test_a_worker_leaves_a_run_whose_pipeline_its_code_does_not_define(pooled):
    pooled.ok("run", "work", "--pool", "nightly")
    pooled.define("@dag\ndef other(): pass\n")
    result = pooled.ok("worker", "start", "--pool", "nightly", "--until-idle")
    assert "is left where it is: There is no pipeline 'work'" in result.out
    pooled.define(POOLED)
    pooled.ok("worker", "start", "--pool", "nightly", "--until-idle")
    assert pooled.lines("journal") == ["first:1", "second:1"]


def test_an_idle_worker_ends_at_ctrl_c(pooled):
    worker = pooled.start("worker", "start", "--pool", "nightly")
    assert "Waiting for runs" in worker.stdout.readline()
    worker.send_signal(signal.SIGINT)
    out, err = worker.communicate(timeout=60)
    assert (worker.returncode, "Traceback" in out + err) == (130, False)
