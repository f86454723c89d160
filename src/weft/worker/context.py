"""The context of an attempt: what a body sees of its run. It fulfils `define.context.Context`."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from weft.define import context as protocols
from weft.model import errors, graph, keys
from weft.model.partitions import protocol as partitioning

if TYPE_CHECKING:
    from weft.ports import executor


class StepContext:
    """One attempt as its body sees it; made anew for each attempt, and of no use after it."""

    __slots__ = ("_assignment", "_resources", "_step", "_versions", "config", "facts")

    def __init__(
        self,
        assignment: executor.Assignment,
        step: graph.Step | None,
        *,
        resources: Mapping[str, object],
        config: object = None,
    ) -> None:
        """Show `assignment`, an attempt at `step`, with the resources (by name) and the config that the body gets."""
        self._assignment = assignment
        self._step = step
        self._resources = resources
        self.config = config
        """The step's typed config, None where it has none."""
        self.facts: dict[str, dict[str, object]] = {}
        """What `add_metadata` was told, by asset."""
        self._versions: dict[str, str] = {}

    @property
    def log(self) -> logging.Logger:
        """The logger whose records are kept with the attempt, named after the step."""
        logger = logging.getLogger(self._assignment.step)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)
        return logger

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self._assignment.run

    @property
    def attempt(self) -> int:
        """Which try this is, from 1."""
        return self._assignment.attempt

    @property
    def step_key(self) -> keys.StepKey:
        """The key of the step."""
        return self._assignment.step

    @property
    def resources(self) -> Mapping[str, object]:
        """The resources that the body's parameters name, by the parameter."""
        return self._resources

    @property
    def asset_key(self) -> keys.AssetKey:
        """The asset that is made; UsageError when the body makes several."""
        outputs = self._assignment.outputs
        if len(outputs) != 1:
            raise errors.UsageError(
                f"context.asset_key was asked for in {self._assignment.step!r}, which makes {len(outputs)} assets.",
                remedy="Use context.asset_keys.",
            )
        return outputs[0]

    @property
    def asset_keys(self) -> Sequence[keys.AssetKey]:
        """The assets to make: of a body that can be subset only those that were asked for."""
        return self._assignment.outputs

    @property
    def partition_key(self) -> str:
        """The key of the partition; UsageError when there is none or several."""
        found = self._assignment.partitions or (self._assignment.partition,)
        if len(found) > 1:
            raise errors.UsageError(
                f"context.partition_key was asked for in {self._assignment.step!r}, which runs for {len(found)} "
                "partitions at once, because it declares batch.",
                remedy="Use context.partition_keys.",
            )
        if found[0] is None:
            raise errors.UsageError(
                f"context.partition_key was asked for in {self._assignment.step!r}, which has no partitions.",
                remedy="Give the asset partitions=, or don't ask for the key.",
            )
        return found[0]

    @property
    def partition_keys(self) -> Sequence[str]:
        """The keys of the partitions: one, or all of a step that declares `batch`; empty without partitions."""
        found = self._assignment.partitions or (self._assignment.partition,)
        return tuple(each for each in found if each is not None)

    @property
    def time_window(self) -> partitioning.TimeWindow:
        """The time that the partitions cover, from the first one's start to the last one's end.

        Raises:
            UsageError: there are no partitions, or they are not about time.
        """
        found = self.partition_keys
        partitions = self._step.partitions if self._step else None
        if not found or partitions is None:
            raise errors.UsageError(
                f"context.time_window was asked for in {self._assignment.step!r}, which has no partitions.",
                remedy="Give the asset partitions such as DailyPartitions(start_date=…).",
            )
        windows = [partitions.window(partitions.ordinal(each)) for each in found]
        known = [each for each in windows if each is not None]
        if len(known) < len(windows):
            raise errors.UsageError(
                f"context.time_window was asked for in {self._assignment.step!r}, "
                f"but its partitions are not about time: {partitions.describe()}.",
                remedy="Use context.partition_key.",
            )
        start, end = min(each.start for each in known), max(each.end for each in known)
        return partitioning.TimeWindow(start=start, end=end)

    @property
    def upstream(self) -> Mapping[keys.AssetKey, Sequence[protocols.UpstreamRecord]]:
        """The versions of each input, in order of their partitions."""
        found: dict[str, list[protocols.UpstreamRecord]] = {}
        for binding in self._assignment.inputs:
            versions = binding.versions or (None,) * len(binding.values)
            found.setdefault(binding.asset, []).extend(
                protocols.UpstreamRecord(
                    asset=binding.asset,
                    partition=partition,
                    version=version,
                    data_version=value.data_version,
                    metadata={name: msgspec.json.decode(raw) for name, raw in (value.metadata or {}).items()},
                )
                for partition, value, version in zip(binding.partitions, binding.values, versions, strict=True)
            )
        return found

    def add_metadata(self, metadata: Mapping[str, object], *, asset: str | None = None) -> None:
        """Record facts with the version that is made.

        Args:
            metadata: values by name; what JSON lacks is described (see `worker.metadata`).
            asset: which output is meant, where there are several.
        """
        self.facts.setdefault(self._output(asset), {}).update(metadata)

    def set_data_version(self, version: object, *, asset: str | None = None) -> None:
        """Say what identifies the content of the output, in place of its hash: equal text, equal content."""
        self._versions[self._output(asset)] = str(version)

    def data_version(self, asset: str) -> str | None:
        """Return what `set_data_version` was told of an output."""
        return self._versions.get(asset)

    def _output(self, asset: str | None) -> str:
        outputs = self._assignment.outputs
        if asset is None:
            return self.asset_key
        for output in outputs:
            if asset in (output, output.rpartition("/")[2]):
                return output
        raise errors.UsageError(
            f"{asset!r} is not an output of {self._assignment.step!r}.", remedy=f"It makes: {', '.join(outputs)}."
        )
