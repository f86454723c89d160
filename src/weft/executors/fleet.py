"""The workers of a process executor: started, watched, ended and replaced. Single-threaded: all happens inside `wait`.

How a body is ended. At its timeout, or when it is cancelled politely, `Cancelled` is raised into it (SIGUSR1), so
that it may clean up. A body that timed out and has not ended after the grace (1 s) is killed with all it has started;
one that was cancelled is killed when the driver asks for that. Either way its worker is replaced, so that nothing
which the body left behind goes on.
"""

from __future__ import annotations

import os
import select
import selectors
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from weft.define import bodies
from weft.executors import causes, framing, linux, settings, shared, waking, workers, zygote_link
from weft.model import errors, events
from weft.ports import executor

_SWEEP = 1.0
_LEAVING = 5.0
_LAST_WORDS = 1.0
_MOST_FAILURES = 5


class Fleet:
    """A fixed number of workers and the zygote that forks them; reports go to a callback."""

    def __init__(
        self,
        definitions: bodies.BuiltDefinitions | None,
        loader: settings.Loader | None,
        told: settings.WorkerSettings,
        *,
        jobs: int,
        grace: float,
        recycle_after: int,
        recycle_bytes: int,
        reported: Callable[[executor.Assignment, executor.AttemptReport], None],
    ) -> None:
        """Keep what workers are made of; nothing is started yet."""
        self.workers: dict[int, workers.WorkerLink] = {}
        self.broken: errors.WeftError | None = None
        """Set when workers can't be started any more."""
        self.renewed = False
        """Set when workers were started, so that there may be room again; for the executor to clear."""
        self.choice: zygote_link.Choice | None = None
        self._definitions = definitions
        self._loader = loader
        self._told = told
        self._jobs = jobs
        self._grace = grace
        self._recycle_after = recycle_after
        self._recycle_bytes = recycle_bytes
        self._reported = reported
        self._selector = selectors.DefaultSelector()
        self._watched: dict[int, int] = {}
        self._link: zygote_link.ZygoteLink | None = None
        self._count = 0
        self._failures = 0
        self._next_sweep = 0.0
        self._closing = False

    def start(self, waker: waking.Waker, prefer: zygote_link.StartMethod | None) -> None:
        """Start the zygote and the workers.

        Raises:
            UsageError: workers can neither be forked nor spawned.
        """
        choice = zygote_link.choose(self._loader, prefer=prefer)
        self._start_zygote(choice)
        self._selector.register(waker.fileno(), selectors.EVENT_READ, None)
        self._replenish()

    @property
    def zygote(self) -> int | None:
        """The zygote's process id."""
        return None if self._link is None else self._link.pid

    def wait(self, timeout: float | None) -> None:
        """Wait for anything to happen, up to `timeout` seconds, and deal with it."""
        for worker in self.workers.values():
            wanted = worker.events
            if worker.connected and self._watched.get(worker.number) != wanted:
                self._selector.modify(worker.socket, wanted, worker)
                self._watched[worker.number] = wanted
        for key, mask in self._selector.select(self._bounded(timeout)):
            if isinstance(key.data, workers.WorkerLink):
                if key.data.number not in self.workers:
                    continue  # it ended by what was heard just before
                if mask & selectors.EVENT_WRITE:
                    key.data.flush()
                if mask & selectors.EVENT_READ:
                    self._hear(key.data)
            elif key.data is not None and key.data is self._link:
                self._hear_zygote()
        self._look_at_deadlines(time.monotonic())

    def watch_head(self, worker: workers.WorkerLink) -> None:
        """Set the deadline of the assignment that is a worker's first, and cancel it if that was asked for."""
        if not worker.in_flight:
            worker.deadline = None
            return
        head = worker.in_flight[0]
        worker.deadline = None if head.timeout is None else time.monotonic() + head.timeout
        if head.id in worker.cancelling:
            self._interrupt(worker, "cancelled")

    def cancel(self, worker: workers.WorkerLink, ids: set[int], *, kill: bool) -> None:
        """Cancel assignments that a worker has in flight."""
        worker.cancelling |= ids
        worker.send(framing.encode(framing.CANCEL, sorted(ids)))
        worker.state.call()
        head = worker.in_flight[0]
        if head.id not in ids:
            return
        if kill:
            worker.fate, worker.fated, worker.retiring = worker.fate or "cancelled", head.id, True
            self._signal(worker, signal.SIGKILL)
        else:
            self._interrupt(worker, "cancelled")

    def close(self) -> None:
        """End all workers: the idle ones after they tore down their resources, the others at once; and the zygote."""
        self._closing = True
        for worker in self.workers.values():
            if worker.in_flight or not worker.ready:
                self._signal(worker, signal.SIGKILL)
            elif not worker.quitting:
                worker.send(framing.encode(framing.QUIT))
        until = time.monotonic() + _LEAVING
        while self.workers and self._link is not None and time.monotonic() < until:
            self.wait(until - time.monotonic())
        if self._link is not None:
            self._selector.unregister(self._link.socket)
            self._link.close()
            self._link = None
        for worker in list(self.workers.values()):
            self._finish(worker)
        self._selector.close()

    def _start_zygote(self, choice: zygote_link.Choice) -> None:
        self.choice = choice
        self._link = zygote_link.ZygoteLink(choice, self._told, self._definitions, self._loader)
        self._selector.register(self._link.socket, selectors.EVENT_READ, self._link)

    def _replenish(self) -> None:
        while len(self.workers) < self._jobs and not self._closing and self.broken is None and self._link is not None:
            self._count += 1
            worker = workers.WorkerLink(self._count, f"process-{os.getpid()}-{self._count}")
            self.workers[worker.number] = worker
            self.renewed = True
            self._watched[worker.number] = selectors.EVENT_READ
            self._selector.register(worker.socket, selectors.EVENT_READ, worker)
            try:
                self._link.ask_for_worker(worker.number, worker.name, worker.theirs, worker.state.descriptor)
            except OSError:
                return  # the zygote is gone, which its socket tells next
            worker.theirs.close()

    def _hear(self, worker: workers.WorkerLink) -> None:
        for kind, body in worker.messages():
            if kind == framing.REPORT:
                self._take(worker, framing.report_of(body))
            elif kind == framing.READY:
                worker.ready = True
            elif kind == framing.BROKEN:
                self._cannot_load(framing.error_of(body))
        if not worker.connected and worker.number in self._watched:
            del self._watched[worker.number]
            self._selector.unregister(worker.socket)
            worker.retiring = True
            # Its end comes next; one that only lost its socket, because a body closed it, is ended.
            worker.deadline = time.monotonic() + self._grace

    def _take(self, worker: workers.WorkerLink, report: executor.AttemptReport) -> None:
        assignment = worker.in_flight.popleft()
        worker.estimates.popleft()
        assert assignment.id == report.id, "a worker reports in the order in which it was sent its assignments"
        worker.reported += 1
        worker.cancelling.discard(report.id)
        self._failures = 0
        if worker.fated == report.id and worker.fate is not None:
            if report.outcome != "succeeded":
                error = _ended(assignment, worker.fate, None) if worker.fate == "timed_out" else report.error
                report = msgspec.structs.replace(report, outcome=worker.fate, error=error)
            worker.fate = None
        if worker.reported >= self._recycle_after:
            worker.retiring = True
        self._reported(assignment, report)
        if worker.in_flight:
            self.watch_head(worker)
            return
        worker.deadline = None
        if worker.retiring:
            self._let_go(worker)

    def _let_go(self, worker: workers.WorkerLink) -> None:
        """Have a worker that has nothing to do any more end itself."""
        if not worker.quitting and worker.connected:
            worker.quitting = True
            worker.send(framing.encode(framing.QUIT))
            worker.deadline = time.monotonic() + _LEAVING

    def _hear_zygote(self) -> None:
        assert self._link is not None
        for message in self._link.messages():
            if message is None:
                self._zygote_lost()
                return
            kind, number, value = message
            worker = self.workers.get(number)
            if worker is None:
                continue
            if kind == "forked":
                assert isinstance(value, int)
                worker.pid = value
            else:
                worker.ended = True
                worker.status = value if isinstance(value, int) else None
                self._hear(worker)
                self._finish(worker)
        self._replenish()

    def _zygote_lost(self) -> None:
        """The zygote was killed; its workers die with it. Report what they ran, and begin anew with another."""
        assert self._link is not None
        self._selector.unregister(self._link.socket)
        self._link.close()
        self._link = None
        for worker in list(self.workers.values()):
            if worker.pid is not None:
                _kill_group(worker.pid)
            worker.ended = True
            worker.socket.settimeout(self._grace)  # what it reported last is still to come, up to the end of the stream
            try:
                self._hear(worker)
            except TimeoutError:
                worker.connected = False
            self._finish(worker, "The process that forks the workers was killed, and the workers with it.", lost=True)
        self._failures += 1
        if self._closing:
            return
        try:
            self._start_zygote(zygote_link.choose(self._loader))
        except errors.WeftError as error:
            self.broken = error
        self._replenish()

    def _finish(self, worker: workers.WorkerLink, cause: str | None = None, *, lost: bool = False) -> None:
        """Report on all that an ended worker had in flight, and forget it; `lost` if no body had a part in its end."""
        if self._watched.pop(worker.number, None) is not None:
            self._selector.unregister(worker.socket)
        del self.workers[worker.number]
        started = worker.head_started
        if not worker.reported and not started and not self._closing and worker.status != 0:
            self._failures += 1
            if self._failures >= _MOST_FAILURES * self._jobs:
                self.broken = self.broken or errors.WeftError(
                    f"The worker processes end as they start. {cause or causes.describe(worker.status)}",
                    remedy="See whether memory or processes are short, or use the inline executor.",
                )
        for place, assignment in enumerate(worker.in_flight):
            if place == 0 and started:
                report = self._crash_report(worker, assignment, cause, lost=lost)
            else:
                outcome: executor.ReportOutcome = "cancelled" if assignment.id in worker.cancelling else "unstarted"
                report = executor.AttemptReport(
                    id=assignment.id, attempt=assignment.attempt, outcome=outcome, worker=worker.name
                )
            self._reported(assignment, report)
        worker.in_flight.clear()
        worker.close()

    def _crash_report(
        self, worker: workers.WorkerLink, assignment: executor.Assignment, cause: str | None, *, lost: bool
    ) -> executor.AttemptReport:
        _, moment, log_start = worker.state.running
        duration = max(time.monotonic() - moment, 0.0)
        fate = worker.fate if worker.fated == assignment.id else None
        return executor.AttemptReport(
            id=assignment.id,
            attempt=assignment.attempt,
            outcome=fate or ("lost" if lost else "crashed"),
            error=_ended(assignment, fate, cause or causes.describe(worker.status)),
            started=int((time.time() - duration) * 1e6),
            duration=int(duration * 1e6),
            log=self._rest_of_log(worker, assignment, log_start),
            worker=worker.name,
        )

    def _rest_of_log(
        self, worker: workers.WorkerLink, assignment: executor.Assignment, start: int
    ) -> events.LogSegment | None:
        """Return the output of an attempt whose worker did not live to tell: all to the end of the file."""
        path = self._log_path(worker, assignment)
        if path is None or not path.exists():
            return None
        _wait_for(worker.state.pump)
        if path.stat().st_size - start > self._told.log_limit:
            os.truncate(path, start + self._told.log_limit)
        end = path.stat().st_size
        return events.LogSegment(file=f"{assignment.run}/{path.name}", start=start, end=end) if end > start else None

    def _log_path(self, worker: workers.WorkerLink, assignment: executor.Assignment) -> Path | None:
        folder = self._told.logs_folder
        return None if folder is None else Path(folder) / assignment.run / f"{worker.name}.log"

    def _interrupt(self, worker: workers.WorkerLink, fate: workers.Fate) -> None:
        """Raise `Cancelled` into the body that a worker runs."""
        head = worker.in_flight[0]
        worker.fate, worker.fated, worker.retiring = fate, head.id, True
        worker.state.to_cancel = head.id
        self._signal(worker, signal.SIGUSR1)
        if fate == "timed_out":
            worker.deadline = time.monotonic() + self._grace

    def _signal(self, worker: workers.WorkerLink, which: int) -> None:
        if self._link is not None:
            try:
                self._link.signal(worker.number, which)
            except OSError:
                pass  # the zygote is gone, and its workers with it

    def _look_at_deadlines(self, now: float) -> None:
        for worker in self.workers.values():
            if worker.deadline is None or worker.deadline > now:
                continue
            if worker.fate is not None or worker.quitting or not worker.connected:
                self._signal(worker, signal.SIGKILL)
                worker.deadline = None
                continue
            head = worker.in_flight[0]
            assert head.timeout is not None
            over = worker.state.running[1] + head.timeout if worker.head_started else now + head.timeout
            if over > now:
                worker.deadline = over
            else:
                self._interrupt(worker, "timed_out")
        if now >= self._next_sweep:
            self._next_sweep = now + _SWEEP
            self._sweep(self.workers.values())

    def _sweep(self, running: Iterable[workers.WorkerLink]) -> None:
        """Bound what bodies that still run have written, and the memory that workers hold."""
        for worker in running:
            if worker.pid is not None and worker.accepts and worker.ready:
                held = linux.resident_bytes(worker.pid)
                worker.baseline = worker.baseline or held
                if held > worker.baseline + self._recycle_bytes:
                    worker.retiring = True
                    if not worker.in_flight:
                        self._let_go(worker)
            if worker.head_started:
                path = self._log_path(worker, worker.in_flight[0])
                start = worker.state.running[2]
                if path is not None and path.exists() and path.stat().st_size - start > 2 * self._told.log_limit:
                    os.truncate(path, start + self._told.log_limit)

    def _bounded(self, timeout: float | None) -> float | None:
        """Return how long to wait at most: until the next deadline, or the next sweep while bodies run."""
        moments = [each.deadline for each in self.workers.values() if each.deadline is not None]
        if any(each.in_flight for each in self.workers.values()):
            moments.append(self._next_sweep)
        if not moments:
            return timeout
        nearest = max(min(moments) - time.monotonic(), 0.0)
        return nearest if timeout is None else min(nearest, timeout)

    def _cannot_load(self, error: events.Error) -> None:
        self.broken = errors.WeftError(
            f"The definitions cannot be loaded in a worker process: {error.message}",
            remedy="Load them once by hand; the process must find the same modules and files as this one.",
        )


def _ended(assignment: executor.Assignment, fate: workers.Fate | None, cause: str | None) -> events.Error:
    if fate == "timed_out":
        return events.Error(
            kind="weft.Timeout",
            message=f"The body ran longer than its timeout of {assignment.timeout:g} s and was ended.",
        )
    if fate == "cancelled":
        return events.Error(kind="weft.Cancelled", message="The attempt was cancelled and its process killed.")
    return events.Error(kind="weft.WorkerCrashed", message=cause or "")


def _wait_for(pump: int) -> None:
    """Wait until the process that masks the output of a dead worker has written the rest."""
    if pump == shared.NOTHING:
        return
    try:
        handle = os.pidfd_open(pump)
    except OSError:
        return  # it has ended
    try:
        select.select([handle], [], [], _LAST_WORDS)
    finally:
        os.close(handle)


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # it has ended with all that it started
