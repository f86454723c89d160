"""A run under every order of events that an executor can produce, beside a model in plain dictionaries."""

from __future__ import annotations

import random

import pytest
from drawn_networks import Drawn, draw
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from weft.engine import replay, run
from weft.engine.transitions import InvalidTransitionError, State
from weft.model import events

GOOD = ("succeeded", "reused")
FAILED = ("failed", "timed_out", "crashed")
MOST_LOSSES = 3
LIMITS = {"one": 1, "two": 2}


class Runs(RuleBasedStateMachine):
    """The engine beside the model. The log is what a driver would have written; `moments` tells where it stood when."""

    @initialize(seed=st.integers(0, 2**32), keep_going=st.booleans(), plain=st.booleans())
    def begin(self, seed: int, keep_going: bool, plain: bool) -> None:
        self.drawn: Drawn = draw(seed, plain=plain)
        self.dice = random.Random(seed)
        self.keep_going = keep_going
        self.network = self.drawn.network
        self.run = self.fresh()
        self.names = {node: name for name, node in self.drawn.names.items()}
        self.rules = {node: self.network.line_of(node).policies for node in self.names}
        self.outcome: dict[int, str] = {}
        self.running: set[int] = set()
        self.retrying: set[int] = set()
        self.starts = dict.fromkeys(self.names, 0)
        self.losses = dict.fromkeys(self.names, 0)
        self.failures = dict.fromkeys(self.names, 0)
        self.log: list[events.Event] = []
        self.claimed: set[int] = set()
        self.moments: list[tuple[int, run.Run, set[int]]] = []
        self.cancelled = False
        self.ends: list[str] = []

    def fresh(self) -> run.Run:
        return run.begin(self.network, keep_going=self.keep_going, pools=LIMITS)

    # --- what the model says ---

    def good(self, node: int) -> bool:
        return self.outcome.get(node) in GOOD

    def may_start(self, node: int) -> bool:
        return all(self.good(each) for each in self.drawn.upstream[node])

    def chosen(self, nodes: set[int]) -> int:
        return self.dice.choice(sorted(nodes))

    def end(self, node: int, outcome: str) -> None:
        assert node not in self.outcome, f"{node} ended twice"
        self.outcome[node] = outcome
        self.running.discard(node)
        self.retrying.discard(node)
        self.claimed.discard(node)

    def took(self, commands: list[run.Command], *, cancelling: bool = False) -> None:
        """Take commands in as the driver does: what ended is written down."""
        for command in commands:
            match command:
                case run.Finish(nodes, outcome, reason, _):
                    assert reason
                    for node in nodes:
                        self.end(node, outcome)
                        step, key = self.names[node]
                        self.log.append(
                            events.StepsFinished(run="r", step=step, partitions=(key,), outcome=outcome, reason=reason)
                        )
                case run.FinishRun(outcome, _):
                    self.ends.append(outcome)
                case run.RetryLater(node, delay):
                    assert delay == self.rules[node].retry.delay
                    self.running.discard(node)
                    self.claimed.discard(node)
                    self.retrying.add(node)
        if not self.keep_going and any(each in FAILED for each in self.outcome.values()):
            self.cancelled = True
        self.keep()

    def keep(self) -> None:
        """Remember where the run stood when the log had come this far."""
        self.moments.append((len(self.log), self.copied(), set(self.claimed)))

    def copied(self) -> run.Run:
        found = self.fresh()
        found.states, found.attempts = bytearray(self.run.states), dict(self.run.attempts)
        found.losses, found.counts = dict(self.run.losses), dict(self.run.counts)
        found.cancelled, found.unfinished = self.run.cancelled, self.run.unfinished
        return found

    # --- what happens ---

    @rule(limit=st.integers(1, 5), exclusive=st.sampled_from((None, True, False)))
    def take(self, limit: int, exclusive: bool | None) -> None:
        taken = run.take(self.run, limit, exclusive=exclusive)
        assert len(taken) <= limit
        for node in taken:
            assert node not in self.outcome
            assert node not in self.running
            assert node not in self.retrying
            assert self.may_start(node)
            assert not self.cancelled
            assert exclusive is None or run.is_exclusive(self.rules[node]) == exclusive
            self.running.add(node)
            self.starts[node] += 1
            self.claimed.add(node)
            step, key = self.names[node]
            self.log.append(
                events.AttemptsStarted(run="r", step=step, partitions=(key,), attempt=self.run.attempt_of(node))
            )
        self.keep()

    @precondition(lambda self: self.running)
    @rule()
    def succeed(self) -> None:
        node = self.chosen(self.running)
        self.end(node, "succeeded")
        step, key = self.names[node]
        self.log.append(events.StepSucceeded(run="r", step=step, partition=key))
        self.took(run.step(self.run, run.Succeeded(node)))

    @precondition(lambda self: self.running)
    @rule(retryable=st.booleans(), outcome=st.sampled_from((*FAILED, "cancelled")))
    def fail(self, retryable: bool, outcome: events.Outcome) -> None:
        node = self.chosen(self.running)
        self.failures[node] += 1
        commands = run.step(self.run, run.Failed(node, outcome, retryable))
        again = any(isinstance(each, run.RetryLater) for each in commands)
        rules = self.rules[node]
        assert again == (
            retryable
            and outcome != "cancelled"
            and self.failures[node] <= rules.retry.retries
            and not rules.at_most_once
            and not self.cancelled
        )
        step, key = self.names[node]
        if outcome == "cancelled":
            self.log.append(
                events.StepsFinished(run="r", step=step, partitions=(key,), outcome="cancelled", reason="killed")
            )
        else:
            self.log.append(
                events.AttemptFailed(run="r", step=step, partition=key, outcome=outcome, retry_at=1 if again else None)
            )
        if not again:
            self.end(node, outcome)
        self.took(commands)

    @precondition(lambda self: self.running)
    @rule(rejected=st.booleans())
    def turn_out_not_to_run(self, rejected: bool) -> None:
        node = self.chosen(self.running)
        self.starts[node] -= 1
        step, key = self.names[node]
        self.log.append(events.AttemptsStarted(run="r", step=step, partitions=(key,)))
        self.took(run.step(self.run, run.Rejected(node) if rejected else run.Pruned(node)))
        assert self.outcome[node] == ("failed" if rejected else "reused")

    @precondition(lambda self: self.running)
    @rule()
    def lose(self) -> None:
        node = self.chosen(self.running)
        self.losses[node] += 1
        self.running.discard(node)
        self.claimed.discard(node)
        step, key = self.names[node]
        self.log.append(events.AttemptsLost(run="r", step=step, partitions=(key,)))
        self.took(run.step(self.run, run.Lost((node,))))
        if self.rules[node].at_most_once or self.losses[node] > MOST_LOSSES:
            assert self.outcome[node] == "crashed"

    @precondition(lambda self: self.running)
    @rule()
    def never_begin(self) -> None:
        node = self.chosen(self.running)
        self.starts[node] -= 1
        self.running.discard(node)
        self.took(run.step(self.run, run.Unstarted((node,))))

    @precondition(lambda self: self.retrying)
    @rule()
    def retry_comes_due(self) -> None:
        node = self.chosen(self.retrying)
        self.retrying.discard(node)
        self.took(run.step(self.run, run.RetryDue(node)))

    @precondition(lambda self: self.outcome and self.dice.random() < 0.1)
    @rule()
    def cancel(self) -> None:
        self.cancelled = True
        self.log.append(events.RunCancelRequested(run="r", reason="enough"))
        self.took(run.step(self.run, run.CancelRequested("enough")))

    @precondition(lambda self: self.outcome)
    @rule()
    def report_late(self) -> None:
        """What has finished never moves again, and nothing of the run changes when it is told to."""
        node = self.chosen(set(self.outcome))
        before = (bytes(self.run.states), dict(self.run.pools), dict(self.run.counts), self.run.unfinished)
        for late in (
            run.Succeeded(node), run.Failed(node, "failed", True), run.Lost((node,)), run.Unstarted((node,)),
            run.Pruned(node), run.Rejected(node),
        ):  # fmt: skip
            with pytest.raises(InvalidTransitionError, match=r"is finished and can't .*Before:"):
                run.step(self.run, late)
        assert run.step(self.run, run.RetryDue(node)) == []  # the delay of a retry may end after a cancellation
        assert before == (bytes(self.run.states), dict(self.run.pools), dict(self.run.counts), self.run.unfinished)

    # --- what holds at any moment ---

    @invariant()
    def each_node_stands_where_the_model_says(self) -> None:
        if not hasattr(self, "run"):
            return
        for node in self.names:
            state = State(self.run.states[node])
            assert (state is State.FINISHED) == (node in self.outcome)
            assert (state is State.RUNNING) == (node in self.running)
            assert (state is State.RETRYING) == (node in self.retrying)
            if node not in self.outcome:
                above = [self.outcome.get(each) for each in self.drawn.upstream[node]]
                assert all(each in GOOD or each is None for each in above), "something above did not succeed"
                assert (state is State.WAITING) == (None in above)
                assert not self.cancelled or state is State.RUNNING, "nothing waits in a run that is ending"

    @invariant()
    def attempts_are_bounded(self) -> None:
        for node, starts in getattr(self, "starts", {}).items():
            rules = self.rules[node]
            assert starts <= 1 + rules.retry.retries + self.losses[node]
            assert self.losses[node] <= MOST_LOSSES + 1
            assert not rules.at_most_once or starts <= 1

    @invariant()
    def pools_hold_what_runs(self) -> None:
        for pool, free in self.run.pools.items() if hasattr(self, "run") else ():
            users = sum(pool in self.rules[node].pools for node in self.running)
            assert free == LIMITS[pool] - users
            assert free >= 0

    @invariant()
    def the_run_ends_once_with_the_right_outcome(self) -> None:
        if not hasattr(self, "run"):
            return
        done = len(self.outcome) == len(self.names)
        assert self.run.ended == done or not self.names
        assert len(self.ends) == (1 if done and self.names else 0)
        if self.ends:
            outcomes = set(self.outcome.values())
            expected = (
                "failed" if outcomes & {*FAILED, "upstream_failed"}
                else "cancelled" if "cancelled" in outcomes
                else "succeeded"
            )  # fmt: skip
            assert self.ends == [expected]

    def teardown(self) -> None:
        if not hasattr(self, "run"):
            return
        self.check_replays()
        for _ in range(10 * len(self.names) + 10):  # whatever happened, it comes to an end
            if self.run.ended or not self.names:
                break
            while self.retrying:
                self.retry_comes_due()
            self.take(100, None)
            while self.running:
                self.succeed()
        self.the_run_ends_once_with_the_right_outcome()
        assert len(self.outcome) == len(self.names)
        assert self.run.pools == {pool: LIMITS[pool] for pool in self.run.pools}
        assert self.run.ready_count() == 0 or self.cancelled or self.leftovers_only()
        self.check_replays()

    def leftovers_only(self) -> bool:
        """Whether the queues hold nothing but what has finished since."""
        return all(self.run.states[node] == State.FINISHED for queue in self.run.ready.values() for node in queue)

    def check_replays(self) -> None:
        """From any prefix of the log the next driver finds the run as the one before left it."""
        moments = self.moments if len(self.moments) <= 12 else self.dice.sample(self.moments, 12)
        for length, then, claimed in moments:
            again = self.fresh()
            under_way = replay.replay(
                again, self.log[:length], lambda step, key, item: self.drawn.names.get((step, key))
            )
            assert set(under_way) == claimed
            for node in self.names:
                expected = State(then.states[node])
                if node in claimed:
                    expected = State.RUNNING  # also what an executor gave back: nothing in the log says so
                elif expected is State.RETRYING:
                    expected = State.READY  # its delay ended with the driver
                assert State(again.states[node]) is expected
            unfinished = [node for node in self.names if again.states[node] != State.FINISHED]
            for counted, expected_counts in ((again.attempts, then.attempts), (again.losses, then.losses)):
                assert {node: counted.get(node, 0) for node in unfinished} == {
                    node: expected_counts.get(node, 0) for node in unfinished
                }
            assert {word: count for word, count in again.counts.items() if count} == {
                word: count for word, count in then.counts.items() if count
            }
            assert again.unfinished == then.unfinished
            assert bool(again.cancelled) == bool(then.cancelled)


TestRuns = Runs.TestCase
TestRuns.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
