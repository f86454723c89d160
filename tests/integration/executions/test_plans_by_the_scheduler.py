"""Plans of assets that the scheduler carries out: saved ones, slices, several locations, races, pauses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from executing_project import Project, another_scheduler, project

from weft.model import control_events, errors, events
from weft.service.execution import executions
from weft.service.plan import applying, planning, saved_plans
from weft.service.queue import queued
from weft.service.run import driving


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Project]:
    with project(tmp_path) as found:
        yield found


RANGE = "2024-01-01..2024-01-06"


def ask(selection: str = "clean", **given: object) -> planning.Ask:
    return planning.Ask(selection=selection, partitions=RANGE, **given)  # type: ignore[arg-type]


def days(name: str, first: int = 1, last: int = 6) -> list[str]:
    return [f"{name} 2024-01-{day:02}" for day in range(first, last + 1)]


def test_a_plan_of_assets_is_one_run_that_holds_what_it_makes_while_it_waits(made: Project) -> None:
    view = executions.create(made.world, executions.Wanted(ask=ask("+clean")))
    (row,) = made.waiting()
    assert (row.steps, row.execution, row.pool) == (12, view.id, "default")
    assert {run for asset in ("raw", "clean") for run, _, _ in made.world.ledger.reservations(asset)} == {row.id}
    view = made.carry_out(view.id)
    assert (view.outcome, view.succeeded, view.total) == ("succeeded", 12, 12)
    assert sorted(made.journal()) == sorted(days("raw") + days("clean"))
    assert made.world.ledger.reserved_assets() == []


def test_a_saved_plan_is_applied_as_it_is(made: Project) -> None:
    saved = saved_plans.save_plan(made.world, ask("+clean"), by="ann")
    assert (saved.steps, saved.by, saved.request) == (12, "ann", "+clean --partitions 2024-01-01..2024-01-06")
    assert saved_plans.drifted(made.world, saved.id) == []
    view = made.carry_out(executions.create(made.world, executions.Wanted(saved=saved.id)).id)
    assert (view.outcome, view.plan) == ("succeeded", saved.id)
    (listed,) = saved_plans.ls(made.world)
    assert listed.execution == view.id


def test_a_saved_plan_that_drifted_is_refused_and_nothing_is_created(made: Project) -> None:
    saved = saved_plans.save_plan(made.world, ask("+clean"))
    made.carry_out(executions.create(made.world, executions.Wanted(ask=ask("raw"))).id)
    before = made.world.ledger.position()
    assert any("nothing to do" in told for told in saved_plans.drifted(made.world, saved.id))
    with pytest.raises(errors.DriftError, match="no longer holds"):
        executions.create(made.world, executions.Wanted(saved=saved.id))
    assert made.world.ledger.position() == before


def test_slices_are_runs_in_order_of_time(made: Project) -> None:
    view = executions.create(made.world, executions.Wanted(ask=ask("+clean"), slices=2, concurrency=2))
    assert [row.steps for row in made.waiting()] == [4, 4]
    view = made.carry_out(view.id)
    assert (view.outcome, view.succeeded) == ("succeeded", 12)
    assert len(made.log(events.RunCreated)) == 3
    assert sorted(made.journal()) == sorted(days("raw") + days("clean"))


def test_what_lies_below_slices_comes_last(made: Project) -> None:
    wanted = executions.Wanted(ask=planning.Ask(selection="+total"), slices=10)
    view = made.carry_out(executions.create(made.world, wanted).id)
    assert (view.outcome, view.total, view.succeeded) == ("succeeded", 63, 63)
    assert made.journal()[-1] == "total"
    assert len(made.log(events.RunCreated)) == 5


def test_a_failure_leaves_out_what_is_below_and_is_not_tried_again(made: Project) -> None:
    made.failing("raw 2024-01-03")
    view = made.carry_out(executions.create(made.world, executions.Wanted(ask=ask("+clean"), slices=2)).id)
    assert (view.outcome, view.succeeded, view.failed, view.left_out) == ("failed", 10, 1, 1)
    assert "raw [2024-01-03]" in view.reason
    assert made.journal().count("raw 2024-01-03") == 1


def test_what_failed_is_tried_once_more_with_what_is_below_when_it_is_asked_for(made: Project) -> None:
    made.failing("raw 2024-01-01")
    view = executions.create(made.world, executions.Wanted(ask=ask("+clean"), slices=3, concurrency=1))
    made.drive()
    executions.pause(made.world, view.id)
    assert executions.get(made.world, view.id).failed == 1
    made.failing("raw 2024-01-01", False)
    executions.resume(made.world, view.id, retry_failed=True)
    view = made.carry_out(view.id)
    assert (view.outcome, view.succeeded, view.failed, view.left_out) == ("succeeded", 12, 0, 0)


def test_parts_in_other_locations_run_there_and_in_order(made: Project) -> None:
    made.world.locations = {"asset:raw": "east", "asset:clean": "west", "asset:total": "east"}
    view = executions.create(made.world, executions.Wanted(ask=planning.Ask(selection="+total")))
    seen = []
    while executions.get(made.world, view.id).phase != "finished":
        executions.advance(made.world, made.now)
        rows = made.waiting()
        seen += [(row.location, row.steps) for row in rows]
        made.drive(rows)
    assert seen == [("east", 31), ("west", 31), ("east", 1)]
    assert executions.get(made.world, view.id).succeeded == 63


def test_a_failure_in_one_location_leaves_out_only_what_is_below_in_the_other(made: Project) -> None:
    made.world.locations = {"asset:raw": "east", "asset:clean": "west"}
    made.failing("raw 2024-01-02")
    view = made.carry_out(executions.create(made.world, executions.Wanted(ask=ask("+clean"))).id)
    assert (view.outcome, view.succeeded, view.failed, view.left_out) == ("failed", 10, 1, 1)
    assert "clean 2024-01-02" not in made.journal()
    assert made.journal().count("raw 2024-01-02") == 1


def test_what_another_run_is_making_is_waited_for(made: Project) -> None:
    first = executions.create(made.world, executions.Wanted(ask=ask("raw", exact=True)))
    second = executions.create(made.world, executions.Wanted(ask=ask("raw", exact=True)))
    assert len(made.waiting()) == 1
    assert second.waits_for
    assert made.carry_out(first.id).outcome == "succeeded"
    assert made.carry_out(second.id).outcome == "succeeded"
    assert len(made.journal()) == 12


def test_of_two_that_are_created_at_once_each_partition_is_made_once(made: Project) -> None:
    with another_scheduler(made) as other:
        prepared = [executions.prepare(world, executions.Wanted(ask=ask("raw"))) for world in (made.world, other)]
        found = []
        for world, each in zip((made.world, other), prepared, strict=True):
            with world.ledger.transaction() as transaction:
                created = executions.created(world, transaction, each)
                transaction.append(created.events)
            found.append(created.execution)
        for execution in found:
            assert made.carry_out(execution).outcome == "succeeded"
    assert sorted(made.journal()) == days("raw")


def test_a_plan_that_moved_between_is_not_created(made: Project) -> None:
    prepared = executions.prepare(made.world, executions.Wanted(ask=ask("raw")))
    made.carry_out(executions.create(made.world, executions.Wanted(ask=ask("raw"))).id)
    with pytest.raises(applying.PlanMovedError, match="raw changed"), made.world.ledger.transaction() as transaction:
        executions.created(made.world, transaction, prepared)
    assert len(executions.ls(made.world)) == 1


def test_a_run_whose_inputs_changed_while_it_waited_is_planned_again(made: Project) -> None:
    made.carry_out(executions.create(made.world, executions.Wanted(ask=ask("raw"))).id)
    view = executions.create(made.world, executions.Wanted(ask=ask("clean")))
    (waiting,) = made.waiting()
    applying.apply(
        made.world,
        planning.make_plan(made.world, planning.Ask(selection="raw", partitions="2024-01-02", exact=True)),
        driving.How(executor="inline"),
    )
    (told,) = made.drive([waiting])
    assert (told.outcome, told.succeeded) == ("cancelled", 0)
    assert made.world.ledger.runs_with_prefix(waiting.id)[0].reason == "moved: raw changed while it waited"
    view = made.carry_out(view.id)
    assert (view.outcome, view.succeeded) == ("succeeded", 6)


def test_a_run_that_waits_is_taken_back_when_its_execution_is_paused(made: Project) -> None:
    view = executions.create(made.world, executions.Wanted(ask=ask("+clean")))
    executions.pause(made.world, view.id)
    assert made.waiting() == []
    assert made.world.ledger.reserved_assets() == []
    assert not executions.advance(made.world, made.now)
    view = executions.resume(made.world, view.id)
    assert (view.waiting, view.cancelled) == (12, 0)
    view = made.carry_out(view.id)
    assert (view.outcome, view.succeeded, view.cancelled) == ("succeeded", 12, 0)


def test_a_run_under_way_ends_when_its_execution_is_paused_and_the_rest_is_made_later(made: Project) -> None:
    view = executions.create(made.world, executions.Wanted(ask=ask("+clean")))
    (row,) = made.waiting()
    begun, go_on = threading.Event(), threading.Event()

    def listener(batch: object) -> None:
        begun.set()
        go_on.wait(60)

    def drive() -> None:
        with another_scheduler(made) as runner:
            queued.drive(runner, row.id, driving.How(executor="inline", listener=listener))

    thread = threading.Thread(target=drive)
    thread.start()
    assert begun.wait(60)
    executions.pause(made.world, view.id)
    threading.Timer(2.5, go_on.set).start()  # the driver looks for requests once a second
    thread.join(30)
    assert not thread.is_alive()
    (ended,) = made.world.ledger.runs_with_prefix(row.id)
    assert (ended.outcome, ended.reason) == ("cancelled", "paused")
    assert 0 < len(made.journal()) < 12
    assert executions.advance(made.world, made.now)
    view = executions.get(made.world, view.id)
    assert (view.phase, view.cancelled) == ("suspended", 0)
    executions.resume(made.world, view.id)
    view = made.carry_out(view.id)
    assert (view.outcome, view.succeeded) == ("succeeded", 12)
    assert sorted(made.journal()) == sorted(days("raw") + days("clean"))


def test_only_the_partitions_that_were_named_are_made(made: Project) -> None:
    definition = made.world.graph.assets["raw"].partitions
    assert definition is not None
    from weft.model import partition_set

    only = {"raw": partition_set.PartitionSet.of([2, 4])}
    wanted = executions.Wanted(
        ask=planning.Ask(selection="raw"), only=only, kind="automation", automation="condition:raw"
    )
    view = made.carry_out(executions.create(made.world, wanted).id)
    assert (view.total, view.automation) == (2, "condition:raw")
    assert sorted(made.journal()) == ["raw 2024-01-03", "raw 2024-01-05"]


def test_the_states_in_the_log_are_those_of_the_table(made: Project) -> None:
    view = executions.create(made.world, executions.Wanted(ask=ask("raw")))
    executions.pause(made.world, view.id)
    executions.resume(made.world, view.id)
    made.carry_out(view.id)
    kinds = [type(event).__name__ for event in made.log() if isinstance(event, control_events.AnyControlEvent)]
    assert kinds == ["ExecutionCreated", "ExecutionPaused", "ExecutionResumed", "ExecutionFinished"]
    assert made.world.ledger.verify().passed  # type: ignore[attr-defined]


def test_a_saved_plan_that_is_removed_is_there_no_more_and_what_applied_it_is(made: Project) -> None:
    kept, other = (saved_plans.save_plan(made.world, ask("+clean")) for _ in range(2))
    view = executions.create(made.world, executions.Wanted(saved=kept.id))
    assert saved_plans.remove(made.world, kept.id[:8], by="ann").id == kept.id
    assert [each.id for each in saved_plans.ls(made.world)] == [other.id]
    for verb in (saved_plans.get, saved_plans.remove, saved_plans.drifted):
        with pytest.raises(errors.NotFoundError, match="no saved plan"):
            verb(made.world, kept.id)
    assert made.carry_out(view.id).outcome == "succeeded"
    assert executions.get(made.world, view.id).plan == kept.id
