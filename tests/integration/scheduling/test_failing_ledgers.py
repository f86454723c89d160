"""A scheduler whose ledger fails for a while, as on a full disk: what was not decided is decided afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from weft.model import errors
from weft.service.scheduling import by_assets, deciding, roll

DEFINED = """
import weft

@weft.asset
def a():
    return 1

@weft.task
def work():
    return 1

@weft.dag(schedule="0 * * * *", start_date="2024-01-15T12:00", catchup=True)
def etl():
    work()

@weft.dag(schedule=[a])
def following():
    work()
"""


def fail(*given, **named):
    raise errors.LedgerError("The disk is full.")


@pytest.fixture
def scheduler(yard):
    yard.define(DEFINED)
    made = yard.scheduler()
    yard.turns(made)
    return made


def fail_thrice(scheduler):
    for _ in range(3):
        with pytest.raises(errors.LedgerError):
            scheduler.turn()


def test_ticks_that_could_not_be_written_are_decided_later_each_once(yard, scheduler, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(deciding, "record", fail)
        yard.clock.advance(timedelta(minutes=60))
        fail_thrice(scheduler)
        yard.clock.advance(timedelta(minutes=60))
        fail_thrice(scheduler)
    yard.turns(scheduler)
    assert yard.decisions("etl") == [("started", "15 13:00", 1), ("started", "15 14:00", 1)]
    yard.clock.advance(timedelta(minutes=60))
    yard.turns(scheduler)
    assert yard.decisions("etl")[2:] == [("started", "15 15:00", 1)]


def test_news_of_assets_that_could_not_be_decided_are_decided_later(yard, scheduler, materialize, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(by_assets, "look", fail)
        materialize("a")
        fail_thrice(scheduler)
    yard.turns(scheduler)
    assert len(yard.runs("following")) == 1
    materialize("a")
    yard.turns(scheduler)
    assert len(yard.runs("following")) == 2


def test_definitions_that_could_not_be_taken_up_are_taken_up_later(yard, monkeypatch):
    yard.define(DEFINED)
    made = yard.scheduler()
    with monkeypatch.context() as patched:
        patched.setattr(roll.Roll, "_place", fail)
        fail_thrice(made)
    yard.turns(made)
    yard.clock.advance(timedelta(minutes=60))
    yard.turns(made)
    assert yard.decisions("etl") == [("started", "15 13:00", 1)]
