"""The fold: total, and the same rows whatever the batches."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Sequence

from drawn_events import COLLIDING, TYPES
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.ledger import fold, tables, writes
from weft.model import events, stored
from weft.stores import connection, upserts

Batch = Sequence[events.Event]


def rows_of(batches: Sequence[Batch]) -> dict[str, list[tuple[object, ...]]]:
    """The projections after these batches."""
    made = connection.open_connection(None)
    position = 0
    for batch in batches:
        placed = [(position + place, 1000 + position + place, event) for place, event in enumerate(batch, 1)]
        position += len(batch)
        for kind, rows in fold.fold(placed):
            made.executemany(upserts.UPSERTS[kind], rows)
    found = {table: made.execute(f"SELECT * FROM {table}").fetchall() for table in tables.PROJECTIONS}
    made.close()
    return {table: sorted(rows, key=repr) for table, rows in found.items()}


@settings(max_examples=150, deadline=None)
@given(st.lists(COLLIDING, max_size=25), st.lists(st.integers(0, 25), max_size=4))
def test_how_events_are_batched_changes_no_row(history: list[events.Event], cuts: list[int]) -> None:
    one_by_one = rows_of([[event] for event in history])
    assert rows_of([history]) == one_by_one
    places = sorted({0, len(history), *(min(cut, len(history)) for cut in cuts)})
    batches = [history[start:stop] for start, stop in itertools.pairwise(places)]
    assert rows_of(batches) == one_by_one


def test_every_event_type_is_folded() -> None:
    assert set(fold._HANDLERS) == set(TYPES)


def test_every_kind_of_write_is_made_by_some_event_and_names_columns_of_a_projection() -> None:
    made = sqlite3.connect(":memory:")
    for script in tables.MIGRATIONS:
        made.executescript(script)
    for kind, write in writes.WRITES.items():
        assert write.table in tables.PROJECTIONS, kind
        known = {row[1]: row[5] for row in made.execute(f"PRAGMA table_info({write.table})")}
        assert set(write.columns) <= set(known), kind
        assert [name for name, place in known.items() if place] == list(write.key), kind
        assert write.table != "partition" or "changed" in write.replace, f"{kind} would be missed by summaries"
    made.close()


def test_every_table_is_of_exactly_one_kind() -> None:
    made = sqlite3.connect(":memory:")
    for script in tables.MIGRATIONS:
        made.executescript(script)
    found = {row[0] for row in made.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    made.close()
    named = [*tables.LOG, *tables.PROJECTIONS, *tables.CONTROL]
    assert sorted(found) == sorted(named)


def test_the_last_of_several_events_about_a_partition_is_what_counts() -> None:
    def made(version: str) -> events.StepSucceeded:
        output = events.Materialization(asset="a", value=stored.StoredValue(format="none", data_version=version))
        return events.StepSucceeded(run="r", step="a", outputs=(output,))

    failed = events.AttemptFailed(run="r", step="a", assets=("a",), error=events.Error(kind="E", message="no"))
    for history, outcome, version in (
        ([made("v1"), failed], "failed", 1),
        ([failed, made("v1")], "succeeded", 2),
        ([made("v1"), failed, made("v2")], "succeeded", 3),
        ([made("v1"), made("v2"), failed], "failed", 2),
    ):
        (row,) = rows_of([history])["partition"]
        assert (row[2], row[11]) == (version, outcome)
