"""One look of a sensor in a fresh process: `python -m weft.surfaces.processes.looking WHERE DESCRIPTOR ASK`.

For a host whose code has started threads, such as those of a library, so that it cannot fork.
"""

from __future__ import annotations

import os
import signal
import sys

import msgspec

from weft.executors import linux
from weft.service.automation import sensor_evaluation
from weft.surfaces.processes import runner


def command(where: runner.Where) -> list[str]:
    """What starts such a process for the code that lies there; the descriptor and the ask are added to it."""
    return [sys.executable, "-P", "-m", "weft.surfaces.processes.looking", msgspec.json.encode(where).decode()]


def main() -> None:
    """Load the code, look, and answer over the descriptor."""
    linux.die_with_parent(signal.SIGKILL)
    from weft import wiring

    where = msgspec.json.decode(sys.argv[1], type=runner.Where)
    world = wiring.open_world(runner.place_of(where))
    try:
        sensor_evaluation.answer(world, int(sys.argv[2]), msgspec.json.decode(sys.argv[3], type=sensor_evaluation.Look))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)  # whatever threads the code has left


if __name__ == "__main__":
    main()
