"""The partitions of an execution by how they stand in it; what of it was not made is run again as a new one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from executing_project import Project, project

from weft.model import errors, partition_set
from weft.service.execution import executions, line_states, repeating
from weft.service.plan import planning

RANGE = "2024-01-01..2024-01-06"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Project]:
    with project(tmp_path) as found:
        yield found


def ask(selection: str = "+clean", **given: object) -> planning.Ask:
    return planning.Ask(selection=selection, partitions=RANGE, **given)  # type: ignore[arg-type]


def lines(made: Project, execution: str) -> dict[str, list[tuple[str, int, str | None, str | None]]]:
    return {
        row.name: [(each.state, each.stop - each.start, each.first_key, each.last_key) for each in row.segments]
        for row in line_states.get(made.world, execution).rows
    }


def day(number: int) -> str:
    return f"2024-01-{number:02}"


def test_what_waits_what_runs_and_what_was_made_are_segments_in_order(made: Project) -> None:
    view = executions.create(made.world, executions.Wanted(ask=ask(), slices=2, concurrency=1))
    assert lines(made, view.id) == {"raw": [("left", 6, day(1), day(6))], "clean": [("left", 6, day(1), day(6))]}
    made.drive()
    now = [("succeeded", 2, day(1), day(2)), ("left", 4, day(3), day(6))]
    assert lines(made, view.id) == {"raw": now, "clean": now}
    made.carry_out(view.id)
    assert lines(made, view.id)["clean"] == [("succeeded", 6, day(1), day(6))]


def test_what_failed_stays_failed_in_its_execution_and_the_rest_tells_why_it_did_not_run(made: Project) -> None:
    made.failing("raw 2024-01-03")
    view = executions.create(made.world, executions.Wanted(ask=ask()))
    made.carry_out(view.id)
    expected = {
        "raw": [("succeeded", 2, day(1), day(2)), ("failed", 1, day(3), day(3)), ("succeeded", 3, day(4), day(6))],
        "clean": [("succeeded", 2, day(1), day(2)), ("left_out", 1, day(3), day(3)), ("succeeded", 3, day(4), day(6))],
    }
    assert lines(made, view.id) == expected
    made.failing("raw 2024-01-03", fails=False)
    made.carry_out(executions.create(made.world, executions.Wanted(ask=ask())).id)
    assert lines(made, view.id) == expected


def test_what_was_not_made_is_run_again_as_a_new_execution_and_nothing_else(made: Project) -> None:
    made.failing("raw 2024-01-03")
    view = made.carry_out(executions.create(made.world, executions.Wanted(ask=ask(exact=True), priority=4)).id)
    assert view.outcome == "failed"
    made.failing("raw 2024-01-03", fails=False)
    (made.folder / "journal").unlink()
    again = repeating.rerun(made.world, view.id, by="ann")
    assert (again.total, again.priority, again.by, again.request) == (2, 4, "ann", view.request)
    assert made.carry_out(again.id).outcome == "succeeded"
    assert made.journal() == ["raw 2024-01-03", "clean 2024-01-03"]
    fresh = made.carry_out(executions.create(made.world, executions.Wanted(ask=ask("raw", exact=True))).id)
    with pytest.raises(errors.ConflictError, match="Nothing of the execution"):
        repeating.rerun(made.world, fresh.id)


def test_an_execution_that_goes_on_is_resumed_and_not_run_again(made: Project) -> None:
    view = executions.create(made.world, executions.Wanted(ask=ask()))
    with pytest.raises(errors.ConflictError, match="has not ended") as refused:
        repeating.rerun(made.world, view.id)
    assert "--retry-failed" in (refused.value.remedy or "")


def test_what_was_made_meanwhile_is_not_run_again(made: Project) -> None:
    made.failing("raw 2024-01-03")
    view = made.carry_out(executions.create(made.world, executions.Wanted(ask=ask())).id)
    made.failing("raw 2024-01-03", fails=False)
    made.carry_out(executions.create(made.world, executions.Wanted(ask=ask())).id)
    with pytest.raises(errors.ConflictError, match="is left to do"):
        repeating.rerun(made.world, view.id)


def test_intervals_of_a_backfill_are_segments_and_those_that_failed_are_run_again(made: Project) -> None:
    made.failing("work 2024-01-02")
    intervals = executions.Intervals(pipeline="yearly", chosen="2024-01-01..2024-01-04")
    wanted = executions.Wanted(kind="backfill", intervals=intervals, concurrency=2)
    view = executions.create(made.world, wanted)
    assert lines(made, view.id) == {"yearly": [("left", 4, day(1), day(4))]}
    made.carry_out(view.id)
    assert [each[:2] for each in lines(made, view.id)["yearly"]] == [("succeeded", 1), ("failed", 1), ("succeeded", 2)]
    made.failing("work 2024-01-02", fails=False)
    again = made.carry_out(repeating.rerun(made.world, view.id).id)
    assert (again.kind, again.outcome, again.total, again.concurrency) == ("backfill", "succeeded", 1, 2)


def test_a_cancelled_execution_tells_what_was_cancelled_and_that_can_be_run_again(made: Project) -> None:
    view = executions.create(made.world, executions.Wanted(ask=ask(), slices=2, concurrency=1))
    made.drive()
    executions.cancel(made.world, view.id)
    made.carry_out(view.id)
    assert [each[:2] for each in lines(made, view.id)["raw"]] == [("succeeded", 2), ("cancelled", 4)]
    again = made.carry_out(repeating.rerun(made.world, view.id).id)
    assert (again.outcome, again.total) == ("succeeded", 8)


def test_only_what_fills_a_selection_of_partitions_is_listed_as_such(made: Project) -> None:
    plain = executions.create(made.world, executions.Wanted(ask=planning.Ask(selection="raw")))
    chosen = executions.create(made.world, executions.Wanted(ask=ask("raw", exact=True)))
    intervals = executions.Intervals(pipeline="yearly", chosen="2024-01-01")
    backfill = executions.create(made.world, executions.Wanted(kind="backfill", intervals=intervals))
    listed = {row.id for row in made.world.ledger.executions(partitions=True)}
    assert listed == {chosen.id, backfill.id}
    assert plain.id in {row.id for row in made.world.ledger.executions()}


def test_very_many_segments_are_gathered_and_no_failure_is_lost() -> None:
    whole = partition_set.PartitionSet.range(0, 100_000)
    failed = partition_set.PartitionSet.of([5, 70_003])
    even = partition_set.PartitionSet.of(range(0, 100_000, 2)) - failed
    states = {"failed": failed, "succeeded": even, "left": whole - failed - even}
    found = line_states._segments(whole, states, None)  # type: ignore[arg-type]
    assert len(found) <= 1000
    assert found[0].start == 0
    assert found[-1].stop == 100_000
    assert all(before.stop == after.start for before, after in itertools.pairwise(found))
    assert sum(each.state == "failed" for each in found) == 2
