"""Inlets and outlets: assets that pipelines read and make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from weft.define import snapshot
from weft.define.asset_conditions import Asset, key_of
from weft.define.assets import asset
from weft.define.bodies import BuiltDefinitions
from weft.define.dags.declaration import DAG
from weft.define.specs import AssetSpec
from weft.define.tasks import task
from weft.model.diagnostics import Diagnostic
from weft.model.errors import UsageError
from weft.model.partitions import DailyPartitions

Built = Callable[..., BuiltDefinitions]
Problems = Callable[..., list[Diagnostic]]


@task
def make() -> int:
    return 1


def test_outlets_are_assets_that_the_pipeline_makes(build_of: Built) -> None:
    raw, processed = Asset("s3://data/raw/trades/"), Asset("s3://data/processed/trades/")

    @asset
    def report(made: int) -> int:
        return made

    with DAG("d", schedule="@daily", start_date="2024-01-01") as d:
        make.with_options(inlets=[raw], outlets=[processed])()
        make.with_options(outlets="made")()
    graph = build_of(d, report, raw, again=Asset("s3://data/raw/trades/")).graph
    pipeline = graph.pipelines["d"]
    assert pipeline.inlets == ("data/raw/trades",)
    assert pipeline.outlets == ("data/processed/trades", "made")
    assert graph.assets["made"].made_by == "d"
    assert graph.assets["made"].partitions == DailyPartitions("2024-01-01")
    assert graph.assets["data/raw/trades"].made_by is None
    assert graph.steps["report"].dependencies[0].asset == "made"


def test_an_asset_by_its_uri_is_the_one_that_has_it_as_an_alias(build_of: Built) -> None:
    @asset(uri="s3://data/trades")
    def trades() -> int:
        return 1

    with DAG("d", schedule=Asset("s3://data/trades")) as d:
        make.with_options(inlets=Asset("s3://data/trades"))()
    graph = build_of(trades, d).graph
    assert list(graph.assets) == ["trades"]
    assert graph.pipelines["d"].inlets == ("trades",)


def test_an_asset_has_one_producer(problems_of: Problems) -> None:
    @asset
    def trades() -> int:
        return 1

    with DAG("one") as one:
        make.with_options(outlets=[trades, "shared"])()
    with DAG("two") as two:
        make.with_options(outlets="shared")()
    found = problems_of(trades, one, two)
    assert [each.message for each in found] == [
        "The task 'make' of 'one' makes the asset 'trades', which the step 'trades' makes as well.",
        "The task 'make' of 'two' makes the asset 'shared', which the pipeline 'one' makes as well.",
    ]


def test_an_unknown_inlet_is_told_with_a_near_one(problems_of: Problems) -> None:
    with DAG("d") as d:
        make.with_options(inlets="trads")()
    (found,) = problems_of(d, AssetSpec("trades"))
    assert found.message == "The task 'make' names the asset 'trads', which is not defined."
    assert found.remedy == "Did you mean 'trades'?"


@pytest.mark.parametrize(
    ("uri", "key"),
    [
        ("s3://data/raw/trades/", "data/raw/trades"),
        ("postgres://host:5432/db/public/trades?x=1", "host_5432/db/public/trades"),
        ("file:///2024/data.csv", "_2024/data.csv"),
    ],
)
def test_a_uri_gives_a_key(uri: str, key: str) -> None:
    assert key_of(uri) == key


def test_an_asset_needs_a_name_or_a_uri() -> None:
    with pytest.raises(UsageError, match=r"Asset\(\) was given no name and no URI"):
        Asset()
    with pytest.raises(UsageError, match="The URI 's3://' gives no key"):
        Asset("s3://")


def test_pipelines_come_back_from_a_snapshot(build_of: Built) -> None:
    from datetime import timedelta

    from weft.define.dags.edges import Label

    @task(retries=3, pool="warehouse", tags=["slow"])
    def one(x: int) -> int:
        return x

    with DAG(
        "d", schedule=[AssetSpec("a"), AssetSpec("b")], params={"n": 3}, tags=["t"], tag_limits={"slow": 2}
    ) as first:
        numbers = make()
        numbers >> Label("all") >> one.expand(x=numbers.zip([1, 2]))
    with DAG("e", schedule=timedelta(days=1), start_date="2024-01-01", catchup=True, timeout="1h") as second:
        make.with_options(outlets="made", trigger_rule="always")()
    built = build_of(first, second)
    document = snapshot.snapshot(built)
    again = snapshot.graph_from_snapshot(snapshot.decode(snapshot.encode(document)))
    assert again.pipelines == built.graph.pipelines
    assert list(again.pipelines["d"].steps) == list(built.graph.pipelines["d"].steps)
    assert again.assets["made"].made_by == "e"
    assert snapshot.digest(snapshot.snapshot(again)) == snapshot.digest(document)


def test_moving_a_dag_is_no_change_of_what_is_defined(build_of: Built) -> None:
    def declared() -> Any:
        with DAG("d") as d:
            make()
        return d

    def declared_elsewhere() -> Any:
        with DAG("d") as d:
            make()
        return d

    one, other = snapshot.snapshot(build_of(declared())), snapshot.snapshot(build_of(declared_elsewhere()))
    assert one != other
    assert snapshot.digest(one) == snapshot.digest(other)
