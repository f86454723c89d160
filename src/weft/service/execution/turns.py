"""A turn of the scheduler over the executions that live: what has ended is counted, what may begin is created.

What is read comes in the order state, then open runs: a run that has come since cannot be taken for one that ended. The
transaction writes the state under the number of its turn, so what another scheduler decided meanwhile undoes this turn.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import datetime

from weft.model import control_events, errors, events, plan
from weft.ports import clock as clocks
from weft.ports import executing
from weft.runtime import owners
from weft.service import documents
from weft.service import world as worlds
from weft.service.execution import documents as kept
from weft.service.execution import rounds, runs, tallies
from weft.service.plan import planning
from weft.service.queue import claiming
from weft.service.run import cancelling, recovering

_MOST_LOSSES = 3
_MOST_MOVES = 50
_SCHEDULER = "scheduler"


class _OvertakenError(Exception):
    """Another scheduler has taken this turn."""


def advance(world: worlds.World, now: datetime) -> bool:
    """Carry on each execution that lives, the most urgent first; whether anything came of it.

    Raises:
        LedgerError: the ledger cannot be read or written; each execution is as it was, or a whole turn further.
    """
    rows = world.ledger.executions(live=True)
    if not rows:
        return False
    names = [row.id for row in rows]
    states = world.ledger.execution_states(names)
    under_way = world.ledger.open_runs(names)
    done, broken = False, list[Exception]()
    for row in sorted(rows, key=lambda each: (-each.priority, each.created, each.id)):
        try:
            done |= _guarded(world, row, states.get(row.id), under_way.get(row.id, []), now)
        except errors.LedgerError:
            raise
        except Exception as error:  # told when the others have had their turn
            broken.append(error)
    if broken:
        raise broken[0]
    return done


def turn(world: worlds.World, execution: str, now: datetime) -> bool:
    """Carry on one execution; whether anything came of it."""
    row = next((each for each in world.ledger.executions_with_prefix(execution) if each.id == execution), None)
    if row is None or row.phase == "finished":
        return False
    state = world.ledger.execution_states([execution]).get(execution)
    return _guarded(world, row, state, world.ledger.open_runs([execution]).get(execution, []), now)


def _guarded(
    world: worlds.World,
    row: executing.ExecutionRow,
    before: executing.StateRow | None,
    open_runs: Sequence[executing.OpenRun],
    now: datetime,
) -> bool:
    try:
        return _Turn(world, row, before, open_runs, now).take()
    except _OvertakenError:
        return False
    except errors.LedgerError:
        raise
    except errors.WeftError as error:  # its definitions are gone, say: the others go on
        if open_runs:
            return False
        return _end(world, row, "failed", error.message.splitlines()[0])


def _end(world: worlds.World, row: executing.ExecutionRow, outcome: events.Outcome, reason: str) -> bool:
    with world.ledger.transaction() as transaction:
        current = _current(world, row)
        if current.phase == "finished":
            return False
        transaction.append([control_events.ExecutionFinished(execution=row.id, outcome=outcome, reason=reason)])
    return True


def _current(world: worlds.World, row: executing.ExecutionRow) -> executing.ExecutionRow:
    return next(each for each in world.ledger.executions_with_prefix(row.id) if each.id == row.id)


class _Turn:
    """One turn of one execution."""

    def __init__(
        self,
        world: worlds.World,
        row: executing.ExecutionRow,
        before: executing.StateRow | None,
        open_runs: Sequence[executing.OpenRun],
        now: datetime,
    ) -> None:
        self._world = world
        self._row = row
        self._number = before.turn if before is not None else 0
        self._state = kept.state_of(before)
        self._as_it_was = copy.deepcopy(self._state)
        self._open = list(open_runs)
        self._now = now
        self._document = kept.document_of(world, row)
        self._over = False

    def take(self) -> bool:
        """Take the turn; whether anything came of it."""
        stopped = self._row.phase in ("suspended", "cancelling") and self._stop()
        if stopped:
            self._open = self._world.ledger.open_runs([self._row.id]).get(self._row.id, [])
        self._settle()
        if self._row.phase == "suspended":
            return self._write(None, None) or stopped
        self._over = self._is_over()
        if self._row.phase == "cancelling" or self._over:
            if self._open:
                return self._write(None, None) or stopped
            return self._finish()
        self._look_at_what_holds()
        made, found = self._planned()
        state = self._state
        if made is None and not (self._open or state.queue or state.look or state.waits_for):
            return self._finish()
        return self._write(made, found)

    # --- what ended ---

    def _settle(self) -> None:
        """Count the runs of assets that have ended, and take note of pipelines that have no run under way any more."""
        live = {each.id for each in self._open}
        for run in [each for each in self._state.flights if each not in live]:
            row = claiming.row_of(self._world, run)
            if row.phase != "finished":
                continue  # it came after the open ones were read
            tallies.settle(self._world, self._document, self._state, row)
            self._state.look = True
        left = {each.pipeline for each in self._state.queue} | {each.pipeline for each in self._open}
        if any(each not in left for each in self._state.busy):
            self._state.busy = [each for each in self._state.busy if each in left]
            self._state.look = self._document.plan is not None
        if self._state.losses > _MOST_LOSSES or self._state.moves > _MOST_MOVES:
            raise errors.WeftError(
                f"Its runs were lost {self._state.losses} times."
                if self._state.losses > _MOST_LOSSES
                else f"What it reads changed {self._state.moves} times before its runs could begin."
            )

    def _stop(self) -> bool:
        """Ask what is under way to end: runs of assets where the execution is paused, else all; each once."""
        cancelled, done = self._row.phase == "cancelling", False
        for each in self._open:
            if each.phase == "cancelling" and not self._is_ownerless(each.id):
                continue
            if not cancelled and each.pipeline is not None:
                continue
            reason = f"the execution {self._row.id} was cancelled" if cancelled else kept.PAUSED
            try:
                cancelling.cancel(self._world, each.id, by=_SCHEDULER, reason=reason)
            except errors.UsageError:
                continue  # it has just ended
            done = True
        return done

    def _is_ownerless(self, run: str) -> bool:
        lease = self._world.ledger.lease(run)
        now = clocks.microseconds(self._world.clock.now())
        return lease is not None and owners.is_dead(owners.decode(lease.owner), run=run, expires=lease.expires, now=now)

    def _is_over(self) -> bool:
        """Whether nothing more begins because something failed, and it is not to keep going."""
        if self._document.keep_going:
            return False
        if self._state.failed:
            return True
        return bool(self._world.ledger.runs_of_execution(self._row.id, limit=1, outcomes=kept.FAILURES))

    # --- what is next ---

    def _look_at_what_holds(self) -> None:
        """Look for what may run anew where a run of others that held it has ended; one whose owner died is ended."""
        for run in self._state.waits_for if not self._state.look else ():
            found = [each for each in self._world.ledger.runs_with_prefix(run) if each.id == run]
            if found and found[0].phase != "finished" and not found[0].pool and self._is_ownerless(run):
                recovering.recover(self._world, run=run)
                found = []
            if not found or found[0].phase == "finished":
                self._state.look = True

    def _planned(self) -> tuple[plan.Plan | None, rounds.Round | None]:
        """The plan of what is left, and what of it may run now; None where there is nothing new to find out."""
        state, document = self._state, self._document
        if document.plan is None or not (state.look or not (self._open or state.queue)):
            return None, None
        if len(self._open) >= runs.limit_of(self._world, self._row.concurrency, state):
            return None, None
        if not state.look and state.waits_for:
            return None, None
        made = planning.make_plan(self._world, ask_of(document.plan), now=document.plan.now)
        found = rounds.next_round(self._world, document, state, made, busy=state.busy)
        nothing = not (found.intervals or found.assets or found.waits_for)
        if nothing and not self._open and not state.queue:
            state.held += found.held
            state.left_out.update(found.left_out)
            state.look = False
            state.waits_for = []
            return None, None
        return made, found

    # --- what is written ---

    def _write(self, made: plan.Plan | None, found: rounds.Round | None) -> bool:
        """Write the turn: the runs that begin and the state; whether anything did change."""
        world, row, state = self._world, self._row, self._state
        facts = runs.Facts(
            execution=row.id, by=row.by, priority=row.priority, pool=row.pool, automation=row.automation,
            trigger=self._document.trigger, words=row.request,
        )  # fmt: skip
        going = row.phase == "running" and not self._over
        room = runs.limit_of(world, row.concurrency, state) - len(self._open)
        wants = going and ((made is not None) or (bool(state.queue) and room > 0))
        if not wants and state == self._as_it_was:
            return False
        with world.ledger.transaction() as transaction:
            self._check_still(_current(world, row))
            batch: list[events.Event] = []
            if wants and made is not None and found is not None:
                lines = [line for part in found.assets for line in part.lines] + list(found.intervals)
                if runs.moved(world, transaction, lines, made.position, made.now):
                    raise _OvertakenError  # planned again in the next turn
                batch += runs.recorded(world, transaction, lines)
                batch += runs.begun(
                    world, transaction, facts, state, made, found, concurrency=row.concurrency,
                    under_way=len(self._open),
                )  # fmt: skip
            elif wants:
                batch += runs.of_intervals(world, transaction, facts, state, room)
            if not batch and state == self._as_it_was:
                return False
            if not transaction.set_execution_state(row.id, kept.encode(state), after=self._number):
                raise _OvertakenError
            if batch:
                transaction.append(batch)
        return True

    def _check_still(self, current: executing.ExecutionRow) -> None:
        if (current.phase, current.concurrency) != (self._row.phase, self._row.concurrency):
            raise _OvertakenError

    def _finish(self) -> bool:
        """End the execution: with how its runs ended, and why."""
        world, row, state = self._world, self._row, self._state
        outcome, reason = tallies.ending(world, row, state)
        with world.ledger.transaction() as transaction:
            self._check_still(_current(world, row))
            if not transaction.set_execution_state(row.id, kept.encode(state), after=self._number):
                raise _OvertakenError
            transaction.append([control_events.ExecutionFinished(execution=row.id, outcome=outcome, reason=reason)])
        return True


def ask_of(document: documents.PlanDocument) -> planning.Ask:
    """The request of which a plan was made."""
    return planning.Ask(
        selection=document.selection,
        partitions=document.partitions,
        exact=document.exact,
        only_failed=document.only_failed,
        keep_going=document.keep_going,
        rebuild_undecided=document.rebuild_undecided,
    )
