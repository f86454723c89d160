"""A process that carries out a bulk action and kills itself on the way: `python bulk_process.py FOLDER WHERE COUNT`.

WHERE is "acted": after COUNT runs were acted upon, before that is told; or "told": once it was told COUNT times.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from weft import wiring
from weft.ports import clock as clocks
from weft.service.run import bulk_work


def dying(function: Callable[..., Any], count: int) -> Callable[..., Any]:
    """The function, after whose call number `count` the process is no more."""
    calls = 0

    def called(*given: Any, **named: Any) -> Any:
        nonlocal calls
        answer = function(*given, **named)
        calls += 1
        if calls == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    return called


def main(folder: Path, where: str, count: int) -> None:
    serving = wiring.open_serving(wiring.Place(start=folder))
    if where == "acted":
        bulk_work.cancelling.cancel = dying(bulk_work.cancelling.cancel, count)
        bulk_work.queueing.requested = dying(bulk_work.queueing.requested, count)
    else:
        bulk_work._Work.act = dying(bulk_work._Work.act, count)  # type: ignore[method-assign]
    with serving.ledger() as ledger:
        rows = list(bulk_work.left(ledger, now=clocks.microseconds(serving.clock.now())))
    for row in rows:
        bulk_work.go_on(partial(serving.world, row.by), row, clock=serving.clock, is_stopping=lambda: False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
