"""Lateness: what is older than its freshness policy allows, and which sources that asks to be made again."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

from weft.model import columns as columns_model
from weft.model import cron, errors, keys, policies
from weft.model import graph as graphs
from weft.model import partitions as partitioning
from weft.model.partitions import windows, zones
from weft.planner import found as findings
from weft.planner import scope as scopes
from weft.planner import standing as standings

PartitionSet = standings.PartitionSet
EMPTY, ONE = standings.EMPTY, standings.ONE
Seeds: TypeAlias = dict[keys.StepKey, dict[keys.AssetKey, PartitionSet]]
"""By source, the late assets for which it is to be made again."""

_LOOK_AGAIN = timedelta(minutes=1)
"""How soon partitions are looked at again that grow in another way than by time alone."""


def seeds(
    evaluation: findings.Evaluation,
    scope: scopes.Scope,
    settled: Mapping[keys.AssetKey, PartitionSet],
) -> Seeds:
    """Which sources are to be made again because something below them is later than its freshness policy allows.

    Only a source can bring news; what lies between follows if its inputs change. The partitions of a partitioned
    source are complete once made: there the news are new partitions, which are missing anyway, so that only the late
    asset itself looks again.
    """
    graph = evaluation.graph
    found: Seeds = {}
    for step_key, (outputs, wanted) in scope.items():
        step = graph.steps[step_key]
        for asset_key in outputs if step.subsettable else step.outputs:
            asset = graph.assets[asset_key]
            if asset.freshness is None or asset.partitions is not None:
                continue
            late = overdue(asset, evaluation.columns(asset_key), evaluation.now) & wanted
            late -= settled.get(asset_key, EMPTY)
            if late:
                sources = [
                    each for each in _sources(evaluation, step_key, scope) if graph.steps[each].partitions is None
                ]
                for source in sources or [step_key]:
                    found.setdefault(source, {})[asset_key] = late
    return found


def _sources(
    evaluation: findings.Evaluation,
    step_key: keys.StepKey,
    scope: scopes.Scope,
) -> list[keys.StepKey]:
    """The steps that read nothing which a step makes, of what this one is made from along the mappings."""
    graph = evaluation.graph
    reached = {step_key: ONE}
    for each in sorted(scopes.steps_above(graph, [step_key]), key=graph.rank.__getitem__, reverse=True):
        step, ordinals = graph.steps[each], reached.get(each, EMPTY)
        for dependency in step.dependencies if ordinals else ():
            producer = graph.assets[dependency.asset].step
            read = evaluation.reads(step, dependency, ordinals)
            if producer is not None and read:
                reached[producer] = reached.get(producer, EMPTY) | read
    return [
        each
        for each in sorted(reached, key=graph.rank.__getitem__)
        if each in scope and not list(graph.producers_of(each))
    ]


def overdue(asset: graphs.Asset, columns: columns_model.Columns, now: datetime) -> PartitionSet:
    """The partitions that are later than the asset's freshness policy allows.

    Lag runs from the partition's end while it has no data, and for what has no partitions from the last success or
    reuse.
    """
    policy = asset.freshness
    if policy is None:
        return EMPTY
    if asset.partitions is None:
        deadline = _deadline_alone(policy, columns)
        return ONE if deadline is not None and deadline < now else EMPTY
    missing = asset.partitions.universe(now) - (columns.materialized() if columns.size else EMPTY)
    return _until(asset.partitions, policy, missing, now)


OutlookState: TypeAlias = Literal["late", "due_soon", "fresh", "unknown", "none"]
"""Worst first. "unknown": it was never made, and has no partitions to tell when it should have been. "none": there is
no policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """How an asset stands to its freshness policy, and until when that is so if nothing happens.

    `deadline` is when it is late, or since when. `next_change` is the next moment at which this may read otherwise
    without anything being made.
    """

    state: OutlookState
    deadline: datetime | None = None
    next_change: datetime | None = None
    late: PartitionSet = EMPTY
    due_soon: PartitionSet = EMPTY

    @property
    def since(self) -> datetime | None:
        """Since when it is late, None where it is not."""
        return self.deadline if self.state == "late" else None


NO_POLICY = Outlook(state="none")


def outlook(
    graph: graphs.Graph,
    columns: Mapping[keys.AssetKey, columns_model.Columns],
    now: datetime,
    assets: Iterable[keys.AssetKey] | None = None,
) -> dict[keys.AssetKey, Outlook]:
    """How these assets (None: all that have a freshness policy) stand to their freshness policies at `now`."""
    if assets is None:
        assets = [key for key, asset in graph.assets.items() if asset.freshness is not None]
    nothing = columns_model.Columns(0)
    return {key: outlook_of(graph.assets[key], columns.get(key, nothing), now) for key in assets}


def outlook_of(asset: graphs.Asset, columns: columns_model.Columns, now: datetime) -> Outlook:
    """How one asset stands to its freshness policy at `now`."""
    policy = asset.freshness
    if policy is None:
        return NO_POLICY
    if asset.partitions is not None:
        return _outlook_divided(asset.partitions, policy, columns, now)
    deadline = _deadline_alone(policy, columns)
    if deadline is None:
        return Outlook(state="unknown")
    if deadline < now:
        return Outlook(state="late", deadline=deadline, late=ONE)
    warned = deadline - timedelta(seconds=policy.warn)
    if policy.warn and warned < now:
        return Outlook(state="due_soon", deadline=deadline, next_change=_after(deadline), due_soon=ONE)
    return Outlook(state="fresh", deadline=deadline, next_change=_after(warned))


def _outlook_divided(
    divided: partitioning.Partitions, policy: policies.FreshnessPolicy, columns: columns_model.Columns, now: datetime
) -> Outlook:
    universe = divided.universe(now)
    missing = universe - (columns.materialized() if columns.size else EMPTY)
    late = _until(divided, policy, missing, now)
    waiting = missing - late
    warn = timedelta(seconds=policy.warn)
    due_soon = _until(divided, policy, waiting, now + warn) if policy.warn else EMPTY
    moments = []
    for part, before in ((due_soon, timedelta()), (waiting - due_soon, warn)):
        deadline = _earliest(divided, policy, part)
        moments += [] if deadline is None else [deadline - before]
    coming = appears(divided, universe, now)
    if coming is not None:
        moments.append(coming)
    return Outlook(
        state="late" if late else "due_soon" if due_soon else "fresh",
        deadline=_earliest(divided, policy, late or waiting),
        next_change=_after(min(moments)) if moments else None,
        late=late,
        due_soon=due_soon,
    )


def _after(moment: datetime) -> datetime:
    """The first moment at which a deadline has passed: it may still be met at the deadline itself."""
    return moment + timedelta(microseconds=1)


def _deadline_alone(policy: policies.FreshnessPolicy, columns: columns_model.Columns) -> datetime | None:
    """Until when what has no partitions is fresh; None where it was never made."""
    if not columns.confirmed_at:
        return None
    confirmed = datetime.fromtimestamp(columns.confirmed_at // 1_000_000, UTC)
    confirmed += timedelta(microseconds=columns.confirmed_at % 1_000_000)
    if not policy.cron:
        return confirmed + timedelta(seconds=policy.max_lag)
    if policy.lower_bound is not None:
        return _tick_after(policy, confirmed + timedelta(seconds=policy.lower_bound), count=1)
    return _tick_after(policy, confirmed, count=2)


def _deadline(divided: partitioning.Partitions, policy: policies.FreshnessPolicy, ordinal: int) -> datetime | None:
    """Until when a partition must be there; None for one that is not about time."""
    window = divided.window(ordinal)
    if window is None:
        return None
    if not policy.cron:
        return window.end + timedelta(seconds=policy.max_lag)
    return _tick_after(policy, window.end - timedelta(microseconds=1), count=1)


def _earliest(
    divided: partitioning.Partitions, policy: policies.FreshnessPolicy, ordinals: PartitionSet
) -> datetime | None:
    """The first deadline of these partitions."""
    looked_at = ordinals.take(1) if isinstance(divided, windows.TimePartitions) else ordinals
    deadlines = [_deadline(divided, policy, each) for each in looked_at]
    return min((each for each in deadlines if each is not None), default=None)


def _tick_after(policy: policies.FreshnessPolicy, moment: datetime, *, count: int) -> datetime | None:
    ticks = cron.ticks_after(policy.cron, moment, zones.zone(policy.timezone, kind="FreshnessPolicy"))
    found = next(itertools.islice(ticks, count - 1, None), None)
    return None if found is None else found.astimezone(UTC)


def _until(
    divided: partitioning.Partitions, policy: policies.FreshnessPolicy, ordinals: PartitionSet, now: datetime
) -> PartitionSet:
    """Those whose deadline has passed at `now`."""
    if not ordinals:
        return EMPTY

    def passed(ordinal: int) -> bool:
        deadline = _deadline(divided, policy, ordinal)
        return deadline is not None and deadline < now

    if isinstance(divided, windows.TimePartitions):  # in order of time: the last one that is late is looked for
        begin, end = ordinals.first, ordinals.last + 1
        last = bisect.bisect_left(range(begin, end), True, key=lambda ordinal: not passed(ordinal))
        return ordinals & PartitionSet.range(begin, begin + last)
    return PartitionSet.of(each for each in ordinals if passed(each))


def appears(divided: partitioning.Partitions, universe: PartitionSet, now: datetime) -> datetime | None:
    """When the next partition comes to be, as far as that is known."""
    if not isinstance(divided, windows.TimePartitions):
        is_fixed = not divided.growing and bool(universe) and divided.window(universe.first) is None
        return None if is_fixed else now + _LOOK_AGAIN
    place = universe.last + 1 if universe else 0
    size = divided.size()
    if size is not None and place >= size:
        return None
    try:
        window = divided.window(place)
    except errors.WeftError:
        return None
    return None if window is None else max(window.end, now)
