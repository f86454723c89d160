"""What a pipeline's run does, case by case: rules, maps, groups, setups, pools."""

from __future__ import annotations

import drawn_pipelines as drawn
import pytest
from drawn_pipelines import key, over, pipeline, step
from stepping import at, begun, end, expand, finishes, ready

from weft.engine import run, tasks
from weft.model import pipelines, policies

Edge = pipelines.Edge


def three_above(rule: str) -> run.Run:
    found = begun(step("a"), step("b"), step("c"), step("z", "a", "b", "c", rule=rule))
    assert ready(found) == ["a", "b", "c"]
    return found


@pytest.mark.parametrize("rule", drawn.RULES)
def test_without_anything_above_every_rule_lets_it_start(rule: str) -> None:
    assert ready(begun(step("z", rule=rule))) == ["z"]


def test_a_failure_above_ends_what_needs_success_at_once() -> None:
    found = three_above("all_success")
    assert finishes(found, end(found, "b", outcome="failed")) == {"z": ("upstream_failed", "p:b did not succeed")}


def test_a_skip_above_skips_what_needs_success_at_once() -> None:
    found = three_above("all_success")
    assert finishes(found, end(found, "b", outcome="skipped")) == {"z": ("skipped", "p:b was skipped")}


def test_one_success_starts_with_the_first() -> None:
    found = three_above("one_success")
    end(found, "a", outcome="failed")
    assert ready(found) == []
    end(found, "b")
    assert ready(found) == ["z"]
    end(found, "z")
    assert end(found, "c", outcome="failed")[-1] == run.FinishRun("failed")


def test_one_success_fails_where_none_succeeded_and_is_skipped_where_all_were() -> None:
    for outcome, expected in (("failed", "upstream_failed"), ("skipped", "skipped")):
        found = three_above("one_success")
        end(found, "a", outcome="skipped")
        end(found, "b", outcome="skipped")
        assert finishes(found, end(found, "c", outcome=outcome))["z"][0] == expected


def test_one_done_does_not_count_what_never_ran() -> None:
    found = begun(step("a"), step("b", "a"), step("z", "b", rule="one_done"))
    ready(found)
    ended = finishes(found, end(found, "a", outcome="failed"))
    assert (ended["b"][0], ended["z"][0]) == ("upstream_failed", "skipped")


def test_always_waits_for_nothing() -> None:
    assert ready(begun(step("a"), step("z", "a", rule="always"))) == ["a", "z"]


def test_a_run_with_a_failed_step_has_failed_though_a_later_step_succeeded() -> None:
    found = begun(step("a"), step("z", "a", rule="all_done"))
    ready(found)
    end(found, "a", outcome="failed")
    assert ready(found) == ["z"]
    assert end(found, "z") == [run.FinishRun("failed")]


def test_skipped_steps_fail_no_run() -> None:
    found = begun(step("a"), step("z", "a"))
    ready(found)
    assert end(found, "a", outcome="skipped")[-1] == run.FinishRun("succeeded")


def test_what_is_killed_spreads_as_cancelled() -> None:
    found = three_above("all_done")
    assert finishes(found, end(found, "a", outcome="cancelled"))["z"][0] == "cancelled"


# --- maps ---


def test_items_take_the_place_of_a_mapped_step_and_what_is_below_waits_for_all() -> None:
    found = begun(step("a"), step("m", Edge(step=key("a"), value=True), fan=over("a")), step("z", "m"))
    assert ready(found) == ["a"]
    end(found, "a")
    assert ready(found) == ["m"]
    assert found.network.line_of(at(found, "m")).kind == "fan"
    assert expand(found, "m", 3) == []
    assert ready(found) == ["m[0]", "m[1]", "m[2]"]
    end(found, "m", "0")
    end(found, "m", "2")
    assert ready(found) == []
    end(found, "m", "1")
    assert ready(found) == ["z"]
    assert end(found, "z") == [run.FinishRun("succeeded")]
    assert found.counts == {"succeeded": 5}


def test_nothing_to_map_over_skips_the_step_and_what_needs_it() -> None:
    found = begun(step("m", fan=over(0)), step("y", "m"), step("z", "m", rule="none_failed"))
    ready(found)
    ended = finishes(found, expand(found, "m", 0))
    assert ended == {"m": ("skipped", "nothing to map over"), "y": ("skipped", "p:m was skipped")}
    assert ready(found) == ["z"]


def test_a_failed_item_is_seen_below_at_once() -> None:
    found = begun(
        step("m", fan=over(3)), step("z", "m"), step("e", "m", rule="one_failed"), step("d", "m", rule="all_done")
    )
    ready(found)
    expand(found, "m", 3)
    ready(found)
    end(found, "m", "0")
    assert finishes(found, end(found, "m", "1", outcome="failed")) == {"z": ("upstream_failed", "p:m did not succeed")}
    assert ready(found) == ["e"]
    end(found, "m", "2")
    assert ready(found) == ["d"]


def test_a_mapped_step_that_cannot_start_ends_as_one_step_run() -> None:
    found = begun(step("a"), step("m", Edge(step=key("a"), value=True), fan=over("a")), step("z", "m"))
    ready(found)
    assert set(finishes(found, end(found, "a", outcome="failed"))) == {"m", "z"}
    assert found.counts == {"failed": 1, "upstream_failed": 2}


def test_an_early_rule_does_not_start_a_map_before_what_it_maps_over_is_there() -> None:
    found = begun(
        step("a"), step("b"), step("m", "b", Edge(step=key("a"), value=True), fan=over("a"), rule="one_success")
    )
    ready(found)
    end(found, "b")
    assert ready(found) == []
    end(found, "a")
    assert ready(found) == ["m"]


def grouped() -> run.Run:
    return begun(
        step("u", group="g", fan=over(2)),
        step("v", Edge(step=key("u"), aligned=True), group="g", fan=over(2)),
        step("z", "v"),
    )


def test_in_a_mapped_group_each_item_waits_for_its_own() -> None:
    found = grouped()
    assert ready(found) == ["u"]
    assert tasks.steps_of(found.network, at(found, "u")) == (key("u"), key("v"))
    assert at(found, "v") == at(found, "u")
    expand(found, "u", 2)
    assert ready(found) == ["u[0]", "u[1]"]
    end(found, "u", "1")
    assert ready(found) == ["v[1]"]
    assert finishes(found, end(found, "u", "0", outcome="failed")) == {
        "v[0]": ("upstream_failed", "p:u did not succeed"),
        "z": ("upstream_failed", "p:u did not succeed"),
    }
    assert end(found, "v", "1") == [run.FinishRun("failed")]


def test_ten_thousand_items_cost_each_a_little() -> None:
    found = begun(step("m", fan=over(10_000)), step("z", "m"), step("d", "m", rule="all_done"))
    ready(found)
    expand(found, "m", 10_000)
    for node in run.take(found, 20_000):
        run.step(found, run.Succeeded(node))
    assert sorted(ready(found)) == ["d", "z"]


# --- setups and teardowns ---


def with_setup(*between: pipelines.TaskStep) -> run.Run:
    return begun(
        step("up", role="setup"),
        *between,
        step("down", between[-1].task, role="teardown", setups=(key("up"),), rule="all_done_setup_success"),
    )


def test_a_teardown_runs_though_the_work_failed() -> None:
    found = with_setup(step("work", "up"))
    ready(found)
    end(found, "up")
    ready(found)
    end(found, "work", outcome="failed")
    assert ready(found) == ["down"]
    assert end(found, "down") == [run.FinishRun("failed")]


def test_a_failed_setup_holds_all_that_needs_it_whatever_their_rules() -> None:
    found = with_setup(step("work", "up"), step("report", "work", rule="all_done"))
    ready(found)
    ended = finishes(found, end(found, "up", outcome="failed"))
    assert {name: outcome for name, (outcome, _) in ended.items()} == dict.fromkeys(
        ("work", "report", "down"), "upstream_failed"
    )


def test_a_teardown_of_skipped_setups_is_skipped() -> None:
    found = with_setup(step("work", "up"))
    ready(found)
    assert finishes(found, end(found, "up", outcome="skipped"))["down"][0] == "skipped"


def test_a_run_that_is_cancelled_cleans_up_after_a_setup_that_succeeded() -> None:
    found = with_setup(step("work", "up"), step("more", "work"))
    ready(found)
    end(found, "up")
    ready(found)
    ended = finishes(found, run.step(found, run.CancelRequested("enough")))
    assert ended == {"more": ("cancelled", "enough")}
    assert ready(found) == []  # what runs still needs what the setup made
    end(found, "work", outcome="cancelled")
    assert ready(found) == ["down"]
    assert end(found, "down") == [run.FinishRun("cancelled", "enough")]


def test_a_run_that_is_cancelled_before_its_setup_has_nothing_to_clean_up() -> None:
    found = with_setup(step("work", "up"))
    ended = finishes(found, run.step(found, run.CancelRequested("enough")))
    assert ended == dict.fromkeys(("up", "work", "down"), ("cancelled", "enough"))
    assert found.ended


def test_asked_twice_a_run_ends_without_cleaning_up() -> None:
    found = with_setup(step("work", "up"))
    ready(found)
    end(found, "up")
    run.step(found, run.CancelRequested("enough"))
    commands = run.step(found, run.CancelRequested("at once"))
    assert finishes(found, commands) == {"down": ("cancelled", "enough")}
    assert commands[-1] == run.FinishRun("cancelled", "enough")


# --- parked, pools ---


def test_what_is_parked_gives_its_slot_back_and_goes_on_as_the_same_attempt() -> None:
    rules = policies.Policies(pools=("p",))
    found = begun(step("w", policies=rules), step("x", policies=rules))
    assert ready(found) == ["w"]
    assert run.step(found, run.Parked(at(found, "w"), 30.0)) == [run.RetryLater(at(found, "w"), 30.0)]
    assert ready(found) == ["x"]
    run.step(found, run.RetryDue(at(found, "w")))
    assert ready(found) == []
    end(found, "x")
    assert ready(found) == ["w"]
    assert found.attempt_of(at(found, "w")) == 1


def test_what_is_parked_ends_with_a_run_that_is_cancelled() -> None:
    found = begun(step("w"))
    ready(found)
    run.step(found, run.CancelRequested("enough"))
    assert run.step(found, run.Parked(at(found, "w"), 30.0))[-1] == run.FinishRun("cancelled", "enough")


def test_a_step_takes_as_many_slots_as_it_says_and_never_more_than_there_are() -> None:
    def taking(slots: int) -> policies.Policies:
        return policies.Policies(pools=("p",), slots=slots)

    made = pipeline(*(step(name, policies=taking(slots)) for name, slots in zip("abcd", (1, 2, 9, 1), strict=True)))
    found = run.begin(tasks.build(made), keep_going=True, pools={"p": 3})
    assert ready(found) == ["a", "b"]
    end(found, "a")
    assert ready(found) == []  # c comes before d, and waits for all three
    end(found, "b")
    assert ready(found) == ["c"]
    end(found, "c")
    assert ready(found) == ["d"]


def test_a_run_bounds_how_many_of_its_steps_and_of_a_tag_are_under_way() -> None:
    tagged = policies.Policies(tags=("db",))
    found = begun(
        step("m", fan=over(9)), step("x", policies=tagged), step("y", policies=tagged),
        max_active_steps=3, tag_limits={"db": 1},
    )  # fmt: skip
    assert ready(found) == ["m", "x"]
    expand(found, "m", 9)
    assert len(ready(found)) == 2
    end(found, "x")
    assert len(ready(found)) == 1
