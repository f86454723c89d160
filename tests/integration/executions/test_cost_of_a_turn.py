"""What a turn costs does not grow with the execution."""

from __future__ import annotations

from pathlib import Path

import pytest
from executing_project import DEFINITIONS, project

from weft.model import events
from weft.service.execution import executions

LONG = DEFINITIONS.replace(
    '@dag(schedule="@daily", start_date="2024-01-01", end_date="2024-12-31", catchup=True)\ndef yearly',
    '@dag(schedule="@daily", start_date="2000-01-01", end_date="2014-01-01", catchup=True)\ndef yearly',
)


def work_of_turns(folder: Path, chosen: str, ended: int) -> tuple[int, int]:
    """How many hundreds of instructions the ledger carries out in a turn with something to do, and in one without.

    After `ended` intervals.
    """
    folder.mkdir()
    with project(folder, LONG) as made:
        ledger = made.world.ledger
        intervals = executions.Intervals(pipeline="yearly", chosen=chosen)
        wanted = executions.Wanted(kind="backfill", intervals=intervals, concurrency=16)
        view = executions.create(made.world, wanted)

        def end_all() -> int:
            rows = ledger.runs(live=True)
            ledger.append(
                [
                    events.RunFinished(run=row.id, outcome="succeeded", pipeline="yearly", partition=row.partition)
                    for row in rows
                ]
            )
            return len(rows)

        count = 0
        while count < ended:
            count += end_all()
            assert executions.advance(made.world, made.now)
        steps = []

        def step() -> None:
            steps.append(1)

        end_all()
        ledger._connection.set_progress_handler(step, 100)  # type: ignore[attr-defined]
        assert executions.advance(made.world, made.now)
        busy = len(steps)
        steps.clear()
        assert not executions.advance(made.world, made.now)
        idle = len(steps)
        ledger._connection.set_progress_handler(None, 0)  # type: ignore[attr-defined]
        assert executions.get(made.world, view.id).phase == "running"
        return busy, idle


@pytest.mark.slow
def test_a_turn_of_a_long_execution_costs_what_one_of_a_short_one_does(tmp_path: Path) -> None:
    short = work_of_turns(tmp_path / "short", "2000-01-01..2000-06-01", ended=32)
    long = work_of_turns(tmp_path / "long", "2000-01-01..2013-12-31", ended=4000)
    assert long[0] < 2 * short[0]
    assert long[1] <= 2 * short[1] + 2
