"""10,000 no-op steps side by side and one that reduces, measured inside one process."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import measuring

STEPS = 10_000
SOURCE = f"""
from weft import StaticPartitions, asset

@asset(partitions=StaticPartitions([f"p{{each:05d}}" for each in range({STEPS})]))
def wide() -> None:
    return None

@asset
def reduced(wide: dict[str, None]) -> int:
    return len(wide)
"""


def measure(how: measuring.How) -> list[measuring.Line]:
    """Count from the driver's start, with warm workers, to the end of apply: claims, bodies, commits, summary."""
    lines = []
    with measuring.project(SOURCE) as folder:
        for executor, target in (("inline", 5_000), ("process", 3_000)):
            rates: list[float] = []
            whole: list[float] = []
            for run in range(how.runs + 1):
                measuring.forget(folder)
                found = measuring.child(__file__, str(folder), executor)
                if run:
                    rates.append((STEPS + 1) / found["driving"])
                    whole.append((STEPS + 1) / found["apply"])
            named = "inline" if executor == "inline" else "2 warm processes"
            lines += [
                measuring.Line(
                    subject="side_by_side",
                    name=f"10,000 no-op steps and one that reduces, {named}",
                    unit="steps/s",
                    samples=rates,
                    at_least=target,
                    note="from the driver's start to the end of apply",
                ),
                measuring.Line(
                    subject="side_by_side",
                    name="  of the whole apply (starting workers, making the run)",
                    unit="steps/s",
                    samples=whole,
                ),
            ]
    return lines


def inside(folder: Path, executor: str) -> None:
    from weft import wiring
    from weft.service.plan import applying, planning
    from weft.service.run import driving

    world = wiring.open_world(wiring.Place(start=folder))
    made = planning.make_plan(world, planning.Ask())
    times: list[float] = []
    begun = time.perf_counter()
    how = driving.How(executor=executor, jobs=2, started=lambda driver, run, size: times.append(time.perf_counter()))
    done = applying.apply(world, made, how)
    ended = time.perf_counter()
    assert done.succeeded == STEPS + 1, done
    print(json.dumps({"apply": ended - begun, "driving": ended - times[0]}))


if __name__ == "__main__":
    inside(Path(sys.argv[1]), sys.argv[2])
