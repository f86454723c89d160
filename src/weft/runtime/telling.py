"""The events about step runs that every kind of work has: claimed, lost, failed, and ended without a body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from weft.engine import network as networks
from weft.model import events, keys
from weft.ports import executor as executors
from weft.runtime import work as works


class Teller:
    """Makes the events of one run."""

    def __init__(self, run: str, network: networks.Network, work: works.Work) -> None:
        """Name step runs as `work` does."""
        self._run = run
        self._network = network
        self._work = work

    def started(self, claimed: Mapping[int, works.Claimed]) -> Iterator[events.AttemptsStarted]:
        """Attempts that begin: one event for all of a line. What only looks again for what it waits for is left out."""
        by_line: dict[tuple[int, int], list[int]] = {}
        for node, each in claimed.items():
            if each.looks:
                continue
            by_line.setdefault((each.line.base, each.attempt), []).append(node)
        for (base, attempt), nodes in by_line.items():
            line = self._network.line_of(base)
            named: dict[str, Any]
            if line.items:
                named = {"items": tuple([claimed[node].item for node in nodes])}
            else:
                named = {"partitions": tuple([claimed[node].partition for node in nodes])}
            after = tuple(self._work.waited(line, nodes))
            yield events.AttemptsStarted(run=self._run, step=line.step, attempt=attempt, after=after, **named)

    def lost(self, node: int, attempt: int, reason: str) -> events.AttemptsLost:
        """An attempt that ended with its worker, or its driver."""
        line = self._network.line_of(node)
        named = self._work.named(line, (node,))
        return events.AttemptsLost(run=self._run, step=line.step, attempt=attempt, reason=reason, **named)

    def finished(
        self,
        nodes: Sequence[int],
        outcome: events.Outcome,
        reason: str,
        subject: str,
        log: events.LogSegment | None = None,
    ) -> Iterator[events.StepsFinished]:
        """Step runs that end without a body: one event for all of a line, and for each step of a mapped group.

        A body that was cancelled has left its output in `log`.
        """
        by_line: dict[int, list[int]] = {}
        for node in nodes:
            by_line.setdefault(self._network.line_of(node).base, []).append(node)
        for members in by_line.values():
            line = self._network.line_of(members[0])
            named = self._work.named(line, members)
            for step in self._work.steps_of(line):
                yield events.StepsFinished(
                    run=self._run,
                    step=step,
                    outcome=outcome,
                    reason=reason,
                    subject=subject,
                    assets=_assets_of(line),
                    log=log,
                    **named,
                )

    def failed(
        self,
        report: executors.AttemptReport,
        claimed: works.Claimed,
        failure: works.Failure,
        outcome: events.Outcome,
        error: events.Error | None,
        retry_at: int | None,
    ) -> events.AttemptFailed:
        """An attempt that failed; `retry_at` (microseconds) is when another one follows."""
        rejected = tuple(output.asset for output in failure.outputs if output.rejected)
        return events.AttemptFailed(
            run=self._run,
            step=claimed.line.step,
            partition=claimed.partition,
            attempt=report.attempt,
            outcome=outcome,
            error=error,
            retry_at=retry_at,
            started=report.started,
            duration=report.duration,
            assets=rejected or _assets_of(claimed.line),
            outputs=failure.outputs,
            log=report.log,
            item=claimed.item,
            rendered=failure.rendered,
        )

    def unclaimed(self, node: int, attempt: int) -> works.Claimed:
        """A step run that failed while it was claimed, named as if it had been."""
        line = self._network.line_of(node)
        named = self._work.named(line, (node,))
        return works.Claimed(
            line=line,
            partition=named.get("partitions", (None,))[0],
            item=named.get("items", ("",))[0],
            attempt=attempt,
        )


def judged(
    report: executors.AttemptReport, failure: works.Failure, *, ending: bool
) -> tuple[events.Outcome, events.Error | None, bool]:
    """The outcome of a failed attempt, its error, and whether it may be tried again; `ending`: the run is to end."""
    match report.outcome:
        case "timed_out" | "crashed":
            return report.outcome, failure.error, failure.retryable
        case "code_moved":
            message = "the code in the worker is not the code that was planned; plan again"
            return "failed", events.Error(kind="CodeMoved", message=message), False
        case "cancelled" if ending:
            return "cancelled", failure.error, failure.retryable
        case "cancelled":
            message = "the body was interrupted, and not because the run was to end"
            error = failure.error or events.Error(kind="KeyboardInterrupt", message=message)
            return "failed", error, failure.retryable
        case _:
            return "failed", failure.error, failure.retryable


def _assets_of(line: networks.Line) -> tuple[keys.AssetKey, ...]:
    """The assets that step runs of a line are attempts at; a task's outlets are none, it makes them by the way."""
    return () if line.items else line.outputs
