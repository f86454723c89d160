"""The last success before an interval is looked up, however long the schedule is."""

from __future__ import annotations

from pathlib import Path

from weft import wiring
from weft.model import events
from weft.service import world as worlds
from weft.service.pipeline import intervals

SOURCE = """
from datetime import datetime, timedelta
from weft import dag, task

@task
def stamp() -> int:
    return 1

@dag(schedule=timedelta(seconds=1), start_date=datetime(2024, 1, 1), catchup=False)
def ticking():
    stamp()
"""
START = 1_704_067_200
LATE = 60_000_000  # seconds after the start: columns that reach so far take 2 GB


def open_world(folder: Path) -> worlds.World:
    (folder / "defs.py").write_text(SOURCE, encoding="utf-8")
    (folder / "weft.toml").write_text('definitions = "defs.py"\n', encoding="utf-8")
    return wiring.open_world(wiring.Place(start=folder))


def end(world: worlds.World, ordinal: int, outcome: events.Outcome) -> None:
    definition = world.graph.pipelines["ticking"].partitions
    assert definition is not None
    run = f"run {world.ledger.position()}"
    key = definition.key(ordinal)
    world.ledger.append([events.RunFinished(run=run, outcome=outcome, pipeline="ticking", partition=key)])


def before(world: worlds.World, ordinal: int) -> int | None:
    """How many seconds after the start the last success before an interval begins."""
    pipeline = world.graph.pipelines["ticking"]
    assert pipeline.partitions is not None
    found = intervals.last_success(world, pipeline, pipeline.partitions.key(ordinal))
    return found[0] // 1_000_000 - START if found is not None else None


def test_it_is_the_nearest_one_whose_last_attempt_did_not_fail(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    assert before(world, LATE) is None
    end(world, 5, "succeeded")
    end(world, LATE - 2, "failed")
    assert before(world, LATE) == 5
    end(world, LATE - 400, "succeeded")
    assert before(world, LATE) == LATE - 400
    end(world, LATE - 3, "succeeded")
    end(world, LATE + 1, "succeeded")
    end(world, LATE, "succeeded")
    assert before(world, LATE) == LATE - 3
    end(world, LATE - 3, "failed")
    assert before(world, LATE) == LATE - 400
    assert before(world, 5) is None
    assert before(world, 0) is None
    world.ledger.close()


def test_an_interval_named_by_a_moment_is_found_in_a_long_schedule(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    pipeline = world.graph.pipelines["ticking"]
    key = intervals.resolve(pipeline, "2024-01-01T00:00:07.5", world.clock.now())
    assert pipeline.partitions is not None
    assert pipeline.partitions.ordinal(key or "") == 7
    world.ledger.close()
