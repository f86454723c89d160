"""A process that claims runs until nothing waits, each only when it may; writes what it began and ended."""

from __future__ import annotations

import sys
from pathlib import Path

from queued_world import ended, pipeline, world_of

from weft.model import errors
from weft.runtime import owners
from weft.service.queue import claiming, queueing
from weft.stores import sqlite


def main(path: str, journal: str) -> None:
    defined = [pipeline("a", max_active_runs=2, tags=("t",)), pipeline("b", tags=("t",)), pipeline("c")]
    ledger = sqlite.SqliteLedger(Path(path))
    world = world_of(defined, queue={"tag_limits": {"t": 3}, "max_runs": 4}, ledger=ledger)
    with Path(journal).open("a", buffering=1) as written:
        while any(ledger.waiting_runs(lane, limit=1) for lane in ledger.lanes()):
            for row in queueing.take(world, room=3):
                with owners.driving(row.id):
                    try:
                        claiming.claim(world, world.graph.pipelines[row.pipeline or ""], row)
                    except (errors.ReservationError, errors.UsageError):
                        continue
                    now = [each.pipeline for each in ledger.active_runs()]
                    written.write(f"{row.id} {len(now)} {now.count('a')} {now.count('a') + now.count('b')}\n")
                    ended(world, row)


if __name__ == "__main__":
    main(*sys.argv[1:])
