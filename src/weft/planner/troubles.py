"""What is wrong, by where it began: one trouble for each root cause, with what it hits and what would mend it.

Theory of operation. A step's standing says for which partitions it stands badly for reasons of its own: the last
attempt failed, a blocking check rejected what was made, other code or other inputs made it, it is late. There a trouble
begins. From there it is followed down along the mappings, through everything that is due or held: these are its *hits*,
and they are no troubles by themselves. What changed is the root of what is stale: the asset that others had read
before, or the function, however many steps have it. What was never made is no trouble unless somebody asked for it.

Only the worst are followed one by one, and of these only such along whose way something changed since the last time;
what all of them hit together is found in one walk.

A hit is *mended* if all that it waits for lies within the trouble: then the repair makes it fresh, and else it would
drag along what has nothing to do with it, such as years that were never made.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from weft.model import columns as columns_model
from weft.model import keys, partition_set, plan
from weft.planner import causes
from weft.planner import found as findings
from weft.planner import standing as standings

PartitionSet = partition_set.PartitionSet
EMPTY = PartitionSet.empty()

Kind = Literal["failed", "rejected", "late", "stale"]
KINDS: tuple[Kind, ...] = ("failed", "rejected", "late", "stale")
Why = Literal["", "data_changed", "code_changed", "dependency_changed", "schedule"]

MOST_FOLLOWED = 60
"""So many troubles are followed down one by one: those of the first kinds and of most partitions first."""

_Begun = dict[keys.StepKey, PartitionSet]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Partitions of an asset that are not right because of a trouble; its repair makes those `mended` fresh."""

    asset: keys.AssetKey
    ordinals: PartitionSet
    mended: PartitionSet


@dataclass(slots=True, kw_only=True)
class Trouble:
    """A root cause. `root` is an asset or pipeline, or a function where `is_function`.

    `ordinals` are the partitions of the root in which it began. `begun` has by step what stands badly for this reason,
    `mends` what a repair makes, in graph order. `hits` is None where it was not followed.
    """

    kind: Kind
    why: Why = ""
    root: str
    is_function: bool = False
    ordinals: PartitionSet = EMPTY
    begun: _Begun = field(default_factory=dict)
    causes: list[plan.Cause] = field(default_factory=list)
    failures: dict[int, columns_model.Failure] = field(default_factory=dict)
    """Of what failed or was rejected: how, by partition of the root."""
    running: int = 0
    """How many of its partitions live runs are making just now."""
    hits: list[Hit] | None = None
    mends: dict[keys.StepKey, PartitionSet] = field(default_factory=dict)
    way: dict[keys.StepKey, standings.Standing | None] = field(default_factory=dict)
    """The standings along which it was followed."""

    @property
    def id(self) -> str:
        """The same as long as the trouble lasts."""
        return f"{self.kind}:{self.root}"

    @property
    def count(self) -> int:
        """In how many partitions it shows by itself."""
        return sum(map(len, self.begun.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubles:
    """All of them, the worst first, and what they hit together, by step."""

    all: list[Trouble]
    hit: Mapping[keys.StepKey, PartitionSet]


def find(
    found: findings.Evaluation,
    late: Mapping[keys.AssetKey, PartitionSet],
    asked: Mapping[keys.AssetKey, PartitionSet],
    *,
    before: Troubles | None = None,
    also: str = "",
) -> Troubles:
    """Find out what is wrong.

    Args:
        found: where everything stands.
        late: what is later than its freshness policy allows, by asset.
        asked: what a schedule asked for and that should have been made by now, by pipeline.
        before: what was found the last time, on the same graph.
        also: the id of a trouble that is to be followed down in any case.
    """
    by_id: dict[str, Trouble] = {}
    explainer = causes.Explainer(found)
    for standing in found.standings.values():
        if _stands_badly_by_itself(standing):
            _of_standing(found, explainer, standing, by_id)
    for asset, ordinals in late.items():
        _late(found, asset, ordinals, "", by_id)
    for asset, ordinals in asked.items():
        _late(found, asset, ordinals, "schedule", by_id)
    ordered = sorted(by_id.values(), key=lambda each: (KINDS.index(each.kind), -each.count, each.root))
    hit = _hit_together(found, [each for each in ordered if each.kind != "late"])
    told: list[Trouble] = []
    for trouble in ordered:
        if trouble.kind == "late":
            # what is late because of something worse above it is a hit of that
            rest = {step: each - hit.get(step, EMPTY) for step, each in trouble.begun.items()}
            trouble.begun = {step: each for step, each in rest.items() if each}
            if not trouble.begun and trouble.why != "schedule":
                continue
        told.append(trouble)
    known = {each.id: each for each in before.all} if before is not None else {}
    for number, trouble in enumerate(told):
        if number < MOST_FOLLOWED or trouble.id == also:
            last = known.get(trouble.id)
            if last is not None and _is_as_before(found, trouble, last):
                trouble.hits, trouble.mends, trouble.way = last.hits, last.mends, last.way
                trouble.running = last.running
            else:
                _follow(found, trouble)
    late_ones = [each for each in told if each.kind == "late"]
    for step, ordinals in _hit_together(found, late_ones).items():
        hit[step] = hit.get(step, EMPTY) | ordinals
    return Troubles(all=told, hit=hit)


def _stands_badly_by_itself(standing: standings.Standing) -> bool:
    """Whether a trouble may begin in a step; most of what is due is so because of something above it."""
    if standing.undecided or standing.rejected:
        return True
    if not (standing.due or standing.blocked):
        return False
    return any(
        own.failed or own.rejected or own.code or own.undecided or own.data or own.added
        for own in standing.own.values()
    )


def _hit_together(found: findings.Evaluation, several: Sequence[Trouble]) -> dict[keys.StepKey, PartitionSet]:
    """What is not right because of any of some troubles, but for where these began."""
    hit: dict[keys.StepKey, PartitionSet] = {}
    for is_stale in (False, True):
        together = Trouble(kind="stale" if is_stale else "failed", root="")
        for each in several:
            if (each.kind == "stale") is is_stale:
                for step, ordinals in each.begun.items():
                    together.begun[step] = together.begun.get(step, EMPTY) | ordinals
        for step, ordinals in _reached(found, together)[0].items():
            # of what is stale also where it began: the root is what changed, above it
            rest = ordinals if is_stale else ordinals - together.begun.get(step, EMPTY)
            if rest:
                hit[step] = hit.get(step, EMPTY) | rest
    return hit


def _is_as_before(found: findings.Evaluation, trouble: Trouble, last: Trouble) -> bool:
    """Whether nothing changed along the way that a trouble was followed the last time."""
    if last.hits is None or trouble.begun != last.begun:
        return False
    return all(found.standings.get(step) is standing for step, standing in last.way.items())


def _of_standing(
    found: findings.Evaluation,
    explainer: causes.Explainer,
    standing: standings.Standing,
    by_id: dict[str, Trouble],
) -> None:
    step = standing.step.key
    failed, rejected = standing.failed - standing.rejected, standing.rejected
    for asset, own in standing.own.items():
        if own.failed - rejected:
            trouble = _note(by_id, "failed", "", asset, step, own.failed - rejected, failed)
            trouble.failures.update(_failures(found, asset, own.failed - rejected))
            break
    for asset, own in standing.own.items():
        if own.rejected & rejected:
            trouble = _note(by_id, "rejected", "", asset, step, own.rejected & rejected, rejected)
            trouble.failures.update(_failures(found, asset, own.rejected & rejected))
            break
    bad = failed | rejected
    code = (standing.code | standing.undecided) - bad
    if code:
        for cause in explainer.code_changes(standing, code):
            by_function = cause.subject != step
            root = cause.subject if by_function else standing.outputs[0]
            trouble = _note(by_id, "stale", "code_changed", root, step, EMPTY if by_function else code, code)
            trouble.is_function = by_function
            trouble.causes.append(cause)
    for slot, ordinals in standing.by_input("data").items():
        _changed(found, explainer, standing, slot, ordinals - bad, by_id)
    for slot, ordinals in standing.by_input("added").items():
        if ordinals - bad:
            trouble = _note(
                by_id, "stale", "dependency_changed", standing.outputs[0], step, ordinals - bad, ordinals - bad
            )
            trouble.causes += explainer.data_changes(standing, "dependency_changed", slot, ordinals - bad)


def _failures(
    found: findings.Evaluation, asset: keys.AssetKey, ordinals: PartitionSet
) -> dict[int, columns_model.Failure]:
    failed = found.columns(asset).failed
    return {ordinal: each for ordinal, each in failed.items() if ordinal in ordinals}


def _changed(
    found: findings.Evaluation,
    explainer: causes.Explainer,
    standing: standings.Standing,
    slot: str,
    ordinals: PartitionSet,
    by_id: dict[str, Trouble],
) -> None:
    """An input has another version than the one that was read: the root is the input."""
    if not ordinals:
        return
    dependency = next(each for each in standing.step.dependencies if each.slot == slot)
    read = found.reads(standing.step, dependency, ordinals)
    above, columns = found.columns(dependency.asset), found.columns(standing.outputs[0])
    oldest = min((columns.made_at[each] for each in ordinals if each < columns.size), default=0)
    changed = PartitionSet.of(each for each in read if each < above.size and above.made_at[each] > oldest)
    trouble = _note(by_id, "stale", "data_changed", dependency.asset, standing.step.key, changed or read, ordinals)
    trouble.causes += explainer.data_changes(standing, "data_changed", slot, ordinals)


def _late(
    found: findings.Evaluation, asset: keys.AssetKey, ordinals: PartitionSet, why: Why, by_id: dict[str, Trouble]
) -> None:
    step = found.graph.assets[asset].step
    standing = found.standings.get(step) if step is not None else None
    if step is None or standing is None:
        if ordinals:
            _note(by_id, "late", why, asset, "", ordinals, EMPTY)
        return
    late = ordinals - standing.failed - standing.rejected
    if late:
        _note(by_id, "late", why, asset, step, late, late)


def _note(
    by_id: dict[str, Trouble],
    kind: Kind,
    why: Why,
    root: str,
    step: keys.StepKey,
    ordinals: PartitionSet,
    begun: PartitionSet,
) -> Trouble:
    trouble = by_id.setdefault(f"{kind}:{root}", Trouble(kind=kind, why=why, root=root))
    trouble.ordinals |= ordinals
    if begun:
        trouble.begun[step] = trouble.begun.get(step, EMPTY) | begun
    return trouble


def _follow(found: findings.Evaluation, trouble: Trouble) -> None:
    """Find out what a trouble hits, and what of it a repair mends."""
    reached, way = _reached(found, trouble)
    mends: dict[keys.StepKey, PartitionSet] = {}
    for step, ours in reached.items():
        mends[step] = _mended(found, found.standings[step], trouble.begun.get(step, EMPTY), ours, mends)
    trouble.way = {step: found.standings.get(step) for step in way}
    trouble.running = sum(
        len(begun & found.standings[step].running) for step, begun in trouble.begun.items() if step in found.standings
    )
    trouble.mends = {step: ordinals for step, ordinals in mends.items() if ordinals}
    trouble.hits = [
        Hit(asset=asset, ordinals=hit, mended=mends[step] & hit)
        for step, ours in reached.items()
        for asset in found.standings[step].outputs
        if (hit := ours - (trouble.begun.get(step, EMPTY) if asset == trouble.root else EMPTY))
    ]


def _reached(found: findings.Evaluation, trouble: Trouble) -> tuple[_Begun, Collection[keys.StepKey]]:
    """What is due or held from where a trouble began downwards, in graph order; and the steps that were looked at."""
    graph, standing_of = found.graph, found.standings
    reached: _Begun = {}
    done: _Begun = {}
    noted = {each for each in trouble.begun if each in standing_of}
    waiting = [graph.rank[each] for each in noted]
    heapq.heapify(waiting)
    while waiting:
        step = graph.order[heapq.heappop(waiting)]
        standing = standing_of[step]
        begun = trouble.begun.get(step, EMPTY)
        ours = (begun | reached.get(step, EMPTY)) & (standing.due | standing.held | standing.undecided | begun)
        if trouble.kind == "stale":
            ours -= standing.missing - begun  # what was never made did not become stale
        if not ours:
            continue
        done[step] = ours
        for output in standing.step.outputs:
            for reader in graph.readers.get(output, ()):
                below = standing_of.get(reader)
                if below is None:
                    continue
                for dependency in below.step.dependencies:
                    if dependency.asset == output:
                        down = found.read_by(below.step, dependency, ours)
                        before = reached.get(reader)
                        reached[reader] = down if before is None else before | down
                if reader not in noted:
                    noted.add(reader)
                    heapq.heappush(waiting, graph.rank[reader])
    return done, noted


def _mended(
    found: findings.Evaluation,
    standing: standings.Standing,
    begun: PartitionSet,
    ours: PartitionSet,
    mends: Mapping[keys.StepKey, PartitionSet],
) -> PartitionSet:
    """What of a step a plan makes fresh without anything that lies outside of the trouble."""
    outside = standing.rejected | (standing.undecided - standing.due)
    for dependency in standing.step.dependencies:
        producer = found.graph.assets[dependency.asset].step
        above = found.standings.get(producer) if producer is not None else None
        if above is None or producer is None:
            continue
        others = (above.due | above.held) - mends.get(producer, EMPTY)
        if others:
            outside |= found.read_by(standing.step, dependency, others) - begun
    return ours - outside
