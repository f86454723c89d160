"""One action on every run that matches: cancel them, or repeat them. Counted first, then carried out bit by bit.

What is acted upon is fixed when it begins: the runs that match then, none that come later. They stand in an operation
with how far it is, so that anybody can look, or cancel the rest, and another process goes on with it (`bulk_work`).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import msgspec

from weft.model import errors
from weft.ports import ledger as ledgers
from weft.ports import operating, paging
from weft.service import views
from weft.service.server import operations

Action = Literal["cancel", "rerun", "rerun_failed"]

MOST_RUNS = 100_000
"""So many runs at most are acted upon at once."""
_LOOK_SECONDS = 3.0
_SAMPLE = 5
_PAGE = 500


class Refusal(views.View, frozen=True, kw_only=True):
    """Runs that match and are left alone, and why."""

    reason: str
    count: int


class Preview(views.View, frozen=True, kw_only=True):
    """How many runs an action would be upon; `exact` is False where there are more than were counted."""

    count: int
    exact: bool
    sample: list[str]
    refused: list[Refusal]


class Progress(views.View, frozen=True, kw_only=True):
    """How far a bulk action is: `done` of `total`, and what could not be done, by reason; `runs` are new ones."""

    total: int
    done: int
    failed: list[Refusal]
    runs: list[str]


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation of this kind keeps of what was asked for."""

    action: Action
    count: int
    runs: tuple[str, ...] = ()


def preview(ledger: ledgers.Ledger, action: Action, wanted: paging.RunFilter) -> Preview:
    """Count the runs that an action would be upon, and those that match and can't be."""
    found, refused, exact = _matching(ledger, action, wanted)
    return Preview(
        count=len(found),
        exact=exact,
        sample=found[:_SAMPLE],
        refused=[Refusal(reason=reason, count=count) for reason, count in refused.items()],
    )


def begin(
    ledger: ledgers.Ledger, action: Action, wanted: paging.RunFilter, *, by: str, now: int, most: int | None = None
) -> tuple[str, int]:
    """Fix the runs that an action is upon, and write down that it has begun; the operation, and how many they are.

    Args:
        ledger: where the runs are.
        action: what is done with each.
        wanted: which runs.
        by: who asks.
        now: microseconds.
        most: how many were agreed to.

    Raises:
        ConflictError: none matches, or more do than were agreed to.
        UsageError: too many match.
    """
    found, _, exact = _matching(ledger, action, wanted)
    if not exact:
        raise errors.UsageError(
            f"More than {len(found):,} runs match.", remedy="Narrow the filter, such as by since and until."
        )
    if not found:
        raise errors.ConflictError(
            f"No run matches that {_VERBS[action]}.",
            remedy="`POST /runs/bulk/preview` says why those that match do not.",
        )
    if most is not None and len(found) > most:
        raise errors.ConflictError(
            f"{len(found):,} runs match now, and {most:,} were agreed to.", remedy="Look at the count again."
        )
    ask = Ask(action=action, count=len(found), runs=tuple(found))
    row = operating.OperationRow(
        id=secrets.token_hex(6), kind="bulk", location="", ask=msgspec.json.encode(ask), by=by, created=now
    )
    with ledger.transaction() as transaction:
        transaction.add_operation(row, keep_from=now - int(operations.KEPT_SECONDS * 1e6))
        # begun at once, so that no worker takes it: it needs none
        transaction.take_operation(row.id, holder="", at=now, until=now)
    return row.id, len(found)


_VERBS = {"cancel": "can be cancelled", "rerun": "can be repeated", "rerun_failed": "can be repeated from what failed"}


def _matching(
    ledger: ledgers.Ledger, action: Action, wanted: paging.RunFilter
) -> tuple[list[str], dict[str, int], bool]:
    """The runs that an action is upon, how many match and are left alone by reason, and whether these are all."""
    found: list[str] = []
    refused: dict[str, int] = {}
    until = time.monotonic() + _LOOK_SECONDS
    if action == "cancel" and wanted.phase is None and wanted.outcome is None:
        wanted = replace(wanted, live=True)  # what has ended need not be gone through to find what has not
    for row in _rows(ledger, wanted):
        reason = _refusal(action, row) if row is not None else ""
        if reason:
            refused[reason] = refused.get(reason, 0) + 1
        elif row is not None:
            found.append(row.id)
        if len(found) >= MOST_RUNS or time.monotonic() > until:
            return found, refused, False
    return found, refused, True


def _rows(ledger: ledgers.Ledger, wanted: paging.RunFilter) -> Iterator[ledgers.RunRow | None]:
    """The runs that match, newest first; None now and then, where nothing was found in a while."""
    after: paging.Place | None = None
    while True:
        page = ledger.run_page(wanted, limit=_PAGE, after=after)
        yield from page.rows
        if page.after is None:
            return
        after = page.after
        yield None


def _refusal(action: Action, row: ledgers.RunRow) -> str:
    if action == "cancel":
        if row.phase == "finished":
            return "has ended"
        return "was called by another run, which is to be cancelled" if row.parent else ""
    if row.pipeline is None:
        return "made assets: these are planned anew"
    if row.phase != "finished":
        return "has not ended"
    if row.parent:
        return "was called by another run, which is to be repeated"
    if action == "rerun_failed" and row.outcome == "succeeded":
        return "succeeded"
    return ""
