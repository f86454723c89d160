"""From a request to a plan: which partitions are wanted, which lines the plan has, what is left alone and why."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

from weft.model import chosen as choosing
from weft.model import columns as columns_model
from weft.model import errors, keys, partition_set, partitions, plan
from weft.model import graph as graphs
from weft.planner import causes, evaluation
from weft.planner import found as findings
from weft.planner import pipelines as planned
from weft.planner import standing as standings

PartitionSet = partition_set.PartitionSet
EMPTY = PartitionSet.empty()


def make(
    graph: graphs.Graph,
    observed: columns_model.Observed,
    now: datetime,
    request: plan.Request,
    *,
    known: findings.Evaluation | None = None,
) -> plan.Plan:
    """Plan what brings the selection to fresh, or exactly what is selected.

    `known` is what an evaluation of just this has found already.

    Raises:
        UsageError: the request names a partition that no selected asset has, or asks to make what nothing makes.
    """
    wanted = wanted_partitions(graph, now, request, observed)
    found = known or evaluation.evaluate(
        graph, observed, now, wanted, exact=request.exact, ask_is_stale=request.rebuild_undecided
    )
    settled = found.accepted()
    if settled and not request.exact:
        found = evaluation.evaluate(
            graph, observed, now, wanted, ask_is_stale=request.rebuild_undecided, settled=settled
        )
    steps: list[plan.PlanStep] = []
    blocked: list[plan.Held] = []
    rejected: list[plan.Held] = []
    undecided: list[plan.Held] = []
    running: list[plan.Held] = []
    fresh = 0
    explainer = causes.Explainer(found)
    due = {
        key: _only_failed(standing, wanted) if request.only_failed else standing.due
        for key, standing in found.standings.items()
    }
    for key, standing in found.standings.items():
        if not request.exact:
            fresh += len(standing.wanted - standing.due - standing.held - standing.undecided)
        steps += _lines(found, explainer, standing, due[key], alone=request.only_failed)
        for asset in standing.outputs if not request.exact else ():
            blocked += _held(graph, asset, "blocked", explainer.blocked(standing))
            rejected += _held(graph, asset, "failed", explainer.rejected(standing, asset))
            undecided += _held(graph, asset, "stale", explainer.undecided(standing))
            running += _held(graph, asset, "running", explainer.running(standing, asset))
    return plan.Plan(
        request=request,
        now=now,
        position=observed.position,
        steps=tuple(steps),
        blocked=tuple(blocked),
        rejected=tuple(rejected),
        undecided=tuple(undecided),
        running=tuple(running),
        fresh=fresh,
        estimate_seconds=sum(step.estimate_seconds for step in steps),
        preconditions={key: _precondition(found, found.standings[key], due[key]) for key in due if due[key]},
    )


def wanted_partitions(
    graph: graphs.Graph, now: datetime, request: plan.Request, observed: columns_model.Observed | None = None
) -> dict[keys.AssetKey, PartitionSet]:
    """The partitions of each selected asset that the request is about; external assets have none to make.

    With `partitions`, an asset whose definition does not know the key is left out; that all are is an error. Where they
    are named by asset (`model.chosen`), every asset has its own and the others are left out. What a pipeline desires
    depends on what of it is `observed` to have run.

    Raises:
        UsageError: see `make`.
    """
    makeable = [asset for asset in request.assets if graph.assets[asset].step is not None]
    if not makeable and request.assets:
        below = next(iter(graph.downstream(request.assets[0])), "an asset below")
        raise errors.UsageError(
            f"The selection has only external assets ({', '.join(request.assets[:5])}), which weft does not make.",
            remedy=f"What is made from them can be selected, such as {below}; `--refresh` observes them.",
        )
    if request.partitions is None:
        return {asset: existing(graph, observed, asset, now, exact=request.exact) for asset in makeable}
    by_asset = choosing.read(request.partitions, graph.assets)
    if by_asset is not None:
        return {asset: _named(graph, asset, by_asset[asset], now) for asset in makeable if asset in by_asset}
    found: dict[keys.AssetKey, PartitionSet] = {}
    failures: list[tuple[keys.AssetKey, errors.UsageError]] = []
    parsed: dict[str, PartitionSet | None] = {}
    for asset in makeable:
        definition = graph.assets[asset].partitions
        if definition is None:
            continue
        if definition.fingerprint not in parsed:
            try:
                parsed[definition.fingerprint] = partitions.parse_selection(request.partitions, definition, now)
            except errors.UsageError as error:
                failures.append((asset, error))
                parsed[definition.fingerprint] = None
        chosen = parsed[definition.fingerprint]
        if chosen is not None:
            found[asset] = chosen
    if not found:
        if failures:
            # of the last one, the furthest down: what is above it is there because it was selected
            raise failures[-1][1]
        raise errors.UsageError(
            f"None of the selected assets has partitions, but --partitions is {request.partitions!r}.",
            remedy="Leave it out, or select assets that have partitions (`weft ls` shows which).",
        )
    return found


def _named(graph: graphs.Graph, asset: keys.AssetKey, text: str, now: datetime) -> PartitionSet:
    definition = graph.assets[asset].partitions
    if definition is None and not text:
        return standings.ONE
    return partitions.parse_selection(text, definition, now)


def existing(
    graph: graphs.Graph, observed: columns_model.Observed | None, asset: keys.AssetKey, now: datetime, *, exact: bool
) -> PartitionSet:
    """What there should be of an asset at `now`; of a pipeline without intervals one run, where that is asked for."""
    definition = graph.assets[asset].partitions
    if not planned.is_pipeline(graph, asset):
        return findings.universe(definition, now)
    if exact and definition is None:
        return standings.ONE
    known = observed.columns if observed is not None else {}

    def has_data(above: keys.AssetKey) -> bool:
        return above in known and bool(known[above].materialized())

    activated = None if observed is None else observed.activated.get(asset)
    return planned.desired(graph.pipelines[asset], known.get(asset), now, has_data, activated=activated)


def _only_failed(standing: standings.Standing, wanted: Mapping[keys.AssetKey, PartitionSet]) -> PartitionSet:
    """What failed of that which was asked for itself; what a check rejected, of unchanged code and inputs, is left."""
    asked = standings.union(wanted.get(asset, EMPTY) for asset in standing.outputs)
    rejected = standings.union(own.rejected for own in standing.own.values())
    return (standing.failed & standing.due & asked) - rejected


def _lines(
    found: findings.Evaluation,
    explainer: causes.Explainer,
    standing: standings.Standing,
    due: PartitionSet,
    *,
    alone: bool,
) -> Iterable[plan.PlanStep]:
    if not due:
        return
    step = standing.step
    seconds = found.observed.seconds.get(step.key, 0.0)
    for group in explainer.groups(standing, due, alone=alone):
        yield plan.PlanStep(
            step=step.key,
            outputs=standing.outputs,
            ordinals=group.ordinals,
            fingerprint=step.partitions.fingerprint if step.partitions is not None else "",
            partitioned=step.partitions is not None,
            status=group.status,
            run_if=group.run_if,
            baseline=group.baseline,
            causes=group.causes,
            estimate_seconds=seconds * len(group.ordinals),
            code=step.code,
        )


def _held(
    graph: graphs.Graph,
    asset: keys.AssetKey,
    status: plan.Status,
    found: tuple[PartitionSet, tuple[plan.Cause, ...]],
) -> Iterable[plan.Held]:
    ordinals, why = found
    if ordinals:
        partitioned = graph.assets[asset].partitions is not None
        yield plan.Held(asset=asset, ordinals=ordinals, partitioned=partitioned, status=status, causes=why)


def _precondition(found: findings.Evaluation, standing: standings.Standing, due: PartitionSet) -> str:
    """A digest over what a line of the plan relies on.

    Code, partitions, input versions, and the versions it replaces.
    """
    step = standing.step
    parts: list[str] = [step.code, repr(step.policies), repr(due.encode()), ",".join(standing.outputs)]
    for asset in standing.outputs:
        columns = found.columns(asset)
        parts.append(str(columns_model.digest_of_versions(columns, due)))
    for dependency in step.dependencies:
        columns = found.columns(dependency.asset)
        read = found.reads(step, dependency, due)
        parts.append(f"{dependency.slot}:{columns_model.digest_of(columns, read)}:{read.encode()!r}")
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=12).hexdigest()


def status(
    graph: graphs.Graph, observed: columns_model.Observed, now: datetime, assets: Iterable[keys.AssetKey]
) -> Mapping[keys.AssetKey, plan.AssetStatus]:
    """Where each of these assets stands, with everything above it taken into account."""
    chosen = list(assets)
    wanted = {
        asset: existing(graph, observed, asset, now, exact=False)
        for asset in chosen
        if graph.assets[asset].step is not None
    }
    found = evaluation.evaluate(graph, observed, now, wanted)
    explainer = causes.Explainer(found)
    return {asset: explainer.status(asset) for asset in chosen}
