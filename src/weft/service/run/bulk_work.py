"""Carrying out what was asked of many runs at once, bit by bit, so that whoever comes after a crash goes on with it.

Theory of operation. The operation has the runs, in order, and how many of them are done. Its holder is the process that
carries it out; one that died, or has been silent for long, is followed by another. Each run is acted upon once,
wherever the process dies: new runs are written in the very transaction that counts the runs that they repeat. A request
to cancel is a transaction of its own, since what follows on it may take a while; it bears the name of the operation,
and of runs that may have been asked before the last crash it is looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

import msgspec

from weft.model import errors, events
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.ports import operating
from weft.runtime import owners
from weft.service import world as worlds
from weft.service.pipeline import pipelines
from weft.service.queue import queueing
from weft.service.run import bulk, cancelling, recovering, reruns
from weft.service.server import operations

Worlds = Callable[[], AbstractContextManager[worlds.World]]
_CHUNK = 20
_MOST_TOLD = 500
_SILENT_SECONDS = 120.0
"""A process on another machine that has not told for so long how far it is counts as gone."""
_MOST_REASONS = 20


class _OvertakenError(Exception):
    """The operation was cancelled, or another process goes on with it."""


def left(ledger: ledgers.Ledger, *, now: int) -> Iterator[operating.OperationRow]:
    """Bulk actions that nobody carries out, the oldest first; `now` in microseconds."""
    for row in ledger.open_operations("bulk"):
        is_left = row.holder == "" or owners.is_dead(owners.decode(row.holder), run=row.id, expires=row.until, now=now)
        if is_left and operations.standing(row, now) == ("running", None):
            yield row


def go_on(
    worlds_of: Worlds, row: operating.OperationRow, *, clock: clocks.Clock, is_stopping: Callable[[], bool]
) -> None:
    """Take a bulk action that is left and act upon its runs, until they are done or the process is to end.

    Nothing happens where somebody else was quicker, or has cancelled it.

    Raises:
        LedgerError: the ledger cannot be read or written; whoever comes next goes on.
    """
    with owners.driving(row.id):
        work = _Work(worlds_of, row, clock)
        try:
            work.take()
            while not work.is_done:
                if is_stopping():
                    return
                work.act()
            work.end()
        except _OvertakenError:
            return


class _Work:
    """One bulk action, as far as it is."""

    def __init__(self, worlds_of: Worlds, row: operating.OperationRow, clock: clocks.Clock) -> None:
        self._worlds_of = worlds_of
        self._row = row
        self._clock = clock
        self._ask = msgspec.json.decode(row.ask, type=bulk.Ask)
        self._holder = owners.myself().encode()
        told = msgspec.json.decode(row.answer, type=bulk.Progress) if row.answer else None
        self._done = told.done if told is not None else 0
        self._made = list(told.runs) if told is not None else []
        self._failed = {each.reason: each.count for each in told.failed} if told is not None else {}
        self._may_be_repeated = True
        """Whether the next runs may have been asked to end before a crash."""

    @property
    def is_done(self) -> bool:
        return self._done >= len(self._ask.runs)

    def take(self) -> None:
        with self._worlds_of() as world, world.ledger.transaction() as transaction:
            until = self._until()
            if not transaction.take_over_operation(
                self._row.id, was=self._row.holder, holder=self._holder, until=until
            ):
                raise _OvertakenError

    def act(self) -> None:
        """Act upon the next few runs."""
        runs = self._ask.runs[self._done : self._done + _CHUNK]
        with self._worlds_of() as world:
            if self._ask.action == "cancel":
                for run in runs:
                    self._cancel(world, run)
                with world.ledger.transaction() as transaction:
                    self._tell(transaction, len(runs))
            else:
                wanted = [each for run in runs if (each := self._wanted(world, run)) is not None]
                self._request(world, wanted, len(runs))
        self._may_be_repeated = False

    def end(self) -> None:
        """Write down that all is done."""
        with self._worlds_of() as world:
            now = clocks.microseconds(self._clock.now())
            operations.succeeded(world.ledger, self._row, self._answer(), holder=self._holder, now=now)

    # --- cancelling ---

    def _cancel(self, world: worlds.World, run: str) -> None:
        by = self._row.by
        reason = f"cancelled by {by} with others (operation {self._row.id})"
        if self._may_be_repeated and _was_asked(world, run, reason):
            self._follow(world, run)
            return
        try:
            cancelling.cancel(world, run, by=by, reason=reason)
        except errors.LedgerError:
            raise
        except errors.WeftError as error:
            self._refused(error, run)

    def _follow(self, world: worlds.World, run: str) -> None:
        """End a run that was asked to end, if nobody drives it: a crash may have come between the two."""
        lease = world.ledger.lease(run)
        now = clocks.microseconds(self._clock.now())
        if lease is not None and owners.is_dead(owners.decode(lease.owner), run=run, expires=lease.expires, now=now):
            recovering.recover(world, run=run)

    # --- repeating ---

    def _wanted(self, world: worlds.World, run: str) -> pipelines.Wanted | None:
        try:
            wanted = reruns.wanted(world, run, from_failed=self._ask.action == "rerun_failed")
        except errors.LedgerError:
            raise
        except errors.WeftError as error:
            self._refused(error, run)
            return None
        return replace(wanted, by=self._row.by)

    def _request(self, world: worlds.World, wanted: Sequence[pipelines.Wanted], count: int) -> None:
        with world.ledger.transaction() as transaction:
            for each in wanted:
                try:
                    made = queueing.requested(world, transaction, each)
                except errors.LedgerError:
                    raise
                except errors.WeftError as error:  # nothing was written for this one
                    self._refused(error, each.rerun_of)
                else:
                    self._made.append(made.run)
            self._tell(transaction, count)

    # --- telling ---

    def _refused(self, error: errors.WeftError, run: str) -> None:
        # without what differs from run to run, so that they are counted together
        reason = error.message.replace(run, "…").replace(run[:8], "…")
        if reason not in self._failed and len(self._failed) >= _MOST_REASONS:
            reason = "other reasons"
        self._failed[reason] = self._failed.get(reason, 0) + 1

    def _tell(self, transaction: ledgers.Transaction, count: int) -> None:
        self._done += count
        if not transaction.tell_operation(
            self._row.id, holder=self._holder, answer=self._answer(), until=self._until()
        ):
            raise _OvertakenError

    def _answer(self) -> bytes:
        failed = [bulk.Refusal(reason=reason, count=count) for reason, count in self._failed.items()]
        return msgspec.json.encode(
            bulk.Progress(total=len(self._ask.runs), done=self._done, failed=failed, runs=self._made[:_MOST_TOLD])
        )

    def _until(self) -> int:
        return clocks.microseconds(self._clock.now()) + int(_SILENT_SECONDS * 1e6)


def _was_asked(world: worlds.World, run: str, reason: str) -> bool:
    """Whether a run was asked to end for this very reason."""
    return any(
        isinstance(event, events.RunCancelRequested) and event.reason == reason
        for _, _, event in world.ledger.events(run)
    )
