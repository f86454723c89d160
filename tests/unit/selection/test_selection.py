"""The selection language: what expressions mean, and what is said of wrong ones."""

from __future__ import annotations

import pytest

from weft.model import graph, selection_syntax
from weft.model.partitions import IdentityMapping
from weft.model.selection import SelectionError, completions, needs_status, parse, select

IDENTITY = IdentityMapping()


def graph_of(edges: dict[str, list[str]], jobs: dict[str, str] | None = None, **facts: dict[str, dict]) -> graph.Graph:
    """A graph in which each key is made from those beside it; `facts` maps a field to values by key."""
    assets, steps = {}, {}
    for key, upstream in edges.items():
        given = {name: values[key] for name, values in facts.items() if key in values}
        external = upstream == ["outside"]
        assets[key] = graph.Asset(key=key, step=None if external else key, **given)
        if not external:
            dependencies = tuple(graph.Dependency(asset=each, mapping=IDENTITY, parameter=each) for each in upstream)
            steps[key] = graph.Step(key=key, outputs=(key,), dependencies=dependencies)
    named = {name: graph.Job(name=name, selection=text) for name, text in (jobs or {}).items()}
    return graph.Graph(assets=assets, steps=steps, jobs=named)


TRADING = graph_of(
    {
        "prices": ["outside"],
        "raw_trades": ["prices"],
        "raw_quotes": ["prices"],
        "trading/processed": ["raw_trades", "raw_quotes"],
        "trading/daily_metrics": ["trading/processed"],
        "reports/monthly": ["trading/daily_metrics"],
        "eu/summary": ["reports/monthly"],
        "us/summary": ["reports/monthly"],
    },
    jobs={"nightly": "+trading/daily_metrics", "loop": "job:pool", "pool": "job:loop", "bad": "status:stale"},
    group={"raw_trades": "raw", "raw_quotes": "raw", "trading/processed": "core"},
    tags={"raw_trades": {"slow": "", "tier": "1"}, "raw_quotes": {"tier": "2"}},
    owners={"raw_trades": ("team:trading",), "eu/summary": ("ann@x.org",)},
    kinds={"raw_trades": ("parquet", "sql"), "raw_quotes": ("sql",)},
)
RAW = ["raw_trades", "raw_quotes"]
ALL = list(TRADING.assets)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("*", ALL),
        ("raw_trades", ["raw_trades"]),
        ("daily_metrics", ["trading/daily_metrics"]),
        ("trading/daily_metrics", ["trading/daily_metrics"]),
        ("+raw_trades", ["prices", "raw_trades"]),
        ("1+daily_metrics", ["trading/processed", "trading/daily_metrics"]),
        ("2+daily_metrics", [*RAW, "trading/processed", "trading/daily_metrics"]),
        ("daily_metrics+1", ["trading/daily_metrics", "reports/monthly"]),
        ("+raw_trades+2", ["prices", "raw_trades", "trading/processed", "trading/daily_metrics"]),
        ("1+raw_trades+1", ["prices", "raw_trades", "trading/processed"]),
        ("0+raw_trades+0", ["raw_trades"]),
        ("daily_metrics+", ["trading/daily_metrics", "reports/monthly", "eu/summary", "us/summary"]),
        ("raw_*", RAW),
        ("daily*", ["trading/daily_metrics"]),
        ("*/summary", ["eu/summary", "us/summary"]),
        ("trading/*", ["trading/processed", "trading/daily_metrics"]),
        ('key:"trading/*"', ["trading/processed", "trading/daily_metrics"]),
        ("key:trading/processed|raw_trades", ["raw_trades", "trading/processed"]),
        ("'raw_trades'", ["raw_trades"]),
        ("group:raw", RAW),
        ("group:raw|core", [*RAW, "trading/processed"]),
        ("group:r*", RAW),
        ("group:nothing", []),
        ("group:raw+1", [*RAW, "trading/processed"]),
        ("+group:raw", ["prices", *RAW]),
        ("tag:slow", ["raw_trades"]),
        ("tag:tier", RAW),
        ("tag:tier=2", ["raw_quotes"]),
        ("tag:tier=*", RAW),
        ("owner:team:trading", ["raw_trades"]),
        ("owner:*@x.org", ["eu/summary"]),
        ("kind:sql and not tag:slow", ["raw_quotes"]),
        ("not (daily_metrics+ or +daily_metrics)", []),
        (
            "(raw_trades or monthly)+1",
            ["raw_trades", "trading/processed", "reports/monthly", "eu/summary", "us/summary"],
        ),
        ("raw_trades or raw_quotes and prices", ["raw_trades"]),
        ("raw_trades, raw_quotes", RAW),
        ("raw_quotes,raw_trades and prices", ["raw_quotes"]),
        ("NOT NOT raw_trades AND group:RAW or raw_quotes", ["raw_quotes"]),
        ("job:nightly", ["prices", *RAW, "trading/processed", "trading/daily_metrics"]),
        ("job:night* and group:raw", RAW),
    ],
)
def test_an_expression_selects(expression: str, expected: list[str]) -> None:
    assert select(expression, TRADING) == expected


def test_what_is_selected_comes_after_what_it_is_made_from_however_it_was_defined() -> None:
    built = graph_of({"c": ["b"], "b": ["a"], "a": [], "z": ["outside"]})
    assert select("*", built) == ["z", "a", "b", "c"]
    assert select("c, b", built) == ["b", "c"]


def test_a_status_is_asked_for_each_asset() -> None:
    statuses = {"raw_trades": frozenset({"stale", "overdue"}), "raw_quotes": frozenset({"failed"})}

    def status(key: str) -> frozenset[str]:
        return statuses.get(key, frozenset({"fresh"}))

    assert select("status:stale", TRADING, status) == ["raw_trades"]
    assert select("status:failed|overdue", TRADING, status) == RAW
    assert select("status:FAILED+1", TRADING, status) == ["raw_quotes", "trading/processed"]


def test_a_status_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(SelectionError, match="status of assets is not known"):
        select("status:stale", TRADING)


@pytest.mark.parametrize(
    ("expression", "needs"),
    [
        ("a", False),
        ("+(a and not status:stale)", True),
        ("job:bad", True),
        ("job:nightly", False),
        ("a, b or *", False),
    ],
)
def test_whether_a_selection_needs_statuses_is_known_beforehand(expression: str, needs: bool) -> None:
    assert needs_status(expression, TRADING) is needs


WRONG = [
    ("", 0, "empty"),
    ("a b", 2, "Expected `and`, `or`"),
    ("a or", 4, "ends where another name"),
    ("a and or b", 6, "is an operator"),
    ("(a or b", 0, "no '\\)' for this"),
    ("a or b)", 6, "no '\\(' for this"),
    ("(a b)", 3, "Expected `and`, `or` or '\\)'"),
    ("grop:x", 0, "no field 'grop'"),
    ("group:", 6, "Expected a value"),
    ("group: x", 7, "right behind"),
    ("group:a|", 8, "Expected a value"),
    ("status:stal", 7, "no status 'stal'"),
    ("a + b", 2, "right beside"),
    ("+", 0, "right behind the '\\+'"),
    ("++a", 1, "Expected the name"),
    ("3", 0, "is a number"),
    ("3 + a", 0, "is a number"),
    ('key:"a', 4, "quote is not closed"),
    ("a & b", 2, "is no operator"),
    ("!a", 0, "is no selection"),
    ("a | b", 2, "'\\|' only stands"),
    ("a, :b", 3, "means nothing here"),
    ("prices or raw_trade", 10, "no asset 'raw_trade'"),
    ("raw_trades or summary", 14, "may be 'eu/summary' or 'us/summary'"),
    ("key:raw_trade", 0, "no asset 'raw_trade'"),
    ("'raw_trade'", 0, "no asset 'raw_trade'"),
    ("job:nightl", 0, "no job 'nightl'"),
    ("job:loop", 0, "selects itself"),
]


@pytest.mark.parametrize(("expression", "column", "message"), WRONG)
def test_a_wrong_expression_points_at_the_column(expression: str, column: int, message: str) -> None:
    with pytest.raises(SelectionError, match=message) as caught:
        select(expression, TRADING)
    shown = str(caught.value).splitlines()
    assert caught.value.column == column
    assert shown[1] == f"  {expression}"
    assert shown[2] == "  " + " " * column + "^"


def test_unknown_names_suggest_near_ones() -> None:
    for expression, suggestion in [
        ("raw_trade", "Did you mean 'raw_trades'"),
        ("dayly_metrics", "'trading/daily_metrics'"),
        ("grop:x", "Did you mean 'group'?"),
        ("status:stal", "Did you mean 'stale'?"),
        ("job:nightl", "Did you mean 'nightly'?"),
        ("nightly", "`job:nightly`"),
        ("core", "`group:core`"),
    ]:
        with pytest.raises(SelectionError) as caught:
            select(expression, TRADING)
        assert suggestion in str(caught.value)


def test_reading_an_expression_makes_values_that_compare() -> None:
    assert parse("+a+2") == selection_syntax.Reach(
        selection_syntax.Named("a", 1, "+a+2"), selection_syntax.UNBOUNDED, 2
    )
    assert parse("*") == selection_syntax.All()


def test_deeply_nested_parentheses_are_refused_and_not_a_crash() -> None:
    with pytest.raises(SelectionError, match="nested"):
        parse("(" * 5000 + "a" + ")" * 5000)


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("raw_", ["raw_quotes", "raw_trades"]),
        ("+dai", ["+trading/daily_metrics"]),
        ("gr", ["group:"]),
        ("raw_trades or group:r", ["raw_trades or group:raw"]),
        ("group:raw|c", ["group:raw|core"]),
        ("status:s", ["status:stale"]),
        ("not (tag:t", ["not (tag:tier=1", "not (tag:tier=2"]),
        ("job:n", ["job:nightly"]),
    ],
)
def test_completions_go_on_from_what_is_typed(prefix: str, expected: list[str]) -> None:
    assert completions(prefix, TRADING) == expected
