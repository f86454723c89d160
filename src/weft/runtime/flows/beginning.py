"""How a flow's run begins: created with its parameters, or taken over from a process that died or left it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from weft.define import flows
from weft.model import errors, events
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.runtime import heartbeat, owners
from weft.runtime.flows import call_work, recorded, running
from weft.runtime.flows import place as place_of_runs
from weft.storage import json_values
from weft.worker.tasks import validation


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What asked for a run, and for what."""

    name: str
    """Of the pipeline: the flow's, or its deployment's."""
    request: str
    trigger: events.Trigger = "manual"
    partition: str | None = None
    interval: tuple[int, int] | None = None
    code: str = ""
    """Of the pipeline, as it was planned."""
    inputs: Mapping[str, events.InputRecord] = field(default_factory=dict)
    """The versions of the pipeline's inlets as the run begins, for one that has an interval."""
    parent: str = ""
    parent_step: str = ""
    parent_item: str = ""
    rerun_of: str = ""
    keeps: bool = False
    """Whether it keeps what succeeded in `rerun_of`, and what people answered there."""


@dataclass(slots=True, kw_only=True)
class Begun:
    """A run that this process owns: its facts, the flow and its arguments."""

    facts: call_work.Facts
    flow: flows.FlowDefinition[..., Any]
    bound: validation.Bound
    record: recorded.Recorded
    root: running.FlowRun | None = None
    """The outermost run, of a subflow."""
    lost: list[tuple[str, str, int]] = field(default_factory=list)


def bound_to(
    flow: flows.FlowDefinition[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> validation.Bound:
    """The arguments of a flow by parameter, checked and converted by their annotations.

    Raises:
        UsageError, TypeMismatchError: they do not fit; nothing has begun.
    """
    check = validation.validated if flow.validate else validation.bind
    try:
        return check(flow.function, args, kwargs, task=flow.name)
    except errors.WeftError as error:
        error.message = error.message.replace(f"the task {flow.name!r}", f"the flow {flow.name!r}")
        error.message = error.message.replace(f"The task {flow.name!r}", f"The flow {flow.name!r}")
        error.args = (error.message,)
        raise


def params_of(bound: validation.Bound) -> bytes:
    """The parameters as a JSON object; what has no JSON form is there by its text, and can't be read back."""
    found: dict[str, msgspec.Raw] = {}
    for name, value in bound.arguments.items():
        try:
            found[name] = msgspec.Raw(json_values.encode(value)[0])
        except json_values.Unencodable:
            found[name] = msgspec.Raw(msgspec.json.encode({"$unstorable": repr(value)[:200]}))
    return msgspec.json.encode(found)


def lease_row(place: place_of_runs.Place, lease: ledgers.Lease) -> ledgers.LeaseRow:
    """A lease of a run for this process."""
    expires = clocks.microseconds(place.clock.now()) + int(heartbeat.LEASE_SECONDS * 1e6)
    return ledgers.LeaseRow(run=lease.run, epoch=lease.epoch, owner=owners.myself().encode(), expires=expires)


def create(
    place: place_of_runs.Place, flow: flows.FlowDefinition[..., Any], bound: validation.Bound, asked: Asked
) -> Begun:
    """Create a run and begin it, in one transaction."""
    run = secrets.token_hex(6)
    params = params_of(bound)
    lease = ledgers.Lease(run=run, epoch=1)
    now = clocks.microseconds(place.clock.now())
    record = recorded.Recorded()
    kept = _kept(place, run, asked.rerun_of) if asked.keeps else []
    with place.lock, place.ledger.transaction() as transaction:
        transaction.set_lease(lease_row(place, lease))
        transaction.append(
            [
                events.RunCreated(
                    run=run,
                    execution=run,
                    pipeline=asked.name,
                    request=asked.request,
                    by=place.user,
                    partition=asked.partition,
                    params=msgspec.Raw(params),
                    trigger=asked.trigger,
                    parent=asked.parent,
                    parent_step=asked.parent_step,
                    parent_item=asked.parent_item,
                    rerun_of=asked.rerun_of,
                ),
                events.RunStarted(run=run, epoch=1, owner=str(owners.myself())),
                *kept,
            ]
        )
    if kept:
        record.read(kept)
        record.begin_again()
    facts = call_work.Facts(
        run=run,
        flow=asked.name,
        epoch=1,
        params=params,
        created=now,
        trigger=asked.trigger,
        partition=asked.partition,
        interval=asked.interval,
        code=asked.code,
        inputs=asked.inputs,
        keeps_of=asked.rerun_of if asked.keeps else "",
    )
    return Begun(facts=facts, flow=flow, bound=bound, record=record)


def _kept(place: place_of_runs.Place, run: str, before: str) -> list[events.Event]:
    with place.lock:
        return kept(place.ledger, run, before)


def kept(ledger: ledgers.Ledger, run: str, before: str) -> list[events.Event]:
    """What a new run keeps of one that has ended, as events: what its calls returned, and what people answered."""
    history = [event for _, _, event in ledger.events(before)]
    asked = ledger.input_requests(before)
    record = recorded.Recorded()
    record.read(history)
    found = record.kept(run, before)
    for row in reversed(asked):
        if row.answered is not None:
            schema = msgspec.Raw(row.schema or b"null")
            found += [
                events.InputRequested(run=run, key=row.key, schema=schema, message=row.message),
                events.InputGiven(run=run, key=row.key, value=msgspec.Raw(row.value or b"null"), by=row.by),
            ]
    return found


def take_over(
    place: place_of_runs.Place,
    flow: flows.FlowDefinition[..., Any],
    row: ledgers.RunRow,
    *,
    strict: bool = False,
    interval: tuple[int, int] | None = None,
    admitted: Callable[[], object] | None = None,
) -> Begun:
    """Become the owner of a run whose process died, or that was suspended, with what it has done.

    What `admitted` raises, in the transaction, keeps a run from its beginning.

    Raises:
        UsageError: its process lives, it has finished, or its parameters can't be read back.
    """
    with place.lock:
        history = [event for _, _, event in place.ledger.events(row.id)]
    params = read_params(row)
    try:
        bound = bound_to(flow, (), params)
    except errors.WeftError as error:
        raise errors.UsageError(
            f"The run {row.id} can't be resumed: its parameters no longer fit. {error.message}",
            remedy="Change the flow's parameters back, or start a new run.",
        ) from None
    now = clocks.microseconds(place.clock.now())
    with place.lock, place.ledger.transaction() as transaction:
        current = transaction.lease(row.id)
        if current is not None and not owners.is_dead(
            owners.decode(current.owner), run=row.id, expires=current.expires, now=now
        ):
            raise errors.UsageError(
                f"The run {row.id} is under way in {owners.decode(current.owner)}.",
                remedy="Wait for it, or end that process first.",
            )
        row = next(each for each in place.ledger.runs_with_prefix(row.id) if each.id == row.id)  # as it is by now
        if row.phase == "finished":
            raise errors.UsageError(
                f"The run {row.id} has finished ({row.outcome}); a finished run never reopens.",
                remedy=f"`weft rerun {row.id[:8]} --from-failed` makes a new run that keeps what succeeded in it.",
            )
        if admitted is not None and current is None:
            admitted()
        epoch = max(row.epoch, current.epoch if current is not None else 0) + 1
        lease = ledgers.Lease(run=row.id, epoch=epoch)
        transaction.set_lease(lease_row(place, lease))
        transaction.append([events.RunStarted(run=row.id, epoch=epoch, owner=str(owners.myself()))])
    record = recorded.Recorded(strict=strict)
    begun = record.read(history)
    record.begin_again()
    facts = call_work.Facts(
        run=row.id,
        flow=row.pipeline or flow.name,
        epoch=epoch,
        params=row.params or b"{}",
        created=row.created,
        trigger=row.trigger,
        partition=row.partition,
        interval=interval,
        keeps_of=row.rerun_of
        if any(isinstance(each, events.StepReused) and each.reason == "kept" for each in history)
        else "",
    )
    return Begun(facts=facts, flow=flow, bound=bound, record=record, lost=begun)


def read_params(row: ledgers.RunRow) -> dict[str, Any]:
    """The parameters of a run, as values.

    Raises:
        UsageError: one of them was a value that can't be stored.
    """
    found: dict[str, msgspec.Raw] = msgspec.json.decode(row.params or b"{}", type=dict[str, msgspec.Raw])
    values: dict[str, Any] = {}
    for name, raw in found.items():
        if bytes(raw).startswith(b'{"$unstorable"'):
            raise errors.UsageError(
                f"The run {row.id} can't be gone on with or repeated: its parameter {name!r} was a value that can't be "
                "stored.",
                remedy="Call the flow again with that value.",
            )
        values[name] = json_values.decode(bytes(raw))
    return values
