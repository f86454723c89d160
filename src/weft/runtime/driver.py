"""The driver of a run: one loop that waits for reports, decides with the engine, and writes ahead.

Theory of operation. One turn of the loop:

1. take in the reports that have come; each becomes events in the *outbox* and moves in the engine;
2. take nodes that may start, as many as the executor has room for; what turns out not to need a run is settled on the
   spot, the others are *claimed* in the outbox;
3. commit the outbox in one transaction, under the lease: outcome of one step and claim of the next are one commit a
   hop, and under load whatever gathered while the last commit ran goes together;
4. only then hand the claimed nodes to the executor.

A success becomes visible to nodes below it in step 1, but their bodies start in step 4, after its commit: nothing acts
on what is not written. If a commit fails the loop stops; the ledger has the last state that was true, and the next
driver goes on from it.

What a step run reads and what its report means is the `Work`'s to say. A run whose work calls bodies in its own thread
(a flow) claims and settles those nodes itself, between turns, under `lock`: with `claim` and `settle`.
"""

from __future__ import annotations

import contextlib
import heapq
import random
import threading
from collections.abc import Iterable, Sequence

from weft.engine import network as networks
from weft.engine import run as engine
from weft.model import errors, events
from weft.ports import clock as clocks
from weft.ports import executor as executors
from weft.ports import ledger as ledgers
from weft.runtime import abandoning, batches, hooks, outbox, pool_slots, telling, uninterrupted
from weft.runtime import work as works

Listener = outbox.Listener
_Told = works.Ended | works.Claimed | works.Failure
_CROWDED_SECONDS = 0.05


class Driver:
    """Drives one run to its end."""

    def __init__(
        self,
        *,
        ledger: ledgers.Ledger,
        executor: executors.Executor,
        run: engine.Run,
        work: works.Work,
        lease: ledgers.Lease,
        clock: clocks.Clock,
        listener: Listener | None = None,
        lock: threading.RLock | None = None,
        abrupt: bool = False,
        slots: pool_slots.Slots | None = None,
    ) -> None:
        """Drive `run` (of the run that `lease` is for), whose step runs are `work`, on `executor`.

        Runs that write through one connection, such as a flow and its subflows, share one `lock`. Where one is
        `abrupt`, a failure that ends it ends the bodies under way as well. With `slots` its pools are shared ones.
        """
        self._slots = slots or pool_slots.OwnSlots()
        self._slots.begin(run)
        self._abrupt = abrupt
        self.lock = lock or threading.RLock()
        self._changed = threading.Condition(self.lock)
        self.outcome: events.Outcome | None = None
        self.broken: errors.LedgerError | None = None  # why the run can't go on in this process
        self._executor = executor
        self._run = run
        self._network = run.network
        self._work = work
        self._lease = lease
        self._clock = clock
        self._outbox = outbox.Outbox(ledger, lease, written=work.written, listener=listener)
        self._hooks = hooks.Hooks(executor)
        self._teller = telling.Teller(lease.run, run.network, work)
        self._claimed: dict[int, works.Claimed] = {}
        self._again: dict[int, works.Claimed] = {}
        self._own: dict[int, float | None] = {}
        self._retries: list[tuple[float, int]] = []
        self._hurry = self._crowded = False
        self._cancel_requests = self._cancels_done = 0
        self._cancel_reason = "cancelled"
        self._overdue = False

    def cancel(self, reason: str = "cancelled", *, at_once: bool = True) -> None:
        """Ask for the end: the first time what runs may finish, the second time it is killed.

        Safe in a signal handler; in another thread not `at_once`, so that it is the loop that kills.
        """
        self._cancel_requests += 1
        self._cancel_reason = reason
        if at_once and self._cancel_requests > 1:
            self._kill()  # at once, and not only when the loop comes round: inline, it is inside a body now
        self._executor.wake()

    def lost(self, nodes: Sequence[int], reason: str = "the driver died") -> None:
        """Write down that the attempts of these nodes ended with their worker, or with the driver before this one."""
        with self.lock:
            for node in nodes:
                self._outbox.add((self._teller.lost(node, self._run.attempt_of(node), reason),))
                self._do(engine.step(self._run, engine.Lost((node,))))

    def drive(self) -> events.Outcome:
        """Run the loop until every step run has finished; returns the outcome of the run.

        Raises:
            FencedError: another process took the run over.
            LedgerError: the ledger could not be written; what was committed stands.
        """
        reports: list[executors.AttemptReport] = []
        with contextlib.closing(self._slots):
            while True:
                self.turn(reports)
                if self.outcome is not None and not self._hooks.left:
                    return self.outcome
                reports = self._executor.poll(self.patience())

    def turn(self, reports: Iterable[executors.AttemptReport]) -> None:
        """One turn of the loop; may be called by any thread, and waits for nothing but the lock and the commit."""
        with self.lock:
            self._heed_cancel()
            for report in reports:
                for each in self._work.taken_apart(report):
                    self._take_in(each)
            if self._again:
                again, self._again = self._again, {}
                self._submit(again)
            self._fire_retries()
            self._slots.before(self._run, self._executor)
            claimed = self._claim()
            self._hurry |= self._slots.after(self._run, self._executor)
            if self.outcome is None:
                self._do(engine.ended_empty(self._run))
            self.commit()
            if claimed:
                self._submit(claimed)
            self._crowded = self._hooks.submit()

    def patience(self) -> float | None:
        """How many seconds the next turn may wait for reports; None until some come."""
        if self._hurry:
            return 0.0
        due = [self._retries[0][0]] if self._retries else []
        if self._crowded:  # of a worker that takes the place of a killed one nothing is reported
            due.append(self._clock.monotonic() + _CROWDED_SECONDS)
        if not self._overdue and (deadline := self._work.deadline()) is not None:
            due.append(deadline[0])
        return max(0.0, min(due) - self._clock.monotonic()) if due else None

    # --- in turns with whoever calls bodies in a thread of its own ---

    def add(self, line: networks.Line, waits: Sequence[int] = ()) -> int:
        """Let the run grow by the nodes of a line that wait for these; returns the first. Nothing is committed."""
        with self.lock:
            base, commands = engine.add(self._run, line, waits)
            self._do(commands)
            return base

    def claim(self, node: int) -> works.Claimed | None:
        """Take a node that may start, or is to be tried again, for a body that the caller runs itself; committed.

        Waits until its pools have slots for it. None where it has been settled without a body. Its report is given to
        `settle`, never to `turn`.
        """
        with self.lock:
            self._own[node] = None
            if self._run.states[node] == engine.State.RETRYING:
                self._do(engine.step(self._run, engine.RetryDue(node)))
            while not self._slots.fits(self._run, node):
                self._changed.wait(self._slots.patience)
            with uninterrupted.Uninterrupted():
                if self._run.states[node] != engine.State.READY:
                    del self._own[node]
                    return None
                engine.take_one(self._run, node)
                found = self._claim_one(node)
                if found is None:
                    del self._own[node]
                else:
                    self._start({node: found})
                self.commit()
            return found

    def settle(self, report: executors.AttemptReport) -> float | None:
        """Take in the report of a node that was claimed by `claim`, and commit.

        Returns after how many seconds it is to be claimed once more, None when it has ended.
        """
        with self.lock, uninterrupted.Uninterrupted():
            self._take_in(report)
            self.commit()
            later = self._own.get(report.id)
            if later is None:
                self._own.pop(report.id, None)
            return later

    def give_up(self, reason: str) -> None:
        """End what was claimed by `claim` and not settled; what its bodies still do is not told."""
        with self.lock, uninterrupted.Uninterrupted():
            for node in list(self._own):
                if abandoning.is_running(self._run, node):
                    self._outbox.add(self._teller.finished((node,), "cancelled", reason, ""))
                    self._do(engine.step(self._run, engine.Failed(node, "cancelled", False, 0.0)))
                    self._claimed.pop(node, None)
                    del self._own[node]
            self.commit()

    def write(self, *told: events.Event) -> None:
        """Have events written with the next commit."""
        with self.lock:
            self._outbox.add(told)

    def close(self, reason: str = "the run ended without it") -> events.Outcome | None:
        """End an open run, committed; what callers still run in threads of their own is given up."""
        with self.lock:
            self._heed_cancel()
            self._slots.close()
            self.give_up(reason)
            self._do(engine.close(self._run))
            self.commit()
            return self.outcome

    def commit(self) -> None:
        """Write what is in the outbox, in one transaction; after one that failed nothing is written any more."""
        with self.lock:
            if self.broken is not None:
                raise self.broken
            try:
                written = self._outbox.commit(release=self.outcome is not None)
            except errors.LedgerError as error:
                self.broken = error
                raise
            if written:
                self._changed.notify_all()

    # --- what happened ---

    def _take_in(self, report: executors.AttemptReport) -> None:
        self._hooks.running.discard(report.id)
        claimed = self._claimed.get(report.id)
        if claimed is None or claimed.attempt != report.attempt:
            return  # of an attempt that was given up before, or of a hook
        del self._claimed[report.id]
        match report.outcome:
            case "unstarted":
                self._do(engine.step(self._run, engine.Unstarted((report.id,))))
            case "lost":
                self.lost((report.id,), report.error.message if report.error else "the worker was lost")
            case "succeeded":
                self._ended(self._work.succeeded(report, claimed), report, claimed)
            case "skipped" | "parked" | "looked_up":
                self._ended(self._work.other(report, claimed), report, claimed)
            case _:
                self._failed(self._work.failed(report, claimed), report, claimed)

    def _ended(self, told: _Told, report: executors.AttemptReport, claimed: works.Claimed) -> None:
        match told:
            case works.Ended():
                self._outbox.add(told.events, told.note)
                for move in told.moves:
                    self._do(engine.step(self._run, move))
            case works.Failure():
                self._failed(told, report, claimed)
            case works.Claimed():
                if self._run.cancelled:
                    self._do(engine.step(self._run, engine.Unstarted((report.id,))))
                    return
                self._claimed[report.id] = told
                self._again[report.id] = told

    def _failed(self, failure: works.Failure, report: executors.AttemptReport, claimed: works.Claimed) -> None:
        ending = bool(self._cancel_requests) or self._overdue or (self._abrupt and bool(self._run.cancelled))
        outcome, error, retryable = telling.judged(report, failure, ending=ending)
        before = self._run.cancelled
        jitter = random.random()  # noqa: S311
        commands = engine.step(self._run, engine.Failed(report.id, outcome, retryable, jitter))
        delays = [command.delay for command in commands if isinstance(command, engine.RetryLater)]
        if outcome == "cancelled":
            reason = self._run.cancelled or "cancelled"
            self._outbox.add(self._teller.finished((report.id,), "cancelled", reason, "", report.log))
        else:
            retry_at = clocks.microseconds(self._clock.now()) + int(delays[0] * 1e6) if delays else None
            failed = self._teller.failed(report, claimed, failure, outcome, error, retry_at)
            self._outbox.add((failed,), failure.note)
        self._outbox.add(failure.events)
        if report.id not in self._own:
            self._hooks.add(self._work.after_failure(report.id, report, claimed, again=bool(delays)))
        self._do(commands)
        if self._abrupt and self._run.cancelled != before:
            self._kill()

    # --- what follows ---

    def _do(self, commands: Iterable[engine.Command]) -> None:
        for command in commands:
            match command:
                case engine.RetryLater(node, delay):
                    if node in self._own:
                        self._own[node] = delay
                    else:
                        heapq.heappush(self._retries, (self._clock.monotonic() + delay, node))
                case engine.Finish(nodes, outcome, reason, subject):
                    self._outbox.add(self._teller.finished(nodes, outcome, reason, subject))
                case engine.FinishRun(outcome, reason):
                    finished = self._work.finished(outcome, reason)
                    self.outcome = finished.outcome
                    self._outbox.add((finished,))

    def _heed_cancel(self) -> None:
        if not self._overdue and (deadline := self._work.deadline()) is not None:
            self._overdue = self._clock.monotonic() >= deadline[0]
            if self._overdue:
                self._request_cancel(deadline[1])
                self._kill()
        if self._cancels_done >= self._cancel_requests:
            return
        first = self._cancels_done == 0
        self._cancels_done = self._cancel_requests
        if first:
            self._request_cancel(self._cancel_reason)
        if self._cancel_requests > 1:
            self._request_cancel(self._cancel_reason)  # now what cleans up is not begun either
            self._hooks.clear()
            self._kill()

    def _request_cancel(self, reason: str) -> None:
        if self.outcome is None:
            self._outbox.add((events.RunCancelRequested(run=self._lease.run, reason=reason),))
            self._do(engine.step(self._run, engine.CancelRequested(reason)))

    def _kill(self) -> None:
        given = self._work.leaders([node for node in list(self._claimed) if node not in self._own])
        given += self._hooks.running
        if given:
            self._executor.cancel(given, kill=True)

    def _fire_retries(self) -> None:
        now = self._clock.monotonic()
        while self._retries and self._retries[0][0] <= now:
            _, node = heapq.heappop(self._retries)
            self._do(engine.step(self._run, engine.RetryDue(node)))

    # --- claiming ---

    def _claim(self) -> dict[int, works.Claimed]:
        claimed: dict[int, works.Claimed] = {}
        aside: list[int] = []
        self._hurry = False
        for exclusive in sorted(self._network.kinds, reverse=True):
            if claimed:
                self._hurry = True  # the executor tells its room for the others once it has these
                break
            room = self._executor.room(exclusive=exclusive)
            while room > 0:
                nodes = engine.take(self._run, room, exclusive=exclusive)
                if not nodes:
                    break
                for node in nodes:
                    if node in self._own:
                        aside.append(node)
                        continue
                    along = [node]
                    if self._network.line_of(node).policies.batch:
                        along += engine.take_along(self._run, node, batches.MOST)
                    found = {each: one for each in along if (one := self._claim_one(each)) is not None}
                    claimed.update(found)
                    room -= bool(found)
                    self._hurry |= len(found) < len(along)  # what was settled may have let others start
        if aside:  # somebody waits for a slot to run them in a thread of its own
            self._do(engine.step(self._run, engine.Unstarted(tuple(aside))))
        self._start(claimed)
        return claimed

    def _start(self, claimed: dict[int, works.Claimed]) -> None:
        """Write down that attempts of these nodes begin."""
        self._outbox.add(self._teller.started(claimed))
        self._claimed.update(claimed)

    def _claim_one(self, node: int) -> works.Claimed | None:
        """Bind a node that was taken; None where it turns out that it has not to run."""
        attempt = self._run.attempt_of(node)
        answer = self._work.claim(node, attempt)
        match answer:
            case works.Claimed():
                return answer
            case works.Settled():
                self._outbox.add(answer.events, answer.note)
                for move in answer.moves:
                    self._do(engine.step(self._run, move))
            case works.Failure():
                report = executors.AttemptReport(id=node, attempt=attempt, outcome="failed", error=answer.error)
                self._failed(answer, report, self._teller.unclaimed(node, attempt))
        return None

    def _submit(self, claimed: dict[int, works.Claimed]) -> None:
        self._executor.submit(self._work.assignments(claimed))
