"""How far an execution is, line by line: counts, failures, what they keep others from, and what is tried once more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from executing_project import Project, project

from weft.model import events
from weft.service.execution import executions, progress
from weft.service.plan import planning


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Project]:
    with project(tmp_path) as found:
        yield found


def ask(selection: str = "+clean") -> planning.Ask:
    return planning.Ask(selection=selection, partitions="2024-01-01..2024-01-06")


def counts(row: progress.ProgressRow) -> dict[str, int]:
    words = ("succeeded", "unchanged", "failed", "left_out", "cancelled", "running", "left")
    found = {word: getattr(row, word) for word in words if getattr(row, word)}
    assert sum(found.values()) == row.total
    return found


def test_each_step_is_a_line_in_order_with_what_it_reads(made: Project) -> None:
    view = executions.create(made.world, executions.Wanted(ask=ask()))
    rows = progress.get(made.world, view.id).rows
    assert [(row.name, row.kind, row.partitions, row.after, counts(row)) for row in rows] == [
        ("raw", "asset", "2024-01-01..2024-01-06 (6)", (), {"left": 6}),
        ("clean", "asset", "2024-01-01..2024-01-06 (6)", ("raw",), {"left": 6}),
    ]
    made.carry_out(view.id)
    assert [counts(row) for row in progress.get(made.world, view.id).rows] == [{"succeeded": 6}] * 2


def test_a_failure_is_told_with_its_error_and_what_it_kept_from_running(made: Project) -> None:
    made.failing("raw 2024-01-03")
    view = executions.create(made.world, executions.Wanted(ask=ask()))
    made.carry_out(view.id)
    found = progress.get(made.world, view.id)
    assert [counts(row) for row in found.rows] == [{"succeeded": 5, "failed": 1}, {"succeeded": 5, "left_out": 1}]
    (failure,) = found.failures
    assert (failure.name, failure.partition, failure.outcome) == ("raw", "2024-01-03", "failed")
    assert "ValueError" in failure.error
    assert "raw 2024-01-03" in failure.error


def test_what_was_read_before_is_not_counted_again(made: Project) -> None:
    view = executions.create(made.world, executions.Wanted(ask=ask(), slices=2))
    rows = made.waiting(1)
    made.drive(rows)
    seen = [progress.get(made.world, view.id) for _ in range(2)]
    assert seen[0] == seen[1]
    made.carry_out(view.id)
    assert [counts(row) for row in progress.get(made.world, view.id).rows] == [{"succeeded": 6}] * 2


def test_a_backfill_of_a_pipeline_is_one_line(made: Project) -> None:
    made.failing("work 2024-01-02")
    wanted = executions.Intervals(pipeline="yearly", chosen="2024-01-01..2024-01-04")
    view = executions.create(made.world, executions.Wanted(intervals=wanted, kind="backfill"))
    assert [counts(row) for row in progress.get(made.world, view.id).rows] == [{"left": 4}]
    made.carry_out(view.id)
    found = progress.get(made.world, view.id)
    (row,) = found.rows
    assert (row.name, row.kind, counts(row)) == ("yearly", "pipeline", {"succeeded": 3, "failed": 1})
    assert [(each.partition, "work 2024-01-02" in each.error) for each in found.failures] == [("2024-01-02", True)]


def test_running_are_the_steps_that_are_tried_and_not_all_of_an_open_run(made: Project) -> None:
    view = executions.create(made.world, executions.Wanted(ask=ask()))

    def stands() -> tuple[int, ...]:
        found = executions.get(made.world, view.id)
        assert found.done + found.running + found.waiting + found.left == found.total
        return found.succeeded, found.failed, found.running, found.waiting, found.left

    (row,) = made.waiting(1)
    assert stands() == (0, 0, 0, 12, 0)
    days = tuple(f"2024-01-0{day}" for day in (1, 2))
    ledger = made.world.ledger
    ledger.append([events.RunStarted(run=row.id, epoch=1)])
    assert stands() == (0, 0, 0, 0, 12)
    ledger.append([events.AttemptsStarted(run=row.id, step="raw", partitions=days)])
    assert stands() == (0, 0, 2, 0, 10)
    ledger.append([events.StepSucceeded(run=row.id, step="raw", partition=days[0])])
    assert stands() == (1, 0, 1, 0, 10)
    ledger.append([events.AttemptFailed(run=row.id, step="raw", partition=days[1], outcome="failed")])
    assert stands() == (1, 1, 0, 0, 10)
