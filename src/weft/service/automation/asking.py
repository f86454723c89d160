"""What automations ask for: runs of a pipeline or plans of assets, each decided once with all that it starts.

A wish is *prepared* first (reads only: a plan may take its time) and *decided* within the transaction of whoever asks:
its tick, its run or execution, and what the automation keeps are written together or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from weft.model import automations, control_events, errors, event_base, events
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.service import world as worlds
from weft.service.pipeline import pipelines
from weft.service.plan import applying, planning

if TYPE_CHECKING:
    from weft.service.execution import executions

Result = TypeVar("Result")

NOTHING_TO_DO = "nothing to do: all that it selects is fresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Something that an automation asks for. `key` is by which the same is known again, "" for never."""

    automation: str
    target: automations.Target
    trigger: events.Trigger
    key: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    partition: str | None = None
    words: tuple[str, ...] = ()
    priority: int | None = None
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A wish with the plan that it comes to (of assets), or what is wrong with it."""

    wish: Wish
    plan: executions.Prepared | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What becomes of several wishes: events to append, and the outcome that says most; None where all were known.

    `repeated` counts those whose key was decided before. What has no key and comes to nothing is no event: with no
    other outcome, `reason` says why.
    """

    events: tuple[event_base.Event, ...] = ()
    outcome: Literal["started", "skipped", "failed"] | None = None
    reason: str = ""
    runs: tuple[str, ...] = ()
    executions: tuple[str, ...] = ()
    repeated: int = 0
    ticks: tuple[str, ...] = ()


def moment_tick(moment: int, number: int = 0) -> str:
    """The tick of what has no key: the moment (microseconds), and its number in that moment."""
    text = clocks.moment(moment).isoformat()
    return f"{text}#{number}" if number else text


MOST_PLANS = 10
MOST_TOLD = 2000
"""How many characters of what is wrong are kept: it may quote what was asked for."""


def until_it_holds(once: Callable[[], Result]) -> Result:
    """Prepare and decide anew as long as plans move between the two.

    Raises:
        PlanMovedError: they moved too often.
    """
    for _ in range(MOST_PLANS - 1):
        try:
            return once()
        except applying.PlanMovedError:
            continue
    return once()


def prepare(world: worlds.World, wish: Wish) -> Prepared:
    """Plan what a wish for assets comes to; a pipeline needs nothing before its transaction."""
    if wish.target.pipeline:
        return Prepared(wish=wish)
    from weft.service.execution import executions

    wanted = executions.Wanted(
        ask=planning.Ask(selection=wish.target.selection, partitions=wish.partition),
        kind="automation",
        by=wish.by,
        priority=wish.priority or 0,
        automation=wish.automation,
        trigger=wish.trigger,
    )
    try:
        return Prepared(wish=wish, plan=executions.prepare(world, wanted))
    except errors.WeftError as error:
        return Prepared(wish=wish, problem=error.message)


def decide(
    world: worlds.World, transaction: ledgers.Transaction, wishes: Sequence[Prepared], *, due: int, now: int
) -> Decided:
    """Decide wishes within a transaction, in order; the caller appends the events. Times are in microseconds.

    A wish that cannot be had is a decision too, under a tick of its own: its key may be asked for again.

    Raises:
        PlanMovedError: what a plan names changed since it was prepared; the transaction is to be undone.
    """
    found: list[event_base.Event] = []
    runs: list[str] = []
    made: list[str] = []
    ticks: list[str] = []
    taken: set[str] = set()
    repeated, idle = 0, ""
    outcomes: dict[str, str] = {}
    for number, each in enumerate(wishes):
        wish = each.wish
        tick = wish.key or moment_tick(now, number)
        if wish.key and (tick in taken or transaction.is_decided(wish.automation, tick)):
            repeated += 1
            continue
        decision: Literal["started", "skipped", "failed"]
        run: str | None = None
        execution: str | None = None
        created: list[event_base.Event] = []
        try:
            if each.problem:
                raise errors.UsageError(each.problem)
            if wish.target.pipeline:
                event = _run(world, transaction, wish)
                created, run, decision, reason = [event], event.run, "started", ""
            else:
                decision, reason, execution, created = _execution(world, transaction, each)
        except applying.PlanMovedError:
            raise
        except errors.WeftError as error:
            decision, reason, tick = "failed", error.message[:MOST_TOLD], moment_tick(now, number)
        else:
            taken.add(tick)
            if decision == "skipped" and not wish.key:
                idle = reason
                continue
        found += created
        found.append(
            control_events.TickDecided(
                automation=wish.automation,
                tick=tick,
                due=due,
                decision=decision,
                reason=reason,
                runs=() if run is None else (run,),
                executions=() if execution is None else (execution,),
            )
        )
        ticks.append(tick)
        runs += [] if run is None else [run]
        made += [] if execution is None else [execution]
        outcomes[decision] = reason
    outcome: Literal["started", "skipped", "failed"] | None = None
    for word in ("started", "failed", "skipped"):
        if word in outcomes:
            outcome = word
            break
    return Decided(
        events=tuple(found),
        outcome=outcome,
        reason=outcomes.get(outcome, "") if outcome is not None else idle,
        runs=tuple(runs),
        executions=tuple(made),
        repeated=repeated,
        ticks=tuple(ticks),
    )


def _run(world: worlds.World, transaction: ledgers.Transaction, wish: Wish) -> events.RunCreated:
    from weft.service.queue import queueing

    return queueing.created(
        world,
        transaction,
        pipelines.Wanted(
            pipeline=wish.target.pipeline,
            params=wish.params,
            partition=wish.partition,
            trigger=wish.trigger,
            words=wish.words,
            priority=wish.priority,
            automation=wish.automation,
            by=wish.by or wish.automation,
        ),
    )


def _execution(
    world: worlds.World, transaction: ledgers.Transaction, prepared: Prepared
) -> tuple[Literal["started", "skipped"], str, str | None, list[event_base.Event]]:
    from weft.service.execution import executions

    assert prepared.plan is not None
    if not prepared.plan.total:
        return "skipped", NOTHING_TO_DO, None, []
    created = executions.created(world, transaction, prepared.plan)
    return "started", "", created.execution, list(created.events)
