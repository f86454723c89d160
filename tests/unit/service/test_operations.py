"""Operations: taken once, answered by who has them, given up in time."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.model import errors
from weft.ports import operating as ports
from weft.service.server import operations
from weft.stores import sqlite
from weft.testing import clock as clocks

NOW = 1_700_000_000_000_000
SECOND = 1_000_000
CLOCK = clocks.FakeClock(datetime.fromtimestamp(NOW / 1e6, UTC))


@pytest.fixture
def ledger():
    made = sqlite.SqliteLedger()
    yield made
    made.close()


def asked(ledger, *, at=NOW, kind="verify"):
    return operations.request(ledger, kind, operations.NoAsk(), location="", by="anna", now=at)


def view(ledger, row):
    return operations.view(ledger, operations.find(ledger, row.id), CLOCK)


def test_two_workers_never_do_the_same(ledger):
    first, second = asked(ledger), asked(ledger, at=NOW + 1)
    taken = [operations.take(ledger, "main", holder=holder, now=NOW + SECOND) for holder in ("a", "b", "c")]
    assert [row and row.id for row in taken] == [first.id, second.id, None]


def test_what_waits_for_a_location_is_taken_by_its_workers_alone(ledger):
    with pytest.raises(errors.UsageError, match="no code location 'nowhere'"):
        operations.request(ledger, "gc", operations.GcAsk(), location="nowhere", by="", now=NOW)
    assert ledger.operations(limit=10) == []
    row = ports.OperationRow(id="1", kind="gc", location="main", ask=b"{}", by="", created=NOW)
    with ledger.transaction() as transaction:
        transaction.add_operation(row, keep_from=0)
    assert operations.take(ledger, "second", holder="a", now=NOW) is None
    assert operations.take(ledger, "main", holder="a", now=NOW) == row


def test_only_who_has_it_answers_and_only_once(ledger):
    row = asked(ledger)
    operations.take(ledger, "main", holder="a", now=NOW)
    operations.succeeded(ledger, row, b'"wrong"', holder="b", now=NOW)
    assert view(ledger, row).state == "running"
    operations.succeeded(ledger, row, b'"right"', holder="a", now=NOW)
    problem = operations.Problem(code="late", message="too late")
    operations.failed(ledger, row, problem, holder="a", now=NOW)
    found = view(ledger, row)
    assert (found.state, found.outcome, found.answer, found.problem) == ("finished", "succeeded", "right", None)


def test_what_is_cancelled_stays_so_whatever_its_worker_says(ledger):
    row = asked(ledger)
    operations.take(ledger, "main", holder="a", now=NOW)
    operations.cancel(ledger, row, by="anna", now=NOW)
    operations.succeeded(ledger, row, b"1", holder="a", now=NOW)
    assert view(ledger, row).outcome == "cancelled"
    with pytest.raises(errors.ConflictError, match="has ended"):
        operations.cancel(ledger, row, by="anna", now=NOW)


def test_why_it_failed_is_told_with_what_to_do(ledger):
    row = asked(ledger)
    operations.take(ledger, "main", holder="a", now=NOW)
    problem = operations.Problem(code="usage", message="That is wrong.", remedy="Do this.")
    operations.failed(ledger, row, problem, holder="a", now=NOW)
    found = view(ledger, row)
    assert (found.outcome, found.answer, found.problem) == ("failed", None, problem)


def test_what_nobody_took_within_an_hour_is_not_begun_any_more(ledger):
    row = asked(ledger)
    late = NOW + int(operations.WAITS_SECONDS + 1) * SECOND
    assert operations.take(ledger, "main", holder="a", now=late) is None
    assert operations.standing(operations.find(ledger, row.id), late) == ("finished", "expired")


def test_one_whose_worker_fell_silent_is_lost_and_not_done_again(ledger):
    row = asked(ledger)
    operations.take(ledger, "main", holder="a", now=NOW)
    late = NOW + int(operations.SECONDS["verify"] + 100) * SECOND
    assert operations.standing(operations.find(ledger, row.id), late) == ("finished", "lost")
    assert operations.take(ledger, "main", holder="b", now=late) is None


def test_old_ones_are_let_go_of(ledger):
    old = asked(ledger)
    asked(ledger, at=NOW + int(operations.KEPT_SECONDS + 1) * SECOND)
    with pytest.raises(errors.NotFoundError):
        operations.find(ledger, old.id)


def test_what_waits_without_a_worker_says_so(ledger):
    assert "no worker is there" in view(ledger, asked(ledger)).waits_for


@given(
    begun=st.none() | st.integers(0, 100), finished=st.none() | st.integers(0, 100),
    until=st.integers(0, 200), now=st.integers(0, 10**10),
)  # fmt: skip
def test_it_has_an_outcome_exactly_when_it_has_finished(begun, finished, until, now):
    row = ports.OperationRow(
        id="1", kind="gc", location="", ask=msgspec.json.encode(None), by="", created=0, begun=begun,
        until=until, finished=finished, outcome="succeeded" if finished is not None else "",
    )  # fmt: skip
    state, outcome = operations.standing(row, now)
    assert (state == "finished") == (outcome is not None)


def test_a_bulk_action_is_not_lost_with_its_process_but_with_its_day(ledger):
    row = ports.OperationRow(
        id="1", kind="bulk", location="", ask=b'{"runs": ["a"], "count": 1}', by="anna", created=NOW
    )
    with ledger.transaction() as transaction:
        transaction.add_operation(row, keep_from=0)
        transaction.take_operation(row.id, holder="a", at=NOW, until=NOW + SECOND)
    (left,) = ledger.open_operations("bulk")
    assert operations.take(ledger, "main", holder="worker", now=NOW) is None
    assert operations.standing(left, NOW + 3600 * SECOND) == ("running", None)
    assert operations.standing(left, NOW + 86401 * SECOND) == ("finished", "lost")
    assert view(ledger, row).ask == {"count": 1}  # the runs may be very many


def test_of_two_that_go_on_with_what_another_left_one_does(ledger):
    row = asked(ledger)
    operations.take(ledger, "main", holder="a", now=NOW)
    with ledger.transaction() as transaction:
        assert transaction.take_over_operation(row.id, was="a", holder="b", until=NOW + SECOND)
        assert not transaction.take_over_operation(row.id, was="a", holder="c", until=NOW + SECOND)
        assert not transaction.tell_operation(row.id, holder="a", answer=b"1", until=NOW)
        assert transaction.tell_operation(row.id, holder="b", answer=b"1", until=NOW)
    operations.succeeded(ledger, row, b"2", holder="b", now=NOW)
    with ledger.transaction() as transaction:
        assert not transaction.take_over_operation(row.id, was="b", holder="c", until=NOW)
    assert ledger.open_operations("verify") == []
