"""A backfill of a year and a plan of assets whose schedulers and runners are killed, again and again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from executing_project import project

from weft.model import events
from weft.service.execution import executions
from weft.service.plan import planning

PROCESS = Path(__file__).with_name("carrying_process.py")


class Parts:
    """Two schedulers and two runners on a project."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        for part in ("scheduler", "scheduler", "runner", "runner"):
            command = [sys.executable, str(PROCESS), str(self._folder), part]
            self.processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))

    def kill(self) -> None:
        for process in self.processes:
            assert process.poll() is None, "it ended by itself"
            os.kill(process.pid, signal.SIGKILL)
        for process in self.processes:
            process.wait(60)
        self.processes.clear()


def ended(
    folder: Path, wanted: executions.Wanted, seed: int, most: int
) -> tuple[executions.ExecutionView, Counter[str]]:
    """An execution that ran to its end through a few kills of everything, and what was recorded as done, how often."""
    dice = random.Random(seed)
    with project(folder) as made:
        view = executions.create(made.world, wanted)
        parts = Parts(folder)
        try:
            for _ in range(3):
                before = len(made.journal())
                parts.start()
                until = time.monotonic() + 60
                while len(made.journal()) < before + dice.randint(3, most):
                    if executions.get(made.world, view.id).phase == "finished":
                        break
                    assert time.monotonic() < until, "nothing goes on"
                    time.sleep(0.005)
                parts.kill()
            parts.start()
            until = time.monotonic() + 120
            while executions.get(made.world, view.id).phase != "finished":
                assert time.monotonic() < until, executions.get(made.world, view.id)
                time.sleep(0.05)
        finally:
            parts.kill()
        assert made.world.ledger.verify().passed  # type: ignore[attr-defined]
        done: Counter[str] = Counter()
        for event in made.log(events.RunCreated, events.StepSucceeded):
            if isinstance(event, events.RunCreated) and event.pipeline is not None:
                done[f"created {event.partition}"] += 1
            elif isinstance(event, events.StepSucceeded):
                done[f"succeeded {event.step} {event.partition or event.run}"] += 1
        return executions.get(made.world, view.id), done


@pytest.mark.slow
def test_a_backfill_of_a_year_goes_on_after_everything_was_killed_and_each_interval_runs_once(tmp_path: Path) -> None:
    intervals = executions.Intervals(pipeline="yearly", chosen="*")
    wanted = executions.Wanted(kind="backfill", intervals=intervals, concurrency=4)
    view, done = ended(tmp_path, wanted, seed=1, most=60)
    assert (view.outcome, view.succeeded, view.total) == ("succeeded", 365, 365)
    assert len(done) == 2 * 365
    assert set(done.values()) == {1}


@pytest.mark.slow
@pytest.mark.parametrize("slices", [None, 5])
def test_a_plan_of_assets_goes_on_after_everything_was_killed_and_each_partition_is_made_once(
    tmp_path: Path, slices: int | None
) -> None:
    wanted = executions.Wanted(ask=planning.Ask(selection="+total"), slices=slices, concurrency=3)
    view, done = ended(tmp_path, wanted, seed=2, most=12)
    assert (view.outcome, view.succeeded, view.total) == ("succeeded", 63, 63)
    assert len(done) == 63
    assert set(done.values()) == {1}
