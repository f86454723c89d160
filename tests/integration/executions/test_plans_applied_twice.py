"""A saved plan is carried out once: who applies it while it is being applied is refused, and told by whom."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from executing_project import Project, another_scheduler, project

from weft.model import errors
from weft.service.execution import executions
from weft.service.plan import planning, saved_plans

ASK = planning.Ask(selection="+clean", partitions="2024-01-01..2024-01-06")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Project]:
    with project(tmp_path) as found:
        yield found


def test_a_plan_that_is_being_applied_is_refused_and_the_execution_named(made: Project) -> None:
    saved = saved_plans.save_plan(made.world, ASK)
    first = executions.create(made.world, executions.Wanted(saved=saved.id))
    with pytest.raises(errors.ConflictError, match=first.id):
        executions.create(made.world, executions.Wanted(saved=saved.id, priority=3))
    with pytest.raises(errors.ConflictError, match=first.id):
        executions.create(made.world, executions.Wanted(saved=saved.id, what_holds=True))
    assert [each.id for each in executions.ls(made.world)] == [first.id]


def test_a_plan_that_was_cancelled_before_anything_ran_can_be_applied_again(made: Project) -> None:
    saved = saved_plans.save_plan(made.world, ASK)
    first = executions.create(made.world, executions.Wanted(saved=saved.id))
    executions.cancel(made.world, first.id)
    assert executions.get(made.world, first.id).phase == "finished"
    view = made.carry_out(executions.create(made.world, executions.Wanted(saved=saved.id)).id)
    assert (view.outcome, view.succeeded) == ("succeeded", 12)


def test_of_many_who_apply_a_plan_at_once_one_does_and_the_others_are_told_which(made: Project) -> None:
    saved = saved_plans.save_plan(made.world, ASK)
    together = threading.Barrier(6)
    created: list[str] = []
    refused: list[str] = []
    broken: list[BaseException] = []

    def apply() -> None:
        try:
            with another_scheduler(made) as world:
                together.wait(60)
                try:
                    created.append(executions.create(world, executions.Wanted(saved=saved.id)).id)
                except errors.ConflictError as error:
                    refused.append(error.message)
        except BaseException as error:
            broken.append(error)

    threads = [threading.Thread(target=apply) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not broken
    (one,) = created
    assert len(refused) == 5
    assert all(one in told for told in refused)
    view = made.carry_out(one)
    assert (view.outcome, view.succeeded) == ("succeeded", 12)
    assert len(made.journal()) == 12


def test_a_race_that_gets_past_the_first_look_is_refused_by_the_second(made: Project) -> None:
    saved = saved_plans.save_plan(made.world, ASK)
    prepared = executions.prepare(made.world, executions.Wanted(saved=saved.id))
    first = executions.create(made.world, executions.Wanted(saved=saved.id))
    with pytest.raises(errors.ConflictError, match=first.id), made.world.ledger.transaction() as transaction:
        executions.created(made.world, transaction, prepared)
    assert [each.id for each in executions.ls(made.world)] == [first.id]
