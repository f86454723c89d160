"""Finding out what is going on before anybody asks: at first, and after definitions change, it is work for a second.

With 10,000 assets the first answer takes a second of processor, and every later one a few milliseconds. So a thread
works it out beside the server, a moment after it has started and after each change of a location; whoever asks
meanwhile waits for the same answer. It waits for news of the ledger and costs nothing while there are none.
"""

from __future__ import annotations

import logging
import threading

from weft.model import errors
from weft.ports import ledger as ledgers
from weft.service.now import memory, overview
from weft.service.server import serving as servings

_LOG = logging.getLogger("weft.server")
_SETTLED_SECONDS = 1.0
"""What starts, or is loaded anew, comes first; and a file that is saved again soon is worked out once."""
_LOOK_SECONDS = 60.0


class Warming:
    """The thread of one server, from `start` to `stop`."""

    def __init__(self, serving: servings.Serving, remembered: memory.Memory) -> None:
        """Work out what is going on for `serving`; `remembered` is what is kept between two answers."""
        self._serving = serving
        self._memory = remembered
        self._ended = threading.Event()
        self._news: ledgers.News | None = None
        self._thread = threading.Thread(target=self._run, name="weft warming", daemon=True)
        self.worked_out: object = None
        """The mark of the locations for which it was worked out last."""

    def start(self) -> None:
        """Begin.

        Raises:
            LedgerError: the ledger can't be opened.
        """
        with self._serving.ledger() as ledger:
            self._news = ledger.listen()
        self._thread.start()

    def stop(self) -> None:
        """End; what is being worked out is waited for."""
        self._ended.set()
        if self._news is None:
            return
        self._news.wake()
        self._thread.join()
        self._news.close()
        self._news = None

    def _run(self) -> None:
        assert self._news is not None
        while not self._ended.wait(_SETTLED_SECONDS):
            self._news.clear()
            try:
                self._work_out()
            except errors.WeftError as error:
                # nobody has asked yet; who does is told the same, and the next news are the next try
                _LOG.debug("what is going on could not be worked out ahead: %s", error)
            if not self._ended.is_set():
                self._news.wait(_LOOK_SECONDS)

    def _work_out(self) -> None:
        with self._serving.ledger() as ledger:
            mark = ledger.locations_mark()
        if mark == self.worked_out:
            return
        with self._serving.world() as world:
            overview.now(world, self._serving.standings, self._memory, self._serving.clock.now())
        self.worked_out = mark
