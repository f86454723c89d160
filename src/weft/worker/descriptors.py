"""The output of a worker process: the file descriptors 1 and 2 themselves lead into the log of the run.

So the output of C code, of subprocesses and the last words before a crash are kept too. Where there are secrets, a
small process of its own (the *pump*) sits between the descriptors and the file and masks them; without, bytes go to
the file directly.
"""

from __future__ import annotations

import os
from pathlib import Path

from weft.model import events
from weft.worker import logs, masking, pump


class DescriptorCapture(logs.Capture):
    """Leads descriptors 1 and 2 of this process into the log of the run whose attempt runs."""

    def __init__(
        self, folder: Path, worker: str, *, masks: masking.Masks | None = None, limit: int = logs.DEFAULT_LIMIT
    ) -> None:
        """As for `Capture`. The descriptors are changed when the first attempt begins, and stay so."""
        super().__init__(folder, worker, masks=masks, limit=limit)
        self._leads_to = ""
        self._pump: pump.Pump | None = None

    @property
    def pump(self) -> int | None:
        """The process id of the pump, None where there is none."""
        return None if self._pump is None else self._pump.pid

    def size_of(self, run: str) -> int:
        """Return how long the log of a run is now, which is where the output of its next attempt begins."""
        try:
            if self._leads_to != run:
                self._lead_to(run)
            return os.fstat(self._open(run)).st_size
        except OSError:
            return 0

    def begin(self, run: str) -> None:
        """Begin an attempt: from here on all output of this process is its own."""
        super().begin(run)
        try:
            if self._leads_to != run:
                self._lead_to(run)
            if self._pump is not None:
                self._pump.settle()
            self._start = self._size()
        except OSError:
            self.active = False  # a log that cannot be opened does not keep the body from running

    def end(self) -> events.LogSegment | None:
        """End the attempt and return where its output lies; what is beyond the limit is cut off."""
        self._finish_streams()
        if not self.active:
            return None
        self.active = False
        if self._pump is not None:
            self._pump.settle()
        end = self._size()
        notice = logs.cut_notice(self.limit)
        if end - self._start > self.limit + len(notice):
            try:
                os.ftruncate(self._descriptor, self._start + self.limit)
                os.write(self._descriptor, notice)
            except OSError:
                return None
            end = self._size()
        if end <= self._start:
            return None
        return events.LogSegment(file=f"{self._run}/{self.worker}.log", start=self._start, end=end)

    def _lead_to(self, run: str) -> None:
        self._descriptor = self._open(run)
        if self.masks:
            if self._pump is None:
                self._pump = pump.Pump(self.masks, self.limit)
                self._pump.lead((1, 2))
            self._pump.write_to(self._descriptor)
        else:
            os.dup2(self._descriptor, 1)
            os.dup2(self._descriptor, 2)
        self._leads_to = run
