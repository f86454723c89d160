"""A step that declares `batch` runs one body for many partitions."""

from __future__ import annotations

from pathlib import Path

import pytest

from weft.testing.project import TemporaryProject

SOURCE = """
    from pathlib import Path

    days = DailyPartitions(start_date="2024-01-01", end_date="2024-01-08")
    calls = Path(__file__).with_name("calls")
    poison = Path(__file__).with_name("poison")

    @asset(partitions=days)
    def raw(context) -> int:
        if poison.exists() and context.partition_key == "2024-01-03":
            raise ValueError("no data today")
        return context.time_window.start.day

    @asset(partitions=days, batch=True)
    def double(context, raw: dict[str, int]) -> dict[str, int]:
        with calls.open("a") as file:
            print(*context.partition_keys, file=file)
        return {day: 2 * raw[day] for day in context.partition_keys}

    @asset
    def total(double: dict[str, int]) -> int:
        return sum(double.values())
"""


@pytest.fixture
def project(tmp_path: Path) -> TemporaryProject:
    made = TemporaryProject(tmp_path)
    made.define(SOURCE)
    return made


def calls(project: TemporaryProject) -> list[str]:
    return (project.folder / "calls").read_text().splitlines()


def test_a_batch_is_made_by_one_body_and_each_partition_has_its_own_version(project: TemporaryProject) -> None:
    done = project.apply()
    assert done.outcome == "succeeded"
    assert done.succeeded == 15
    assert calls(project) == [" ".join(f"2024-01-0{day}" for day in range(1, 8))]
    assert project.plan().steps == []


def test_a_batch_goes_on_without_the_partition_that_failed_above(project: TemporaryProject) -> None:
    (project.folder / "poison").touch()
    assert project.apply().outcome == "failed"
    assert calls(project) == [" ".join(f"2024-01-0{day}" for day in (1, 2, 4, 5, 6, 7))]
    (project.folder / "poison").unlink()
    assert project.apply().outcome == "succeeded"
    assert calls(project)[1:] == ["2024-01-03"]


def test_a_single_partition_is_a_batch_too(project: TemporaryProject) -> None:
    project.apply()
    project.materialize("double", partitions="2024-01-05")
    assert calls(project)[1:] == ["2024-01-05"]
