"""The verb `cancel`: end a run that waits, or whose process died; ask the process that drives it to end a live one."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from weft.model import errors, events
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.runtime import driver as drivers
from weft.runtime import owners
from weft.service import views
from weft.service import world as worlds
from weft.service.run import driving, history, recovering

_LOOK_SECONDS = 1.0
_MOST_REQUESTS = 2


class CancelView(views.View, frozen=True, kw_only=True):
    """A run that was cancelled; or, where `outcome` is None, asked to end so often."""

    run: str
    outcome: str | None
    requests: int


def cancel(world: worlds.World, run: str, *, by: str = "", reason: str = "") -> CancelView:
    """Cancel a run: at once where nobody drives it, else by a request that its process finds within seconds.

    Asked once, it finishes what runs; asked again, it kills that. `by` is the world's user unless it is said.

    Raises:
        UsageError: there is no such run, it has ended, or another run called it.
    """
    row = history.find_run(world.ledger, run)
    if row.phase == "finished":
        raise errors.ConflictError(
            f"Run {row.id[:8]} has ended already ({row.outcome}).",
            remedy=f"`weft runs {row.id[:8]}` shows how it went.",
        )
    if row.parent:
        raise errors.UsageError(
            f"Run {row.id[:8]} was called by run {row.parent[:8]}.",
            remedy=f"Cancel that one: weft cancel {row.parent[:8]}.",
        )
    asker = by or world.user or "somebody"
    request = events.RunCancelRequested(run=row.id, by=asker, reason=reason or f"cancelled by {asker}")
    with world.ledger.transaction() as transaction:
        lease = transaction.lease(row.id)
        transaction.append([request])
        if lease is None:
            transaction.append([events.RunFinished(run=row.id, outcome="cancelled", reason=request.reason)])
            transaction.release(row.id)
            return CancelView(run=row.id, outcome="cancelled", requests=1)
    owner = owners.decode(lease.owner)
    now = clocks.microseconds(world.clock.now())
    if owners.is_dead(owner, run=row.id, expires=lease.expires, now=now):
        recovering.recover(world, run=row.id)
        return CancelView(run=row.id, outcome="cancelled", requests=1)
    if row.request.startswith("flow ") and owner.host == socket.gethostname():
        os.kill(owner.pid, signal.SIGINT)  # a flow is plain Python, which asks no ledger before its next call
    return CancelView(run=row.id, outcome=None, requests=_requests(world.ledger, row.id))


def _requests(ledger: ledgers.Reader, run: str) -> int:
    """How often somebody asked for the end of a run from outside of it."""
    return len(_reasons(ledger, run))


def _reasons(ledger: ledgers.Reader, run: str) -> list[str]:
    """Why somebody asked for the end of a run from outside of it, each time."""
    found = (event for _, _, event in ledger.events(run) if isinstance(event, events.RunCancelRequested))
    return [event.reason for event in found if event.by]


@contextmanager
def heeded(world: worlds.World, lease: ledgers.Lease, driver: drivers.Driver) -> Iterator[None]:
    """Pass requests to cancel a run, which other processes write into the ledger, on to its driver within."""
    stop = threading.Event()
    thread = threading.Thread(target=_heed, args=(world, lease.run, driver, stop), name="weft-cancelled", daemon=True)
    if world.reopen is not None:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        if thread.is_alive():
            thread.join()


def heeding(world: worlds.World, lease: ledgers.Lease, how: driving.How, stack: contextlib.ExitStack) -> driving.How:
    """The same way to drive a run, but heeding requests to cancel it, from its start until `stack` is left."""

    def started(driver: drivers.Driver, run: str, count: int) -> None:
        stack.enter_context(heeded(world, lease, driver))
        if how.started is not None:
            how.started(driver, run, count)

    return replace(how, started=started)


def _heed(world: worlds.World, run: str, driver: drivers.Driver, stop: threading.Event) -> None:
    assert world.reopen is not None
    if stop.wait(_LOOK_SECONDS):  # most runs are shorter, and need no connection
        return
    passed_on = 0
    try:
        ledger = world.reopen()
    except errors.LedgerError:
        return  # the run goes on; it only cannot be cancelled from outside
    try:
        while passed_on < _MOST_REQUESTS:
            row = next((each for each in ledger.runs_with_prefix(run) if each.id == run), None)
            asked = _reasons(ledger, run) if row is not None and row.phase == "cancelling" else []
            while passed_on < min(len(asked), _MOST_REQUESTS):
                driver.cancel(asked[passed_on] or "cancelled from outside", at_once=False)
                passed_on += 1
            if stop.wait(_LOOK_SECONDS):
                return
    except errors.LedgerError:
        return  # the driver meets the same failure when it writes, and says so
    finally:
        ledger.close()
