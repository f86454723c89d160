"""The inline executor: bodies run in the caller's own thread, inside `poll`.

It is the quickest and the simplest to debug; what it cannot do is end a body from outside. A body with a timeout runs
in a thread of its own, which after the timeout is fenced off (its result and its output are dropped) and left to
itself. A `cancel` of the running body works from a signal handler: it raises `Cancelled` there, straight into the
body, and so does not return.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from weft.define import bodies, sources
from weft.executors import pacing, waking
from weft.model import events
from weft.ports import executor
from weft.worker import cancelling, execute, logs, masking, values


class InlineExecutor:
    """Runs assignments one after another in the thread that polls."""

    name = "inline"

    def __init__(
        self,
        definitions: bodies.BuiltDefinitions,
        *,
        logs_folder: Path | None = None,
        secrets: Sequence[str] = (),
        configs: Mapping[str, object] | None = None,
        files: Sequence[sources.File] = (),
        log_limit: int = logs.DEFAULT_LIMIT,
        memory: int = values.MEMORY,
    ) -> None:
        """Make an executor.

        Args:
            definitions: what can be run.
            logs_folder: where the output of bodies is kept; None to let it pass through.
            secrets: values that are masked in output and errors, besides the secrets of resources and config.
            configs: what the run gave for the typed config of steps, by step.
            files: files of values for resources and config, the strongest first.
            log_limit: bytes of output that are kept of one attempt.
            memory: bytes of values that are kept for hand-over in memory.
        """
        worker = f"inline-{os.getpid()}"
        masks = masking.Masks(secrets)
        self._capture = None if logs_folder is None else _Fenced(logs_folder, worker, masks=masks, limit=log_limit)
        self._runner = execute.Runner(
            definitions, worker=worker, capture=self._capture, masks=masks, configs=configs, files=files, memory=memory
        )
        self._queue: deque[executor.Assignment] = deque()
        self._reports: list[executor.AttemptReport] = []
        self._pace = pacing.Pace()
        self._waker = waking.Waker()
        self._handler: logs.CaptureHandler | None = None
        self._thread = 0

    def start(self) -> None:
        """Send log records of bodies to the attempts' logs."""
        if self._capture is not None:
            self._handler = logs.install_logging(self._capture)

    def room(self, *, exclusive: bool) -> int:
        """How many more assignments would be taken now: a frame, or one when idle if it is `exclusive`."""
        if exclusive:
            return 0 if self._queue else 1
        if self._queue and self._queue[-1].exclusive:
            return 0
        return max(0, self._pace.frame - len(self._queue))

    def submit(self, assignments: Sequence[executor.Assignment]) -> None:
        """Queue assignments; they run in `poll`."""
        self._queue.extend(assignments)

    def poll(self, timeout: float | None) -> list[executor.AttemptReport]:
        """Run what is queued for about 20 ms and return the reports; with an empty queue, wait for `wake`."""
        if not self._queue and not self._reports:
            self._waker.wait(timeout)
            return self._taken()
        until = time.monotonic() + pacing.FRAME_SECONDS
        while self._queue:
            assignment = self._queue.popleft()
            report = self._run(assignment)
            self._pace.learn(assignment.step, report.duration / 1e6)
            self._reports.append(report)
            if time.monotonic() >= until or self._waker.clear():
                break
        self._pace.grow()
        return self._taken()

    def wake(self) -> None:
        """Make `poll` return after the body that runs."""
        self._waker.wake()

    def cancel(self, ids: Sequence[int], *, kill: bool) -> None:
        """Report queued ones as cancelled.

        The running one is only reached from a signal handler in the thread that polls: then `Cancelled` is raised
        into its body, whether `kill` or not, and this call does not return. From elsewhere it goes on to its end.
        """
        chosen = set(ids)
        kept: deque[executor.Assignment] = deque()
        for assignment in self._queue:
            if assignment.id in chosen:
                self._reports.append(_cancelled(assignment, self._runner.worker))
            else:
                kept.append(assignment)
        self._queue = kept
        self._waker.wake()
        if self._runner.running in chosen and threading.get_ident() == self._thread:
            raise cancelling.Cancelled("The attempt was cancelled.")

    def close(self) -> None:
        """Tear down resources and give the log records back."""
        self._queue.clear()
        self._runner.close()
        if self._capture is not None:
            self._capture.close()
        if self._handler is not None:
            logs.remove_logging(self._handler)
            self._handler = None
        self._waker.close()

    def _taken(self) -> list[executor.AttemptReport]:
        reports, self._reports = self._reports, []
        return reports

    def _run(self, assignment: executor.Assignment) -> executor.AttemptReport:
        self._thread = threading.get_ident()
        if self._capture is None:
            return self._run_within(assignment) if assignment.timeout else self._runner.run(assignment)
        with logs.Redirected(self._capture):
            return self._run_within(assignment) if assignment.timeout else self._runner.run(assignment)

    def _run_within(self, assignment: executor.Assignment) -> executor.AttemptReport:
        """Run an attempt in a thread, and leave the thread to itself when its time is over."""
        assert assignment.timeout is not None
        reports: list[executor.AttemptReport] = []
        runner = self._runner
        started = time.time_ns() // 1000
        clock = time.monotonic()
        thread = cancelling.BodyThread(lambda: reports.append(runner.run(assignment)), "weft body")
        thread.start()
        outcome: executor.ReportOutcome = "timed_out"
        message = (
            f"The body ran longer than its timeout of {assignment.timeout:g} s. It was left to itself in a thread and "
            "may still run: only the process executor can end a body (--executor process)."
        )
        try:
            thread.join(assignment.timeout)
        except (KeyboardInterrupt, cancelling.Cancelled):
            outcome, message = "cancelled", "The attempt was cancelled; its body was left to itself in a thread."
        if reports:
            return reports[0]
        thread.tell_to_end()
        self._runner = runner.abandoned()
        log = None
        if self._capture is not None:
            log = self._capture.fence(thread)
        return executor.AttemptReport(
            id=assignment.id,
            attempt=assignment.attempt,
            outcome=outcome,
            error=events.Error(kind="weft.Timeout" if outcome == "timed_out" else "weft.Cancelled", message=message),
            started=started,
            duration=int((time.monotonic() - clock) * 1e6),
            log=log,
            worker=runner.worker,
        )


class _Fenced(logs.Capture):
    """A capture that drops what abandoned threads go on to write."""

    def __init__(self, folder: Path, worker: str, *, masks: masking.Masks, limit: int) -> None:
        super().__init__(folder, worker, masks=masks, limit=limit)
        self._abandoned: set[int] = set()

    def fence(self, thread: threading.Thread) -> events.LogSegment | None:
        """End the attempt of a thread that goes on, and take nothing more from it."""
        assert thread.ident is not None
        log = super().end()
        self._abandoned.add(thread.ident)
        return log

    def begin(self, run: str) -> None:
        """Begin an attempt; threads that have ended since are forgotten, as their numbers may come again."""
        if self._abandoned:
            self._abandoned &= {each.ident for each in threading.enumerate() if each.ident is not None}
        super().begin(run)

    def end(self) -> events.LogSegment | None:
        """End the attempt, unless it is one that was fenced off before."""
        return None if threading.get_ident() in self._abandoned else super().end()

    def write(self, content: bytes) -> None:
        """Append, unless the writer was fenced off."""
        if not self._abandoned or threading.get_ident() not in self._abandoned:
            super().write(content)


def _cancelled(assignment: executor.Assignment, worker: str) -> executor.AttemptReport:
    return executor.AttemptReport(
        id=assignment.id, attempt=assignment.attempt, outcome="cancelled", started=time.time_ns() // 1000, worker=worker
    )
