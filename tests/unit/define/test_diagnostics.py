"""What is wrong with definitions is told, all of it at once, each with its place and a remedy."""

from __future__ import annotations

import pydantic
import pytest

from weft import (
    AssetOut,
    AssetSpec,
    DailyPartitions,
    Definitions,
    Dep,
    FreshnessPolicy,
    Resource,
    StaticPartitions,
    asset,
    asset_check,
    job,
    multi_asset,
)
from weft.define.build import build
from weft.model.diagnostics import DefinitionsError
from weft.model.partitions import IdentityMapping

DAYS = DailyPartitions(start_date="2024-01-01")
REGIONS = StaticPartitions(["eu", "us"])


class Limits(pydantic.BaseModel):
    rows: int = 1


class Database(Resource):
    url: str = "sqlite://"


def line_of(function) -> int:
    return function.__wrapped__.__code__.co_firstlineno


def test_all_problems_are_told_at_once_in_order_and_each_at_its_line(problems_of) -> None:
    @asset(timeout="-5m")
    def first(): ...

    @asset
    def second(frist): ...

    @asset(io="nowhere")
    def third(): ...

    found = problems_of(first, second, third, job("broken", "group:nothing"))
    by_code = {each.code: each for each in found}
    assert set(by_code) == {"wrong-timeout", "missing-dependency", "unknown-io-manager", "wrong-job"}
    assert len(found) == 4
    places = {"wrong-timeout": first, "missing-dependency": second, "unknown-io-manager": third}
    for code, definition in places.items():
        location = by_code[code].location
        assert (location.file, location.line) == (__file__, line_of(definition))
    assert by_code["wrong-job"].location.file == __file__
    assert all(each.remedy for each in found)


def test_a_missing_dependency_suggests_near_names_and_an_external_asset(problems_of) -> None:
    @asset(key_prefix="trading")
    def processed_trades(): ...

    @asset
    def metrics(proccessed_trades, context): ...

    (problem,) = problems_of(processed_trades, metrics)
    assert problem.code == "missing-dependency"
    assert "'metrics' depends on 'proccessed_trades'" in problem.message
    assert "Did you mean 'trading/processed_trades'?" in problem.remedy
    assert 'AssetSpec("proccessed_trades")' in problem.remedy


def test_an_ambiguous_name_lists_the_candidates(problems_of) -> None:
    @asset
    def reader(prices): ...

    (problem,) = problems_of(AssetSpec("eu/prices"), AssetSpec("us/prices"), reader)
    assert problem.code == "ambiguous-dependency"
    assert "'eu/prices' or 'us/prices'" in problem.message


def test_a_name_that_is_an_asset_and_a_resource_is_ambiguous(problems_of, build_of) -> None:
    @asset
    def reader(db): ...

    @asset(resources={"db": "db"})
    def clear(db): ...

    both = [AssetSpec("db"), Definitions(resources={"db": 1})]
    (problem,) = problems_of(reader, *both)
    assert problem.code == "ambiguous-parameter"
    assert build_of(clear, *both).bodies["clear"].parameters.resources == {"db": "db"}


def test_each_cycle_is_named_by_its_path(problems_of) -> None:
    @asset
    def a(c): ...

    @asset
    def b(a): ...

    @asset
    def c(b): ...

    @asset
    def after(c): ...

    @asset
    def itself(itself): ...

    found = problems_of(a, b, c, after, itself)
    assert [each.code for each in found] == ["cycle", "cycle"]
    messages = " ".join(each.message for each in found)
    assert "itself → itself" in messages
    assert any(path in messages for path in ("a → b → c → a", "b → c → a → b", "c → a → b → c"))
    assert "after" not in messages


def test_a_key_that_is_defined_twice_names_both_places(problems_of) -> None:
    @asset(name="one")
    def first(): ...

    @asset(name="one")
    def second(): ...

    (problem,) = problems_of(first, second)
    assert problem.code == "duplicate-asset"
    assert f"{__file__}:{line_of(first)}" in problem.message
    assert f"{__file__}:{line_of(second)}" in problem.message
    assert problem.location.line == line_of(second)


def test_outputs_of_one_body_that_clash_are_told(problems_of) -> None:
    @multi_asset(outs={"a": AssetOut(key="same"), "b": AssetOut(key="same")})
    def both(): ...

    (problem,) = problems_of(both)
    assert problem.code == "output-clash"


@pytest.mark.parametrize("key", ["9lives", "a b", "a//b", "", "x" * 300])
def test_a_badly_spelt_key_is_told(problems_of, key: str) -> None:
    (problem,) = problems_of(AssetSpec(key))
    assert problem.code == "bad-key"


def test_partitions_that_nothing_relates_are_a_mismatch(problems_of) -> None:
    @asset(partitions=REGIONS)
    def regional(): ...

    @asset(partitions=DAYS)
    def daily(regional): ...

    (problem,) = problems_of(regional, daily)
    assert problem.code == "partition-mismatch"
    assert "'regional'" in problem.message
    assert "mapping=" in problem.remedy


def test_a_mapping_that_does_not_fit_says_why(problems_of) -> None:
    @asset(partitions=REGIONS)
    def regional(): ...

    @asset(partitions=DAYS, deps=[Dep(regional, mapping=IdentityMapping())])
    def daily(): ...

    @asset(deps=[Dep(regional, mapping="all")])  # type: ignore[arg-type]
    def total(): ...

    first, second = problems_of(regional, daily, total)
    assert first.code == second.code == "partition-mismatch"
    assert "IdentityMapping relates equal keys" in first.message
    assert "'all' is no mapping" in second.message


def test_outputs_of_one_body_are_divided_in_the_same_way(problems_of) -> None:
    @multi_asset(outs={"a": AssetOut(partitions=DAYS), "b": AssetOut(partitions=REGIONS)})
    def both(): ...

    (problem,) = problems_of(both)
    assert problem.code == "partition-mismatch"
    assert "'a' and 'b'" in problem.message


def test_unknown_resources_are_told_with_near_names(problems_of) -> None:
    @asset
    def by_class(connection: Database): ...

    @asset(resources={"db": "warehose"})
    def by_name(db): ...

    first, second = problems_of(by_class, by_name, Definitions(resources={"warehouse": 1}))
    assert first.code == second.code == "unknown-resource"
    assert "'connection'" in first.message
    assert "Did you mean 'warehouse'?" in second.remedy


def test_a_config_needs_a_model(problems_of) -> None:
    class Local(pydantic.BaseModel):
        rows: int = 1

    @asset
    def bare(config): ...

    @asset
    def unseen(config: Local): ...

    @asset
    def wrong(config: dict): ...

    @asset
    def optional(config=None): ...

    @asset
    def elsewhere(settings: Limits): ...

    found = problems_of(bare, unseen, wrong, optional, elsewhere)
    assert [each.code for each in found] == ["config-without-type"] * 3 + ["missing-dependency"]
    assert "can't be found from its module" in found[1].message
    assert "call the parameter `config`" in found[3].remedy


def test_parameters_that_are_said_of_but_not_there_are_told(problems_of) -> None:
    one = AssetSpec("one")

    @asset(ins={"tow": one}, resources={"db": "x"})
    def reader(two=None): ...

    @asset
    def positional(one, /): ...

    found = problems_of(one, reader, positional)
    assert [each.code for each in found] == ["unknown-parameter", "unknown-parameter", "positional-only"]


def test_wrong_checks_are_told(problems_of) -> None:
    @asset
    def prices(): ...

    @asset_check(asset="pricse")
    def misspelt(value): ...

    @asset_check
    def of_nothing(context): ...

    @asset_check(asset=prices)
    def twice(value): ...

    @asset_check(asset="prices", name="twice")
    def again(value): ...

    @asset_check(asset=prices)
    def several(prices, other): ...

    @asset_check(asset="outside")
    def never(): ...

    @asset_check(asset=prices, severity="fatal")  # type: ignore[call-overload]
    def severe(): ...

    found = problems_of(prices, misspelt, of_nothing, twice, again, several, never, severe, AssetSpec("outside"))
    assert [each.code for each in found] == [
        "check-of-unknown-asset",
        "check-of-unknown-asset",
        "duplicate-check",
        "missing-dependency",
        "check-never-runs",
        "wrong-argument",
    ]
    assert "Did you mean 'prices'?" in found[0].remedy


def test_policies_out_of_range_are_told_together(problems_of) -> None:
    @asset(
        retries=-1,
        timeout=0,
        freshness=FreshnessPolicy(max_lag="0s"),
        priority="high",
        code_changes="never",
        retry_if=3,
        code_version=4,
        tags=5,
        metadata={"x": object()},
        partitions="daily",
    )  # type: ignore[call-overload]
    def one(): ...

    found = problems_of(one)
    assert sorted(each.code for each in found) == sorted(
        ["wrong-retry", "wrong-retry", "wrong-timeout", "wrong-freshness"] + ["wrong-argument"] * 6
    )
    assert all("'one'" in each.message for each in found)


def test_wrong_jobs_are_told(problems_of) -> None:
    one = AssetSpec("one")
    found = problems_of(
        one,
        job("syntax", "one one"),
        job("unknown", "oen"),
        job("empty", []),
        job("same", "one"),
        job("same", "one"),
        job("by_status", "status:stale and group:nothing"),
    )
    assert [each.code for each in found] == ["wrong-job", "duplicate-job", "wrong-job", "wrong-job"]
    by_message = " ".join(str(each) for each in found)
    assert "^" in by_message
    assert "Did you mean 'one'?" in by_message


def test_two_different_things_of_one_name_are_told(problems_of, plain_io) -> None:
    @asset(io=plain_io())
    def first(): ...

    @asset(io=plain_io())
    def second(): ...

    found = problems_of(first, second, Definitions(resources={"db": object()}), Definitions(resources={"db": object()}))
    assert [each.code for each in found] == ["duplicate-name", "duplicate-name"]


def test_one_alias_belongs_to_one_asset(problems_of) -> None:
    (problem,) = problems_of(AssetSpec("a", uri="s3://x"), AssetSpec("b", aliases=["s3://x"]))
    assert problem.code == "duplicate-alias"


def test_definitions_of_something_else_are_told(problems_of) -> None:
    found = problems_of(Definitions(assets=[len], checks=["x"], io_managers={"files": 3}))  # type: ignore[list-item, dict-item]
    assert [each.code for each in found] == ["wrong-definition"] * 3


def test_a_variable_of_two_modules_that_is_not_one_object_is_told_unless_definitions_say_which() -> None:
    first, second = Database(url="a"), Database(url="b")
    objects = [("db", first), ("db", second)]
    with pytest.raises(DefinitionsError, match="Two different objects are the resource 'db'"):
        build(objects, fingerprint=len, default_io=None)  # type: ignore[arg-type]
    chosen = Definitions(resources={"db": second})
    for order in ([*objects, ("chosen", chosen)], [("chosen", chosen), *objects]):
        assert build(order, fingerprint=len, default_io=None).resources == {"db": second}  # type: ignore[arg-type]


def test_one_resource_under_two_names_is_not_ambiguous(build_of) -> None:
    database = Database()

    @asset
    def reader(connection: Database): ...

    found = build_of(reader, db=database, warehouse=database).bodies["reader"].parameters.resources
    assert found == {"connection": "db"}
