"""Trigger rules against Airflow's, counted out: every rule over every few ends above, in every order that they come."""

from __future__ import annotations

from itertools import combinations_with_replacement, permutations

import drawn_pipelines as drawn
import pytest

from weft.engine import rules
from weft.model import pipelines

OUTCOMES = ("succeeded", "failed", "upstream_failed", "skipped")


def comes_to(rule: pipelines.TriggerRule, above: tuple[str, ...], setups: int = 0) -> tuple[str, int]:
    """What becomes of a node, and after how many ends; the first `setups` of those above are its setups."""
    seen = 0
    for number, outcome in enumerate(above, 1):
        bit = rules.bit_of(outcome)  # type: ignore[arg-type]
        seen |= bit | (rules.setup_bits(bit) if number <= setups else 0)
        found = rules.verdict(rules.CODES[rule], seen, number < len(above))
        if found != "wait":
            return found, number
    raise AssertionError("it waits for nothing")


@pytest.mark.parametrize("rule", drawn.RULES)
def test_a_rule_says_what_airflow_says_in_whatever_order_the_ends_come(rule: pipelines.TriggerRule) -> None:
    for count in (1, 2, 3, 4):
        for above in combinations_with_replacement(OUTCOMES, count):
            for ordered in set(permutations(above)):
                found, after = comes_to(rule, ordered)
                assert found in drawn.by_rule(rule, above, ()), (rule, ordered)
                assert found != "run" or drawn.started_rightly(rule, [*ordered[:after], *[None] * (count - after)])


@pytest.mark.parametrize("setups", [0, 1, 2])
def test_a_teardown_goes_by_its_setups_once_all_above_are_done(setups: int) -> None:
    for count in range(max(1, setups), 4):
        for above in permutations(OUTCOMES * 2, count):
            found, after = comes_to("all_done_setup_success", above, setups)
            assert after == count
            assert {found} == drawn.by_rule("all_done_setup_success", above, above[:setups])


@pytest.mark.parametrize("rule", pipelines.TRIGGER_RULES[:-1])
def test_what_is_cancelled_above_cancels_whatever_the_rule(rule: pipelines.TriggerRule) -> None:
    assert comes_to(rule, ("cancelled", "succeeded")) == ("cancelled", 1)


def test_a_teardown_cleans_up_after_a_setup_though_the_rest_is_cancelled() -> None:
    assert comes_to("all_done_setup_success", ("cancelled", "succeeded")) == ("cancelled", 2)
    assert comes_to("all_done_setup_success", ("succeeded", "cancelled"), setups=1) == ("run", 2)
    assert comes_to("all_done_setup_success", ("cancelled", "succeeded"), setups=1) == ("cancelled", 2)
