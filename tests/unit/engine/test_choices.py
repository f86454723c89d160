"""What branches and short circuits leave out, case by case."""

from __future__ import annotations

from drawn_pipelines import key, over, step
from stepping import begun, chosen, end, expand, finishes, ready, stopped

from weft.model import pipelines

Edge = pipelines.Edge


def test_a_branch_skips_what_is_directly_below_and_was_not_chosen() -> None:
    found = begun(step("b", role="branch"), step("x", "b"), step("y", "b"), step("z", "x", "y", rule="none_failed"))
    ready(found)
    assert chosen(found, "b", "x") == {"y": ("skipped", "p:b chose another way")}
    assert ready(found) == ["x"]
    end(found, "x")
    assert ready(found) == ["z"]


def test_what_is_below_something_chosen_is_not_left_out() -> None:
    found = begun(step("b", role="branch"), step("x", "b"), step("z", "b", "x"))
    ready(found)
    assert chosen(found, "b", "x") == {}
    end(found, ready(found)[0])
    assert ready(found) == ["z"]


def test_a_branch_may_choose_a_whole_group() -> None:
    found = begun(step("b", role="branch"), step("g.x", "b"), step("g.y", "b"), step("h", "b"))
    ready(found)
    assert set(chosen(found, "b", "g")) == {"h"}
    assert ready(found) == ["g.x", "g.y"]


def test_a_short_circuit_skips_all_below_whatever_their_rules_but_teardowns() -> None:
    found = begun(
        step("up", role="setup"),
        step("s", "up", role="short_circuit"),
        step("x", "s"),
        step("y", "x", rule="all_done"),
        step("down", "y", role="teardown", setups=(key("up"),), rule="all_done_setup_success"),
    )
    ready(found)
    end(found, "up")
    ready(found)
    assert set(stopped(found, "s")) == {"x", "y"}
    assert ready(found) == ["down"]


def test_a_short_circuit_that_respects_rules_skips_only_what_is_next() -> None:
    found = begun(step("s", role="short_circuit", respect_rules=True), step("x", "s"), step("y", "x", rule="all_done"))
    ready(found)
    assert set(stopped(found, "s")) == {"x"}
    assert ready(found) == ["y"]


def test_a_branch_in_a_mapped_group_skips_its_own_items() -> None:
    found = begun(
        step("b", role="branch", group="g", fan=over(2)),
        step("x", Edge(step=key("b"), aligned=True), group="g", fan=over(2)),
        step("y", Edge(step=key("b"), aligned=True), group="g", fan=over(2)),
    )
    ready(found)
    expand(found, "b", 2)
    ready(found)
    assert set(chosen(found, "b", "x", item="0")) == {"y[0]"}
    assert set(chosen(found, "b", "y", item="1")) == {"x[1]"}
    assert sorted(ready(found)) == ["x[0]", "y[1]"]


def test_a_mapped_branch_leaves_out_what_every_item_left_out() -> None:
    found = begun(step("b", role="branch", fan=over(2)), *(step(name, "b") for name in "xyz"), step("after", "y", "z"))
    ready(found)
    expand(found, "b", 2)
    ready(found)
    assert chosen(found, "b", "x", item="0") == {}
    assert set(chosen(found, "b", "y", item="1")) == {"z", "after"}
    assert ready(found) == ["x", "y"]


def test_what_a_branch_left_out_is_skipped_when_its_items_are_known() -> None:
    found = begun(
        step("a"),
        step("b", role="branch"),
        step("x", "b", Edge(step=key("a"), value=True), group="g", fan=over("a")),
        step("y", Edge(step=key("a"), value=True), group="g", fan=over("a")),
    )
    ready(found)
    assert chosen(found, "b") == {}
    end(found, "a")
    assert ready(found) == ["x"]
    assert set(finishes(found, expand(found, "x", 2))) == {"x[0]", "x[1]"}
    assert ready(found) == ["y[0]", "y[1]"]
