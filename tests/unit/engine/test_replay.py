"""What a driver that takes a run over makes of its events: cases that went wrong once, each by itself."""

from __future__ import annotations

from drawn_networks import NOW

from weft.engine import network, replay, run
from weft.engine.transitions import State
from weft.model import events, graph, partition_set, partitions, plan, policies

KEYS = partitions.StaticPartitions(["a", "b", "c"])


def made(rules: policies.Policies | None = None, *, keep_going: bool = True) -> run.Run:
    """A run of one step over three partitions, nodes 0 to 2."""
    step = graph.Step(key="s", outputs=("s",), partitions=KEYS, policies=rules or policies.Policies())
    built = network.build(
        [
            plan.PlanStep(
                step="s", outputs=("s",), ordinals=partition_set.PartitionSet.range(0, 3), fingerprint="",
                partitioned=True, status="stale", run_if="always", causes=(), estimate_seconds=0.0, code="",
            )
        ],
        graph.Graph(assets={"s": graph.Asset(key="s", step="s", partitions=KEYS)}, steps={"s": step}),
        NOW,
    )  # fmt: skip
    return run.begin(built, keep_going=keep_going)


def replayed(found: run.Run, *history: events.Event) -> list[int]:
    return replay.replay(found, history, lambda step, key, item: KEYS.find(key) if step == "s" else None)


def started(*keys: str) -> events.AttemptsStarted:
    return events.AttemptsStarted(run="r", step="s", partitions=keys)


def test_what_was_under_way_is_lost_and_what_was_not_is_ready() -> None:
    found = made()
    assert replayed(found, started("a", "b"), events.StepSucceeded(run="r", step="s", partition="a")) == [1]
    assert [State(each) for each in found.states] == [State.FINISHED, State.RUNNING, State.READY]


def test_losses_add_up_over_drivers_so_that_a_body_that_kills_them_is_given_up() -> None:
    found = made()
    lost = events.AttemptsLost(run="r", step="s", partitions=("a",))
    assert replayed(found, *[started("a"), lost] * 3, started("a")) == [0]
    assert run.step(found, run.Lost((0,))) == [run.Finish((0,), "crashed", "lost 4 times")]


def test_a_step_run_that_ended_as_lost_is_not_lost_again() -> None:
    found = made(policies.Policies(at_most_once=True))
    history = (
        started("a"),
        events.AttemptsLost(run="r", step="s", partitions=("a",)),
        events.StepsFinished(run="r", step="s", partitions=("a",), outcome="crashed"),
    )
    assert replayed(found, *history) == []
    assert found.states[0] == State.FINISHED
    assert found.counts == {"crashed": 1}


def test_a_cancelled_run_stays_cancelled() -> None:
    found = made()
    history = (
        started("a", "b"),
        events.RunCancelRequested(run="r", reason="enough"),
        events.StepsFinished(run="r", step="s", partitions=("c",), outcome="cancelled"),
        events.StepSucceeded(run="r", step="s", partition="a"),
    )
    assert replayed(found, *history) == [1]
    assert run.take(found, 10) == []
    assert run.step(found, run.Lost((1,)))[-1] == run.FinishRun("cancelled", "enough")


def test_a_run_that_fails_fast_has_failed_fast() -> None:
    found = made(keep_going=False)
    assert replayed(found, started("a"), events.AttemptFailed(run="r", step="s", partition="a")) == []
    assert found.unfinished == 0
    assert run.ending(found).outcome == "failed"


def test_a_rejection_foreseen_is_not_foreseen_again() -> None:
    found = made()
    assert replayed(found, events.StepsFinished(run="r", step="s", partitions=("a",), outcome="failed")) == []
    assert found.counts == {"failed": 1}


def test_partitions_that_the_run_does_not_have_are_none_of_its_business() -> None:
    found = made()
    assert replayed(found, started("z"), events.StepSucceeded(run="r", step="t", partition="a")) == []
    assert found.unfinished == 3


def test_a_body_that_never_began_ends_with_a_run_that_is_ending() -> None:
    found = made()
    run.take(found, 3)
    run.step(found, run.CancelRequested("enough"))
    commands = run.step(found, run.Unstarted((0, 1, 2)))
    assert commands[-1] == run.FinishRun("cancelled", "enough")


def test_a_body_that_is_given_up_as_lost_ends_a_run_that_fails_fast() -> None:
    found = made(policies.Policies(at_most_once=True), keep_going=False)
    run.take(found, 1)
    run.step(found, run.Lost((0,)))
    assert found.counts == {"crashed": 1, "cancelled": 2}


def test_what_failed_in_the_same_turn_as_the_failure_that_ended_the_run_is_no_contradiction() -> None:
    found = made(keep_going=False)
    history = [events.AttemptFailed(run="r", step="s", partition=key) for key in ("a", "b")]
    assert replayed(found, *history) == []
    assert run.ending(found).outcome == "failed"
