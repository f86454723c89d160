"""A process that applies a project as the command line does: it picks up what a dead one left, then plans everything.

Arguments: the project's folder; optionally a host name to pretend to, and the seconds of a lease.
"""

from __future__ import annotations

import sys
from pathlib import Path

from weft import wiring
from weft.runtime import heartbeat, owners
from weft.service.plan import applying, planning
from weft.service.run import driving, recovering


def main(folder: str, host: str = "", lease: str = "") -> int:
    if host:
        owners.socket.gethostname = lambda: host
    if lease:
        heartbeat.LEASE_SECONDS, heartbeat._RENEW_SECONDS = float(lease), float(lease) / 4
    world = wiring.open_world(wiring.Place(start=Path(folder), file=f"{folder}/defs.py"))
    ask = planning.Ask()
    how = driving.How(executor="process", jobs=2)
    resumed = 0
    for each in recovering.interrupted(world):
        if recovering.resumable(world, each, ask):
            resumed += recovering.resume(world, each, how) is not None
    recovering.recover(world)
    view = applying.apply(world, planning.make_plan(world, ask), how, ask=ask)
    print(f"resumed {resumed}, then {view.outcome}")
    return 0 if view.outcome in (None, "succeeded") else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
