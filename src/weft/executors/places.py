"""What attempts in threads run on: runners with logs of their own, used again and again."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from weft.model import events
from weft.ports import executor
from weft.worker import cancelling, execute, logs, masking, routing

if TYPE_CHECKING:
    from weft.worker.tasks import live as calls

CANCELLED = "The attempt was cancelled."
_numbers = itertools.count()


class Place:
    """A runner with a log of its own: what one attempt needs at a time."""

    __slots__ = ("destination", "runner")

    def __init__(self, runner: execute.Runner, destination: routing.Destination | None) -> None:
        """Run by `runner`, with output to `destination`."""
        self.runner = runner
        self.destination = destination

    def run(self, assignment: executor.Assignment) -> executor.AttemptReport:
        """Run an attempt in the calling thread."""
        with routing.to(self.destination):
            return self.runner.run(assignment)


class Places:
    """The places of one executor, made as they are needed; any thread may take and give back."""

    def __init__(self, runner: execute.Runner, *, folder: Path | None, masks: masking.Masks, limit: int, echo: bool):
        """Make siblings of `runner` that write below `folder`."""
        self._runner = runner
        self._folder = folder
        self._masks = masks
        self._limit = limit
        self._echo = echo
        self._free: list[Place] = []

    def take(self) -> Place:
        """A place that nobody uses."""
        try:
            return self._free.pop()
        except IndexError:
            pass  # all are in use
        if self._folder is None:
            return Place(self._runner.sibling(None), None)
        capture = logs.Capture(
            self._folder, f"thread-{os.getpid()}-{next(_numbers)}", masks=self._masks, limit=self._limit
        )
        return Place(self._runner.sibling(capture), routing.Destination(capture, echo=self._echo))

    def give_back(self, place: Place) -> None:
        """Let others use a place."""
        self._free.append(place)

    def close(self) -> None:
        """Close the logs of those that nobody uses."""
        for place in self._free:
            if place.destination is not None:
                place.destination.capture.close()
        self._free.clear()


class Flight:
    """An attempt that is queued or runs."""

    __slots__ = ("assignment", "deadline", "fence", "outcome", "place", "thread")

    def __init__(self, assignment: executor.Assignment) -> None:
        """Begin with an attempt that waits for a thread."""
        self.assignment = assignment
        self.thread: BodyThread | None = None
        self.place: Place | None = None
        self.deadline: float | None = None
        self.fence: float | None = None
        """When it is left to itself; set once it was told to end."""
        self.outcome: executor.ReportOutcome = "cancelled"
        """How it ends if it was told to."""

    @property
    def message(self) -> str:
        """Why it was told to end."""
        if self.outcome != "timed_out":
            return CANCELLED
        return (
            f"The body ran longer than its timeout of {self.assignment.timeout:g} s. It was told to end; in a thread, "
            "one that waits outside of Python goes on: only the process executor can end a body (--executor process)."
        )

    def given_up(
        self,
        call: calls.LiveCall | None,
        worker: str,
        *,
        started: int = 0,
        log: events.LogSegment | None = None,
        error: BaseException | None = None,
    ) -> executor.AttemptReport:
        """The report of an attempt that did not end by itself; a live call ends with the error."""
        message = self.message
        timed_out = self.outcome == "timed_out"
        if call is not None:
            call.give_up(error or (TimeoutError(message) if timed_out else cancelling.Cancelled(message)))
        destination = self.place.destination if self.place is not None else None
        if log is None and destination is not None and destination.capture.active:
            log = destination.capture.end()
        assignment = self.assignment
        return executor.AttemptReport(
            id=assignment.id,
            attempt=assignment.attempt,
            outcome=self.outcome,
            error=events.Error(kind="weft.Timeout" if timed_out else "weft.Cancelled", message=message),
            started=started or time.time_ns() // 1000,
            duration=int((assignment.timeout or 0.0) * 1e6) if timed_out else 0,
            log=log,
            worker=worker,
        )


class BodyThread(threading.Thread):
    """A thread that runs attempts. `flight` is the one that runs; changed under `lock`, as is who tells it to end."""

    def __init__(self, work: Callable[[BodyThread], None]) -> None:
        """Do `work`, which is given this thread."""
        super().__init__(name="weft body", daemon=True)
        self._work = work
        self.lock = threading.Lock()
        self.flight: Flight | None = None
        self.told = False

    def run(self) -> None:
        """Work to the end."""
        self._work(self)
