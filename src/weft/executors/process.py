"""The process executor, the default: bodies run in warm worker processes, which it can end whatever they do.

    driver ──socketpair──▶ worker 1 … n          frames of assignments; a report as each body ends
       └────socketpair──▶ zygote ──fork──▶       forks workers, reaps them, tells how they ended

The driver's side has one thread: `poll` is a selector loop over the workers' sockets, the zygote's and a wake-up
pipe. Several assignments are in flight at a worker only while bodies are short (see `pacing`), and exclusive ones are
alone on it. See `fleet` for how bodies are ended.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from weft.define import bodies, sources
from weft.executors import fleet, linux, pacing, settings, waking, workers, zygote_link
from weft.model import errors
from weft.ports import executor
from weft.worker import logs, values

GRACE = 1.0
"""Seconds that a body has for cleaning up after its timeout before it is killed."""
RECYCLE_AFTER = 20_000
RECYCLE_BYTES = 2 << 30


class ProcessExecutor:
    """Runs assignments in `jobs` worker processes."""

    name = "process"

    def __init__(
        self,
        definitions: bodies.BuiltDefinitions | None,
        *,
        jobs: int | None = None,
        loader: settings.Loader | None = None,
        logs_folder: Path | None = None,
        secrets: Sequence[str] = (),
        configs: Mapping[str, Any] | None = None,
        files: Sequence[sources.File] = (),
        log_limit: int = logs.DEFAULT_LIMIT,
        memory: int = values.MEMORY,
        grace: float = GRACE,
        recycle_after: int = RECYCLE_AFTER,
        recycle_bytes: int = RECYCLE_BYTES,
        start_method: zygote_link.StartMethod | None = None,
    ) -> None:
        """Make an executor; no process is started before `start`.

        Args:
            definitions: what can be run, for workers that are forked; None if they are to be spawned in any case.
            jobs: how many workers; as many as there are processors to use by default.
            loader: how a spawned worker gets the definitions; needed where this process has several threads.
            logs_folder: where the output of bodies is kept; None to let it pass through.
            secrets: values that are masked in output and errors, besides the secrets of resources and config.
            configs: what the run gave for the typed config of steps, by step.
            files: files of values for resources and config, the strongest first.
            log_limit: bytes of output that are kept of one attempt.
            memory: bytes of values that each worker keeps for hand-over in memory.
            grace: seconds between a timeout and the kill.
            recycle_after: attempts after which a worker is replaced.
            recycle_bytes: growth of a worker's memory after which it is replaced.
            start_method: "spawned" never forks this process; the choice is made by its threads unless given.
        """
        if jobs is not None and jobs < 1:
            raise errors.UsageError(
                f"jobs is {jobs}, but at least one worker is needed.", remedy="Write --jobs 1 or more."
            )
        if definitions is None and loader is None:
            raise errors.UsageError("The process executor has neither definitions nor a loader.", remedy="Give it one.")
        self.jobs = jobs or linux.usable_processors()
        told = settings.WorkerSettings(
            logs_folder=None if logs_folder is None else str(logs_folder.absolute()),
            log_limit=log_limit,
            secrets=tuple(secrets),
            configs=dict(configs or {}),
            files=tuple((each.name, dict(each.table)) for each in files),
            memory=memory,
        )
        self._start_method: zygote_link.StartMethod | None = "spawned" if definitions is None else start_method
        self._recycle_after = recycle_after
        self._pace = pacing.Pace()
        self._waker = waking.Waker()
        self._queue: deque[executor.Assignment] = deque()
        self._alone: deque[executor.Assignment] = deque()
        self._reports: list[executor.AttemptReport] = []
        self._fleet = fleet.Fleet(
            definitions,
            loader,
            told,
            jobs=self.jobs,
            grace=grace,
            recycle_after=recycle_after,
            recycle_bytes=recycle_bytes,
            reported=self._reported,
        )

    @property
    def start_method(self) -> zygote_link.Choice | None:
        """How workers are started and why; None before `start`."""
        return self._fleet.choice

    @property
    def processes(self) -> Mapping[str, int | None]:
        """The process ids of the zygote (None when there is none) and of each worker that has one, by name."""
        ids = {each.name: each.pid for each in self._fleet.workers.values() if each.pid is not None}
        return {"zygote": self._fleet.zygote, **ids}

    def start(self) -> None:
        """Start the workers; for spawned ones returns when the first has loaded the definitions.

        Raises:
            UsageError: this process has several threads and there is no loader.
            WeftError: the definitions cannot be loaded in a worker.
        """
        self._fleet.start(self._waker, self._start_method)
        self._fleet.renewed = False
        if self._fleet.choice is not None and self._fleet.choice.method == "spawned":
            while not any(each.ready for each in self._fleet.workers.values()):
                self._fleet.wait(None)
                self._raise_if_broken()

    def room(self, *, exclusive: bool) -> int:
        """How many more assignments would be taken now; with `exclusive`, how many that need a worker of their own."""
        links = self._fleet.workers.values()
        if exclusive:
            return max(0, sum(each.idle for each in links) - len(self._alone) - len(self._queue))
        frame = self._pace.frame
        free = sum(max(0, frame - len(each.in_flight)) for each in links if each.accepts and not each.alone)
        return max(0, free - len(self._queue) - len(self._alone) * frame)

    def submit(self, assignments: Sequence[executor.Assignment]) -> None:
        """Take assignments and send what fits."""
        for assignment in assignments:
            (self._alone if assignment.exclusive else self._queue).append(assignment)
        self._dispatch()

    def poll(self, timeout: float | None) -> list[executor.AttemptReport]:
        """Wait up to `timeout` seconds (None: until something happens) for reports and return those that have come.

        Returns early and empty also when a worker was replaced, since there may be room again.

        Raises:
            WeftError: workers can't be started any more; nothing else will be reported.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if until is None else max(until - time.monotonic(), 0.0)
            self._fleet.wait(0.0 if self._reports else left)
            if self._reports:
                self._pace.grow()
            self._dispatch()
            if (
                self._waker.clear()
                or self._reports
                or self._fleet.renewed
                or (until is not None and time.monotonic() >= until)
            ):
                break
            self._raise_if_broken()
        self._fleet.renewed = False
        reports, self._reports = self._reports, []
        return reports

    def wake(self) -> None:
        """Make a `poll` that waits return; safe in a signal handler and from other threads."""
        self._waker.wake()

    def cancel(self, ids: Sequence[int], *, kill: bool) -> None:
        """End these assignments by an exception raised into their bodies, or with `kill` by killing their processes."""
        chosen = set(ids)
        for queue in (self._queue, self._alone):
            for assignment in [each for each in queue if each.id in chosen]:
                queue.remove(assignment)
                self._reports.append(
                    executor.AttemptReport(id=assignment.id, attempt=assignment.attempt, outcome="cancelled")
                )
        for worker in list(self._fleet.workers.values()):
            found = chosen & {each.id for each in worker.in_flight}
            if found:
                self._fleet.cancel(worker, found, kill=kill)
        if self._reports:
            self._waker.wake()

    def close(self) -> None:
        """End all workers, and whatever they started, and wait for that."""
        self._queue.clear()
        self._alone.clear()
        self._fleet.close()
        self._waker.close()

    def _reported(self, assignment: executor.Assignment, report: executor.AttemptReport) -> None:
        if report.outcome not in ("unstarted", "lost", "code_moved"):
            self._pace.learn(assignment.step, report.duration / 1e6)
        self._reports.append(report)

    def _dispatch(self) -> None:
        """Send what is queued to workers that have room: exclusive ones first, each to an idle worker."""
        if not self._queue and not self._alone:
            return
        links = sorted((each for each in self._fleet.workers.values() if each.accepts), key=lambda each: each.load)
        for worker in links:
            if self._alone and not worker.in_flight:
                self._send(worker, [self._alone.popleft()])
        # While exclusive ones wait, the workers that are free soonest are left to become idle.
        open_links = [each for each in links if not each.alone][len(self._alone) :]
        for place, worker in enumerate(open_links):
            if not self._queue:
                return
            share = -(-len(self._queue) // (len(open_links) - place))
            self._send(worker, self._frame_for(worker, share))

    def _frame_for(self, worker: workers.WorkerLink, share: int) -> list[executor.Assignment]:
        """Take from the queue what a worker may have in flight beside what it has: at most `share` assignments."""
        before_recycling = self._recycle_after - worker.reported - len(worker.in_flight)
        most = min(share, self._pace.frame - len(worker.in_flight), before_recycling)
        frame: list[executor.Assignment] = []
        load = worker.load
        while self._queue and len(frame) < most:
            seconds = self._pace.seconds(self._queue[0].step)
            if (frame or worker.in_flight) and load + seconds > pacing.FRAME_SECONDS:
                break
            load += seconds
            frame.append(self._queue.popleft())
        return frame

    def _send(self, worker: workers.WorkerLink, frame: Sequence[executor.Assignment]) -> None:
        if not frame:
            return
        was_empty = not worker.in_flight
        worker.send_assignments(frame, [self._pace.seconds(each.step) for each in frame])
        if was_empty:
            self._fleet.watch_head(worker)

    def _raise_if_broken(self) -> None:
        if self._fleet.broken is not None and not self._reports:
            raise self._fleet.broken
