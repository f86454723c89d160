from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars
import pytest
from pydantic import BaseModel

import weft
from weft.model import diagnostics, errors
from weft.service import in_memory

days = weft.DailyPartitions(start_date="2024-01-01", end_date="2024-02-01")


class Limits(BaseModel):
    high: int = 1


@weft.asset
def raw() -> list[int]:
    return [1, 2, 3]


@weft.asset
def total(raw: list[int]) -> int:
    return sum(raw)


@weft.asset(key_prefix="reports")
def text(total: int, context: weft.Context) -> str:
    context.add_metadata({"length": len(str(total))})
    return f"total {total}"


def test_definitions_are_made_in_order_and_found_by_name():
    result = weft.materialize([text, total, raw])
    assert result.success
    assert (result["raw"], result["total"]) == ([1, 2, 3], 6)
    assert result["text"] == result["reports/text"] == result[text] == "total 6"
    assert result.metadata("text") == {"length": 1}


def test_an_asset_stays_a_plain_function():
    assert total([4, 5]) == 9


def test_input_values_stand_for_what_is_not_made():
    result = weft.materialize([total], input_values={"raw": [10, 20]})
    assert result["total"] == 30
    assert "raw" not in result


def test_a_missing_input_is_told():
    with pytest.raises(diagnostics.DefinitionsError, match="raw"):
        weft.materialize([total])


def test_what_is_made_cannot_be_given_too():
    with pytest.raises(errors.UsageError, match="raw"):
        weft.materialize([raw, total], input_values={"raw": []})


def test_nothing_is_written_to_disk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    weft.materialize([raw, total])
    assert list(tmp_path.iterdir()) == []


def test_one_partition_is_made():
    @weft.asset(partitions=days)
    def daily(context: weft.Context) -> str:
        return context.partition_key

    @weft.asset
    def joined(daily: dict[str, str]) -> str:
        return ",".join(f"{key}={value}" for key, value in daily.items())

    result = weft.materialize([daily, joined], partition_key="2024-01-05")
    assert result["daily"] == "2024-01-05"
    assert result["joined"] == "2024-01-05=2024-01-05"
    with pytest.raises(errors.UsageError, match="partition_key"):
        weft.materialize([daily])
    with pytest.raises(errors.UsageError, match="2025"):
        weft.materialize([daily], partition_key="2025-01-05")


def test_input_values_go_past_mappings_of_partitions():
    @weft.asset(partitions=days, ins={"before": weft.Dep("prices", weft.TimeWindowMapping(-1, -1))})
    def change(before: int) -> int:
        return 10 - before

    assert weft.materialize([change], partition_key="2024-01-05", input_values={"prices": 4})["change"] == 6


def test_dynamic_partitions_need_no_keys_beforehand():
    @weft.asset(partitions=weft.DynamicPartitions("customers"))
    def bill(context: weft.Context) -> str:
        return context.partition_key

    assert weft.materialize([bill], partition_key="acme")["bill"] == "acme"


def test_resources_and_config_are_given():
    @weft.asset
    def limited(config: Limits, source: object) -> list[object]:
        return [config.high, source]

    result = weft.materialize([limited], resources={"source": "here"}, config={"limited": {"high": 7}})
    assert result["limited"] == [7, "here"]


def test_what_a_body_raises_is_raised_or_kept():
    @weft.asset
    def broken() -> int:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        weft.materialize([broken])
    result = weft.materialize([broken], raise_on_error=False)
    assert not result.success
    assert [(each.step, each.outcome) for each in result.failures] == [("broken", "failed")]
    assert isinstance(result.exceptions[0], LookupError)
    with pytest.raises(KeyError, match="broken"):
        result["broken"]


def test_an_output_of_another_type_than_annotated_is_an_error():
    @weft.asset
    def wrong() -> int:
        return "text"  # type: ignore[return-value]

    with pytest.raises(errors.TypeMismatchError):
        weft.materialize([wrong])


def test_retries_are_made_without_waiting():
    seen: list[int] = []

    @weft.asset(retries=2, retry_delay="1h")
    def flaky() -> int:
        seen.append(1)
        if len(seen) < 3:
            raise OSError
        return len(seen)

    assert weft.materialize([flaky])["flaky"] == 3


def test_a_failed_blocking_check_is_an_error_and_tells_what_it_found():
    @weft.asset_check(asset=total, blocking=True)
    def large(total: int) -> weft.CheckResult:
        return weft.CheckResult(passed=total > 100, description=f"{total} is small")

    with pytest.raises(in_memory.MaterializeError, match="6 is small"):
        weft.materialize([raw, total, large])
    result = weft.materialize([raw, total, large], raise_on_error=False)
    assert [(check.name, check.passed) for check in result.checks] == [("large", False)]


def test_tables_come_as_their_reader_asks():
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")

    @weft.asset
    def frame() -> pandas.DataFrame:
        return pandas.DataFrame({"a": [1, 2]})

    @weft.asset
    def height(frame: polars.DataFrame) -> int:
        return frame.height

    # the annotations are local names: give them as they are
    frame.function.__annotations__["return"] = pandas.DataFrame
    height.function.__annotations__.update(frame=polars.DataFrame)
    assert weft.materialize([frame, height])["height"] == 2


def test_several_outputs_of_one_body():
    @weft.multi_asset(outs={"left": weft.AssetOut(), "right": weft.AssetOut(io="nowhere")})
    def both(raw: list[int]):
        return {"left": raw[0], "right": raw[-1]}

    result = weft.materialize([both, raw])
    assert (result["left"], result["right"]) == (1, 3)


def test_what_is_only_waited_for_needs_no_value():
    @weft.asset(deps=["somewhere/else"])
    def after() -> int:
        return 1

    assert weft.materialize([after])["after"] == 1


def test_an_unknown_argument_is_told():
    with pytest.raises(errors.UsageError, match="Did you mean 'input_values'"):
        weft.materialize([raw], input_value={})  # type: ignore[call-overload]


# --- fixtures and the verbs on disk -----------------------------------------------------------------------------------


def test_the_clock_moves_only_when_told(weft_clock):
    before = weft_clock.now()
    weft_clock.advance(timedelta(hours=1))
    assert (weft_clock.now() - before, weft_clock.monotonic()) == (timedelta(hours=1), 3600.0)
    with pytest.raises(ValueError):
        weft_clock.advance(-1)


def test_the_fixture_makes_in_memory(weft_materialize):
    assert weft_materialize([raw, total])["total"] == 6


def test_a_temporary_project_plans_and_applies(weft_project):
    weft_project.define(
        """
        @asset
        def one() -> int:
            return 1

        @asset
        def two(one: int) -> int:
            return one + 1
        """
    )
    assert [step.asset for step in weft_project.plan().steps] == ["one", "two"]
    result = weft_project.apply()
    assert (result.outcome, result.succeeded) == ("succeeded", 2)
    assert [step.asset for step in result.plan.steps] == ["one", "two"]
    assert weft_project.plan().steps == []
    again = weft_project.materialize("two")
    assert (again.outcome, again.succeeded) == ("succeeded", 1)
    assert weft_project.apply().outcome is None


def test_a_saved_plan_is_applied_once_from_python(weft_project):
    from weft import wiring
    from weft.service.plan import planning, saving

    weft_project.define("@asset\ndef one() -> int:\n    return 1\n")
    world = wiring.open_world(wiring.Place(start=weft_project.folder, file=str(weft_project.folder / "definitions.py")))
    saving.save(world, planning.make_plan(world, planning.Ask()), weft_project.folder / "plan.json")
    world.ledger.close()
    assert weft_project.apply(str(Path(weft_project.folder) / "plan.json")).succeeded == 1
    with pytest.raises(errors.DriftError):
        weft_project.apply(str(Path(weft_project.folder) / "plan.json"))


def test_an_input_value_that_nothing_reads_is_an_error():
    @weft.asset
    def doubled(numbers: list[int]) -> list[int]:
        return [2 * each for each in numbers]

    with pytest.raises(errors.UsageError, match=r"'nmbers' is read by nothing.*Read are: numbers"):
        weft.materialize([doubled], input_values={"numbers": [1], "nmbers": [2]})


def test_tables_by_partition_are_joined_where_one_is_read():
    @weft.asset(partitions=weft.MonthlyPartitions(start_date="2024-01-01", end_date="2024-02-01"))
    def month(sales: polars.DataFrame) -> int:
        return int(sales["pieces"].sum())

    by_day = {"2024-01-01": polars.DataFrame({"pieces": [1]}), "2024-01-02": polars.DataFrame({"pieces": [2]})}
    made = weft.materialize([month], input_values={"sales": by_day}, partition_key="2024-01")
    assert made["month"] == 3
