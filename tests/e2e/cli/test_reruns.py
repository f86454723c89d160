"""`weft rerun`: what of a run is run again, what is kept, and what cannot be asked for."""

from __future__ import annotations

import pytest

ROOM = """
    HERE = Path(__file__).parent

    def note(text):
        with (HERE / "journal").open("a") as journal:
            journal.write(text + "\\n")
        if (HERE / f"break-{text}").exists():
            raise ValueError(text)

    @task.setup
    def opened():
        note("opened")

    @task.teardown
    def closed():
        note("closed")

    @task
    def a():
        note("a")
        return [1, 2]

    @task
    def b(x):
        note("b")
        return x

    @task
    def c(x):
        note("c")
        return x

    @dag
    def room():
        o, r = opened(), a()
        e = b(r)
        f = c(e)
        z = closed()
        o >> r
        f >> z
        o >> z
"""

CHOICE = """
    HERE = Path(__file__).parent

    def note(text):
        with (HERE / "journal").open("a") as journal:
            journal.write(text + "\\n")

    @task.branch
    def pick():
        note("pick")
        return (HERE / "way").read_text()

    @task
    def left():
        note("left")

    @task
    def right():
        note("right")

    @task(trigger_rule="none_failed")
    def joined():
        note("joined")

    @dag
    def ways():
        pick() >> [left(), right()] >> joined()
"""


@pytest.fixture
def room(project):
    """Three tasks in a row between a setup and its teardown."""
    project.define(ROOM)
    return project


@pytest.fixture
def ways(project):
    """A branch to the one or the other of two tasks."""
    (project.folder / "way").write_text("left")
    project.define(CHOICE)
    return project


def journal(project):
    found = project.lines("journal")
    (project.folder / "journal").unlink(missing_ok=True)
    return found


def test_a_step_alone_runs_between_the_setup_that_it_needs_and_its_teardown(room):
    room.ok("run", "room")
    journal(room)
    done = room.ok("rerun", "last", "--only", "b", "--json").json
    assert journal(room) == ["opened", "b", "closed"]
    assert (done["succeeded"], done["reused"], done["skipped"]) == (3, 2, 0)
    room.ok("rerun", "last", "--only", "c+")
    assert journal(room) == ["opened", "c", "closed"]


def test_a_step_alone_whose_values_were_never_made_is_refused_before_anything_runs(room):
    (room.folder / "break-a").write_text("")
    assert room.weft("run", "room").code == 1
    journal(room)
    result = room.weft("rerun", "last", "--only", "b")
    assert result.code == 2
    assert "b cannot run alone: a, which it needs, failed in run" in result.err
    assert "--from a" in result.err
    assert journal(room) == []


def test_a_step_that_a_branch_passed_over_is_refused_with_the_branch_to_begin_at(ways):
    ways.ok("run", "ways")
    assert journal(ways) == ["pick", "left", "joined"]
    for option in ("--only", "--from"):
        result = ways.weft("rerun", "last", option, "right")
        assert result.code == 2
        assert "right was skipped in run" in result.err
        assert "pick chose another way" in result.err
        assert "`--from pick` lets it choose again" in result.err
    (ways.folder / "way").write_text("right")
    ways.ok("rerun", "last", "--from", "pick")
    assert journal(ways) == ["pick", "right", "joined"]


def test_a_rerun_of_one_step_leaves_an_interval_failed_whose_failed_step_it_leaves_out(project):
    project.define("""
        from datetime import datetime

        @task
        def work():
            return 1

        @task
        def bad(x):
            if not (Path(__file__).parent / "mended").exists():
                raise ValueError("bad")

        @dag(schedule="@daily", start_date=datetime(2024, 1, 1), end_date=datetime(2024, 1, 2))
        def daily():
            bad(work())
    """)
    assert project.weft("run", "daily").code == 1
    done = project.weft("rerun", "last", "--only", "work", "--json")
    assert (done.code, done.json["succeeded"], done.json["outcome"]) == (1, 1, "failed")
    assert project.steps("daily") == {"daily": ["2024-01-01"]}
    assert "bad failed in the run" in " ".join(project.ok("plan", "daily").out.split())
    (project.folder / "mended").write_text("")
    project.ok("rerun", "last", "--only", "bad")
    assert project.steps("daily") == {}


def test_items_and_a_plus_in_the_wrong_place_are_told_apart_from_unknown_tasks(room):
    room.ok("run", "room")
    assert "Items of a mapped task cannot be chosen" in room.weft("rerun", "last", "--only", "b[1]").err
    assert "--from b" in room.weft("rerun", "last", "--from", "b+").err
    assert "`weft runs --pipeline room` lists its runs" in room.weft("rerun", "room").err


DAYS = """
    HERE = Path(__file__).parent

    def note(text):
        with (HERE / "journal").open("a") as journal:
            journal.write(text + "\\n")
        if (HERE / f"break-{text}").exists():
            raise ValueError(text)

    @task
    def work():
        note("work")
        return [1, 2, 3]

    @task
    def bad(x):
        note(f"bad{x}")

    @task
    def after():
        note("after")

    @dag(schedule="@daily", start_date="2024-01-01", end_date="2024-01-02", catchup=True)
    def daily():
        bad.expand(x=work()) >> after()
"""


def test_what_failed_before_stays_failed_where_a_step_alone_runs_again(project):
    project.define(DAYS)
    (project.folder / "break-bad2").write_text("")
    assert project.weft("run", "daily", "-p", "2024-01-01").code == 1
    journal(project)
    done = project.weft("rerun", "last", "--only", "work", "--json")
    assert done.code == 1
    assert (done.json["succeeded"], done.json["reused"], done.json["failed"], done.json["held"]) == (1, 2, 1, 1)
    assert journal(project) == ["work"]
    assert "bad[1] failed: failed in the run" in project.ok("runs", "last").out
    assert project.steps("daily") == {"daily": ["2024-01-01"]}
    (project.folder / "break-bad2").unlink()
    project.ok("rerun", "last", "--from-failed")
    assert journal(project) == ["bad2", "after"]


def test_what_is_below_a_step_alone_and_never_ran_keeps_the_interval_failed(project):
    project.define(DAYS)
    (project.folder / "break-work").write_text("")
    assert project.weft("run", "daily", "-p", "2024-01-01").code == 1
    (project.folder / "break-work").unlink()
    journal(project)
    done = project.weft("rerun", "last", "--only", "work", "--json")
    assert done.code == 1, done
    assert journal(project) == ["work"]
    project.ok("rerun", "last", "--from-failed")
    assert sorted(journal(project)) == ["after", "bad1", "bad2", "bad3"]


def test_a_failure_that_is_kept_does_not_stop_a_run_that_fails_fast(project):
    project.define("""
        @task
        def bad():
            raise ValueError("bad")

        @task(priority=-1)
        def work():
            if not (Path(__file__).parent / "mended").exists():
                raise ValueError("work")

        @dag(fail_fast=True)
        def both():
            bad()
            work()
    """)
    assert project.weft("run", "both").code == 1
    (project.folder / "mended").write_text("")
    done = project.weft("rerun", "last", "--only", "work", "--json").json
    assert (done["succeeded"], done["failed"] + done["held"]) == (1, 1)
