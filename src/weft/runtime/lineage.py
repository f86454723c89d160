"""Assets of pipelines: which versions of its inlets a run or a step read, and the versions that its outlets get."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from weft.engine import network as networks
from weft.model import events, keys, pipelines
from weft.model import graph as graphs
from weft.planner import pipelines as planned
from weft.ports import executor as executors
from weft.ports import ledger as ledgers
from weft.runtime import binding

Inputs = dict[str, events.InputRecord]


class NoSuchPartition(Exception):  # noqa: N818 - a signal within the runtime, told to users as the failure of a step run
    """A task made an outlet that has partitions, and nothing says which of them; the message is for people."""


class Lineage:
    """The inlets and outlets of one run."""

    def __init__(
        self,
        *,
        graph: graphs.Graph,
        pipeline: pipelines.Pipeline,
        ledger: ledgers.Reader,
        run: str,
        partition: keys.PartitionKey,
        now: datetime,
    ) -> None:
        """Of the run of `pipeline` for `partition`."""
        self._graph = graph
        self._ledger = ledger
        self._run = run
        self._partition = partition
        self._now = now
        definition = pipeline.partitions
        ordinal = definition.find(partition) if definition is not None and partition is not None else None
        self._ordinal = ordinal or 0
        self._pipeline = pipeline if ordinal is not None else replace(pipeline, partitions=None)
        self._of_steps: dict[keys.StepKey, Inputs] = {}

    def of_run(self) -> Inputs:
        """The versions of the pipeline's inlets as they are now."""
        return self._recorded(self._pipeline)

    def of_step(self, step: pipelines.TaskStep) -> Inputs:
        """The versions of a step's inlets as they are now; for all items of a mapped one those of its first."""
        if not step.inlets:
            return {}
        if step.fan is not None and step.key in self._of_steps:
            return self._of_steps[step.key]
        found = self._recorded(replace(self._pipeline, inlets=step.inlets, outlets=(), schedule=None))
        if step.fan is not None:
            self._of_steps[step.key] = found
        return found

    def _recorded(self, pipeline: pipelines.Pipeline) -> Inputs:
        graph = self._graph
        dependencies = planned.dependencies(graph, pipeline)
        if not dependencies:
            return {}
        read = [each.asset for each in dependencies]
        known = self._ledger.columns(
            {asset: graph.assets[asset].partitions for asset in read},
            external=frozenset(
                asset for asset in read if graph.assets[asset].step is None and graph.assets[asset].made_by is None
            ),
        )
        stand_in = graphs.Step(
            key=pipeline.name,
            kind="pipeline",
            dependencies=dependencies,
            partitions=pipeline.partitions,
        )
        binder = binding.Binder(
            ledger=self._ledger,
            graph=graph,
            network=networks.build((), graph, self._now),
            known=known,
            now=self._now,
        )
        return binder.record(binder.reads(stand_in, self._ordinal))

    def made(
        self, outputs: Iterable[executors.OutputReport], *, code: str, inputs: Inputs
    ) -> list[events.Materialized]:
        """The versions that a task made of its outlets.

        Raises:
            NoSuchPartition: an outlet has partitions, and none of them is said, or is the run's.
        """
        return [
            events.Materialized(
                run=self._run,
                partition=self._partition_of(output),
                output=events.Materialization(
                    asset=output.asset,
                    value=output.value,
                    code=code,
                    inputs=inputs,
                    metadata=output.metadata,
                    checks=output.checks,
                    rejected=any(check.blocking and not check.passed for check in output.checks),
                ),
            )
            for output in outputs
        ]

    def _partition_of(self, output: executors.OutputReport) -> keys.PartitionKey:
        asset = self._graph.assets.get(output.asset)
        if asset is None or asset.partitions is None:
            return None
        partition = output.partition if output.partition is not None else self._partition
        if partition is not None and asset.partitions.find(partition) is not None:
            return partition
        told = f"the run's partition {partition!r} is none of them" if partition else "the run has no partition"
        raise NoSuchPartition(
            f"The outlet {output.asset} has partitions ({asset.partitions.describe()}), and {told}. Run the pipeline"
            " for one of them: --partition KEY."
        )
