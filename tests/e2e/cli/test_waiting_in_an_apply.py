"""What waits for others: pipelines for those that they name, tasks for their own run of the interval before."""

from __future__ import annotations

import pytest

WAITING = """
    from datetime import datetime

    from weft.operators import wait_for_asset, wait_for_pipeline

    HERE = Path(__file__).parent
    days = dict(schedule="@daily", start_date=datetime(2024, 1, 1), end_date=datetime(2024, 1, 4), catchup=True)

    @task
    def note(text):
        with (HERE / "journal").open("a") as journal:
            journal.write(text + "\\n")

    @asset
    def prices() -> int:
        return 1

    @dag(**days)
    def after():
        wait_for_pipeline(pipeline=OTHER, partition="{{ ds }}", timeout=0) >> note("after")

    @dag(**days)
    def before():
        wait_for_asset("prices", timeout=0) >> note("before")
"""


@pytest.mark.parametrize("other", ['"before"', '"between"'])
def test_pipelines_run_after_those_that_they_wait_for_in_one_apply(project, other):
    project.define(
        WAITING.replace("OTHER", other)
        + """
    @dag(**days)
    def between():
        wait_for_pipeline("before", partition="{{ ds }}", timeout=0) >> note("between")
    """
    )
    names = "after or before or prices" + (" or between" if "between" in other else "")
    project.ok("apply", names, "--yes")
    expected = ["before", "between", "after"] if "between" in other else ["before", "after"]
    assert project.lines("journal") == [each for each in expected for _ in range(3)]


def test_pipelines_that_wait_for_a_name_that_is_known_only_later_run_last(project):
    project.define(WAITING.replace("OTHER", "\"be{{ 'fore' }}\""))
    project.ok("materialize", "prices")
    project.ok("apply", "after or before", "--yes")
    assert project.lines("journal") == ["before"] * 3 + ["after"] * 3


def test_pipelines_that_wait_for_each_other_run_all_the_same(project):
    project.define(
        WAITING.replace("OTHER", '"before"').replace('wait_for_asset("prices",', 'wait_for_pipeline("after",')
    )
    result = project.weft("apply", "after or before", "--yes")
    assert result.code == 1
    assert "in vain" in result.out


PAST = """
    import time
    from datetime import datetime

    HERE = Path(__file__).parent

    @task(depends_on_past=True)
    def x(day):
        with (HERE / "journal").open("a") as journal:
            journal.write(day + "\\n")
        while day == "2024-01-01" and not (HERE / "go").exists():
            time.sleep(0.01)
        if (HERE / f"broken-{day}").exists():
            raise ValueError(day)

    @dag(schedule="@daily", start_date=datetime(2024, 1, 1), end_date=datetime(2024, 1, 5), catchup=True)
    def dp():
        x("{{ ds }}")
"""


@pytest.mark.parametrize("broken", [False, True])
def test_a_task_that_depends_on_its_past_waits_for_it_while_another_process_runs_it(project, broken):
    project.define(PAST)
    if broken:
        (project.folder / "broken-2024-01-01").write_text("")
    first = project.start("run", "dp", "-p", "2024-01-01")
    project.wait_for_lines("journal", 1, first)
    second = project.start("run", "dp", "-p", "2024-01-02")
    while "waits for its run of 2024-01-01" not in project.weft("runs", "last").out:
        assert second.poll() is None, second.communicate()
    assert project.lines("journal") == ["2024-01-01"]
    (project.folder / "go").write_text("")
    assert first.wait(60) == int(broken), first.communicate()
    out, err = second.communicate(timeout=60)
    assert second.returncode == int(broken), (out, err)
    assert project.lines("journal") == (["2024-01-01"] if broken else ["2024-01-01", "2024-01-02"])


def test_what_was_held_back_by_the_past_is_made_in_one_apply_once_that_is_repaired(project):
    project.define(PAST)
    (project.folder / "go").write_text("")
    (project.folder / "broken-2024-01-02").write_text("")
    assert project.weft("apply", "dp", "--yes", "--executor", "process").code == 1
    assert project.lines("journal") == ["2024-01-01", "2024-01-02"]
    why = "x did not run: its run of 2024-01-03 did not succeed, and it depends on its past"
    assert why in " ".join(project.ok("plan", "dp").out.split())
    (project.folder / "broken-2024-01-02").unlink()
    project.ok("apply", "dp", "--yes", "--executor", "process")
    assert project.steps("dp") == {}


def test_intervals_that_make_the_same_asset_do_not_wait_for_each_other(project):
    project.define("""
    from datetime import datetime

    scored = Asset("scored")

    @task(outlets=[scored])
    def score(day):
        return day

    @dag(schedule="@daily", start_date=datetime(2024, 1, 1), end_date=datetime(2024, 1, 4), catchup=True)
    def scoring():
        score("{{ ds }}")
    """)
    result = project.ok("apply", "scoring", "--yes", "--executor", "process", "--jobs", "2")
    assert "Waiting" not in result.out + result.err
    assert "(3 runs)" in result.out
