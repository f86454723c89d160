"""Executions: a plan, or a backfill, that the scheduler carries out in as many runs as it takes.

Theory of operation. `prepare` plans and reads, outside of any transaction; `created` writes, in one: that the plan
still holds is looked at in it, and with the execution come its first runs and the reservations of what these make. From
then on each turn of a scheduler (`advance`) looks at what has ended and makes the next runs, in one transaction that is
numbered, so that however many schedulers there are each run is made once. Nothing is kept in memory: whoever comes
after a crash goes on. What was agreed to is tried once, and nothing else ever runs.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from weft.model import control_events, errors, events, keys, partition_set, partitions, plan
from weft.ports import ledger as ledgers
from weft.service import documents
from weft.service import world as worlds
from weft.service.execution import documents as kept
from weft.service.execution import rounds, runs
from weft.service.execution.control import cancel as cancel
from weft.service.execution.control import change as change
from weft.service.execution.control import pause as pause
from weft.service.execution.control import resume as resume
from weft.service.execution.turns import advance as advance
from weft.service.execution.turns import turn as turn
from weft.service.execution.views import ExecutionView as ExecutionView
from weft.service.execution.views import get as get
from weft.service.execution.views import ls as ls
from weft.service.execution.views import runs_of as runs_of
from weft.service.pipeline import intervals
from weft.service.pipeline import pipelines as pipeline_runs
from weft.service.plan import applying, planning, saved_plans, saving, still_holding
from weft.service.queue import claiming, queue_limits

PartitionSet = partition_set.PartitionSet
Reprocess = Literal["missing", "failed", "all"]
REPROCESS: tuple[Reprocess, ...] = ("missing", "failed", "all")
_MOST_PLANS = 10
_MOST_TOLD = 50
"""So many lines that do not hold are told with an execution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Intervals of a pipeline: a range, list or key of them, and which of them.

    `reprocess`: "missing" runs what never succeeded nor failed, "failed" also what failed (its failed steps, and what
    is below), "all" everything anew.
    """

    pipeline: str
    chosen: str
    reprocess: Reprocess = "missing"
    newest_first: bool = False
    params: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An execution that is asked for: of a request, of intervals of a pipeline, or of a saved plan.

    With `what_holds` a saved plan that has drifted is not refused, but cut down to what of it still holds. `only` cuts
    the plan of `ask` down to these partitions of assets. `concurrency` bounds its unfinished runs. With
    `slices` a run makes so many partitions at most. `request` is how it is shown.
    """

    ask: planning.Ask | None = None
    only: Mapping[keys.AssetKey, PartitionSet] | None = None
    intervals: Intervals | None = None
    saved: str = ""
    what_holds: bool = False
    kind: Literal["apply", "backfill", "automation"] = "apply"
    by: str = ""
    request: str = ""
    priority: int = 0
    concurrency: int | None = None
    pool: str = "default"
    automation: str = ""
    trigger: events.Trigger = "manual"
    slices: int | None = None
    keep_going: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What is to be made: `total` step runs and intervals; 0 where there is nothing to do."""

    wanted: Wanted
    document: kept.Document
    made: plan.Plan | None
    total: int
    saved: str = ""
    left_out: tuple[str, ...] = ()
    """What of a saved plan does not hold any more, and why; in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """An execution that comes to be with these events, which the caller appends in the same transaction."""

    execution: str
    events: list[events.Event]


def create(world: worlds.World, wanted: Wanted) -> ExecutionView:
    """Create an execution with its first runs; one with nothing to do has finished at once.

    Raises:
        UsageError: what is asked for is wrong; all that is wrong at once.
        ConflictError: another execution is applying the saved plan.
        DriftError: the saved plan no longer holds, or nothing of it does; nothing was created.
    """
    for _ in range(_MOST_PLANS):
        prepared = prepare(world, wanted)
        try:
            with world.ledger.transaction() as transaction:
                found = created(world, transaction, prepared)
                transaction.append(found.events)
        except applying.PlanMovedError:
            continue
        return get(world, found.execution)
    raise applying.PlanMovedError(
        f"The plan moved {_MOST_PLANS} times before it could begin: other runs keep changing what it reads.",
        remedy="Wait for them (`weft runs`), or select less.",
    )


def prepare(world: worlds.World, wanted: Wanted) -> Prepared:
    """Find out what an execution would run. Writes nothing.

    Raises:
        UsageError: what is asked for is wrong; all that is wrong at once.
        ConflictError: another execution is applying the saved plan.
        DriftError: the saved plan no longer holds, or nothing of it does.
    """
    _check(world, wanted)
    if wanted.intervals is not None:
        return _of_intervals(world, wanted, wanted.intervals)
    saved = ""
    left_out: tuple[str, ...] = ()
    if wanted.saved:
        row = saved_plans.row_of(world, wanted.saved)
        saved_plans.check_free(world, row)
        document, saved = saved_plans.document_of(world, row), row.id
        if wanted.what_holds:
            holding = still_holding.checked(world, document)
            made, left_out = holding.made, tuple(each.told for each in holding.left_out)
        else:
            made = saving.replan(world, document)
        words = row.request
    else:
        ask = wanted.ask or planning.Ask()
        made = planning.make_plan(world, replace(ask, keep_going=_keep_going(ask, wanted)))
        words = saved_plans.words_of(ask)
    if wanted.only is not None:
        made = _cut(made, wanted.only)
    document_kept = kept.Document(
        lines=kept.agreed(made.steps),
        plan=documents.document_of(replace(made, steps=())),
        same_code=wanted.kind == "apply",
        keep_going=made.request.keep_going if wanted.keep_going is None else wanted.keep_going,
        slices=wanted.slices,
        trigger=_trigger(wanted),
        estimate_seconds=sum(line.estimate_seconds for line in made.steps),
        words=wanted.request or words,
    )
    return Prepared(wanted=wanted, document=document_kept, made=made, total=made.count, saved=saved, left_out=left_out)


def created(world: worlds.World, transaction: ledgers.Transaction, prepared: Prepared) -> Created:
    """Create an execution within a transaction. Documents, reservations and the state are written, events returned.

    Raises:
        PlanMovedError: something that the plan names changed since it was prepared; the transaction is to be undone.
        ConflictError: another execution is applying the saved plan; so as well.
    """
    wanted, document, made = prepared.wanted, prepared.document, prepared.made
    if prepared.saved:  # looked at again within the transaction, so that of two that race one is refused
        saved_plans.check_free(world, saved_plans.row_of(world, prepared.saved))
    execution = secrets.token_hex(6)
    digest, body = documents.pack(msgspec.json.encode(document))
    if made is not None:
        moved = runs.moved(world, transaction, made.steps, made.position, made.now)
        if moved:
            raise applying.PlanMovedError(
                f"{', '.join(moved[:5])} changed since the plan was made.", remedy="Plan again."
            )
    transaction.put_document(digest, "execution", body)
    by = wanted.by or world.user
    event = control_events.ExecutionCreated(
        execution=execution,
        kind=wanted.kind,
        document=digest,
        request=document.words,
        total=prepared.total,
        by=by,
        priority=wanted.priority,
        concurrency=wanted.concurrency,
        pool=wanted.pool,
        plan=prepared.saved,
        automation=wanted.automation,
        options=_options(prepared),
    )
    if not prepared.total:
        ended = control_events.ExecutionFinished(execution=execution, outcome="succeeded", reason="nothing to do")
        return Created(execution=execution, events=[event, ended])
    facts = runs.Facts(
        execution=execution, by=by, priority=wanted.priority, pool=wanted.pool, automation=wanted.automation,
        trigger=document.trigger, words=document.words,
    )  # fmt: skip
    own = document.intervals
    state = kept.State(queue=[own], busy=[own.pipeline], look=False) if own is not None else kept.State()
    found: list[events.Event] = [event]
    if made is not None:
        found += runs.recorded(world, transaction, made.steps)
        first = rounds.next_round(world, document, state, made)
        found += runs.begun(world, transaction, facts, state, made, first, concurrency=wanted.concurrency, under_way=0)
    else:
        room = runs.limit_of(world, wanted.concurrency, state)
        found += runs.of_intervals(world, transaction, facts, state, room)
    transaction.set_execution_state(execution, kept.encode(state), after=0)
    return Created(execution=execution, events=found)


def _check(world: worlds.World, wanted: Wanted) -> None:
    problems = []
    for name in ("concurrency", "slices"):
        value = getattr(wanted, name)
        if value is not None and value < 1:
            problems.append(f"{name} is {value}; it is 1 or more.")
    if wanted.intervals is not None and wanted.intervals.reprocess not in REPROCESS:
        problems.append(f"reprocess is {wanted.intervals.reprocess!r}; it is one of {', '.join(REPROCESS)}.")
    given = [name for name in ("ask", "intervals", "saved") if getattr(wanted, name)]
    if len(given) > 1:
        problems.append(f"{' and '.join(given)} are given; an execution is of one of them.")
    if wanted.what_holds and not wanted.saved:
        problems.append("what_holds is given, but no saved plan of which something could hold.")
    if problems:
        raise errors.UsageError(" ".join(problems), remedy="Correct this; nothing was created.")
    queue_limits.check_priority(wanted.priority)
    if wanted.pool:
        claiming.pool_named(world.ledger, wanted.pool)


def _trigger(wanted: Wanted) -> events.Trigger:
    return "backfill" if wanted.kind == "backfill" else wanted.trigger


def _keep_going(ask: planning.Ask, wanted: Wanted) -> bool | None:
    return ask.keep_going if wanted.keep_going is None else wanted.keep_going


def _cut(made: plan.Plan, only: Mapping[keys.AssetKey, PartitionSet]) -> plan.Plan:
    """A plan with no more than these partitions of assets."""
    lines = []
    for line in made.steps:
        chosen = kept.EMPTY
        for asset in line.outputs:
            chosen |= only.get(asset, kept.EMPTY)
        if line.ordinals & chosen:
            each = line.estimate_seconds / line.count
            ordinals = line.ordinals & chosen
            lines.append(replace(line, ordinals=ordinals, estimate_seconds=each * len(ordinals)))
    return replace(made, steps=tuple(lines))


def _options(prepared: Prepared) -> msgspec.Raw:
    wanted = prepared.wanted
    found: dict[str, object] = {"keep_going": prepared.document.keep_going}
    if prepared.left_out:
        found["not_holding"] = [*prepared.left_out[:_MOST_TOLD]]
    if wanted.slices is not None:
        found["slices"] = wanted.slices
    if wanted.intervals is not None:
        found["reprocess"] = wanted.intervals.reprocess
        found |= {"newest_first": True} if wanted.intervals.newest_first else {}
        found |= {"params": dict(wanted.intervals.params)} if wanted.intervals.params else {}
    return msgspec.Raw(msgspec.json.encode(found))


# --- intervals of a pipeline ---


def _of_intervals(world: worlds.World, wanted: Wanted, asked: Intervals) -> Prepared:
    """A backfill of a pipeline; of an asset, its partitions in the range as a plan."""
    graph = world.graph
    if asked.pipeline not in graph.pipelines and asked.pipeline in graph.assets:
        if asked.params:
            raise errors.UsageError(
                f"params are given, but {asked.pipeline} is an asset, which has none.", remedy="Leave them out."
            )
        ask = planning.Ask(
            selection=asked.pipeline,
            partitions=asked.chosen,
            exact=asked.reprocess == "all",
        )
        words = wanted.request or f"{asked.pipeline} {asked.chosen}"
        return prepare(world, replace(wanted, intervals=None, ask=ask, request=words))
    pipeline = pipeline_runs.find(world, asked.pipeline)
    definition = pipeline.partitions
    if definition is None:
        raise errors.UsageError(
            f"{pipeline.name} has no intervals, so there is no range of them to run.",
            remedy=f"Run it as it is (`weft run {pipeline.name}`), or give it a schedule with a start_date.",
        )
    chosen = partitions.parse_selection(asked.chosen, definition, world.clock.now())
    if asked.params and pipeline.kind != "flow":  # what is wrong with them is told now, and not by each run
        first = definition.key(chosen.first)
        pipeline_runs.resolved(
            world, pipeline_runs.Wanted(pipeline=pipeline.name, partition=first, params=asked.params)
        )
    position = world.ledger.position()
    known = intervals.columns(world, pipeline)
    failed = PartitionSet.of(sorted(known.failed)) & chosen
    good = known.materialized() - failed
    todo = {"missing": chosen - good - failed, "failed": chosen - good, "all": chosen}[asked.reprocess]
    again = failed & todo if asked.reprocess == "failed" else kept.EMPTY
    params = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in (asked.params or {}).items()}
    own = kept.Intervals(
        pipeline=pipeline.name,
        fingerprint=definition.fingerprint,
        ordinals=todo.encode(),
        again=again.encode(),
        newest_first=asked.newest_first,
        anew=asked.reprocess == "all",
        params=params or None,
        position=position,
    )
    seconds = world.ledger.step_seconds()
    estimate = sum(seconds.get(step, 0.0) for step in pipeline.steps) * len(todo)
    document = kept.Document(
        intervals=own,
        keep_going=wanted.keep_going is not False,
        trigger=_trigger(wanted),
        estimate_seconds=estimate,
        words=wanted.request or f"{pipeline.name} {asked.chosen}",
    )
    return Prepared(wanted=wanted, document=document, made=None, total=len(todo))
