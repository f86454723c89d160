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

from collections.abc import Mapping
from datetime import datetime

from weft.model import column_search, keys
from weft.model import columns as columns_model
from weft.model import graph as graphs
from weft.planner import found as findings
from weft.planner import freshness
from weft.planner import scope as scopes
from weft.planner import standing as standings

PartitionSet = standings.PartitionSet
Evaluation = findings.Evaluation
Own = standings.Own
Standing = standings.Standing
EMPTY = standings.EMPTY


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
    scope = scopes.find(evaluation, wanted, settled or {}, exact=exact)
    seeds = {} if exact else freshness.seeds(evaluation, scope, settled or {})
    for step_key in sorted(scope, key=graph.rank.__getitem__):
        standing = _begun(evaluation, step_key, scope, seeds)
        evaluation.standings[step_key] = standing
        _stand(evaluation, standing, exact=exact, ask_is_stale=ask_is_stale, settled=settled)
    return evaluation


def again(evaluation: Evaluation, step_key: keys.StepKey, scope: scopes.Scope, seeds: freshness.Seeds) -> Standing:
    """Where a step of the scope stands now, as the standings of those above it are; noted in place of the last one."""
    standing = _begun(evaluation, step_key, scope, seeds)
    evaluation.standings[step_key] = standing
    _stand(evaluation, standing, exact=False, ask_is_stale=False, settled=None)
    return standing


def _begun(evaluation: Evaluation, step_key: keys.StepKey, scope: scopes.Scope, seeds: freshness.Seeds) -> Standing:
    outputs, ordinals = scope[step_key]
    step = evaluation.graph.steps[step_key]
    made = tuple(each for each in step.outputs if each in outputs) if step.subsettable else step.outputs
    standing = Standing(step=step, outputs=made, wanted=ordinals, own={asset: Own() for asset in made})
    for subject, late in seeds.get(step_key, {}).items():
        standing.overdue_for[subject] = late
        standing.overdue |= late
    return standing


def alone(
    evaluation: Evaluation, step: graphs.Step, outputs: tuple[keys.AssetKey, ...], wanted: PartitionSet
) -> Standing:
    """Where a step stands by itself, as if nothing above it were to be made again; kept nowhere."""
    standing = Standing(step=step, outputs=outputs, wanted=wanted, own={asset: Own() for asset in outputs})
    _stand(evaluation, standing, exact=False, ask_is_stale=False, settled=None)
    return standing


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
    rejected = standings.union(own.rejected for own in standing.own.values())
    for asset, own in standing.own.items():
        own_accepted, accepted = _accepted(evaluation, standing, asset, own)
        own.drop(own_accepted)
        # what failed only because a sibling was rejected speaks no more against it than the rejection does
        own.accepted = accepted - (own.failed - rejected) if settled is None else settled.get(asset, EMPTY) & wanted
    if settled is None:
        fine = standings.common(own.accepted for own in standing.own.values())
        for above in standing.upstream:
            standing.upstream[above] -= fine
        standing.overdue, late_above, firm_above = standing.overdue - fine, late_above - fine, firm_above - fine
    inputs = standings.union(standing.upstream.values())
    # what may come to be made of other inputs waits for them, and is then compared with those that were rejected
    standing.rejected = rejected - inputs
    if exact:
        standing.forced = standing.due = wanted
        return
    data = standings.union(standing.by_input("data").values())
    certain = standing.missing | standing.failed | standing.code | standings.union(standing.by_input("added").values())
    certain -= rejected
    standing.due = (certain | data | standing.overdue | inputs) - standing.held
    is_source = not any(graph.assets[each.asset].step is not None for each in standing.step.dependencies)
    late = (standing.due & (late_above | standing.overdue)) - certain - data - firm_above
    certain |= standing.overdue if is_source else EMPTY
    # what differs now, and of which nothing above runs, will differ
    standing.conditional = standing.due - certain - (data - inputs)
    standing.late = late
    standing.undecided = standings.union(own.undecided for own in standing.own.values()) - standing.due - standing.held


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
            standing.upstream[dependency.slot] = late | firm
            late_above, firm_above = late_above | late, firm_above | firm
        held = evaluation.read_by(step, dependency, above.held) & wanted if above.held else EMPTY
        if held:
            standing.blocked_by[dependency.slot] = held
            standing.blocked |= held
    return late_above, firm_above


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
        rejection.inputs.get(dependency.slot, 0) == evaluation.digest(step, dependency, ordinal)
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
    step, slot = standing.step, dependency.slot
    recorded = columns.inputs.get(slot)
    if findings.is_identity(evaluation.graph, step, dependency):
        size = columns.size * 8
        before = recorded.tobytes() if recorded is not None else bytes(size)
        today = evaluation.columns(dependency.asset).tokens[: columns.size].tobytes().ljust(size, b"\0")
        found = PartitionSet.of(column_search.differing(before, today, 8)) & present
    else:
        found = PartitionSet.of(
            each for each in present if columns.input_of(each, slot) != evaluation.digest(step, dependency, each)
        )
    if not found:
        return
    unread = [each for each in found if not columns.input_of(each, slot)]
    if unread:
        nothing_read = PartitionSet.of(unread)
        found -= nothing_read
        above = evaluation.graph.assets[dependency.asset]
        if above.step is None and above.made_by is None:
            # it was read before anybody looked at its version
            found |= nothing_read - _seen_first(evaluation, standing, dependency, nothing_read)
        else:
            # what was reported by hand, without code, says nothing of what it was made from
            added = PartitionSet.of(each for each in unread if columns.codes[each])
            if added:
                own.added[slot] = added
    if found:
        own.data[slot] = found


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


def _accepted(
    evaluation: Evaluation, standing: Standing, asset: keys.AssetKey, own: Own
) -> tuple[PartitionSet, PartitionSet]:
    """The partitions accepted for the causes of their own that stand, and of these the ones for all causes."""
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
