"""What waits for others in one apply: pipelines that name others, tasks that depend on their past."""

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


def test_pipelines_that_wait_for_each_other_run_all_the_same(project):
    project.define(
        WAITING.replace("OTHER", '"before"').replace('wait_for_asset("prices",', 'wait_for_pipeline("after",')
    )
    result = project.weft("apply", "after or before", "--yes")
    assert result.code == 1
    assert "in vain" in result.out
