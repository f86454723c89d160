"""Backfills of a pipeline's intervals that the scheduler carries out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from executing_project import Project, another_scheduler, project

from weft.model import errors, events
from weft.ports import clock as clocks
from weft.ports import locations
from weft.runtime import owners
from weft.service.execution import executions
from weft.service.execution import turns as execution_turns
from weft.service.plan import planning


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Project]:
    with project(tmp_path) as found:
        yield found


def month(**given: object) -> executions.Wanted:
    asked = {"pipeline": "yearly", "chosen": "2024-01-01..2024-01-10", **given}
    return executions.Wanted(kind="backfill", intervals=executions.Intervals(**asked), concurrency=3)  # type: ignore[arg-type]


def test_each_interval_runs_once_and_the_execution_ends(made: Project) -> None:
    view = executions.create(made.world, month())
    assert (view.phase, view.total, view.waiting, view.left) == ("running", 10, 3, 7)
    view = made.carry_out(view.id)
    assert (view.phase, view.outcome, view.succeeded, view.left) == ("finished", "succeeded", 10, 0)
    assert sorted(made.journal()) == [f"work 2024-01-{day:02}" for day in range(1, 11)]
    created = made.log(events.RunCreated)
    assert {event.execution for event in created} == {view.id}
    assert {event.trigger for event in created} == {"backfill"}


def test_nothing_to_do_has_ended_at_once(made: Project) -> None:
    made.carry_out(executions.create(made.world, month()).id)
    view = executions.create(made.world, month())
    assert (view.phase, view.outcome, view.reason, view.total) == ("finished", "succeeded", "nothing to do", 0)


def test_no_more_runs_are_unfinished_than_the_bound_says(made: Project) -> None:
    view = executions.create(made.world, month())
    for _ in range(3):
        executions.advance(made.world, made.now)
        assert len(made.waiting()) == 3
    made.drive(made.waiting()[:1])
    assert executions.advance(made.world, made.now)
    assert len(made.waiting()) == 3
    view = executions.change(made.world, view.id, concurrency=5)
    assert len(made.waiting()) == 5
    assert view.concurrency == 5


def test_without_a_scheduler_it_says_that_it_waits_for_one(made: Project) -> None:
    view = executions.create(made.world, month())
    assert any("no scheduler is there" in each for each in view.waits_for)
    now = clocks.microseconds(made.world.clock.now())
    alive = locations.WorkerRow(
        id="s", kind="scheduler", owner=owners.myself().encode(), started=now, seen=now, body=b"{}"
    )
    made.world.ledger.put_worker_seen(alive)
    assert executions.get(made.world, view.id).waits_for == []
    died = msgspec.structs.replace(owners.myself(), started=1)
    made.world.ledger.remove_worker_seen("s")
    made.world.ledger.put_worker_seen(dataclasses.replace(alive, id="t", owner=died.encode()))
    assert executions.get(made.world, view.id).waits_for


def test_newest_first_begins_with_the_latest(made: Project) -> None:
    executions.create(made.world, month(newest_first=True))
    assert {row.partition for row in made.waiting()} == {"2024-01-10", "2024-01-09", "2024-01-08"}


def test_a_failure_is_told_and_not_tried_again(made: Project) -> None:
    made.failing("work 2024-01-04")
    view = made.carry_out(executions.create(made.world, month()).id)
    assert (view.outcome, view.succeeded, view.failed) == ("failed", 9, 1)
    assert view.reason == "1 of 10 failed: yearly [2024-01-04]"
    assert made.journal().count("work 2024-01-04") == 1


def test_fail_fast_begins_nothing_after_a_failure(made: Project) -> None:
    made.failing("work 2024-01-01")
    wanted = executions.Wanted(
        intervals=executions.Intervals(pipeline="yearly", chosen="2024-01-01..2024-01-10"),
        keep_going=False,
        concurrency=1,
    )
    view = made.carry_out(executions.create(made.world, wanted).id)
    assert (view.outcome, view.succeeded, view.failed) == ("failed", 0, 1)
    assert made.journal() == ["work 2024-01-01"]


def test_what_failed_runs_once_more_when_it_is_asked_for(made: Project) -> None:
    made.failing("work 2024-01-02")
    view = executions.create(made.world, month())
    made.drive()
    executions.pause(made.world, view.id)
    made.failing("work 2024-01-02", False)
    executions.resume(made.world, view.id, retry_failed=True)
    view = made.carry_out(view.id)
    assert (view.outcome, view.succeeded, view.failed) == ("succeeded", 10, 0)
    assert made.journal().count("work 2024-01-02") == 2
    assert all(made.journal().count(f"work 2024-01-{day:02}") == 1 for day in range(3, 11))


def test_reprocess_failed_keeps_the_run_before(made: Project) -> None:
    made.failing("work 2024-01-02")
    made.carry_out(executions.create(made.world, month()).id)
    made.failing("work 2024-01-02", False)
    view = made.carry_out(executions.create(made.world, month(reprocess="failed")).id)
    assert (view.total, view.succeeded) == (1, 1)


def test_an_interval_that_another_run_made_meanwhile_is_passed(made: Project) -> None:
    view = executions.create(made.world, month())
    other = executions.create(made.world, month(chosen="2024-01-10"))
    assert made.carry_out(other.id).succeeded == 1
    view = made.carry_out(view.id)
    assert (view.outcome, view.succeeded, view.passed) == ("succeeded", 9, 1)
    assert made.journal().count("work 2024-01-10") == 1


def test_a_pipeline_that_depends_on_its_past_goes_one_by_one_and_stops_at_a_failure(made: Project) -> None:
    made.failing("work 2024-01-03")
    view = executions.create(made.world, month(pipeline="chained"))
    assert len(made.waiting()) == 1
    view = made.carry_out(view.id)
    assert made.journal() == ["work 2024-01-01", "work 2024-01-02", "work 2024-01-03"]
    assert (view.outcome, view.succeeded, view.failed, view.left_out) == ("failed", 2, 1, 7)


def test_paused_nothing_begins_and_resumed_it_goes_on(made: Project) -> None:
    view = executions.create(made.world, month())
    view = executions.pause(made.world, view.id, by="ann")
    assert (view.phase, view.waits_for) == ("suspended", ["it is paused"])
    assert made.waiting() == []
    assert not executions.advance(made.world, made.now)
    view = executions.resume(made.world, view.id)
    assert view.phase == "running"
    assert made.carry_out(view.id).succeeded == 10


def test_cancelled_it_ends_with_what_it_did(made: Project) -> None:
    view = executions.create(made.world, month())
    made.drive()
    view = executions.cancel(made.world, view.id, by="ann")
    view = made.carry_out(view.id)
    assert (view.phase, view.outcome, view.reason) == ("finished", "cancelled", "cancelled after 3 of 10")
    assert len(made.journal()) == 3
    with pytest.raises(errors.ConflictError):
        executions.resume(made.world, view.id)


def test_a_priority_moves_what_waits(made: Project) -> None:
    low = executions.create(made.world, month(chosen="2024-01-01..2024-01-02"))
    high = executions.create(made.world, month(chosen="2024-01-03..2024-01-04"))
    executions.change(made.world, high.id, priority=7, by="ann")
    assert [row.execution for row in made.waiting()] == [high.id, high.id, low.id, low.id]


def test_wrong_requests_are_refused_with_all_that_is_wrong(made: Project) -> None:
    with pytest.raises(errors.UsageError, match=r"concurrency is 0.*reprocess is 'odd'"):
        executions.create(
            made.world,
            executions.Wanted(
                intervals=executions.Intervals(pipeline="yearly", chosen="*", reprocess="odd"),  # type: ignore[arg-type]
                concurrency=0,
            ),
        )
    with pytest.raises(errors.UsageError, match="nothere"):
        executions.create(made.world, executions.Wanted(intervals=executions.Intervals(pipeline="nothere", chosen="*")))
    assert executions.ls(made.world) == []


def test_of_two_schedulers_that_saw_the_same_one_is_turned_away(made: Project) -> None:
    view = executions.create(made.world, month())
    made.drive()
    with another_scheduler(made) as other:
        (row,) = other.ledger.executions()
        seen = other.ledger.execution_states([view.id])[view.id], other.ledger.open_runs([view.id]).get(view.id, [])
        assert executions.advance(made.world, made.now)
        assert not execution_turns._guarded(other, row, *seen, made.now)
    names = [event.partition for event in made.log(events.RunCreated) if isinstance(event, events.RunCreated)]
    assert len(names) == len(set(names)) == 6


def test_an_interval_that_another_run_is_at_is_waited_for_and_not_run_twice(made: Project) -> None:
    first = executions.create(made.world, month(chosen="2024-01-01..2024-01-02"))
    second = executions.create(made.world, month(chosen="2024-01-01..2024-01-03"))
    assert {(row.execution, row.partition) for row in made.waiting()} == {
        (first.id, "2024-01-01"), (first.id, "2024-01-02"), (second.id, "2024-01-03"),
    }  # fmt: skip
    made.drive([row for row in made.waiting() if row.execution == second.id])
    _, waits = executions.get(made.world, second.id).waits_for  # the first is that no scheduler is there
    assert waits.endswith("is making what it makes next")
    made.drive()
    view = made.carry_out(second.id)
    assert (view.outcome, view.succeeded, view.passed) == ("succeeded", 1, 2)
    assert sorted(made.journal()) == ["work 2024-01-01", "work 2024-01-02", "work 2024-01-03"]


def test_the_executions_of_a_pipeline_are_its_backfills_and_the_plans_that_ran_it(made: Project) -> None:
    own = executions.create(made.world, month())
    chained = dataclasses.replace(month(), intervals=executions.Intervals(pipeline="chained", chosen="2024-01-01"))
    executions.create(made.world, chained)
    executions.create(made.world, executions.Wanted(ask=planning.Ask(selection="raw", partitions="2024-01-01")))
    applied = executions.create(
        made.world, executions.Wanted(ask=planning.Ask(selection="kind:pipeline", partitions="2024-01-20"))
    )
    made.carry_out(applied.id)
    ledger = made.world.ledger
    assert [row.id for row in ledger.executions(pipeline="yearly")] == [applied.id, own.id]
    assert [row.id for row in ledger.executions(pipeline="yearly", limit=1)] == [applied.id]
    assert not ledger.executions(pipeline="year")
    assert ledger.executions(pipeline="yearly", live=True) == [
        row for row in ledger.executions(live=True) if row.id == own.id
    ]
