"""Where each partition of each step stands: missing, failed, stale and by what, blocked, running, fresh.

Theory of operation. Two walks over the steps in scope:

1. up: from what is selected, along the mappings, to every partition that it is made from (the *wanted* set of each
   step);
2. down, in topological order: for each step, sets of ordinals by reason. A partition is *due* when it has no data, when
   its last attempt failed, when other code made it, when the digest of an input differs from the one recorded, when it
   is overdue, or when something that it is made from is due itself. What a failed blocking check holds back is *held*:
   neither it nor what is below it runs.

A partition that is due only through its inputs runs only if, when its turn comes, an input really differs (early
cut-off). All sets are PartitionSets and all comparisons go over columns, so that the cost follows the changes and not
the size of history.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from weft.model import columns as columns_model
from weft.model import graph as graphs
from weft.model import keys, partition_set, partitions

PartitionSet = partition_set.PartitionSet
EMPTY = PartitionSet.empty()
ONE = PartitionSet.range(0, 1)


@dataclass(slots=True, kw_only=True)
class Own:
    """What stands against one output for reasons of its own, as sets of ordinals.

    `data` and `added` are by the asset that is read.

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
        return self.code | _union(self.data.values()) | _union(self.added.values())


@dataclass(slots=True, kw_only=True)
class Standing:
    """The sets of one step: `wanted` is the scope, each other set a part of it. `own` has the reasons of each output.

    `upstream` is by the asset that is read. `due` is what needs to run, `conditional` the part of it that runs only if
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

    @property
    def held(self) -> PartitionSet:
        """What may not run and holds back what is below it."""
        return self.rejected | self.blocked

    @property
    def failed(self) -> PartitionSet:
        """What has an output whose last attempt failed."""
        return _union(each.failed for each in self.own.values())

    @property
    def missing(self) -> PartitionSet:
        """What has an output without data."""
        return _union(each.missing for each in self.own.values())

    @property
    def code(self) -> PartitionSet:
        """What has an output that other code made."""
        return _union(each.code for each in self.own.values())

    def by_input(self, kind: str) -> dict[keys.AssetKey, PartitionSet]:
        """The sets of all outputs under `kind` ("data" or "added"), by the asset that is read."""
        found: dict[keys.AssetKey, PartitionSet] = {}
        for each in self.own.values():
            for asset, ordinals in (each.data if kind == "data" else each.added).items():
                found[asset] = found.get(asset, EMPTY) | ordinals
        return found


@dataclass(kw_only=True)
class Evaluation:
    """The standings of all steps in scope, with what they were made from."""

    graph: graphs.Graph
    observed: columns_model.Observed
    now: datetime
    selected: frozenset[keys.AssetKey]
    standings: dict[keys.StepKey, Standing]
    _signatures: dict[tuple[keys.AssetKey, int], str] = field(default_factory=dict)
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

    def signature(self, asset: keys.AssetKey, ordinal: int) -> str:
        """The identity of the causes that stand against a partition, as `own.above`.

        `own` is over its version, today's code and the digests of its inputs; `above` over lateness and the signatures of
        what is due or held among its inputs. Acceptance binds to both: any later change gives another signature.
        """
        where = (asset, ordinal)
        if where in self._signatures:
            return self._signatures[where]
        step_key = self.graph.assets[asset].step
        assert step_key is not None
        standing = self.standings[step_key]
        step = standing.step
        above: list[object] = []
        above += sorted(subject for subject, late in standing.overdue_for.items() if ordinal in late)
        for dependency in step.dependencies:
            producer = self.graph.assets[dependency.asset].step
            other = self.standings.get(producer) if producer else None
            if other is not None:
                due = self.reads(step, dependency, PartitionSet.range(ordinal, ordinal + 1)) & (other.due | other.held)
                above += [self.signature(dependency.asset, each) for each in due]
        found = f"{self.own_signature(asset, ordinal)}.{_hash(above) if above else ''}"
        self._signatures[where] = found
        return found

    def own_signature(self, asset: keys.AssetKey, ordinal: int) -> str:
        """The first part of a signature: over version, code and input digests."""
        step_key = self.graph.assets[asset].step
        assert step_key is not None
        step, columns = self.graph.steps[step_key], self.columns(asset)
        parts: list[object] = [step.code, columns.versions[ordinal] if ordinal < columns.size else 0]
        for dependency in step.dependencies:
            parts += [dependency.asset, self.digest(step, dependency, ordinal)]
        return _hash(parts)

    def accepted(self) -> dict[keys.AssetKey, PartitionSet]:
        """What is fine as it is, for the causes that stand against it; only assets that have some."""
        return {
            asset: own.accepted
            for standing in self.standings.values()
            for asset, own in standing.own.items()
            if own.accepted
        }


_NOTHING = columns_model.Columns(0)


def _hash(parts: Iterable[object]) -> str:
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=12).hexdigest()


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
    ask_is_stale: bool = False,
    settled: Mapping[keys.AssetKey, PartitionSet] | None = None,
) -> Evaluation:
    """Find out where everything stands that `wanted` (partitions by selected asset) needs.

    Args:
        graph: what should exist.
        observed: what is known of the assets in scope.
        now: the time.
        wanted: what is asked for, by asset.
        exact: make all that is wanted, whatever its state, and look at nothing above it.
        ask_is_stale: what waits for a decision on changed code is to be made again.
        settled: what an evaluation before this found accepted. It asks for nothing above it, and follows only if an
        input differs.
    """
    evaluation = Evaluation(graph=graph, observed=observed, now=now, selected=frozenset(wanted), standings={})
    scope = _scope(evaluation, wanted, settled or {}, exact=exact)
    seeds = {} if exact else _overdue_seeds(evaluation, scope, settled or {})
    for step_key in sorted(scope, key=graph.rank.__getitem__):
        outputs, ordinals = scope[step_key]
        step = graph.steps[step_key]
        made = tuple(each for each in step.outputs if each in outputs) if step.subsettable else step.outputs
        standing = Standing(step=step, outputs=made, wanted=ordinals, own={asset: Own() for asset in made})
        evaluation.standings[step_key] = standing
        for subject, late in seeds.get(step_key, {}).items():
            standing.overdue_for[subject] = late
            standing.overdue |= late
        _stand(evaluation, standing, exact=exact, ask_is_stale=ask_is_stale, settled=settled)
    return evaluation


def _scope(
    evaluation: Evaluation,
    wanted: Mapping[keys.AssetKey, PartitionSet],
    settled: Mapping[keys.AssetKey, PartitionSet],
    *,
    exact: bool,
) -> dict[keys.StepKey, tuple[set[keys.AssetKey], PartitionSet]]:
    graph = evaluation.graph
    scope: dict[keys.StepKey, tuple[set[keys.AssetKey], PartitionSet]] = {}

    def want(asset: keys.AssetKey, ordinals: PartitionSet) -> None:
        step = graph.assets[asset].step
        if step is None or not ordinals:
            return
        outputs, before = scope.get(step, (set(), EMPTY))
        outputs.add(asset)
        scope[step] = (outputs, before | ordinals)

    for asset, ordinals in wanted.items():
        want(asset, ordinals)
    if exact:
        return scope
    above = _steps_above(graph, scope)
    for step_key in sorted(above, key=graph.rank.__getitem__, reverse=True):
        if step_key not in scope:
            continue
        step = graph.steps[step_key]
        outputs, ordinals = scope[step_key]
        made = outputs if step.subsettable else set(step.outputs)
        if settled and all(asset in settled for asset in made):
            fine = ordinals
            for asset in made:
                fine &= settled[asset]
            ordinals = ordinals - fine
        for dependency in step.dependencies:
            want(dependency.asset, evaluation.reads(step, dependency, ordinals))
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


def _stand(
    evaluation: Evaluation,
    standing: Standing,
    *,
    exact: bool,
    ask_is_stale: bool,
    settled: Mapping[keys.AssetKey, PartitionSet] | None,
) -> None:
    graph, wanted = evaluation.graph, standing.wanted
    late_above, firm_above = (EMPTY, EMPTY) if exact else _look_up(evaluation, standing)
    for asset, own in standing.own.items():
        _stand_of_output(evaluation, standing, graph.assets[asset], own, ask_is_stale=ask_is_stale)
        own_accepted, accepted = _accepted(evaluation, standing, asset, own)
        own.drop(own_accepted)
        own.accepted = accepted if settled is None else settled.get(asset, EMPTY) & wanted
    if settled is None:
        fine = _common(own.accepted for own in standing.own.values())
        for above in standing.upstream:
            standing.upstream[above] -= fine
        standing.overdue, late_above, firm_above = standing.overdue - fine, late_above - fine, firm_above - fine
    inputs = _union(standing.upstream.values())
    # what may come to be made of other inputs waits for them, and is then compared with those that were rejected
    standing.rejected = _union(own.rejected for own in standing.own.values()) - inputs
    if exact:
        standing.forced = standing.due = wanted
        return
    data = _union(standing.by_input("data").values())
    certain = standing.missing | standing.failed | standing.code | _union(standing.by_input("added").values())
    certain -= _union(own.rejected for own in standing.own.values())
    standing.due = (certain | data | standing.overdue | inputs) - standing.held
    is_source = not any(graph.assets[each.asset].step is not None for each in standing.step.dependencies)
    standing.conditional = standing.due - certain - (standing.overdue if is_source else EMPTY)
    standing.late = (standing.due & (late_above | standing.overdue)) - certain - data - firm_above
    standing.undecided = _union(own.undecided for own in standing.own.values()) - standing.due - standing.held


def _look_up(evaluation: Evaluation, standing: Standing) -> tuple[PartitionSet, PartitionSet]:
    """Note what is due or held among the inputs.

    Returns what is due below them for lateness alone, and for firmer reasons.
    """
    step, wanted = standing.step, standing.wanted
    late_above = firm_above = EMPTY
    for dependency in step.dependencies:
        producer = evaluation.graph.assets[dependency.asset].step
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
            standing.blocked |= held
    return late_above, firm_above


def _overdue_seeds(
    evaluation: Evaluation,
    scope: Mapping[keys.StepKey, tuple[set[keys.AssetKey], PartitionSet]],
    settled: Mapping[keys.AssetKey, PartitionSet],
) -> dict[keys.StepKey, dict[keys.AssetKey, PartitionSet]]:
    """Which sources are to be made again because something below them is later than its freshness policy allows.

    Only a source can bring news; what lies between follows if its inputs change. The partitions of a partitioned
    source are complete once made: there the news are new partitions, which are missing anyway, so that only the late
    asset itself looks again.
    """
    graph = evaluation.graph
    seeds: dict[keys.StepKey, dict[keys.AssetKey, PartitionSet]] = {}
    for step_key, (_, wanted) in scope.items():
        for asset_key in graph.steps[step_key].outputs:
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
                    seeds.setdefault(source, {})[asset_key] = late
    return seeds


def _sources(
    evaluation: Evaluation,
    step_key: keys.StepKey,
    scope: Mapping[keys.StepKey, tuple[set[keys.AssetKey], PartitionSet]],
) -> list[keys.StepKey]:
    """The steps at or above this one that read nothing which a step makes."""
    graph = evaluation.graph
    above = _steps_above(graph, [step_key])
    return [
        each
        for each in sorted(above, key=graph.rank.__getitem__)
        if each in scope and not list(graph.producers_of(each))
    ]


def _stand_of_output(
    evaluation: Evaluation, standing: Standing, asset: graphs.Asset, own: Own, *, ask_is_stale: bool
) -> None:
    columns, step, wanted = evaluation.columns(asset.key), standing.step, standing.wanted
    present = (columns.materialized() if columns.size else EMPTY) & wanted
    own.missing = wanted - present
    if columns.failed:
        own.failed = PartitionSet.of(sorted(columns.failed)) & wanted
    other_code = columns.made_with_other_code(step.code) & wanted if columns.size else EMPTY
    if other_code and (asset.code_changes == "stale" or (ask_is_stale and asset.code_changes == "ask")):
        own.code = other_code
    elif other_code and asset.code_changes == "ask":
        own.undecided = other_code
    if present:
        for dependency in step.dependencies:
            _stand_of_input(evaluation, standing, own, columns, dependency, present)
    for _, ordinals in evaluation.observed.reserved.get(asset.key, ()):
        standing.running |= ordinals & wanted
    if columns.rejected:
        own.rejected = PartitionSet.of(
            ordinal
            for ordinal, rejection in sorted(columns.rejected.items())
            if ordinal in wanted and _is_unchanged(evaluation, step, ordinal, rejection)
        )
        own.drop(own.rejected, rejected=True)


def _is_unchanged(evaluation: Evaluation, step: graphs.Step, ordinal: int, rejection: columns_model.Rejection) -> bool:
    if rejection.code and rejection.code != step.code:
        return False
    return all(
        rejection.inputs.get(dependency.asset, 0) == evaluation.digest(step, dependency, ordinal)
        for dependency in step.dependencies
    )


def _stand_of_input(
    evaluation: Evaluation,
    standing: Standing,
    own: Own,
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
            own.added[asset] = changed
    if found:
        own.data[asset] = found


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

    Lag runs from the partition's end while it has no data, and for what has no partitions from the last success or
    reuse.
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


def _accepted(
    evaluation: Evaluation, standing: Standing, asset: keys.AssetKey, own: Own
) -> tuple[PartitionSet, PartitionSet]:
    """The partitions that somebody accepted for the causes of their own that stand, and of these the ones for all causes."""
    kept = evaluation.columns(asset).accepted
    of_own = [
        ordinal
        for ordinal in sorted(kept)
        if ordinal in standing.wanted
        and ordinal not in own.missing
        and kept[ordinal].partition(".")[0] == evaluation.own_signature(asset, ordinal)
    ]
    of_all = [ordinal for ordinal in of_own if kept[ordinal] == evaluation.signature(asset, ordinal)]
    return PartitionSet.of(of_own), PartitionSet.of(of_all)


def _common(sets: Iterable[PartitionSet]) -> PartitionSet:
    found: PartitionSet | None = None
    for each in sets:
        found = each if found is None else found & each
    return found if found is not None else EMPTY


def _union(sets: Iterable[PartitionSet]) -> PartitionSet:
    found = EMPTY
    for each in sets:
        found |= each
    return found


union = _union
