"""Jobs that select assets, as the list of pipelines shows them."""

from __future__ import annotations

DEFINITIONS = """
    days = DailyPartitions(start_date="2024-01-01", end_date="2024-03-01")

    @asset(partitions=days)
    def daily(context) -> str:
        return context.partition_key

    @asset
    def other() -> int:
        return 1

    nightly = job("nightly", selection="daily")
"""


def test_a_job_knows_its_runs_also_those_of_some_partitions(project):
    project.define(DEFINITIONS)
    project.ok("apply", "job:nightly", "--partitions", "2024-01-05", "--yes")
    project.ok("apply", "job:nightly or other", "--partitions", "daily[2024-01-06]", "--yes")

    (job,) = [each for each in project.ok("pipelines", "--json").json if each["name"] == "nightly"]

    assert [run["outcome"] for run in job["runs"]] == ["succeeded"]
