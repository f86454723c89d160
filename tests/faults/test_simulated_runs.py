"""Whole runs over random graphs in memory: planned, applied, planned again; killed at every commit and picked up again.

Numbers in the names of invariants are those of the design. Each case is its seed: `check(seed)` replays it.
"""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from collections.abc import Sequence

import pytest

from weft.model import events, plan
from weft.service.plan import applying, planning
from weft.service.run import driving, recovering
from weft.testing import simulator

GOOD = {"succeeded", "reused"}
CALM = simulator.Chances()
ROUGH = simulator.Chances(failed=0.15, final=0.05, crashed=0.05, unstarted=0.1, lost=0.05, rejected=0.03, noise=0.2)
LOSSY = simulator.Chances(unstarted=0.2, noise=0.1)


def begin(seed: int, chances: simulator.Chances, *, most: int = 6, plain: bool = False) -> simulator.Simulation:
    dice = random.Random(seed)
    return simulator.simulate(
        simulator.draw_graph(dice, most=most, plain=plain), seed, chances, room=dice.choice((1, 4, 50))
    )


def asked(seed: int) -> planning.Ask:
    return planning.Ask(keep_going=seed % 3 != 0)


def apply(simulation: simulator.Simulation, ask: planning.Ask) -> None:
    world = simulation.world
    applying.apply(world, planning.make_plan(world, ask), driving.How(executor="simulated"), ask=ask)


def pick_up(simulation: simulator.Simulation, ask: planning.Ask) -> None:
    """What the next process does about runs whose owner died."""
    world = simulation.world
    for each in recovering.interrupted(world):
        if recovering.resumable(world, each, ask):
            recovering.resume(world, each, driving.How(executor="simulated"))
    recovering.recover(world)


# --- what must hold ---


def check_log(simulation: simulator.Simulation) -> None:
    """One outcome a step run (3), claims before bodies (1), no body after a success (5), tables are the fold (7)."""
    log = simulation.log()
    endings = simulator.outcomes(log)
    for step_run, found in endings.items():
        assert len(found) == 1, f"{step_run} ended {found}"
    claims: dict[tuple[str, str, str | None], list[int]] = {}
    for position, event in log:
        if isinstance(event, events.AttemptsStarted):
            for partition in event.partitions:
                claims.setdefault((event.run, event.step, partition), []).append(position)
    begun = Counter()
    for body, before in zip(simulation.journal.bodies, simulation.journal.before, strict=True):
        step_run = (body.run, body.step, body.partition)
        begun[step_run] += 1
        assert claims[step_run][0] <= before, f"{body} began before its claim was written"
        for position, outcome in endings.get(step_run, ()):
            assert position > before, f"{body} began after it had ended as {outcome}"
    tags = Counter(body.tag for body in simulation.journal.bodies)
    assert not [tag for tag, times in tags.items() if times > 1], "two attempts would write the same files"
    check_upstream(simulation, endings)
    check_bounds(simulation, begun)
    for table, rows in (("lease", 0), ("reservation", 0)):
        found_rows = simulation.ledger._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        assert found_rows == rows
    assert not simulation.ledger.runs(live=True)
    verification = simulation.ledger.verify()
    assert verification.passed, verification


def check_upstream(simulation: simulator.Simulation, endings: dict) -> None:
    """A body begins only after what it reads is committed: every version that it recorded is older than it (1)."""
    graph = simulation.world.graph
    for position, event in simulation.log():
        if not isinstance(event, events.StepSucceeded):
            continue
        for output in event.outputs:
            assert set(output.inputs) == {each.asset for each in graph.steps[event.step].dependencies}
            for asset, record in output.inputs.items():
                for partition, version in zip(record.partitions, record.versions, strict=True):
                    assert 0 < version < position
                    row = simulation.ledger.materializations(asset, [version])[version]
                    assert row[0] == (partition or "")
    for body, before in zip(simulation.journal.bodies, simulation.journal.before, strict=True):
        step = graph.steps[body.step]
        if any(each.asset for each in step.dependencies) and step.partitions is None:
            for dependency in step.dependencies:
                producer = graph.assets[dependency.asset].step
                if graph.assets[dependency.asset].partitions is None:
                    for position, _ in endings.get((body.run, producer, None), ()):
                        assert position <= before, f"{body} began before {producer} had ended"


def check_bounds(simulation: simulator.Simulation, begun: Counter) -> None:
    lost = Counter(
        (event.run, event.step, partition)
        for _, event in simulation.log()
        if isinstance(event, events.AttemptsLost)
        for partition in event.partitions
    )
    for step_run, times in begun.items():
        rules = simulation.world.graph.steps[step_run[1]].policies
        assert times <= 1 + rules.retry.retries + lost[step_run], f"{step_run} ran {times} times"
        assert not rules.at_most_once or times <= 1, f"{step_run} may run at most once"


def keys_of(simulation: simulator.Simulation, step: plan.PlanStep) -> set[tuple[str, str | None]]:
    definition = simulation.world.graph.steps[step.step].partitions
    return {(step.step, None if definition is None else definition.key(each)) for each in step.ordinals}


def left_over(simulation: simulator.Simulation, ask: planning.Ask) -> set[tuple[str, str | None]]:
    made = planning.make_plan(simulation.world, ask)
    return {each for line in made.steps for each in keys_of(simulation, line)}


def check_left_over(simulation: simulator.Simulation, ask: planning.Ask) -> None:
    """What is planned afterwards is what did not succeed, and nothing else (6)."""
    last: dict[tuple[str, str | None], str] = {}
    for (_, step, partition), found in simulator.outcomes(simulation.log()).items():
        last[step, partition] = found[-1][1]
    again = left_over(simulation, ask)
    bad = {each for each, outcome in last.items() if outcome not in GOOD}
    assert again <= bad | below(simulation, bad), f"{again - bad} is planned again although it succeeded"


def below(simulation: simulator.Simulation, bad: set[tuple[str, str | None]]) -> set[tuple[str, str | None]]:
    """Every partition of the steps downstream of these."""
    graph = simulation.world.graph
    steps = {step for step, _ in bad}
    for key in graph.order:
        if steps & set(graph.producers_of(key)):
            steps.add(key)
    found = set()
    for key in steps - {step for step, _ in bad}:
        definition = graph.steps[key].partitions
        keys: Sequence[str | None] = (
            [None] if definition is None else definition.keys(definition.universe(simulator.START))
        )
        found |= {(key, each) for each in keys}
    return found


def once_more(simulation: simulator.Simulation, ask: planning.Ask) -> None:
    """With nothing in its way, the next apply makes everything fresh, and the one after has nothing to do."""
    simulation.chances = CALM
    for _ in range(3):
        apply(simulation, ask)
    rejected = {held.asset for held in planning.make_plan(simulation.world, ask).rejected}
    assert not left_over(simulation, ask) or rejected
    check_log(simulation)


# --- the cases ---


@pytest.mark.parametrize("seed", range(30))
def test_a_calm_apply_makes_everything_fresh(seed: int) -> None:
    simulation = begin(seed, LOSSY if seed % 2 else CALM)
    with contextlib.closing(simulation.ledger):
        apply(simulation, asked(seed))
        assert not left_over(simulation, asked(seed))
        check_log(simulation)


def rough(seed: int) -> None:
    simulation = begin(seed, ROUGH)
    with contextlib.closing(simulation.ledger):
        for _ in range(2):
            apply(simulation, asked(seed))
            check_log(simulation)
            if asked(seed).keep_going:
                check_left_over(simulation, asked(seed))
        once_more(simulation, asked(seed))


@pytest.mark.parametrize("seed", range(60))
def test_a_rough_apply_leaves_what_failed_and_what_is_below(seed: int) -> None:
    rough(seed)


@pytest.mark.slow
@pytest.mark.parametrize("hundred", range(20))
def test_many_rough_applies(hundred: int) -> None:
    for seed in range(1000 + 100 * hundred, 1100 + 100 * hundred):
        try:
            rough(seed)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


def killed_at(seed: int, commit: int, *, after: bool, again: int | None = None) -> bool:
    """Die at a commit, pick the run up (and die again); False when the run has fewer commits."""
    simulation = begin(seed, simulator.Chances(failed=0.1, unstarted=0.1), most=3)
    with contextlib.closing(simulation.ledger):
        ask = planning.Ask(keep_going=True)
        ledger = simulation.ledger
        ledger.dies_at, ledger.dies_after = commit, after
        try:
            apply(simulation, ask)
            return False
        except simulator.Killed:
            pass
        done = {
            (event.step, event.partition) for _, event in simulation.log() if isinstance(event, events.StepSucceeded)
        }
        bodies = len(simulation.journal.bodies)
        ledger.dies_at = None if again is None else ledger.commits + again
        try:
            pick_up(simulation, ask)
        except simulator.Killed:
            ledger.dies_at = None
            pick_up(simulation, ask)
        ledger.dies_at = None
        rerun = {(body.step, body.partition) for body in simulation.journal.bodies[bodies:]} & done
        assert not rerun, f"{rerun} ran again although it had succeeded"
        check_log(simulation)
        once_more(simulation, ask)
        return True


def killed_everywhere(seed: int, *, every: int = 1) -> None:
    commit = 1 + seed % every
    while True:
        alive = [
            killed_at(seed, commit, after=False),
            killed_at(seed, commit, after=True, again=(2, 1, 2, 3)[(seed + commit) % 4]),
        ]
        if not any(alive):
            assert commit > 1 or every > 1
            return
        commit += every


@pytest.mark.parametrize("seed", range(24))
def test_a_driver_that_dies_at_any_commit_loses_nothing_and_does_nothing_twice(seed: int) -> None:
    killed_everywhere(seed, every=3)


@pytest.mark.slow
@pytest.mark.parametrize("ten", range(30))
def test_many_drivers_die_at_every_commit(ten: int) -> None:
    for seed in range(1000 + 10 * ten, 1010 + 10 * ten):
        try:
            killed_everywhere(seed)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


def cancelled(seed: int) -> None:
    """Ask for the end at some commit, perhaps twice, perhaps with the driver dying soon after."""
    simulation = begin(seed, simulator.Chances(failed=0.1, unstarted=0.2))
    with contextlib.closing(simulation.ledger):
        world, dice, ask = simulation.world, simulation.dice, asked(seed)
        drivers: list = []
        told: list[int] = []
        at, again = dice.randint(1, 6), dice.choice((0, 1, 2, 100))

        def listener(batch: Sequence[events.Event]) -> None:
            told.append(len(batch))
            if len(told) == at:
                drivers[0].cancel("enough")
                if dice.random() < 0.4:
                    simulation.ledger.dies_at = simulation.ledger.commits + dice.randint(1, 3)
                    simulation.ledger.dies_after = dice.random() < 0.5
            elif len(told) == at + again:
                drivers[0].cancel("enough")

        how = driving.How(executor="simulated", listener=listener, started=lambda driver, *_: drivers.append(driver))
        try:
            applying.apply(world, planning.make_plan(world, ask), how, ask=ask)
        except simulator.Killed:
            simulation.ledger.dies_at = None
            for each in recovering.interrupted(world):
                asked_to_end = any(isinstance(event, events.RunCancelRequested) for _, event in simulation.log())
                assert not (asked_to_end and recovering.resumable(world, each, ask)), "asked to end, it goes on"
                if seed % 2:
                    recovering.resume(world, each, driving.How(executor="simulated"))  # also then it comes to its end
            recovering.recover(world)
        simulation.ledger.dies_at = None
        check_log(simulation)
        once_more(simulation, ask)


@pytest.mark.parametrize("seed", range(50))
def test_a_cancelled_run_ends_and_the_next_apply_does_the_rest(seed: int) -> None:
    cancelled(seed)
