"""One asset's condition: of which partitions it holds, what to ask for, and until when that is so.

What is asked for is *signed*: with the code, the digests of the inputs as they stand, and the tick or deadline that
came. What was asked for under a signature is not asked for again under the same one, so that a failing body is tried
once for each set of causes and not for ever. When the condition does not hold any more, and not just because something
is under way, the signature is forgotten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from weft.model import automations, cron, keys, partition_set
from weft.model import columns as columns_model
from weft.model import graph as graphs
from weft.model.partitions import windows, zones
from weft.planner import evaluation as evaluations
from weft.planner import found as findings
from weft.planner import freshness
from weft.planner import standing as standings

PartitionSet = partition_set.PartitionSet
EMPTY, ONE = standings.EMPTY, standings.ONE
_BACK = (timedelta(minutes=2), timedelta(hours=2), timedelta(days=2), timedelta(days=35), timedelta(days=1500))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for of an asset and has not been settled: signatures by ordinal, and what is under way."""

    signatures: Mapping[int, int] = field(default_factory=dict)
    under_way: PartitionSet = EMPTY


NOT_ASKED = Asked()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All that conditions look at. `activated` (microseconds) is when each automation was first seen."""

    graph: graphs.Graph
    columns: Mapping[keys.AssetKey, columns_model.Columns]
    reserved: Mapping[keys.AssetKey, PartitionSet]
    asked: Mapping[keys.AssetKey, Asked]
    activated: Mapping[keys.AssetKey, int]

    def in_progress(self, asset: keys.AssetKey) -> PartitionSet:
        """What live runs make of an asset, or are going to make."""
        return self.reserved.get(asset, EMPTY) | self.asked.get(asset, NOT_ASKED).under_way


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A condition of the tree with the partitions of which it holds, for people."""

    condition: automations.Condition
    holds: PartitionSet
    parts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a condition comes to. `asks` are the partitions to ask for, with their signatures.

    `forced` of them are made whatever their state: a tick came for what reads nothing that weft makes. `held_up` was
    asked for before, and the condition would still hold of it were nothing under way. `wakes` is when this may come out
    otherwise without anything having happened.
    """

    asset: keys.AssetKey
    tree: Node
    asks: PartitionSet = EMPTY
    forced: PartitionSet = EMPTY
    held_up: PartitionSet = EMPTY
    signatures: Mapping[int, int] = field(default_factory=dict)
    wakes: datetime | None = None

    @property
    def holds(self) -> PartitionSet:
        """The partitions of which the condition holds."""
        return self.tree.holds

    @property
    def passed_on(self) -> PartitionSet:
        """What those below may count on to be made in this moment."""
        return self.asks - self.forced


def evaluate(
    known: Known,
    automation: automations.AssetAutomation,
    now: datetime,
    asked_above: Mapping[keys.AssetKey, PartitionSet],
) -> Result:
    """Evaluate the condition of one asset; `asked_above` is what is asked for in this moment of others."""
    return _Evaluator(known, automation, now, asked_above).result()


class _Evaluator:
    def __init__(
        self,
        known: Known,
        automation: automations.AssetAutomation,
        now: datetime,
        asked_above: Mapping[keys.AssetKey, PartitionSet],
    ) -> None:
        self._known = known
        self._automation = automation
        self._now = now
        self._above = asked_above
        graph = known.graph
        self._asset = graph.assets[automation.asset]
        assert self._asset.step is not None
        self._step = graph.steps[self._asset.step]
        self._columns = known.columns.get(automation.asset) or columns_model.Columns(0)
        self._universe = findings.universe(self._asset.partitions, now)
        self._found = findings.Evaluation(
            graph=graph,
            observed=columns_model.Observed(columns=known.columns, manifests={}, seconds={}, reserved={}),
            now=now,
            selected=frozenset((automation.asset,)),
            standings={},
        )
        self._own_standing: standings.Own | None = None
        self._wakes: list[datetime] = []
        self._ticks: set[datetime] = set()
        self._deadline: datetime | None = None
        self._idle = False
        """Whether it is evaluated as if nothing were under way."""

    def result(self) -> Result:
        tree = self._node(self._automation.condition)
        self._note_growth()
        known = self._known
        free = tree.holds - known.in_progress(self._asset.key)
        before = known.asked.get(self._asset.key, NOT_ASKED).signatures
        signatures = {each: self._signature(each) for each in free}
        signatures = {each: signed for each, signed in signatures.items() if before.get(each) != signed}
        asks = PartitionSet.of(sorted(signatures))
        forced = EMPTY
        if self._ticks and asks and not any(known.graph.producers_of(self._step.key)):
            forced = asks & self._latest()
        return Result(
            asset=self._asset.key,
            tree=tree,
            asks=asks,
            forced=forced,
            held_up=self._held_up(tree, before),
            signatures=signatures,
            wakes=min(self._wakes, default=None),
        )

    def _held_up(self, tree: Node, before: Mapping[int, int]) -> PartitionSet:
        """What was asked for before, and does not hold only because something is under way.

        Its signature is not to be forgotten: else what fails in the run of another asset is asked for again and again.
        """
        asked = PartitionSet.of(sorted(each for each in before if each not in tree.holds))
        if not asked:
            return EMPTY
        self._idle = True
        return self._node(self._automation.condition).holds & asked

    def _node(self, condition: automations.Condition) -> Node:
        parts = tuple(self._node(part) for part in condition.parts)
        match condition.kind:
            case "all":
                holds = self._universe
                for part in parts:
                    holds &= part.holds
            case "any":
                holds = standings.union(part.holds for part in parts)
            case "not":
                holds = self._universe - parts[0].holds
            case _:
                holds = self._operand(condition) & self._universe
        return Node(condition=condition, holds=holds, parts=parts)

    def _operand(self, condition: automations.Condition) -> PartitionSet:
        match condition.kind:
            case "missing":
                return self._universe - self._materialized()
            case "latest":
                return self._latest()
            case "code_changed":
                return self._own().code
            case "failed":
                return self._own().failed
            case "newly_updated_above":
                return self._newly_updated_above()
            case "missing_above":
                return self._missing_above()
            case "in_progress":
                return EMPTY if self._idle else self._known.in_progress(self._asset.key)
            case "in_progress_above":
                return EMPTY if self._idle else self._read(lambda dependency: self._known.in_progress(dependency.asset))
            case "late":
                return self._late()
            case "cron":
                return self._tick_passed(condition)
            case _:
                raise AssertionError(condition.kind)

    # --- the asset itself ---

    def _own(self) -> standings.Own:
        if self._own_standing is None:
            key = self._asset.key
            standing = evaluations.alone(self._found, self._step, (key,), self._universe)
            self._own_standing = standing.own[key]
        return self._own_standing

    def _materialized(self) -> PartitionSet:
        return self._columns.materialized() if self._columns.size else EMPTY

    def _latest(self) -> PartitionSet:
        divided, universe = self._asset.partitions, self._universe
        if divided is None or not universe:
            return universe
        last = divided.window(universe.last)
        if isinstance(divided, windows.TimePartitions):
            return PartitionSet.range(universe.last, universe.last + 1)
        if last is None:
            return universe
        ends = {each: window.end for each in universe if (window := divided.window(each)) is not None}
        newest = max(ends.values(), default=None)
        return PartitionSet.of(each for each, end in ends.items() if end == newest)

    def _late(self) -> PartitionSet:
        seen = freshness.outlook_of(self._asset, self._columns, self._now)
        if seen.next_change is not None:
            self._wakes.append(seen.next_change)
        if seen.late and seen.deadline is not None:
            self._deadline = seen.deadline
        return seen.late

    def _tick_passed(self, condition: automations.Condition) -> PartitionSet:
        last, following = _ticks_around(condition, self._now)
        if following is not None:
            self._wakes.append(following)
        if last is None:
            return EMPTY
        moment = _microseconds(last)
        if moment <= self._known.activated.get(self._asset.key, 0):
            return EMPTY
        self._ticks.add(last)
        made, columns = self._columns.made_at, self._columns
        if self._asset.partitions is None:
            return EMPTY if columns.confirmed_at >= moment else ONE
        return PartitionSet.of(each for each in self._latest() if each >= columns.size or made[each] < moment)

    # --- what is above ---

    def _read(self, of: Callable[[graphs.Dependency], PartitionSet]) -> PartitionSet:
        """The partitions that read any of what `of` tells of each dependency."""
        found = EMPTY
        for dependency in self._step.dependencies:
            above = of(dependency)
            if above:
                found |= self._found.read_by(self._step, dependency, above)
        return found & self._universe

    def _newly_updated_above(self) -> PartitionSet:
        own = self._own()
        changed = standings.union(own.data.values()) | standings.union(own.added.values())
        missing = self._universe - self._materialized()
        since = self._known.activated.get(self._asset.key, 0)

        def made_since(dependency: graphs.Dependency) -> PartitionSet:
            columns = self._known.columns.get(dependency.asset)
            if columns is None or not missing:
                return EMPTY
            return PartitionSet.of(
                each for each, at in enumerate(columns.made_at) if at > since and columns.tokens[each]
            )

        def asked(dependency: graphs.Dependency) -> PartitionSet:
            return self._above.get(dependency.asset, EMPTY)

        return changed | (self._read(made_since) & missing) | self._read(asked)

    def _missing_above(self) -> PartitionSet:
        graph, known = self._known.graph, self._known

        def absent(dependency: graphs.Dependency) -> PartitionSet:
            above = graph.assets[dependency.asset]
            columns = known.columns.get(above.key)
            if above.step is None and above.made_by is None:
                return EMPTY  # what nobody observes is unknown, and not missing
            there = columns.materialized() if columns is not None and columns.size else EMPTY
            return findings.universe(above.partitions, self._now) - there - self._above.get(above.key, EMPTY)

        return self._read(absent)

    # --- time, and signatures ---

    def _note_growth(self) -> None:
        """Wake when a further partition comes to be, of the asset or of what it reads."""
        graph = self._known.graph
        definitions = {
            id(divided): divided
            for key in (self._asset.key, *(each.asset for each in self._step.dependencies))
            if (divided := graph.assets[key].partitions) is not None
        }
        for divided in definitions.values():
            appears = freshness.appears(divided, divided.universe(self._now), self._now)
            if appears is not None:
                self._wakes.append(appears)

    def _signature(self, ordinal: int) -> int:
        parts: list[object] = [self._step.code, sorted(map(str, self._ticks)), self._deadline]
        for dependency in self._step.dependencies:
            parts += [dependency.slot, self._found.digest(self._step, dependency, ordinal)]
        hashed = hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8)
        return int.from_bytes(hashed.digest(), "little")


def _ticks_around(condition: automations.Condition, now: datetime) -> tuple[datetime | None, datetime | None]:
    """The last tick by `now`, and the next one; None where there is none (in four years)."""
    zone = zones.zone(condition.timezone, kind="AutomationCondition")
    following = next(cron.ticks_after(condition.cron, now, zone), None)
    for back in _BACK:
        last: datetime | None = None
        for tick in cron.ticks_after(condition.cron, now - back, zone):
            if tick > now:
                break
            last = tick.astimezone(UTC)
        if last is not None:
            return last, following
    return None, following


def _microseconds(moment: datetime) -> int:
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds
