"""DAGs: `.expand` over 10,000, inline and on processes, and the time to declare it."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import measuring
import peers

ITEMS = 10_000
SOURCE = f"""
from weft import dag, task

@task
def numbers() -> list[int]:
    return list(range({ITEMS}))

@task
def add(number: int) -> int:
    return number + 1

@task
def total(found: list[int]) -> int:
    return sum(found)

@dag
def wide():
    total(add.expand(number=numbers()))
"""


def measure(how: measuring.How) -> list[measuring.Line]:
    """From the driver's start, with warm workers, to the end of the run: as for the fan-out of assets."""
    lines = []
    with measuring.project(SOURCE) as folder:
        for executor, target in (("inline", 5_000), ("process", 3_000)):
            rates: list[float] = []
            for run in range(how.runs + 1):
                measuring.forget(folder)
                found = measuring.child(__file__, str(folder), executor)
                if run:
                    rates.append((ITEMS + 2) / found["driving"])
            named = "inline" if executor == "inline" else "2 warm processes"
            lines.append(
                measuring.Line(
                    subject="dags",
                    name=f"a DAG with .expand over {ITEMS:,} and a sum, {named}",
                    unit="tasks/s",
                    samples=rates,
                    at_least=target,
                )
            )
    return [*lines, *peers.lines("dags", "wide")]


def inside(folder: Path, executor: str) -> None:
    from weft import wiring
    from weft.service.pipeline import pipelines
    from weft.service.run import driving

    world = wiring.open_world(wiring.Place(start=folder))
    times: list[float] = []
    how = driving.How(executor=executor, jobs=2, started=lambda driver, run, size: times.append(time.perf_counter()))
    done = pipelines.run(world, pipelines.Wanted(pipeline="wide"), how)
    ended = time.perf_counter()
    assert done.succeeded == ITEMS + 2, done
    print(json.dumps({"driving": ended - times[0]}))


if __name__ == "__main__":
    inside(Path(sys.argv[1]), sys.argv[2])
