"""The selection language against a naive evaluation of random expressions on random graphs."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from weft.model import graph
from weft.model.partitions import IdentityMapping
from weft.model.selection import SelectionError, parse, select

GROUPS = ("g1", "g2")


@st.composite
def graphs(draw: st.DrawFn) -> graph.Graph:
    names = draw(st.permutations([f"a{number}" for number in range(draw(st.integers(1, 7)))]))
    assets, steps = {}, {}
    for place, name in enumerate(sorted(names)):
        upstream = draw(st.sets(st.sampled_from(sorted(names)[:place]))) if place else set()
        assets[name] = graph.Asset(
            key=name, step=name, group=draw(st.sampled_from(GROUPS)), tags=draw(st.sampled_from([{}, {"t": "1"}]))
        )
        dependencies = tuple(
            graph.Dependency(asset=each, mapping=IdentityMapping(), parameter=each) for each in sorted(upstream)
        )
        steps[name] = graph.Step(key=name, outputs=(name,), dependencies=dependencies)
    return graph.Graph(
        assets={name: assets[name] for name in names}, steps={name: steps[name] for name in reversed(names)}
    )


def naive(tree: tuple, within: graph.Graph) -> set[str]:
    """Evaluate the tree that an expression was written from."""
    match tree:
        case ("name", name):
            return {name}
        case ("group", group):
            return {key for key, asset in within.assets.items() if asset.group == group}
        case ("tag",):
            return {key for key, asset in within.assets.items() if "t" in asset.tags}
        case ("all",):
            return set(within.assets)
        case ("not", inner):
            return {key for key in within.assets if key not in naive(inner, within)}
        case ("and", left, right):
            return {key for key in naive(left, within) if key in naive(right, within)}
        case ("or", left, right):
            return {*naive(left, within), *naive(right, within)}
        case ("up", count, inner):
            return {
                key
                for key in within.assets
                if any(0 <= distance(key, end, within) <= count for end in naive(inner, within))
            }
        case ("down", count, inner):
            return {
                key
                for key in within.assets
                if any(0 <= distance(end, key, within) <= count for end in naive(inner, within))
            }
    raise AssertionError(tree)


def distance(above: str, below: str, within: graph.Graph) -> int:
    """The length of the shortest way from `above` down to `below`, -1 without one."""
    if above == below:
        return 0
    lengths = [distance(above, each.asset, within) for each in within.steps[below].dependencies]
    return min((length + 1 for length in lengths if length >= 0), default=-1)


def written(tree: tuple) -> str:
    match tree:
        case ("name", name):
            return name
        case ("group", group):
            return f"group:{group}"
        case ("tag",):
            return "tag:t=1"
        case ("all",):
            return "*"
        case ("not", inner):
            return f"not ({written(inner)})"
        case (("and" | "or") as operator, left, right):
            return f"({written(left)}) {operator} ({written(right)})"
        case ("up", count, inner):
            return f"{'' if count == 99 else count}+({written(inner)})"
        case ("down", count, inner):
            return f"({written(inner)})+{'' if count == 99 else count}"
    raise AssertionError(tree)


def trees(within: graph.Graph) -> st.SearchStrategy[tuple]:
    leaves = st.one_of(
        st.tuples(st.just("name"), st.sampled_from(sorted(within.assets))),
        st.tuples(st.just("group"), st.sampled_from(GROUPS)),
        st.just(("tag",)),
        st.just(("all",)),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(st.just("not"), inner),
            st.tuples(st.sampled_from(["and", "or"]), inner, inner),
            st.tuples(st.sampled_from(["up", "down"]), st.sampled_from([0, 1, 2, 99]), inner),
        ),
        max_leaves=6,
    )


@settings(deadline=None)
@given(st.data())
def test_selecting_agrees_with_naive_evaluation_and_keeps_the_order_of_the_graph(data: st.DataObject) -> None:
    within = data.draw(graphs())
    tree = data.draw(trees(within))
    found = select(written(tree), within)
    assert set(found) == naive(tree, within)
    assert len(found) == len(set(found))
    places = {key: place for place, key in enumerate(found)}
    for key in found:
        assert all(places[up] < places[key] for up in within.upstream(key) if up in places)


@settings(deadline=None)
@given(st.text(alphabet="ab *+|,()\"':/?[&!-0123456789\n\tnotadr", max_size=30))
def test_any_text_is_read_or_refused_with_a_column_within_it(text: str) -> None:
    refused: SelectionError | None = None
    try:
        parse(text)
    except SelectionError as error:
        refused = error
    assert refused is None or (0 <= refused.column <= len(text) and refused.problem)
