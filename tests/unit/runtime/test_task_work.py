"""Runs of pipelines: values from step to step, mapped steps, choices, the cache, parking, the past, time limits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.runtime.pipeline_world import (
    World,
    edge,
    over,
    pipeline,
    report_of,
    result_of,
    step,
    told,
    value_of,
)  # fmt: skip
from weft.model import events, graph, partitions, policies, stored
from weft.ports import executor as executors
from weft.ports import ledger as ledgers
from weft.runtime import task_work

DAYS = partitions.DailyPartitions(start_date="2024-01-01", end_date="2024-02-01")


def elements(world: World, task: str) -> list[Any]:
    """The element of each item of a mapped task."""
    return [
        {each.name: each.value and each.value.inline for each in assignment.task.results if each.name.startswith("#")}
        for assignment in world.given(task)
    ]


# --- values ---


def test_a_step_is_sent_the_values_above_it_and_those_that_were_pushed() -> None:
    world = World(
        pipeline(step("a"), step("b", "a"), step("c", edge("a", value=False), "b")),
        {"a": result_of(1, named={"rows": value_of(7)}), "b": 2},
    )
    assert world.run() == "succeeded"
    bound = world.given("b")[0].task.results
    assert [(each.step, each.item, each.name, each.value.inline) for each in bound] == [
        ("p:a", "", "", b"1"),
        ("p:a", "", "rows", b"7"),
    ]
    assert [each.step for each in world.given("c")[0].task.results] == ["p:b"]


def test_a_step_that_pulls_is_sent_all_that_is_above_it() -> None:
    world = World(pipeline(step("a"), step("b", "a"), step("c", edge("b", value=False), pulls=True)), {})
    world.run()
    assert {each.step for each in world.given("c")[0].task.results} == {"p:a", "p:b"}


def test_the_value_of_a_skipped_step_is_nothing() -> None:
    world = World(
        pipeline(step("a"), step("b", "a", rule="all_done")),
        {"a": lambda each: told(each, "skipped", reason="holiday")},
    )
    assert world.run() == "succeeded"
    assert world.outcomes() == {"a": "skipped", "b": "succeeded"}
    assert world.given("b")[0].task.results == (executors.ResultBinding(step="p:a", item="", value=None),)
    (finished,) = world.log(events.StepsFinished)
    assert finished.reason == "holiday"


# --- mapped steps ---


def test_a_step_mapped_over_a_list_has_a_step_run_for_each_element() -> None:
    world = World(pipeline(step("a"), step("b", edge("a", value=False), fan=over(("x", "a")))), {"a": [10, "z", None]})
    assert world.run() == "succeeded"
    assert world.outcomes() == {"a": "succeeded", "b#0": "succeeded", "b#1": "succeeded", "b#2": "succeeded"}
    assert [each.count for each in world.log(events.StepMapped)] == [3]
    assert elements(world, "b") == [{"#x": b"10"}, {"#x": b'"z"'}, {"#x": b"null"}]
    assert world.given("b")[1].task.element == (("x", 1),)


def test_the_elements_of_a_mapping_are_pairs() -> None:
    world = World(pipeline(step("a"), step("b", edge("a", value=False), fan=over(("x", "a")))), {"a": {"k": 1, "l": 2}})
    world.run()
    assert elements(world, "b") == [{"#x": b'["k",1]'}, {"#x": b'["l",2]'}]


def test_a_value_that_is_kept_outside_of_the_ledger_is_sent_whole() -> None:
    value = stored.StoredValue(format="json", data_version="j1:0", uri="a/b", type="list")
    world = World(
        pipeline(step("a"), step("b", edge("a", value=False), fan=over(("x", "a")))),
        {"a": events.TaskResult(value=value, length=2)},
    )
    world.run()
    assert [each.task.results for each in world.given("b")] == [
        (executors.ResultBinding(step="p:a", item="", value=value),)
    ] * 2


def test_every_combination_is_an_item_and_the_last_argument_varies_fastest() -> None:
    world = World(pipeline(step("a"), step("b", edge("a", value=False), fan=over(("x", "a"), ("y", 2)))), {"a": [5, 6]})
    world.run()
    assert [each.task.element for each in world.given("b")] == [
        (("x", 0), ("y", 0)), (("x", 0), ("y", 1)), (("x", 1), ("y", 0)), (("x", 1), ("y", 1)),
    ]  # fmt: skip


@pytest.mark.parametrize(("longest", "count"), [(False, 2), (True, 3)])
def test_zipped_arguments_go_side_by_side(longest: bool, count: int) -> None:
    fan = over(("x", "a"), ("y", "b"), zipped=True, longest=longest)
    above = (edge("a", value=False), edge("b", value=False))
    world = World(pipeline(step("a"), step("b"), step("c", *above, fan=fan)), {"a": [1, 2, 3], "b": [7, 8]})
    world.run()
    assert len(world.given("c")) == count
    assert elements(world, "c")[-1] == ({"#x": b"3", "#y": None} if longest else {"#x": b"2", "#y": b"8"})


def test_mapping_over_a_mapped_step_takes_its_items_without_those_that_were_skipped() -> None:
    def b(each: executors.Assignment) -> Any:
        return told(each, "skipped") if each.task.item == "1" else int(each.task.item) * 10

    world = World(
        pipeline(
            step("a"),
            step("b", edge("a", value=False), fan=over(("x", "a"))),
            step("c", edge("b", value=False), fan=over(("x", "b")), rule="all_done"),
        ),
        {"a": [1, 2, 3], "b": b},
    )
    world.run()
    assert elements(world, "c") == [{"#x": b"0"}, {"#x": b"20"}]


def test_what_is_below_a_mapped_step_is_sent_all_its_items_in_order() -> None:
    world = World(
        pipeline(step("a"), step("b", edge("a", value=False), fan=over(("x", "a"))), step("c", "b")),
        {"a": [1, 2, 3], "b": lambda each: int(each.task.item)},
    )
    world.run()
    assert [(each.item, each.value.inline) for each in world.given("c")[0].task.results] == [
        ("0", b"0"), ("1", b"1"), ("2", b"2"),
    ]  # fmt: skip


def test_in_a_mapped_group_item_follows_item() -> None:
    fan = over(("x", "a"))
    world = World(
        pipeline(
            step("a"),
            step("g.b", edge("a", value=False), fan=fan, group="g"),
            step("g.c", edge("g.b", aligned=True), edge("a", value=False), fan=fan, group="g"),
            step("d", "g.c"),
        ),
        {"a": [1, 2], "g.b": lambda each: f"b{each.task.item}"},
    )
    assert world.run() == "succeeded"
    assert {each.step: each.count for each in world.log(events.StepMapped)} == {"p:g.b": 2, "p:g.c": 2}
    assert [[each.value.inline for each in one.task.results if not each.name] for one in world.given("g.c")] == [
        [b'"b0"'], [b'"b1"'],
    ]  # fmt: skip
    assert len(world.given("d")[0].task.results) == 2


def test_a_list_of_nothing_skips_the_step_and_what_is_below() -> None:
    world = World(
        pipeline(step("a"), step("b", edge("a", value=False), fan=over(("x", "a"))), step("c", "b")), {"a": []}
    )
    assert world.run() == "succeeded"
    assert world.outcomes() == {"a": "succeeded", "b": "skipped", "c": "skipped"}


def refused(value: object, **more: Any) -> str:
    world = World(
        pipeline(step("a"), step("b", edge("a", value=False), fan=over(("x", "a"))), step("c", "b"), **more),
        {"a": value},
    )
    assert world.run() == "failed"
    assert world.outcomes() == {"a": "succeeded", "b": "failed", "c": "upstream_failed"}
    (failed,) = world.log(events.AttemptFailed)
    assert failed.error.kind == "CannotExpand"
    return str(failed.error.message)


def test_mapping_over_what_is_no_list_is_refused() -> None:
    assert refused("abc") == (
        "p:b is mapped over 'x', which has to be a list, a tuple or a mapping, and what p:a returned is a str."
    )


def test_mapping_over_nothing_is_refused() -> None:
    none = events.TaskResult(value=stored.StoredValue(format="none", data_version="u1:0", type="None"))
    assert refused(none).endswith("and what p:a returned is nothing (None).")


def test_mapping_over_more_than_the_limit_is_refused() -> None:
    assert refused([0] * 11, most_items=10) == (
        "p:b would have 11 step runs (11 of 'x'), more than the 10 that p allows."
        " Map over fewer elements, in parts say, or set max_map_length."
    )


def test_mapping_over_a_million_is_refused_before_anything_is_made_of_it() -> None:
    assert "1,000,000 step runs" in refused(events.TaskResult(value=value_of([]), length=1_000_000))


def test_a_pushed_list_can_be_mapped_over() -> None:
    fan = over(("x", "a"), names=(("x", "parts"),))
    world = World(
        pipeline(step("a"), step("b", edge("a", value=False), fan=fan)),
        {"a": result_of(None, named={"parts": value_of([1, 2])})},
    )
    assert world.run() == "succeeded"
    assert elements(world, "b") == [{"#x": b"1"}, {"#x": b"2"}]


# --- choices ---


def test_a_branch_skips_what_it_did_not_choose() -> None:
    world = World(
        pipeline(step("a", role="branch"), step("b", "a"), step("c", "a"), step("d", "b", "c", rule="none_failed")),
        {"a": result_of("b", follow=("b",))},
    )
    assert world.run() == "succeeded"
    assert world.outcomes() == {"a": "succeeded", "b": "succeeded", "c": "skipped", "d": "succeeded"}


def test_a_short_circuit_skips_all_that_is_below() -> None:
    world = World(
        pipeline(step("a", role="short_circuit"), step("b", "a"), step("c", "b", rule="all_done")),
        {"a": result_of(False, proceed=False)},
    )
    assert world.run() == "succeeded"
    assert world.outcomes() == {"a": "succeeded", "b": "skipped", "c": "skipped"}


def test_a_run_with_a_failed_step_is_failed_even_if_a_later_one_succeeds() -> None:
    world = World(
        pipeline(step("a"), step("b", "a", rule="all_failed")),
        {"a": lambda each: report_of(each, "failed", error=events.Error(kind="ValueError", message="no"))},
    )
    assert world.run() == "failed"
    assert world.outcomes() == {"a": "failed", "b": "succeeded"}


# --- attempts ---


def test_only_the_last_attempt_is_told_that_its_failure_is_final() -> None:
    world = World(
        pipeline(step("a", retries=2)),
        {"a": lambda each: report_of(each, "failed", error=events.Error(kind="E", message=""))},
    )
    world.run()
    assert [(each.attempt, each.task.last) for each in world.given("a")] == [(1, False), (2, False), (3, True)]
    assert len({each.tag for each in world.given("a")}) == 3


def test_the_templates_of_a_failed_attempt_are_kept() -> None:
    result = events.TaskResult(rendered={"sql": "SELECT 1"})
    world = World(pipeline(step("a")), {"a": lambda each: told(each, "failed", result=result)})
    world.run()
    (failed,) = world.log(events.AttemptFailed)
    assert failed.rendered == {"sql": "SELECT 1"}


def test_artifacts_are_kept_of_failed_attempts_too() -> None:
    shown = executors.ArtifactReport(key="report", kind="markdown", value=value_of("# hi"))

    def a(each: executors.Assignment) -> executors.AttemptReport:
        return told(each, "failed" if each.attempt == 1 else "succeeded", artifacts=(shown,))

    world = World(pipeline(step("a", retries=1)), {"a": a})
    assert world.run() == "succeeded"
    assert [(each.step, each.key) for each in world.log(events.ArtifactMade)] == [("p:a", "report")] * 2


@pytest.mark.parametrize(("retries", "hooks"), [(0, ["failure"]), (1, ["retry", "failure"])])
def test_hooks_of_an_attempt_that_timed_out_run_afterwards(retries: int, hooks: list[str]) -> None:
    def a(each: executors.Assignment) -> executors.AttemptReport:
        return report_of(each) if each.hook else report_of(each, "timed_out", error=events.Error(kind="T", message="t"))

    world = World(pipeline(step("a", policies=policies.Policies(timeout=5, retry=policies.Retry(retries=retries)))), a)
    assert world.run() == "failed"
    told_hooks = [each for each in world.executor.seen if each.hook]
    assert [each.hook for each in told_hooks] == hooks
    assert all(each.id < 0 and each.timeout is None and each.hook_error.kind == "T" for each in told_hooks)
    assert not world.executor.queue


# --- parking ---


def test_what_is_parked_goes_on_as_the_same_attempt_and_is_told_how_often_it_was() -> None:
    def a(each: executors.Assignment) -> Any:
        return 1 if each.task.poked == 3 else told(each, "parked", again=60.0, reason="no file")

    world = World(pipeline(step("a"), step("b", "a")), {"a": a})
    assert world.run() == "succeeded"
    assert [(each.attempt, each.task.poked) for each in world.given("a")] == [(1, 0), (1, 1), (1, 2), (1, 3)]
    first = {each.task.first for each in world.given("a")[1:]}
    assert len(first) == 1
    assert first != {0}
    parked = world.log(events.StepParked)
    assert [each.reason for each in parked] == ["no file"], "a look that finds nothing new is no event"
    assert [each.items for each in world.log(events.AttemptsStarted)] == [("",), ("",)]


def test_what_is_parked_holds_no_slot() -> None:
    pooled = policies.Policies(pools=("one",))
    world = World(
        pipeline(step("a", policies=pooled), step("b", policies=pooled)),
        {"a": lambda each: 1 if each.task.poked else told(each, "parked", again=60.0)},
    )
    world.run()
    assert [each.step for each in world.log(events.StepSucceeded)] == ["p:b", "p:a"]


@pytest.mark.parametrize("partition", ["2024-01-02", ""])
def test_what_waits_for_an_asset_is_told_once_it_has_data(partition: str) -> None:
    condition = ("asset", "raw", partition)
    output = events.Materialization(asset="raw", value=value_of(1))

    def a(each: executors.Assignment) -> Any:
        if each.task.met:
            return 1
        if each.task.poked == 2:
            world.ledger.append([events.Materialized(output=output, partition="2024-01-02")])
        return told(each, "parked", again=60.0, condition=condition)

    world = World(
        pipeline(step("a")), {"a": a}, assets=[graph.Asset(key="raw", step=None, partitions=DAYS, made_by="q")]
    )
    assert world.run() == "succeeded"
    assert [each.task.met for each in world.given("a")] == [False, False, False, True]


@pytest.mark.parametrize("partition", ["2024-01-02", ""])
def test_what_waits_for_a_pipeline_is_told_once_it_succeeded(partition: str) -> None:
    def a(each: executors.Assignment) -> Any:
        if each.task.poked == 1:
            created = events.RunCreated(run="other", execution="other", pipeline="q", partition="2024-01-02")
            world.ledger.append([created, events.RunFinished(run="other", outcome="succeeded")])
        return 1 if each.task.met else told(each, "parked", again=60.0, condition=("pipeline", "q", partition))

    world = World(pipeline(step("a")), {"a": a})
    assert world.run() == "succeeded"
    assert [each.task.met for each in world.given("a")] == [False, False, True]


# --- the cache ---


def cached(each: executors.Assignment) -> Any:
    return result_of(1, cache="k") if each.task.cached else told(each, "looked_up", result=events.TaskResult(cache="k"))


def test_a_result_of_the_cache_names_the_run_that_made_it() -> None:
    world = World(pipeline(step("a")), {"a": cached})
    assert world.run() == "succeeded"
    assert [each.task.cached for each in world.given("a")] == [False, True]
    assert world.run() == "succeeded"
    assert world.run() == "succeeded"
    assert [(each.run, each.source_run, each.reason) for each in world.log(events.StepReused)] == [
        ("run2", "run1", "cached"), ("run3", "run1", "cached"),
    ]  # fmt: skip
    assert len(world.log(events.AttemptsStarted)) == 3


def test_within_a_run_the_cache_serves_at_once() -> None:
    world = World(pipeline(step("a"), step("b", "a"), step("c", "b")), {"a": cached, "c": cached})
    world.run()
    assert world.outcomes() == {"a": "succeeded", "b": "succeeded", "c": "reused"}


def test_a_reused_branch_chooses_as_it_did() -> None:
    def a(each: executors.Assignment) -> Any:
        if each.task.cached:
            return result_of("b", cache="k", follow=("b",))
        return told(each, "looked_up", result=events.TaskResult(cache="k"))

    world = World(pipeline(step("a", role="branch"), step("b", "a"), step("c", "a")), {"a": a})
    world.run()
    world.run()
    assert world.outcomes() == {"a": "reused", "b": "succeeded", "c": "skipped"}


def test_an_expired_result_does_not_serve() -> None:
    def a(each: executors.Assignment) -> Any:
        soon = int((world.clock.now().timestamp() + 60) * 1e6)
        if each.task.cached:
            return result_of(1, cache="k", expires=soon)
        return told(each, "looked_up", result=events.TaskResult(cache="k"))

    world = World(pipeline(step("a")), {"a": a})
    world.run()
    world.clock.advance(61)
    world.run()
    assert not world.log(events.StepReused)


# --- reruns ---


def test_a_rerun_keeps_what_it_is_given_and_runs_the_rest() -> None:
    world = World(pipeline(step("a"), step("b", "a"), step("c", "b")), {})
    kept = {
        ("p:a", ""): task_work.Kept(source_run="old", result=result_of(5)),
        ("p:b", ""): task_work.Kept(source_run="old", outcome="skipped"),
    }
    world.pipeline = pipeline(step("a"), step("b", "a"), step("c", "a", "b", rule="none_failed"))
    assert world.run(kept=kept, rerun_of="old") == "succeeded"
    assert world.outcomes() == {"a": "reused", "b": "skipped", "c": "succeeded"}
    (reused,) = world.log(events.StepReused)
    assert (reused.source_run, reused.reason) == ("old", "kept")
    assert world.given("c")[0].task.results[0].value.inline == b"5"


# --- the past ---


def test_a_step_that_depends_on_its_past_does_not_run_after_a_failure() -> None:
    fails = {"2024-01-04"}

    def a(each: executors.Assignment) -> Any:
        return report_of(each, "failed") if each.task.partition in fails else 1

    world = World(pipeline(step("a", depends_on_past=True), step("b"), partitions=DAYS, code="c"), {"a": a})
    assert world.run(partition="2024-01-03") == "succeeded"
    assert world.run(partition="2024-01-04") == "failed"
    assert world.run(partition="2024-01-05") == "failed"
    assert world.outcomes() == {"a": "upstream_failed", "b": "succeeded"}
    (finished,) = world.log(events.StepsFinished)
    assert finished.reason == "its run of 2024-01-04 did not succeed, and it depends on its past"
    fails.clear()
    assert world.run(partition="2024-01-04") == "succeeded"
    assert world.run(partition="2024-01-05") == "succeeded"


def test_the_past_of_a_mapped_step_is_that_of_all_its_items() -> None:
    bad = {"2024-01-04"}

    def b(each: executors.Assignment) -> Any:
        return report_of(each, "failed") if each.task.partition in bad and each.task.item == "1" else 1

    mapped = step("b", edge("a", value=False), fan=over(("x", "a")), depends_on_past=True)
    world = World(
        pipeline(step("a"), mapped, partitions=DAYS),
        {"a": lambda each: [1, 2, 3] if each.task.partition == "2024-01-05" else [1, 2], "b": b},
    )
    assert world.run(partition="2024-01-04") == "failed"
    assert world.run(partition="2024-01-05") == "failed"
    assert set(world.outcomes().values()) == {"succeeded", "upstream_failed"}
    bad.clear()
    world.run(partition="2024-01-04")
    assert world.run(partition="2024-01-05") == "succeeded"
    assert len(world.given("b")) == 2 + 2 + 3


# --- assets ---


def test_outlets_are_materialized_with_the_success_and_with_what_was_read() -> None:
    assets = [
        graph.Asset(key="raw", step=None, partitions=DAYS, made_by="p"),
        graph.Asset(key="clean", step=None, partitions=DAYS, made_by="p"),
    ]

    def made(asset: str) -> Any:
        output = executors.OutputReport(asset=asset, value=value_of(asset))
        return lambda each: report_of(each, outputs=(output,), task=executors.TaskReport(result=result_of(1)))

    world = World(
        pipeline(
            step("a", outlets=("raw",), code="ca"),
            step("b", "a", inlets=("raw",), outlets=("clean",), code="cb"),
            partitions=DAYS, inlets=("raw",), outlets=("clean",), code="c",
        ),
        {"a": made("raw"), "b": made("clean")},
        assets=assets,
    )  # fmt: skip
    assert world.run(partition="2024-01-02") == "succeeded"
    raw, clean = world.log(events.Materialized)
    assert (raw.output.asset, raw.partition, raw.output.code, raw.run) == ("raw", "2024-01-02", "ca", "run1")
    (record,) = clean.output.inputs.values()
    (version,) = [each.id for each in world.ledger.versions("raw")]
    assert (record.partitions, record.versions) == (("2024-01-02",), (version,))
    assert [each.key for each in world.ledger.versions("clean")] == ["2024-01-02"]


def test_an_outlet_with_partitions_needs_a_run_of_one_of_them() -> None:
    output = executors.OutputReport(asset="raw", value=value_of(1))
    world = World(
        pipeline(step("a", outlets=("raw",))),
        {"a": lambda each: report_of(each, outputs=(output,))},
        assets=[graph.Asset(key="raw", step=None, partitions=DAYS, made_by="p")],
    )
    assert world.run() == "failed"
    (failed,) = world.log(events.AttemptFailed)
    assert "and the run has no partition. Run the pipeline for one of them: --partition KEY." in failed.error.message
    assert not world.log(events.Materialized)


def test_a_run_of_an_interval_is_an_attempt_at_it_with_the_inlets_that_it_read() -> None:
    world = World(
        pipeline(step("a"), partitions=DAYS, inlets=("raw",), code="c"), {},
        assets=[graph.Asset(key="raw", step=None, partitions=DAYS, made_by="q")],
    )  # fmt: skip
    world.ledger.append(
        [events.Materialized(output=events.Materialization(asset="raw", value=value_of(1)), partition="2024-01-02")]
    )
    world.run(partition="2024-01-02")
    (finished,) = world.log(events.RunFinished)
    assert (finished.pipeline, finished.partition, finished.code) == ("p", "2024-01-02", "c")
    assert [each.versions for each in finished.inputs.values()] == [(1,)]


# --- time limits ---


def test_a_run_that_takes_too_long_is_ended() -> None:
    def a(each: executors.Assignment) -> Any:
        return told(each, "parked", again=600.0)

    world = World(pipeline(step("a"), step("b", "a"), timeout=100.0), {"a": a})
    assert world.run() == "timed_out"
    (finished,) = world.log(events.RunFinished)
    assert finished.reason == "the run took longer than its timeout of 100 s"
    assert world.outcomes() == {"a": "cancelled", "b": "cancelled"}


def test_a_run_that_waited_before_it_was_started_has_all_its_time() -> None:
    world = World(pipeline(step("a"), timeout=100.0), {})
    created = int(world.clock.now().timestamp() * 1e6)
    world.ledger.append([events.RunCreated(run="late", execution="late", pipeline="p")])
    world.clock.advance(3600)
    lease = ledgers.Lease(run="late", epoch=1)
    with world.ledger.transaction() as transaction:
        transaction.append([events.RunStarted(run="late")])
        transaction.set_lease(ledgers.LeaseRow(run="late", epoch=1, owner="{}", expires=0))
    driver, _ = world.driver_of(task_work.RunFacts(run="late", created=created), lease)
    assert driver.drive() == "succeeded"
