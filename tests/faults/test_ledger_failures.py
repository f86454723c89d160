"""A ledger that fails under a driver: the run stops, and the same process may go on with it afterwards."""

from __future__ import annotations

import contextlib
import random
import threading

import pytest

from weft.model import errors, events
from weft.runtime import heartbeat, owners
from weft.service.plan import applying, planning
from weft.service.run import driving, recovering
from weft.testing import simulator

ASK = planning.Ask(keep_going=True)
HOW = driving.How(executor="simulated")


def simulation(seed: int) -> simulator.Simulation:
    return simulator.simulate(simulator.draw_graph(random.Random(seed), plain=True), seed, simulator.Chances())


@pytest.mark.parametrize("seed", range(8))
def test_after_a_failed_commit_the_same_process_resumes_its_run(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    found = simulation(seed)
    world, whole = found.world, simulator.MortalLedger.transaction
    turn = iter(range(1000))
    fails_at = 1 + seed % 2

    @contextlib.contextmanager
    def full(self):
        with whole(self) as transaction:
            yield transaction
            if next(turn) == fails_at:
                raise errors.LedgerError("The disk that holds the ledger is full.", remedy="Free some space.")

    monkeypatch.setattr(simulator.MortalLedger, "transaction", full)
    with pytest.raises(errors.LedgerError, match="full"):
        applying.apply(world, planning.make_plan(world, ASK), HOW, ask=ASK)
    (left,) = recovering.interrupted(world)
    assert recovering.resumable(world, left, ASK)
    view = recovering.resume(world, left, HOW)
    assert view is not None
    assert view.outcome == "succeeded"
    assert not planning.make_plan(world, ASK).steps
    assert not recovering.interrupted(world)
    assert found.ledger.verify().passed


def test_after_a_failed_commit_a_new_apply_does_not_wait_for_its_own_process() -> None:
    found = simulation(2)
    found.ledger.dies_at = 2
    with pytest.raises(simulator.Killed):
        applying.apply(found.world, planning.make_plan(found.world, ASK), HOW, ask=ASK)
    told: list[str] = []
    how = driving.How(executor="simulated", waiting=told.append)
    applying.apply(found.world, planning.make_plan(found.world, ASK), how, ask=ASK)
    assert {run.outcome for run in found.ledger.runs()} == {"crashed", "succeeded"}
    assert not planning.make_plan(found.world, ASK).steps


def test_a_run_that_this_process_drives_is_not_taken_for_dead() -> None:
    me = owners.myself()
    with owners.driving("r"):
        assert not owners.is_dead(me, run="r", expires=0, now=1)
    assert owners.is_dead(me, run="r", expires=10, now=1)


def test_an_owner_elsewhere_is_dead_once_its_lease_has_ended() -> None:
    elsewhere = owners.Owner(host="elsewhere.invalid", boot="b", pid=1, started=1)
    assert not owners.is_dead(elsewhere, run="r", expires=10, now=10)
    assert owners.is_dead(elsewhere, run="r", expires=10, now=11)


def test_an_owner_of_another_boot_or_another_start_is_dead_at_once() -> None:
    me = owners.myself()
    for boot, started in (("another boot", me.started), (me.boot, me.started + 1)):
        other = owners.Owner(host=me.host, boot=boot, pid=me.pid, started=started)
        assert owners.is_dead(other, run="r", expires=10**18, now=0)
    assert owners.decode(me.encode()) == me


def test_a_lease_that_was_renewed_after_all_is_not_taken_over() -> None:
    found = simulation(3)
    found.ledger.dies_at = 2
    with pytest.raises(simulator.Killed):
        applying.apply(found.world, planning.make_plan(found.world, ASK), HOW, ask=ASK)
    (left,) = recovering.interrupted(found.world)
    lease = found.ledger.lease(left.row.id)
    with found.ledger.transaction() as transaction:
        transaction.set_lease(
            type(lease)(run=lease.run, epoch=lease.epoch, owner=lease.owner, expires=lease.expires + 1)
        )
    assert recovering.resume(found.world, left, HOW) is None
    assert not [event for _, event in found.log() if isinstance(event, events.RunStarted) and event.epoch > 1]


def test_a_ledger_that_fails_at_one_beat_is_asked_again_at_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "_RENEW_SECONDS", 0.001)
    answers = iter([errors.LedgerError("full"), True, errors.LedgerError("full"), False])
    lost = threading.Event()

    def renew() -> bool:
        answer = next(answers)
        if isinstance(answer, errors.LedgerError):
            raise answer
        return answer

    beating = heartbeat.Heartbeat(renew, lost.set)
    beating.start()
    assert lost.wait(60)
    beating.stop()
    assert not list(answers)
