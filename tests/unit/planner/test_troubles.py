"""What is wrong, by where it began: one trouble for each root cause, its hits, and what a repair makes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

from tests.unit.planner import oracle, world
from weft.model import chosen, partition_set, plan
from weft.planner import evaluation, planning, troubles
from weft.planner import found as findings

NOW = datetime(2024, 1, 6, 12, tzinfo=UTC)
DAYS = oracle.Scheme(kind="daily", start=date(2024, 1, 1))
EMPTY = partition_set.PartitionSet.empty()


def reading(asset: str, how: str = "identity") -> oracle.Reading:
    return oracle.Reading(asset=asset, how=how)


def shop() -> world.World:
    """orders (by day) → clean (by day) → total (of all days); orders → audit."""
    makers = {
        "orders": oracle.Maker(outputs=("orders",), scheme=DAYS),
        "clean": oracle.Maker(outputs=("clean",), scheme=DAYS, readings=(reading("orders"),)),
        "total": oracle.Maker(outputs=("total",), readings=(reading("clean", "all"),)),
        "audit": oracle.Maker(outputs=("audit",), scheme=DAYS, readings=(reading("orders"),)),
    }
    return world.World(oracle.Desired(makers=makers), NOW)


def made(played: world.World, *days: str) -> None:
    for day in days:
        for step in ("orders", "clean", "audit"):
            played.succeed(step, day, {step: f"{step} {day}"})
    played.succeed("total", None, {"total": "v1"})


def found(
    played: world.World,
    *,
    late: Mapping[str, partition_set.PartitionSet] | None = None,
    asked: Mapping[str, partition_set.PartitionSet] | None = None,
) -> list[troubles.Trouble]:
    return looked_at(played, late=late, asked=asked)[1].all


def looked_at(
    played: world.World,
    *,
    late: Mapping[str, partition_set.PartitionSet] | None = None,
    asked: Mapping[str, partition_set.PartitionSet] | None = None,
) -> tuple[findings.Evaluation, troubles.Troubles]:
    graph, observed = played.graph, played.observed()
    wanted = {asset: planning.existing(graph, observed, asset, NOW, exact=False) for asset in graph.assets}
    known = evaluation.evaluate(graph, observed, NOW, wanted)
    return known, troubles.find(known, late or {}, asked or {})


def told(played: world.World, trouble: troubles.Trouble) -> dict[str, list[str | None]]:
    return {each.asset: played.keys(each.asset, each.ordinals) for each in trouble.hits or ()}


def mends(played: world.World, trouble: troubles.Trouble) -> dict[str, list[str | None]]:
    return {step: played.keys(step, ordinals) for step, ordinals in trouble.mends.items()}


ALL = ("2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05")


def test_a_failure_is_one_trouble_with_all_that_it_hits_below() -> None:
    played = shop()
    made(played, *ALL)
    played.fail("orders", "2024-01-03", message="no price")
    (trouble,) = found(played)
    assert (trouble.id, trouble.kind) == ("failed:orders", "failed")
    assert played.keys("orders", trouble.ordinals) == ["2024-01-03"]
    assert [each.error for each in trouble.failures.values()] == ["Error: no price"]
    below: dict[str, list[str | None]] = {"clean": ["2024-01-03"], "total": [None], "audit": ["2024-01-03"]}
    assert told(played, trouble) == below
    assert mends(played, trouble) == {"orders": ["2024-01-03"], **below}


def test_what_was_never_made_is_no_trouble_by_itself() -> None:
    assert found(shop()) == []
    played = shop()
    made(played, "2024-01-01", "2024-01-02")
    assert found(played) == []


def test_a_repair_does_not_drag_along_what_was_never_made() -> None:
    played = shop()
    made(played, "2024-01-01", "2024-01-02")
    played.fail("clean", "2024-01-02")
    (trouble,) = found(played)
    assert told(played, trouble) == {"total": [None]}
    assert mends(played, trouble) == {"clean": ["2024-01-02"]}


def test_a_body_that_fails_below_another_failure_is_a_trouble_of_its_own() -> None:
    played = shop()
    made(played, *ALL)
    played.fail("orders", "2024-01-03")
    played.fail("clean", "2024-01-03")
    assert [each.id for each in found(played)] == ["failed:clean", "failed:orders"]


def test_an_input_that_changed_is_the_root_of_what_is_stale() -> None:
    played = shop()
    made(played, *ALL)
    played.succeed("orders", "2024-01-02", {"orders": "other"}, run="r2")
    (trouble,) = found(played)
    assert (trouble.id, trouble.why) == ("stale:orders", "data_changed")
    assert played.keys("orders", trouble.ordinals) == ["2024-01-02"]
    assert told(played, trouble) == {"clean": ["2024-01-02"], "audit": ["2024-01-02"], "total": [None]}
    assert [each.run for each in trouble.causes] == ["r2", "r2"]


def test_code_that_changed_is_one_trouble_however_many_steps_have_it() -> None:
    played = shop()
    made(played, *ALL)
    makers = played.desired.makers
    for step in ("clean", "audit"):
        played.manifests = {**played.manifests, makers[step].code: {"shop.helper": "1"}, "new": {"shop.helper": "2"}}
        played.set_code(step, "new")
    (trouble,) = found(played)
    assert (trouble.id, trouble.why, trouble.is_function) == ("stale:shop.helper", "code_changed", True)
    assert set(told(played, trouble)) == {"clean", "audit", "total"}
    assert trouble.count == 10


def test_a_rejected_version_blocks_what_is_below_and_no_plan_mends_it() -> None:
    played = shop()
    made(played, *ALL)
    played.fail("clean", "2024-01-03", rejected={"clean": "bad"})
    (trouble,) = found(played)
    assert trouble.kind == "rejected"
    assert told(played, trouble) == {"total": [None]}
    assert trouble.mends == {}


def test_what_is_late_because_of_a_failure_above_is_a_hit_and_else_a_trouble() -> None:
    played = shop()
    made(played, *ALL)
    late = {"total": partition_set.PartitionSet.range(0, 1)}
    assert [each.id for each in found(played, late=late)] == ["late:total"]
    played.fail("clean", "2024-01-03")
    assert [each.id for each in found(played, late=late)] == ["failed:clean"]


def test_a_repair_of_all_makes_what_waits_for_several_troubles() -> None:
    played = shop()
    made(played, *ALL)
    played.succeed("orders", "2024-01-02", {"orders": "other"}, run="r2")
    played.fail("clean", "2024-01-04")
    known, several = looked_at(played)
    assert {each.id for each in several.all} == {"failed:clean", "stale:orders"}
    assert not [each.id for each in several.all if "total" in each.mends]
    together = troubles.mended_together(known, several)
    assert {step: played.keys(step, ordinals) for step, ordinals in together.items()} == {
        "clean": ["2024-01-02", "2024-01-04"],
        "audit": ["2024-01-02"],
        "total": [None],
    }


def test_what_was_asked_for_and_never_made_is_late() -> None:
    played = shop()
    made(played, *ALL[:4])
    asked = {"orders": partition_set.PartitionSet.range(4, 5)}
    (trouble,) = found(played, asked=asked)
    assert (trouble.id, trouble.why) == ("late:orders", "schedule")
    assert mends(played, trouble)["orders"] == ["2024-01-05"]


def test_a_repair_is_planned_by_asset() -> None:
    played = shop()
    made(played, "2024-01-01", "2024-01-02")
    played.fail("orders", "2024-01-02")
    assets = tuple(played.graph.assets)
    text = chosen.write({"orders": "2024-01-02", "clean": "2024-01-02"})
    request = plan.Request(assets=assets, partitions=text)
    lines = played.lines(played.make_plan(request))
    assert [(step, key) for step, key, _ in lines] == [("orders", "2024-01-02"), ("clean", "2024-01-02")]
    whole = plan.Request(assets=assets, partitions="orders[2024-01-02]; total[]")
    steps = {step for step, _, _ in played.lines(played.make_plan(whole))}
    assert "total" in steps


def test_a_key_in_brackets_is_no_list_by_asset_unless_an_asset_is_named() -> None:
    assert chosen.read("a[1]", ()) is None
    assert chosen.read("a[1]; b[2]", ("a",)) is None
    assert chosen.read("a", ("a",)) is None
    assert chosen.read("a[1,2]; b[]", ("a", "b")) == {"a": "1,2", "b": ""}
