"""Runs of random pipelines under every order of events, beside Airflow's rules counted out over all step runs."""

from __future__ import annotations

import random
from collections.abc import Iterable

import drawn_pipelines as drawn
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.engine import replay, run, tasks
from weft.engine.transitions import State
from weft.model import events, pipelines

Named = tuple[str, str]
POOLS = {"one": 1}


class Played:
    """One run to its end, with the log that a driver would have written."""

    def __init__(self, seed: int, *, rough: bool = False) -> None:
        """With `rough` it may be cancelled, or fail fast."""
        self.dice = random.Random(seed)
        self.rough = rough
        self.keep_going = not rough or self.dice.random() < 0.5
        self.pipeline: pipelines.Pipeline = drawn.draw(seed)
        self.world = drawn.World(self.pipeline)
        self.run = self.fresh()
        self.network = self.run.network
        self.log: list[events.Event] = []
        self.moments: list[tuple[int, tuple[object, ...], set[int]]] = []
        self.outcomes: dict[Named, str] = {}
        self.begun: set[Named] = set()
        self.left_out: set[Named] = set()
        self.may_be_left_out: set[Named] = set()
        """Also those that had begun; if they were not running just then, they are skipped too."""
        self.choices: dict[str, list[tuple[Named, set[str]]]] = {}
        self.running: set[int] = set()
        self.fans: set[int] = set()
        """Fan nodes that were taken and are not settled yet."""
        self.waiting: list[int] = []
        self.ends: list[str] = []

    def fresh(self) -> run.Run:
        return run.begin(tasks.build(self.pipeline), keep_going=self.keep_going, pools=POOLS)

    def name(self, node: int) -> Named:
        return self.network.line_of(node).step, self.network.item_of(node)

    def play(self) -> None:
        self.keep()
        for _ in range(2000):
            if self.run.ended:
                return
            if self.dice.random() < 0.5 or not self.running:
                self.take()
            if self.waiting and (not self.running or self.dice.random() < 0.3):
                self.took(run.step(self.run, run.RetryDue(self.waiting.pop())))
            if self.rough and self.log and self.dice.random() < 0.05:
                self.log.append(events.RunCancelRequested(run="r", reason="enough"))
                self.took(run.step(self.run, run.CancelRequested("enough")))
            if self.running:
                self.happen(self.dice.choice(sorted(self.running)))
            self.check_pools()
        raise AssertionError(f"the run stands still: {self.pipeline}")

    def take(self) -> None:
        taken = run.take(self.run, self.dice.randint(1, 4))
        fans = [node for node in taken if self.network.line_of(node).kind == "fan"]
        for node in taken:
            self.check_start(node)
            if node not in fans:
                self.running.add(node)
                step, item = self.name(node)
                self.begun.add((step, item))
                self.log.append(
                    events.AttemptsStarted(run="r", step=step, items=(item,), attempt=self.run.attempt_of(node))
                )
        self.fans.update(fans)
        for node in fans:
            self.expand(node)
        if not fans:
            self.keep()

    def check_start(self, node: int) -> None:
        step, item = self.name(node)
        each = self.pipeline.steps[step]
        if each.fan is not None and not each.group and item:
            assert (step, item) not in self.outcomes
            return  # its fan node has been looked at
        if self.network.line_of(node).kind == "fan" and each.group:
            sources = [source for _, source in each.fan.sources if isinstance(source, str)]
            above = [self.outcomes.get(other) for source in sources for other in self.world.runs_of(source)]
            assert all(other in drawn.GOOD for other in above)
            return
        above = [self.outcomes.get(other) for other in self.world.above(step, item)]
        if each.fan is None or each.rule != "always":
            assert drawn.started_rightly(each.rule, above), (each, above)
        for _, source in each.fan.sources if each.fan and not each.group else ():
            if isinstance(source, str):
                assert None not in [self.outcomes.get(other) for other in self.world.runs_of(source)]

    def expand(self, node: int) -> None:
        step = self.name(node)[0]
        self.fans.discard(node)
        count = self.dice.choice((0, 1, 2, 3))
        if self.dice.random() < 0.1 and not self.run.cancelled:  # what it should map over is no list
            self.log.append(events.AttemptFailed(run="r", step=step))
            for each in tasks.steps_of(self.network, node):
                self.outcomes[each, ""] = "failed"
            self.took(run.step(self.run, run.Failed(node, "failed", False)))
            return
        for each in tasks.steps_of(self.network, node):
            self.log.append(events.StepMapped(run="r", step=each, count=count))
            if count and not self.run.cancelled:
                self.world.counts[each] = count
        self.took(run.step(self.run, run.Expanded(node, count)))

    def happen(self, node: int) -> None:
        step, item = name = self.name(node)
        what = self.dice.choices(
            ("succeeded", "reused", "failed", "skipped", "parked", "lost", "unstarted"), (8, 1, 3, 1, 1, 0.5, 0.5)
        )[0]
        self.running.discard(node)
        match what:
            case "succeeded" | "reused":
                result = self.result(name)
                if what == "reused":
                    self.log.append(events.StepReused(run="r", step=step, item=item, task=result))
                else:
                    self.log.append(events.StepSucceeded(run="r", step=step, item=item, task=result))
                self.outcomes[name] = what
                self.note_choice(name, result)
                self.took(
                    run.step(
                        self.run,
                        tasks.settled(
                            self.network, node, follow=result.follow, proceed=result.proceed, reused=what == "reused"
                        ),
                    )
                )
            case "failed":
                commands = run.step(self.run, run.Failed(node, "failed", True))
                again = any(isinstance(each, run.RetryLater) for each in commands)
                self.log.append(events.AttemptFailed(run="r", step=step, item=item, retry_at=1 if again else None))
                if not again:
                    self.outcomes[name] = "failed"
                self.took(commands)
            case "skipped":
                self.log.append(events.StepsFinished(run="r", step=step, items=(item,), outcome="skipped"))
                self.outcomes[name] = "skipped"
                self.took(run.step(self.run, run.Skipped(node)))
            case "parked":
                attempt = self.run.attempt_of(node)
                self.log.append(events.StepParked(run="r", step=step, item=item, attempt=attempt))
                self.took(run.step(self.run, run.Parked(node, 5.0)))
                assert self.run.attempt_of(node) == attempt
            case "lost":
                self.log.append(events.AttemptsLost(run="r", step=step, items=(item,)))
                self.took(run.step(self.run, run.Lost((node,))))
            case _:
                self.log.append(events.AttemptsLost(run="r", step=step, items=(item,)))
                self.took(run.step(self.run, run.Lost((node,))))

    def result(self, name: Named) -> events.TaskResult:
        step = self.pipeline.steps[name[0]]
        if step.role == "branch":
            below = [self.pipeline.steps[each].task for each in sorted(self.world.directly_below(step.key))]
            return events.TaskResult(follow=tuple(each for each in below if self.dice.random() < 0.5))
        if step.role == "short_circuit":
            return events.TaskResult(proceed=self.dice.random() < 0.5)
        return events.TaskResult()

    def note_choice(self, name: Named, result: events.TaskResult) -> None:
        """What Airflow would skip, of which nothing has begun."""
        step = self.pipeline.steps[name[0]]
        if step.role not in ("branch", "short_circuit"):
            return
        below = self.world.directly_below(step.key)
        if step.role == "branch":
            chosen = {drawn.key(each) for each in result.follow or ()}
            out = below - chosen - self.world.all_below(chosen)
        elif result.proceed:
            out = set()
        else:
            out = below if step.respect_rules else self.world.all_below({step.key})
        out = {each for each in out if self.pipeline.steps[each].role != "teardown"}
        self.choices.setdefault(step.key, []).append((name, out))
        if step.fan is None:
            for each in out:
                runs = {one for one in self.world.runs_of(each) if one not in self.outcomes}
                self.may_be_left_out |= runs
                self.left_out |= runs - self.begun

    def took(self, commands: Iterable[run.Command]) -> None:
        for command in commands:
            match command:
                case run.Finish(nodes, outcome, reason, _):
                    assert reason
                    for node in nodes:
                        for step in tasks.steps_of(self.network, node):
                            item = self.network.item_of(node)
                            assert (step, item) not in self.outcomes, f"{step} {item} ended twice"
                            self.outcomes[step, item] = outcome
                            self.log.append(
                                events.StepsFinished(run="r", step=step, items=(item,), outcome=outcome, reason=reason)
                            )
                case run.FinishRun(outcome, _):
                    self.ends.append(outcome)
                case run.RetryLater(node, _):
                    self.waiting.append(node)
        self.keep()

    def keep(self) -> None:
        """Remember where the run stood; not between two fans, which a driver writes down together."""
        if not self.fans:
            self.moments.append((len(self.log), standing(self.run), set(self.running)))

    def check_pools(self) -> None:
        for pool, capacity in self.run.capacities.items():
            held = [dict(self.network.line_of(node).pools).get(pool, 0) for node in self.running]
            assert self.run.pools[pool] == capacity - sum(min(each, capacity) for each in held)
            assert self.run.pools[pool] >= 0


def standing(found: run.Run) -> tuple[object, ...]:
    """Where a run stands, as its log tells it: delays end with their driver."""
    bodies = [node for node in range(found.network.size) if not found.network.bodiless(node)]
    return (
        [State.READY if found.states[node] == State.RETRYING else State(found.states[node]) for node in bodies],
        [found.ends[node] for node in bodies],
        found.unfinished,
        {word: count for word, count in found.counts.items() if count},
        {node: count for node, count in found.attempts.items() if count},
        dict(found.losses),
        set(found.ahead),
        {node: dict(each) for node, each in found.left_out.items()},
    )


def played(seed: int, *, rough: bool = False) -> Played:
    found = Played(seed, rough=rough)
    found.play()
    return found


SEEDS = given(st.integers(0, 2**32))
MANY = settings(max_examples=400, deadline=None)


@MANY
@SEEDS
def test_every_step_run_ends_as_its_rule_says(seed: int) -> None:
    found = played(seed)
    by_item_choice = {
        each
        for step, made in found.choices.items()
        if found.pipeline.steps[step].fan is not None
        for _, out in made
        for each in out
    }
    for (name, item), outcome in found.outcomes.items():
        step = found.pipeline.steps[name]
        if outcome == "skipped" and ({(name, item), (name, "")} & found.may_be_left_out or name in by_item_choice):
            continue
        if step.group and not item:
            sources = [source for _, source in step.fan.sources if isinstance(source, str)]
            above = [found.outcomes[other] for source in sources for other in found.world.runs_of(source)]
            allowed, setups = drawn.by_rule("all_success", above, ()), set()
        elif step.fan is not None and not step.group and item:
            continue  # its fan node waited for it
        else:
            above = [found.outcomes[other] for other in found.world.above(name, item)]
            marked = {each.key for each in found.pipeline.steps.values() if each.role == "setup"}
            own = [found.outcomes[other] for other in found.world.above(name, item) if other[0] in marked]
            allowed = drawn.by_rule(step.rule, above, own)
            setups = found.world.indirect_setups(name)
        gates = [
            found.outcomes[other]
            for setup in setups
            for other in (
                [(setup, item)] if step.group and found.pipeline.steps[setup].group else found.world.runs_of(setup)
            )
        ]
        held = drawn.by_rule("all_success", gates, ())
        if held != {"run"}:
            allowed = (allowed - {"run"}) | held
        ran = (name, item) in found.begun or outcome in ("failed", "reused", "succeeded")
        if ran or (step.fan is not None and not item and outcome == "skipped" and "run" in allowed):
            assert "run" in allowed, (name, item, outcome, allowed)
        else:
            assert outcome in allowed, (name, item, outcome, allowed)


@MANY
@SEEDS
def test_each_step_run_ends_once_and_a_run_with_a_failed_one_has_failed(seed: int) -> None:
    found = played(seed)
    everyone = {each for name in found.pipeline.steps for each in found.world.runs_of(name)}
    assert set(found.outcomes) == everyone
    bad = {"failed", "upstream_failed", "crashed"} & set(found.outcomes.values())
    assert found.ends == ["failed" if bad else "succeeded"]
    assert found.run.unfinished == 0


@MANY
@SEEDS
def test_what_a_branch_left_out_is_skipped_and_nothing_of_it_runs(seed: int) -> None:
    found = played(seed)
    for name, item in found.left_out:
        runs = [(name, item)] if (name, item) in found.outcomes else found.world.runs_of(name)
        for each in runs:
            assert each not in found.begun
            if not found.pipeline.steps[name].group or each[1]:  # a group may come to its end as a whole before
                assert found.outcomes[each] == "skipped"


@MANY
@given(st.integers(0, 2**32), st.booleans())
def test_a_replay_of_every_prefix_stands_where_the_run_stood(seed: int, rough: bool) -> None:
    found = played(seed, rough=rough)
    moments = found.moments if len(found.moments) <= 15 else found.dice.sample(found.moments, 15)
    for length, then, running in moments:
        again = found.fresh()
        under_way = replay.replay(again, found.log[:length], replay.tasks_node_of(again.network))
        assert set(under_way) == running
        assert standing(again) == then


@MANY
@SEEDS
def test_a_run_that_is_cancelled_or_fails_fast_comes_to_its_end(seed: int) -> None:
    found = played(seed, rough=True)
    everyone = {each for name in found.pipeline.steps for each in found.world.runs_of(name)}
    assert set(found.outcomes) == everyone
    outcomes = set(found.outcomes.values())
    bad = {"failed", "upstream_failed", "crashed"} & outcomes
    assert found.ends == ["failed" if bad else "cancelled" if "cancelled" in outcomes else "succeeded"]


@MANY
@SEEDS
def test_a_network_that_has_grown_is_as_consistent_as_one_that_was_built(seed: int) -> None:
    found = played(seed).network
    assert found.size == len(found.waits) == len(found.rules) == len(found.marks)
    bodies = [node for node in range(found.size) if not found.bodiless(node)]
    assert len(bodies) == found.bodies == sum(line.count for line in found.lines)
    for line in found.lines:
        for place in range(line.count):
            node = line.base + place
            assert found.line_of(node) is line
            if line.kind == "step":
                assert found.node_at(line.step, found.item_of(node)) == node
    assert not [below for each in found.downstream for below in each or () if not 0 <= below < found.size]
