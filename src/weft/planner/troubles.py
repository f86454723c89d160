"""What is wrong, by where it began: one trouble for each root cause, with what it hits and what would mend it.

Theory of operation. A step's standing says for which partitions it stands badly for reasons of its own: the last
attempt failed, a blocking check rejected what was made, other code or other inputs made it, it is late. There a trouble
begins. From there it is followed down along the mappings, through everything that is due or held: these are its *hits*,
and they are no troubles by themselves. What changed is the root of what is stale: the asset that others had read
before, or the function, however many steps have it. What was never made is no trouble unless somebody asked for it.

Only the worst are followed one by one (`following`), and of these only such along whose way something changed since the
last time; what all of them hit together is found in one walk. What a step tells by itself is kept as long as it stands
as before and nothing else is known of what it makes and reads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from weft.model import columns as columns_model
from weft.model import keys, partition_set, plan
from weft.planner import causes, following
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
class Note:
    """That `begun` partitions of a step stand badly for a reason of its own, which shows in `ordinals` of the root."""

    kind: Kind
    why: Why
    root: str
    step: keys.StepKey
    ordinals: PartitionSet
    begun: PartitionSet
    is_function: bool = False
    causes: Sequence[plan.Cause] = ()
    failures: Mapping[int, columns_model.Failure] = field(default_factory=dict)


_Notes = dict[keys.StepKey, tuple[standings.Standing, Sequence[Note]]]


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
    hits: list[following.Hit] | None = None
    mends: dict[keys.StepKey, PartitionSet] = field(default_factory=dict)
    way: dict[keys.StepKey, standings.Standing | None] = field(default_factory=dict, repr=False, compare=False)
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
    notes: _Notes = field(default_factory=dict, repr=False, compare=False)
    """What each step told by itself, and the standing that it did by."""
    ways: following.Ways = field(default_factory=dict, repr=False, compare=False)


def find(
    found: findings.Evaluation,
    late: Mapping[keys.AssetKey, PartitionSet],
    asked: Mapping[keys.AssetKey, PartitionSet],
    *,
    before: Troubles | None = None,
    again: Collection[keys.StepKey] = (),
    also: str = "",
) -> Troubles:
    """Find out what is wrong.

    Args:
        found: where everything stands.
        late: what is later than its freshness policy allows, by asset.
        asked: what a schedule asked for and that should have been made by now, by pipeline.
        before: what was found the last time, on the same graph.
        again: the steps of whose outputs or inputs something else is known since then.
        also: the id of a trouble that is to be followed down in any case.
    """
    by_id: dict[str, Trouble] = {}
    notes = _notes(found, before.notes if before is not None else {}, again)
    for _, told in notes.values():
        for note in told:
            _add(by_id, note)
    for asset, ordinals in late.items():
        _late(found, asset, ordinals, "", by_id)
    for asset, ordinals in asked.items():
        _late(found, asset, ordinals, "schedule", by_id)
    followed = following.Following(found, before.ways if before is not None else {})
    ordered = sorted(by_id.values(), key=lambda each: (KINDS.index(each.kind), -each.count, each.root))
    hit = _hit_together(followed, [each for each in ordered if each.kind != "late"])
    kept: list[Trouble] = []
    for trouble in ordered:
        if trouble.kind == "late":
            # what is late because of something worse above it is a hit of that
            rest = {step: each - hit.get(step, EMPTY) for step, each in trouble.begun.items()}
            trouble.begun = {step: each for step, each in rest.items() if each}
            if not trouble.begun and trouble.why != "schedule":
                continue
        kept.append(trouble)
    known = {each.id: each for each in before.all} if before is not None else {}
    for number, trouble in enumerate(kept):
        if number < MOST_FOLLOWED or trouble.id == also:
            last = known.get(trouble.id)
            if last is not None and _is_as_before(found, trouble, last):
                trouble.hits, trouble.mends, trouble.way = last.hits, last.mends, last.way
                trouble.running = last.running
            else:
                _follow(followed, trouble)
    late_ones = [each for each in kept if each.kind == "late"]
    for step, ordinals in _hit_together(followed, late_ones).items():
        hit[step] = hit.get(step, EMPTY) | ordinals
    return Troubles(all=kept, hit=hit, notes=notes, ways=followed.ways)


def mended_together(found: findings.Evaluation, known: Troubles) -> dict[keys.StepKey, PartitionSet]:
    """What one repair of all troubles makes: also what none of theirs would, since it waits for several of them.

    Args:
        found: where everything stands, as the troubles were found by.
        known: what is wrong.
    """
    followed = following.Following(found, known.ways)
    begun: _Begun = {}
    reached: _Begun = {}
    for is_stale in (False, True):
        together: _Begun = {}
        for each in known.all:
            if (each.kind == "stale") is is_stale:
                for step, ordinals in each.begun.items():
                    together[step] = together.get(step, EMPTY) | ordinals
        for step, ordinals in followed.reached(together, is_stale=is_stale)[0].items():
            reached[step] = reached.get(step, EMPTY) | ordinals
        for step, ordinals in together.items():
            begun[step] = begun.get(step, EMPTY) | ordinals
    in_order = {step: reached[step] for step in sorted(reached, key=found.graph.rank.__getitem__)}
    return {step: ordinals for step, ordinals in followed.mended(in_order, begun).items() if ordinals}


def _notes(found: findings.Evaluation, before: _Notes, again: Collection[keys.StepKey]) -> _Notes:
    """What each step tells by itself."""
    explainer = causes.Explainer(found)
    notes: _Notes = {}
    for step, standing in found.standings.items():
        last = before.get(step)
        if last is None or last[0] is not standing or step in again:
            is_bad = _stands_badly_by_itself(standing)
            last = standing, tuple(_of_standing(found, explainer, standing)) if is_bad else ()
        notes[step] = last
    return notes


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


def _hit_together(followed: following.Following, several: Sequence[Trouble]) -> dict[keys.StepKey, PartitionSet]:
    """What is not right because of any of some troubles, but for where these began."""
    hit: dict[keys.StepKey, PartitionSet] = {}
    for is_stale in (False, True):
        together: _Begun = {}
        for each in several:
            if (each.kind == "stale") is is_stale:
                for step, ordinals in each.begun.items():
                    together[step] = together.get(step, EMPTY) | ordinals
        for step, ordinals in followed.reached(together, is_stale=is_stale)[0].items():
            # of what is stale also where it began: the root is what changed, above it
            rest = ordinals if is_stale else ordinals - together.get(step, EMPTY)
            if rest:
                hit[step] = hit.get(step, EMPTY) | rest
    return hit


def _is_as_before(found: findings.Evaluation, trouble: Trouble, last: Trouble) -> bool:
    """Whether nothing changed along the way that a trouble was followed the last time."""
    if last.hits is None or trouble.begun != last.begun:
        return False
    return all(found.standings.get(step) is standing for step, standing in last.way.items())


def _of_standing(
    found: findings.Evaluation, explainer: causes.Explainer, standing: standings.Standing
) -> Iterator[Note]:
    step = standing.step.key
    failed, rejected = standing.failed - standing.rejected, standing.rejected
    for asset, own in standing.own.items():
        if ordinals := own.failed - rejected:
            told = _failures(found, asset, ordinals)
            yield Note(kind="failed", why="", root=asset, step=step, ordinals=ordinals, begun=failed, failures=told)
            break
    for asset, own in standing.own.items():
        if ordinals := own.rejected & rejected:
            told = _failures(found, asset, ordinals)
            yield Note(kind="rejected", why="", root=asset, step=step, ordinals=ordinals, begun=rejected, failures=told)
            break
    bad = failed | rejected
    code = (standing.code | standing.undecided) - bad
    if code:
        for cause in explainer.code_changes(standing, code):
            by_function = cause.subject != step
            root = cause.subject if by_function else standing.outputs[0]
            yield Note(
                kind="stale", why="code_changed", root=root, step=step, ordinals=EMPTY if by_function else code,
                begun=code, is_function=by_function, causes=(cause,),
            )  # fmt: skip
    for slot, ordinals in standing.by_input("data").items():
        yield from _changed(found, explainer, standing, slot, ordinals - bad)
    for slot, ordinals in standing.by_input("added").items():
        if rest := ordinals - bad:
            told_of = tuple(explainer.data_changes(standing, "dependency_changed", slot, rest))
            yield Note(
                kind="stale", why="dependency_changed", root=standing.outputs[0], step=step, ordinals=rest, begun=rest,
                causes=told_of,
            )  # fmt: skip


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
) -> Iterator[Note]:
    """An input has another version than the one that was read: the root is the input."""
    if not ordinals:
        return
    dependency = next(each for each in standing.step.dependencies if each.slot == slot)
    read = found.reads(standing.step, dependency, ordinals)
    above, columns = found.columns(dependency.asset), found.columns(standing.outputs[0])
    oldest = min((columns.made_at[each] for each in ordinals if each < columns.size), default=0)
    changed = PartitionSet.of(each for each in read if each < above.size and above.made_at[each] > oldest)
    yield Note(
        kind="stale", why="data_changed", root=dependency.asset, step=standing.step.key, ordinals=changed or read,
        begun=ordinals, causes=tuple(explainer.data_changes(standing, "data_changed", slot, ordinals)),
    )  # fmt: skip


def _late(
    found: findings.Evaluation, asset: keys.AssetKey, ordinals: PartitionSet, why: Why, by_id: dict[str, Trouble]
) -> None:
    step = found.graph.assets[asset].step
    standing = found.standings.get(step) if step is not None else None
    if step is None or standing is None:
        if ordinals:
            _add(by_id, Note(kind="late", why=why, root=asset, step="", ordinals=ordinals, begun=EMPTY))
        return
    late = ordinals - standing.failed - standing.rejected
    if late:
        _add(by_id, Note(kind="late", why=why, root=asset, step=step, ordinals=late, begun=late))


def _add(by_id: dict[str, Trouble], note: Note) -> None:
    """Put a note to the others of its root."""
    name = f"{note.kind}:{note.root}"
    trouble = by_id.get(name)
    if trouble is None:
        trouble = by_id[name] = Trouble(kind=note.kind, why=note.why, root=note.root)
    trouble.ordinals |= note.ordinals
    trouble.is_function |= note.is_function
    trouble.causes += note.causes
    trouble.failures.update(note.failures)
    if note.begun:
        trouble.begun[note.step] = trouble.begun.get(note.step, EMPTY) | note.begun


def _follow(followed: following.Following, trouble: Trouble) -> None:
    """Find out what a trouble hits, and what of it a repair mends."""
    standing_of = followed.found.standings
    reached, way = followed.reached(trouble.begun, is_stale=trouble.kind == "stale")
    mends = followed.mended(reached, trouble.begun)
    trouble.way = {step: standing_of.get(step) for step in way}
    trouble.running = sum(
        len(begun & standing_of[step].running) for step, begun in trouble.begun.items() if step in standing_of
    )
    trouble.mends = {step: ordinals for step, ordinals in mends.items() if ordinals}
    trouble.hits = [
        following.Hit(asset=asset, ordinals=hit, mended=mends[step] & hit)
        for step, ours in reached.items()
        for asset in standing_of[step].outputs
        if (hit := ours - (trouble.begun.get(step, EMPTY) if asset == trouble.root else EMPTY))
    ]
