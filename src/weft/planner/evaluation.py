"""Where each partition of each step stands: missing, failed, stale and by what, blocked, running, fresh.

Theory of operation. Two walks over the steps in scope:

1. up: from what is selected, along the mappings, to every partition that it is made from (the *wanted* set of each step);
2. down, in topological order: for each step, sets of ordinals by reason. A partition is *due* when it has no data, when its last attempt
   failed, when other code made it, when the digest of an input differs from the one recorded, when it is overdue, or when something
   that it is made from is due itself. What a failed blocking check holds back is due too, but *held*: neither it nor what is
   below it runs.

A partition that is due only through its inputs runs only if, when its turn comes, an input really differs (early cut-off). All sets
are PartitionSets and all comparisons go over columns, so that the cost follows the changes and not the size of history.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from weft.model import columns as columns_model
from weft.model import graph as graphs
from weft.model import keys, partition_set, partitions, plan

PartitionSet = partition_set.PartitionSet
EMPTY = PartitionSet.empty()
ONE = PartitionSet.range(0, 1)


@dataclass(slots=True, kw_only=True)
class Standing:
    """The sets of one step: `wanted` is the scope, each other set a part of it.

    `data`, `added` and `upstream` are by the asset that is read. `due` is what needs to run, `held` what may not, `running` what a live run
    makes. `overdue` is made again for the assets in `overdue_for` that are late; `late` is due for no other reason than that.
    """

    step: graphs.Step
    outputs: tuple[keys.AssetKey, ...]
    wanted: PartitionSet
    missing: PartitionSet = EMPTY
    failed: PartitionSet = EMPTY
    code: PartitionSet = EMPTY
    undecided: PartitionSet = EMPTY
    overdue: PartitionSet = EMPTY
    overdue_for: dict[keys.AssetKey, PartitionSet] = field(default_factory=dict)
    late: PartitionSet = EMPTY
    data: dict[keys.AssetKey, PartitionSet] = field(default_factory=dict)
    added: dict[keys.AssetKey, PartitionSet] = field(default_factory=dict)
    upstream: dict[keys.AssetKey, PartitionSet] = field(default_factory=dict)
    rejected: PartitionSet = EMPTY
    blocked: PartitionSet = EMPTY
    blocked_by: dict[keys.AssetKey, PartitionSet] = field(default_factory=dict)
    running: PartitionSet = EMPTY
    forced: PartitionSet = EMPTY
    due: PartitionSet = EMPTY
    conditional: PartitionSet = EMPTY

    @property
    def stale(self) -> PartitionSet:
        """What has data that is not of today's code or inputs."""
        return self.code | _union(self.data.values()) | _union(self.added.values()) | (_union(self.upstream.values()) - self.late)

    @property
    def held(self) -> PartitionSet:
        """What may not run and holds back what is below it."""
        return self.rejected | self.blocked

    def drop(self, ordinals: PartitionSet) -> None:
        """Take these out of every reason: they are fine as they are."""
        self.failed -= ordinals
        self.code -= ordinals
        self.undecided -= ordinals
        self.overdue -= ordinals
        self.rejected -= ordinals
        for reasons in (self.data, self.added, self.upstream):
            for asset in reasons:
                reasons[asset] -= ordinals


@dataclass(kw_only=True)
class Evaluation:
    """The standings of all steps in scope, with what they were made from."""

    graph: graphs.Graph
    observed: columns_model.Observed
    now: datetime
    selected: frozenset[keys.AssetKey]
    standings: dict[keys.StepKey, Standing]
    _signatures: dict[tuple[keys.StepKey, int], str] = field(default_factory=dict)
    _uniform: dict[tuple[keys.StepKey, keys.AssetKey], int] = field(default_factory=dict)

    def columns(self, asset: keys.AssetKey) -> columns_model.Columns:
        """What the ledger knows of an asset."""
        return self.observed.columns.get(asset) or _NOTHING

    def reads(self, step: graphs.Step, dependency: graphs.Dependency, ordinals: PartitionSet) -> PartitionSet:
        """The partitions of `dependency.asset` that these partitions of `step` are made from."""
        up = self.graph.assets[dependency.asset].partitions
        return dependency.mapping.upstream(ordinals, step.partitions, up, self.now)

    def read_by(self, step: graphs.Step, dependency: graphs.Dependency, ordinals: PartitionSet) -> PartitionSet:
        """The partitions of `step` that are made from these partitions of `dependency.asset`."""
        up = self.graph.assets[dependency.asset].partitions
        return dependency.mapping.downstream(ordinals, step.partitions, up, self.now)

    def digest(self, step: graphs.Step, dependency: graphs.Dependency, ordinal: int) -> int:
        """The digest of what a partition of `step` would read of an asset as things stand."""
        columns = self.columns(dependency.asset)
        if is_identity(self.graph, step, dependency):
            return columns.token_of(ordinal)
        if not is_uniform(step, dependency):
            up = self.graph.assets[dependency.asset].partitions
            read = dependency.mapping.upstream_of(ordinal, step.partitions, up, self.now)
            return columns_model.digest_of(columns, read)
        where = (step.key, dependency.asset)
        if where not in self._uniform:
            self._uniform[where] = columns_model.digest_of(columns, self.reads(step, dependency, ONE))
        return self._uniform[where]

    def signature(self, step_key: keys.StepKey, ordinal: int) -> str:
        """The identity of the causes that stand against a partition: version, code, input digests, and those of its inputs.

        Acceptance binds to it: any later change gives another signature.
        """
        where = (step_key, ordinal)
        if where in self._signatures:
            return self._signatures[where]
        standing = self.standings[step_key]
        step = standing.step
        parts: list[object] = [step.code]
        for asset in standing.outputs:
            parts.append(self.columns(asset).versions[ordinal] if ordinal < self.columns(asset).size else 0)
        for dependency in step.dependencies:
            parts += [dependency.asset, self.digest(step, dependency, ordinal)]
            producer = self.graph.assets[dependency.asset].step
            above = self.standings.get(producer) if producer else None
            if above is not None:
                due = self.reads(step, dependency, PartitionSet.range(ordinal, ordinal + 1)) & (above.due | above.held)
                parts += [self.signature(above.step.key, each) for each in due]
        text = "\x1f".join(map(str, parts))
        self._signatures[where] = hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
        return self._signatures[where]


_NOTHING = columns_model.Columns(0)


def is_identity(graph: graphs.Graph, step: graphs.Step, dependency: graphs.Dependency) -> bool:
    """Whether each partition of `step` reads the partition with its own ordinal."""
    up = graph.assets[dependency.asset].partitions
    if step.partitions is None and up is None:
        return True
    return dependency.mapping.is_identity(step.partitions, up)


def is_uniform(step: graphs.Step, dependency: graphs.Dependency) -> bool:
    """Whether every partition of `step` reads the same partitions, so that one digest serves all."""
    return step.partitions is not None and isinstance(
        dependency.mapping, partitions.AllMapping | partitions.LastMapping | partitions.SpecificMapping
    )


def universe(definition: partitions.Partitions | None, now: datetime) -> PartitionSet:
    """The ordinals that exist at `now`; one for what has no partitions."""
    return ONE if definition is None else definition.universe(now)


def evaluate(
    graph: graphs.Graph,
    observed: columns_model.Observed,
    now: datetime,
    wanted: Mapping[keys.AssetKey, PartitionSet],
    *,
    exact: bool = False,
) -> Evaluation:
    """Find out where everything stands that `wanted` (partitions by selected asset) needs.

    `exact` looks at nothing above what is wanted.
    """
    evaluation = Evaluation(
        graph=graph, observed=observed, now=now, selected=frozenset(wanted), standings={}
    )
    scope = _scope(evaluation, wanted, exact=exact)
    seeds = {} if exact else _overdue_seeds(evaluation, scope)
    for step_key in sorted(scope, key=graph.rank.__getitem__):
        outputs, ordinals = scope[step_key]
        step = graph.steps[step_key]
        made = tuple(each for each in step.outputs if each in outputs) if step.subsettable else step.outputs
        standing = Standing(step=step, outputs=made, wanted=ordinals)
        evaluation.standings[step_key] = standing
        for subject, late in seeds.get(step_key, {}).items():
            standing.overdue_for[subject] = late
            standing.overdue |= late
        _stand(evaluation, standing)
        if exact:
            _force(standing)
    return evaluation


def _scope(
    evaluation: Evaluation, wanted: Mapping[keys.AssetKey, PartitionSet], *, exact: bool
) -> dict[keys.StepKey, tuple[set[keys.AssetKey], PartitionSet]]:
    graph = evaluation.graph
    scope: dict[keys.StepKey, tuple[set[keys.AssetKey], PartitionSet]] = {}

    def want(asset: keys.AssetKey, ordinals: PartitionSet) -> keys.StepKey | None:
        step = graph.assets[asset].step
        if step is None or not ordinals:
            return None
        outputs, before = scope.get(step, (set(), EMPTY))
        outputs.add(asset)
        scope[step] = (outputs, before | ordinals)
        return step

    for asset, ordinals in wanted.items():
        want(asset, ordinals)
    if exact:
        return scope
    above = _steps_above(graph, scope)
    for step_key in sorted(above, key=graph.rank.__getitem__, reverse=True):
        if step_key not in scope:
            continue
        step = graph.steps[step_key]
        for dependency in step.dependencies:
            want(dependency.asset, evaluation.reads(step, dependency, scope[step_key][1]))
    return scope


def _steps_above(graph: graphs.Graph, start: Iterable[keys.StepKey]) -> set[keys.StepKey]:
    found = set(start)
    waiting = list(found)
    while waiting:
        for producer in graph.producers_of(waiting.pop()):
            if producer not in found:
                found.add(producer)
                waiting.append(producer)
    return found


def _force(standing: Standing) -> None:
    """Make everything that is wanted due, whatever was found about it; its status stays what it was."""
    standing.forced = standing.due = standing.wanted
    standing.conditional = standing.blocked = EMPTY


def _stand(evaluation: Evaluation, standing: Standing) -> None:
    graph, step, wanted = evaluation.graph, standing.step, standing.wanted
    late_above = firm_above = held_above = EMPTY
    for dependency in step.dependencies:
        producer = graph.assets[dependency.asset].step
        above = evaluation.standings.get(producer) if producer is not None else None
        if above is None:
            continue
        late = evaluation.read_by(step, dependency, above.late) & wanted if above.late else EMPTY
        firm = evaluation.read_by(step, dependency, above.due - above.late) & wanted if above.due else EMPTY
        if late or firm:
            standing.upstream[dependency.asset] = late | firm
            late_above, firm_above = late_above | late, firm_above | firm
        held = evaluation.read_by(step, dependency, above.held) & wanted if above.held else EMPTY
        if held:
            standing.blocked_by[dependency.asset] = held
            held_above |= held
    for asset in standing.outputs:
        _stand_of_output(evaluation, standing, graph.assets[asset])
    _drop_accepted(evaluation, standing)
    standing.blocked = held_above
    data = _union(standing.data.values())
    certain = standing.missing | standing.failed | standing.code | _union(standing.added.values())
    due = (certain | data | standing.overdue | _union(standing.upstream.values())) - standing.held
    standing.undecided = standing.undecided - due - standing.held
    standing.due = due
    standing.conditional = due - certain - standing.overdue
    standing.late = (due & (late_above | standing.overdue)) - certain - data - firm_above


def _overdue_seeds(
    evaluation: Evaluation, scope: Mapping[keys.StepKey, tuple[set[keys.AssetKey], PartitionSet]]
) -> dict[keys.StepKey, dict[keys.AssetKey, PartitionSet]]:
    """Which sources are to be made again because something below them is later than its freshness policy allows.

    Only a source can bring news; what lies between follows if its inputs change.
    """
    graph = evaluation.graph
    seeds: dict[keys.StepKey, dict[keys.AssetKey, PartitionSet]] = {}
    for step_key, (_, wanted) in scope.items():
        for asset_key in graph.steps[step_key].outputs:
            asset = graph.assets[asset_key]
            late = overdue(asset, evaluation.columns(asset_key), evaluation.now) & wanted
            waiting = [(step_key, late)] if late else []
            while waiting:
                above_key, ordinals = waiting.pop()
                step = graph.steps[above_key]
                producers = [each for each in step.dependencies if graph.assets[each.asset].step in scope]
                if not producers:
                    found = seeds.setdefault(above_key, {})
                    found[asset_key] = found.get(asset_key, EMPTY) | ordinals
                for each in producers:
                    producer = graph.assets[each.asset].step
                    above = evaluation.reads(step, each, ordinals)
                    if above and producer is not None:
                        waiting.append((producer, above))
    return seeds


def _stand_of_output(evaluation: Evaluation, standing: Standing, asset: graphs.Asset) -> None:
    columns, step, wanted = evaluation.columns(asset.key), standing.step, standing.wanted
    present = (columns.materialized() if columns.size else EMPTY) & wanted
    missing = wanted - present
    standing.missing |= missing
    if columns.failed:
        standing.failed |= PartitionSet.of(sorted(columns.failed)) & wanted
    other_code = columns.made_with_other_code(step.code) & wanted if columns.size else EMPTY
    if other_code and asset.code_changes == "stale":
        standing.code |= other_code
    elif other_code and asset.code_changes == "ask":
        standing.undecided |= other_code
    if present:
        for dependency in step.dependencies:
            _stand_of_input(evaluation, standing, columns, dependency, present)
    for reserved_by, ordinals in evaluation.observed.reserved.get(asset.key, ()):
        del reserved_by
        standing.running |= ordinals & wanted
    if columns.rejected:
        rejected = []
        for ordinal, rejection in columns.rejected.items():
            if ordinal in wanted and _is_unchanged(evaluation, step, ordinal, rejection):
                rejected.append(ordinal)
        still = PartitionSet.of(sorted(rejected))
        # what may come to be made of other inputs waits for them, and is then compared with those that were rejected
        standing.rejected |= still - _union(standing.upstream.values())
        standing.failed -= still
        standing.missing -= still


def _is_unchanged(
    evaluation: Evaluation, step: graphs.Step, ordinal: int, rejection: columns_model.Rejection
) -> bool:
    if rejection.code and rejection.code != step.code:
        return False
    return all(
        rejection.inputs.get(dependency.asset, 0) == evaluation.digest(step, dependency, ordinal)
        for dependency in step.dependencies
    )


def _stand_of_input(
    evaluation: Evaluation,
    standing: Standing,
    columns: columns_model.Columns,
    dependency: graphs.Dependency,
    present: PartitionSet,
) -> None:
    """Compare, for one asset that is read, the recorded digests with those of today."""
    step, asset = standing.step, dependency.asset
    recorded = columns.inputs.get(asset)
    if is_identity(evaluation.graph, step, dependency):
        size = columns.size * 8
        before = recorded.tobytes() if recorded is not None else bytes(size)
        today = evaluation.columns(asset).tokens[: columns.size].tobytes().ljust(size, b"\0")
        found = PartitionSet.of(columns_model.differing(before, today, 8)) & present
    else:
        found = PartitionSet.of(
            each for each in present if columns.input_of(each, asset) != evaluation.digest(step, dependency, each)
        )
    if not found:
        return
    unread = [each for each in found if not columns.input_of(each, asset)]
    if unread:
        nothing_read = PartitionSet.of(unread)
        found -= nothing_read
        if evaluation.graph.assets[asset].step is None:
            changed = nothing_read - _seen_first(evaluation, standing, dependency, nothing_read)
        else:
            # what was reported by hand, without code, says nothing of what it was made from
            changed = PartitionSet.of(each for each in unread if columns.codes[each])
        if changed:
            standing.added[asset] = standing.added.get(asset, EMPTY) | changed
    if found:
        standing.data[asset] = standing.data.get(asset, EMPTY) | found


def _seen_first(
    evaluation: Evaluation, standing: Standing, dependency: graphs.Dependency, unread: PartitionSet
) -> PartitionSet:
    """Those made before an external asset was first observed, for which nothing was observed to change since.

    What was unobserved is unknown, not stale.
    """
    above = evaluation.columns(dependency.asset)
    fine = []
    for ordinal in unread:
        read = evaluation.reads(standing.step, dependency, PartitionSet.range(ordinal, ordinal + 1))
        if all(above.token_of(each) == above.first_tokens.get(each, 0) for each in read):
            fine.append(ordinal)
    return PartitionSet.of(fine)


def overdue(asset: graphs.Asset, columns: columns_model.Columns, now: datetime) -> PartitionSet:
    """The partitions that are later than the asset's freshness policy allows.

    Lag runs from the partition's end while it has no data, and for what has no partitions from the last success or reuse.
    """
    if asset.freshness is None:
        return EMPTY
    lag = timedelta(seconds=asset.freshness.max_lag)
    if asset.partitions is None:
        confirmed = columns.confirmed_at
        late = confirmed and now.timestamp() - confirmed / 1e6 > lag.total_seconds()
        return ONE if late else EMPTY
    missing = asset.partitions.universe(now) - (columns.materialized() if columns.size else EMPTY)
    due = []
    for ordinal in missing:
        window = asset.partitions.window(ordinal)
        if window is None:
            break
        if window.end + lag < now:
            due.append(ordinal)
    return PartitionSet.of(due)


def _drop_accepted(evaluation: Evaluation, standing: Standing) -> None:
    candidates: set[int] = set()
    signatures: dict[int, set[str]] = {}
    for asset in standing.outputs:
        for ordinal, signature in evaluation.columns(asset).accepted.items():
            if ordinal in standing.wanted and ordinal not in standing.missing:
                candidates.add(ordinal)
                signatures.setdefault(ordinal, set()).add(signature)
    fine = [
        ordinal
        for ordinal in sorted(candidates)
        if signatures[ordinal] == {evaluation.signature(standing.step.key, ordinal)}
    ]
    if fine:
        standing.drop(PartitionSet.of(fine))


def _union(sets: Iterable[PartitionSet]) -> PartitionSet:
    found = EMPTY
    for each in sets:
        found |= each
    return found


union = _union
