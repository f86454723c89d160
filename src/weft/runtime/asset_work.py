"""The work of making assets: what a step run reads, whether it has to run at all, and the versions that it makes.

A success becomes visible to the nodes below as soon as it is taken in, before its commit; their bodies start after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from weft.engine import network as networks
from weft.engine import run as engine
from weft.ledger import codec
from weft.model import events, keys
from weft.model import graph as graphs
from weft.ports import clock as clocks
from weft.ports import executor as executors
from weft.ports import ledger as ledgers
from weft.runtime import assigning, batches, binding, work


@dataclass(frozen=True, slots=True)
class _Numbered:
    """Outputs whose version is the position of the event that they are in."""

    ordinal: int
    outputs: Sequence[events.Materialization]


class AssetWork(work.Plain):
    """The step runs of a plan over assets."""

    def __init__(
        self,
        *,
        graph: graphs.Graph,
        network: networks.Network,
        binder: binding.Binder,
        lease: ledgers.Lease,
        clock: clocks.Clock,
    ) -> None:
        """Work on the steps of `graph` that `network` has; `binder` knows what the assets hold."""
        self._graph = graph
        self._network = network
        self._binder = binder
        self._lease = lease
        self._clock = clock
        self._batches = batches.Batches()
        self._assigner = assigning.Assigner(binder, self._batches, lease)

    # --- before the body ---

    def claim(self, node: int, attempt: int) -> work.Answer:
        """Bind a node; a conditional one whose inputs turn out the same has not to run."""
        line = self._network.line_of(node)
        ordinal = line.ordinals[node - line.base]
        step = self._graph.steps[line.step]
        reads = tuple(self._binder.reads(step, ordinal))
        if line.conditional:
            verdict = self._binder.verdict(line, ordinal, reads)
            if verdict != "run":
                return work.Settled(moves=(engine.Pruned(node) if verdict == "same" else engine.Rejected(node),))
        missing = self._binder.missing(reads)
        if missing is not None:
            name = missing.partition("[")[0]
            maker = self._graph.assets[name].made_by if name in self._graph.assets else None
            command = f"weft materialize {name}" if maker is None else f"weft run {maker}"
            error = events.Error(kind="InputMissing", message=f"{missing} has no data. Make it first: {command}")
            return work.Failure(error=error)
        partition = None if step.partitions is None else step.partitions.keys((ordinal,))[0]
        return work.Claimed(line=line, partition=partition, item="", attempt=attempt, bound=reads)

    def named(self, line: networks.Line, nodes: Sequence[int]) -> dict[str, Any]:
        """Step runs of assets are named by partition."""
        definition = self._graph.steps[line.step].partitions
        if definition is None:
            return {"partitions": (None,) * len(nodes)}
        return {"partitions": tuple(definition.keys([line.ordinals[node - line.base] for node in nodes]))}

    def assignments(self, claimed: Mapping[int, work.Claimed]) -> list[executors.Assignment]:
        """What the executor is given: a batch is one assignment."""
        return self._assigner.assignments(claimed)

    def leaders(self, nodes: Iterable[int]) -> list[int]:
        """Of a batch the executor knows the first one alone."""
        return self._batches.leaders(nodes)

    # --- after the body ---

    def taken_apart(self, report: executors.AttemptReport) -> Sequence[executors.AttemptReport]:
        """The report of a batch is one for each of its partitions."""
        return self._batches.taken_apart(report)

    def succeeded(self, report: executors.AttemptReport, claimed: work.Claimed) -> work.Ended | work.Failure:
        """Check that the planned outputs came, and that no blocking check rejects them."""
        inputs = self._binder.record(claimed.bound)
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
            return work.Failure(error=error, retryable=report.retryable)
        made = artifacts_of(self._lease.run, report, claimed)
        note = self._publish(report.id, claimed, outputs)
        if any(output.rejected for output in outputs):
            return work.Failure(error=check_failure(outputs), outputs=outputs, note=note, events=made)
        succeeded = events.StepSucceeded(
            run=self._lease.run,
            step=claimed.line.step,
            partition=claimed.partition,
            attempt=report.attempt,
            started=report.started,
            duration=report.duration,
            outputs=outputs,
            log=report.log,
        )
        return work.Ended(events=(succeeded, *made), moves=(engine.Succeeded(report.id),), note=note)

    def failed(self, report: executors.AttemptReport, claimed: work.Claimed) -> work.Failure:
        """A failure is what the report says; what was shown to people on the way is kept."""
        made = artifacts_of(self._lease.run, report, claimed)
        return work.Failure(error=report.error, retryable=report.retryable, events=made)

    def _publish(self, node: int, claimed: work.Claimed, outputs: Iterable[events.Materialization]) -> _Numbered | None:
        """Let what waits for these outputs see them; their event is about to be put into the outbox."""
        accepted = [output for output in outputs if not output.rejected]
        if not accepted:
            return None
        at = clocks.microseconds(self._clock.now())
        ordinal = claimed.line.ordinals[node - claimed.line.base]
        digests = {read.dependency.slot: read.digest for read in claimed.bound}
        for output in accepted:
            self._binder.published(
                output.asset,
                ordinal,
                token=codec.token(output.value.data_version),
                code=output.code,
                inputs=digests,
                at=at,
                run=self._lease.run,
            )
        return _Numbered(ordinal, accepted)

    def written(self, note: Any, position: int) -> None:
        """The version of an output is the position of the event that it is in."""
        if isinstance(note, _Numbered):
            for output in note.outputs:
                self._binder.numbered(output.asset, note.ordinal, position, output.value)

    def finished(self, outcome: events.Outcome, reason: str) -> events.RunFinished:
        """The event with which the run ends."""
        return events.RunFinished(run=self._lease.run, outcome=outcome, reason=reason)


def artifacts_of(
    run: str, report: executors.AttemptReport, claimed: work.Claimed, *, partition: keys.PartitionKey = None
) -> tuple[events.ArtifactMade, ...]:
    """What an attempt, successful or not, made for people to look at."""
    if report.task is None or not report.task.artifacts:
        return ()
    return tuple(
        events.ArtifactMade(
            run=run,
            key=made.key,
            kind=made.kind,
            value=made.value,
            step=claimed.line.step,
            item=claimed.item,
            partition=claimed.partition if claimed.partition is not None else partition,
            description=made.description,
            asset=made.asset,
        )
        for made in report.task.artifacts
    )


def check_failure(outputs: Iterable[events.Materialization]) -> events.Error:
    """What is said of outputs of which a blocking check rejected some."""
    failed = [
        f"{output.asset}: {check.name}" + (f" ({check.description})" if check.description else "")
        for output in outputs
        for check in output.checks
        if check.blocking and not check.passed
    ]
    return events.Error(kind="CheckFailed", message="blocking check failed: " + "; ".join(failed))
