"""A mapping that reads one partition at the most gives the body its value, whatever its annotation."""

from __future__ import annotations

from pathlib import Path

from weft.testing.project import TemporaryProject

SOURCE = """
    days = DailyPartitions(start_date="2024-01-01", end_date="2024-01-04")
    months = MonthlyPartitions(start_date="2024-01-01", end_date="2024-02-01")
    countries = StaticPartitions(["at", "de"])

    @asset(partitions=countries)
    def country(context) -> dict[str, str]:
        return {"code": context.partition_key}

    @asset(partitions=months)
    def plan(context) -> dict[str, str]:
        return {"month": context.partition_key}

    @asset(partitions=days)
    def raw(context) -> list[int]:
        return [context.time_window.start.day]

    @asset(partitions=days, ins={"before": Dep("raw", mapping=TimeWindowMapping(start_offset=-1, end_offset=-1))})
    def change(raw: list[int], before: list[int] | None, plan: dict[str, str]) -> str:
        return f"{raw} {before} {plan['month']}"

    @asset(partitions=MultiPartitions({"date": days, "country": countries}))
    def sales(context, country: dict[str, str], raw: list[int]) -> str:
        return f"{context.partition_key} {country['code']} {raw[0]}"
"""


def test_one_partition_comes_as_its_value(tmp_path: Path) -> None:
    project = TemporaryProject(tmp_path)
    project.define(SOURCE)
    done = project.apply()
    assert done.outcome == "succeeded", done.failures
    assert project.plan().steps == []
