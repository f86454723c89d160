"""A scheduler, or a runner, as a process that a test may kill: `python carrying_process.py FOLDER scheduler|runner`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from weft import wiring
from weft.model import errors
from weft.service.execution import executions
from weft.service.queue import queued, queueing
from weft.service.run import driving


def main(folder: Path, part: str) -> None:
    world = wiring.open_world(wiring.Place(start=folder))
    while True:
        if part == "scheduler":
            if not executions.advance(world, world.clock.now()):
                time.sleep(0.005)
            continue
        rows = queueing.take(world, room=1)
        for row in rows:
            try:
                queued.drive(world, row.id, driving.How(executor="inline", wait=False))
            except (errors.UsageError, errors.ReservationError, errors.FencedError):
                continue  # another runner was quicker
        if not rows:
            time.sleep(0.005)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
