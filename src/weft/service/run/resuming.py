"""The verb `resume`: answer what a run asks a person, and go on with one that is suspended or whose owner died."""

from __future__ import annotations

import json
from collections.abc import Iterable

from weft.model import errors
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.runtime import owners
from weft.service import views
from weft.service import world as worlds
from weft.service.pipeline import answers, flow_runs, pipelines
from weft.service.run import driving, history

NOTHING = object()


def answer_of(given: str | None, pairs: Iterable[str]) -> object:
    """The answer that a command line gives: a JSON value, with fields over it; `NOTHING` where it gives none.

    Raises:
        UsageError: it is no JSON, or a field is not spelt NAME=VALUE.
    """
    answer: object = NOTHING
    if given is not None:
        try:
            answer = json.loads(given)
        except ValueError as error:
            raise errors.UsageError(
                f"--input is no JSON: {error}.", remedy="""Write, for example, --input '{"approved": true}'."""
            ) from error
    fields: dict[str, object] = {}
    for text in pairs:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise errors.UsageError(
                f"--set {text!r} does not say which field has which value.",
                remedy=f"Write --set NAME=VALUE; an answer without fields is --input {text}.",
            )
        try:
            fields[name] = json.loads(value)
        except ValueError:  # text without quotes
            fields[name] = value
    if not fields:
        return answer
    if answer is not NOTHING and not isinstance(answer, dict):
        raise errors.UsageError(
            f"--set gives fields, but --input is {given}, which has none.", remedy="Give one of them, or an object."
        )
    return {**(answer if isinstance(answer, dict) else {}), **fields}


def resume(
    world: worlds.World,
    run: str,
    how: driving.How,
    *,
    answer: object = NOTHING,
    key: str | None = None,
    strict: bool = False,
) -> views.ApplyView | str:
    """Go on with a run; returns how it ended, or its id where it was answered and goes on in a process of its own.

    Raises:
        UsageError: there is no such run, it has ended, an answer is missing or wrong, or its process lives.
    """
    row, was_open = _answered(world, run, answer, key)
    if _lives(world, row):
        if was_open:
            return row.id
        raise _under_way(row)
    pipeline = pipelines.find(world, row.pipeline or "")
    if pipeline.kind == "flow":
        return flow_runs.go_on(world, pipeline, row, strict=strict)
    return pipelines.drive_run(world, row.id, how)


def answer(world: worlds.World, run: str, given: object = NOTHING, *, key: str | None = None) -> ledgers.RunRow:
    """Answer what a run asks; whoever drives it goes on with it. One that `needs_handing_over` is left to the caller.

    Raises:
        UsageError: there is no such run, it has ended, an answer is missing or wrong, or nothing is to be done.
    """
    row, was_open = _answered(world, run, given, key)
    if not was_open and _lives(world, row):
        raise _under_way(row)
    return row


def needs_handing_over(world: worlds.World, row: ledgers.RunRow) -> bool:
    """Whether no worker takes a run by itself: it was begun outside of the queue, and its process is gone."""
    return not row.pool and not _lives(world, row)


def _answered(world: worlds.World, run: str, answer: object, key: str | None) -> tuple[ledgers.RunRow, bool]:
    """The run, once what it asks is answered, and whether it asked anything."""
    row = _unfinished(world, run)
    open_ones = world.ledger.input_requests(row.id, open_only=True)
    if open_ones:
        if answer is NOTHING and any(each.schema is not None for each in open_ones if key in (None, each.key)):
            question = open_ones[0]
            schema = json.loads(question.schema or b"null")
            told = f"{question.message} ({question.key})" if question.message else question.key
            raise errors.UsageError(
                f"Run {row.id[:8]} waits for an answer: {told}",
                remedy=f"It has: {answers.described(schema or {})}. For example: "
                f"`weft resume {row.id[:8]} {answers.options(schema)}`.",
            )
        flow_runs.answer(world, row, None if answer is NOTHING else answer, key)
    elif answer is not NOTHING:
        raise errors.UsageError(f"Run {row.id[:8]} asks nothing.", remedy="Leave --input and --set out.")
    return row, bool(open_ones)


def _under_way(row: ledgers.RunRow) -> errors.UsageError:
    return errors.ConflictError(
        f"Run {row.id[:8]} is under way; there is nothing to resume.",
        remedy=f"`weft runs {row.id[:8]}` shows how far it is.",
    )


def _unfinished(world: worlds.World, run: str) -> ledgers.RunRow:
    row = history.find_run(world.ledger, run)
    if row.phase == "finished":
        again = "`weft apply` runs it anew."
        if row.pipeline is not None:
            partly = row.outcome != "succeeded"
            again = f"`weft rerun {row.id[:8]}{' --from-failed' if partly else ''}` runs it anew"
            again += ", and keeps what succeeded." if partly else "."
        raise errors.UsageError(
            f"Run {row.id[:8]} has ended ({row.outcome}); a finished run never reopens.",
            remedy=f"{again}{_others(world)}",
        )
    if row.pipeline is None:
        raise errors.UsageError(
            f"Run {row.id[:8]} makes assets.",
            remedy=f"`weft apply{' ' + row.request if row.request else ''}` goes on with it.",
        )
    return row


def _others(world: worlds.World) -> str:
    """Which runs could be gone on with instead."""
    found = [row for row in world.ledger.runs(live=True, parent="") if row.pipeline is not None]
    found = [row for row in found if row.phase != "created" and not _lives(world, row)]
    told = ", ".join(f"{row.id[:8]} ({row.pipeline})" for row in found[:3])
    return f" What can be gone on with: {told}." if told else ""


def _lives(world: worlds.World, row: ledgers.RunRow) -> bool:
    lease = world.ledger.lease(row.id)
    if lease is None:
        return False
    now = clocks.microseconds(world.clock.now())
    return not owners.is_dead(owners.decode(lease.owner), run=row.id, expires=lease.expires, now=now)
