"""The verb `apply`: carry a plan out, once, by one owner; wait for others who make the same.

Go on where a dead one stopped.

Checking that nothing moved since the plan was made, reserving every output that it writes and creating its run are one
transaction, so two applies can't make one partition at once: the later one finds the reservation, waits for its
holder, and plans again.
"""

from __future__ import annotations

import contextlib
import secrets
import time

import msgspec

from weft.model import errors, events, keys, plan
from weft.ports import caller
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.runtime import owners
from weft.service import documents, views
from weft.service import world as worlds
from weft.service.plan import planning
from weft.service.queue import claiming
from weft.service.run import cancelling, driving, recovering

_WAIT_SECONDS = 0.1
_MOST_PLANS = 50


class PlanMovedError(errors.WeftError):
    """Something that a plan relies on changed before it could be carried out."""

    code = "moved"


def apply(
    world: worlds.World, made: plan.Plan, how: driving.How, *, ask: planning.Ask | None = None
) -> views.ApplyView:
    """Carry a plan out.

    With `ask`, a plan that moved before it could begin (or that had to wait) is made again from it; without, that is
    an error.

    Raises:
        PlanMovedError: something moved and there is no `ask`.
        ReservationError: another run makes one of the outputs and `how.wait` is off.
        LedgerError: the ledger cannot be written.
    """
    begun = time.monotonic()
    if any(line.step in world.graph.pipelines for line in made.steps):
        from weft.service.pipeline import pipeline_applying

        return pipeline_applying.apply(world, made, how, ask=ask)
    for _ in range(_MOST_PLANS):
        if not made.steps:
            return _nothing(begun)
        try:
            return _carry_out(world, made, how, begun)
        except PlanMovedError:
            if ask is None:
                raise
        except errors.ReservationError as error:
            if not how.wait:
                raise
            _wait_for_holders(world, error, how)
            if ask is None:
                raise PlanMovedError(
                    "Another run was making what this plan makes; it has ended and the plan may not hold any more.",
                    remedy="Plan again: `weft plan`.",
                ) from error
        made = planning.make_plan(world, ask)
    raise PlanMovedError(
        f"The plan moved {_MOST_PLANS} times before it could begin: other runs keep changing what it reads.",
        remedy="Wait for them (`weft runs`), or select less.",
    )


def _nothing(begun: float) -> views.ApplyView:
    return views.ApplyView(
        run=None, outcome=None, succeeded=0, reused=0, failed=0, held=0, failures=[], seconds=time.monotonic() - begun
    )


def _carry_out(world: worlds.World, made: plan.Plan, how: driving.How, begun: float) -> views.ApplyView:
    executor = driving.executor_for(world, how, made.steps)
    executor.start()
    run = secrets.token_hex(6)
    try:
        with owners.driving(run), contextlib.ExitStack() as stack:
            lease = _create_run(world, made, run)
            how = cancelling.heeding(world, lease, how, stack)
            return driving.drive(world, made, lease, executor, how, begun, history=())
    finally:
        executor.close()


def _create_run(world: worlds.World, made: plan.Plan, run: str) -> ledgers.Lease:
    graph = world.graph
    document = documents.document_of(made)
    digest, body = documents.pack(msgspec.json.encode(document))
    code_documents = documents.code_documents(world, dict.fromkeys(line.code for line in made.steps))
    outputs: dict[keys.AssetKey, tuple[str, plan.PartitionSet]] = {}
    touched: dict[keys.AssetKey, None] = {}
    for line in made.steps:
        for asset in line.outputs:
            before = outputs.get(asset)
            ordinals = line.ordinals if before is None else before[1] | line.ordinals
            outputs[asset] = (line.fingerprint, ordinals)
            touched[asset] = None
        touched.update(dict.fromkeys(each.asset for each in graph.steps[line.step].dependencies))
    lease = ledgers.Lease(run=run, epoch=1)
    running = caller.current.get()
    with world.ledger.transaction() as transaction:
        if transaction.position() != made.position:
            moved = [asset for asset in touched if transaction.changed_since(asset, made.position)]
            if moved:
                raise PlanMovedError(
                    f"{', '.join(moved[:5])} changed since the plan was made.", remedy="Plan again: `weft plan`."
                )
        for asset, (fingerprint, ordinals) in outputs.items():
            for holder, theirs, held in transaction.reservations(asset):
                if theirs != fingerprint or not held.isdisjoint(ordinals):
                    raise _reserved(world, transaction, asset, holder)
        recorded = documents.keep_code(transaction, code_documents)
        transaction.put_document(digest, "plan", body)
        for asset, (fingerprint, ordinals) in outputs.items():
            transaction.reserve(run, asset, fingerprint, ordinals)
        transaction.set_lease(driving.lease_row(world, lease))
        transaction.append(
            [
                *recorded,
                events.RunCreated(
                    run=run,
                    execution=run,
                    plan=digest,
                    request=made.request.selection or "",
                    steps=made.count,
                    by=world.user,
                    parent=running.run_id if running is not None else "",
                ),
                events.RunStarted(run=run, epoch=1, owner=str(owners.myself())),
            ]
        )
    return lease


def _reserved(
    world: worlds.World, transaction: ledgers.Transaction, asset: keys.AssetKey, holder: str
) -> errors.ReservationError:
    row = transaction.lease(holder)
    who = f" ({owners.decode(row.owner)})" if row is not None else ""
    error = errors.ReservationError(
        f"Run {holder[:8]}{who} is making partitions of {asset} that this plan makes too.",
        remedy=f"Wait for it to end (`weft runs {holder[:8]}` shows how far it is), or press Ctrl-C where it runs.",
    )
    error.add_note(holder)
    return error


def _wait_for_holders(world: worlds.World, error: errors.ReservationError, how: driving.How) -> None:
    """Wait until the run that holds the outputs has ended, or its owner has died."""
    holder = error.__notes__[0]
    if how.waiting is not None:
        how.waiting(error.message)
    while True:
        lease = world.ledger.lease(holder)
        if lease is None:
            if claiming.row_of(world, holder).phase != "created":
                return
            time.sleep(_WAIT_SECONDS)  # it waits in a queue itself
            continue
        now = clocks.microseconds(world.clock.now())
        if owners.is_dead(owners.decode(lease.owner), run=holder, expires=lease.expires, now=now):
            recovering.recover(world, run=holder)
            return
        time.sleep(_WAIT_SECONDS)
