"""What a body may ask of the run that it is part of: the parameter `context`."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from weft.model import keys

if TYPE_CHECKING:
    from weft.model.partitions import protocol as partitioning


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamRecord:
    """One version of an input that the body reads, as the ledger has it. `at` is when it was made, where known."""

    asset: keys.AssetKey
    partition: keys.PartitionKey
    version: int | None
    data_version: str
    metadata: Mapping[str, object]
    at: datetime | None = None


class Context(Protocol):
    """The run as a body sees it. Annotate a parameter with it, or name the parameter `context`."""

    @property
    def log(self) -> logging.Logger:
        """The logger whose records are kept with the attempt."""

    @property
    def run_id(self) -> str:
        """The id of the run."""

    @property
    def attempt(self) -> int:
        """Which try this is, from 1."""

    @property
    def asset_key(self) -> keys.AssetKey:
        """The asset that is made; UsageError when the body makes several."""

    @property
    def asset_keys(self) -> Sequence[keys.AssetKey]:
        """The assets to make: of a body that can be subset only those that were asked for."""

    @property
    def partition_key(self) -> str:
        """The key of the partition; UsageError when there is none or several."""

    @property
    def partition_keys(self) -> Sequence[str]:
        """The keys of the partitions: one, or all of a step that declares `batch`; empty without partitions."""

    @property
    def time_window(self) -> partitioning.TimeWindow:
        """The time that the partitions cover; UsageError when they are not about time."""

    @property
    def upstream(self) -> Mapping[keys.AssetKey, Sequence[UpstreamRecord]]:
        """The versions of each input, in order of their partitions."""

    def add_metadata(self, metadata: Mapping[str, object], *, asset: str | None = None) -> None:
        """Record facts (JSON values) with the version that is made; `asset` says which where there are several."""
