"""Runs that grow call by call, as those of flows do."""

from __future__ import annotations

import random
from collections.abc import Iterable

import drawn_pipelines as drawn
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.engine import network, run
from weft.engine.transitions import State
from weft.model import pipelines, policies


def call(task: str, *items: str, rule: pipelines.TriggerRule = "all_success") -> network.Line:
    return network.line(f"f:{task}", policies=policies.Policies(), items=items or ("0",), rule=rule)


def test_calls_are_added_to_an_open_run_which_ends_when_it_is_closed() -> None:
    found = run.begin(network.Network(), keep_going=True, open=True)
    first, commands = run.add(found, call("a"))
    assert (commands, run.take(found, 9)) == ([], [first])
    second, _ = run.add(found, call("b", "1.0", "1.1"), (first,))
    assert run.take(found, 9) == []
    assert run.step(found, run.Succeeded(first)) == []
    assert run.take(found, 9) == [second, second + 1]
    for node in (second, second + 1):
        assert run.step(found, run.Succeeded(node)) == []
    assert found.network.item_of(second + 1) == "1.1"
    third, _ = run.add(found, call("c"), (first, second))
    assert run.take(found, 9) == [third]
    assert found.outcome_of(first) == "good"
    assert run.close(found) == []
    assert run.step(found, run.Succeeded(third)) == [run.FinishRun("succeeded")]


def test_a_call_that_waits_for_what_failed_before_ends_at_once_by_its_rule() -> None:
    found = run.begin(network.Network(), keep_going=True, open=True)
    first, _ = run.add(found, call("a"))
    run.take(found, 1)
    run.step(found, run.Failed(first, "failed", False))
    second, commands = run.add(found, call("b"), (first,))
    assert commands == [run.Finish((second,), "upstream_failed", "f:a did not succeed", "f:a")]
    third, commands = run.add(found, call("c", rule="all_done"), (first, second))
    assert (commands, run.take(found, 9)) == ([], [third])
    run.step(found, run.Succeeded(third))
    assert run.close(found) == [run.FinishRun("failed")]


def test_a_call_in_a_run_that_is_cancelled_ends_as_cancelled() -> None:
    found = run.begin(network.Network(), keep_going=True, open=True)
    run.step(found, run.CancelRequested("enough"))
    first, commands = run.add(found, call("a"))
    assert commands == [run.Finish((first,), "cancelled", "enough")]
    assert run.close(found) == [run.FinishRun("cancelled", "enough")]


def test_many_calls_that_wait_for_the_same_many_share_a_barrier() -> None:
    found = run.begin(network.Network(), keep_going=True, open=True)
    base, _ = run.add(found, call("a", *map(str, range(300))))
    below, _ = run.add(found, call("b", *map(str, range(300))), range(base, base + 300))
    assert sum(len(each or ()) for each in found.network.downstream) == 600
    for node in run.take(found, 999):
        run.step(found, run.Succeeded(node))
    assert run.take(found, 999) == list(range(below, below + 300))
    assert all(found.states[node] == State.RUNNING for node in range(below, below + 300))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_calls_end_as_their_rules_say_whenever_they_are_added(seed: int) -> None:
    dice = random.Random(seed)
    found = run.begin(network.Network(), keep_going=True, open=True)
    above: dict[int, tuple[int, ...]] = {}
    rules: dict[int, pipelines.TriggerRule] = {}
    outcomes: dict[int, str] = {}

    def took(commands: Iterable[run.Command]) -> None:
        for command in commands:
            assert isinstance(command, run.Finish)
            outcomes.update(dict.fromkeys(command.nodes, command.outcome))

    def play(node: int) -> None:
        assert drawn.started_rightly(rules[node], [outcomes.get(each) for each in above[node]])
        what = outcomes[node] = dice.choice(("succeeded", "succeeded", "failed", "skipped"))
        move = {"succeeded": run.Succeeded(node), "skipped": run.Skipped(node)}.get(what)
        took(run.step(found, move or run.Failed(node, "failed", False)))

    for _ in range(dice.randint(1, 25)):
        waits = tuple(dice.sample(sorted(above), min(len(above), dice.randint(0, 3))))
        rule = dice.choice(drawn.RULES) if dice.random() < 0.4 else "all_success"
        items = [str(number) for number in range(dice.choice((1, 1, 3)))]
        base, commands = run.add(found, call("c", *items, rule=rule), waits)
        for node in range(base, base + len(items)):
            above[node], rules[node] = waits, rule
        took(commands)
        for node in run.take(found, dice.randint(0, 3)):
            play(node)
    while taken := run.take(found, 2):
        for node in taken:
            play(node)
    assert set(outcomes) == set(above)
    for node, waits in above.items():
        expected = drawn.by_rule(rules[node], [outcomes[each] for each in waits], ())
        assert "run" in expected or outcomes[node] in expected
    assert found.ready_count() == found.unfinished == 0
    bad = {"failed", "upstream_failed"} & set(outcomes.values())
    assert run.close(found) == [run.FinishRun("failed" if bad else "succeeded")]
