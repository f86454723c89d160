"""Which time the cloth shows where nobody says which."""

from datetime import UTC, datetime

from weft.model import partition_set
from weft.service.cloth import grid, threads, weaving

DAY = 86400.0
END = datetime(2013, 1, 1, tzinfo=UTC).timestamp()


def extent(*, oldest: float | None, torn: float | None = None, length: float = DAY) -> weaving.Extent:
    return weaving.Extent(oldest=oldest, newest=END, length=length, ends=END, torn=torn)


def days(found: grid.Grid) -> float:
    return (found.until - found.since) / DAY


def test_a_column_is_a_natural_length_and_as_many_are_shown_as_are_asked_for():
    found = weaving.grid_of(extent(oldest=END - 1000 * DAY), None, None, 80)
    assert (found.columns, days(found), found.until) == (80, 80, END)


def test_nothing_is_shown_before_the_oldest():
    found = weaving.grid_of(extent(oldest=END - 30 * DAY), None, None, 80)
    assert (found.columns, days(found)) == (30, 30)
    least = weaving.grid_of(extent(oldest=END - DAY), None, None, 80)
    assert (least.columns, days(least)) == (20, 20)


def test_it_begins_before_the_oldest_tear_with_more_columns_and_then_coarser_ones():
    near = weaving.grid_of(extent(oldest=END - 1000 * DAY, torn=END - 100 * DAY), None, None, 80)
    assert (near.columns, days(near)) == (105, 105)
    far = weaving.grid_of(extent(oldest=END - 5000 * DAY, torn=END - 900 * DAY), None, None, 80)
    assert far.columns == 240
    assert far.since <= END - 900 * DAY


def test_the_finest_length_that_is_not_only_a_few_threads_is_a_column():
    assert weaving._usual({DAY: 3, 7 * DAY: 1, 30 * DAY: 6}) == DAY
    assert weaving._usual({3600.0: 1, DAY: 20}) == DAY
    assert weaving._usual({}) == DAY


def test_what_was_not_made_in_this_time_is_one_piece_that_says_how_it_stands():
    shown = grid.Grid(since=int(END - 10 * DAY), until=int(END), columns=10)
    one = partition_set.PartitionSet.of([0])
    later = END + 1000 * DAY
    assert threads.of_versions(shown, (), {"stale": one}, later) == [(0, 9, "stale", 1)]
    assert threads.of_versions(shown, (), {"missing": one}, later) == []
    assert threads.of_versions(shown, (), {"stale": one}, END - DAY / 2) == [(9, 9, "stale", 1)]
