"""What people do to an execution that lives: pause it, let it go on, cancel it, give it another place or bound."""

from __future__ import annotations

from weft.model import control_events, errors, events, partition_set
from weft.ports import executing
from weft.service import world as worlds
from weft.service.execution import documents as kept
from weft.service.execution import turns, views
from weft.service.queue import queue_limits

PartitionSet = partition_set.PartitionSet
_SAME = -1
"""For a bound that is left as it is."""


def pause(world: worlds.World, execution: str, *, by: str = "") -> views.ExecutionView:
    """Let nothing more of an execution begin. A run of assets under way ends after the steps that are under way.

    Raises:
        NotFoundError: there is no such execution.
        ConflictError: it has ended, or is to end.
    """
    row = _live(world, execution)
    if row.phase == "suspended":
        return views.get(world, row.id)
    if row.phase != "running":
        raise errors.ConflictError(f"The execution {row.id} is being cancelled.", remedy="There is nothing to pause.")
    _append(world, row, control_events.ExecutionPaused(execution=row.id, by=by or world.user))
    return _turned(world, row)


def resume(world: worlds.World, execution: str, *, by: str = "", retry_failed: bool = False) -> views.ExecutionView:
    """Let an execution go on; with `retry_failed`, what failed in it is tried once more.

    Raises:
        NotFoundError: there is no such execution.
        ConflictError: it has ended, or is to end.
    """
    row = _live(world, execution)
    if row.phase not in ("suspended", "running"):
        raise errors.ConflictError(f"The execution {row.id} is being cancelled.", remedy="Ask for a new one.")
    if row.phase == "running" and not retry_failed:
        return views.get(world, row.id)
    with world.ledger.transaction() as transaction:
        current = _live(world, row.id)
        if retry_failed:
            before = world.ledger.execution_states([row.id]).get(row.id)
            state = kept.state_of(before)
            _retry(world, kept.document_of(world, row), row, state)
            transaction.set_execution_state(row.id, kept.encode(state), after=before.turn if before is not None else 0)
        if current.phase == "suspended":
            transaction.append([control_events.ExecutionResumed(execution=row.id, by=by or world.user)])
    return _turned(world, row)


def cancel(world: worlds.World, execution: str, *, by: str = "", reason: str = "") -> views.ExecutionView:
    """End an execution: what waits at once, what is under way after the steps that are under way.

    Raises:
        NotFoundError: there is no such execution.
        ConflictError: it has ended.
    """
    row = _live(world, execution)
    if row.phase != "cancelling":
        event = control_events.ExecutionCancelRequested(execution=row.id, by=by or world.user, reason=reason)
        _append(world, row, event)
    return _turned(world, row)


def change(
    world: worlds.World,
    execution: str,
    *,
    priority: int | None = None,
    concurrency: int | None = _SAME,
    by: str = "",
) -> views.ExecutionView:
    """Give an execution another place in the queue, its runs that wait too, or another bound on its runs.

    `concurrency` None takes the bound away.

    Raises:
        NotFoundError: there is no such execution.
        ConflictError: it has ended.
        UsageError: the bound is less than 1, or the priority is none.
    """
    if priority is not None:
        queue_limits.check_priority(priority)
    if concurrency is not None and concurrency != _SAME and concurrency < 1:
        raise errors.UsageError(f"concurrency is {concurrency}; it is 1 or more.", remedy="Leave it out for no bound.")
    row = _live(world, execution)
    wanted = row.priority if priority is None else priority
    bound = row.concurrency if concurrency == _SAME else concurrency
    who = by or world.user
    with world.ledger.transaction() as transaction:
        batch: list[events.Event] = [
            control_events.ExecutionChanged(execution=row.id, priority=wanted, concurrency=bound, by=who)
        ]
        if wanted != row.priority:
            waiting = world.ledger.open_runs([row.id]).get(row.id, [])
            batch += [
                control_events.RunPriorityChanged(run=each.id, priority=wanted, by=who)
                for each in waiting
                if each.phase == "created"
            ]
        transaction.append(batch)
    return _turned(world, row)


def _live(world: worlds.World, execution: str) -> executing.ExecutionRow:
    row = views.row_of(world, execution)
    if row.phase == "finished":
        raise errors.ConflictError(
            f"The execution {row.id} has ended ({row.outcome}).",
            remedy="An execution never reopens; ask for a new one.",
        )
    return row


def _append(world: worlds.World, row: executing.ExecutionRow, event: events.Event) -> None:
    with world.ledger.transaction() as transaction:
        if _live(world, row.id).phase != row.phase:
            raise errors.ConflictError(f"The execution {row.id} has just changed.", remedy="Look at it, and ask again.")
        transaction.append([event])


def _turned(world: worlds.World, row: executing.ExecutionRow) -> views.ExecutionView:
    """Act on it at once, where no scheduler does; and how it stands then."""
    turns.turn(world, row.id, world.clock.now())
    return views.get(world, row.id)


def _retry(world: worlds.World, document: kept.Document, row: executing.ExecutionRow, state: kept.State) -> None:
    """Take what failed up again: intervals join the queue, of assets what was tried in vain is given back."""
    again: dict[str, list[str]] = {}
    repeated = set()
    for run in world.ledger.runs_of_execution(row.id):
        repeated.add(run.rerun_of)
        if run.pipeline is not None and run.outcome in kept.FAILURES and run.id not in repeated:
            again.setdefault(run.pipeline, []).append(run.partition or "")
    for name, partitions in again.items():
        pipeline = world.graph.pipelines.get(name)
        if pipeline is None:
            continue
        definition = pipeline.partitions
        places = [0] if definition is None else definition.ordinals(partitions)
        ordinals = PartitionSet.of(sorted(each for each in places if each is not None))
        for queued in state.queue:
            if queued.pipeline == name:  # asked for twice in a row
                ordinals -= PartitionSet.decode(queued.ordinals)
        if not ordinals:
            continue
        own = kept.Intervals(
            pipeline=name,
            fingerprint=definition.fingerprint if definition is not None else "",
            ordinals=ordinals.encode(),
            again=ordinals.encode(),
            anew=document.intervals is not None and document.intervals.anew,
            params=document.intervals.params if document.intervals is not None else None,
            position=world.ledger.position(),
        )
        state.queue.append(own)
        state.busy = list(dict.fromkeys([*state.busy, name]))
    for step in [each for each in state.tried if each in world.planned.steps and each not in world.graph.pipelines]:
        outputs = world.planned.steps[step].outputs
        known = world.ledger.columns({each: world.planned.assets[each].partitions for each in outputs})
        made = PartitionSet.of(sorted(known[outputs[0]].failed)) if outputs else kept.EMPTY
        under_way = kept.EMPTY
        for flight in state.flights.values():
            under_way |= PartitionSet.decode(flight.lines.get(step, []))
        # what was held back left no trace in the columns, so all but what succeeded is given back where nothing did
        state.give_back(step, (made | _never_made(world, document, state, step)) - under_way)
    state.failed = state.held = 0
    state.failures = []
    state.look = True


def _never_made(world: worlds.World, document: kept.Document, state: kept.State, step: str) -> PartitionSet:
    """What of a step was tried and has no version since the execution was agreed to."""
    if document.plan is None:
        return kept.EMPTY
    found = state.tried_of(step)
    for asset in world.planned.steps[step].outputs:
        known = world.ledger.columns({asset: world.planned.assets[asset].partitions})[asset]
        since = [each for each in found if each < known.size and known.versions[each] > document.plan.position]
        found -= PartitionSet.of(since)
    return found
