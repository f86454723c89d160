"""The standing of one step: sets of its partitions, by the reasons that speak against them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from weft.model import graph as graphs
from weft.model import keys, partition_set

PartitionSet = partition_set.PartitionSet
EMPTY = PartitionSet.empty()
ONE = PartitionSet.range(0, 1)


def union(sets: Iterable[PartitionSet]) -> PartitionSet:
    """What is in any of the sets."""
    found = EMPTY
    for each in sets:
        found |= each
    return found


def common(sets: Iterable[PartitionSet]) -> PartitionSet:
    """What is in all of the sets; nothing where there are none."""
    found: PartitionSet | None = None
    for each in sets:
        found = each if found is None else found & each
    return found if found is not None else EMPTY


@dataclass(slots=True, kw_only=True)
class Own:
    """What stands against one output for reasons of its own, as sets of ordinals.

    `data` and `added` are by what is read (`Dependency.slot`).

    `rejected` was rejected by a blocking check, of unchanged code and inputs. `accepted` is fine as it is, for the
    causes that stand.
    """

    missing: PartitionSet = EMPTY
    failed: PartitionSet = EMPTY
    code: PartitionSet = EMPTY
    undecided: PartitionSet = EMPTY
    data: dict[keys.AssetKey, PartitionSet] = field(default_factory=dict)
    added: dict[keys.AssetKey, PartitionSet] = field(default_factory=dict)
    rejected: PartitionSet = EMPTY
    accepted: PartitionSet = EMPTY

    def drop(self, ordinals: PartitionSet, *, rejected: bool = False) -> None:
        """Take these out of the reasons that have to do with code and inputs (and, where `rejected`, out of all)."""
        self.code -= ordinals
        self.undecided -= ordinals
        for reasons in (self.data, self.added):
            for asset in reasons:
                reasons[asset] -= ordinals
        if rejected:
            self.failed -= ordinals
            self.missing -= ordinals

    @property
    def stale(self) -> PartitionSet:
        """What has data that is not of today's code or inputs."""
        return self.code | union(self.data.values()) | union(self.added.values())


@dataclass(slots=True, kw_only=True)
class Standing:
    """The sets of one step: `wanted` is the scope, each other set a part of it. `own` has the reasons of each output.

    `upstream` is by what is read. `due` is what needs to run, `conditional` the part of it that runs only if
    an input really differs, `held` what may not run, `running` what a live run makes. `overdue` is made again for the
    assets in `overdue_for` that are late; `late` is due for no other reason than that.
    """

    step: graphs.Step
    outputs: tuple[keys.AssetKey, ...]
    wanted: PartitionSet
    own: dict[keys.AssetKey, Own]
    overdue: PartitionSet = EMPTY
    overdue_for: dict[keys.AssetKey, PartitionSet] = field(default_factory=dict)
    late: PartitionSet = EMPTY
    upstream: dict[keys.AssetKey, PartitionSet] = field(default_factory=dict)
    blocked: PartitionSet = EMPTY
    blocked_by: dict[keys.AssetKey, PartitionSet] = field(default_factory=dict)
    rejected: PartitionSet = EMPTY
    running: PartitionSet = EMPTY
    forced: PartitionSet = EMPTY
    due: PartitionSet = EMPTY
    conditional: PartitionSet = EMPTY
    undecided: PartitionSet = EMPTY
    _alone: Own | None = field(init=False, default=None)
    """The reasons of the only output, where there is one: nearly always, and then nothing has to be put together."""

    def __post_init__(self) -> None:
        """Note the only output."""
        if len(self.own) == 1:
            (self._alone,) = self.own.values()

    @property
    def held(self) -> PartitionSet:
        """What may not run and holds back what is below it."""
        return self.rejected | self.blocked

    @property
    def failed(self) -> PartitionSet:
        """What has an output whose last attempt failed."""
        return self._alone.failed if self._alone is not None else union(each.failed for each in self.own.values())

    @property
    def missing(self) -> PartitionSet:
        """What has an output without data."""
        return self._alone.missing if self._alone is not None else union(each.missing for each in self.own.values())

    @property
    def code(self) -> PartitionSet:
        """What has an output that other code made."""
        return self._alone.code if self._alone is not None else union(each.code for each in self.own.values())

    def by_input(self, kind: str) -> dict[keys.AssetKey, PartitionSet]:
        """The sets of all outputs under `kind` ("data" or "added"), by what is read; only for reading."""
        if self._alone is not None:
            return self._alone.data if kind == "data" else self._alone.added
        found: dict[keys.AssetKey, PartitionSet] = {}
        for each in self.own.values():
            for asset, ordinals in (each.data if kind == "data" else each.added).items():
                found[asset] = found.get(asset, EMPTY) | ordinals
        return found
