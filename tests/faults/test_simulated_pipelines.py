"""Runs of random pipelines, killed at every commit and picked up again: they come to the end that they would have had.

Numbers in the names of invariants are those of the design. Each case is its seed.
"""

from __future__ import annotations

import contextlib
import random
from collections import Counter

import pytest

from weft.model import events
from weft.testing import simulated_pipelines as simulated
from weft.testing import simulator

CHANCES: dict[simulated.Kind, simulated.Chances] = {
    "mixed": simulated.Chances(failed=0.2, skipped=0.1, parked=0.2, unstarted=0.1),
    "failing": simulated.Chances(failed=0.25, parked=0.2, unstarted=0.1),
    "skipping": simulated.Chances(skipped=0.2, parked=0.2, unstarted=0.1),
}


KINDS = tuple(CHANCES)


def begin(seed: int, kind: simulated.Kind) -> simulated.Simulation:
    return simulated.Simulation(simulated.draw(random.Random(seed), kind), seed, CHANCES[kind], kind)


def check(simulation: simulated.Simulation) -> None:
    """One ending a step run (3), claims before bodies (1), no body after a success (5), tables are the fold (7)."""
    log, endings = simulation.log(), simulation.endings()
    for step_run, found in endings.items():
        assert len(found) == 1, f"{step_run} ended {found}"
    claims: dict[tuple[str, str], int] = {}
    for position, event in log:
        if isinstance(event, events.AttemptsStarted):
            for item in event.items:
                claims.setdefault((event.step, item), position)
    for (step, item, _), before in zip(simulation.journal.bodies, simulation.journal.before, strict=True):
        assert claims[step, item] <= before, f"{step}[{item}] began before its claim was written"
        for position, outcome in endings.get((step, item), ()):
            assert position > before, f"{step}[{item}] began after it had ended as {outcome}"
    twice = [tag for tag, times in Counter(simulation.journal.tags).items() if times > 1]
    assert not twice, "two attempts would write the same files"
    finished = [event for _, event in log if isinstance(event, events.RunFinished)]
    assert len(finished) == 1
    bad = {"failed", "timed_out", "crashed", "upstream_failed"}
    assert finished[0].outcome == ("failed" if bad & outcomes(simulation).keys() else "succeeded")
    assert simulation.ledger.verify().passed


def outcomes(simulation: simulated.Simulation) -> Counter[str]:
    return Counter(outcome for found in simulation.endings().values() for _, outcome in found)


def ends(simulation: simulated.Simulation) -> dict[tuple[str, str], str]:
    return {step_run: found[0][1] for step_run, found in simulation.endings().items()}


@pytest.mark.parametrize("seed", range(150))
def test_a_run_ends_and_every_step_run_ends_once(seed: int) -> None:
    simulation = begin(seed, KINDS[seed % 3])
    with contextlib.closing(simulation.ledger):
        simulation.drive()
        check(simulation)


def killed_at(seed: int, commit: int, *, after: bool, again: int | None, kind: simulated.Kind) -> bool:
    """Die at a commit, pick the run up (and die again); False when the run has fewer commits."""
    simulation = begin(seed, kind)
    with contextlib.closing(simulation.ledger):
        ledger = simulation.ledger
        ledger.dies_at, ledger.dies_after = commit, after
        try:
            simulation.drive()
            return False
        except simulator.Killed:
            pass
        ledger.dies_at = None if again is None else ledger.commits + again
        while not any(isinstance(event, events.RunFinished) for _, event in simulation.log()):
            try:
                simulation.drive()
            except simulator.Killed:
                ledger.dies_at = None
        check(simulation)
        if kind != "mixed":
            calm = begin(seed, kind)
            with contextlib.closing(calm.ledger):
                calm.drive()
                assert ends(simulation) == ends(calm)
                assert simulation.journal.read == calm.journal.read
        return True


def killed_everywhere(seed: int, kind: simulated.Kind, *, every: int = 1) -> None:
    commit = 1 + seed % every
    while True:
        alive = [
            killed_at(seed, commit, after=False, again=None, kind=kind),
            killed_at(seed, commit, after=True, again=1 + (seed + commit) % 3, kind=kind),
        ]
        if not any(alive):
            return
        commit += every


@pytest.mark.parametrize("seed", range(40))
def test_a_run_that_is_picked_up_comes_to_the_end_that_it_would_have_had(seed: int) -> None:
    killed_everywhere(seed, KINDS[1 + seed % 2], every=3)


@pytest.mark.parametrize("seed", range(100, 115))
def test_a_run_whose_end_depends_on_what_comes_first_and_that_is_picked_up_does_nothing_twice(seed: int) -> None:
    killed_everywhere(seed, "mixed", every=3)


@pytest.mark.slow
@pytest.mark.parametrize("ten", range(40))
def test_many_runs_are_picked_up_at_every_commit(ten: int) -> None:
    for seed in range(1000 + 10 * ten, 1010 + 10 * ten):
        try:
            killed_everywhere(seed, KINDS[seed % 3])
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
