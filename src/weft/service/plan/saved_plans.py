"""Plans that the ledger keeps: saved by one, looked at by others, applied as they are or refused because of drift."""

from __future__ import annotations

import secrets
import shlex

import msgspec

from weft.model import control_events, errors, plan
from weft.ports import executing
from weft.service import documents, views
from weft.service import world as worlds
from weft.service.plan import planning, saving


class SavedPlanView(views.View, frozen=True, kw_only=True):
    """A saved plan; `execution` is the last one that applied it. `view` is the plan itself, where one is asked for."""

    id: str
    request: str
    steps: int
    by: str
    created: str | None
    execution: str | None
    view: views.PlanView | None = None


def save_plan(world: worlds.World, ask: planning.Ask, *, by: str = "") -> SavedPlanView:
    """Plan what is asked for, and keep the plan.

    Raises:
        UsageError: a wrong selection or partition.
    """
    return keep(world, planning.make_plan(world, ask), by=by)


def keep(world: worlds.World, made: plan.Plan, *, by: str = "") -> SavedPlanView:
    """Keep a plan that was made."""
    kept = saving.saved(world, made)
    digest, body = documents.pack(msgspec.json.encode(kept))
    event = control_events.PlanSaved(
        plan=secrets.token_hex(6),
        document=digest,
        request=words_of(saving.ask_of(kept)),
        steps=made.count,
        by=by or world.user,
    )
    with world.ledger.transaction() as transaction:
        transaction.put_document(digest, "saved plan", body)
        transaction.append([event])
    return get(world, event.plan)


def get(world: worlds.World, name: str) -> SavedPlanView:
    """A saved plan by its id, or the beginning of it.

    Raises:
        NotFoundError: there is none.
    """
    row = row_of(world, name)
    return view_of(row, document_of(world, row).view)


def ls(world: worlds.World, *, limit: int | None = 50, before: tuple[int, str] | None = None) -> list[SavedPlanView]:
    """Saved plans, newest first, without their lines."""
    return [view_of(row, None) for row in world.ledger.saved_plans(limit=limit, before=before)]


def remove(world: worlds.World, name: str, *, by: str = "") -> SavedPlanView:
    """Keep a plan no longer; an execution that applied it stays as it is. What it was is returned.

    Raises:
        NotFoundError: there is no such plan.
    """
    row = row_of(world, name)
    world.ledger.append([control_events.PlanRemoved(plan=row.id, by=by or world.user)])
    return view_of(row)


def drifted(world: worlds.World, name: str) -> list[str]:
    """What moved since a plan was saved, in words; empty while it still holds.

    Raises:
        NotFoundError: there is no such plan.
    """
    kept = document_of(world, row_of(world, name))
    try:
        made = planning.make_plan(world, saving.ask_of(kept), now=kept.document.now)
    except errors.UsageError as error:
        return [f"Its request cannot be planned any more. {error.message}"]
    return saving.differences(world, kept, made)


def check_free(world: worlds.World, row: executing.SavedPlanRow) -> None:
    """See that no execution is applying a saved plan: agreed to once, it is carried out once.

    A second one would only wait for what the first makes and then find nothing to do; and it may have been asked for
    with another priority or bound, so that it is refused and not answered with the first one. Who repeats a request
    that got no answer sends it under the same idempotency key.

    Raises:
        ConflictError: one is; it is named.
    """
    if not row.execution:
        return
    found = [each for each in world.ledger.executions_with_prefix(row.execution) if each.id == row.execution]
    if found and found[0].phase != "finished":
        raise errors.ConflictError(
            f"The execution {row.execution} is applying the plan {row.id} already ({found[0].phase}).",
            remedy=f"`weft executions show {row.execution}` shows how far it is; or cancel it, then apply the plan.",
        )


def row_of(world: worlds.World, name: str) -> executing.SavedPlanRow:
    """The row of a saved plan.

    Raises:
        NotFoundError: there is none.
    """
    found = world.ledger.saved_plans_with_prefix(name) if name else []
    exact = [row for row in found if row.id == name]
    if not exact and len(found) != 1:
        raise errors.NotFoundError(
            f"There is no saved plan {name!r}."
            if not found
            else f"{name!r} begins the ids of {len(found)} saved plans.",
            remedy="Save one (`weft plan --save`), or name it by more of its id.",
        )
    return (exact or found)[0]


def document_of(world: worlds.World, row: executing.SavedPlanRow) -> saving.SavedPlan:
    """A saved plan with all that it relies on.

    Raises:
        UsageError: another version of weft wrote it.
    """
    body = world.ledger.document(row.document)
    if body is None:
        raise errors.NotFoundError(f"The document of the saved plan {row.id} is gone.", remedy="Plan again.")
    try:
        return msgspec.json.decode(body, type=saving.SavedPlan)
    except msgspec.DecodeError as error:
        raise errors.UsageError(f"The saved plan {row.id} cannot be read: {error}.", remedy="Plan again.") from error


def words_of(ask: planning.Ask) -> str:
    """A request as one would type it after `weft plan`."""
    words = [shlex.quote(ask.selection)] if ask.selection is not None else []
    words += ["--partitions", shlex.quote(ask.partitions)] if ask.partitions is not None else []
    words += ["--force"] if ask.exact else []
    words += ["--failed"] if ask.only_failed else []
    return " ".join(words)


def view_of(row: executing.SavedPlanRow, shown: views.PlanView | None = None) -> SavedPlanView:
    """A saved plan as it is shown, with what it would do where that is given."""
    return SavedPlanView(
        id=row.id,
        request=row.request,
        steps=row.steps,
        by=row.by,
        created=views.time_of_us(row.created),
        execution=row.execution or None,
        view=shown,
    )
