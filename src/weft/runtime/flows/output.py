"""What the function of a flow prints and logs itself: one file for each run, beside those of its calls.

    <logs>/<run>/flow.log

It is shown where it would have gone as well. The ledger does not point at it, so it is there also of a run whose
process died.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from weft.worker import logs, routing

_WORKER = "flow"


def file_of(folder: Path, run: str) -> Path:
    """Where the output of a run's own function is, below the folder of all logs."""
    return folder / run / f"{_WORKER}.log"


@contextlib.contextmanager
def kept(folder: Path | None, run: str) -> Iterator[None]:
    """Keep what is written within, but for what calls write; that is kept with them. Nothing is, without a folder."""
    if folder is None:
        yield
        return
    capture = logs.Capture(folder, _WORKER)
    capture.begin(run)
    routing.install()
    try:
        with routing.to(routing.Destination(capture, echo=True)):
            yield
    finally:
        capture.end()
        routing.remove()
        capture.close()
