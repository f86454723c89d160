"""What definitions come to: assets, their facts, parameters, policies and outputs."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import pydantic
import pytest

from weft import (
    AssetOut,
    AssetSpec,
    CheckResult,
    Context,
    DailyPartitions,
    Definitions,
    Dep,
    FreshnessPolicy,
    MonthlyPartitions,
    Output,
    Resource,
    Retry,
    StaticPartitions,
    asset,
    asset_check,
    external_asset,
    job,
    multi_asset,
)
from weft.model import errors
from weft.model.partitions import AllMapping, IdentityMapping, TimeWindowMapping

if TYPE_CHECKING:
    from decimal import Decimal as OnlyForTyping

DAYS = DailyPartitions(start_date="2024-01-01")


class Limits(pydantic.BaseModel):
    rows: int = 10


class Database(Resource):
    url: str = "sqlite://"


def test_a_definition_stays_a_plain_function_to_call() -> None:
    @asset
    def doubled(number: int) -> int:
        """Twice the number."""
        return number * 2

    assert doubled(4) == 8
    assert doubled.key == "doubled"
    assert doubled.function(5) == 10
    assert doubled.__name__ == "doubled"
    assert doubled.__doc__ == "Twice the number."
    assert list(inspect.signature(doubled).parameters) == ["number"]


def test_async_functions_and_generators_stay_what_they_are(build_of) -> None:
    @asset
    async def later() -> int:
        return 3

    @asset
    def several() -> Iterator[Output[str]]:
        yield Output("a")

    @asset
    async def streamed() -> AsyncIterator[Output[bytes]]:
        yield Output(b"a")

    @asset
    def lazily() -> Iterator[int]:
        return iter([1])

    assert asyncio.run(later()) == 3
    assert [each.value for each in several()] == ["a"]
    built = build_of(later, several, streamed, lazily)
    assert built.bodies["later"].outputs == {"later": int}
    assert built.bodies["several"].outputs == {"several": str}
    assert built.bodies["streamed"].outputs == {"streamed": bytes}
    assert built.bodies["lazily"].outputs == {"lazily": Iterator[int]}


def test_the_facts_of_an_asset_reach_the_graph(build_of) -> None:
    @asset(
        name="metrics",
        key_prefix=["trading", "eu"],
        group="core",
        owners="team:trading",
        tags=["slow", "daily"],
        kinds=["parquet"],
        uri="s3://bucket/metrics",
        aliases=["metrics.eu"],
        metadata={"rows": 3, "by": ["a"]},
        partitions=DAYS,
        freshness=FreshnessPolicy(max_lag="60m"),
        code_changes="forward_only",
        retries=Retry(3, delay="10s"),
        timeout="5m",
        executor="inline",
        pool="db",
        priority=5,
        at_most_once=True,
        batch=True,
    )
    def anything():
        """Metrics of each day.

        More of it.
        """

    built = build_of(anything)
    found = built.graph.assets["trading/eu/metrics"]
    assert (found.group, found.owners, found.kinds) == ("core", ("team:trading",), ("parquet",))
    assert found.tags == {"slow": "", "daily": ""}
    assert found.aliases == ("s3://bucket/metrics", "metrics.eu")
    assert found.metadata == {"rows": "3", "by": '["a"]'}
    assert found.description == "Metrics of each day.\n\nMore of it."
    assert found.freshness is not None
    assert found.freshness.max_lag == 3600.0
    assert found.code_changes == "forward_only"
    assert found.location is not None
    assert found.location.file == __file__
    step = built.graph.steps["trading/eu/metrics"]
    assert step.partitions is DAYS
    assert step.policies.retry.retries == 3
    assert (step.policies.timeout, step.policies.executor, step.policies.pools) == (300.0, "inline", ("db",))
    assert (step.policies.priority, step.policies.at_most_once, step.policies.batch) == (5, True, True)


def test_parameters_are_filled_by_name_and_by_annotation(build_of) -> None:
    @asset
    def raw() -> int:
        return 1

    @asset
    def reader(
        raw: int,
        config: Limits,
        db: Database,
        store: Any,
        about: Context,
        limit: int = 5,
        *,
        extra: OnlyForTyping | None = None,
    ) -> float:
        return 1.0

    built = build_of(raw, reader, Definitions(resources={"db": Database(), "store": object()}))
    parameters = built.bodies["reader"].parameters
    assert parameters.context == "about"
    assert parameters.config == ("config", Limits)
    assert parameters.resources == {"db": "db", "store": "store"}
    assert parameters.inputs == {"raw": "raw"}
    assert parameters.annotations["raw"] is int
    assert parameters.annotations["return"] is float
    assert "extra" not in parameters.annotations
    assert built.bodies["reader"].outputs == {"reader": float}


def test_a_resource_is_found_by_its_class_where_the_name_differs(build_of) -> None:
    @asset
    def reader(connection: Database): ...

    @asset(resources={"anything": "warehouse"})
    def other(anything): ...

    built = build_of(reader, other, warehouse=Database())
    assert built.bodies["reader"].parameters.resources == {"connection": "warehouse"}
    assert built.bodies["other"].parameters.resources == {"anything": "warehouse"}
    assert isinstance(built.resources["warehouse"], Database)


def test_a_name_means_the_exact_key_then_the_same_prefix_then_a_last_part(build_of) -> None:
    top = AssetSpec("prices")
    beside = AssetSpec("eu/prices")
    trades = [AssetSpec("eu/trades"), AssetSpec("us/trades")]
    only = AssetSpec("deep/down/quotes")

    @asset(key_prefix="eu")
    def summary(prices, trades, quotes): ...

    built = build_of(top, beside, trades, only, summary)
    assert built.bodies["eu/summary"].parameters.inputs == {
        "prices": "prices",
        "trades": "eu/trades",
        "quotes": "deep/down/quotes",
    }


def test_dependencies_come_from_parameters_deps_ins_and_annotations(build_of) -> None:
    one, two, three, four = (AssetSpec(name) for name in ("one", "two", "three", "four"))

    @asset(deps=["two", one], ins={"third": Dep(three, mapping=AllMapping())})
    def all_of(one, third, fourth: Annotated[int, Dep("four")]): ...

    built = build_of(one, two, three, four, all_of)
    found = {each.asset: each for each in built.graph.steps["all_of"].dependencies}
    assert {key: each.parameter for key, each in found.items()} == {
        "one": "one",
        "three": "third",
        "four": "fourth",
        "two": None,
    }
    assert found["three"].mapping == AllMapping()
    assert found["one"].mapping == IdentityMapping()


def test_a_mapping_given_in_deps_is_that_of_the_parameter(build_of) -> None:
    hours = AssetSpec("ticks", partitions=DAYS)
    mapping = TimeWindowMapping(start_offset=-1, end_offset=-1)

    @asset(partitions=DAYS, deps=[Dep("ticks", mapping=mapping)])
    def after(ticks): ...

    built = build_of(hours, after)
    (dependency,) = built.graph.steps["after"].dependencies
    assert (dependency.parameter, dependency.mapping) == ("ticks", mapping)


def test_a_month_reads_its_days_by_default(build_of) -> None:
    @asset(partitions=DAYS)
    def daily(): ...

    @asset(partitions=MonthlyPartitions(start_date="2024-01-01"))
    def monthly(daily): ...

    (dependency,) = build_of(daily, monthly).graph.steps["monthly"].dependencies
    assert dependency.mapping == TimeWindowMapping()


def test_a_multi_asset_is_one_step_with_several_outputs(build_of) -> None:
    @multi_asset(
        outs={"good": AssetOut(group="core"), "bad": AssetOut(key="rejected/rows", output_type=list)},
        key_prefix="trading",
        partitions=DAYS,
        can_subset=True,
        group="all",
    )
    def split() -> tuple[dict, list]:
        return {}, []

    built = build_of(split)
    step = built.graph.steps["trading/split"]
    assert step.outputs == ("trading/good", "trading/rejected/rows")
    assert step.subsettable
    assert step.partitions is DAYS
    assert [built.graph.assets[each].group for each in step.outputs] == ["core", "all"]
    body = built.bodies["trading/split"]
    assert body.multiple
    assert body.names == {"good": "trading/good", "bad": "trading/rejected/rows"}
    assert body.outputs == {"trading/good": dict, "trading/rejected/rows": list}
    assert split() == ({}, [])


def test_a_multi_asset_may_list_specs_that_a_module_holds_too(build_of) -> None:
    left, right = AssetSpec("left"), AssetSpec("right")

    @multi_asset(specs=[left, right])
    def both(): ...

    built = build_of(left, right, both)
    assert built.graph.assets["left"].step == "both"
    assert built.bodies["both"].names == {"left": "left", "right": "right"}


def test_an_external_asset_may_be_observed(build_of) -> None:
    @external_asset(uri="s3://bucket/prices", group="outside")
    def prices(context, db: Database):
        """What the vendor sends."""
        return "v1"

    built = build_of(prices, AssetSpec("manual"), db=Database())
    found = built.graph.assets["prices"]
    assert (found.step, found.observable, found.group, found.description) == (
        None,
        True,
        "outside",
        "What the vendor sends.",
    )
    assert not built.graph.assets["manual"].observable
    observer = built.observers["prices"]
    assert observer.parameters.context == "context"
    assert observer.parameters.resources == {"db": "db"}
    assert list(built.observers) == ["prices"]


def test_checks_belong_to_the_steps_that_make_their_assets(build_of) -> None:
    @asset(key_prefix="trading")
    def prices(): ...

    @asset_check(asset=prices, blocking=True, severity="warn")
    def positive(value):
        """No negative price."""
        return CheckResult(passed=True)

    @asset_check
    def known(prices): ...

    @asset_check(asset="prices", name="by_database")
    def third(context, db: Database, prices=None): ...

    built = build_of(prices, positive, known, third, db=Database())
    found = {each.check.name: each for each in built.bodies["trading/prices"].checks}
    assert {name: each.value for name, each in found.items()} == {
        "positive": "value",
        "known": "prices",
        "by_database": None,
    }
    check = found["positive"].check
    assert (check.asset, check.blocking, check.severity) == ("trading/prices", True, "warn")
    assert check.description == "No negative price."
    assert built.graph.checks_of["trading/prices"] == tuple(each.check for each in found.values())
    assert found["by_database"].parameters.resources == {"db": "db"}


def test_a_job_names_a_selection(build_of) -> None:
    @asset
    def one(): ...

    @asset(key_prefix="x")
    def two(one): ...

    jobs = build_of(one, two, job("all", "+two", tags={"a": "b"}), job("listed", [one, "group:default"])).graph.jobs
    assert jobs["all"].selection == "+two"
    assert jobs["all"].tags == {"a": "b"}
    assert jobs["listed"].selection == "one or (group:default)"


def test_an_object_that_several_modules_hold_counts_once(build_of) -> None:
    @asset
    def one(): ...

    assert list(build_of(one, again=one, listed=Definitions(assets=[one])).graph.assets) == ["one"]


def test_definitions_in_lists_and_those_that_are_only_depended_on_count(build_of) -> None:
    made = [asset(name=f"part{number}")(lambda: None) for number in range(3)]
    hidden = AssetSpec("hidden")

    @asset(deps=[hidden])
    def reader(): ...

    assert set(build_of(made, reader).graph.assets) == {"part0", "part1", "part2", "hidden", "reader"}


def test_a_code_version_replaces_the_fingerprint(build_of) -> None:
    @asset(code_version="3")
    def by_hand(): ...

    @asset
    def by_itself(): ...

    built = build_of(by_hand, by_itself)
    manifest = built.manifests[built.graph.steps["by_hand"].code]
    assert (manifest.algorithm, manifest.entries) == ("user", {"code_version": "3"})
    assert built.manifests[built.graph.steps["by_itself"].code].algorithm == "test"


def test_an_io_manager_is_given_by_name_or_as_an_object(build_of, plain_io) -> None:
    class Tables(plain_io):
        pool = "one-writer"

    tables = Tables()

    @asset(io="files")
    def first(): ...

    @asset(io=tables)
    def second(first): ...

    @asset
    def third(second): ...

    built = build_of(first, second, third, Definitions(io_managers={"files": plain_io()}))
    assert built.bodies["first"].io == {"first": "files"}
    assert built.bodies["second"].io == {"second": "Tables"}
    assert built.bodies["third"].io == {}
    assert built.io_managers["Tables"] is tables
    assert set(built.io_managers) == {"files", "default", "Tables"}
    pools = {key: step.policies.pools for key, step in built.graph.steps.items()}
    assert pools == {"first": (), "second": ("one-writer",), "third": ("one-writer",)}


def test_config_values_and_a_retry_predicate_travel_with_the_body(build_of) -> None:
    def worth_it(error: BaseException) -> bool:
        return isinstance(error, OSError)

    @asset(config={"rows": 3}, retries=1, retry_if=worth_it)
    def one(config: Limits): ...

    @asset(config=Limits(rows=4))
    def two(config: Limits): ...

    built = build_of(one, two)
    assert built.bodies["one"].config == {"rows": 3}
    assert built.bodies["one"].retry_if is worth_it
    assert built.bodies["two"].config == {"rows": 4}


def test_an_argument_that_does_not_exist_is_refused_with_a_near_one() -> None:
    with pytest.raises(errors.UsageError, match="Did you mean 'partitions'"):
        asset(partition=StaticPartitions(["a"]))  # type: ignore[call-overload]
    with pytest.raises(errors.UsageError, match="no argument 'outputs'"):
        multi_asset(outputs={})  # type: ignore[call-arg]
    with pytest.raises(errors.UsageError, match="either as outs= or as specs="):
        multi_asset()
    with pytest.raises(errors.UsageError, match="decorates a function"):
        asset("name")  # type: ignore[call-overload]
