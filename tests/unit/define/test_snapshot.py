"""Snapshots: the graph there and back, and what counts as a change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft import (
    AssetOut,
    AssetSpec,
    DailyPartitions,
    Dep,
    FreshnessPolicy,
    StaticPartitions,
    asset,
    asset_check,
    job,
    multi_asset,
)
from weft.define import snapshot
from weft.model import diagnostics, errors, graph, policies
from weft.model.partitions import AllMapping, IdentityMapping, TimeWindowMapping

DAYS = DailyPartitions(start_date="2024-01-01")


@asset(
    partitions=DAYS,
    freshness=FreshnessPolicy(max_lag="1h"),
    retries=2,
    timeout="1m",
    tags={"a": "b"},
    metadata={"n": 0},
)
def raw(context): ...


@multi_asset(outs={"x": AssetOut(code_changes="ask"), "y": AssetOut(io="default")}, can_subset=True)
def both(raw, outside): ...


@asset(
    deps=[Dep("raw", mapping=TimeWindowMapping(start_offset=-1))], partitions=DailyPartitions(start_date="2024-01-01")
)
def later(): ...


@asset_check(asset=raw, blocking=True, severity="warn")
def fine(raw): ...


EVERYTHING = (
    raw,
    both,
    later,
    fine,
    AssetSpec("outside", uri="s3://x", observe=lambda: "v1"),
    job("all", "*", tags=["t"]),
)


def test_a_graph_comes_back_as_it_was(build_of) -> None:
    built = build_of(*EVERYTHING)
    document = snapshot.snapshot(built)
    assert snapshot.graph_from_snapshot(snapshot.decode(snapshot.encode(document))) == built.graph


def test_equal_partitions_are_written_once(build_of) -> None:
    assert len(snapshot.snapshot(build_of(*EVERYTHING))["partitions"]) == 1


def test_places_are_relative_to_the_root_and_no_part_of_the_digest(build_of) -> None:
    built = build_of(*EVERYTHING)
    here = snapshot.snapshot(built, root=Path(__file__).parent)
    assert here["steps"][0]["at"][0] == Path(__file__).name
    assert str(Path(__file__).parent) not in snapshot.encode(here).decode()
    assert snapshot.digest(here) == snapshot.digest(snapshot.snapshot(built))
    assert snapshot.digest(snapshot.decode(snapshot.encode(here))) == snapshot.digest(here)


def test_a_change_of_policy_or_code_changes_the_digest(build_of) -> None:
    built = build_of(*EVERYTHING).graph
    before = snapshot.digest(snapshot.snapshot(built))
    for changed in (
        {"code": "test:other"},
        {"policies": policies.Policies(timeout=61.0)},
        {"partitions": StaticPartitions(["a"])},
        {"dependencies": ()},
    ):
        steps = {**built.steps, "both": replace(built.steps["both"], **changed)}
        assert snapshot.digest(snapshot.snapshot(replace(built, steps=steps))) != before or (
            getattr(built.steps["both"], next(iter(changed))) == next(iter(changed.values()))
        )


@pytest.mark.parametrize(
    "damage", [{"format": 99}, {"assets": [{}]}, {"steps": [{"key": "a", "partitions": 7}]}, {"partitions": None}]
)
def test_a_damaged_snapshot_is_refused(build_of, damage: dict) -> None:
    with pytest.raises(errors.UsageError, match="snapshot"):
        snapshot.graph_from_snapshot({**snapshot.snapshot(build_of(*EVERYTHING)), **damage})


TEXT = st.text(max_size=5)
PARTITIONS = st.sampled_from([None, DAYS, StaticPartitions(["a", "b"])])
PLACES = st.none() | st.builds(diagnostics.SourceLocation, file=TEXT, line=st.integers(0, 9))


@st.composite
def graphs(draw: st.DrawFn) -> graph.Graph:
    assets, steps = {}, {}
    for number in range(draw(st.integers(0, 5))):
        key = f"a{number}"
        upstream = draw(st.sets(st.sampled_from(sorted(assets)))) if assets else set()
        assets[key] = graph.Asset(
            key=key,
            step=key,
            partitions=draw(PARTITIONS),
            group=draw(st.sampled_from(["default", "core"])),
            description=draw(TEXT),
            owners=tuple(draw(st.lists(TEXT, max_size=2))),
            tags=draw(st.dictionaries(TEXT, TEXT, max_size=2)),
            freshness=draw(st.none() | st.builds(policies.FreshnessPolicy, max_lag=st.floats(0.5, 99))),
            code_changes=draw(st.sampled_from(["stale", "forward_only", "ask"])),
            location=draw(PLACES),
        )
        dependencies = tuple(
            graph.Dependency(
                asset=each,
                mapping=draw(st.sampled_from([IdentityMapping(), AllMapping(), TimeWindowMapping()])),
                parameter=draw(st.none() | st.just(each)),
            )
            for each in sorted(upstream)
        )
        retry = st.builds(policies.Retry, retries=st.integers(0, 3), delay=st.floats(0, 9))
        steps[key] = graph.Step(
            key=key,
            outputs=(key,),
            dependencies=dependencies,
            code=draw(TEXT),
            policies=draw(st.builds(policies.Policies, retry=retry, priority=st.integers(-3, 3), batch=st.booleans())),
            location=draw(PLACES),
        )
    return graph.Graph(assets=assets, steps=steps)


@settings(deadline=None)
@given(graphs())
def test_any_graph_comes_back_as_it_was(built: graph.Graph) -> None:
    document = snapshot.decode(snapshot.encode(snapshot.snapshot(built)))
    again = snapshot.graph_from_snapshot(document)
    assert again == built
    assert list(again.assets) == list(built.assets)
    assert snapshot.digest(snapshot.snapshot(again)) == snapshot.digest(document)
