"""The thread executor: bodies run in threads of the driver's own process.

    driver ──queue──▶ thread 1 … n ──deque──▶ driver        the threads take from one queue and hand over what ended

It suits bodies that wait for others (requests, databases), and calls of flows, whose arguments need not be storable.
What it cannot do is end a body that does not come back to Python: a body that is told to end has a second to do so,
then it is fenced off (what it still does is not told) and left to itself, and another thread takes its place.

Threads take no lock while an exception may be raised into them from outside, since that could leave it locked: what
they share with the driver is a queue and a deque, whose operations are single steps.
"""

from __future__ import annotations

import contextvars
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from weft.define import bodies, sources
from weft.executors import linux, pacing, places, waking
from weft.model import errors
from weft.ports import executor
from weft.worker import cancelling, coroutines, execute, logs, masking, routing, values

if TYPE_CHECKING:
    from weft.worker.tasks import live as calls

GRACE = 1.0
"""Seconds that a body has for cleaning up before it is left to itself."""


class ThreadExecutor:
    """Runs assignments in `jobs` threads."""

    name = "thread"

    def __init__(
        self,
        definitions: bodies.BuiltDefinitions,
        *,
        jobs: int | None = None,
        logs_folder: Path | None = None,
        secrets: Sequence[str] = (),
        configs: Mapping[str, object] | None = None,
        files: Sequence[sources.File] = (),
        log_limit: int = logs.DEFAULT_LIMIT,
        memory: int = values.MEMORY,
        grace: float = GRACE,
        live: Mapping[int, calls.LiveCall] | None = None,
        echo: bool = False,
    ) -> None:
        """Make an executor; threads are started as there is work for them.

        Args:
            definitions: what can be run.
            jobs: how many threads; four more than there are processors by default, at most 32.
            logs_folder: where the output of bodies is kept; None to let it pass through.
            secrets: values that are masked in output and errors, besides the secrets of resources and config.
            configs: what the run gave for the typed config of steps, by step.
            files: files of values for resources and config, the strongest first.
            log_limit: bytes of output that are kept of one attempt.
            memory: bytes of values that are kept for hand-over in memory.
            grace: seconds that a body has to end after it was told to.
            live: live calls of flows, by the ids of their assignments.
            echo: whether output goes to the terminal as well as to the log.

        Raises:
            UsageError: fewer than one thread is wanted.
        """
        if jobs is not None and jobs < 1:
            raise errors.UsageError(
                f"jobs is {jobs}, but at least one thread is needed.", remedy="Write --jobs 1 or more."
            )
        self.jobs = jobs or min(32, linux.usable_processors() + 4)
        masks = masking.Masks(secrets)
        self._folder = logs_folder
        self._grace = grace
        self._live = live if live is not None else {}
        self._worker = f"thread-{os.getpid()}"
        self._runner = execute.Runner(
            definitions, worker=self._worker, masks=masks, configs=configs, files=files, memory=memory, live=live
        )
        self._places = places.Places(self._runner, folder=logs_folder, masks=masks, limit=log_limit, echo=echo)
        self._pace = pacing.Pace()
        self._waker = waking.Waker()
        self._woken = False
        self._queue: queue.SimpleQueue[places.Flight | None] = queue.SimpleQueue()
        self._queued: dict[int, places.Flight] = {}
        self._flights: dict[int, places.Flight] = {}
        self._threads: set[places.BodyThread] = set()
        self._done: deque[tuple[places.Flight, executor.AttemptReport]] = deque()
        self._reports: list[executor.AttemptReport] = []
        self._lock = threading.RLock()
        """Held by who submits, polls and cancels, never by the threads that run bodies."""
        self._started = False
        self._closed = False

    def start(self) -> None:
        """Lead the output of bodies to their logs."""
        if self._folder is not None and not self._started:
            routing.install()
        self._started = True

    def room(self, *, exclusive: bool) -> int:
        """How many more assignments would be taken now; with `exclusive`, how many that need a thread of their own."""
        with self._lock:
            under_way = len(self._flights)
            if exclusive:
                return max(0, self.jobs - under_way)
            frame = self._pace.frame
            return max(0, (self.jobs if frame == 1 else self.jobs + 2 * frame) - under_way)

    def submit(self, assignments: Sequence[executor.Assignment]) -> None:
        """Take assignments."""
        with self._lock:
            for assignment in assignments:
                flight = places.Flight(assignment)
                self._flights[assignment.id] = self._queued[assignment.id] = flight
                self._queue.put(flight)
            while len(self._threads) < min(self.jobs, len(self._flights)):
                self._new_thread()

    def poll(self, timeout: float | None) -> list[executor.AttemptReport]:
        """Wait up to `timeout` seconds (None: until something happens) for reports and return those that have come.

        Returns early and empty when `wake` was called.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            with self._lock:
                self._take_in()
                next_check = self._watch()
                if self._reports or self._woken:
                    if self._reports:
                        self._pace.grow()
                    self._woken = False
                    reports, self._reports = self._reports, []
                    return reports
            now = time.monotonic()
            if until is not None and now >= until:
                return []
            ends = [each for each in (until, next_check) if each is not None]
            self._waker.wait(max(0.0, min(ends) - now) if ends else None)

    def wake(self) -> None:
        """Make a `poll` that waits return; safe in a signal handler and from other threads."""
        self._woken = True
        self._waker.wake()

    def cancel(self, ids: Sequence[int], *, kill: bool) -> None:
        """End these assignments by an exception raised into their bodies; with `kill` they are not waited for."""
        with self._lock:
            for number in ids:
                flight = self._flights.get(number)
                if flight is None:
                    continue
                if self._queued.pop(number, None) is not None:
                    self._settle(flight, flight.given_up(self._live.get(flight.assignment.id), self._worker))
                elif flight.fence is None or kill:
                    self._tell_to_end(flight, "cancelled", 0.0 if kill else self._grace)
            if self._reports:
                self._waker.wake()

    def close(self) -> None:
        """End the threads; a body that does not end within a second is left to itself."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            threads = list(self._threads)
            self.cancel(list(self._flights), kill=False)
            for _ in threads:
                self._queue.put(None)
        until = time.monotonic() + self._grace
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._runner.close()
        self._places.close()
        if self._folder is not None and self._started:
            routing.remove()
        self._started = False
        self._waker.close()

    # --- in the calling thread ---

    def run_here(self, assignment: executor.Assignment) -> executor.AttemptReport:
        """Run an attempt in the calling thread; one with a timeout in another, which is left to itself after it.

        A KeyboardInterrupt ends the attempt as cancelled.
        """
        place = self._places.take()
        if assignment.timeout is None:
            try:
                return place.run(assignment)
            finally:
                self._places.give_back(place)
        reports: list[executor.AttemptReport] = []
        context = contextvars.copy_context()
        thread = cancelling.BodyThread(lambda: context.run(lambda: reports.append(place.run(assignment))), "weft body")
        flight = places.Flight(assignment)
        flight.place = place
        flight.outcome = "timed_out"
        started = time.time_ns() // 1000
        thread.start()
        error: BaseException | None = None
        try:
            thread.join(assignment.timeout)
        except (KeyboardInterrupt, cancelling.Cancelled) as interruption:
            flight.outcome, error = "cancelled", interruption
        if reports:
            self._places.give_back(place)
            return reports[0]
        thread.tell_to_end()
        thread.join(self._grace)
        if reports and reports[0].outcome == "succeeded":
            return reports[0]  # it ended in that very moment
        return flight.given_up(self._live.get(assignment.id), self._worker, started=started, error=error)

    async def run_here_async(self, assignment: executor.Assignment) -> executor.AttemptReport:
        """Run an attempt in the event loop that runs now."""
        import asyncio

        place = self._places.take()
        flight = places.Flight(assignment)
        flight.place, flight.outcome = place, "timed_out"
        try:
            with routing.to(place.destination):
                if assignment.timeout is None:
                    return await place.runner.run_async(assignment)
                task = asyncio.create_task(place.runner.run_async(assignment))
                try:
                    done, _ = await asyncio.wait([task], timeout=assignment.timeout)
                except asyncio.CancelledError:
                    task.cancel()
                    raise
                if done:
                    return task.result()
                task.cancel()
                report = await task
                if report.outcome != "cancelled":
                    return report
                return flight.given_up(self._live.get(assignment.id), self._worker, started=report.started)
        finally:
            self._places.give_back(place)

    # --- threads ---

    def _new_thread(self) -> None:
        thread = places.BodyThread(self._work)
        self._threads.add(thread)
        thread.start()

    def _work(self, thread: places.BodyThread) -> None:
        """Run what is queued until the end, or until this thread was told to end a body."""
        place = self._places.take()
        try:
            while not thread.told:
                flight = self._queue.get()
                if flight is None:
                    break
                if self._queued.pop(flight.assignment.id, None) is not flight:
                    continue  # it was cancelled meanwhile
                flight.thread, flight.place = thread, place
                if flight.assignment.timeout is not None:
                    flight.deadline = time.monotonic() + flight.assignment.timeout
                    self._waker.wake()
                thread.flight = flight
                if flight.fence is not None:
                    raise cancelling.Cancelled(places.CANCELLED)
                report = self._run(place, flight.assignment)
                with thread.lock:
                    thread.flight = None
                self._hand_over(flight, report)
        except cancelling.Cancelled:  # it came before or after the body
            flight = thread.flight
            thread.flight = None
            if flight is not None:
                self._hand_over(flight, flight.given_up(self._live.get(flight.assignment.id), self._worker))
        finally:
            self._hand_back(thread, place)

    def _hand_back(self, thread: places.BodyThread, place: places.Place) -> None:
        self._threads.discard(thread)
        if not thread.told:
            self._places.give_back(place)
        elif not self._closed:
            self._waker.wake()  # so that another takes its place: what was queued meanwhile waits for it
        coroutines.close()

    def _hand_over(self, flight: places.Flight, report: executor.AttemptReport) -> None:
        was_empty = not self._done
        self._done.append((flight, report))
        if was_empty:
            self._waker.wake()

    def _run(self, place: places.Place, assignment: executor.Assignment) -> executor.AttemptReport:
        """Run an attempt; that of a live call in the context of the flow."""
        call = self._live.get(assignment.id)
        if call is None or call.context is None:
            return place.run(assignment)
        return call.context.run(place.run, assignment)

    # --- what ends ---

    def _take_in(self) -> None:
        """Take in what the threads handed over."""
        while self._done:
            flight, report = self._done.popleft()
            if self._flights.get(flight.assignment.id) is not flight:
                continue  # it was given up before
            if flight.fence is not None and report.outcome != "succeeded":
                call = self._live.get(flight.assignment.id)
                report = flight.given_up(call, self._worker, started=report.started, log=report.log)
            elif report.outcome != "code_moved":
                self._pace.learn(flight.assignment.step, report.duration / 1e6)
            self._settle(flight, report)
        while len(self._threads) < min(self.jobs, len(self._flights)):
            self._new_thread()  # in place of those that were told to end a body

    def _settle(self, flight: places.Flight, report: executor.AttemptReport) -> None:
        del self._flights[flight.assignment.id]
        self._reports.append(report)

    def _watch(self) -> float | None:
        """Tell bodies to end whose time is over, and give up those that did not; returns when to look again."""
        now = time.monotonic()
        ends: list[float] = []
        for flight in list(self._flights.values()):
            if flight.fence is not None:
                if now >= flight.fence:
                    self._fence_off(flight)
                else:
                    ends.append(flight.fence)
            elif flight.deadline is not None:
                if now >= flight.deadline:
                    self._tell_to_end(flight, "timed_out", self._grace)
                    ends.append(now + self._grace)
                else:
                    ends.append(flight.deadline)
        return min(ends, default=None)

    def _tell_to_end(self, flight: places.Flight, outcome: executor.ReportOutcome, grace: float) -> None:
        """Raise an exception into a body; before the body has begun, its thread sees the fence."""
        if flight.fence is None:
            flight.outcome = outcome
        flight.fence = time.monotonic() + grace
        thread = flight.thread
        if thread is not None:
            with thread.lock:
                if thread.flight is flight and not thread.told:
                    thread.told = True
                    cancelling.ask_to_end(thread)
        self._waker.wake()

    def _fence_off(self, flight: places.Flight) -> None:
        """Give up a body that did not end; its thread is left to itself and another takes its place."""
        if flight.thread is not None:
            self._threads.discard(flight.thread)
        self._settle(flight, flight.given_up(self._live.get(flight.assignment.id), self._worker))
