"""Writing decisions down: many in a transaction, each only where its schedule stands where it was made from."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from weft.model import control_events, errors, events
from weft.model.partitions import windows
from weft.planner import catching_up
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.service import world as worlds
from weft.service.execution import executions
from weft.service.pipeline import pipelines
from weft.service.plan import applying, planning
from weft.service.queue import queueing
from weft.service.scheduling import entries

BATCH = 500
_MOST_PLANS = 5
BY = "scheduler"
Event = events.Event


@dataclass(slots=True, kw_only=True)
class Due:
    """What is decided of one schedule now; `prepared` is the plan of a job, made before the transaction."""

    entry: entries.Entry
    decided: catching_up.Decided
    prepared: executions.Prepared | str = ""


def prepare(world: worlds.World, declared: entries.Declared, trigger: events.Trigger) -> executions.Prepared | str:
    """The plan of a job at this moment, or what is wrong with it.

    Raises:
        LedgerError: the store fails.
    """
    words = f"job:{declared.name}"
    wanted = executions.Wanted(
        ask=planning.Ask(selection=words),
        kind="automation",
        by=BY,
        request=words,
        automation=declared.id,
        trigger=trigger,
    )
    try:
        return executions.prepare(world, wanted)
    except errors.LedgerError:
        raise
    except Exception as error:
        return words_of(error)


def words_of(error: Exception) -> str:
    """What went wrong, as a decision tells it."""
    return str(error) if isinstance(error, errors.WeftError) else f"{type(error).__name__}: {error}"


def record_job(world: worlds.World, due: Due) -> bool:
    """Write down what is decided of a job of assets; False where it came too late.

    Raises:
        LedgerError: the store fails; nothing was decided.
    """
    for attempt in range(_MOST_PLANS):
        if any(each.decision == "started" for each in due.decided.decisions):
            due.prepared = prepare(world, due.entry.declared, "schedule")
        try:
            written, _ = record(world, [due])
            return bool(written)
        except applying.PlanMovedError as error:
            if attempt == _MOST_PLANS - 1:
                due.prepared = words_of(error)
    written, _ = record(world, [due])
    return bool(written)


def record(world: worlds.World, due: Sequence[Due]) -> tuple[list[Due], list[Due]]:
    """Write decisions down, and create what they start; returns those that were written, and those that came too late.

    Raises:
        LedgerError: the store fails; nothing of the batch that failed was decided.
    """
    written: list[Due] = []
    late: list[Due] = []
    for start in range(0, len(due), BATCH):
        batch = due[start : start + BATCH]
        done: list[Due] = []
        with world.ledger.transaction() as transaction:
            rows = transaction.automation_rows([each.entry.declared.id for each in batch])
            made: list[Event] = []
            for each in batch:
                row = rows.get(each.entry.declared.id)
                if row is None or row.paused or (row.last_tick, row.last_due) != each.entry.expected:
                    late.append(each)
                    continue
                made += _events(world, transaction, each)
                done.append(each)
            if made:
                transaction.append(made)
        written += done
    return written, late


def _events(world: worlds.World, transaction: ledgers.Transaction, due: Due) -> list[Event]:
    made: list[Event] = []
    declared = due.entry.declared
    names = [each.tick.id for each in due.decided.decisions]
    taken = transaction.decided_ticks(declared.id, names)
    started = [each.tick.id for each in due.decided.decisions if each.decision == "started"]
    for decision in due.decided.decisions:
        tick = decision.tick
        if tick.id in taken:
            continue
        if decision.decision != "started":
            made.append(told(declared, tick.id, tick.due, decision.decision, decision.reason, count=decision.count))
        elif declared.kind == "job" and tick.id != started[-1]:
            made.append(told(declared, tick.id, tick.due, "skipped", f"the tick {started[-1]} makes the same"))
        elif declared.kind == "job":
            made += execution_of(world, transaction, declared, due.prepared, tick.id, tick.due, decision.reason)
        else:
            made += runs_of(world, transaction, declared, tick.id, tick.due, tick.keys, decision.reason)
    return made


def runs_of(
    world: worlds.World,
    transaction: ledgers.Transaction,
    declared: entries.Declared,
    tick: str,
    due: datetime,
    keys: Sequence[str | None],
    reason: str,
    trigger: events.Trigger = "schedule",
) -> list[Event]:
    """The runs of a tick, with the decision; one that can't be created makes the decision a failed one."""
    made: list[Event] = []
    runs: list[str] = []
    notes, wrong = [reason] if reason else [], list[str]()
    for key in keys:
        ran = _has_run(world, declared, key) if trigger == "schedule" else None
        if ran is not None:
            notes.append(ran)
            continue
        wanted = pipelines.Wanted(pipeline=declared.name, partition=key, trigger=trigger, automation=declared.id, by=BY)
        try:
            event = queueing.created(world, transaction, wanted)
        except (errors.LedgerError, sqlite3.Error):
            raise
        except Exception as error:
            wrong.append(words_of(error))
            continue
        made.append(event)
        runs.append(event.run)
    outcome = "failed" if wrong else "started" if runs else "skipped"
    text = "; ".join(dict.fromkeys([*notes, *wrong]))
    return [*made, told(declared, tick, due, outcome, text, runs=tuple(runs))]


def execution_of(
    world: worlds.World,
    transaction: ledgers.Transaction,
    declared: entries.Declared,
    plan: executions.Prepared | str,
    tick: str,
    due: datetime,
    reason: str,
) -> list[Event]:
    """The execution of a job's tick, with the decision.

    Raises:
        PlanMovedError: what the plan relies on changed meanwhile; it is to be made anew.
    """
    if isinstance(plan, str):
        return [told(declared, tick, due, "failed", plan)]
    if not plan.total:
        return [told(declared, tick, due, "skipped", "nothing to do: all that the job selects is fresh")]
    try:
        made = executions.created(world, transaction, plan)
    except errors.ReservationError as error:
        return [told(declared, tick, due, "skipped", str(error))]
    return [*made.events, told(declared, tick, due, "started", reason, executions=(made.execution,))]


def _has_run(world: worlds.World, declared: entries.Declared, key: str | None) -> str | None:
    """That an interval has run already, or runs now, by whomever; None where it is still to run."""
    divided = world.graph.pipelines[declared.name].partitions
    if key is None or not isinstance(divided, windows.TimePartitions):
        return None
    rows = world.ledger.runs(pipeline=declared.name, partition=key, limit=1)
    if not rows or (rows[0].phase == "finished" and rows[0].outcome not in ("succeeded", "reused")):
        return None
    return f"{key} has run already" if rows[0].phase == "finished" else f"{key} runs already (run {rows[0].id[:8]})"


def told(
    declared: entries.Declared,
    tick: str,
    due: datetime,
    decision: str,
    reason: str,
    *,
    runs: tuple[str, ...] = (),
    executions: tuple[str, ...] = (),
    count: int = 1,
) -> control_events.TickDecided:
    """The event of a decision."""
    return control_events.TickDecided(
        automation=declared.id,
        tick=tick,
        due=clocks.microseconds(due),
        decision=decision,  # type: ignore[arg-type]  # one of its words
        reason=reason,
        runs=runs,
        executions=executions,
        count=count,
    )
