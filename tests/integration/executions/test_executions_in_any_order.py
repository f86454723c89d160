"""Executions under schedulers, runners, people and deaths in any order: what was agreed to is tried once.

The schedulers act on what they read a while ago, as two processes do that have read the same. Runs are simulated: they
begin, end or lose their owner when the machine says so.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from executing_project import DEFINITIONS
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from weft import wiring
from weft.model import errors, events
from weft.ports import ledger as ledgers
from weft.service import world as worlds
from weft.service.execution import executions
from weft.service.execution import turns as execution_turns
from weft.service.plan import planning
from weft.service.queue import queued
from weft.service.run import driving
from weft.stores import sqlite

INTERVALS = 7
_made: list[worlds.World] = []


def world_of() -> worlds.World:
    """The project's definitions with an empty ledger in memory."""
    if not _made:
        folder = Path(tempfile.mkdtemp())
        (folder / "defs.py").write_text(DEFINITIONS.replace('open(HERE / "journal", "a")', 'open("/dev/null", "a")'))
        (folder / "weft.toml").write_text('definitions = "defs.py"\n')
        made = wiring.open_world(wiring.Place(start=folder))
        made.ledger.close()
        _made.append(made)
    return replace(_made[0], ledger=sqlite.SqliteLedger(None), reopen=None, renew=lambda lease, expires: True)


class Backfill(RuleBasedStateMachine):
    """A backfill of intervals."""

    def __init__(self) -> None:
        super().__init__()
        self.world = world_of()
        self.bound = 3
        wanted = executions.Wanted(
            kind="backfill",
            intervals=executions.Intervals(pipeline="yearly", chosen=f"2024-01-01..2024-01-{INTERVALS:02}"),
            concurrency=self.bound,
        )
        self.id = executions.create(self.world, wanted).id
        self.retried = False
        self.cancelled = False
        self.stale: list[tuple[object, ...]] = []

    @property
    def phase(self) -> str:
        return executions.get(self.world, self.id).phase

    def open(self) -> list[ledgers.RunRow]:
        return [row for row in self.runs() if row.phase != "finished"]

    def runs(self) -> list[ledgers.RunRow]:
        return self.world.ledger.runs_of_execution(self.id)

    @rule()
    def a_scheduler_reads(self) -> None:
        (row,) = self.world.ledger.executions()
        state = self.world.ledger.execution_states([self.id]).get(self.id)
        self.stale.append((row, state, self.world.ledger.open_runs([self.id]).get(self.id, [])))

    @precondition(lambda self: self.stale)
    @rule(data=st.data())
    def a_scheduler_acts_on_what_it_read(self, data: st.DataObject) -> None:
        row, state, under_way = self.stale.pop(data.draw(st.integers(0, len(self.stale) - 1)))
        if row.phase != "finished":  # type: ignore[attr-defined]
            execution_turns._guarded(self.world, row, state, under_way, self.world.clock.now())  # type: ignore[arg-type]

    @rule()
    def two_schedulers_act_on_the_same(self) -> None:
        self.a_scheduler_reads()
        self.a_scheduler_takes_a_turn()
        row, state, under_way = self.stale.pop()
        if row.phase != "finished":  # type: ignore[attr-defined]
            execution_turns._guarded(self.world, row, state, under_way, self.world.clock.now())  # type: ignore[arg-type]

    @rule()
    def a_scheduler_takes_a_turn(self) -> None:
        before = len(self.open())
        executions.advance(self.world, self.world.clock.now())
        assert len(self.open()) <= max(before, self.bound)

    @rule(data=st.data())
    def a_run_begins(self, data: st.DataObject) -> None:
        waiting = [row for row in self.open() if row.phase == "created"]
        if waiting and self.phase == "running":
            row = data.draw(st.sampled_from(waiting))
            self.world.ledger.append([events.RunStarted(run=row.id, epoch=1)])

    @rule(data=st.data(), outcome=st.sampled_from(["succeeded", "succeeded", "failed"]))
    def a_run_ends(self, data: st.DataObject, outcome: events.Outcome) -> None:
        under_way = [row for row in self.open() if row.phase in ("running", "cancelling")]
        if under_way:
            row = data.draw(st.sampled_from(under_way))
            asked = row.phase == "cancelling"
            self.world.ledger.append(
                [
                    events.RunFinished(
                        run=row.id,
                        outcome="cancelled" if asked else outcome,
                        pipeline=row.pipeline,
                        partition=row.partition,
                    )
                ]
            )

    @rule(data=st.data())
    def a_run_comes_to_its_end(self, data: st.DataObject) -> None:
        self.a_run_begins(data)
        self.a_run_ends(data, "succeeded")

    @rule()
    def somebody_pauses_it(self) -> None:
        try:
            executions.pause(self.world, self.id)
        except errors.ConflictError:
            assert self.phase in ("cancelling", "finished")

    @rule(retry=st.booleans())
    def somebody_lets_it_go_on(self, retry: bool) -> None:
        try:
            executions.resume(self.world, self.id, retry_failed=retry)
            self.retried |= retry
        except errors.ConflictError:
            assert self.phase in ("cancelling", "finished")

    @rule(bound=st.integers(1, 5))
    def somebody_changes_its_bound(self, bound: int) -> None:
        if self.phase != "finished":
            self.bound = max(bound, 1)
            executions.change(self.world, self.id, concurrency=bound)

    @precondition(lambda self: not self.cancelled)
    @rule(chance=st.integers(0, 9))
    def somebody_cancels_it(self, chance: int) -> None:
        if chance == 0 and self.phase != "finished":
            executions.cancel(self.world, self.id)
            self.cancelled = True

    @invariant()
    def no_interval_is_tried_twice(self) -> None:
        names = [row.partition for row in self.runs()]
        if self.retried:
            again = {row.rerun_of for row in self.runs()}
            names = [row.partition for row in self.runs() if row.id not in again]
        assert len(names) == len(set(names))

    @invariant()
    def paused_and_ended_nothing_is_asked_for(self) -> None:
        if self.phase == "finished":
            assert not self.open()

    @invariant()
    def the_counts_add_up(self) -> None:
        view = executions.get(self.world, self.id)
        parts = view.done + view.running + view.waiting + view.left
        assert view.total == INTERVALS == parts

    def teardown(self) -> None:
        """It comes to its end once people leave it alone, with every interval tried."""
        if self.phase == "suspended":
            executions.resume(self.world, self.id)
        for _ in range(100):
            executions.advance(self.world, self.world.clock.now())
            if self.phase == "finished":
                break
            for row in self.open():
                self.world.ledger.append(
                    [
                        events.RunFinished(
                            run=row.id, outcome="succeeded", pipeline=row.pipeline, partition=row.partition
                        )
                    ]
                )
        view = executions.get(self.world, self.id)
        assert view.phase == "finished"
        if not self.cancelled:
            assert len({row.partition for row in self.runs()}) == INTERVALS
            assert view.succeeded + view.failed == INTERVALS
        assert self.world.ledger.verify().passed  # type: ignore[attr-defined]
        self.world.ledger.close()


class Plan(RuleBasedStateMachine):
    """A plan of assets in two locations, cut into slices, whose runs are driven for real; some of its bodies fail."""

    def __init__(self) -> None:
        super().__init__()
        self.world = world_of()
        self.world.locations = {"asset:raw": "east", "asset:clean": "west", "asset:total": "east"}
        wanted = executions.Wanted(
            ask=planning.Ask(selection="+clean", partitions="2024-01-01..2024-01-06"), slices=2, concurrency=2
        )
        self.id = executions.create(self.world, wanted).id

    @rule()
    def a_scheduler_takes_a_turn(self) -> None:
        executions.advance(self.world, self.world.clock.now())

    @rule(data=st.data())
    def a_run_is_driven(self, data: st.DataObject) -> None:
        row = executions.get(self.world, self.id)
        waiting = [each for each in self.world.ledger.runs_of_execution(self.id) if each.phase == "created"]
        if waiting and row.phase == "running":
            run = data.draw(st.sampled_from(waiting)).id
            queued.drive(self.world, run, driving.How(executor="inline", wait=False))

    @rule(data=st.data())
    def a_run_loses_its_owner_and_is_given_up(self, data: st.DataObject) -> None:
        waiting = [each for each in self.world.ledger.runs_of_execution(self.id) if each.phase == "created"]
        if waiting and sum(each.outcome == "crashed" for each in self.world.ledger.runs_of_execution(self.id)) < 3:
            run = data.draw(st.sampled_from(waiting)).id
            with self.world.ledger.transaction() as transaction:
                transaction.append([events.RunFinished(run=run, outcome="crashed", reason="its process died")])
                transaction.release(run)

    @rule()
    def somebody_pauses_it(self) -> None:
        if executions.get(self.world, self.id).phase in ("running", "suspended"):
            executions.pause(self.world, self.id)

    @rule()
    def somebody_lets_it_go_on(self) -> None:
        if executions.get(self.world, self.id).phase == "suspended":
            executions.resume(self.world, self.id)

    @invariant()
    def nothing_is_made_twice(self) -> None:
        made = [
            (event.step, event.partition)
            for _, _, event in self.world.ledger.events()
            if isinstance(event, events.StepSucceeded)
        ]
        assert len(made) == len(set(made))

    def teardown(self) -> None:
        """It comes to its end with everything made once."""
        if executions.get(self.world, self.id).phase == "suspended":
            executions.resume(self.world, self.id)
        for _ in range(60):
            executions.advance(self.world, self.world.clock.now())
            view = executions.get(self.world, self.id)
            if view.phase == "finished":
                break
            for row in self.world.ledger.runs_of_execution(self.id):
                if row.phase == "created":
                    queued.drive(self.world, row.id, driving.How(executor="inline", wait=False))
        assert (view.phase, view.outcome, view.succeeded) == ("finished", "succeeded", 12)
        self.nothing_is_made_twice()
        self.world.ledger.close()


_SETTINGS = settings(
    max_examples=100, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestBackfill = pytest.mark.slow(Backfill.TestCase)
TestBackfill.settings = _SETTINGS
TestPlan = pytest.mark.slow(Plan.TestCase)
TestPlan.settings = settings(_SETTINGS, max_examples=25)
