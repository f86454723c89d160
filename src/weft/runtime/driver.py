"""The driver of a run: one loop on one thread that waits for reports, decides with the engine, and writes ahead.

Theory of operation. One turn of the loop:

1. take in the reports that have come; each becomes an event in the *outbox* and a move in the engine;
2. take nodes that may start, as many as the executor has room for; what turns out not to need a run is pruned on the
spot, the others
   are *claimed* in the outbox;
3. commit the outbox in one transaction, under the lease: outcome of one step and claim of the next are one commit a
hop, and under
   load whatever gathered while the last commit ran goes together;
4. only then hand the claimed nodes to the executor.

A success becomes visible to nodes below it in step 1, but their bodies start in step 4, after its commit: nothing acts
on what is not written. If a commit fails the loop stops; the ledger has the last state that was true, and the next
driver goes on from it.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from weft.engine import network as networks
from weft.engine import run as engine
from weft.ledger import codec
from weft.model import events, keys
from weft.model import graph as graphs
from weft.ports import clock as clocks
from weft.ports import executor as executors
from weft.ports import ledger as ledgers
from weft.runtime import assigning, batches, binding

Listener = Callable[[Sequence[events.Event]], None]


@dataclass(frozen=True, slots=True)
class _Numbered:
    """An output whose version is the position of an event in the outbox."""

    place: int
    asset: keys.AssetKey
    ordinal: int
    output: events.Materialization


class Driver:
    """Drives one run to its end."""

    def __init__(
        self,
        *,
        ledger: ledgers.Ledger,
        executor: executors.Executor,
        graph: graphs.Graph,
        run: engine.Run,
        binder: binding.Binder,
        lease: ledgers.Lease,
        clock: clocks.Clock,
        listener: Listener | None = None,
    ) -> None:
        """Drive `run` (of the run that `lease` is for) on `executor`."""
        self._ledger = ledger
        self._executor = executor
        self._graph = graph
        self._run = run
        self._network = run.network
        self._binder = binder
        self._lease = lease
        self._clock = clock
        self._listener = listener
        self._outbox: list[events.Event] = []
        self._numbered: list[_Numbered] = []
        self._claimed: dict[int, assigning.Claimed] = {}
        self._batches = batches.Batches()
        self._assigner = assigning.Assigner(binder, self._batches, lease)
        self._retries: list[tuple[float, int]] = []
        self._kinds = sorted({engine.is_exclusive(line.policies) for line in run.network.lines}, reverse=True)
        self._hurry = False
        self._cancel_requests = 0
        self._cancels_done = 0
        self._cancel_reason = "cancelled"
        self.outcome: events.Outcome | None = None

    def cancel(self, reason: str = "cancelled") -> None:
        """Ask for the end: the first time what runs may finish, the second time it is killed.

        Safe in a signal handler.
        """
        self._cancel_requests += 1
        self._cancel_reason = reason
        if self._cancel_requests > 1 and self._claimed:
            # at once, and not only when the loop comes round: inline, it is inside a body now
            self._executor.cancel(self._batches.leaders(list(self._claimed)), kill=True)
        self._executor.wake()

    def lost(self, nodes: Sequence[int], reason: str = "the driver died") -> None:
        """Write down that the attempts of these nodes ended with their worker, or with the driver before this one."""
        for node in nodes:
            line = self._network.line_of(node)
            self._outbox.append(
                events.AttemptsLost(
                    run=self._lease.run,
                    step=line.step,
                    partitions=tuple(self._partition_keys(line, (node,))),
                    attempt=self._run.attempt_of(node),
                    reason=reason,
                )
            )
            self._do(engine.step(self._run, engine.Lost((node,))))

    def drive(self) -> events.Outcome:
        """Run the loop until every step run has finished; returns the outcome of the run.

        Raises:
            FencedError: another process took the run over.
            LedgerError: the ledger could not be written; what was committed stands.
        """
        reports: list[executors.AttemptReport] = []
        while True:
            self._heed_cancel()
            for report in reports:
                for each in self._batches.taken_apart(report):
                    self._take_in(each)
            self._fire_retries()
            claimed = self._claim()
            self._end_if_empty()
            self._commit()
            if claimed:
                self._executor.submit(self._assigner.assignments(claimed))
            if self.outcome is not None:
                return self.outcome
            reports = self._executor.poll(self._patience())

    # --- what happened ---

    def _take_in(self, report: executors.AttemptReport) -> None:
        claimed = self._claimed.get(report.id)
        if claimed is None or claimed.attempt != report.attempt:
            return  # of an attempt that was given up before
        del self._claimed[report.id]
        if report.outcome == "unstarted":
            self._do(engine.step(self._run, engine.Unstarted((report.id,))))
        elif report.outcome == "lost":
            self.lost((report.id,), report.error.message if report.error else "the worker was lost")
        elif report.outcome == "succeeded":
            self._succeeded(report, claimed)
        else:
            self._failed(report, claimed, outputs=())

    def _succeeded(self, report: executors.AttemptReport, claimed: assigning.Claimed) -> None:
        inputs = self._binder.record(claimed.reads)
        outputs = tuple(
            events.Materialization(
                asset=output.asset,
                value=output.value,
                code=claimed.line.code,
                inputs=inputs,
                metadata=output.metadata,
                checks=output.checks,
                rejected=any(check.blocking and not check.passed for check in output.checks),
            )
            for output in report.outputs
        )
        absent = set(claimed.line.outputs) - {output.asset for output in outputs}
        if absent or len(outputs) != len(claimed.line.outputs):
            # an executor is not trusted: what comes back is checked against what was planned
            error = events.Error(kind="OutputMissing", message=f"no output came for {', '.join(sorted(absent))}")
            if not absent:
                told = ", ".join(output.asset for output in outputs)
                error = events.Error(kind="OutputUnexpected", message=f"not the planned outputs came: {told}")
            self._failed(
                msgspec.structs.replace(report, outcome="failed", error=error, outputs=()), claimed, outputs=()
            )
            return
        if any(output.rejected for output in outputs):
            self._failed(_check_failure(report, outputs), claimed, outputs=outputs)
            return
        self._note(claimed, outputs)
        self._outbox.append(
            events.StepSucceeded(
                run=self._lease.run,
                step=claimed.line.step,
                partition=claimed.partition,
                attempt=report.attempt,
                started=report.started,
                duration=report.duration,
                outputs=outputs,
                log=report.log,
            )
        )
        self._do(engine.step(self._run, engine.Succeeded(report.id)))

    def _note(self, claimed: assigning.Claimed, outputs: Iterable[events.Materialization]) -> None:
        """Let what waits for these outputs see them; their event is about to be put into the outbox."""
        at = clocks.microseconds(self._clock.now())
        digests = {read.dependency.slot: read.digest for read in claimed.reads}
        for output in outputs:
            if output.rejected:
                continue
            self._binder.published(
                output.asset,
                claimed.ordinal,
                token=codec.token(output.value.data_version),
                code=output.code,
                inputs=digests,
                at=at,
                run=self._lease.run,
            )
            self._numbered.append(_Numbered(len(self._outbox), output.asset, claimed.ordinal, output))

    def _failed(
        self,
        report: executors.AttemptReport,
        claimed: assigning.Claimed,
        *,
        outputs: tuple[events.Materialization, ...],
    ) -> None:
        outcome: events.Outcome = "failed" if report.outcome == "code_moved" else report.outcome  # type: ignore[assignment]
        error = report.error
        if outcome == "cancelled" and not self._cancel_requests:
            outcome = "failed"
            error = error or events.Error(
                kind="KeyboardInterrupt", message="the body was interrupted, and not because the run was to end"
            )
        if report.outcome == "code_moved":
            error = events.Error(
                kind="CodeMoved", message="the code in the worker is not the code that was planned; plan again"
            )
        retryable = report.retryable and report.outcome != "code_moved" and not outputs
        commands = engine.step(
            self._run,
            engine.Failed(report.id, outcome, retryable, random.random()),  # noqa: S311 - jitter
        )
        retry_at = None
        for command in commands:
            if isinstance(command, engine.RetryLater):
                retry_at = clocks.microseconds(self._clock.now()) + int(command.delay * 1e6)
        rejected = tuple(output.asset for output in outputs if output.rejected)
        if outcome == "cancelled":
            self._finish_nodes((report.id,), "cancelled", self._run.cancelled or "cancelled", "")
        else:
            self._note(claimed, outputs)
            self._outbox.append(
                events.AttemptFailed(
                    run=self._lease.run,
                    step=claimed.line.step,
                    partition=claimed.partition,
                    attempt=report.attempt,
                    outcome=outcome,
                    error=error,
                    retry_at=retry_at,
                    started=report.started,
                    duration=report.duration,
                    assets=rejected or claimed.line.outputs,
                    outputs=outputs,
                    log=report.log,
                )
            )
        self._do(commands)

    # --- what follows ---

    def _do(self, commands: Iterable[engine.Command]) -> None:
        for command in commands:
            match command:
                case engine.RetryLater(node, delay):
                    heapq.heappush(self._retries, (self._clock.monotonic() + delay, node))
                case engine.Finish(nodes, outcome, reason, subject):
                    self._finish_nodes(nodes, outcome, reason, subject)
                case engine.FinishRun(outcome, reason):
                    self._finish_run(outcome, reason)

    def _finish_nodes(self, nodes: Sequence[int], outcome: events.Outcome, reason: str, subject: str) -> None:
        by_line: dict[int, list[int]] = {}
        for node in nodes:
            by_line.setdefault(self._network.line_of(node).base, []).append(node)
        for members in by_line.values():
            line = self._network.line_of(members[0])
            self._outbox.append(
                events.StepsFinished(
                    run=self._lease.run,
                    step=line.step,
                    partitions=tuple(self._partition_keys(line, members)),
                    outcome=outcome,
                    reason=reason,
                    subject=subject,
                    assets=line.outputs,
                )
            )

    def _finish_run(self, outcome: events.Outcome, reason: str) -> None:
        self.outcome = outcome
        self._outbox.append(events.RunFinished(run=self._lease.run, outcome=outcome, reason=reason))

    def _end_if_empty(self) -> None:
        """End a run that has nothing left to do when it begins: an empty one, or one that was picked up at its end."""
        if self.outcome is None and not self._run.unfinished:
            self._run.ended = True
            self._do((engine.ending(self._run),))

    def _heed_cancel(self) -> None:
        if self._cancels_done >= self._cancel_requests:
            return
        first = self._cancels_done == 0
        self._cancels_done = self._cancel_requests
        if first:
            self._outbox.append(events.RunCancelRequested(run=self._lease.run, reason=self._cancel_reason))
            self._do(engine.step(self._run, engine.CancelRequested(self._cancel_reason)))
        if self._cancel_requests > 1 and self._claimed:
            self._executor.cancel(self._batches.leaders(list(self._claimed)), kill=True)

    def _fire_retries(self) -> None:
        now = self._clock.monotonic()
        while self._retries and self._retries[0][0] <= now:
            _, node = heapq.heappop(self._retries)
            self._do(engine.step(self._run, engine.RetryDue(node)))

    def _patience(self) -> float | None:
        if self._hurry:
            return 0.0
        if self._retries:
            return max(0.0, self._retries[0][0] - self._clock.monotonic())
        return None

    # --- claiming ---

    def _claim(self) -> dict[int, assigning.Claimed]:
        claimed: dict[int, assigning.Claimed] = {}
        self._hurry = False
        for exclusive in self._kinds:
            if claimed:
                self._hurry = True  # the executor tells its room for the others once it has these
                break
            room = self._executor.room(exclusive=exclusive)
            while room > 0:
                nodes = engine.take(self._run, room, exclusive=exclusive)
                if not nodes:
                    break
                for node in nodes:
                    along = [node]
                    if self._network.line_of(node).policies.batch:
                        along += engine.take_along(self._run, node, batches.MOST)
                    found = {each: one for each in along if (one := self._claim_one(each)) is not None}
                    claimed.update(found)
                    room -= bool(found)
        by_line: dict[tuple[int, int], list[keys.PartitionKey]] = {}
        for each in claimed.values():
            by_line.setdefault((each.line.base, each.attempt), []).append(each.partition)
        for (base, attempt), partitions in by_line.items():
            self._outbox.append(
                events.AttemptsStarted(
                    run=self._lease.run,
                    step=self._network.line_of(base).step,
                    partitions=tuple(partitions),
                    attempt=attempt,
                )
            )
        self._claimed.update(claimed)
        return claimed

    def _claim_one(self, node: int) -> assigning.Claimed | None:
        """Bind a node that was taken; None where it turns out that it has not to run."""
        line = self._network.line_of(node)
        ordinal = line.ordinals[node - line.base]
        step = self._graph.steps[line.step]
        reads = tuple(self._binder.reads(step, ordinal))
        if line.conditional:
            verdict = self._binder.verdict(line, ordinal, reads)
            if verdict != "run":
                moved = engine.Pruned(node) if verdict == "same" else engine.Rejected(node)
                self._do(engine.step(self._run, moved))
                return None
        partition = next(iter(self._partition_keys(line, (node,))))
        found = assigning.Claimed(line, ordinal, partition, self._run.attempt_of(node), reads)
        missing = self._binder.missing(reads)
        if missing is not None:
            error = events.Error(
                kind="InputMissing",
                message=f"{missing} has no data. Make it first: weft materialize {missing.partition('[')[0]}",
            )
            report = executors.AttemptReport(
                id=node, attempt=found.attempt, outcome="failed", error=error, retryable=False
            )
            self._failed(report, found, outputs=())
            return None
        return found

    def _partition_keys(self, line: networks.Line, nodes: Iterable[int]) -> list[keys.PartitionKey]:
        definition = self._graph.steps[line.step].partitions
        if definition is None:
            return [None for _ in nodes]
        return list(definition.keys([line.ordinals[node - line.base] for node in nodes]))

    # --- writing ---

    def _commit(self) -> None:
        if not self._outbox:
            return
        batch, numbered = self._outbox, self._numbered
        self._outbox, self._numbered = [], []
        with self._ledger.transaction() as transaction:
            transaction.check_lease(self._lease)
            first = transaction.append(batch)
            if self.outcome is not None:
                transaction.release(self._lease.run)
        for each in numbered:
            self._binder.numbered(each.asset, each.ordinal, first + each.place, each.output.value)
        if self._listener is not None:
            self._listener(batch)


def _check_failure(
    report: executors.AttemptReport, outputs: Iterable[events.Materialization]
) -> executors.AttemptReport:
    failed = [
        f"{output.asset}: {check.name}" + (f" ({check.description})" if check.description else "")
        for output in outputs
        for check in output.checks
        if check.blocking and not check.passed
    ]
    error = events.Error(kind="CheckFailed", message="blocking check failed: " + "; ".join(failed))
    return msgspec.structs.replace(report, outcome="failed", error=error, retryable=False)
