"""Mappings against naive ones that look at one pair of partitions at a time."""

import functools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.model import partitions as p

NOW = datetime(2024, 3, 20, 12, tzinfo=UTC)
SYMBOLS = p.StaticPartitions(["AAPL", "FB", "IBM"])
REGIONS = p.StaticPartitions(["asia", "europe"])


def relation(mapping, down, up, naive, now=NOW):
    """Hold both ways of a mapping against `naive(d, u) -> bool`, for sets of several shapes."""
    downs = list(down.universe(now)) if down is not None else [0]
    ups = list(up.universe(now)) if up is not None else [0]
    pairs = {(d, u) for d in downs for u in ups if naive(d, u)}
    assert mapping.validate(down, up) is None
    shapes = [
        set(),
        set(downs),
        set(downs[::2]),
        set(downs[3:9]),
        set(downs[-2:]),
        set(downs[1:30:4]) | set(downs[-1:]),
    ]
    for chosen in shapes:
        made = mapping.upstream(p.PartitionSet.of(chosen), down, up, now)
        assert list(made) == sorted({u for d, u in pairs if d in chosen})
    for each in downs[:5] + downs[-3:]:
        assert list(mapping.upstream_of(each, down, up, now)) == sorted({u for d, u in pairs if d == each})
    shapes = [set(), set(ups), set(ups[::2]), set(ups[3:9]), set(ups[-2:]), set(ups[1:30:4]), {*ups[-1:], 10**6}]
    for chosen in shapes:
        made = mapping.downstream(p.PartitionSet.of(chosen), down, up, now)
        assert list(made) == sorted({d for d, u in pairs if u in chosen})
    if mapping.is_identity(down, up):
        assert downs == ups
        assert pairs == {(each, each) for each in downs}
    assert p.mapping_from_snapshot(mapping.snapshot()) == mapping


@st.composite
def grids(draw):
    start = draw(st.dates(date(2024, 2, 1), date(2024, 3, 10)))
    zone = draw(st.sampled_from(["UTC", "Europe/Vienna", "America/New_York"]))
    match draw(st.sampled_from(["hourly", "daily", "weekly", "monthly", "interval", "cron"])):
        case "hourly":
            return p.HourlyPartitions(max(start, date(2024, 3, 9)), timezone=zone)
        case "daily":
            return p.DailyPartitions(start, timezone=zone, hour_offset=draw(st.sampled_from([0, 0, 6])))
        case "weekly":
            return p.WeeklyPartitions(start - timedelta(days=60), timezone=zone)
        case "monthly":
            return p.MonthlyPartitions(start - timedelta(days=200), timezone=zone)
        case "interval":
            return p.IntervalPartitions(start, timezone=zone, every=timedelta(hours=draw(st.sampled_from([5, 50]))))
        case _:
            return p.CronPartitions("0 9 * * 1-5", start, timezone=zone)


@settings(max_examples=60, deadline=None)
@given(grids(), grids())
def test_a_partition_reads_the_windows_that_overlap_its_own(down, up):
    def spans(definition):
        windows = [definition.window(each) for each in definition.universe(NOW)]
        return [(each.start.timestamp(), each.end.timestamp()) for each in windows]

    downs, ups = spans(down), spans(up)

    def overlap(d, u):
        return max(downs[d][0], ups[u][0]) < min(downs[d][1], ups[u][1])

    relation(p.TimeWindowMapping(), down, up, overlap)
    assert isinstance(p.default_mapping(down, up), (p.TimeWindowMapping, p.IdentityMapping))


@settings(max_examples=60, deadline=None)
@given(grids(), grids(), st.integers(-4, 3), st.integers(-4, 3))
def test_offsets_move_the_ends_of_what_is_read(down, up, start_offset, end_offset):
    @functools.cache
    def bounds(k):
        return up.start_of(k), up.end_of(k)

    def read(d, u):
        if down.cadence == up.cadence and isinstance(up, p.CronPartitions):
            # Windows of one grid are known by their keys, also before the first upstream one.
            apart = positions[bounds(u)[0]] - positions[down.start_of(d)]
            return start_offset <= apart <= end_offset
        # The windows that overlap d are [low, high), counted without regard to what exists.
        one = (down.start_of(d), down.end_of(d))
        if d not in cache:
            candidates = range(-50 if up.unbounded else 0, len(up.universe(NOW)) + 10)
            cache[d] = [k for k in candidates if bounds(k)[0] < one[1] and bounds(k)[1] > one[0]]
        overlapping = cache[d]
        if not overlapping:
            return False
        return overlapping[0] + start_offset <= u <= overlapping[-1] + end_offset

    longer = p.CronPartitions("0 9 * * 1-5", "2024-01-01", timezone=up.timezone)
    positions = {longer.start_of(each): each for each in longer.universe(NOW)}
    cache = {}
    if down.universe(NOW) and len(down.universe(NOW)) < 60:
        relation(p.TimeWindowMapping(start_offset, end_offset), down, up, read)


CASES_OF_GRAINS = [
    (p.MonthlyPartitions("2023-01-01"), p.DailyPartitions("2023-01-01"), "2024-02", ("2024-02-01", "2024-02-29", 29)),
    (p.MonthlyPartitions("2023-01-01"), p.DailyPartitions("2023-01-01"), "2023-02", ("2023-02-01", "2023-02-28", 28)),
    (p.DailyPartitions("2023-01-01"), p.MonthlyPartitions("2023-01-01"), "2023-12-31", ("2023-12", "2023-12", 1)),
    (
        p.DailyPartitions("2024-01-01"),
        p.HourlyPartitions("2024-01-01"),
        "2024-01-05",
        ("2024-01-05T00:00", "2024-01-05T23:00", 24),
    ),
    (p.WeeklyPartitions("2024-01-01"), p.DailyPartitions("2024-01-01"), "2024-02-26", ("2024-02-26", "2024-03-03", 7)),
    (p.MonthlyPartitions("2024-01-01"), p.WeeklyPartitions("2024-01-01"), "2024-02", ("2024-01-29", "2024-02-26", 5)),
    (
        p.HourlyPartitions("2024-01-01"),
        p.DailyPartitions("2024-01-01"),
        "2024-01-05T23:00",
        ("2024-01-05", "2024-01-05", 1),
    ),
    (p.DailyPartitions("2024-02-01"), p.DailyPartitions("2024-01-01"), "2024-02-10", ("2024-02-10", "2024-02-10", 1)),
]


@pytest.mark.parametrize(("down", "up", "key", "expected"), CASES_OF_GRAINS)
def test_known_grains(down, up, key, expected):
    keys = up.keys(p.default_mapping(down, up).upstream_of(down.ordinal(key), down, up, NOW))
    assert (keys[0], keys[-1], len(keys)) == expected


def test_yesterday_is_one_before_across_a_leap_day_and_has_no_first():
    daily = p.DailyPartitions("2024-01-01")
    yesterday = p.TimeWindowMapping(start_offset=-1, end_offset=-1)
    relation(yesterday, daily, daily, lambda d, u: u == d - 1)
    assert daily.keys(yesterday.upstream_of(daily.ordinal("2024-03-01"), daily, daily, NOW)) == ["2024-02-29"]
    assert not yesterday.upstream_of(0, daily, daily, NOW)
    assert not yesterday.is_identity(daily, daily)


@given(st.integers(-50, 5), st.integers(-50, 5))
def test_a_moving_window_of_days(start_offset, end_offset):
    down, up = p.DailyPartitions("2024-02-01"), p.DailyPartitions("2024-01-15", "2024-03-10")
    relation(
        p.TimeWindowMapping(start_offset, end_offset), down, up, lambda d, u: start_offset <= u - (d + 17) <= end_offset
    )


@pytest.mark.parametrize(("start_offset", "end_offset"), [(0, 0), (-1, -1), (-2, 0), (1, 1), (0, -1), (1, -2)])
def test_sessions_are_related_by_their_date(start_offset, end_offset):
    pytest.importorskip("exchange_calendars")
    sessions = p.CalendarPartitions("XNYS", "2024-02-10")
    vienna = p.DailyPartitions("2024-02-12", timezone="Europe/Vienna")
    mapping = p.TimeWindowMapping(start_offset, end_offset)
    dates = vienna.keys(vienna.universe(NOW))
    keys = sessions.keys(sessions.universe(NOW + timedelta(days=60)))

    # Positions [low, high) of the sessions on a date: empty, between two, on a day without one.
    lows = [sum(key < day for key in keys) for day in dates]
    highs = [sum(key <= day for key in keys) for day in dates]
    relation(mapping, vienna, sessions, lambda d, u: lows[d] + start_offset <= u < highs[d] + end_offset)
    first = date(2024, 2, 12)

    def days(session):
        low = (date.fromisoformat(sessions.key(session)) - first).days
        return low + start_offset, low + 1 + end_offset

    relation(mapping, sessions, vienna, lambda d, u: days(d)[0] <= u < days(d)[1])


def test_identity_is_by_key_where_definitions_differ():
    one, two = p.StaticPartitions(["a", "b", "c"]), p.StaticPartitions(["c", "x", "a"])
    relation(p.IdentityMapping(), one, two, lambda d, u: one.key(d) == two.key(u))
    assert not p.IdentityMapping().is_identity(one, two)
    long, short = p.DailyPartitions("2024-01-01"), p.DailyPartitions("2024-02-01", "2024-03-01")
    relation(p.IdentityMapping(), long, short, lambda d, u: long.key(d) == short.key(u))
    relation(p.IdentityMapping(), short, long, lambda d, u: short.key(d) == long.key(u))
    relation(p.IdentityMapping(), long, long, lambda d, u: d == u)
    relation(p.IdentityMapping(), None, None, lambda d, u: True)
    ended = p.DailyPartitions("2024-01-01", "2024-02-01")
    assert ended.fingerprint == long.fingerprint
    assert not p.IdentityMapping().is_identity(long, ended), "they have not the same ones at any time"


def test_all_last_and_specific():
    daily = p.DailyPartitions("2024-03-01")
    for down, up in ((SYMBOLS, daily), (daily, SYMBOLS), (None, daily), (daily, None), (None, None)):
        relation(p.AllMapping(), down, up, lambda d, u: True)
        last = up.universe(NOW).last if up is not None else 0
        relation(p.LastMapping(), down, up, lambda d, u, last=last: u == last)
    relation(p.SpecificMapping(["2024-03-03", "2024-03-05"]), SYMBOLS, daily, lambda d, u: u in (2, 4))
    assert "2024-02-28" in p.SpecificMapping(["2024-02-28"]).validate(SYMBOLS, daily)
    assert "none" in p.SpecificMapping(["a"]).validate(SYMBOLS, None)


def test_a_static_table():
    table = p.StaticMapping({"asia": "FB", "europe": ["AAPL", "IBM"]})
    relation(table, REGIONS, SYMBOLS, lambda d, u: (d == 0) == (u == 1))
    assert "amerika" in p.StaticMapping({"amerika": "FB"}).validate(REGIONS, SYMBOLS)
    assert "SAP" in p.StaticMapping({"asia": "SAP"}).validate(REGIONS, SYMBOLS)


DATES = p.DailyPartitions("2024-03-01")
PRICES = p.MultiPartitions({"date": DATES, "symbol": SYMBOLS})


def parts(partitions, ordinal):
    return partitions.parts(partitions.key(ordinal))


def test_one_dimension_of_several():
    relation(p.DimensionMapping("date"), DATES, PRICES, lambda d, u: parts(PRICES, u)["date"] == DATES.key(d))
    relation(p.DimensionMapping("date"), PRICES, DATES, lambda d, u: parts(PRICES, d)["date"] == DATES.key(u))
    relation(p.DimensionMapping("symbol"), SYMBOLS, PRICES, lambda d, u: parts(PRICES, u)["symbol"] == SYMBOLS.key(d))
    relation(p.DimensionMapping("symbol"), PRICES, SYMBOLS, lambda d, u: parts(PRICES, d)["symbol"] == SYMBOLS.key(u))


def test_dimension_to_dimension():
    days = p.DailyPartitions("2024-02-20")
    grid = p.MultiPartitions({"symbol": SYMBOLS, "region": REGIONS, "day": days})
    by_name = p.DimensionMapping(["symbol"])
    relation(by_name, PRICES, grid, lambda d, u: parts(PRICES, d)["symbol"] == parts(grid, u)["symbol"])
    both = p.DimensionMapping(["symbol", p.DimensionPair(down="date", up="day")])

    def same(d, u):
        one, two = parts(PRICES, d), parts(grid, u)
        return one["symbol"] == two["symbol"] and one["date"] == two["day"]

    relation(both, PRICES, grid, same)
    relation(p.DimensionMapping({"symbol": "symbol", "date": "day"}), PRICES, grid, same)
    yesterday = p.DimensionMapping({"date": p.TimeWindowMapping(-1, -1), "symbol": None})

    def day_before(d, u):
        one, two = parts(PRICES, d), parts(PRICES, u)
        gap = date.fromisoformat(one["date"]) - date.fromisoformat(two["date"])
        return one["symbol"] == two["symbol"] and gap == timedelta(days=1)

    relation(yesterday, PRICES, PRICES, day_before)
    assert not yesterday.is_identity(PRICES, PRICES)
    assert p.DimensionMapping(["date", "symbol"]).is_identity(PRICES, PRICES)


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(0, 2099)), st.integers(0, 3))
def test_several_dimensions_of_any_shape(chosen, step):
    wide = p.MultiPartitions(
        {"n": p.StaticPartitions([f"n{each}" for each in range(300)]), "region": p.StaticPartitions(list("abcdefg"))}
    )
    chosen |= set(range(0, 2100, step * 7 + 2)) if step else set()
    ordinals = p.PartitionSet.of(chosen)
    swapped = p.MultiPartitions({"region": wide.dimension("region"), "n": wide.dimension("n")})
    mapping = p.DimensionMapping(["n", "region"])
    expected = {(each % 7) * 300 + each // 7 for each in chosen}
    assert list(mapping.upstream(ordinals, wide, swapped, NOW)) == sorted(expected)
    assert list(mapping.downstream(p.PartitionSet.of(expected), wide, swapped, NOW)) == sorted(chosen)
    assert set(wide.project(ordinals, "n")) == {each // 7 for each in chosen}
    assert set(wide.project(ordinals, "region")) == {each % 7 for each in chosen}
    assert wide.keys(ordinals) == [wide.key(each) for each in ordinals]


@pytest.mark.parametrize(
    ("down", "up", "kind"),
    [
        (None, None, "identity"),
        (None, DATES, "all"),
        (DATES, None, "all"),
        (DATES, p.DailyPartitions("2024-03-01", "2024-03-05"), "identity"),
        (DATES, p.MonthlyPartitions("2024-01-01"), "time_window"),
        (SYMBOLS, REGIONS, None),
        (SYMBOLS, DATES, None),
        (DATES, PRICES, "dimension"),
        (PRICES, SYMBOLS, "dimension"),
        (p.MonthlyPartitions("2024-01-01"), PRICES, "dimension"),
        (REGIONS, PRICES, None),
        (PRICES, p.MultiPartitions({"day": DATES, "region": REGIONS}), "dimension"),
        (PRICES, p.MultiPartitions({"date": p.MonthlyPartitions("2024-01-01"), "symbol": SYMBOLS}), "dimension"),
        (PRICES, p.MultiPartitions({"date": SYMBOLS, "region": REGIONS}), None),
        (p.DynamicPartitions("a"), p.DynamicPartitions("a"), "identity"),
        (p.DynamicPartitions("a"), p.DynamicPartitions("b"), None),
    ],
)
def test_the_mapping_when_nothing_is_said(down, up, kind):
    found = p.default_mapping(down, up)
    assert (found.kind if found is not None else None) == kind


@pytest.mark.parametrize(
    ("mapping", "down", "up", "says"),
    [
        (p.TimeWindowMapping(), SYMBOLS, DATES, "3 static partitions"),
        (p.TimeWindowMapping(), DATES, None, "no partitions"),
        (p.IdentityMapping(), DATES, SYMBOLS, "none in common"),
        (p.IdentityMapping(), None, SYMBOLS, "none in common"),
        (p.StaticMapping({"a": "b"}), None, SYMBOLS, "AllMapping"),
        (p.DimensionMapping("dates"), DATES, PRICES, "'dates'"),
        (p.DimensionMapping("date"), SYMBOLS, PRICES, "no default mapping"),
        (p.DimensionMapping({"date": p.TimeWindowMapping()}), SYMBOLS, PRICES, "static"),
        (p.DimensionMapping("date"), None, PRICES, "AllMapping"),
    ],
)
def test_a_mapping_that_cannot_relate_says_why(mapping, down, up, says):
    assert says in mapping.validate(down, up)


def test_using_a_mapping_that_cannot_relate_is_refused():
    with pytest.raises(p.PartitionsError, match="TimeWindowMapping relates windows"):
        p.TimeWindowMapping().upstream_of(0, SYMBOLS, DATES, NOW)


def test_only_what_exists_upstream_is_read():
    monthly, daily = p.MonthlyPartitions("2024-01-01"), p.DailyPartitions("2024-01-10")
    read = p.TimeWindowMapping().upstream_of(2, monthly, daily, NOW)
    assert daily.keys(read)[-1] == "2024-03-19"
    assert daily.keys(p.TimeWindowMapping().upstream_of(0, monthly, daily, NOW))[0] == "2024-01-10"
