"""`weft cancel`: runs that wait, runs whose process died, runs of another process."""

from __future__ import annotations

import os
import signal

import pytest

HELD = """
    import time

    HERE = Path(__file__).parent

    def note(text):
        with (HERE / "journal").open("a") as journal:
            journal.write(text + "\\n")

    @task
    def first():
        note("first")
        while not (HERE / "go").exists():
            time.sleep(0.01)

    @task
    def second():
        note("second")

    @dag
    def held():
        first() >> second()

    @flow
    def asks():
        suspend(bool, key="go")
"""


@pytest.fixture
def held(project):
    """A pipeline whose first step waits for a file."""
    project.define(HELD)
    return project


def test_a_run_that_waits_in_a_pool_or_for_a_person_is_cancelled_at_once(held):
    held.ok("work-pool", "create", "nightly")
    held.ok("run", "held", "--pool", "nightly")
    assert "is cancelled" in held.ok("cancel", "last").out
    assert held.ok("work-pool", "ls", "--json").json[0]["waiting"] == 0
    held.ok("run", "asks")
    assert held.ok("cancel", "last", "--json").json["outcome"] == "cancelled"
    assert {each["outcome"] for each in held.ok("runs", "--json").json} == {"cancelled"}
    again = held.weft("cancel", "last")
    assert (again.code, "has ended already (cancelled)" in again.err) == (2, True)


def test_a_run_whose_process_died_is_cancelled_at_once(held):
    process = held.start("run", "held", "--executor", "inline")
    held.wait_for_lines("journal", 1, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    held.ok("cancel", "last")
    (run,) = held.ok("runs", "--json").json
    assert run["outcome"] == "cancelled"


def test_a_run_of_another_process_finishes_what_runs_and_no_more(held):
    process = held.start("run", "held", "--executor", "process")
    held.wait_for_lines("journal", 1, process)
    assert "is asked to end" in held.ok("cancel", "last").out
    while held.ok("runs", "--json").json[0]["phase"] != "cancelling":
        pass
    with pytest.raises(Exception, match="timed out"):
        process.wait(2.5)  # the step that runs is let finish, as one look at the ledger after the other shows
    (held.folder / "go").write_text("")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, (out, err)
    assert held.lines("journal") == ["first"]
    assert held.ok("runs", "--json").json[0]["outcome"] == "cancelled"


def test_a_run_that_is_cancelled_twice_is_killed(held):
    process = held.start("run", "held", "--executor", "process")
    held.wait_for_lines("journal", 1, process)
    held.ok("cancel", "last")
    assert "asked to kill" in held.ok("cancel", "last").out
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, (out, err)
    assert held.ok("runs", "--json").json[0]["outcome"] == "cancelled"
    assert held.lines("journal") == ["first"]


def test_a_run_that_is_refused_because_another_is_in_its_way_leaves_no_run_behind(project):
    project.define(HELD.replace("@dag", "@dag(max_active_runs=1)"))
    process = project.start("run", "held", "--executor", "process")
    project.wait_for_lines("journal", 1, process)
    refused = project.weft("run", "held", "--no-wait")
    assert refused.code == 1
    assert "or `weft cancel" in refused.err
    (project.folder / "go").write_text("")
    process.communicate(timeout=60)
    assert len(project.ok("runs", "--json").json) == 1
