"""Pages of runs: all of them together are the runs that match, newest first, each once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weft.model import events
from weft.ports import ledger as ledgers
from weft.ports import paging
from weft.stores import paging as paged
from weft.stores import sqlite

PIPELINES = ("etl", "orders", None)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[sqlite.SqliteLedger]:
    made = sqlite.SqliteLedger(tmp_path / "ledger.db", durability="normal")
    yield made
    made.close()


def _fill(ledger: sqlite.SqliteLedger, count: int) -> None:
    for number in range(count):
        run = f"{(number * 7919) % 100_000:05x}"
        ledger.append(
            [
                events.RunCreated(
                    run=run,
                    pipeline=PIPELINES[number % 3],
                    partition=f"2024-01-{number % 5 + 1:02}" if number % 2 else None,
                    location=("main", "other")[number % 4 == 0],
                    automation="schedule:etl" if number % 6 == 0 else "",
                    execution="e1" if number % 5 == 0 else "",
                    parent="p1" if number % 9 == 0 else "",
                    trigger="schedule" if number % 6 == 0 else "manual",
                    pool="default" if number % 2 else "",
                    request=f"asset_{number % 4}",
                )
            ]
        )
        if number % 7:
            ended = "failed" if number % 11 == 0 else "succeeded"
            ledger.append([events.RunStarted(run=run), events.RunFinished(run=run, outcome=ended)])


def _all(ledger: sqlite.SqliteLedger, wanted: paging.RunFilter, limit: int) -> list[ledgers.RunRow]:
    found: list[ledgers.RunRow] = []
    after = None
    while True:
        page = ledger.run_page(wanted, limit=limit, after=after)
        assert len(page.rows) <= limit
        found += page.rows
        if page.after is None:
            return found
        assert after is None or (page.after.at, page.after.id) < (after.at, after.id)
        after = page.after


def _matches(row: ledgers.RunRow, wanted: paging.RunFilter) -> bool:
    names = ("pipeline", "partition", "phase", "outcome", "automation", "location", "execution", "parent", "pool")
    told = (row.pipeline or "", row.partition or "", row.request)
    return (
        all(getattr(wanted, name) in (None, getattr(row, name)) for name in (*names, "trigger"))
        and (not wanted.live or row.phase != "finished")
        and (wanted.since is None or row.created >= wanted.since)
        and (wanted.until is None or row.created < wanted.until)
        and (not wanted.text or row.id.startswith(wanted.text) or any(wanted.text in each for each in told))
    )


def optional(*values: str) -> st.SearchStrategy[str | None]:
    return st.none() | st.sampled_from(values)


filters = st.builds(
    paging.RunFilter,
    pipeline=optional("etl", "orders", "none"),
    partition=optional("2024-01-02"),
    phase=optional("created", "finished"),
    outcome=optional("failed", "succeeded"),
    live=st.booleans(),
    automation=optional("schedule:etl", ""),
    location=optional("main", "other", ""),
    execution=optional("e1", ""),
    parent=optional("p1", ""),
    pool=optional("default", ""),
    trigger=optional("manual"),
    text=st.sampled_from(("", "asset_2", "et", "0", "2024", "%", "_")),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=filters, limit=st.integers(1, 40), bounds=st.tuples(st.integers(0, 59), st.integers(0, 59)))
def test_the_pages_of_a_filter_are_all_runs_that_match_newest_first_each_once(
    filled: sqlite.SqliteLedger, wanted: paging.RunFilter, limit: int, bounds: tuple[int, int]
) -> None:
    every = sorted(filled.runs(), key=lambda row: (row.created, row.id), reverse=True)
    wanted = paging.RunFilter(
        **{name: getattr(wanted, name) for name in paging.RunFilter.__slots__}
        | {"since": every[bounds[0]].created, "until": every[bounds[1]].created + 1}
        if bounds[0] >= bounds[1]
        else {name: getattr(wanted, name) for name in paging.RunFilter.__slots__}
    )
    assert _all(filled, wanted, limit) == [row for row in every if _matches(row, wanted)]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite.SqliteLedger]:
    made = sqlite.SqliteLedger(tmp_path_factory.mktemp("pages") / "ledger.db", durability="normal")
    _fill(made, 60)
    yield made
    made.close()


def test_a_page_looks_at_a_bounded_number_of_runs_and_says_where_to_go_on(
    filled: sqlite.SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paged, "_MOST_LOOKED_AT", 10)
    page = filled.run_page(paging.RunFilter(text="nothing has this name"), limit=50)
    assert not page.rows
    assert page.after is not None
    wanted = paging.RunFilter(text="asset_1", trigger="manual")
    assert _all(filled, wanted, 3) == [
        row
        for row in sorted(filled.runs(), key=lambda row: (row.created, row.id), reverse=True)
        if _matches(row, wanted)
    ]


def test_a_run_that_comes_in_at_the_top_moves_nothing_on_later_pages(ledger: sqlite.SqliteLedger) -> None:
    _fill(ledger, 20)
    first = ledger.run_page(paging.RunFilter(), limit=5)
    expected = ledger.run_page(paging.RunFilter(), limit=5, after=first.after)
    ledger.append([events.RunCreated(run="new", execution="")])
    assert ledger.run_page(paging.RunFilter(), limit=5, after=first.after) == expected


def test_the_log_is_read_by_position_run_and_type(ledger: sqlite.SqliteLedger) -> None:
    _fill(ledger, 10)
    every, end = ledger.logged(after=0, limit=1000)
    assert [each.position for each in every] == list(range(1, end + 1))
    some, upto = ledger.logged(after=3, limit=4)
    assert some == every[3:7]
    assert upto == 7
    run = every[0].run
    assert ledger.logged(after=0, limit=100, run=run)[0] == [each for each in every if each.run == run]
    created, upto = ledger.logged(after=0, limit=1000, types=["RunCreated"])
    assert created == [each for each in every if each.type == "RunCreated"]
    assert upto == end
    assert ledger.logged(after=end, limit=5) == ([], end)


def test_runs_that_live_are_counted_by_phase_and_pool(ledger: sqlite.SqliteLedger) -> None:
    _fill(ledger, 15)
    assert sum(ledger.live_counts().values()) == len(ledger.runs(live=True))
