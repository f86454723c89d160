"""The graphs of several locations as one, and what differs between two versions of a definition."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from weft.model import graph as graphs
from weft.model import pipelines
from weft.service.server import definition_versions, locations


def graph(made: set[str], read: set[str], names: set[str] = frozenset()) -> graphs.Graph:  # type: ignore[assignment]
    assets = {key: graphs.Asset(key=key, step=key) for key in sorted(made)}
    assets |= {key: graphs.Asset(key=key, step=None) for key in sorted(read - made)}
    return graphs.Graph(
        assets=assets,
        steps={key: graphs.Step(key=key, outputs=(key,)) for key in sorted(made)},
        pipelines={name: pipelines.Pipeline(name=name, kind="dag") for name in sorted(names)},
    )


KEYS = st.sets(st.sampled_from("abcdef"))


@given(st.lists(st.tuples(KEYS, KEYS), max_size=4))
def test_an_asset_is_that_of_the_location_that_makes_it_whatever_the_order(parts):
    taken: set[str] = set()
    given_parts: dict[str, graphs.Graph] = {}
    for number, (made, read) in enumerate(parts):
        given_parts[f"l{number}"] = graph(made - taken, read)
        taken |= made
    merged, places = locations.merge(given_parts)
    backwards, _ = locations.merge(dict(reversed(given_parts.items())))
    assert set(merged.assets) == {key for each in given_parts.values() for key in each.assets}
    assert set(merged.steps) == taken
    for key, asset in merged.assets.items():
        makers = [name for name, each in given_parts.items() if key in each.steps]
        assert (asset.step is not None) == bool(makers)
        assert backwards.assets[key].step == asset.step
        if makers:
            assert [places[f"asset:{key}"]] == makers
        else:
            assert key in given_parts[places[f"asset:{key}"]].assets


def test_pipelines_are_found_in_their_locations():
    merged, places = locations.merge({"x": graph({"a"}, set(), {"p"}), "y": graph(set(), {"a"}, {"q"})})
    assert list(merged.pipelines) == ["p", "q"]
    assert (places["pipeline:p"], places["pipeline:q"], places["asset:a"]) == ("x", "y", "x")


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["key", "p", "q"]), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON)
def test_two_documents_differ_exactly_when_something_is_told(before, after):
    found = list(definition_versions.changes(before, after))
    if before == after:
        assert found == []
    else:
        assert found or sorted(map(repr, before)) == sorted(map(repr, after)), (
            "only the order of named members is not told"
        )


def test_a_difference_names_step_edge_and_policy():
    before = {"steps": [{"key": "load", "policies": {"retries": 0}, "after": [{"step": "extract"}]}], "catchup": False}
    after = {
        "steps": [{"key": "load", "policies": {"retries": 3}, "after": [{"step": "clean"}]}, {"key": "clean"}],
        "catchup": True,
    }
    told = {
        (each.path, each.kind, str(each.before), str(each.after)) for each in definition_versions.changes(before, after)
    }
    assert told == {
        ("steps/load/policies/retries", "changed", "0", "3"),
        ("steps/load/after/extract", "removed", "{'step': 'extract'}", "None"),
        ("steps/load/after/clean", "added", "None", "{'step': 'clean'}"),
        ("steps/clean", "added", "None", "{'key': 'clean'}"),
        ("catchup", "changed", "False", "True"),
    }


def test_the_source_of_what_changed_is_a_unified_diff_by_name():
    changed = definition_versions.source_changes(
        {"m.f": "def f():\n    return 1", "m.gone": "X = 1", "m.same": "Y = 2"},
        {"m.f": "def f():\n    return 2", "m.new": "Z = 3", "m.same": "Y = 2"},
    )
    assert [(each.name, each.kind) for each in changed] == [
        ("m.f", "changed"),
        ("m.gone", "removed"),
        ("m.new", "added"),
    ]
    assert "-    return 1\n+    return 2" in changed[0].diff
