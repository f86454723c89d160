"""Runs over time, their code, and two of them side by side, from the events of a ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from weft.model import errors, events, facts, stored
from weft.ports import ledger as ledgers
from weft.service.run import comparing, run_code, timelines
from weft.stores import sqlite

SECOND = 1_000_000
BEGAN = 1_700_000_000 * SECOND


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[sqlite.SqliteLedger]:
    made = sqlite.SqliteLedger(tmp_path / "ledger.db")
    yield made
    made.close()


def _value(text: str) -> stored.StoredValue:
    return stored.StoredValue(format="text", data_version=f"s1:{text}", inline=text.encode(), size=len(text))


def _done(run: str, step: str, *, item: str = "", after: int = 0, took: int = 1, value: str = "v") -> events.Event:
    return events.StepSucceeded(
        run=run, step=step, item=item, started=BEGAN + after * SECOND, duration=took * SECOND,
        task=facts.TaskResult(value=_value(value)),
    )  # fmt: skip


def _row(ledger: sqlite.SqliteLedger, run: str) -> ledgers.RunRow:
    row = ledger.run(run)
    assert row is not None
    return row


def _begun(run: str, **given: object) -> list[events.Event]:
    created = events.RunCreated(run=run, execution=run, pipeline="p", **given)  # type: ignore[arg-type]
    return [created, events.RunStarted(run=run)]


def test_every_attempt_of_a_step_run_is_told_with_the_log_that_it_wrote(ledger: sqlite.SqliteLedger) -> None:
    segment = events.LogSegment(file="r/w.log", start=0, end=9)
    ledger.append(
        [
            *_begun("r"),
            events.AttemptsStarted(run="r", step="p:a", items=("",)),
            events.AttemptFailed(
                run="r", step="p:a", started=BEGAN, duration=SECOND, retry_at=BEGAN + 5 * SECOND, log=segment
            ),
            events.AttemptsStarted(run="r", step="p:a", items=("",), attempt=2),
        ]
    )
    view = timelines.timeline(ledger, _row(ledger, "r"), now=BEGAN + 9 * SECOND)
    (step,) = view.steps
    assert step.rows is not None
    (row,) = step.rows
    assert [(each.attempt, each.outcome, each.log) for each in row.tries] == [(1, "failed", "4"), (2, "", None)]
    assert row.tries[0].ended == (BEGAN + SECOND) / 1000
    assert (row.state, step.ended, view.ended) == ("running", None, None)


def test_a_step_that_waits_for_its_retry_says_until_when(ledger: sqlite.SqliteLedger) -> None:
    ledger.append(
        [
            *_begun("r"),
            events.AttemptsStarted(run="r", step="p:a"),
            events.AttemptFailed(run="r", step="p:a", started=BEGAN, duration=1, retry_at=BEGAN + 60 * SECOND),
        ]
    )
    (step,) = timelines.timeline(ledger, _row(ledger, "r"), now=BEGAN).steps
    assert step.rows is not None
    assert (step.rows[0].state, step.rows[0].until) == ("retrying", (BEGAN + 60 * SECOND) / 1000)


def test_a_step_with_many_step_runs_is_folded_until_it_is_asked_for(ledger: sqlite.SqliteLedger) -> None:
    count = timelines.FOLDED_ABOVE + 1
    items = tuple(str(each) for each in range(count))
    ledger.append(
        [
            *_begun("r"),
            events.StepMapped(run="r", step="p:m", count=count),
            events.AttemptsStarted(run="r", step="p:m", items=items),
            *(_done("r", "p:m", item=item, after=int(item)) for item in items),
            events.RunFinished(run="r", outcome="succeeded"),
        ]
    )
    (step,) = timelines.timeline(ledger, _row(ledger, "r"), now=BEGAN).steps
    assert (step.rows, step.count, step.states) == (None, count, {"succeeded": count})
    assert step.last is not None
    assert step.last.item == items[-1]
    (whole,) = timelines.timeline(ledger, _row(ledger, "r"), now=BEGAN, step="m").steps
    assert whole.rows is not None
    assert [each.item for each in whole.rows] == list(items)
    with pytest.raises(errors.NotFoundError, match="nothing"):
        timelines.timeline(ledger, _row(ledger, "r"), now=BEGAN, step="nothing")


def test_what_nobody_told_of_when_a_run_ended_was_lost(ledger: sqlite.SqliteLedger) -> None:
    ledger.append(
        [
            *_begun("r"),
            events.AttemptsStarted(run="r", step="p:a"),
            events.RunFinished(run="r", outcome="crashed"),
        ]
    )
    (step,) = timelines.timeline(ledger, _row(ledger, "r"), now=BEGAN).steps
    assert step.states == {"lost": 1}


def test_two_runs_differ_in_what_was_asked_and_made_and_in_nothing_else(ledger: sqlite.SqliteLedger) -> None:
    for run, day, made in (("one", "1", "x"), ("two", "2", "y")):
        ledger.append(
            [
                *_begun(run, params=msgspec.Raw(msgspec.json.encode({"day": day, "top": 3}))),
                events.AttemptsStarted(run=run, step="p:same"),
                events.AttemptsStarted(run=run, step="p:other"),
                _done(run, "p:same", took=2),
                _done(run, "p:other", value=made),
                events.RunFinished(run=run, outcome="succeeded"),
            ]
        )
    found = comparing.compare(ledger, _row(ledger, "one"), _row(ledger, "two"))
    assert [(each.name, each.different) for each in found.params] == [("day", True), ("top", False)]
    assert [(each.name, each.before, each.after) for each in found.values] == [("p:other", "x", "y")]
    assert (found.alike["values"], found.left_out["values"], found.code) == (1, 0, [])
    assert [(each.step, each.before and each.before.seconds) for each in found.steps] == [("p:same", 2), ("p:other", 1)]


def test_a_step_that_failed_in_one_run_and_is_not_in_the_other_is_told(ledger: sqlite.SqliteLedger) -> None:
    error = events.Error(kind="KeyError", message="'price'", traceback="")
    ledger.append(
        [
            *_begun("one"),
            events.AttemptsStarted(run="one", step="p:a"),
            events.AttemptFailed(run="one", step="p:a", started=BEGAN, duration=1, error=error),
            events.RunFinished(run="one", outcome="failed"),
            *_begun("two"),
            events.RunFinished(run="two", outcome="succeeded"),
        ]
    )
    found = comparing.compare(ledger, _row(ledger, "one"), _row(ledger, "two"))
    (pair,) = found.steps
    assert pair.before is not None
    assert (pair.before.state, pair.after) == ("failed", None)
    assert found.errors == ["KeyError: 'price'", ""]


def test_a_run_whose_source_is_not_kept_has_no_code_but_says_which_is_missing(ledger: sqlite.SqliteLedger) -> None:
    done = events.StepSucceeded(run="r", step="p:a", task=facts.TaskResult(value=None, code="tree1:gone"))
    ledger.append([*_begun("r", definitions="tree1:abcdef1234"), events.AttemptsStarted(run="r", step="p:a"), done])
    found = run_code.code_of(ledger, _row(ledger, "r"))
    assert (found.version, found.items, found.missing) == ("abcdef12", [], ["tree1:gone"])
